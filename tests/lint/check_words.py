#!/usr/bin/env python3
"""Checks for banned words and constructs. Each ban has its reason, and the places where it does not apply."""

import re
import sys
from pathlib import Path
from typing import NamedTuple

from cpp_text import ROOT, Finding, code_only, cpp_files, report


class Ban(NamedTuple):
    rule: str
    pattern: str
    reason: str
    folders: tuple[str, ...] = ("include/jobqd", "src", "tests")
    allowed: str = "nowhere"  # a pattern of paths


PRODUCT = ("include/jobqd", "src")

BANS = [
    Ban("name", r"\b(?:class|struct|namespace)\s+\w*(?:Manager|Helper|Utils?|_utils?|_helpers?)\b",
        "says nothing: name what it does"),
    Ban("sleep", r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\b",
        "wait for an event, so that it can be stopped and tested"),
    Ban("now", r"_clock::now\s*\(", "time comes from Clock", PRODUCT, r"/clock\.[ch]pp$"),
    Ban("random", r"\brandom_device\b|\bs?rand\s*\(",
        "randomness is passed in, so that a seed replays a run", PRODUCT, r"/random\.[ch]pp$"),
    Ban("number", r"\bsto(?:i|l|ll|ul|ull|f|d|ld)\s*\(|\bato(?:i|l|ll|f)\s*\(",
        "throws or guesses: use std::from_chars"),
    Ban("coroutine", r"\bco_(?:await|return|yield)\b",
        "g++ 12 miscompiles coroutines: use completion handlers"),
    Ban("output", r"\bstd::c(?:out|err|log)\b|\b(?:f?printf|f?puts)\s*\(|\bfmt::print\b",
        "only the app writes logs; report an event", PRODUCT,
        r"^src/main\.cpp$|^src/app/|^src/base/check\.cpp$"),
]

HEADER_BANS = [
    Ban("using-namespace", r"\busing\s+namespace\b", "a header opens no namespace for its readers"),
]

FILE_NAME = re.compile(r"[a-z0-9_]+\.[ch]pp")


def check(root: Path) -> list[Finding]:
    found: list[Finding] = []
    for file in cpp_files(root, "include/jobqd", "src", "tests"):
        path = file.relative_to(root).as_posix()
        if not FILE_NAME.fullmatch(file.name):
            found.append(Finding(path, 1, "file-name", "files are named in snake_case"))
        bans = BANS + HEADER_BANS if file.suffix == ".hpp" else BANS
        bans = [ban for ban in bans if path.startswith(ban.folders) and not re.search(ban.allowed, path)]
        code = code_only(file.read_text(encoding="utf-8"))
        for number, line in enumerate(code.split("\n"), 1):
            for ban in bans:
                if match := re.search(ban.pattern, line):
                    found.append(Finding(path, number, ban.rule, f"'{match.group().strip()}': {ban.reason}"))
    return found


if __name__ == "__main__":
    sys.exit(report(check(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)))
