import re
from typing import Optional

from processes import ask

from systems.base import System, first_line


class Beanstalkd(System):
    name = "beanstalkd"
    ack = "nothing: it is in memory"
    can = frozenset({"enqueue", "array", "drain", "latency", "both", "memory", "idle"})
    programs = ("beanstalkd",)
    protocol = "beanstalkd"
    hello = (b"list-tube-used\r\n", b"\r\n")
    options: tuple[str, ...] = ()

    def version(self) -> str:
        return first_line("beanstalkd", "-v")

    def command(self) -> list[str]:
        return ["beanstalkd", "-l", "127.0.0.1", "-p", str(self.port), *self.options]

    def waiting(self) -> Optional[int]:
        answer = ask(self.port, b"stats\r\n", b"\n\r\n")
        return int(re.search(rb"current-jobs-ready: (\d+)", answer)[1])


class BeanstalkdSynced(Beanstalkd):
    name = "beanstalkd-f0"
    ack = "power cut: synced"
    on_disk = True
    options = ("-b", ".", "-f0")
    can = Beanstalkd.can - {"memory", "idle"}
    drain_jobs = 20_000  # it syncs once for each of them


class BeanstalkdEvery50(Beanstalkd):
    name = "beanstalkd-f50"
    ack = "kill -9; synced every 50 ms"
    on_disk = True
    options = ("-b", ".", "-f50")
    can = Beanstalkd.can - {"memory", "idle"} | {"restart"}


SYSTEMS = [Beanstalkd, BeanstalkdSynced, BeanstalkdEvery50]
