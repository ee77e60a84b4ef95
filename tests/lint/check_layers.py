#!/usr/bin/env python3
"""Checks the walls of the code: which layer may include which, and which library stays in which room.

Prints file:line and the rule for each breach; the exit code is 1 if there is any.
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
    "metrics": ("base", "domain", "engine", "http"),
    "traces": ("base", "domain", "engine"),
    "app": ("base", "domain", "engine", "processors", "stores", "http", "metrics", "traces"),
    "main": ("app",),
}

# Rooms of one layer that may not include each other.
SEPARATE_ROOMS = [
    ("stores/embedded", "stores/sqlite"),
    ("stores/embedded", "stores/postgres"),
    ("stores/sqlite", "stores/postgres"),
    ("processors/exec", "processors/push"),
    ("http/requests", "http/bodies"),
    ("http/bodies", "http/connections"),
    ("http/guards", "http/connections"),
    ("http/guards", "http/requests"),
    ("http/guards", "http/bodies"),
]

# A room that others of its layer stand on, and those: they see it, and it sees none of them.
FOUNDATIONS = [
    ("stores/journal", ("stores/embedded", "stores/sqlite", "stores/postgres")),
]

# A library, and the only places that may include it (prefixes of paths).
FENCES = [
    (r"boost/(asio|beast|url)\b", ("src/http/", "include/jobqd/http/", "src/processors/push/")),
    (r"(boost/asio/ssl|openssl/)", ("src/processors/push/", "src/http/connections/")),
    (r"nlohmann/", ("src/domain/kept_text.cpp", "src/processors/", "src/http/", "include/jobqd/http/", "src/traces/")),
    (r"sqlite3\.h$", ("src/stores/sqlite/",)),
    (r"(libpq|libpq-fe\.h|pqxx|postgresql)", ("src/stores/postgres/",)),
    (r"prometheus/", ("src/metrics/",)),
    (r"spdlog/", ("src/app/logging/log.cpp",)),
    (r"CLI/", ("src/app/",)),
    (r"toml(\+\+|plusplus)/", ("src/app/",)),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of(path: str) -> str:
    if path == "src/main.cpp":
        return "main"
    parts = path.split("/")
    return parts[2] if parts[0] == "include" else parts[1]


def check_include(path: str, quote: str, target: str) -> Iterator[tuple[str, str]]:
    """Yields (rule, message) for each rule that one #include breaks."""
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

    walls = SEPARATE_ROOMS + [(b, a) for a, b in SEPARATE_ROOMS]
    walls += [(below, above) for below, rooms in FOUNDATIONS for above in rooms]
    for one, other in walls:
        if room.startswith(one + "/") and target.removeprefix("jobqd/").startswith(other + "/"):
            yield "room", f"{one} may not include {target}"

    for library, places in FENCES:
        if re.match(library, target) and not path.startswith(places):
            yield "fence", f"{target} may be included only below {', '.join(places)}"


def check_file(path: str, text: str) -> Iterator[Finding]:
    lines = text.splitlines()
    if path.endswith(".hpp") and "#pragma once" not in (line.strip() for line in lines):
        yield Finding(path, 1, "pragma-once", "a header starts with #pragma once")

    if path.startswith("tests/"):  # tests include whatever they test
        return
    if layer_of(path) not in ALLOWED:
        yield Finding(path, 1, "layer", f"there is no layer {layer_of(path)}")
    for number, line in enumerate(lines, 1):
        if match := INCLUDE.match(line):
            for rule, message in check_include(path, *match.groups()):
                yield Finding(path, number, rule, message)


def check(root: Path) -> list[Finding]:
    found: list[Finding] = []
    for file in cpp_files(root, "include/jobqd", "src", "tests"):
        found += check_file(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    sys.exit(report(check(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)))
