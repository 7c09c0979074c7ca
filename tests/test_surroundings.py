"""What figures say of where they were found: the commit of their own checkout and no other, versions, processor."""

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
import torch

from weights_registry.surroundings import COMMIT_VARIABLE, PACKAGES, Commit, commit_of, cpu_name, device_name, versions


@pytest.fixture(autouse=True)
def no_commit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(COMMIT_VARIABLE, raising=False)
    monkeypatch.setenv(
        "GIT_CEILING_DIRECTORIES", str(Path.cwd())
    )  # so that no checkout is found above the folders here


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one file in `package`, and `.venv/package` that git ignores."""
    for path, text in (("package/code.py", ""), (".venv/package/code.py", ""), (".gitignore", ".venv\n")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def test_the_commit_is_that_of_the_checkout_with_whether_the_folder_differs(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    assert commit_of(checkout / "package") == Commit(head, False)
    assert str(commit_of(checkout / "package")) == head
    (checkout / "package" / "code.py").write_text("changed = True\n")
    assert str(commit_of(checkout / "package")) == f"{head}+changes"
    assert commit_of(checkout, ".venv", ".gitignore") == Commit(head, False)
    assert commit_of(checkout, ".gitignore", "package") == Commit(head, True)


def test_packages_installed_inside_of_somebodys_checkout_have_no_commit_of_it(checkout: Path) -> None:
    assert commit_of(checkout / ".venv" / "package") is None


def test_a_copy_without_git_has_the_commit_that_it_is_told_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert commit_of(tmp_path) is None
    monkeypatch.setenv(COMMIT_VARIABLE, "11ad3fa6")
    assert commit_of(tmp_path) == Commit("11ad3fa6", None, is_told=True)
    assert str(commit_of(tmp_path)) == f"11ad3fa6 (as {COMMIT_VARIABLE} says)"


def test_what_git_knows_is_not_taken_from_the_variable(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMMIT_VARIABLE, "11ad3fa6")
    assert commit_of(checkout) == Commit(git(checkout, "rev-parse", "HEAD"), False)


def test_versions_are_those_installed() -> None:
    found = versions(*PACKAGES, "no-such-package")
    assert found["torch"] == version("torch")
    assert found["no-such-package"] == "not installed"
    assert [*found] == ["python", *PACKAGES, "no-such-package"]


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="is about Linux")
def test_the_processor_has_the_name_that_linux_gives_it_and_a_cpu_device_has_that() -> None:
    told = Path("/proc/cpuinfo").read_text()
    assert cpu_name()
    assert cpu_name() in told or cpu_name() == os.uname().machine  # Linux tells no model of most ARM processors
    assert ("model name" in told) <= (cpu_name() in told)
    assert device_name(torch.device("cpu")) == cpu_name()
