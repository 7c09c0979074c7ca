"""What all tests share: a catalog of their own, so that nobody's real one is read or written."""

from collections.abc import Iterator

import pytest

from weights_registry.user_catalog import CATALOG_VARIABLE


@pytest.fixture(autouse=True)
def own_catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty catalog for each test, in the processes that it starts as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CATALOG_VARIABLE, str(tmp_path_factory.getbasetemp() / "no catalog yet"))
        yield
