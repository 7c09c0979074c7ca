"""Shows that finding weights costs nothing: the heavy packages stay unimported until something needs them."""

import json
import subprocess
import sys

import pytest

HEAVY = ("torch", "torchvision", "timm", "PIL", "numpy", "pydantic", "httpx2", "huggingface_hub", "safetensors")

# Written to stderr when the interpreter exits, whatever way it does: stdout is the command's own.
REPORT = """\
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
"""


def modules_after(code: str) -> set[str]:
    """Names of the modules a fresh interpreter holds after running `code`; raises if it fails."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT + code], capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def heavy(modules: set[str]) -> set[str]:
    return modules & set(HEAVY)


@pytest.mark.parametrize(
    "code",
    [
        "import weights_registry",
        "from weights_registry import Weights; Weights.ImageNet1K_V2.meta; Weights.ImageNet1K_V2.categories",
        "import weights_registry; weights_registry.list_weights('resnet*', sort='acc1')",
        "import serve, training",
    ],
)
def test_finding_weights_imports_nothing_heavy(code: str) -> None:
    assert not heavy(modules_after(code))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["list"],
        ["list", "--json"],
        ["show", "ResNet50_Weights.ImageNet1K_V2"],
    ],
)
def test_listing_imports_nothing_heavy(arguments: list[str]) -> None:
    modules = modules_after(f"from weights_registry.cli import main\nsys.exit(main({arguments!r}))")
    assert "weights_registry.cli" in modules
    assert not heavy(modules)


def test_a_heavy_import_would_be_seen() -> None:
    assert heavy(modules_after("import numpy")) == {"numpy"}
