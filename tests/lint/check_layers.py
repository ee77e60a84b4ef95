#!/usr/bin/env python3
"""Holds the code to its house: who may include whom, which library stays in which room, and how long
a file or a function may grow. Prints file:line and the rule for each breach; the exit code is 1 if any.
"""

import re
import sys
from pathlib import Path
from typing import Iterator

from cpp_text import ROOT, Finding, code_only, cpp_files, report

# A layer may include the contracts (include/jobqd/...) of these layers and of no others.
ALLOWED = {
    "base": (),
    "domain": ("base",),
    "engine": ("base", "domain"),
    "processors": ("base", "domain", "engine"),
    "stores": ("base", "domain", "engine"),
    "http": ("base", "domain", "engine"),
    "app": ("base", "domain", "engine", "processors", "stores", "http"),
    "main": ("app",),
}

# Rooms within one layer that never see each other.
SEPARATE_ROOMS = [
    ("stores/embedded", "stores/postgres"),
    ("processors/exec", "processors/push"),
    ("http/requests", "http/bodies"),
    ("http/bodies", "http/connections"),
]

# A library, and the only places that may include it (prefixes of paths).
FENCES = [
    (r"boost/(asio|beast|url)\b", ("src/http/", "include/jobqd/http/", "src/processors/push/")),
    (r"(boost/asio/ssl|openssl/)", ("src/processors/push/",)),
    (r"nlohmann/", ("src/processors/", "src/http/", "include/jobqd/http/", "src/app/", "include/jobqd/app/")),
    (r"sqlite3\.h$", ("src/stores/sqlite/",)),
    (r"(libpq|libpq-fe\.h|pqxx|postgresql)", ("src/stores/postgres/",)),
    (r"spdlog/", ("src/app/",)),
    (r"CLI/", ("src/app/",)),
    (r"toml(\+\+|plusplus)/", ("src/app/",)),
]

MAX_MAIN_LINES = 60
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 70

# Files that may be longer, each with its reason.
LONG_FILES: dict[str, str] = {}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
TYPE_OR_NAMESPACE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^(]*$")


def layer_of(path: str) -> str:
    if path == "src/main.cpp":
        return "main"
    parts = path.split("/")
    return parts[2] if parts[0] == "include" else parts[1]


def check_include(path: str, quote: str, target: str) -> Iterator[tuple[str, str]]:
    """Yields (rule, message) for what is wrong with one #include."""
    layer = layer_of(path)
    room = "/".join(path.split("/")[1:-1]) + "/"

    if quote == '"':
        if path.startswith("include/"):
            yield "public-header", f'a contract may not include the private "{target}"'
        if "/" not in target or target.startswith("."):
            yield "include-path", f'"{target}" must be named by its path below src/'
        elif target.split("/")[0] != layer:
            yield "private-header", f'"{target}" is private to its layer, which {layer} is not'
    elif target.startswith("jobqd/"):
        other = target.split("/")[1]
        if other != layer and other not in ALLOWED.get(layer, ()):
            yield "layer", f"{layer} may not include <{target}>"

    for one, other in SEPARATE_ROOMS + [(b, a) for a, b in SEPARATE_ROOMS]:
        if room.startswith(one + "/") and target.removeprefix("jobqd/").startswith(other + "/"):
            yield "room", f"{one} may not include {target}"

    for library, places in FENCES:
        if re.match(library, target) and not path.startswith(places):
            yield "fence", f"{target} may be included only below {', '.join(places)}"


def functions(text: str) -> Iterator[tuple[int, int]]:
    """Yields (first line, number of lines) of every outermost block that holds statements.

    Not a parser: blocks of types and namespaces are looked into, braces without a semicolon are tables.
    """
    code = DIRECTIVE.sub(lambda match: "\n" * match.group().count("\n"), code_only(text))
    line, head, blocks = 1, "", []  # blocks: (line, is a function, holds a statement)
    for char in code:
        if char == "\n":
            line += 1
        if char == "{":
            inside = any(function for _, function, _ in blocks)
            blocks.append((line, not inside and not TYPE_OR_NAMESPACE.search(head), False))
        elif char == "}" and blocks:
            start, function, statements = blocks.pop()
            if function and statements:
                yield start, line - start + 1
        elif char == ";":
            blocks = [(start, function, True) for start, function, _ in blocks]
        head = "" if char in "{};" else head + char


def check_file(path: str, text: str) -> Iterator[Finding]:
    lines = text.splitlines()
    if path.endswith(".hpp") and "#pragma once" not in (line.strip() for line in lines):
        yield Finding(path, 1, "pragma-once", "a header starts with #pragma once")

    limit = MAX_MAIN_LINES if path == "src/main.cpp" else MAX_FILE_LINES
    if len(lines) > limit and path not in LONG_FILES:
        yield Finding(path, limit + 1, "file-length", f"{len(lines)} lines, at most {limit} are allowed")
    if len(lines) <= limit and path in LONG_FILES:
        yield Finding(path, 1, "file-length", "is short again: take it out of LONG_FILES")

    if path.startswith("tests/"):  # sees what it tests, and spells out long examples
        return
    if layer_of(path) not in ALLOWED:
        yield Finding(path, 1, "layer", f"there is no layer {layer_of(path)}")
    for number, line in enumerate(lines, 1):
        if match := INCLUDE.match(line):
            for rule, message in check_include(path, *match.groups()):
                yield Finding(path, number, rule, message)
    for start, length in functions(text):
        if length > MAX_FUNCTION_LINES:
            message = f"a function of {length} lines, at most {MAX_FUNCTION_LINES} are allowed"
            yield Finding(path, start, "function-length", message)


def check(root: Path) -> list[Finding]:
    found: list[Finding] = []
    for file in cpp_files(root, "include/jobqd", "src", "tests"):
        found += check_file(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
    for path in LONG_FILES:
        if not (root / path).exists():
            found.append(Finding(path, 1, "file-length", "is no more: take it out of LONG_FILES"))
    return found


if __name__ == "__main__":
    sys.exit(report(check(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)))
