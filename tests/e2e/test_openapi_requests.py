"""Requests made from the OpenAPI document, valid and spoilt ones, against daemons with either store.

Each run is a series of requests to a new daemon. Every answer has to be one that the document describes for its call, a
request that the document allows is not refused as malformed, one that it forbids is refused, and the daemon stays healthy.
A series that fails is made shorter, and printed with the seed that makes it again. The seed is 1, because whether a merge
passes must not depend on luck; JOBQD_SEED sets another one. With JOBQD_TORTURE it is random, and there are twenty times as many.
"""

import json
import os
import random
import socket
import sys
import time
import unittest
from typing import NamedTuple, Optional
from urllib.parse import quote, urlencode

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from openapi import Api, Call
from openapi_requests import BEYOND_SCHEMAS, BODY_LIMIT, CONFIG, Request, Strategies, bounded, simpler
from support import ALARMS, AT_ONCE, ROOT, Answer, Connection, Daemon, DaemonTest

TORTURE = bool(os.environ.get("JOBQD_TORTURE"))
SEED = int(os.environ.get("JOBQD_SEED") or (random.randrange(1, 10**9) if TORTURE else 1))
SERIES = 4000 if TORTURE else 200
SECONDS = 1200 if TORTURE else 45  # for each store; when they are over, what is left of the series is passed over


class Wire(NamedTuple):
    """A request as it is sent."""
    method: str
    path: str
    headers: dict
    body: Optional[bytes]

    def __str__(self) -> str:
        headers = "".join(f" -H {name + ': ' + value!r}" for name, value in self.headers.items())
        return f"{self.method} {self.path}{headers}" + ("" if self.body is None else f" {self.body[:2000]!r}")


class Run:
    """A series of requests to a new daemon."""

    def __init__(self, api: Api, daemon: Daemon):
        self.api, self.daemon = api, daemon
        self.leases: list[tuple[str, str]] = []
        self.statuses: set[tuple[str, int]] = set()
        self.sent: list[str] = []

    def send(self, request: Request) -> None:
        call = self.api.calls[request.call]
        if request.known is not None:
            request = self.with_known(call, request)
        wire = on_the_wire(call, request)
        self.sent.append(str(wire))
        answer = exchange(self.daemon.port, wire)
        self.sent[-1] += f"\n    {answer.status} {answer.body[:600]!r}"
        self.statuses.add((call.name, answer.status))
        self.check(call, request, answer)
        if call.name == "leaseJobs" and answer.status == 200:
            self.leases += [(job["id"], job["lease"]["token"]) for job in answer.json()["jobs"]]

    def with_known(self, call: Call, request: Request) -> Request:
        """The same for a job that there is, and one that suits the call."""
        if call.body is None:
            wanted = "?status=failed" if call.name == "retryJob" else ""
            jobs = [job["id"] for job in self.daemon.get(f"/v1/jobs{wanted}").json()["jobs"]]
            return request._replace(path={"id": jobs[request.known % len(jobs)]}) if jobs else request
        if not self.leases or not isinstance(request.body, dict):
            return request
        job, token = self.leases[request.known % len(self.leases)]
        return request._replace(path={"id": job}, body=request.body | ({"token": token} if "token" in request.body else {}))

    def check(self, call: Call, request: Request, answer: Answer) -> None:
        faults = self.api.faults_of_answer(call, answer, to_head=request.method == "HEAD")
        assert not faults, faults
        assert answer.status < 500, "there was no reason for a failure"
        if expected := expected_status(call, request):
            assert answer.status in expected, f"{request.spoilt}: {answer.status} instead of {expected}"
        elif not request.spoilt:
            wrong = request.body is not None and self.api.faults_of_request(call.body["schema"], request.body)
            if wrong:
                assert 400 <= answer.status < 500, f"{answer.status}, although {wrong}"
            else:
                assert answer.status != 400 or has_excuse(answer), "the document allows this"

    def end(self) -> None:
        assert self.daemon.get("/healthz").body == b"OK"
        assert self.daemon.get("/readyz").status == 200
        for queue in self.daemon.get("/v1/queues").json()["queues"]:
            assert sum(queue["reasons"].values()) == queue["queued"], queue


def expected_status(call: Call, request: Request) -> Optional[set[int]]:
    """What a request that is spoilt in this way is answered; None if that depends."""
    if request.spoilt in ("parameter", "twice", "body") and call.tag == "health":
        return {200}
    if request.spoilt == "origin":
        return {403} if call.method != "GET" else None
    return {"method": {405}, "parameter": {400}, "twice": {400}, "body": {400}, "expectation": {417}, "large": {413},
            "encoding": {415}, "cut": {400}, "member twice": {400}}.get(request.spoilt)


def has_excuse(answer: Answer) -> bool:
    """Whether a request that the schemas allow may be refused nevertheless."""
    problem = answer.json()
    # With an array, or one whose quotes have nothing between them; the range of a wait; queues that are not remote;
    # arrays that are too large for the queue; a page of queues that goes on in another order.
    if any(words in problem["detail"] for words in ("Idempotency-Key", "parameter wait", "parameter target", "are not leased", "can never fit",
                                                    "parameter cursor must be the next_cursor of a page with the same sort")):
        return True
    fields = problem.get("errors", [])
    return bool(fields) and all(field["pointer"].rsplit("/", 1)[-1] in BEYOND_SCHEMAS and field["detail"].startswith("must ")
                                for field in fields)


def on_the_wire(call: Call, request: Request) -> Wire:
    path = call.path
    for name, value in request.path.items():
        path = path.replace("{%s}" % name, quote(value, safe=""))
    query = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in request.query]
    body = request.body
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body, ensure_ascii=False).encode()
    return Wire(request.method, path + ("?" + urlencode(query) if query else ""), request.headers, body)


def exchange(port: int, wire: Wire) -> Answer:
    """Ends its side of the connection after the request: what waits is answered at once."""
    with Connection(port) as connection:
        connection.request(wire.method, wire.path, wire.body, **wire.headers)
        connection.socket.shutdown(socket.SHUT_WR)
        return connection.read_answer(to_head=wire.method == "HEAD")


class Driver:
    """Runs series of requests, and makes those that fail shorter."""

    def __init__(self, api: Api, store: str, config: str):
        self.api, self.store, self.config = api, store, config
        self.seen: set[tuple[str, int]] = set()
        self.requests = 0
        self.end = time.monotonic() + SECONDS
        self.failures: dict[str, str] = {}

    def __call__(self, series: list[Request]) -> None:
        """Raises what is wrong, the same each time."""
        if self.failures or time.monotonic() < self.end:
            if (known := repr(series)) not in self.failures:
                if not (failure := self.failure_of(series)):
                    return
                self.failures[known] = self.shortened(series, failure)
            raise AssertionError(self.failures[known])

    def shortened(self, series: list[Request], failure: str) -> str:
        end = time.monotonic() + 20
        candidates = simpler(series)
        while time.monotonic() < end and (shorter := next(candidates, None)) is not None:
            if found := self.failure_of(shorter):
                failure, candidates = found, simpler(shorter)
        return failure

    def failure_of(self, series: list[Request]) -> str:
        daemon = Daemon(CONFIG=self.config, STORE=self.store, MAX_BODY=f"{BODY_LIMIT}", **AT_ONCE)
        run = Run(self.api, daemon)
        try:
            for request in series:
                run.send(request)
            run.end()
            assert daemon.stop() == 0, "it did not stop cleanly"
            assert not ALARMS.search(daemon.log)
        except Exception as error:
            return "\n".join([str(error) or repr(error), f"JOBQD_SEED={SEED}, STORE={self.store}, to a new daemon:", *run.sent,
                              "its log:", daemon.log[-3000:]])
        finally:
            daemon.stop()
        self.seen |= run.statuses
        self.requests += len(series)
        return ""


class Requests(DaemonTest):
    def test_in_memory(self):
        self.drive("memory")

    def test_with_a_file(self):
        self.drive("sqlite:jobs.db")

    def test_values_at_the_bounds_and_beyond(self):
        daemon = self.start(CONFIG=self.config_file(CONFIG))
        api = Api.of(daemon)
        count = 0
        for call in api.calls.values():
            for request, good in bounded(api, call):
                count += 1
                wire = on_the_wire(call, request)
                answer = exchange(daemon.port, wire)
                with self.subTest(request=str(wire), answer=answer.body):
                    self.assertEqual(api.faults_of_answer(call, answer), [])
                    self.assertEqual(answer.status != 400, good)
        self.assertGreater(count, 50)

    def drive(self, store: str) -> None:
        api = Api.of(self.start())
        driver = Driver(api, store, self.config_file(CONFIG))
        given_series = given(Strategies(api).series())(driver.__call__)
        settings(max_examples=SERIES, database=None, deadline=None, phases=[Phase.generate], verbosity=Verbosity.quiet,
                 suppress_health_check=list(HealthCheck))(seed(SEED)(given_series))()
        print(f"{driver.requests} requests, {len(driver.seen)} kinds of answers", file=sys.stderr, flush=True)
        for call in api.calls if time.monotonic() < driver.end else []:
            self.assertTrue(any(name == call and status < 300 for name, status in driver.seen),
                            f"{call} never succeeded, so the requests are not worth much")


class Checks(unittest.TestCase):
    """Tests of the checks themselves, each with a planted fault."""

    def setUp(self):
        self.api = Api(json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")))

    def faults(self, name: str, status: int, value: object, media: str = "application/json", **headers: str) -> list[str]:
        body = b"" if value is None else json.dumps(value).encode()
        head = {"content-type": media} | headers if media else headers
        return self.api.faults_of_answer(self.api.calls[name], Answer(status, "", head, body, b""))

    def problem(self, status: int, slug: str, **more: object) -> dict:
        return {"type": f"/problems/{slug}", "title": "t", "status": status, "detail": "d"} | more

    def test_answers_as_described_pass(self):
        problem = "application/problem+json"
        self.assertEqual(self.faults("enqueue", 202, {"status": "queued"}, location="/v1/jobs/a"), [])
        self.assertEqual(self.faults("enqueue", 429, self.problem(429, "queue-full"), problem, **{"retry-after": "1"}), [])
        self.assertEqual(self.faults("getJob", 431, self.problem(431, "header-too-large"), problem), [])
        self.assertEqual(self.faults("deleteJob", 204, None, ""), [])

    def test_answers_that_are_not_described_do_not(self):
        problem = "application/problem+json"
        job = {"id": "a", "queue": "q", "status": "done", "payload": 1, "priority": 0, "max_retries": 0, "attempts": 1, "failures": 0,
               "interruptions": 0, "enqueued_at": "2026-11-24T04:29:34.206Z"}
        lease = {"token": "1", "expires_at": "2026-11-24T04:29:34.206Z"}
        self.assertEqual(self.faults("getJob", 200, job), [])
        self.assertEqual(self.faults("leaseJobs", 200, {"jobs": [job | {"lease": lease}]}), [])
        for planted in [
            self.faults("getJob", 201, job),
            self.faults("getJob", 200, job, "text/plain"),
            self.faults("getJob", 200, job | {"surplus": 1}),
            self.faults("getJob", 200, job | {"lease": lease}),
            self.faults("getJob", 200, job | {"attempts": "1"}),
            self.faults("getJob", 200, job | {"enqueued_at": "2026-11-24T04:29:34Z"}),
            self.faults("getJob", 200, {key: value for key, value in job.items() if key != "queue"}),
            self.faults("leaseJobs", 200, {"jobs": [job]}),
            self.faults("leaseJobs", 200, {"jobs": [job | {"lease": lease | {"surplus": 1}}]}),
            self.faults("deleteJob", 204, job),
            self.faults("healthz", 200, "OK", "text/plain"),  # in quotes
            self.faults("enqueue", 429, self.problem(429, "queue-full"), problem),  # without Retry-After
            self.faults("enqueue", 429, self.problem(429, "draining"), problem, **{"retry-after": "1"}),
            self.faults("enqueue", 400, self.problem(404, "invalid-field"), problem),
            self.faults("enqueue", 400, self.problem(400, "invalid-field", errors=[{"pointer": "/id"}]), problem),
            self.faults("getQueue", 404, self.problem(404, "job-not-found"), problem),
            self.faults("healthz", 503, self.problem(503, "draining"), problem, **{"retry-after": "1"}),
        ]:
            self.assertNotEqual(planted, [])

    def test_a_series_is_made_shorter(self):
        class Planted(Driver):
            def failure_of(self, series):
                calls = [request.call for request in series]
                return " ".join(calls) if "getJob" in calls and "deleteJob" in calls[calls.index("getJob"):] else ""

        calls = "enqueue livez getJob getQueue getQueue livez deleteJob enqueue healthz".split()
        series = [Request(call, "GET", {}, [], {}, None) for call in calls]
        with self.assertRaisesRegex(AssertionError, "^getJob deleteJob$"):
            Planted(self.api, "memory", "")(series)


if __name__ == "__main__":
    unittest.main()
