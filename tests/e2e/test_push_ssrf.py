"""The http processor never connects to a denied address, even if that address would answer.

The test starts itself again in a network namespace that owns the addresses. A canary server listens there; a plain client is
the control and has to reach the canary at every address."""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import unittest
import urllib.request

from receivers import Handler, Server
from support import DaemonTest, find_suite, own_cases

INSIDE = "JOBQD_SSRF_NAMESPACE"
PORT = 8000
V4 = ("10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.0.1", "192.0.0.192", "198.18.0.1", "203.0.113.1")
V6 = ("::1", "fd00:ec2::254", "64:ff9b::a00:1", "2002:a00:1::1", "2001:db8::1")
HOSTS = "127.0.0.1 localhost\n10.0.0.1 inner.test\n9.9.9.9 both.test\n10.0.0.1 both.test\nfd00:ec2::254 six.test\n"

CONFIG = """
[queues.q{number}]
processor = "http"
url = "{url}"
connect_timeout = "2s"
max_retries = 0
"""


class Canary(Handler):
    def do_POST(self):  # pylint: disable=invalid-name
        self.body()
        self.server.sung.append(self.headers["Host"])
        self.answer(200, b"1")


class DualStack(Server):
    address_family = socket.AF_INET6

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.server_address = ("::", PORT)
        self.sung = []
        super().server_bind()


def own_the_addresses() -> None:
    """Brings lo up and gives it all the addresses, by the same calls as ifconfig."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ipv4, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as ipv6:
        set_flags, set_address, get_index = 0x8914, 0x8916, 0x8933
        fcntl.ioctl(ipv4, set_flags, struct.pack("16sH14x", b"lo", 0x41))  # up, running
        for number, address in enumerate(V4):
            if address != "127.0.0.1":
                fcntl.ioctl(ipv4, set_address, struct.pack("16sHH4s8x", f"lo:{number}".encode(), socket.AF_INET, 0, socket.inet_aton(address)))
        index = struct.unpack("16si", fcntl.ioctl(ipv4, get_index, struct.pack("16si", b"lo", 0)))[1]
        for address in V6:
            if address != "::1":
                fcntl.ioctl(ipv6, set_address, struct.pack("16sIi", socket.inet_pton(socket.AF_INET6, address), 128, index))


class Outside(unittest.TestCase):
    def test_no_denied_address_is_reached(self):
        with tempfile.NamedTemporaryFile("w", encoding="ascii") as hosts:
            hosts.write(HOSTS)
            hosts.flush()
            inside = f"mount --bind {hosts.name} /etc/hosts && exec {sys.executable} -B -m unittest test_push_ssrf.Inside"
            command = ["unshare", "--map-root-user", "--net", "--mount", "sh", "-c", inside]
            done = subprocess.run(command, env=os.environ | {INSIDE: "1"}, capture_output=True, text=True, timeout=200, check=False)
        if "unshare" in done.stderr or "mount:" in done.stderr:
            print(f"SKIPPED: no namespaces here: {done.stderr.strip()}", file=sys.stderr)
            self.skipTest("no namespaces here")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"Ran 1 test in .*\n\nOK\n$")


@unittest.skipUnless(os.environ.get(INSIDE), "runs inside of the namespace")
class Inside(DaemonTest):
    def urls(self) -> list[str]:
        own = [f"http://{host}:{PORT}/" for host in (*V4, *(f"[{address}]" for address in V6), "localhost", "inner.test", "both.test", "six.test")]
        own += [case["url"] for case in own_cases("addresses.json") if case["want"] == "deny" and "RFC" in case["rule"]]
        if found := find_suite("ssrf-vectors.json"):
            own += [vector["url"] for vector in json.loads(found.read_text(encoding="utf-8"))
                    if vector["want"] == "deny" and vector["url"].startswith("http") and vector.get("addr")]
        return own

    def test_the_daemon_reaches_none_and_a_plain_client_all(self):
        own_the_addresses()
        with DualStack(Canary) as canary:
            for address in V4 + V6:
                host = f"[{address}]" if ":" in address else address
                request = urllib.request.Request(f"http://{host}:{PORT}/", b"control")
                self.assertEqual(urllib.request.urlopen(request, timeout=10).status, 200)
            self.assertEqual(len(canary.sung), len(V4 + V6))
            canary.sung.clear()
            urls = self.urls()
            config = "".join(CONFIG.format(number=number, url=url) for number, url in enumerate(urls))
            daemon = self.start(CONFIG=self.config_file(config), WORKERS="1")
            for number, url in enumerate(urls):
                daemon.enqueue({"id": str(number), "queue": f"q{number}"})
                # An address in the URL is known at once; what a name leads to, with each attempt.
                if why := daemon.get(f"/v1/queues/q{number}").json().get("not_working"):
                    self.assertIn("is in no allowed network", why, url)
                    self.assertEqual(daemon.job(str(number))["reason"], "not_working", url)
                    continue
                job = daemon.get(f"/v1/jobs/{number}?wait=30s").json()
                self.assertEqual(job["status"], "failed", url)
                self.assertIn("which is in no allowed network", job["last_error"], url)
            self.assertEqual(canary.sung, [])
            allowed = CONFIG.format(number=0, url=f"http://inner.test:{PORT}/") + 'allow_networks = ["10.0.0.0/8"]\n'
            daemon = self.start(CONFIG=self.config_file(allowed))
            daemon.enqueue({"id": "a", "queue": "q0"})
            self.assertEqual(daemon.get("/v1/jobs/a?wait=30s").json()["status"], "done")
            self.assertEqual(canary.sung, [f"inner.test:{PORT}"])


if __name__ == "__main__":
    unittest.main()
