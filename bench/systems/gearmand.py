from systems.base import System, first_line

ECHO = b"\0REQ\0\0\0\x10\0\0\0\x01x"  # ECHO_REQ with the body "x"


class Gearmand(System):
    name = "gearmand"
    ack = "nothing: it is in memory"
    can = frozenset({"enqueue", "array", "drain", "latency", "both", "memory"})
    programs = ("gearmand",)
    protocol = "gearman"
    hello = (ECHO, b"x")

    def version(self) -> str:
        return " ".join(first_line("gearmand", "--version").split()[:2])

    def command(self) -> list[str]:
        return ["gearmand", "-L", "127.0.0.1", "-p", str(self.port), "-l", "none", "--threads=1"]


SYSTEMS = [Gearmand]
