"""Compares the documentation with the code: links have targets, and the tables of settings, problems and routes are
complete, in both directions. Parts whose file is not there are skipped, and say so.
"""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Iterator
from urllib.parse import unquote

from cpp_text import ROOT

BINARY = Path(os.environ.get("JOBQD", ROOT / "build" / "release" / "jobqd"))

PRUNED = {"build", ".git", ".cache", "node_modules"}

FENCE = re.compile(r"^[ ]{0,3}(```+|~~~+)[^\n]*\n.*?^[ ]{0,3}\1[`~]*[ ]*$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
CODE_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
INLINE_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^[ ]{0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)", re.MULTILINE)
HEADING = re.compile(r"^[ ]{0,3}(#{1,6})\s+(.+?)\s*#*$", re.MULTILINE)
HTML_ANCHOR = re.compile(r"<a\s+(?:id|name)=\"([^\"]+)\"")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)

# A route in prose or a table: `GET /v1/jobs/{id}`, perhaps with a query.
ROUTE_SPAN = re.compile(r"^(GET|HEAD|POST|PUT|PATCH|DELETE) (/[^\s?]*)")

# Paths of a developer's machine do not belong into the documentation.
PROJECT_PATH = re.compile(r"(?:src|include|tests|cmake|bench|docs)/[\w./-]+")
PRIVATE_PATH = re.compile(r"/(?:work|root|home|Users)/")


def markdown_files(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(set(folders) - PRUNED)
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".md"))


def blanked(pattern: re.Pattern, text: str) -> str:
    """The text without the matches; all lines keep their numbers."""
    return pattern.sub(lambda match: "\n" * match.group().count("\n"), text)


def prose(text: str) -> str:
    """The text without code and comments."""
    return blanked(CODE_SPAN, blanked(COMMENT, blanked(FENCE, text)))


def anchors(text: str) -> set[str]:
    """The anchors that a link can name, made from the headings as GitHub does."""
    seen: dict[str, int] = {}
    names = set(HTML_ANCHOR.findall(text))
    for _, heading in HEADING.findall(blanked(FENCE, text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        names.add(f"{slug}-{count}" if count else slug)
    return names


def broken_links(root: Path) -> list[str]:
    broken = []
    for file in markdown_files(root):
        text = file.read_text(encoding="utf-8")
        words = prose(text)
        for match in [*INLINE_LINK.finditer(words), *REFERENCE.finditer(words)]:
            target = match[1]
            if ELSEWHERE.match(target):
                continue
            path, _, fragment = target.partition("#")
            other = (file.parent / unquote(path)) if path else file
            place = f"{file.relative_to(root)}:{words.count(chr(10), 0, match.start(1)) + 1}: {target}"
            if path.startswith("/") or not other.exists():
                broken.append(f"{place}: there is no such file")
            elif fragment and (other.suffix != ".md" or fragment not in anchors(other.read_text(encoding="utf-8"))):
                broken.append(f"{place}: there is no such section")
    return broken


def private_paths(root: Path) -> list[str]:
    return [f"{file.relative_to(root)}:{number}: {line.strip()}"
            for file in markdown_files(root)
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
            if PRIVATE_PATH.search(line)]


def missing_paths(root: Path) -> list[str]:
    """Files of the project that a document names in code, as `src/...`, and that are not there."""
    return [f"{file.relative_to(root)}: there is no {match[2]}"
            for file in markdown_files(root)
            for match in CODE_SPAN.finditer(blanked(FENCE, file.read_text(encoding="utf-8")))
            if PROJECT_PATH.fullmatch(match[2]) and not (root / match[2]).exists()]


def documented_settings(text: str) -> dict[str, str]:
    """Name and default from every table whose first columns are `variable` and `default`."""
    found: dict[str, str] = {}
    inside = False
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if not line.lstrip().startswith("|"):
            inside = False
        elif [cell.lower() for cell in cells[:2]] == ["variable", "default"]:
            inside = True
        elif inside and not re.fullmatch(r":?-+:?", cells[0]):
            assert cells[0] not in found, f"{cells[0]} stands in two rows"
            found[cells[0]] = cells[1]
    return found


def offered_settings(help_text: str) -> dict[str, str]:
    """Name and default from --help, however it is wrapped."""
    options = help_text.split("Options:", 1)[1].split("\nSubcommands:", 1)[0]
    found = {}
    for option in re.split(r"\n(?=\s*(?:-\w,\s*)?--)", options):
        match = re.match(r"\s*--([a-z][a-z-]*)\b.*\bdefault\s+(\S+)\s*\Z", option, re.DOTALL)
        if match:
            found[match[1].upper().replace("-", "_")] = match[2]
    return found


def documented_routes(text: str) -> set[tuple[str, str]]:
    spans = (match[2] for match in CODE_SPAN.finditer(blanked(FENCE, text)))
    return {(match[1], match[2]) for match in map(ROUTE_SPAN.match, spans) if match}


def served_routes(source: str) -> dict[tuple[str, str], str]:
    """Method and pattern of each route, and who may use it."""
    rows = re.findall(r'\{\s*"([A-Z]+)",\s*"(/[^"]*)",\s*Access::(\w+)', source)
    return {(method, pattern): access for method, pattern, access in rows}


def toml_keys(text: str) -> set[str]:
    """The keys above the first table of each example."""
    blocks = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return {key for block in blocks for key in re.findall(r"^([a-z_]+)\s*=", block.split("\n[")[0], re.MULTILINE)}


def documented_queue_keys(text: str) -> set[str]:
    section = re.search(r"^## Queues\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)[1]
    rows = re.findall(r"^\| ([a-z][^|]*?) \|", section, re.MULTILINE)
    return {key for row in rows if row != "key" for key in row.split(", ")}


class Docs(unittest.TestCase):
    maxDiff = None

    def read(self, path: str) -> str:
        file = ROOT / path
        if not file.exists():
            self.skipTest(f"there is no {path}")
        return file.read_text(encoding="utf-8")

    def settings_of_the_binary(self) -> dict[str, str]:
        if not BINARY.exists():
            self.skipTest(f"there is no {BINARY}; build it, or say with JOBQD where it is")
        answer = subprocess.run([BINARY.resolve(), "--help"], capture_output=True, text=True, check=True)
        found = offered_settings(answer.stdout)
        self.assertGreater(len(found), 10, answer.stdout)
        return found

    def routes_of_the_api(self) -> dict[tuple[str, str], str]:
        groups = sorted((ROOT / "src/http/calls").glob("*.cpp"))
        return served_routes("".join(file.read_text(encoding="utf-8") for file in groups))

    def test_links_lead_somewhere(self):
        self.assertEqual(broken_links(ROOT), [])

    def test_paths_in_documents_exist(self):
        self.assertEqual(missing_paths(ROOT), [])

    def test_no_path_of_somebodys_machine(self):
        self.assertEqual(private_paths(ROOT), [])

    def test_the_readme_has_every_setting_with_its_default(self):
        text = self.read("README.md")
        self.assertEqual(documented_settings(text), self.settings_of_the_binary())

    def test_operations_has_every_setting_with_its_default(self):
        text = self.read("docs/operations.md")
        self.assertEqual(documented_settings(text), self.settings_of_the_binary())

    def test_examples_of_the_file_use_settings_that_exist(self):
        text = self.read("docs/operations.md")
        names = {name.lower() for name in self.settings_of_the_binary()}
        self.assertTrue(toml_keys(text))
        self.assertEqual(toml_keys(text) - names, set())

    def test_operations_has_every_key_of_a_queue(self):
        sources = [ROOT / "src/app/settings/queue_settings.cpp", *ROOT.glob("src/processors/*/kind.cpp")]
        self.assertEqual(len(sources), 4)
        keys = {"processor"}
        for source in sources:
            keys |= set(re.findall(r'\.name = "([a-z_.]+)",\s*\.allowed', source.read_text(encoding="utf-8")))
        self.assertGreater(len(keys), 10)
        self.assertEqual(documented_queue_keys(self.read("docs/operations.md")), keys)

    def test_every_problem_has_its_section(self):
        source = self.read("src/domain/error.cpp")
        text = self.read("docs/problems.md")
        table = re.findall(r'\{\w+, (\d{3}), "([a-z-]+)", "([^"]+)"', source)
        self.assertGreater(len(table), 10)
        sections = [name for level, name in HEADING.findall(blanked(FENCE, text)) if level == "##"]
        self.assertEqual(sorted(sections), sorted(slug for _, slug, _ in table))
        for status, slug, title in table:
            body = re.search(rf"^## {slug}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]
            with self.subTest(slug=slug):
                self.assertIn(f"{status}: {title}", body, "status and title as the daemon sends them")

    def test_every_route_is_documented(self):
        routes = self.routes_of_the_api()
        self.assertGreater(len(routes), 5)
        self.assertEqual(documented_routes(self.read("docs/http-api.md")), set(routes))


class Checks(unittest.TestCase):
    """Tests of the checks themselves, each with a planted fault."""

    def tree(self, files: dict[str, str]) -> Path:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for path, text in files.items():
            file = Path(folder.name, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return Path(folder.name)

    def test_links(self):
        other = "# One\n## `two` and, three\n## One\n<a id=\"four\"></a>\n```\n# five\n```\n"
        for link, good in [
            ("docs/b.md", True), ("docs/", True), ("docs/b.md#one", True), ("docs/b.md#two-and-three", True),
            ("docs/b.md#one-1", True), ("docs/b.md#four", True), ("#here", True), ("https://example.com/x", True),
            ("docs/c.md", False), ("docs/b.md#five", False), ("#there", False), ("/docs/b.md", False),
        ]:
            for text in (f"[text]({link})", f"[text]: {link}"):
                root = self.tree({"a.md": f"# Here\n\n{text}\n", "docs/b.md": other, "build/c.md": "[x](gone.md)"})
                with self.subTest(text=text):
                    self.assertEqual([found.split(": ")[0] for found in broken_links(root)], [] if good else ["a.md:3"])

    def test_links_in_code_and_comments_are_none(self):
        root = self.tree({"a.md": "`[a](gone)` <!-- [b](gone) -->\n```\n[c](gone)\n```\n"})
        self.assertEqual(broken_links(root), [])

    def test_paths(self):
        root = self.tree({"a.md": "`src/here.cpp` `src/gone.cpp` `src/<layer>/` `src/*`\n```\n`src/x.cpp`\n```\n",
                          "src/here.cpp": ""})
        self.assertEqual(missing_paths(root), ["a.md: there is no src/gone.cpp"])

    def test_private_paths(self):
        planted = "".join(("see /wo", "rk/x or docs/homework/\n"))
        root = self.tree({"docs/a.md": planted, "b.md": "docs/homework/"})
        self.assertEqual(len(private_paths(root)), 1)

    def test_settings(self):
        table = "| variable | default | meaning |\n| --- | --- | --- |\n| `A_B` | 4 | x |\n\n| other | 5 |\n"
        self.assertEqual(documented_settings(table), {"A_B": "4"})
        plain = "Options:\n  -h,--help   Print\n  --a-b       x: y; default 4\n  --c  z; default none\n\nSubcommands:\n  e"
        wrapped = "Options:\n  -h,     --help   Print\n\n  --a-b       x: y;\n              default 4\n  --c  z; default none\n"
        for text in (plain, wrapped):
            self.assertEqual(offered_settings(text), {"A_B": "4", "C": "none"})

    def test_routes(self):
        self.assertEqual(documented_routes("| `GET /a/{id}?wait=` | `POST` | `/b` |\n```\n`GET /c`\n```"),
                         {("GET", "/a/{id}")})
        self.assertEqual(served_routes('{"GET", "/a",\n Access::read, f}, {"POST",\n  "/b/{id}", Access::work, f}'),
                         {("GET", "/a"): "read", ("POST", "/b/{id}"): "work"})


if __name__ == "__main__":
    unittest.main()
