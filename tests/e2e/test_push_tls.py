"""The http processor over TLS: which certificates it trusts."""

import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from certificates import Authority
from receivers import Handler, Server
from support import DaemonTest, eventually

CONFIG = """
[queues.push]
processor = "http"
url = "{url}"
allow_networks = ["127.0.0.0/8", "::1/128"]
max_retries = 0
{more}
"""


class Good(Handler):
    def do_POST(self):  # pylint: disable=invalid-name
        self.answer(200, b'"trusted"')


class Tls(DaemonTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.authority = Authority(cls.folder.name)

    def push(self, certificate: tuple[str, str], host: str = "localhost", trust: bool = True, **versions) -> dict:
        """Pushes a job to a receiver with this certificate, and returns the job."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        for name, version in versions.items():
            setattr(context, name, version)
        with Server(Good) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            url = f"https://{host}:{server.server_address[1]}/"
            more = f'ca_file = "{self.authority.certificate}"' if trust else ""
            daemon = self.start(CONFIG=self.config_file(CONFIG.format(url=url, more=more)))
            daemon.enqueue({"id": "a", "queue": "push"})
            return daemon.get("/v1/jobs/a?wait=30s").json()

    def assert_refused(self, job: dict, why: str) -> None:
        self.assertEqual((job["status"], job["reason"]), ("failed", "exhausted"))
        self.assertRegex(job["last_error"], f"no TLS: .*{why}")

    def test_a_good_certificate_is_trusted(self):
        for subject, host in (("DNS:localhost", "localhost"), ("IP:127.0.0.1", "127.0.0.1")):
            self.assertEqual(self.push(self.authority.issue("good", subject), host).get("result"), "trusted")

    def test_others_are_refused(self):
        issue = self.authority.issue
        self.assert_refused(self.push(issue("own", "DNS:localhost", self_signed=True)), "self-signed certificate")
        self.assert_refused(self.push(issue("other", "DNS:other.test")), "hostname mismatch")
        self.assert_refused(self.push(issue("other-ip", "IP:127.0.0.2"), "127.0.0.1"), "IP address mismatch")
        self.assert_refused(self.push(issue("old", "DNS:localhost", days=-1)), "certificate has expired")
        self.assert_refused(self.push(issue("unknown", "DNS:localhost"), trust=False), "unable to get local issuer certificate")

    def test_new_authorities_are_trusted_after_a_reload(self):
        certificate = self.authority.issue("good", "DNS:localhost")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        with tempfile.TemporaryDirectory() as folder, Server(Good) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            trusted = Path(folder, "ca.pem")
            other = Authority(folder)  # It writes ca.pem.
            self.assertEqual(other.certificate, str(trusted))
            url = f"https://localhost:{server.server_address[1]}/"
            daemon = self.start(CONFIG=self.config_file(CONFIG.format(url=url, more=f'ca_file = "{trusted}"')))
            daemon.enqueue({"id": "before", "queue": "push"})
            self.assert_refused(daemon.get("/v1/jobs/before?wait=30s").json(), "")
            trusted.write_bytes(b"no certificate")
            daemon.signal(signal.SIGHUP)
            daemon.wait_for_line("warn  a file of a queue is not as it should be queue=push why=\"ca_file: ")
            shutil.copy(self.authority.certificate, trusted)
            daemon.signal(signal.SIGHUP)

            def works():
                daemon.enqueue({"id": f"after-{time.monotonic()}", "queue": "push"})
                return any(job["status"] == "done" for job in daemon.all_jobs(queue="push"))
            eventually(works, "the receiver is trusted")

    def test_tls_1_1_is_refused(self):
        job = self.push(self.authority.issue("good", "DNS:localhost"), maximum_version=ssl.TLSVersion.TLSv1_1,
                        minimum_version=ssl.TLSVersion.TLSv1)
        self.assertEqual(job["status"], "failed")
        self.assertRegex(job["last_error"], "no TLS: ")

    def test_a_receiver_without_tls_is_refused(self):
        with Server(Good) as server:
            url = server.url.replace("http://", "https://")
            daemon = self.start(CONFIG=self.config_file(CONFIG.format(url=url, more="")))
            daemon.enqueue({"id": "a", "queue": "push"})
            self.assertRegex(daemon.get("/v1/jobs/a?wait=30s").json()["last_error"], "no TLS: ")


if __name__ == "__main__":
    unittest.main()
