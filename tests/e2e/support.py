"""Starts the real daemon for a test, and talks to it: over HTTP, or byte by byte."""

import fcntl
import json
import os
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Callable, Iterator, NamedTuple, Optional

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("JOBQD", str(ROOT / "build" / "release" / "jobqd"))
CASES = ROOT / "tests" / "cases"  # the project's own, one for each rule
SUITES = Path(os.environ.get("JOBQD_SUITES", ROOT.parent / "shared" / "suites"))

# How long a test waits for something that has to happen, before it fails instead of hanging. No test passes by waiting.
PATIENCE = 60.0

HELD = {"SIMULATE_MIN": "1h", "SIMULATE_MAX": "1h"}  # jobs run until they are stopped
AT_ONCE = {"SIMULATE_MIN": "0ms", "SIMULATE_MAX": "0ms", "SIMULATE_FAILURE_RATE": "0"}

# Words that must never appear in the log of a daemon.
ALARMS = re.compile(r"Sanitizer|runtime error:|broken invariant|terminate called")


def own_cases(name: str) -> list[dict]:
    """The cases in a file of tests/cases."""
    return json.loads((CASES / name).read_text(encoding="utf-8"))


def find_suite(name: str) -> Optional[Path]:
    """A file of the public suites; None, with a note on standard error, if it is missing."""
    path = SUITES / name
    if path.exists():
        return path
    print(f"the project's own cases only: there is no {name} in {SUITES}; JOBQD_SUITES says where the public suites are", file=sys.stderr)
    return None


def suite(name: str) -> Path:
    """A file of the public suites; skips the test, with a message, if it is missing."""
    path = find_suite(name)
    if not path:
        raise unittest.SkipTest(f"there is no {name}")
    return path


def eventually(check: Callable[[], object], what: str) -> object:
    """Calls `check` until it returns something true; fails with `what` when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while True:
        if answer := check():
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"never came true: {what}")
        time.sleep(0.01)


class Answer(NamedTuple):
    status: int
    reason: str
    headers: dict  # names in lower case
    body: bytes
    head: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def closes(self) -> bool:
        return self.headers.get("connection") == "close"


class Closed(Exception):
    """The daemon ended the connection."""


class Connection:
    """One TCP connection, with HTTP on top if wanted."""

    def __init__(self, port: int, receive_buffer: Optional[int] = None):
        self.port = port
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if receive_buffer:  # before connecting, so that the window is that small
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            self.socket.connect(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def reset(self) -> None:
        """Disappears: the daemon gets a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()

    def send(self, data: bytes) -> "Connection":
        self.socket.sendall(data)
        return self

    def request(self, method: str, path: str, body: Optional[bytes | str] = None, **headers: str) -> "Connection":
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        data = body.encode() if isinstance(body, str) else body or b""
        if body is not None:
            lines.append(f"Content-Length: {len(data)}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + data)

    def has_answer(self) -> bool:
        """Whether a part of one has come. Does not wait."""
        return bool(self.buffer or select.select([self.socket], [], [], 0)[0])

    def _more(self) -> None:
        try:
            data = self.socket.recv(65536)
        except ConnectionError as error:
            raise Closed(str(error)) from None
        if not data:
            raise Closed("end of stream")
        self.buffer += data

    def read_answer(self, to_head: bool = False) -> Answer:
        """The next answer, which may be an interim one (1xx). Raises Closed."""
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        start, *lines = head.decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) (.*)", start)
        assert match, f"no status line: {start!r}"
        status = int(match[1])
        headers = {}
        for line in lines:
            name, value = line.split(": ", 1)
            assert name.lower() not in headers, f"{name} twice"
            headers[name.lower()] = value
        if headers.get("transfer-encoding") == "chunked" and not to_head:
            return Answer(status, match[2], headers, self._read_chunks(), head)
        length = 0 if to_head or status in (100, 204, 304) else int(headers["content-length"])
        return Answer(status, match[2], headers, self._take(length), head)

    def _take(self, length: int) -> bytes:
        while len(self.buffer) < length:
            self._more()
        taken, self.buffer = self.buffer[:length], self.buffer[length:]
        return taken

    def _read_chunks(self) -> bytes:
        body = []
        while True:
            while b"\r\n" not in self.buffer:
                self._more()
            size, self.buffer = self.buffer.split(b"\r\n", 1)
            body.append(self._take(int(size, 16)))
            assert self._take(2) == b"\r\n", "a chunk ends elsewhere"
            if not body[-1]:
                return b"".join(body)

    def read_end(self) -> bytes:
        """Everything that the daemon sends until it closes the connection."""
        try:
            while True:
                self._more()
        except Closed:
            data, self.buffer = self.buffer, b""
            return data


class Daemon:
    """The real binary on a free port, in an empty folder, with only the settings in its environment."""

    def __init__(self, *flags: str, wait: bool = True, descriptors: Optional[int] = None,
                 prepare: Optional[Callable[[], object]] = None, under: tuple[str, ...] = (), **settings: str):
        """`prepare` runs in the new process before the binary does; `under` is a command that starts it."""
        def before_exec():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
            if prepare:
                prepare()

        self.folder = tempfile.TemporaryDirectory()
        keep = {name: value for name, value in os.environ.items() if name == "PATH" or name.endswith("SAN_OPTIONS")}
        defaults = {"LISTEN": "127.0.0.1:0", "STORE": "memory", "SHUTDOWN_GRACE": "0s", "LOG_LEVEL": "debug"}
        settings = {name: value for name, value in (defaults | settings).items() if value is not None}
        self.json_log = settings.get("LOG_FORMAT") == "json"
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._ended = False
        self.reads_log = threading.Event()
        self.reads_log.set()
        self.process = subprocess.Popen([*under, BINARY, *flags], env=keep | settings, cwd=self.folder.name,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        preexec_fn=before_exec)
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self.port = 0
        if wait:
            self.wait_until_listening()

    def wait_until_answering(self) -> "Daemon":
        """Waits until the port of a daemon with a file answers. Jobs may still be restored then."""
        self.port = int(self.wait_for_line(r'restoring.*?"?port"?[=:](\d+)')[1])
        return self

    def wait_until_listening(self) -> "Daemon":
        """Waits until every request is answered and jobs run."""
        self.port = int(self.wait_for_line(r'listening.*?"?port"?[=:](\d+)')[1])
        return self

    def _read_log(self) -> None:
        for line in self.process.stderr:
            with self._news:
                self.lines.append(line.decode("utf-8", "backslashreplace").rstrip("\n"))
                self._news.notify_all()
            self.reads_log.wait()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def stop_reading_log(self) -> None:
        """Stops reading the pipe of the log, which holds one page; reads_log.set() resumes."""
        fcntl.fcntl(self.process.stderr, fcntl.F_SETPIPE_SZ, 4096)
        self.reads_log.clear()

    @property
    def log(self) -> str:
        with self._news:
            return "\n".join(self.lines)

    def wait_for_line(self, pattern: str) -> re.Match:
        """Waits for a line of the log that matches and returns the first."""
        def found():
            return next(filter(None, (re.search(pattern, line) for line in self.lines)), None)
        with self._news:
            self._news.wait_for(lambda: found() or self._ended, PATIENCE)
            match = found()
        assert match, f"the log never said {pattern}:\n{self.log}"
        return match

    def connect(self, **options) -> Connection:
        return Connection(self.port, **options)

    def request(self, method: str, path: str, body: Optional[bytes | str] = None, **headers: str) -> Answer:
        with self.connect() as connection:
            connection.request(method, path, body, **headers)
            return connection.read_answer(to_head=method == "HEAD")

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def post(self, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        return self.request("POST", path, body, **headers)

    def enqueue(self, job, **headers: str) -> Answer:
        return self.post("/enqueue", json.dumps(job), **headers)

    def job(self, job_id: str, wait: Optional[str] = None) -> dict:
        return self.get(f"/v1/jobs/{job_id}" + (f"?wait={wait}" if wait else "")).json()

    def finished(self, job_id: str) -> dict:
        """Waits until the job is done or failed, and returns it."""
        def ended():
            job = self.job(job_id, wait="30s")
            return job if job["status"] in ("done", "failed") else None
        return eventually(ended, f"job {job_id} ends")

    def all_jobs(self, **query: str) -> Iterator[dict]:
        """Every job, newest first, page by page."""
        cursor = None
        with self.connect() as connection:
            while True:
                parts = {"limit": "1000"} | query | ({"cursor": cursor} if cursor else {})
                path = "/v1/jobs?" + "&".join(f"{name}={value}" for name, value in parts.items())
                page = connection.request("GET", path).read_answer().json()
                yield from page["jobs"]
                cursor = page.get("next_cursor")
                if not cursor:
                    return

    def count(self, status: str) -> int:
        return sum(1 for _ in self.all_jobs(status=status))

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Waits for the end of the process and returns the exit code. The log is complete then."""
        code = self.process.wait(PATIENCE)
        self.reads_log.set()
        self._reader.join(PATIENCE)
        return code

    def stop(self) -> int:
        """Stops it with SIGTERM, as an operator does, unless it has ended, and returns the exit code. It has ended in any case."""
        try:
            if self.process.poll() is None:
                self.signal(signal.SIGTERM)
            return self.wait()
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stderr.close() if self._ended else None
            self.folder.cleanup()

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident_kib(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


class DaemonTest(unittest.TestCase):
    """A test with daemons. After the test each has to stop cleanly, without a report from a sanitizer."""

    maxDiff = None

    def start(self, *flags: str, exit_code: Optional[int] = 0, **settings: str) -> Daemon:
        daemon = Daemon(*flags, wait=False, **settings)
        self.addCleanup(self._end, daemon, exit_code)
        daemon.wait_until_listening()
        return daemon

    def _end(self, daemon: Daemon, exit_code: Optional[int]) -> None:
        code = daemon.stop()
        self.assertNotRegex(daemon.log, ALARMS)
        if exit_code is not None:
            self.assertEqual(code, exit_code, daemon.log[-4000:])

    def config_file(self, text: str) -> str:
        """Writes a CONFIG file that exists until the end of the test, and returns its path."""
        file = tempfile.NamedTemporaryFile("w", suffix=".toml")
        self.addCleanup(file.close)
        file.write(text)
        file.flush()
        return file.name

    def run_to_end(self, *flags: str, **settings: str) -> Daemon:
        """A daemon that is expected to end by itself, after it has ended."""
        daemon = Daemon(*flags, wait=False, **settings)
        self.addCleanup(daemon.stop)
        daemon.wait()
        self.assertNotRegex(daemon.log, ALARMS)
        return daemon

    def assert_problem(self, answer: Answer, status: int, slug: str) -> dict:
        """Checks that the answer is an RFC 9457 problem of this type, and returns the problem."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        problem = answer.json()
        self.assertEqual(problem["type"], f"/problems/{slug}")
        self.assertEqual(problem["status"], status)
        self.assertTrue(problem["title"] and problem["detail"])
        return problem

    def assert_healthy(self, daemon: Daemon) -> None:
        self.assertEqual(daemon.get("/healthz").body, b"OK")
        self.assertEqual(daemon.get("/readyz").status, 200)
