"""Runs what README.md and CONTRIBUTING.md show: a reader who types it gets what is printed there.

The Python blocks of one page are one script, run in order; console lines run one by one, each in a shell. Both run in
a folder that holds the sample photos under the paths the README uses, with an empty cache and the network switched off.
Output shown under a console line must be what it prints, where `...` stands for anything. A block that cannot run here
says why in a comment right above it: `<!-- not run: needs the internet -->`.
"""

import doctest
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.markdown_blocks import Block, find_blocks, find_commands
from weights_registry import list_weights

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "CONTRIBUTING.md")
RUN_AS_PYTHON = ("python",)
RUN_IN_SHELL = ("console", "sh", "bash")
SHOWN_ONLY = ("", "json", "text", "toml", "yaml")
COMMAND_TIMEOUT_S = 240


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks_to_run(markdown: str, languages: tuple[str, ...]) -> list[Block]:
    return [block for block in find_blocks(markdown) if block.language in languages and block.not_run is None]


def as_script(markdown: str) -> str:
    """The page's Python with every other line left blank, so that a traceback names the line of the page."""
    lines = [""] * len(markdown.splitlines())
    for block in blocks_to_run(markdown, RUN_AS_PYTHON):
        code = block.code.splitlines()
        lines[block.line - 1 : block.line - 1 + len(code)] = code
    return "\n".join(lines) + "\n"


@pytest.fixture
def readers_folder(tmp_path: Path) -> Path:
    """A folder as a reader has it: nothing in it but the sample photos."""
    folder = tmp_path / "reader"
    shutil.copytree(ROOT / "weights_registry" / "samples", folder / "weights_registry" / "samples")
    return folder


def run(command: str | list[str], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What `command` prints, both streams in one, with our scripts first, an empty home and no network."""
    home = str(cwd.parent / "home")
    environment = os.environ | {
        "PATH": os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"])),
        "HOME": home,
        "XDG_CACHE_HOME": home,
        "XDG_CONFIG_HOME": home,
        "XDG_DATA_HOME": home,
        "WEIGHTS_REGISTRY_OFFLINE": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    return subprocess.run(
        command,
        shell=isinstance(command, str),
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )


def matches(shown: str, printed: str) -> bool:
    """Whether `printed` is what a page shows, but for spacing and for what its `...` stand for."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(f"{shown.strip()}\n", f"{printed.strip()}\n", flags)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_python_blocks_run(page: str, tmp_path: Path, readers_folder: Path) -> None:
    script = tmp_path / f"{page}.py"
    script.write_text(as_script(read(page)), encoding="utf-8")
    done = run([sys.executable, str(script)], cwd=readers_folder)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_console_lines_run_and_print_what_is_shown(page: str, readers_folder: Path) -> None:
    for block in blocks_to_run(read(page), RUN_IN_SHELL):
        for line in find_commands(block):
            done = run(line.command, cwd=readers_folder)
            place = f"{page}:{line.line}: $ {line.command}"
            assert done.returncode == 0, f"{place}failed with exit code {done.returncode}:\n{done.stdout}"
            assert not line.shown.strip() or matches(line.shown, done.stdout), (
                f"{place}the page shows:\n{line.shown}\nit printed:\n{done.stdout}"
            )


def test_the_readme_has_something_of_each_kind_to_run() -> None:
    assert blocks_to_run(read("README.md"), RUN_AS_PYTHON)
    assert any(find_commands(block) for block in blocks_to_run(read("README.md"), RUN_IN_SHELL))


def test_the_readme_counts_the_checkpoints_as_the_list_does() -> None:
    counts = re.search(r"There are (\d+) checkpoints: (\d+) of .*?; (\d+) of .*?; (\d+) of ", read("README.md"), re.S)
    patterns = ("*", "*ResNe*.ImageNet1K*", "EfficientNet_Lite*", "ResNet20_Grey*")
    assert counts
    assert [int(count) for count in counts.groups()] == [len(list_weights(pattern)) for pattern in patterns]


@pytest.mark.parametrize("page", PAGES)
def test_no_block_escapes_by_its_language_or_by_a_missing_prompt(page: str) -> None:
    for block in find_blocks(read(page)):
        known = (*RUN_AS_PYTHON, *RUN_IN_SHELL, *SHOWN_ONLY)
        assert block.language in known, f"{page}:{block.line}: `{block.language}` is none of {known}"
        if block.language in RUN_IN_SHELL:
            assert find_commands(block), f"{page}:{block.line}: no line starts with `$ `, so nothing would run"


@pytest.mark.parametrize("page", PAGES)
def test_every_fence_is_a_block(page: str) -> None:
    fences = [line for line in read(page).splitlines() if "```" in line]
    assert len(fences) == 2 * len(find_blocks(read(page)))


PAGE = """\
Some text.

```python
x = 1
```

<!-- not run: needs the internet -->
```python
x = 2
```

* in a list

  ```console
  $ echo one \\
      two
  one ...
  $ false
  ```
"""


def test_blocks_know_language_line_and_reason() -> None:
    first, second, third = find_blocks(PAGE)
    assert first == Block(language="python", code="x = 1\n", line=4, not_run=None)
    assert second == Block(language="python", code="x = 2\n", line=9, not_run="needs the internet")
    assert (third.language, third.line, third.not_run) == ("console", 15, None)


def test_commands_know_their_continuation_and_their_output() -> None:
    echo, false = find_commands(find_blocks(PAGE)[2])
    assert (echo.command, echo.shown, echo.line) == ("echo one \\\n    two\n", "one ...\n", 15)
    assert (false.command, false.shown, false.line) == ("false\n", "", 18)


def test_the_script_of_a_page_keeps_its_lines_and_leaves_out_what_is_marked() -> None:
    assert as_script(PAGE).splitlines()[3] == "x = 1"
    assert as_script(PAGE).split() == ["x", "=", "1"]


def test_shown_output_is_compared_but_for_spacing_and_ellipses() -> None:
    assert matches("tabby  0.39\n...\n", "tabby 0.39\ntiger cat 0.2\n")
    assert not matches("tabby 0.39\n", "lynx 0.39\n")
