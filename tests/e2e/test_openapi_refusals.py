"""What a daemon answers to requests that are not HTTP as it should be, while it stops and while it is busy is described in its
OpenAPI document too, for every call."""

import re
import signal
import unittest

from openapi import Api, Call
from support import DaemonTest, eventually


def path_of(call: Call) -> str:
    return re.sub(r"\{\w+\}", "default", call.path)


class Refusals(DaemonTest):
    def test_requests_that_are_not_as_they_should_be(self):
        daemon = self.start(MAX_BODY="1KiB")
        api = Api.of(daemon)
        for name, head, status in [
            ("two hosts", "Host: b\r\n", 400),
            ("an expectation", "Expect: miracles\r\n", 417),
            ("a compressed body", "Content-Encoding: gzip\r\nContent-Length: 1\r\n", 415),
            ("a large body", "Content-Length: 100000\r\n", 413),
            ("a coding", "Transfer-Encoding: gzip, chunked\r\n", 501),
            ("a large head", f"X: {'x' * 9000}\r\n", 431),
        ]:
            for call in api.calls.values():
                with self.subTest(request=name, call=call.name), daemon.connect() as connection:
                    connection.send(f"{call.method} {path_of(call)} HTTP/1.1\r\nHost: a\r\n{head}\r\n".encode())
                    answer = connection.read_answer()
                    self.assertEqual((answer.status, api.faults_of_answer(call, answer)), (status, []))
        for call in api.calls.values():
            with self.subTest(request="a version", call=call.name), daemon.connect() as connection:
                answer = connection.send(f"{call.method} {path_of(call)} HTTP/3.0\r\n\r\n".encode()).read_answer()
                self.assertEqual((answer.status, api.faults_of_answer(call, answer)), (505, []))

    def test_more_connections_than_allowed(self):
        daemon = self.start(MAX_CONNECTIONS="1")
        api = Api.of(daemon)
        with daemon.connect() as first:
            first.request("GET", "/healthz").read_answer()
            for call in api.calls.values():
                with self.subTest(call=call.name):
                    answer = daemon.request(call.method, path_of(call))
                    self.assertEqual((answer.status, api.faults_of_answer(call, answer)), (200 if call.tag == "health" else 503, []))

    def test_while_the_daemon_stops(self):
        daemon = self.start(STORE="memory", DRAIN_DELAY="60s", exit_code=None)
        api = Api.of(daemon)
        daemon.signal(signal.SIGTERM)
        answer = eventually(lambda: (ready := daemon.get("/readyz")).status == 503 and ready, "it drains")
        self.assertEqual(api.faults_of_answer(api.calls["readyz"], answer), [])
        answer = daemon.enqueue({"id": "a"})
        self.assert_problem(answer, 503, "draining")
        self.assertEqual(api.faults_of_answer(api.calls["enqueue"], answer), [])


if __name__ == "__main__":
    unittest.main()
