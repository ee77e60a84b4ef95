"""The real binary under public suites: raw requests that must be refused, and JSON of all kinds."""

import base64
import gzip
import json
import tarfile
import unittest
from concurrent.futures import ThreadPoolExecutor

from support import HELD, Closed, DaemonTest, eventually, suite

# What a request that must not be taken may come to.
REFUSALS = {"ClosedByServer", "TimedOut"} | {str(status) for status in range(400, 600)}


class Http11Probe(DaemonTest):
    def cases(self):
        """The cases for which nothing but a refusal is right, aimed at routes that take a valid request."""
        for case in json.loads(suite("http11probe-cases.json").read_text(encoding="utf-8")):
            if "verdict" not in case or not set(case["verdict"].get("Pass", ["200"])) <= REFUSALS:
                continue
            if {"200", "204"} & set(case["verdict"].get("Warn", [])):
                continue
            yield case["id"], base64.b64decode(case["request_b64"])

    def react(self, daemon, request):
        method = request.split(b" ")[0]
        target = b" /enqueue HTTP/" if method == b"POST" else b" /healthz HTTP/"
        request = request.replace(b" / HTTP/", target, 1).replace(b"{HOST}", b"127.0.0.1:%d" % daemon.port)
        with daemon.connect() as connection:
            try:
                connection.send(request)
            except OSError:
                pass
            connection.socket.settimeout(2)  # some leave the daemon waiting for more, and may
            try:
                answer = connection.read_answer()
            except (Closed, TimeoutError) as nothing:
                return type(nothing).__name__
            # A body that is no job is refused too; what must not pass the framing ends the connection.
            return answer.status if answer.closes else f"{answer.status}, open"

    def test_what_must_be_refused_is_refused(self):
        daemon = self.start(**HELD)
        cases = list(self.cases())
        self.assertGreater(len(cases), 60)
        with ThreadPoolExecutor(16) as pool:
            reactions = list(pool.map(lambda case: self.react(daemon, case[1]), cases))
        taken = {name: reaction for (name, _), reaction in zip(cases, reactions)
                 if reaction not in ("Closed", "TimeoutError") and not (isinstance(reaction, int) and reaction >= 400)}
        self.assertEqual(taken, {})
        self.assertEqual(list(daemon.all_jobs()), [])
        self.assert_healthy(daemon)


class JsonTestSuite(DaemonTest):
    def cases(self):
        with tarfile.open(suite("JSONTestSuite-test_parsing.tar.gz")) as archive:
            for member in archive:
                if member.isfile() and member.name.endswith(".json"):
                    yield member.name.split("/")[-1], archive.extractfile(member).read()

    def test_y_is_accepted_n_refused_and_i_decided(self):
        daemon = self.start(QUEUE_SIZE="1000", **HELD)
        wrong = {}
        count = 0
        with daemon.connect() as connection:
            for name, text in self.cases():
                count += 1
                as_body = connection.request("POST", "/enqueue", text).read_answer()
                as_payload = connection.request("POST", "/enqueue", b'{"payload":' + text + b',"delay":"1h"}').read_answer()
                right = {"y": as_payload.status == 202 and as_body.status < 500,
                         "n": as_payload.status == 400 and as_body.status == 400,
                         "i": as_payload.status < 500 and as_body.status < 500}[name[0]]
                if not right:
                    wrong[name] = (as_body, as_payload)
        self.assertEqual(wrong, {})
        self.assertEqual(count, 318)
        self.assert_healthy(daemon)


class NaughtyStrings(DaemonTest):
    def test_they_forge_nothing_in_the_log(self):
        strings = json.loads(gzip.decompress(suite("blns.json.gz").read_bytes()))
        daemon = self.start(QUEUE_SIZE="1000", LOG_FORMAT="json", SIMULATE_MIN="0ms", SIMULATE_MAX="0ms", SIMULATE_FAILURE_RATE="1")
        accepted = [text for text in dict.fromkeys(strings) if daemon.enqueue({"id": text, "payload": text}).status == 202]
        self.assertGreater(len(accepted), 400)
        eventually(lambda: daemon.log.count('"job failed"') == len(accepted), "every job has ended")
        daemon.stop()
        events = [json.loads(line) for line in daemon.lines]
        failed = {event["id"] for event in events if event["message"] == "job failed"}
        self.assertEqual(failed, set(accepted))
        self.assertEqual({event["message"] for event in events} - {"configuration", "queue", "listening", "job failed", "stopping", "stopped"}, set())


if __name__ == "__main__":
    unittest.main()
