"""Runs the examples of README.md and docs/ against the real binary and compares what they print.

An example is a ```console block: lines that start with `$ ` are commands for bash (one that ends in a backslash goes
on in the next line), the lines after a command are what it prints, errors included. A command has to succeed; where
its failure is the example, the example shows it: `jobqd --workers 0; echo $?`. All examples of a file run in order, in
one empty folder, next to one daemon with default settings; `jobqd` is on the PATH. The daemon of README.md has its jobqd.toml, and its
receiver.py runs, on a port that is free.

127.0.0.1:8080 stands for the daemon's real address. A run_at is moved a month ahead, so that examples do not age.
Times, UUIDs, process ids, tokens, measured seconds, the number of attempts and how many jobs a queue has may differ.

A block whose line before is <!-- not run: REASON --> is listed and not run.
"""

import difflib
import os
import re
import socket
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import support
from support import PATIENCE, ROOT, DaemonTest, eventually

support.BINARY = str(Path(support.BINARY).resolve())  # because commands and daemon run in another folder

ADDRESS = "127.0.0.1:8080"
NOT_RUN = re.compile(r"<!-- not run: (\S.*?) -->")

VARYING = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", "TIME"),
    (r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", "HTTP-DATE"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b", "UUID"),
    (r"\b(pid\"?[=:])\d+", r"\1PID"),
    (r"\"attempts\":\d+,\"failures\":\d+", '"attempts":N,"failures":N'),
    (r"\"queued\":\d+,\"ready\":\d+,\"running\":\d+,\"done\":\d+,\"failed\":\d+", '"queued":N'),
    (r"\"count\":\d+", '"count":N'),
    (r"\"token\":\"\d+\"", '"token":"N"'),
    (r",\"oldest_ready_age\":\"[0-9a-z]+\"", ""),
    (r",\"last_minute\":\{[^}]*\}", ""),
    (r",\"reasons\":\{[^}]*\}", ""),
    (r",\"scale\":\{[^}]*\}", ""),
    (r"\b\d+\.\d{6}\b", "SECONDS"),
]


class Step(NamedTuple):
    line: int
    command: str
    expected: str


class Block(NamedTuple):
    line: int
    steps: list[Step]
    not_run: str = ""  # the reason, if it is not run


def read_block(lines: list[str], first: int) -> list[Step]:
    """Splits the lines of a block; `first` is the line number of the first of them in its file."""
    steps: list[Step] = []
    goes_on = False
    for number, line in enumerate(lines, first):
        if goes_on:
            last = steps[-1]
            steps[-1] = last._replace(command=last.command + "\n" + line)
            goes_on = line.endswith("\\")
        elif line.startswith("$ "):
            steps.append(Step(number, line[2:], ""))
            goes_on = line.endswith("\\")
        elif not steps:
            raise ValueError(f"line {number}: an example starts with a command: $ ...")
        else:
            steps[-1] = steps[-1]._replace(expected=steps[-1].expected + line + "\n")
    if not steps:
        raise ValueError(f"line {first}: an example without a command")
    return steps


def read_blocks(text: str) -> list[Block]:
    lines = text.splitlines()
    blocks = []
    start = None
    for index, line in enumerate(lines):
        if start is None and line == "```console":
            start = index
        elif start is not None and line == "```":
            marker = NOT_RUN.fullmatch(lines[start - 1]) if start else None
            blocks.append(Block(start + 1, read_block(lines[start + 1:index], start + 2), marker[1] if marker else ""))
            start = None
    if start is not None:
        raise ValueError(f"line {start + 1}: an example without an end")
    return blocks


def normal(output: str) -> str:
    output = output.replace("\r\n", "\n").rstrip("\n")
    for pattern, name in VARYING:
        output = re.sub(pattern, name, output)
    return output


def moved_ahead(command: str, now: datetime) -> str:
    return re.sub(r'("run_at":\s*")\d{4}-[^"]*"',
                  lambda match: f'{match[1]}{now + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"', command)


def difference(step: Step, expected: str, output: str) -> str:
    """The differences between the output and the example, without those that are expected; empty if there are none."""
    wanted, got = normal(expected), normal(output)
    if wanted == got:
        return ""
    lines = difflib.unified_diff(wanted.split("\n"), got.split("\n"), "the example", "this run", lineterm="", n=100)
    return f"$ {step.command}\n" + "\n".join(lines)


def example_files() -> list[Path]:
    return [path for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if path.exists()]


class DocsExamples(DaemonTest):
    def test_examples_print_what_they_say(self):
        run = 0
        for file in example_files():
            blocks = read_blocks(file.read_text(encoding="utf-8"))
            name = file.relative_to(ROOT)
            for block in blocks:
                if block.not_run:
                    print(f"not run: {name}:{block.line}: {block.not_run}", file=sys.stderr)
            steps = [step for block in blocks if not block.not_run for step in block.steps]
            if steps:
                self.run_file(name, steps, self.set_up(file) if file.name == "README.md" else {})
            run += len(steps)
        self.assertGreater(run, 0)

    def set_up(self, file: Path) -> dict:
        """Prepares what the examples of the file need: its jobqd.toml as settings, and its receiver.py on a free port."""
        text = file.read_text(encoding="utf-8")
        (config,) = re.findall(r"^```toml\n(# jobqd.toml\n.*?)^```", text, re.MULTILINE | re.DOTALL)
        (program,) = re.findall(r"^```python\n(# receiver.py\n.*?)^```", text, re.MULTILINE | re.DOTALL)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        receiver = subprocess.Popen([sys.executable, "-c", program.replace("9000", port)], stderr=subprocess.DEVNULL)
        self.addCleanup(receiver.wait)
        self.addCleanup(receiver.kill)

        def listens():
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", int(port))) == 0
        eventually(listens, "the receiver of the example listens")
        return {"CONFIG": self.config_file(config.replace("9000", port))}

    def run_file(self, name: Path, steps: list[Step], settings: dict) -> None:
        daemon = self.start(STORE=None, SHUTDOWN_GRACE=None, LOG_LEVEL=None, **settings)
        address = f"127.0.0.1:{daemon.port}"
        now = datetime.now(timezone.utc)
        keep = {key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")}
        with tempfile.TemporaryDirectory() as programs:
            Path(programs, "jobqd").symlink_to(support.BINARY)
            environment = keep | {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": daemon.folder.name, "LC_ALL": "C.UTF-8"}
            for step in steps:
                command = moved_ahead(step.command.replace(ADDRESS, address), now)
                done = subprocess.run(["bash", "-c", command], cwd=daemon.folder.name, env=environment, timeout=PATIENCE,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                output = done.stdout.decode("utf-8", "backslashreplace")
                with self.subTest(example=f"{name}:{step.line}"):
                    wrong = difference(step, step.expected.replace(ADDRESS, address), output)
                    if wrong:
                        self.fail(f"{name}:{step.line}\n{wrong}")
                    self.assertEqual(done.returncode, 0, f"{name}:{step.line}\n$ {step.command}\n{output}")


class ExamplesAreRead(unittest.TestCase):
    def test_commands_and_what_they_print(self):
        text = "x\n\n```console\n$ one\na\n\nb\n$ two \\\n  more\n```\n```sh\n$ not this\n```\n"
        self.assertEqual(read_blocks(text), [Block(3, [Step(4, "one", "a\n\nb\n"), Step(8, "two \\\n  more", "")])])

    def test_a_block_is_left_out_with_a_reason_only(self):
        block = "```console\n$ one\n```\n"
        self.assertEqual(read_blocks("<!-- not run: why -->\n" + block)[0].not_run, "why")
        for before in ("", "<!-- not run -->\n", "<!-- not run: -->\n", "<!-- not run: why -->\n\n"):
            with self.subTest(before=before):
                self.assertEqual(read_blocks(before + block)[0].not_run, "")

    def test_malformed_examples_are_errors(self):
        for text in ("```console\noutput\n```\n", "```console\n```\n", "```console\n$ one\n"):
            with self.subTest(text=text), self.assertRaises(ValueError):
                read_blocks(text)

    def test_what_may_differ(self):
        for wanted, got in [
            ("2026-11-24T04:09:14.865Z info  x pid=7", "2027-01-02T03:04:05.006Z info  x pid=12345"),
            ("Date: Tue, 24 Nov 2026 04:09:14 GMT\nOK\n", "Date: Wed, 25 Nov 2026 14:09:14 GMT\r\nOK"),
            ('{"id":"01a20bbe-5e8f-713f-94c0-c65eca300af4"}', '{"id":"01a20bc0-0000-7abc-8000-000000000000"}'),
            ('"attempts":1,"failures":0,', '"attempts":11,"failures":10,'),
            ("took 0.105321 s", "took 1.000001 s"),
        ]:
            self.assertEqual(difference(Step(1, "x", wanted), wanted, got), "")

    def test_what_may_not_differ_is_shown(self):
        for wanted, got in [('{"status":"done"}', '{"status":"failed"}'), ("a\nb", "a"), ("", "a"), ("a", ""),
                            ('"attempts":1}', '"attempts":2}'), ("a\n\nb", "a\nb")]:
            shown = difference(Step(1, "x", wanted), wanted, got)
            self.assertRegex(shown, r"^\$ x\n--- the example\n\+\+\+ this run\n")

    def test_run_at_is_moved_ahead(self):
        now = datetime(2030, 1, 1, tzinfo=timezone.utc)
        self.assertEqual(moved_ahead('{"run_at":"2027-01-01T09:00:00+01:00"}', now), '{"run_at":"2030-01-31T00:00:00Z"}')


if __name__ == "__main__":
    unittest.main()
