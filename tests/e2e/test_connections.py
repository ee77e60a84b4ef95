"""HTTP/1.1 on the wire, as programs of all kinds speak it."""

import http.client
import json
import socket
import unittest

from durable import sanitized
from support import AT_ONCE, HELD, DaemonTest, eventually


class Connections(DaemonTest):
    def test_a_connection_serves_many_requests(self):
        with self.start().connect() as connection:
            for _ in range(200):
                self.assertEqual(connection.request("GET", "/healthz").read_answer().body, b"OK")

    def test_pipelined_requests_of_all_kinds_are_answered_in_order(self):
        daemon = self.start(QUEUE_SIZE="100", **HELD)
        chunked = (b"POST /enqueue HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                   b'a;ext="1"\r\n{"id":"c",\r\n9\r\n"delay":9\r\n1\r\n}\r\n0\r\nSome-Trailer: x\r\n\r\n')
        with daemon.connect() as connection:
            connection.request("POST", "/enqueue", '{"id":"a","delay":"1h"}').send(b"\r\n" + chunked)
            connection.request("GET", "/v1/jobs/c").request("HEAD", "/v1/jobs/c").request("DELETE", "/v1/jobs/c")
            connection.request("GET", "/v1/jobs/c").request("OPTIONS", "/enqueue").request("GET", "/healthz")
            self.assertEqual(connection.read_answer().headers["location"], "/v1/jobs/a")
            self.assertEqual(connection.read_answer().headers["location"], "/v1/jobs/c")
            shown = connection.read_answer()
            self.assertEqual(shown.json()["id"], "c")
            head = connection.read_answer(to_head=True)
            self.assertEqual((head.status, head.headers["content-length"]), (200, str(len(shown.body))))
            self.assertEqual([connection.read_answer().status for _ in range(4)], [204, 404, 204, 200])

    def test_a_wait_holds_up_its_own_connection_only(self):
        daemon = self.start(**HELD)
        daemon.enqueue({"id": "a"})
        with daemon.connect() as waiting:
            waiting.request("GET", "/v1/jobs/a?wait=60s").request("GET", "/healthz")
            for _ in range(20):
                self.assert_healthy(daemon)
            self.assertEqual(waiting.buffer, b"")
            daemon.post("/v1/jobs/a/cancel")
            self.assertEqual(waiting.read_answer().json()["reason"], "cancelled")
            self.assertEqual(waiting.read_answer().body, b"OK")

    def test_a_body_may_be_held_back_until_it_is_invited(self):
        with self.start(**HELD).connect() as connection:
            connection.send(b"POST /enqueue HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n")
            self.assertEqual(connection.read_answer().status, 100)
            self.assertEqual(connection.send(b'{"id":"a"}').read_answer().status, 202)

    def test_an_old_client_gets_its_answer_and_the_end(self):
        with self.start().connect() as connection:
            answer = connection.send(b"GET /healthz HTTP/1.0\r\n\r\n").read_answer()
            self.assertEqual((answer.body, answer.closes), (b"OK", True))
            self.assertEqual(connection.read_end(), b"")

    def test_the_python_client_of_the_standard_library(self):
        daemon = self.start(**AT_ONCE)
        connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=60)
        for i in range(20):
            connection.request("POST", "/enqueue", body=iter([b'{"id":"', str(i).encode(), b'"}']), encode_chunked=True,
                               headers={"Transfer-Encoding": "chunked", "Content-Type": "application/x-www-form-urlencoded"})
            answer = connection.getresponse()
            self.assertEqual((answer.status, answer.read()), (202, b'{"status":"queued"}'))
        connection.close()

    def test_a_body_of_exactly_the_limit_is_taken(self):
        daemon = self.start(MAX_BODY="64KiB", **HELD)
        frame = '{"payload":"%s"}'
        fits = frame % ("x" * (64 * 1024 - len(frame) + 2))
        self.assertEqual(daemon.post("/enqueue", fits).status, 202)
        self.assert_problem(daemon.post("/enqueue", fits + " "), 413, "payload-too-large")

    def test_connections_over_the_limit_are_refused(self):
        daemon = self.start(MAX_CONNECTIONS="2")
        with daemon.connect() as one, daemon.connect() as two:
            self.assertEqual(one.request("GET", "/healthz").read_answer().status, 200)
            self.assertEqual(two.request("GET", "/healthz").read_answer().status, 200)
            with daemon.connect() as three:
                answer = three.request("GET", "/v1/jobs").read_answer()
                self.assert_problem(answer, 503, "too-many-connections")
                self.assertEqual((answer.headers["retry-after"], answer.closes), ("1", True))
                self.assertEqual(three.read_end(), b"")
            for path in ("/healthz", "/livez", "/readyz"):
                self.assertEqual(daemon.get(path).status, 200, path)
            self.assertEqual(one.request("GET", "/healthz").read_answer().status, 200)
        eventually(lambda: daemon.get("/v1/jobs").status == 200, "places are free again")

    def test_a_long_list_comes_in_chunks_and_a_short_one_as_a_whole(self):
        daemon = self.start(QUEUE_SIZE="1000", **HELD)
        daemon.enqueue([{"id": f"j{i}", "payload": "x" * 2000} for i in range(500)])
        with daemon.connect() as connection:
            short = connection.request("GET", "/v1/jobs?limit=100").read_answer()
            self.assertEqual(int(short.headers["content-length"]), len(short.body))
            long = connection.request("GET", "/v1/jobs?limit=500").read_answer()
            self.assertEqual(long.headers["transfer-encoding"], "chunked")
            self.assertNotIn("content-length", long.headers)
            self.assertEqual([job["id"] for job in long.json()["jobs"]], [f"j{i}" for i in reversed(range(500))])
            self.assertEqual(connection.request("GET", "/healthz").read_answer().body, b"OK")
        with daemon.connect() as connection:
            connection.send(b"GET /v1/jobs?limit=500 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            head, body = connection.read_end().split(b"\r\n\r\n", 1)
            self.assertIn(b"Connection: close", head)
            self.assertEqual(len(json.loads(body)["jobs"]), 500)

    def test_lists_that_nobody_reads_take_little_memory(self):
        daemon = self.start(QUEUE_SIZE="1000", **HELD)
        for i in range(100):
            daemon.enqueue({"id": f"j{i}", "payload": "x" * 100_000})
        before = daemon.resident_kib()
        unread = [daemon.connect(receive_buffer=4096).request("GET", "/v1/jobs?limit=1000") for _ in range(200)]
        self.assert_healthy(daemon)
        eventually(lambda: len(daemon.get("/v1/jobs?limit=1000").json()["jobs"]) > 40, "others get their pages")
        # 800 MB, if each held its page.
        self.assertLess(daemon.resident_kib() - before, 600_000 if sanitized() else 150_000)
        for connection in unread:
            connection.close()

    def test_lists_of_small_jobs_that_nobody_reads_take_little_memory(self):
        daemon = self.start(QUEUE_SIZE="1000", **HELD)
        daemon.enqueue([{"id": f"j{i:029}"} for i in range(1000)])
        unread = [daemon.connect(receive_buffer=4096).request("GET", "/healthz") for _ in range(800)]
        for connection in unread:
            self.assertEqual(connection.read_answer().status, 200)
        before = daemon.resident_kib()
        for connection in unread:
            for _ in range(20):
                connection.request("GET", "/v1/jobs?limit=1000")
        self.assertEqual(len(daemon.get("/v1/jobs?limit=1000").json()["jobs"]), 1000)
        for _ in range(20):
            self.assert_healthy(daemon)
        # 64 MiB, and what the connections themselves take.
        self.assertLess(daemon.resident_kib() - before, 600_000 if sanitized() else 80_000)
        for connection in unread:
            connection.close()

    def test_clients_that_gave_up_waiting_give_up_their_places(self):
        daemon = self.start(MAX_CONNECTIONS="10", **HELD)
        daemon.enqueue({"id": "a", "delay": "1h"})
        wait = b"GET /v1/jobs/a?wait=60s HTTP/1.1\r\nHost: x\r\n\r\n"
        more = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        for request in (wait, more + wait, wait + more, wait + more * 1000):
            for leave in ("close", "reset"):
                for _ in range(10):
                    getattr(daemon.connect().send(request), leave)()
                with self.subTest(request=request[:60], leave=leave):
                    eventually(lambda: self.served(daemon), "their places are free")

    def served(self, daemon):
        with daemon.connect() as connection:
            return connection.request("GET", "/v1/jobs?limit=1").read_answer().status == 200

    def test_a_client_that_half_closes_is_answered_at_once(self):
        daemon = self.start(**HELD)
        daemon.enqueue({"id": "a", "delay": "1h"})
        with daemon.connect() as connection:
            connection.request("GET", "/v1/jobs/a?wait=60s").request("GET", "/healthz")
            connection.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(connection.read_answer().json()["status"], "queued")
            self.assertEqual(connection.read_answer().body, b"OK")
            self.assertEqual(connection.read_end(), b"")

    def test_every_answer_to_a_get_has_its_head(self):
        daemon = self.start(**HELD)
        daemon.enqueue({"id": "a", "delay": "1h"})
        for path in ("/healthz", "/livez", "/readyz", "/v1/jobs", "/v1/jobs/a", "/v1/jobs/nobody", "/nowhere"):
            with self.subTest(path), daemon.connect() as connection:
                get = connection.request("GET", path).read_answer()
                head = connection.request("HEAD", path).read_answer(to_head=True)
                self.assertEqual((head.status, head.headers["content-length"]), (get.status, str(len(get.body))))
                self.assertEqual(connection.request("GET", "/healthz").read_answer().body, b"OK")


if __name__ == "__main__":
    unittest.main()
