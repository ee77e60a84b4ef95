"""Where the daemon listens: several addresses, TLS, and Unix sockets."""

import http.client
import json
import os
import signal
import socket
import ssl
import stat
import tempfile
import subprocess
import threading
import unittest
from contextlib import closing, suppress
from pathlib import Path
from typing import Optional

from certificates import Authority
from support import Connection, Daemon, DaemonTest, eventually

HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


class UnixClient(http.client.HTTPConnection):
    def __init__(self, path: str):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class TlsTest(DaemonTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.authority = Authority(cls.folder.name)
        cls.others = Authority(cls.folder.name, "others")
        cls.good = cls.authority.issue("good", "DNS:localhost,IP:127.0.0.1")
        cls.client = cls.authority.issue("client", "DNS:client")
        cls.stranger = cls.others.issue("stranger", "DNS:stranger")

    def serve(self, listen: str = "tls:127.0.0.1:0", pair: Optional[tuple[str, str]] = None, **settings: str) -> Daemon:
        certificate, key = pair or self.good
        return self.start(LISTEN=listen, TLS_CERT=certificate, TLS_KEY=key, **settings)

    def trust(self, shows: Optional[tuple[str, str]] = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.authority.certificate)
        if shows:
            context.load_cert_chain(*shows)
        return context

    def client_of(self, daemon: Daemon, context: Optional[ssl.SSLContext] = None) -> http.client.HTTPSConnection:
        client = http.client.HTTPSConnection("localhost", daemon.port, context=context or self.trust(), timeout=60)
        self.addCleanup(client.close)
        return client

    def ask(self, client: http.client.HTTPConnection, method: str, path: str, body: Optional[str] = None) -> tuple[int, bytes]:
        client.request(method, path, body)
        answer = client.getresponse()
        return answer.status, answer.read()


class Tls(TlsTest):
    def test_requests_are_served_over_tls(self):
        daemon = self.serve(QUEUE_SIZE="5000", WORKERS="1", SIMULATE_MIN="1h", SIMULATE_MAX="1h")
        client = self.client_of(daemon)
        self.assertEqual(self.ask(client, "GET", "/healthz"), (200, b"OK"))
        payload = "x" * 700_000
        self.assertEqual(self.ask(client, "POST", "/enqueue", json.dumps({"id": "large", "payload": payload}))[0], 202)
        self.assertEqual(json.loads(self.ask(client, "GET", "/v1/jobs/large")[1])["payload"], payload)
        self.assertEqual(self.ask(client, "POST", "/enqueue", json.dumps([{"id": f"job-{n}"} for n in range(1000)]))[0], 202)
        listed = json.loads(self.ask(client, "GET", "/v1/jobs?limit=1000")[1])
        self.assertEqual(len(listed["jobs"]), 1000, "an answer in pieces")

    def test_pipelined_requests_and_half_closed_connections(self):
        daemon = self.serve()
        with socket.create_connection(("127.0.0.1", daemon.port)) as plain:
            with self.trust().wrap_socket(plain, server_hostname="localhost") as client:
                client.sendall((HALF_A_HEAD + b"\r\n") * 50 + HALF_A_HEAD + b"Connection: close\r\n\r\n")
                answers = b""
                while piece := client.recv(65536):
                    answers += piece
        self.assertEqual(answers.count(b"HTTP/1.1 200 OK"), 51)

    def test_a_request_may_come_byte_by_byte(self):
        daemon = self.serve()
        with socket.create_connection(("127.0.0.1", daemon.port)) as plain:
            with self.trust().wrap_socket(plain, server_hostname="localhost") as client:
                for byte in HALF_A_HEAD + b"\r\n":
                    client.send(bytes([byte]))
                self.assertTrue(client.recv(65536).endswith(b"\r\n\r\nOK"))

    def test_old_versions_weak_ciphers_and_other_protocols_are_refused(self):
        daemon = self.serve()

        def agreed(**options) -> Optional[tuple]:
            """The version and the protocol that were agreed upon."""
            context = self.trust()
            for name, value in options.items():
                getattr(context, name)(value) if callable(getattr(context, name)) else setattr(context, name, value)
            with socket.create_connection(("127.0.0.1", daemon.port)) as plain:
                try:
                    with context.wrap_socket(plain, server_hostname="localhost") as client:
                        return client.version(), client.selected_alpn_protocol()
                except (ssl.SSLError, ConnectionResetError):
                    return None

        tls_1_2 = {"maximum_version": ssl.TLSVersion.TLSv1_2}
        refused = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{daemon.port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
                                 input=b"", capture_output=True, check=False)
        self.assertIn(b"alert protocol version", refused.stderr)
        self.assertEqual(agreed(**tls_1_2), ("TLSv1.2", None))
        self.assertEqual(agreed(), ("TLSv1.3", None))
        for weak in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256"):
            self.assertIsNone(agreed(**tls_1_2, set_ciphers=weak), weak)
        self.assertIsNotNone(agreed(**tls_1_2, set_ciphers="ECDHE-ECDSA-AES128-GCM-SHA256"))
        self.assertEqual(agreed(set_alpn_protocols=["h2", "http/1.1"]), ("TLSv1.3", "http/1.1"))
        self.assertIsNone(agreed(set_alpn_protocols=["h2"]))
        self.assert_alive(daemon)

    def test_tls_1_3_only(self):
        daemon = self.serve(TLS_MIN="1.3")
        old = self.trust()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises(ssl.SSLError):
            self.ask(self.client_of(daemon, old), "GET", "/healthz")
        self.assert_alive(daemon)

    def test_plain_http_on_the_port_of_tls_is_told_so(self):
        daemon = self.serve()
        for method in ("GET", "POST", "DELETE", "OPTIONS"):
            with Connection(daemon.port) as connection:
                connection.send(f"{method} /enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n".encode() + b"x" * 100_000)
                answer = connection.read_answer()
                self.assertEqual((answer.status, answer.headers["content-type"]), (400, "text/plain"), method)
                self.assertIn(b"https://", answer.body)
        self.assert_alive(daemon)

    def test_tls_on_a_plain_port_and_garbage_end_only_their_connection(self):
        daemon = self.start()
        with self.assertRaises((ssl.SSLError, ConnectionResetError)):
            self.ask(self.client_of(daemon), "GET", "/healthz")
        self.assert_healthy(daemon)
        tls = self.serve()
        for garbage in (b"\0" * 3000, b"\x16\x03\x01\xff\xff" + b"x" * 70_000, b"\x16\x03\x01\x00\x05\x01\0\0\x01\0", os.urandom(2000)):
            with Connection(tls.port) as connection:
                with suppress(OSError):  # It may be reset at any moment.
                    connection.socket.sendall(garbage)
                    connection.socket.shutdown(socket.SHUT_WR)
                    while connection.socket.recv(65536):
                        pass
        self.assert_alive(tls)

    def test_clients_that_never_finish_the_handshake_are_closed(self):
        daemon = self.serve()
        silent = [Connection(daemon.port) for _ in range(20)]
        for connection in silent:
            self.addCleanup(connection.close)
            connection.send(b"\x16\x03\x01\x02\x00\x01")
        self.assert_alive(daemon)
        for connection in silent:
            self.assertEqual(connection.read_end(), b"")
        metrics = lambda: self.ask(self.client_of(daemon), "GET", "/metrics")[1].decode()  # noqa: E731
        eventually(lambda: "\njobqd_tls_handshake_failures_total 20\n" in metrics(), "all of them are counted")
        self.assert_alive(daemon)

    def test_clients_show_certificates(self):
        for mode, anonymous_is_served in (("optional", True), ("required", False)):
            daemon = self.serve(TLS_CLIENT_CA=self.authority.certificate, TLS_CLIENT_AUTH=mode)
            self.assertEqual(self.ask(self.client_of(daemon, self.trust(self.client)), "GET", "/healthz")[0], 200)
            for shows, is_served in ((None, anonymous_is_served), (self.stranger, False)):
                if is_served:
                    self.assertEqual(self.ask(self.client_of(daemon, self.trust(shows)), "GET", "/healthz")[0], 200)
                    continue
                with self.assertRaises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
                    self.ask(self.client_of(daemon, self.trust(shows)), "GET", "/healthz")

    def test_wrong_files_end_the_start_with_one_line(self):
        certificate, key = self.good
        other_key = self.client[1]
        nothing = str(Path(self.folder.name) / "nothing")
        for settings, why in (
                ({"TLS_CERT": certificate, "TLS_KEY": other_key}, "TLS_KEY: .*: this is not the key of the certificate in TLS_CERT"),
                ({"TLS_CERT": key, "TLS_KEY": key}, "TLS_CERT: .*: this is not a certificate in PEM"),
                ({"TLS_CERT": certificate, "TLS_KEY": certificate}, "TLS_KEY: .*: this is not a private key in PEM"),
                ({"TLS_CERT": certificate, "TLS_KEY": nothing}, "TLS_KEY: .*: No such file"),
                ({"TLS_CERT": certificate, "TLS_KEY": key, "TLS_CLIENT_CA": key}, "TLS_CLIENT_CA: .*: this is not a list"),
                ({"TLS_CERT": certificate}, "LISTEN: tls:127.0.0.1:0 needs TLS_CERT and TLS_KEY"),
                ({"TLS_CERT": certificate, "TLS_KEY": key, "TLS_CLIENT_AUTH": "required"}, "TLS_CLIENT_AUTH: .* needs TLS_CLIENT_CA"),
                ({"TLS_CERT": certificate, "TLS_KEY": key, "LISTEN": "127.0.0.1:0"}, "TLS_CERT: .* has no effect")):
            ended = self.run_to_end(**({"LISTEN": "tls:127.0.0.1:0"} | settings))
            self.assertRegex(ended.log, f"^jobqd: {why}[^\n]*$")

    def assert_alive(self, daemon: Daemon) -> None:
        self.assertEqual(self.ask(self.client_of(daemon), "GET", "/healthz"), (200, b"OK"))


class Rotation(TlsTest):
    def install(self, name: str) -> None:
        """Puts a certificate and its key where the daemon looks, each by a rename."""
        for path, kind in zip(self.authority.issue(name, "DNS:localhost"), ("cert", "key")):
            os.replace(path, self.place(kind))

    def place(self, kind: str) -> str:
        return str(Path(self.folder.name) / f"served.{kind}")

    def served_name(self, daemon: Daemon) -> str:
        client = self.client_of(daemon)
        client.connect()
        return dict(part[0] for part in client.sock.getpeercert()["subject"])["commonName"]

    def test_a_certificate_is_replaced_under_load_without_an_error(self):
        self.install("first")
        daemon = self.serve(pair=(self.place("cert"), self.place("key")))
        stop, errors, served = threading.Event(), [], [0] * 64

        def load(number: int) -> None:
            try:
                client = self.client_of(daemon)
                while not stop.is_set():
                    if number % 8 == 0:  # Some connect anew each time.
                        client.close()
                    self.assertEqual(self.ask(client, "GET", "/healthz")[0], 200)
                    served[number] += 1
            except Exception as error:  # pylint: disable=broad-exception-caught
                errors.append(error)

        threads = [threading.Thread(target=load, args=(number,)) for number in range(64)]
        for thread in threads:
            thread.start()
        try:
            eventually(lambda: min(served) > 0, "every connection is served")
            self.assertEqual(self.served_name(daemon), "first")
            self.install("second")
            daemon.signal(signal.SIGHUP)
            eventually(lambda: self.served_name(daemon) == "second", "the new certificate is served after SIGHUP")
            self.install("third")
            eventually(lambda: self.served_name(daemon) == "third", "and without one, once the files are looked at")
            before = list(served)
            eventually(lambda: all(now > then for now, then in zip(served, before)) or errors, "every connection goes on")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(errors, [])

    def test_a_wrong_certificate_leaves_the_old_one(self):
        self.install("old")
        daemon = self.serve(pair=(self.place("cert"), self.place("key")))
        Path(self.place("key")).write_text("nothing\n", encoding="ascii")
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_line("configuration.*TLS_KEY")
        self.assertEqual(self.served_name(daemon), "old")
        metrics = lambda: self.ask(self.client_of(daemon), "GET", "/metrics")[1].decode()  # noqa: E731
        eventually(lambda: "\njobqd_config_last_reload_successful 0\n" in metrics(), "the reload has failed")
        self.install("new")
        daemon.signal(signal.SIGHUP)
        eventually(lambda: self.served_name(daemon) == "new", "the new certificate")
        eventually(lambda: "\njobqd_config_last_reload_successful 1\n" in metrics(), "the reload counts")


class Listeners(TlsTest):
    def test_several_addresses_serve_the_same_jobs(self):
        path = str(Path(self.folder.name) / "jobqd.sock")
        daemon = self.serve(f"127.0.0.1:0, tls:127.0.0.1:0,unix:{path}")
        tls_port = int(daemon.wait_for_line(r"listening address=tls:127\.0\.0\.1 port=(\d+)")[1])
        daemon.wait_for_line(f"listening address=unix:{path}")
        daemon.enqueue({"id": "one"})
        encrypted = http.client.HTTPSConnection("localhost", tls_port, context=self.trust(), timeout=60)
        with closing(UnixClient(path)) as local, closing(encrypted):
            for client in (local, encrypted):
                status, body = self.ask(client, "GET", "/v1/jobs/one")
                self.assertEqual((status, json.loads(body)["id"]), (200, "one"))

    def test_a_unix_socket_is_for_its_user_and_group(self):
        path = Path(self.folder.name) / "private.sock"
        daemon = Daemon(wait=False, LISTEN=f"unix:{path}", prepare=lambda: os.umask(0))
        self.addCleanup(self._end, daemon, 0)
        daemon.wait_for_line("listening")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o660)
        with closing(UnixClient(str(path))) as client:
            self.assertEqual(self.ask(client, "GET", "/healthz"), (200, b"OK"))
        self.assertNotIn("no authentication", daemon.log)
        daemon.stop()
        self.assertFalse(path.exists(), "it is removed at the end")

    def test_a_socket_that_is_left_over_is_replaced_and_no_other(self):
        path = Path(self.folder.name) / "left.sock"
        killed = Daemon(wait=False, LISTEN=f"unix:{path}")
        self.addCleanup(killed.stop)
        killed.wait_for_line("listening")
        ended = self.run_to_end(LISTEN=f"unix:{path}")
        self.assertRegex(ended.log, f"cannot listen on unix:{path}: Address already in use")
        killed.process.kill()
        killed.wait()
        self.assertTrue(path.exists())
        again = Daemon(wait=False, LISTEN=f"unix:{path}")
        self.addCleanup(self._end, again, 0)
        again.wait_for_line("listening")
        again.stop()
        path.write_text("mine", encoding="ascii")
        ended = self.run_to_end(LISTEN=f"unix:{path}")
        self.assertRegex(ended.log, "cannot listen on unix:")
        self.assertEqual(path.read_text(encoding="ascii"), "mine")


if __name__ == "__main__":
    unittest.main()
