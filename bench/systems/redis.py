"""Redis as a bare list, which is the lower bound of the cost of every queue on redis, and BullMQ as such a queue."""

from typing import Optional

from processes import ask

from systems.base import NodePeer, System, first_line


class RedisList(System):
    kind = "floor"  # no queue: a job that is handed over is gone
    can = frozenset({"enqueue", "array", "drain", "latency", "both"})
    programs = ("redis-server",)
    protocol = "redis"
    on_disk = True
    hello = (b"PING\r\n", b"\r\n")
    appendfsync = ""

    def version(self) -> str:
        return "redis " + first_line("redis-server", "--version").split()[2].removeprefix("v=")

    def command(self) -> list[str]:
        return ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", ".", "--save", "",
                "--appendonly", "yes", "--appendfsync", self.appendfsync, "--maxmemory-policy", "noeviction"]

    def ready(self) -> bool:
        return ask(self.port, *self.hello).startswith(b"+PONG")

    def waiting(self) -> Optional[int]:
        answer = ask(self.port, b"LLEN jobs\r\n", b"\r\n")
        return int(answer[1:]) if answer.startswith(b":") else None


class RedisAlways(RedisList):
    name = "redis-always"
    ack = "power cut: synced; a list, at most once"
    appendfsync = "always"


class RedisEverySecond(RedisList):
    name = "redis-everysec"
    ack = "kill -9; synced every second; a list, at most once"
    appendfsync = "everysec"
    can = RedisList.can | {"memory", "restart"}


class BullMQ(NodePeer, RedisAlways):
    name = "bullmq"
    kind = "peer"
    package = "bullmq"
    ack = "power cut: synced (appendfsync always)"
    can = frozenset({"enqueue", "array", "drain", "latency", "both", "memory"})

    def version(self) -> str:
        return f"{super().version()}, {RedisAlways.version(self)}"


SYSTEMS = [RedisAlways, RedisEverySecond, BullMQ]
