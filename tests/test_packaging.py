"""Builds the wheel, installs it into a clean environment and uses it from a folder full of decoys.

`serve` and `training` are names that many a project's folders bear. What is promised: our console scripts import our
installed packages, whatever lies in the folder they are run from; so does `python -P`. What is not promised, because
Python itself decides it: plain `python -c` and `python -m` look into the current folder first, PYTHONPATH comes before
what is installed, and another distribution may install packages of the same names.
"""

import configparser
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
PACKAGES = ("serve", "training", "weights_registry")
DECOY_EXIT_CODE = 86
# os._exit, because no `except` can swallow it.
DECOY = f"import os\nos._exit({DECOY_EXIT_CODE})\n"


@dataclass(frozen=True, slots=True)
class CleanEnvironment:
    """A virtual environment that holds the wheel; its dependencies are those of the running environment."""

    python: Path
    scripts: Path
    packages: Path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    succeed([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)], folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    folder = tmp_path_factory.mktemp("clean") / "venv"
    venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(folder)
    base = {"base": str(folder), "platbase": str(folder)}
    scripts = Path(sysconfig.get_path("scripts", "venv", base))
    packages = Path(sysconfig.get_path("purelib", "venv", base))
    python = scripts / Path(sys.executable).name
    # Python does not read the .pth files of a folder that a .pth file names, so this checkout, which is installed
    # there as editable, stays out of sight.
    (packages / "dependencies.pth").write_text("\n".join({sysconfig.get_path(x) for x in ("purelib", "platlib")}))
    uv = [sys.executable, "-m", "uv", "pip", "install", "--python", str(python), "--offline", "--no-index", "--no-deps"]
    succeed([*uv, str(wheel)], folder)
    return CleanEnvironment(python=python, scripts=scripts, packages=packages)


@pytest.fixture(scope="module")
def decoys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with decoys of our packages, of the standard library and of what we depend on."""
    folder = tmp_path_factory.mktemp("decoys")
    for package in PACKAGES:
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text(DECOY)
    for module in ("catalog", "cli", "json", "random", "torch"):
        (folder / f"{module}.py").write_text(DECOY)
    return folder


def run(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """`command` as a user runs it in `cwd`: no PYTHON* variables, no network, an empty cache."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    home = str(cwd.parent / "home")
    environment |= {"HOME": home, "XDG_CACHE_HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}
    environment |= {"WEIGHTS_REGISTRY_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, encoding="utf-8", timeout=240, check=False
    )


def succeed(command: list[str], cwd: Path) -> str:
    """What `command` writes to stdout; fails with all it wrote if its exit code is not 0."""
    done = run(command, cwd)
    assert done.returncode == 0, f"exit code {done.returncode}: {command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def console_scripts(wheel: Path) -> list[str]:
    entry_points = configparser.ConfigParser(delimiters="=")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/entry_points.txt"))
        entry_points.read_string(archive.read(name).decode())
    return list(entry_points["console_scripts"])


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {
        "weights_registry/py.typed",
        "weights_registry/categories/imagenet_1k.tsv",
        "weights_registry/samples/tabby_cat.jpg",
        "weights_registry/samples/LICENSE.md",
    } <= expected
    assert {name for name in names_in(wheel) if ".dist-info/" not in name} == expected


def test_the_wheel_carries_the_licences_of_code_and_photos(wheel: Path) -> None:
    licences = {name.partition(".dist-info/licenses/")[2] for name in names_in(wheel)} - {""}
    assert licences == {"LICENSE", "weights_registry/samples/LICENSE.md"}


def test_the_wheel_is_typed_throughout(wheel: Path) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= names_in(wheel)


def test_the_decoys_bite(clean: CleanEnvironment, decoys: Path) -> None:
    for name in (*PACKAGES, "torch"):
        assert run([str(clean.python), "-c", f"import {name}"], decoys).returncode == DECOY_EXIT_CODE


def test_ours_win_in_safe_path_mode(clean: CleanEnvironment, decoys: Path) -> None:
    code = f"import {', '.join(PACKAGES)}\nfor each in ({', '.join(PACKAGES)}): print(each.__file__)"
    found = succeed([str(clean.python), "-P", "-c", code], decoys).splitlines()
    assert found == [str(clean.packages / package / "__init__.py") for package in PACKAGES]


def test_ours_win_in_every_script_of_the_environment(clean: CleanEnvironment, decoys: Path) -> None:
    # A file beside the console scripts, started as they are, shows what they would import.
    script = clean.scripts / "show_packages.py"
    script.write_text(f"import {', '.join(PACKAGES)}\nfor each in ({', '.join(PACKAGES)}): print(each.__file__)\n")
    found = succeed([str(clean.python), str(script)], decoys).splitlines()
    assert found == [str(clean.packages / package / "__init__.py") for package in PACKAGES]


def test_every_console_script_starts_among_decoys(wheel: Path, clean: CleanEnvironment, decoys: Path) -> None:
    scripts = console_scripts(wheel)
    assert "weights-registry" in scripts
    for script in scripts:
        assert f"usage: {script}" in succeed([str(clean.scripts / script), "--help"], decoys).lower()


def test_weights_are_listed_among_decoys(clean: CleanEnvironment, decoys: Path) -> None:
    assert "ResNet50_Weights.ImageNet1K_V2" in succeed([str(clean.scripts / "weights-registry"), "list"], decoys)


def test_a_card_needs_no_folder_of_cards(clean: CleanEnvironment, decoys: Path) -> None:
    printed = succeed([str(clean.scripts / "weights-registry"), "card", "resnet50"], decoys)
    assert "`repeated_augmentations`" in printed  # the recipe's table, which another package makes
    assert "](pictures/" not in printed
    assert "](evidence/" not in printed


def test_a_photo_is_classified_among_decoys(clean: CleanEnvironment, decoys: Path) -> None:
    photo = clean.packages / "weights_registry" / "samples" / "espresso.jpg"
    printed = succeed([str(clean.scripts / "weights-registry"), "predict", str(photo)], decoys)
    assert "espresso" in printed.replace(str(photo), "").replace(photo.name, "")
