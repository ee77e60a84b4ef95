"""Shared by the checks of this folder: the C++ files of a tree, and their text without comments and literals."""

import re
from pathlib import Path
from typing import Iterator, NamedTuple

ROOT = Path(__file__).resolve().parents[2]

PROSE = re.compile(
    r"""//[^\n]*
      | /\*.*?\*/
      | R"([^()\s]*)\(.*?\)\1"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'  # not the separator of 10'000
    """,
    re.DOTALL | re.VERBOSE,
)

DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)


class Finding(NamedTuple):
    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} [{self.rule}]"


def cpp_files(root: Path, *folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(p for p in (root / folder).rglob("*") if p.suffix in (".cpp", ".hpp"))


def code_only(text: str) -> str:
    """The text with comments and literals blanked, every line where it was."""
    return PROSE.sub(lambda match: "\n" * match.group().count("\n") or " ", text)


def code_without_directives(text: str) -> str:
    """As code_only(), with preprocessor directives blanked too."""
    return DIRECTIVE.sub(lambda match: "\n" * match.group().count("\n"), code_only(text))


def report(findings: list[Finding]) -> int:
    """Prints the findings and returns the exit code."""
    for finding in findings:
        print(finding)
    return 1 if findings else 0
