"""The words of a command that trains in seconds: ResNet-50's recipe on a small network and small pictures."""

from pathlib import Path

SMALL = (
    "architecture=registry/resnet8-w4",
    "epochs=2",
    "warmup_epochs=1",
    "num_gpus=2",
    "batch_size_per_gpu=4",
    "train_crop_size=8",
    "inference.resize_size=8",
    "inference.crop_size=8",
)


def train_words(data: Path | str, *more: str, settings: tuple[str, ...] = SMALL) -> list[str]:
    changes = [word for setting in settings for word in ("--set", setting)]
    return ["resnet50/v2", "--data", str(data), "--device", "cpu", "--workers", "0", *changes, *more]
