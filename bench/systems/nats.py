import json
import socket
from typing import Optional

from processes import ask

from systems.base import System, first_line


class Nats(System):
    name = "nats"
    ack = "kill -9; synced every two minutes"
    on_disk = True
    can = frozenset({"enqueue", "array", "drain", "latency", "both", "memory", "restart"})
    programs = ("nats-server",)
    protocol = "nats"
    hello = (b"PING\r\n", b"PONG")

    def version(self) -> str:
        return first_line("nats-server", "--version")

    def command(self) -> list[str]:
        return ["nats-server", "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", "."]

    def set_up(self) -> None:
        self.call("STREAM.CREATE.JOBS", {"name": "JOBS", "subjects": ["jobs"], "storage": "file",
                                         "retention": "workqueue", "num_replicas": 1})
        self.call("CONSUMER.DURABLE.CREATE.JOBS.WORKERS",
                  {"stream_name": "JOBS", "config": {"durable_name": "WORKERS", "ack_policy": "explicit",
                                                     "max_ack_pending": 200_000}})

    def call(self, what: str, arguments: dict) -> dict:
        """One request to JetStream, answered into an inbox."""
        body = json.dumps(arguments).encode()
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.sendall(b'CONNECT {"verbose":false}\r\nSUB inbox 1\r\n'
                               + f"PUB $JS.API.{what} inbox {len(body)}\r\n".encode() + body + b"\r\n")
            with connection.makefile("rb") as lines:
                for line in lines:
                    if line.startswith(b"MSG inbox"):
                        answer = json.loads(lines.read(int(line.split()[-1])))
                        if "error" in answer:
                            raise RuntimeError(f"nats: {what}: {answer['error']}")
                        return answer
        raise ConnectionError("nats: end of stream")

    def waiting(self) -> Optional[int]:
        """It knows the number before it has read any message: only when it hands one over, it is ready."""
        try:
            count = self.call("STREAM.INFO.JOBS", {})["state"]["messages"]
        except RuntimeError:  # JetStream is not up yet
            return None
        pull = b'PUB $JS.API.CONSUMER.MSG.NEXT.JOBS.WORKERS inbox 1\r\n1\r\n'
        ask(self.port, b'CONNECT {"verbose":false}\r\nSUB inbox 1\r\n' + pull, b"MSG jobs")
        return count


SYSTEMS = [Nats]
