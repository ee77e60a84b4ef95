"""The limits of this machine: HTTP that does nothing with a job, a disk that only syncs, SQLite alone."""

from contextlib import contextmanager
from typing import Iterator

from systems.base import System, first_line, run_for_json

NGINX = """
worker_processes 1; daemon off; pid nginx.pid; error_log error.log; worker_rlimit_nofile 20000;
events {{ worker_connections 16384; }}
http {{
  access_log off; default_type application/json; keepalive_requests 100000000; keepalive_timeout 600;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ return 202 '{{"status":"queued"}}'; }} }}
}}
"""


class Nginx(System):
    name = "nginx"
    ack = "nothing: a constant answer"
    kind = "limit"
    can = frozenset({"enqueue", "idle"})
    programs = ("nginx",)
    protocol = "http"
    hello = (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"queued")

    def version(self) -> str:
        return first_line("nginx", "-v").removeprefix("nginx version: ")

    def command(self) -> list[str]:
        (self.folder / "nginx.conf").write_text(NGINX.format(port=self.port), encoding="ascii")
        return ["nginx", "-p", str(self.folder), "-e", "error.log", "-c", "nginx.conf"]


class Disk(System):
    """No server: the load generator itself writes."""

    kind = "limit"
    ack = "power cut: synced"

    def missing(self) -> list[str]:
        return [] if self.tools.load.exists() else [str(self.tools.load)]

    @contextmanager
    def running(self) -> Iterator[System]:
        yield self

    def limit(self, *arguments: str, seconds: float) -> dict:
        command = [str(self.tools.load), *arguments, "--folder", str(self.tools.folder), "--seconds", f"{seconds:.3f}"]
        return run_for_json(command, 60 + seconds)


class Fdatasync(Disk):
    name = "fdatasync"
    can = frozenset({"enqueue-1"})

    def load(self, mode: str, seconds: float = 0, **options) -> dict:
        return self.limit("fdatasync", seconds=seconds)


class Sqlite(Disk):
    name = "sqlite"
    can = frozenset({"enqueue-1", "array"})

    def version(self) -> str:
        return "batches of 1,000 for arrays"

    def load(self, mode: str, seconds: float = 0, **options) -> dict:
        return self.limit("sqlite", "--batch", "1000" if "batch" in options else "1", seconds=seconds)


SYSTEMS = [Nginx, Fdatasync, Sqlite]
