"""uint8 batches -> probabilities, on one device in one precision. Knows neither files, pictures nor categories.

Legend: N pictures, C channels, H x W pixels, K categories.
"""

from typing import Final

import torch
from torch import nn

from weights_registry.inference.transforms import ImageTransforms

# A CPU takes a batch in portions: the intermediate results of more pictures outgrow its caches and the allocator's, and
# whole batches of 32 cost more a picture than batches of 1. What each batch size costs with portions of 4:
# tests/benchmarks/classifier_throughput.py, figures in cards/measurements/classifier_throughput.json.
CPU_PORTION: Final = 4


class Engine:
    """A network on its device, with the last half of its preprocessing.

    Pictures cross to the device as uint8, a quarter of float32's bytes, and are normalised there. Safe to call from
    one thread at a time.
    """

    def __init__(
        self,
        model: nn.Module,
        transforms: ImageTransforms,
        *,
        device: str | torch.device = "auto",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.device = choose_device(device)
        self.dtype = dtype
        self.transforms = transforms
        self.model = model.eval().to(self.device, dtype).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def probabilities(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """Probabilities of each picture, (N, K) float32 on the CPU, rows summing to 1.

        `images_NCHW` is uint8 as `ImageTransforms.to_uint8` gives, or float as `ImageTransforms` gives: then it is
        taken as normalised. Raises ArithmeticError if the network answers with NaN or infinity.
        """
        portion = CPU_PORTION if self.device.type == "cpu" else len(images_NCHW)
        logits_NK = torch.cat([self._logits(each) for each in torch.split(images_NCHW, portion)])
        probabilities_NK = logits_NK.float().softmax(dim=1).cpu()
        if not probabilities_NK.isfinite().all():
            raise ArithmeticError(f"the network answers with NaN or infinity in {self.dtype}; try float32")
        return probabilities_NK

    def _logits(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        images_NCHW = images_NCHW.to(self.device, non_blocking=True)
        if images_NCHW.dtype == torch.uint8:
            images_NCHW = self.transforms.normalise(images_NCHW, dtype=self.dtype)
        logits_NK: torch.Tensor = self.model(images_NCHW.to(self.dtype).contiguous(memory_format=torch.channels_last))
        return logits_NK


def choose_device(device: str | torch.device) -> torch.device:
    """The device meant: `auto` is the first CUDA GPU, else Apple's, else the CPU.

    Raises ValueError if the device named is not there.
    """
    if str(device) == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen).cpu()  # `meta` has no way back
    except Exception as error:  # each of torch's back ends has its own way to say that it is not there
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise ValueError(f"the device `{device}` cannot be used here: {reason}") from error
    return chosen
