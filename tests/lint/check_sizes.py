#!/usr/bin/env python3
"""Limits the size of classes, functions, files and folders, and prints the largest of each.

A class over its limit may give its reason in the comment above it, in a line that begins with `Size:`; everything else is
registered below with the reason.
"""

import re
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

from cpp_classes import classes
from cpp_text import ROOT, Finding, code_without_directives, cpp_files, report

MAX_CLASS_FUNCTIONS = 25  # overrides of a port apart
MAX_CLASS_MEMBERS = 12
MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 400
MAX_MAIN_LINES = 60
MAX_PREFIX = 2  # files of a folder that may share a prefix

# Classes and files that may be larger, each with the reason. An entry that is no longer needed is an error.
LARGE_CLASSES: dict[str, str] = {
    "jobqd::app::Config": "plain data: a member for each setting",
    "jobqd::domain::Job": "plain data: a member for each field of a job",
    "jobqd::engine::Claim": "plain data: what a worker has to know about its job",
    "jobqd::stores::embedded::Record": "plain data, packed: there is one in memory for each job",
}
LONG_FILES: dict[str, str] = {}
# Shared prefixes that do not call for a folder, as FOLDER/PREFIX.
PREFIXES: dict[str, str] = {}

TYPE_OR_NAMESPACE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^(]*$")
FUNCTION_NAME = re.compile(r"((?:[A-Za-z_]\w*(?:<[^<>()]*>)?::)*~?[A-Za-z_]\w*)\s*\(")
REASON = re.compile(r"^\s*//+\s*Size:\s*\S")


class Sized(NamedTuple):
    size: int
    name: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.size:4} {self.name}  {self.file}:{self.line}"


class Largest:
    """The largest of each kind."""

    def __init__(self) -> None:
        self.kinds: dict[str, Sized] = {}

    def note(self, kind: str, sized: Sized) -> None:
        if kind not in self.kinds or self.kinds[kind].size < sized.size:
            self.kinds[kind] = sized

    def __str__(self) -> str:
        return "\n".join(f"{kind:31}{sized}" for kind, sized in sorted(self.kinds.items()))


def functions(text: str) -> Iterator[tuple[str, int, int]]:
    """Yields name, first line and number of lines of every outermost block that holds statements.

    Not a parser: blocks of types and namespaces are looked into, braces without a semicolon are tables.
    """
    line, head, blocks = 1, "", []  # blocks: (line, head, is a function, holds a statement)
    for char in code_without_directives(text):
        if char == "\n":
            line += 1
        if char == "{":
            inside = any(function for _, _, function, _ in blocks)
            blocks.append((line, head, not inside and not TYPE_OR_NAMESPACE.search(head), False))
        elif char == "}" and blocks:
            start, begun_by, function, statements = blocks.pop()
            if function and statements:
                names = FUNCTION_NAME.findall(begun_by) or re.findall(r"[A-Za-z_]\w*", begun_by.split("=")[0])[-1:]
                yield (names[0] if names else "(unnamed)"), start, line - start + 1
        elif char == ";":
            blocks = [(start, begun_by, function, True) for start, begun_by, function, _ in blocks]
        head = "" if char in "{};" else head + char


def gives_reason(lines: list[str], line: int) -> bool:
    """Whether the comment above this line has a line that begins with `Size:` and goes on."""
    above = line - 2
    while above >= 0 and lines[above].lstrip().startswith(("//", "template", "JOBQD_")):
        if REASON.match(lines[above]):
            return True
        above -= 1
    return False


def check_classes(path: str, text: str, largest: Largest, used: set[str]) -> Iterator[Finding]:
    lines = text.splitlines()
    for each in classes(text):
        largest.note("class, functions", Sized(each.functions, each.name, path, each.line))
        largest.note("class, data members", Sized(each.members, each.name, path, each.line))
        over = [f"{count} {what}, at most {limit}" for count, what, limit in
                ((each.functions, "functions", MAX_CLASS_FUNCTIONS), (each.members, "data members", MAX_CLASS_MEMBERS))
                if count > limit]
        if not over:
            continue
        if each.name in LARGE_CLASSES:
            used.add(each.name)
        elif not gives_reason(lines, each.line):
            message = f"{each.name} has {' and '.join(over)} are allowed: part it, or say why in its comment, after `Size:`"
            yield Finding(path, each.line, "class-size", message)


def check_file(path: str, text: str, largest: Largest, used: set[str]) -> Iterator[Finding]:
    length = len(text.splitlines())
    limit = MAX_MAIN_LINES if path == "src/main.cpp" else MAX_FILE_LINES
    if length > limit and path in LONG_FILES:
        used.add(path)
    elif length > limit:
        yield Finding(path, limit + 1, "file-length", f"{length} lines, at most {limit} are allowed")

    if path.startswith("tests/"):  # tests spell out long examples
        return
    largest.note("file, lines", Sized(length, "", path, 1))
    for name, start, lines in functions(text):
        largest.note("function, lines", Sized(lines, name, path, start))
        if lines > MAX_FUNCTION_LINES:
            message = f"a function of {lines} lines, at most {MAX_FUNCTION_LINES} are allowed"
            yield Finding(path, start, "function-length", message)
    yield from check_classes(path, text, largest, used)


def check_prefixes(paths: list[str], used: set[str]) -> Iterator[Finding]:
    """A prefix that three files of a folder share is a folder that was not made. A header and its source are one file."""
    sharing: dict[str, set[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        stem = name.rpartition(".")[0].removesuffix("_test")
        sharing.setdefault(f"{folder}/{stem.split('_')[0]}", set()).add(stem)
    for prefix, stems in sharing.items():
        if len(stems) <= MAX_PREFIX:
            continue
        if prefix in PREFIXES:
            used.add(prefix)
        else:
            names = ", ".join(sorted(stems))
            yield Finding(prefix.rpartition("/")[0], 1, "prefix", f"{names} share a prefix: they belong into a folder")


def check(root: Path) -> tuple[list[Finding], Largest]:
    found: list[Finding] = []
    largest = Largest()
    used: set[str] = set()
    paths = []
    for file in cpp_files(root, "include/jobqd", "src", "tests"):
        path = file.relative_to(root).as_posix()
        paths.append(path)
        found += check_file(path, file.read_text(encoding="utf-8"), largest, used)
    found += check_prefixes(paths, used)
    for name in sorted({*LARGE_CLASSES, *LONG_FILES, *PREFIXES} - used):
        found.append(Finding("tests/lint/check_sizes.py", 1, "size-register", f"{name} keeps the limit: take it out"))
    return found, largest


if __name__ == "__main__":
    findings, sizes = check(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
    print(sizes)
    sys.exit(report(findings))
