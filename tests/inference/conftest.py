"""What the tests of running a network share: the weights that come along, loaded once."""

from pathlib import Path

import pytest

from weights_registry import Classifier


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """EfficientNet-Lite0 on the CPU, in batches of 4."""
    cache: Path = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WEIGHTS_REGISTRY_CACHE", str(cache))
        return Classifier(device="cpu", batch_size=4)
