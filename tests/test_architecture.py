"""Holds the packages to their borders, by reading their imports: nothing is imported to find out."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("weights_registry", "serve", "training")


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name, `package.module` or `package.module.name`. `on_import`: it runs when its file is imported."""

    name: str
    line: int
    on_import: bool

    def is_of(self, package: str) -> bool:
        return self.name == package or self.name.startswith(f"{package}.")


def find_imports(source: str) -> list[Import]:
    """Every import in `source`: at its top, in functions, and behind `if TYPE_CHECKING`."""
    return list(_imports_in(ast.parse(source), on_import=True))


def _imports_in(node: ast.AST, *, on_import: bool) -> Iterator[Import]:
    match node:
        case ast.Import():
            yield from (Import(alias.name, node.lineno, on_import) for alias in node.names)
        case ast.ImportFrom():
            # Relative imports are ruff's to refuse.
            yield from (Import(f"{node.module}.{alias.name}", node.lineno, on_import) for alias in node.names)
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
            yield from _imports_in_all(node.body, on_import=False)
            yield from _imports_in_all(node.orelse, on_import=on_import)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            yield from _imports_in_all(ast.iter_child_nodes(node), on_import=False)
        case _:
            yield from _imports_in_all(ast.iter_child_nodes(node), on_import=on_import)


def _imports_in_all(nodes: "Iterator[ast.AST] | list[ast.stmt]", *, on_import: bool) -> Iterator[Import]:
    for node in nodes:
        yield from _imports_in(node, on_import=on_import)


def sources_of(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports_of(path: Path) -> list[Import]:
    return find_imports(path.read_text(encoding="utf-8"))


def place(path: Path, found: Import) -> str:
    return f"{path.relative_to(ROOT)}:{found.line} imports {found.name}"


def files_behind(found: Import) -> list[Path]:
    """Our files that run when `found` is imported: the module it names, and the packages it lies in."""
    files = []
    parts = found.name.split(".")
    for depth in range(1, len(parts) + 1):
        path = ROOT.joinpath(*parts[:depth])
        files += [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]
    return files


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("weights_registry", ("serve", "training")),
        ("serve", ("training",)),
        ("training", ("serve",)),
    ],
)
def test_imports_run_one_way(package: str, forbidden: tuple[str, ...]) -> None:
    sources = sources_of(package)
    assert sources
    assert not [
        place(path, found)
        for path in sources
        for found in imports_of(path)
        if any(found.is_of(other) for other in (*forbidden, "tests"))
    ]


@pytest.mark.parametrize(
    ("package", "upwards"),
    [
        ("training", ("recipes", "data", "learning", "runs", "studies", "cli")),
        ("serve", ("batching", "models", "http", "routes", "protocol_v2", "cli")),
    ],
)
def test_the_folders_of_a_package_import_downwards(package: str, upwards: tuple[str, ...]) -> None:
    for level, folder in enumerate(upwards):
        sources = sources_of(f"{package}/{folder}")
        assert sources
        assert not [
            place(path, found)
            for path in sources
            for found in imports_of(path)
            if any(found.is_of(f"{package}.{above}") for above in upwards[level + 1 :])
        ]


def test_root_modules_and_all_they_import_need_only_the_standard_library() -> None:
    reached = sorted((ROOT / "weights_registry").glob("*.py"))
    assert reached
    foreign = []
    for path in reached:  # grows while it is walked
        for found in imports_of(path):
            if not found.on_import or found.name.partition(".")[0] in sys.stdlib_module_names:
                continue
            if not found.is_of("weights_registry"):
                foreign.append(place(path, found))
            reached += [file for file in files_behind(found) if file not in reached]
    assert not foreign


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_built_on_torchvision_io(package: str) -> None:
    # torchvision 0.29 deprecates it in favour of TorchCodec; Pillow decodes here.
    sources = sources_of(package)
    assert sources
    assert not [
        str(path.relative_to(ROOT))
        for path in sources
        if any(found.is_of("torchvision.io") for found in imports_of(path))
        or any(ast.unparse(node) == "torchvision.io" for node in attributes_of(path))
    ]


def attributes_of(path: Path) -> Iterator[ast.Attribute]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))


def test_imports_are_found_wherever_they_stand() -> None:
    source = """\
import os
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import torch
else:
    import numpy
try:
    from torchvision import io
except ImportError:
    pass
class Late:
    import json
    def load(self):
        from serve.app import create_app
"""
    assert find_imports(source) == [
        Import("os", 1, on_import=True),
        Import("typing.TYPE_CHECKING", 2, on_import=True),
        Import("torch", 4, on_import=False),
        Import("numpy", 6, on_import=True),
        Import("torchvision.io", 8, on_import=True),
        Import("json", 12, on_import=True),
        Import("serve.app.create_app", 14, on_import=False),
    ]


def test_a_name_that_only_begins_alike_is_another_package() -> None:
    assert Import("serve.app", 1, on_import=True).is_of("serve")
    assert not Import("server.app", 1, on_import=True).is_of("serve")


def test_the_files_behind_an_import_include_the_packages_it_lies_in() -> None:
    found = Import("weights_registry.categories.load_categories", 1, on_import=True)
    names = [file.relative_to(ROOT).as_posix() for file in files_behind(found)]
    assert names == ["weights_registry/__init__.py", "weights_registry/categories/__init__.py"]
