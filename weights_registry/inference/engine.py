"""uint8 batches -> probabilities, on one device in one precision. Knows neither files, pictures nor categories.

Legend: N pictures, C channels, H x W pixels, K categories.
"""

from collections import deque
from typing import Final

import torch
from torch import nn

from weights_registry.inference.helpers import Helpers
from weights_registry.inference.transforms import ImageTransforms

# A CPU takes a batch in portions: the intermediate results of more pictures outgrow its caches and the allocator's, and
# whole batches of 32 cost more a picture than batches of 1. Portions go side by side, each in a thread of its own: two
# threads that share every single operation wait for each other at its end, and on two cores gain a third over one
# where these gain two thirds. What batch sizes cost: tests/benchmarks/classifier_throughput.py.
CPU_PORTION: Final = 2
_PORTION_PIXELS: Final = CPU_PORTION * 224 * 224  # of smaller pictures as many as amount to the same

# Each takes Python's lock between operations; on more than two cores it was not measured.
MAX_SIDE_BY_SIDE: Final = 8


class Engine:
    """A network on its device, with the last half of its preprocessing.

    Pictures cross to the device as uint8, a quarter of float32's bytes, and are normalised there. On the CPU it uses as
    many threads as torch is set to use in the calling thread. Safe to call from `most_at_once` threads at a time.
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
        self._helpers = Helpers()

    @property
    def most_at_once(self) -> int:
        """How many calls at a time are of use, each with a share of the threads: one where a GPU does the work."""
        return MAX_SIDE_BY_SIDE if self.device.type == "cpu" else 1

    def portion_of(self, side: int) -> int | None:
        """How many pictures of `side` x `side` pixels the CPU takes at a time; None where all go at once."""
        return _portion(side, side) if self.device.type == "cpu" else None

    @torch.inference_mode()
    def probabilities(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """Probabilities of each picture, (N, K) float32 on the CPU, rows summing to 1.

        `images_NCHW` is uint8 as `ImageTransforms.to_uint8` gives, or float as `ImageTransforms` gives: then it is
        taken as normalised. Raises ArithmeticError if the network answers with NaN or infinity.
        """
        probabilities_NK = self._run(images_NCHW).softmax(dim=1).cpu()
        if not probabilities_NK.isfinite().all():
            raise ArithmeticError(f"the network answers with NaN or infinity in {self.dtype}; try float32")
        return probabilities_NK

    @torch.inference_mode()
    def logits(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """What the network itself says of the same pictures, (N, K) float32 on the CPU; it may not be finite."""
        return self._run(images_NCHW).cpu()

    def _run(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        on_cpu = self.device.type == "cpu"
        return (self._by_portions(images_NCHW) if on_cpu else self._logits(images_NCHW)).float()

    def _by_portions(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """The logits of all, a few pictures at a time, as many portions at once as there are threads for them."""
        num_at_once = max(1, min(torch.get_num_threads(), MAX_SIDE_BY_SIDE, len(images_NCHW)))
        portion = _portion(*images_NCHW.shape[-2:])
        portions = torch.split(images_NCHW, portion_sizes(len(images_NCHW), num_at_once, portion=portion))
        found: list[torch.Tensor] = [images_NCHW] * len(portions)
        waiting = deque(enumerate(portions))

        @torch.inference_mode()
        def work() -> None:
            while True:
                try:
                    index, portion = waiting.popleft()
                except IndexError:  # none is left
                    return
                found[index] = self._logits(portion)

        if num_at_once == 1:
            work()
        else:
            try:
                self._helpers.run(work, num_at_once)
            finally:
                waiting.clear()  # where the caller was interrupted: nobody waits for the rest
        return torch.cat(found)

    def _logits(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        images_NCHW = images_NCHW.to(self.device, non_blocking=True)
        if images_NCHW.dtype == torch.uint8:
            images_NCHW = self.transforms.normalise(images_NCHW, dtype=self.dtype)
        logits_NK: torch.Tensor = self.model(images_NCHW.to(self.dtype).contiguous(memory_format=torch.channels_last))
        return logits_NK


def _portion(height: int, width: int) -> int:
    return max(CPU_PORTION, _PORTION_PIXELS // max(1, height * width))


def portion_sizes(num_images: int, num_at_once: int, *, portion: int = CPU_PORTION) -> list[int]:
    """The portions of a batch: of `portion` each, but the last pictures one by one, one for each portion at once.

    So threads that share a batch end at about the same time, also where other work holds one of them up. Small
    pictures, of which a portion takes more than CPU_PORTION, are not worth going one by one: of these no portion is
    larger than an even share, and that is all.
    """
    if portion > CPU_PORTION:
        size = max(1, min(portion, -(-num_images // num_at_once)))
        whole, rest = divmod(num_images, size)
        return [size] * whole + [rest] * (rest > 0) or [0]
    num_single = min(num_images, num_at_once) if num_at_once > 1 else 0
    whole, rest = divmod(num_images - num_single, portion)
    return [portion] * whole + [1] * (rest + num_single) or [0]


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
