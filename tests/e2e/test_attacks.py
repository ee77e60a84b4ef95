"""Malicious clients. The daemon refuses them, keeps its memory bounded, and goes on serving the others."""

import json
import socket
import time
import unittest

from durable import sanitized
from support import AT_ONCE, HELD, Closed, DaemonTest, eventually

ENOUGH = 20_000_000  # bytes that stand for an endless input


class Attacks(DaemonTest):
    def flood(self, daemon, start, piece):
        """Sends `piece` again and again until the daemon answers or closes; returns its answer."""
        with daemon.connect() as connection:
            connection.send(start)
            many = piece * (100_000 // len(piece) + 1)
            sent = 0
            try:
                while sent < ENOUGH:
                    connection.send(many)
                    sent += len(many)
            except OSError:  # the connection was reset after the answer
                pass
            answer = connection.read_answer()
            self.assertTrue(answer.closes)
            return answer

    def connect(self, daemon, count, **options):
        connections = [daemon.connect(**options) for _ in range(count)]
        for connection in connections:
            self.addCleanup(connection.close)
        return connections

    def assert_small(self, daemon, kib=200_000):
        """Less memory than buffering the endless input would take, even with sanitizers."""
        self.assertLess(daemon.resident_kib(), kib)

    def test_an_endless_header(self):
        daemon = self.start()
        for start, piece in ((b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"x"), (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X: x\r\n"),
                             (b"GET /", b"x"), (b"", b"X")):
            self.assert_problem(self.flood(daemon, start, piece), 431, "header-too-large")
        self.assert_small(daemon)
        self.assert_healthy(daemon)

    def test_endless_chunks(self):
        daemon = self.start()
        head = b"POST /enqueue HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.assert_problem(self.flood(daemon, head, b"1\r\nx\r\n"), 413, "payload-too-large")
        self.assert_problem(self.flood(daemon, head + b"1;", b"x"), 431, "header-too-large")
        self.assert_problem(self.flood(daemon, head + b'1;x="', b"\\x"), 431, "header-too-large")
        self.assert_problem(self.flood(daemon, head + b"0\r\n", b"X: y\r\n"), 431, "header-too-large")
        self.assert_problem(self.flood(daemon, head + b"1;a=", b"x" * 5000 + b"\r\nx\r\n1;a="), 431, "header-too-large")
        self.assert_small(daemon)
        self.assert_healthy(daemon)

    def test_a_request_byte_by_byte(self):
        daemon = self.start(**HELD)
        request = b'POST /enqueue HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\na\r\n{"id":"a"}\r\n0\r\n\r\n'
        with daemon.connect() as connection:
            for i in range(len(request)):
                connection.send(request[i:i + 1])
            self.assertEqual(connection.read_answer().status, 202)

    def test_two_thousand_connections(self):
        daemon = self.start()
        connections = self.connect(daemon, 2000)
        # 1,024 connections are served, the others are refused.
        self.assertEqual(sum(self.is_served(connection) for connection in connections), 1024)
        for connection in connections:
            connection.close()
        eventually(lambda: self.can_be_served(daemon), "places are free again")
        self.assert_small(daemon)

    def is_served(self, connection):
        try:
            return connection.request("GET", "/v1/jobs?limit=1").read_answer().status == 200
        except (Closed, OSError):
            return False

    def can_be_served(self, daemon):
        try:
            with daemon.connect() as connection:
                return self.is_served(connection)
        except OSError:
            return False

    @unittest.skipIf(sanitized(), "UBSan looks at memory through a pipe, and takes one that it cannot open for an error")
    def test_no_descriptors_left(self):
        daemon = self.start(descriptors=40, **HELD)
        connections = self.connect(daemon, 60)
        for connection in connections:
            connection.request("GET", "/healthz")
        # The connections that were accepted are still served; the others are accepted once there is room.
        while connections:
            connections[0].read_answer()
            connections.pop(0).close()
        self.assertEqual(daemon.enqueue({"id": "a"}).status, 202)
        self.assert_healthy(daemon)

    def test_pipelined_requests_whose_answers_nobody_reads(self):
        daemon = self.start(QUEUE_SIZE="1000", **HELD)
        daemon.enqueue([{"payload": "x" * 500} for _ in range(1000)])
        before = daemon.resident_kib()
        greedy = self.connect(daemon, 20, receive_buffer=4096)
        request = b"GET /v1/jobs?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n" * 1000
        for connection in greedy:
            connection.socket.settimeout(0.2)
            try:
                while True:
                    connection.send(request)
            except OSError:
                pass
        # On each connection one answer of 0.7 MB is under way, not thousands.
        self.assertLess(daemon.resident_kib() - before, 600_000 if sanitized() else 150_000)
        self.assert_healthy(daemon)

    def test_slow_clients_do_not_delay_others(self):
        daemon = self.start(**AT_ONCE)
        slow = self.connect(daemon, 300)
        for i, connection in enumerate(slow):
            connection.send((b"GET /healthz HTTP/1.1\r\nHo", b"POST /enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
                             b"")[i % 3])
        for i in range(50):
            self.assertEqual(daemon.enqueue({"id": f"j{i}"}).status, 202)
            self.assertEqual(daemon.finished(f"j{i}")["status"], "done")

    def test_clients_that_vanish_in_the_middle_of_everything(self):
        daemon = self.start(QUEUE_SIZE="1000", **HELD)
        daemon.enqueue([{"id": f"j{i}", "payload": "x" * 500} for i in range(500)])
        before = daemon.descriptors()
        for _ in range(30):
            for request in (b"GET /v1/jobs?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n" * 20, b"GET /v1/jobs/j499?wait=1s HTTP/1.1\r\nHost: x\r\n\r\n",
                            b"POST /enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", b"GET / HT",
                            b"POST /enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 100_000):
                connection = daemon.connect(receive_buffer=4096)
                try:
                    connection.send(request)
                except OSError:
                    pass
                connection.reset()
        eventually(lambda: daemon.descriptors() <= before, "no descriptor is left behind")
        self.assert_healthy(daemon)

    def test_large_batches_that_conflict_leave_nothing_behind(self):
        daemon = self.start(QUEUE_SIZE="20000", **HELD)
        self.assertEqual(daemon.enqueue({"id": "taken", "payload": "other", "delay": "1h"}).status, 202)
        batch = json.dumps([{"id": f"j{i}"} for i in range(9999)] + [{"id": "taken"}])
        for _ in range(5):
            problem = self.assert_problem(daemon.post("/enqueue", batch), 409, "id-conflict")
            self.assertEqual(problem["errors"][0]["pointer"], "/9999/id")
        self.assertEqual([job["id"] for job in daemon.all_jobs()], ["taken"])
        self.assertEqual(daemon.enqueue([{"id": f"j{i}"} for i in range(10_000)]).status, 202)

    def test_batches_without_jobs_cost_little(self):
        daemon = self.start(MAX_BODY="16MiB")
        before = daemon.resident_kib()
        for element in ("1,", "[],", '"",'):
            body = "[" + element * (15_000_000 // len(element)) + "1]"
            self.assert_problem(daemon.post("/enqueue", body), 400, "invalid-field")
        self.assertLess(daemon.resident_kib() - before, 400_000)

    def test_deep_nesting_is_refused_quickly(self):
        daemon = self.start()
        for body in (b"[" * 1_000_000, b'{"payload":' + b"[" * 1_000_000, b'{"payload":' + b'{"a":' * 200_000):
            started = time.monotonic()
            self.assert_problem(daemon.post("/enqueue", body), 400, "malformed-json")
            self.assertLess(time.monotonic() - started, 30)
        self.assert_healthy(daemon)

    def test_a_field_of_a_trailer_is_none_of_the_request(self):
        daemon = self.start(**HELD)
        with daemon.connect() as connection:
            connection.send(b"POST /enqueue HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
                            b"Idempotency-Key: smuggled\r\nOrigin: http://evil\r\nHost: evil\r\n\r\n")
            self.assertEqual(connection.read_answer().status, 202)
        self.assertEqual(daemon.get("/v1/jobs/smuggled").status, 404)

    def test_ids_that_try_to_be_something_else(self):
        daemon = self.start(QUEUE_SIZE="100", **HELD)
        for path, status in (("%2F", 404), ("%00", 404), ("a%00b", 404), ("%FF%FE", 404), ("..", 404), ("..%2f..%2fetc%2fpasswd", 404),
                             ("%0d%0aX-Injected:%201", 404), ("%", 400), ("%zz", 400), ("a b", 400), ("\\", 400), ("a" * 7000, 404)):
            with self.subTest(path):
                answer = daemon.get("/v1/jobs/" + path)
                self.assertEqual(answer.status, status)
                self.assertNotIn("x-injected", answer.headers)
        for job_id in ("/", "..", "a/cancel", "%2F", "?wait=60s", "#", "\\", "é\u2028", "' OR 1=1 --", "<script>"):
            with self.subTest(job_id):
                location = daemon.enqueue({"id": job_id, "delay": "1h"}).headers["location"]
                self.assertEqual(daemon.get(location).json()["id"], job_id)
                self.assertEqual(daemon.post(location + "/cancel").json()["reason"], "cancelled")
                self.assertEqual(daemon.request("DELETE", location).status, 204)
        self.assertEqual(list(daemon.all_jobs()), [])

    def test_a_half_sent_request_does_not_hold_up_the_stop(self):
        daemon = self.start(SHUTDOWN_GRACE="1h")
        for connection in self.connect(daemon, 20):
            connection.send(b"GET /v1/jobs/a?wait=60s HTTP/1.1\r\nHos")
        self.assert_healthy(daemon)
        daemon.signal(15)
        self.assertEqual(daemon.wait(), 0)

    def test_clients_that_do_not_speak_http(self):
        daemon = self.start()
        for bytes_sent in (bytes.fromhex("16030100a5010000a10303") + b"\x01" * 32, b"\x00" * 100, b"SSH-2.0-OpenSSH_9.2\r\n", b"\r\r\r\r",
                           b"EHLO x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\xff" * 10_000, b"GET\r\n\r\n", b"* HTTP/1.1\r\n\r\n"):
            with self.subTest(bytes_sent[:20]), daemon.connect() as connection:
                answer = connection.send(bytes_sent).read_answer()
                self.assertIn(answer.status, (400, 505))
                self.assertTrue(answer.closes)
                connection.socket.shutdown(socket.SHUT_WR)
                self.assertEqual(connection.read_end(), b"")
        self.assert_healthy(daemon)


if __name__ == "__main__":
    unittest.main()
