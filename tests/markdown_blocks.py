"""Fenced code blocks of a Markdown text, with what a reader is told about running them. Runs nothing itself."""

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w+-]*)[^\n`]*\n(?P<code>.*?)^(?P=indent)```[ ]*$", re.M | re.S)
_NOT_RUN = re.compile(r"<!-- not run: (?P<why>[^>]+?) -->\s*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block. `line` is the file's line on which its code starts, counted from 1.

    `not_run` is the reason given by the comment `<!-- not run: the reason -->` right above it, None without one.
    """

    language: str
    code: str
    line: int
    not_run: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One `$ ` line of a console block. `shown` is the output the block shows for it, "" if it shows none."""

    command: str
    shown: str
    line: int


def find_blocks(markdown: str) -> list[Block]:
    """The fenced blocks of `markdown`, in order."""
    blocks = []
    for fence in _FENCE.finditer(markdown):
        mark = _NOT_RUN.search(markdown, 0, fence.start())
        indent = len(fence["indent"])
        blocks.append(
            Block(
                language=fence["language"],
                code="".join(line[indent:] or "\n" for line in fence["code"].splitlines(keepends=True)),
                line=markdown.count("\n", 0, fence.start("code")) + 1,
                not_run=mark["why"] if mark else None,
            )
        )
    return blocks


def find_commands(block: Block) -> list[Command]:
    """The `$ ` lines of `block`; a line that ends with a backslash goes on in the next."""
    commands: list[Command] = []
    typed, shown, start = "", "", 0

    def finish() -> None:
        if typed:
            commands.append(Command(command=typed, shown=shown, line=start))

    for number, line in enumerate(block.code.splitlines(keepends=True), block.line):
        if typed.endswith("\\\n"):
            typed += line
        elif line.startswith("$ "):
            finish()
            typed, shown, start = line[2:], "", number
        elif typed:
            shown += line
    finish()
    return commands
