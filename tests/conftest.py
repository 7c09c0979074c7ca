"""What all tests share: a catalog of their own, so that nobody's real one is touched; no limit of time; and that
Ctrl-C is heard, which a shell's background process, and all that it starts, would ignore.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from uuid import uuid4

import pytest
from hypothesis import settings

from weights_registry.user_catalog import CATALOG_VARIABLE

# An example that takes long says something of the machine, or that it was the first to import scipy.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """An empty catalog for what is collected, and for fixtures that serve several tests and come before each one's."""
    before = os.environ.get(CATALOG_VARIABLE)
    folder = tempfile.TemporaryDirectory(prefix="catalog-of-tests-")
    os.environ[CATALOG_VARIABLE] = folder.name

    def restore() -> None:
        folder.cleanup()
        os.environ.pop(CATALOG_VARIABLE)
        if before is not None:
            os.environ[CATALOG_VARIABLE] = before

    config.add_cleanup(restore)
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty catalog for each test, in the processes that it starts as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CATALOG_VARIABLE, str(tmp_path_factory.getbasetemp() / f"catalog-{uuid4().hex}"))
        yield
