import os
from contextlib import contextmanager
from typing import Iterator

from processes import Server, find_program, free_port

from systems.base import NodePeer, System


class RabbitMQ(NodePeer):
    name = "rabbitmq"
    package = "amqplib"
    ack = "power cut: synced (quorum queue of one node)"
    on_disk = True
    can = frozenset({"enqueue", "array", "drain", "latency", "both", "memory"})
    programs = ("rabbitmq-server", "epmd")
    hello = (b"AMQP\0\0\x09\x01", b"AMQPLAIN")

    def version(self) -> str:
        found = sorted(os.listdir("/usr/lib/rabbitmq/lib")) if os.path.isdir("/usr/lib/rabbitmq/lib") else []
        return f"{super().version()}, {found[-1] if found else 'unknown'}"

    @contextmanager
    def running(self) -> Iterator[System]:
        """With a port mapper of its own, so that none of the machine's is used or left behind."""
        self.mapper_port = free_port()
        mapper = Server([find_program("epmd") or "epmd", "-address", "127.0.0.1", "-port", str(self.mapper_port)],
                        self.tools.folder)
        try:
            with super().running():
                yield self
        finally:
            mapper.end()

    def end(self) -> None:
        if hasattr(self, "server"):
            self.server.end_children()  # so that the script that started them sees them end, and ends too
        super().end()

    def prepare(self) -> None:
        (self.folder / "plugins").write_text("[].", encoding="ascii")

    def command(self) -> list[str]:
        return ["/usr/lib/rabbitmq/bin/rabbitmq-server"]

    def environment(self) -> dict[str, str]:
        folder = str(self.folder)
        return {"HOME": folder, "RABBITMQ_NODENAME": "bench@localhost", "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
                "RABBITMQ_NODE_PORT": str(self.port), "RABBITMQ_DIST_PORT": str(free_port()),
                "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia", "RABBITMQ_LOG_BASE": f"{folder}/logs",
                "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins", "RABBITMQ_CONFIG_FILE": f"{folder}/none",
                "RABBITMQ_PID_FILE": f"{folder}/pid", "ERL_EPMD_ADDRESS": "127.0.0.1",
                "ERL_EPMD_PORT": str(self.mapper_port),
                # Its schedulers spin while they wait, which on few cores takes from the client.
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                    "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none"}


SYSTEMS = [RabbitMQ]
