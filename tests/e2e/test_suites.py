"""The real binary on raw requests, JSON and awkward strings: the project's own cases, and the public suites if they are present."""

import base64
import gzip
import json
import tarfile
import unittest
from concurrent.futures import ThreadPoolExecutor

from support import HELD, Closed, DaemonTest, eventually, find_suite, own_cases, suite

# The reactions that count as a refusal.
REFUSALS = {"ClosedByServer", "TimedOut"} | {str(status) for status in range(400, 600)}


def react(daemon, request):
    """The status of the answer, with ", open" if the connection stays open; or how the request ended without an answer."""
    with daemon.connect() as connection:
        try:
            connection.send(request)
        except OSError:
            pass
        connection.socket.settimeout(2)  # some cases are incomplete, and the daemon may wait for the rest
        try:
            answer = connection.read_answer()
        except (Closed, TimeoutError) as nothing:
            return type(nothing).__name__
        return answer.status if answer.closes else f"{answer.status}, open"


def react_to_all(daemon, requests):
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda request: react(daemon, request), requests))


def is_refusal(reaction) -> bool:
    """A wrong body is refused on an open connection too; wrong framing has to end the connection."""
    return reaction in ("Closed", "TimeoutError") or isinstance(reaction, int) and reaction >= 400


class HttpRules(DaemonTest):
    def of_kind(self, want):
        """Requests of the project's own file, which writes bytes as the code points U+0000 to U+00FF."""
        return {case["rule"]: case["request"].replace("{9000}", "a" * 9000).encode("latin-1")
                for case in own_cases("http.json") if case["want"] == want}

    def test_wrong_requests_are_refused_and_enqueue_nothing(self):
        daemon = self.start(**HELD)
        cases = self.of_kind("refused")
        self.assertGreater(len(cases), 80)
        reactions = dict(zip(cases, react_to_all(daemon, cases.values())))
        self.assertEqual({rule: reaction for rule, reaction in reactions.items() if not is_refusal(reaction) or reaction == "TimeoutError"}, {})
        self.assertEqual(list(daemon.all_jobs()), [])
        self.assert_healthy(daemon)

    def test_correct_requests_are_served(self):
        daemon = self.start(**HELD)
        cases = self.of_kind("served")
        self.assertGreater(len(cases), 10)
        reactions = dict(zip(cases, react_to_all(daemon, cases.values())))
        self.assertEqual({rule: reaction for rule, reaction in reactions.items() if str(reaction)[:3] not in ("200", "202")}, {})
        self.assertEqual(len(list(daemon.all_jobs())), sum(request.lstrip().startswith(b"POST") for request in cases.values()))


class JsonRules(DaemonTest):
    def test_json_is_accepted_and_all_else_refused(self):
        daemon = self.start(QUEUE_SIZE="1000", **HELD)
        wrong = {}
        with daemon.connect() as connection:
            for case in own_cases("json.json"):
                text = bytes.fromhex(case["hex"]) if "hex" in case else case["text"].encode()
                as_body = connection.request("POST", "/enqueue", text).read_answer()
                as_payload = connection.request("POST", "/enqueue", b'{"payload":' + text + b',"delay":"1h"}').read_answer()
                right = {"json": as_payload.status == 202 and as_body.status < 500,
                         "not json": as_payload.status == 400 and as_body.status == 400,
                         "open": as_payload.status < 500 and as_body.status < 500}[case["want"]]
                if not right:
                    wrong[case["rule"]] = (as_body, as_payload)
        self.assertEqual(wrong, {})
        self.assert_healthy(daemon)


class Http11Probe(DaemonTest):
    def cases(self):
        """The cases that may only be refused, with their targets replaced by routes that serve a valid request."""
        for case in json.loads(suite("http11probe-cases.json").read_text(encoding="utf-8")):
            if "verdict" not in case or not set(case["verdict"].get("Pass", ["200"])) <= REFUSALS:
                continue
            if {"200", "204"} & set(case["verdict"].get("Warn", [])):
                continue
            yield case["id"], base64.b64decode(case["request_b64"])

    def aimed(self, daemon, request):
        target = b" /enqueue HTTP/" if request.startswith(b"POST ") else b" /healthz HTTP/"
        return request.replace(b" / HTTP/", target, 1).replace(b"{HOST}", b"127.0.0.1:%d" % daemon.port)

    def test_requests_that_must_be_refused_are_refused(self):
        daemon = self.start(**HELD)
        cases = list(self.cases())
        self.assertGreater(len(cases), 60)
        reactions = react_to_all(daemon, [self.aimed(daemon, request) for _, request in cases])
        taken = {name: reaction for (name, _), reaction in zip(cases, reactions) if not is_refusal(reaction)}
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
        strings = [case["text"] for case in own_cases("strings.json")]
        if found := find_suite("blns.json.gz"):
            strings += json.loads(gzip.decompress(found.read_bytes()))
        daemon = self.start(QUEUE_SIZE="1000", LOG_FORMAT="json", SIMULATE_MIN="0ms", SIMULATE_MAX="0ms", SIMULATE_FAILURE_RATE="1")
        accepted = [text for text in dict.fromkeys(strings) if daemon.enqueue({"id": text, "payload": text}).status == 202]
        self.assertGreater(len(accepted), len(set(strings)) * 3 // 4)
        eventually(lambda: daemon.log.count('"job failed"') == len(accepted), "every job has ended")
        daemon.stop()
        events = [json.loads(line) for line in daemon.lines]
        failed = {event["id"] for event in events if event["message"] == "job failed"}
        self.assertEqual(failed, set(accepted))
        known = {"configuration", "queue", "listening", "restoring", "job failed", "stopping", "stopped",
                 "this queue only simulates its jobs: no work is done"}
        self.assertEqual({event["message"] for event in events} - known, set())


if __name__ == "__main__":
    unittest.main()
