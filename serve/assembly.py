"""Settings -> the whole server. The one place that knows both the models and HTTP.

Importing it is cheap: torch comes with the first model, in a thread, while the server answers already.
"""

from collections.abc import Callable

from fastapi import FastAPI

from serve.app import create_app
from serve.http.access_log import access_log
from serve.models.model import Model
from serve.models.predictor import LocalPredictor
from serve.settings import Settings
from serve.telemetry import Telemetry


def build_app(settings: Settings, *, open_model: Callable[[str], Model] | None = None) -> FastAPI:
    """The application for these settings, on models in this process; `open_model` may give others than checkpoints."""
    telemetry = Telemetry()
    predictor = LocalPredictor(
        open_model or checkpoint_opener(settings),
        max_batch=settings.max_batch,
        queue_size=settings.queue,
        num_decode_threads=settings.decode_threads,
        on_batch=telemetry.on_batch,
    )
    log = access_log(settings.access_log, settings.log_format, on_dropped=telemetry.log_line_dropped)
    return create_app(predictor, settings, telemetry=telemetry, log=log)


def checkpoint_opener(settings: Settings) -> Callable[[str], Model]:
    """A function that opens checkpoints as `settings` say."""

    def open_model(weights: str) -> Model:
        from weights_registry.finding import find_checkpoint

        find_checkpoint(weights)  # a wrong name is told at once, not after the seconds that torch takes to import
        from serve.models.checkpoint_model import ModelOptions, open_checkpoint, use_threads
        from weights_registry.inference.images import ImageLimits

        # Every thread that ever shared its work keeps helpers of its own. When all of them outnumber the cores, OpenMP
        # lets them sleep after each operation instead of spin, and a picture alone takes half as long again.
        use_threads(1)
        limits = ImageLimits(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
        return open_checkpoint(
            weights,
            ModelOptions(
                device=settings.device,
                dtype=settings.dtype,
                limits=limits,
                scaled_decode=settings.scaled_decode,
                num_threads=settings.torch_threads,
            ),
        )

    return open_model
