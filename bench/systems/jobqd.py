import http.client
import json
import os
import re
import time
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta, timezone
from typing import Iterator, Optional

from processes import PATIENCE, Server, free_port
from scraper import Scraper

from systems.base import System, first_line

NO_OP = {"SIMULATE_MIN": "0ms", "SIMULATE_MAX": "0ms", "SIMULATE_FAILURE_RATE": "0"}
# One worker, which is busy with the first job until the end: all others wait.
HELD = {"WORKERS": "1", "SIMULATE_MIN": "1h", "SIMULATE_MAX": "1h"}
LAST = {"id": "last", "priority": -100}  # starts after all others


class Jobqd(System):
    kind = "jobqd"
    protocol = "http"
    fill_batch = 1_000
    store = ""
    can = frozenset({"enqueue", "array", "drain", "latency", "both", "memory", "depth", "idle"})

    settings = HELD
    scraped = False  # its metrics, every 50 ms
    log_pipe: Optional[int] = None

    @contextmanager
    def running(self, settings: Optional[dict[str, str]] = None) -> Iterator[System]:
        self.settings = settings or HELD
        with super().running(), Scraper(self.port) if self.scraped else nullcontext():
            yield self

    def missing(self) -> list[str]:
        return [str(path) for path in (self.tools.jobqd, self.tools.load) if not path.exists()]

    def version(self) -> str:
        return first_line(str(self.tools.jobqd), "--version")

    def start(self) -> None:
        self.port = free_port()
        settings = {"LISTEN": f"127.0.0.1:{self.port}", "STORE": self.store, "QUEUE_SIZE": "100000000",
                    "MAX_CONNECTIONS": "20000", **self.settings}
        self.server = Server([str(self.tools.jobqd)], self.folder, log=self.log_pipe, environment=settings)
        self.server.wait_until(self.ready, self.name)

    def ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def request(self, method: str, path: str, body: Optional[str] = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE + 10)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def get(self, path: str) -> tuple[int, bytes]:
        return self.request("GET", path)

    def put_last(self, **more: str) -> None:
        status, body = self.request("POST", "/enqueue", json.dumps(LAST | more))
        if status != 202:
            raise RuntimeError(f"{self.name}: {status} {body!r}")

    def wait_for_last(self) -> float:
        """Waits until all jobs are done, and returns the time of it."""
        job = json.loads(self.get("/v1/jobs/last?wait=60s")[1])
        end = time.time()
        left = json.loads(self.get("/v1/jobs?status=queued&limit=1")[1])
        if job.get("status") != "done" or left["jobs"]:
            raise RuntimeError(f"{self.name}: not all was done: {job}, {left}")
        return end

    def time_drain(self, count: int, since: datetime) -> dict:
        return {"rate": count / (self.wait_for_last() - since.timestamp()), "jobs": count, "errors": 0}

    def both(self, rate: float, seconds: float) -> dict:
        with self.running(NO_OP):
            result = self.load("paced", seconds, rate=f"{rate:.0f}", connections=64)
            since = time.time()
            self.put_last()
            return result | {"behind_ms": (self.wait_for_last() - since) * 1000}

    def latency(self, count: int) -> dict:
        """As with the peers, until a second connection has leased the job; and with a worker inside the daemon."""
        config = self.tools.folder / f"{self.name}.toml"
        config.write_text('[queues.default]\nprocessor = "remote"\n', encoding="utf-8")
        with self.running({"CONFIG": str(config)}):
            leased = self.load("latency", count=count)
        own = self.own_latency(count)
        return leased | {"own_p50": own["p50"], "own_p99": own["p99"], "errors": leased["errors"] + own["errors"]}

    def own_latency(self, count: int) -> dict:
        """From the sending of the POST until `job done` arrives on the pipe that the daemon logs to."""
        pipe = self.tools.folder / f"{self.name}.pipe"
        os.mkfifo(pipe)
        self.log_pipe = os.open(pipe, os.O_RDWR)
        try:
            with self.running(NO_OP | {"LOG_LEVEL": "debug"}):
                return self.load("latency", count=count, log=pipe, mark="job done")
        finally:
            os.close(self.log_pipe)
            self.log_pipe = None
            pipe.unlink()


class JobqdMemory(Jobqd):
    name = "jobqd-memory"
    ack = "nothing: it is in memory"
    store = "memory"

    def drain(self, count: int, seconds: float) -> dict:
        """All jobs are enqueued before the `run_at` that they share."""
        lead = 2 + count / 40_000
        with self.running(NO_OP):
            due = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=lead)
            self.fill(count, run_at=due.isoformat())
            self.put_last(run_at=(due + timedelta(milliseconds=1)).isoformat(timespec="milliseconds"))
            if datetime.now(timezone.utc) >= due:
                raise RuntimeError(f"{self.name}: the jobs were not in within {lead:.0f} s")
            return self.time_drain(count, due)


class JobqdSqlite(Jobqd):
    name = "jobqd-sqlite"
    ack = "power cut: synced"
    store = "sqlite:jobqd.db"
    on_disk = True
    can = Jobqd.can | {"restart"}

    def drain(self, count: int, seconds: float) -> dict:
        """The daemon is killed while the jobs wait, and restarted on the same file with no-op workers."""
        with self.running():
            self.fill(count)
            self.put_last()
            self.server.end()
            self.settings = NO_OP
            self.server.log.unlink()
            self.start()
            return self.time_drain(count, self.ready_since())

    def ready_since(self) -> datetime:
        """The daemon logs `listening` right after its workers have started; a thread of its own writes the log."""
        self.server.wait_until(lambda: self.listening_line() is not None, f"the log of {self.name}")
        return datetime.fromisoformat(self.listening_line()[1].replace("Z", "+00:00"))

    def listening_line(self) -> Optional[re.Match]:
        return re.search(r"^(\S+) info +listening\b", self.server.log.read_text(encoding="utf-8"), re.MULTILINE)

    def waiting(self) -> Optional[int]:
        if self.get("/readyz")[0] != 200:
            return None
        return int(re.findall(r"store opened queued=(\d+)", self.server.log.read_text(encoding="utf-8"))[-1])


SYSTEMS = [JobqdMemory, JobqdSqlite]
