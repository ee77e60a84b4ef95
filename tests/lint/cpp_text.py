"""What the checks of this folder share: the C++ files of a tree, and their text without the prose."""

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


def report(findings: list[Finding]) -> int:
    """Prints what was found and returns the exit code."""
    for finding in findings:
        print(finding)
    return 1 if findings else 0
