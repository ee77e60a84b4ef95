"""Queues in PostgreSQL, with synchronous_commit on, as it is by default."""

import os
import shutil
import signal
import subprocess

from processes import find_program

from systems.base import NodePeer, first_line


class PostgresQueue(NodePeer):
    ack = "power cut: synced"
    on_disk = True
    can = frozenset({"enqueue", "array", "drain", "latency", "both", "memory"})
    programs = ("initdb", "postgres", "pg_isready", "psql")
    user = "postgres"
    ending = signal.SIGQUIT  # at once, but it takes its shared memory away

    def version(self) -> str:
        return f"{super().version()}, PostgreSQL {first_line('postgres', '--version').split()[2]}"

    def prepare(self) -> None:
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(data, self.user)
        self.as_user("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")

    def as_user(self, program: str, *arguments: str) -> str:
        guard = ["setpriv", "--reuid", self.user, "--regid", self.user, "--init-groups"] if os.geteuid() == 0 else []
        command = [*guard, find_program(program) or program, *arguments]
        done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr[-600:]}")
        return done.stdout

    def command(self) -> list[str]:
        settings = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": "",
                    "shared_buffers": "512MB", "max_connections": "200", "max_wal_size": "4GB"}
        command = [find_program("postgres") or "postgres", "-D", str(self.folder / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def ready(self) -> bool:
        done = subprocess.run([find_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False)
        return done.returncode == 0

    def bytes_used(self) -> int:
        """On disk: its memory is a cache."""
        query = "CHECKPOINT; SELECT sum(pg_database_size(oid)) FROM pg_database"
        return int(self.as_user("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-qtA",
                                "-c", query).split()[-1])


class GraphileWorker(PostgresQueue):
    name = "graphile"
    package = "graphile-worker"


class PgBoss(PostgresQueue):
    name = "pgboss"
    package = "pg-boss"
    latency_jobs = 40  # it polls


SYSTEMS = [GraphileWorker, PgBoss]
