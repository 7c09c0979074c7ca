"""A checkpoint of the registry as a served model: decoding, preprocessing and the network. Knows nothing of HTTP.

Legend: N pictures, C channels, H x W pixels, S crop size, K categories.
"""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import torch
from PIL import Image

from serve.errors import EngineDied, InvalidRequest, TooLarge
from serve.models.model import ModelFacts, Pixels, Probabilities
from weights_registry.errors import ImageTooLarge
from weights_registry.finding import find_checkpoint
from weights_registry.inference.engine import Engine, choose_device
from weights_registry.inference.images import ImageLimits, open_image
from weights_registry.inference.loading import LoadedCheckpoint, fill
from weights_registry.inference.parameters import read_parameters
from weights_registry.sources import fetch_verified

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """How checkpoints are run here: where, in which precision, and how large a picture may be.

    `scaled_decode` is the setting of that name. On the CPU batches go side by side and share `num_threads`, which share
    the cores with the decode threads, one a core by default; a picture is resized by one of these alone.
    """

    device: str = "auto"
    dtype: str = "float32"
    limits: ImageLimits = ImageLimits()  # noqa: RUF009  # frozen
    scaled_decode: bool = False
    num_threads: int = 1


def open_checkpoint(weights: str, options: ModelOptions) -> "CheckpointModel":
    """The registered weights called `weights`, or the self-describing file at that path, loaded and on their device.

    Raises UnknownWeights, FetchError, LoadError and the registry's other errors, and ValueError for a device or dtype
    that is not there.
    """
    if options.dtype not in DTYPES:
        raise ValueError(f"`dtype` must be one of {', '.join(DTYPES)}, not `{options.dtype}`")
    choose_device(options.device)
    checkpoint = find_checkpoint(weights)
    file = fetch_verified(checkpoint)
    network = fill(checkpoint, read_parameters(file.path, checkpoint), dtype=torch.float32)
    return CheckpointModel(LoadedCheckpoint(network, checkpoint), file.sha256, options)


class CheckpointModel:
    """A loaded checkpoint, ready to be served. The first half runs in any thread, the second in `at_once` at a time."""

    def __init__(self, loaded: LoadedCheckpoint, sha256: str, options: ModelOptions) -> None:
        self._transforms = loaded.transforms()
        self._limits = options.limits
        self._min_side = self._transforms.min_decoded_side if options.scaled_decode else None
        self._num_channels = loaded.checkpoint.preprocessing.num_channels
        self._crop_size = loaded.checkpoint.preprocessing.crop_size
        self._engine = Engine(loaded.model, self._transforms, device=options.device, dtype=DTYPES[options.dtype])
        # Beside a GPU the cores are for those who decode: here they would only put the batch together.
        self._num_threads = options.num_threads if self._engine.device.type == "cpu" else 1
        self.at_once = min(self._num_threads, self._engine.most_at_once)
        self.best_batch = self._engine.portion_of(self._crop_size)
        self.facts = ModelFacts(loaded.checkpoint, sha256, str(self._engine.device), options.dtype)

    def prepare(self, picture: bytes | Pixels) -> torch.Tensor:
        """What the network is fed, (C, S, S): uint8 before normalisation, or a normalised float32 input as it came."""
        use_threads(1)
        if isinstance(picture, bytes):
            return self._transforms.to_uint8(self._decode(picture))
        if picture.ndim != 3 or picture.shape[0] != self._num_channels or 0 in picture.shape:
            raise InvalidRequest(f"pixels must have the shape ({self._num_channels}, H, W), not {picture.shape}")
        pixels_CHW = torch.from_numpy(np.array(picture))
        if pixels_CHW.dtype == torch.uint8:
            return self._transforms.to_uint8(pixels_CHW)
        return self._check_normalised(pixels_CHW)

    def run(self, items: list[torch.Tensor], num_inside: int) -> list[Probabilities]:
        """Probabilities (K,) of each, float32.

        On the CPU they get as large a share of the threads as they are of the `num_inside` pictures in the server.
        Raises InvalidRequest for a normalised input that the network overflows on, and EngineDied after a fault that no
        later batch survives.
        """
        use_threads(max(self._num_threads // self.at_once, self._num_threads * len(items) // num_inside))
        are_ours = all(item.dtype == torch.uint8 for item in items)
        if len({item.dtype for item in items}) > 1:
            normalise = self._transforms.normalise
            items = [normalise(item[None])[0] if item.dtype == torch.uint8 else item for item in items]
        try:
            return list(self._engine.probabilities(torch.stack(items)).numpy())
        except ArithmeticError as error:
            if are_ours:
                raise
            raise InvalidRequest("the network gives no probabilities for this input: is it normalised?") from error
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()  # the batcher tries again, one picture at a time
            raise
        except RuntimeError as error:
            if is_sticky(error):
                raise EngineDied(f"{self.facts.name} cannot go on: {error}") from error
            raise

    def example(self) -> torch.Tensor:
        """A grey JPEG, decoded and prepared as any other, so that the decoder is warm too."""
        file = BytesIO()
        Image.new("RGB", (2 * self._crop_size, 2 * self._crop_size), "grey").save(file, "JPEG")
        return self.prepare(file.getvalue())

    def close(self) -> None:
        """Give the GPU's memory back."""
        del self._engine
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _decode(self, picture: bytes) -> Image.Image:
        try:
            return open_image(
                picture,
                num_channels=self._num_channels,
                limits=self._limits,
                min_side=self._min_side,
                name="the picture",
            )
        except ImageTooLarge as error:
            raise TooLarge(str(error)) from error

    def _check_normalised(self, input_CHW: torch.Tensor) -> torch.Tensor:
        expected = (self._num_channels, self._crop_size, self._crop_size)
        if tuple(input_CHW.shape) != expected or input_CHW.dtype != torch.float32:
            raise InvalidRequest(
                f"a normalised input must be float32 of the shape {expected}, "
                f"not {input_CHW.dtype} of {tuple(input_CHW.shape)}"
            )
        if not input_CHW.isfinite().all():
            raise InvalidRequest("a normalised input must hold no NaN and no infinity")
        return input_CHW


def is_sticky(error: RuntimeError) -> bool:
    """Whether every later call in this process will fail too: after a fault of the GPU, but not for want of memory."""
    told = str(error)
    return "CUDA error" in told and "out of memory" not in told and "ALLOC_FAILED" not in told


def use_threads(num_threads: int) -> None:
    """Have the calling thread split its torch work over `num_threads`; asking first is cheaper than setting again."""
    if torch.get_num_threads() != num_threads:
        torch.set_num_threads(num_threads)
