"""A collector of OpenTelemetry traces that checks each request against the rules of OTLP/HTTP with JSON."""

import json
import re
import threading
import time
from typing import NamedTuple, Optional

from receivers import Handler, Server

OUTCOMES = {"done", "failed", "timeout", "deferred", "rejected", "cancelled", "interrupted", "stale"}
TRACE = re.compile(r"(?!0{32})[0-9a-f]{32}")
SPAN = re.compile(r"(?!0{16})[0-9a-f]{16}")
WHOLE = re.compile(r"[0-9]+")  # 64-bit integers are strings


def attributes(pairs: list[dict]) -> dict:
    """Names and values, each checked and in its own type."""
    read = {}
    for pair in pairs:
        assert set(pair) == {"key", "value"} and pair["key"] not in read, pair
        (kind, value), = pair["value"].items()
        if kind == "intValue":
            assert isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value), pair
            value = int(value)
        else:
            assert kind == "stringValue" and isinstance(value, str), pair
        read[pair["key"]] = value
    return read


class Span(NamedTuple):
    trace: str
    id: str
    parent: Optional[str]
    name: str
    start: int  # ns
    end: int
    attributes: dict
    links: list  # (trace, span)
    error: Optional[str]
    resource: dict

    @property
    def job(self) -> str:
        return self.attributes["messaging.message.id"]

    @property
    def outcome(self) -> str:
        return self.attributes["jobqd.outcome"]

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace}-{self.id}-01"


def read_span(span: dict, resource: dict) -> Span:
    known = {"traceId", "spanId", "parentSpanId", "flags", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes", "links", "status"}
    assert set(span) <= known, set(span) - known
    assert TRACE.fullmatch(span["traceId"]) and SPAN.fullmatch(span["spanId"]), span
    parent = span.get("parentSpanId")
    assert parent is None or SPAN.fullmatch(parent), span
    assert span["kind"] == 5 and span["flags"] == 1, span  # a number, not "SPAN_KIND_CONSUMER"
    assert WHOLE.fullmatch(span["startTimeUnixNano"]) and WHOLE.fullmatch(span["endTimeUnixNano"]), span
    start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
    assert 1_700_000_000 * 10**9 < start < end, span
    links = [(link["traceId"], link["spanId"]) for link in span.get("links", [])]
    assert all(TRACE.fullmatch(trace) and SPAN.fullmatch(of) for trace, of in links), span
    values = attributes(span["attributes"])
    assert values["messaging.system"] == "jobqd" and values["messaging.operation.type"] == "process", span
    assert span["name"] == "process " + values["messaging.destination.name"], span
    assert values["jobqd.attempt"] >= 1 and values["jobqd.outcome"] in OUTCOMES, span
    assert values.get("jobqd.wait_ms", 0) >= 0, span
    status = span.get("status")
    assert status is None or status["code"] == 2, span
    return Span(span["traceId"], span["spanId"], parent, span["name"], start, end, values, links, status and status["message"], resource)


class Collector:
    """Records the spans that it has accepted. The answers of the test come first, then 200. None is sent until `held` is set."""

    def __init__(self, context=None):
        self.spans: list[Span] = []
        self.requests = []  # (path, headers, number of spans, when)
        self.faults = []
        self.answers = []  # (status, headers, body), used one after the other
        self.always = (200, {}, b"{}")
        self.held = threading.Event()
        self.held.set()
        collector = self

        class Export(Handler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.body()
                collector.held.wait(60)
                status, headers, text = collector.answers.pop(0) if collector.answers else collector.always
                try:
                    spans = collector.read(self.headers, body)
                    collector.requests.append((self.path, self.headers, len(spans), time.monotonic()))
                    if status == 200:
                        collector.spans += spans
                except (AssertionError, KeyError, ValueError, TypeError) as fault:
                    collector.faults.append(repr(fault))
                self.answer(status, text, Content_Type="application/json", **headers)

        self.server = Server(Export)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def read(self, headers, body: bytes) -> list[Span]:
        assert headers["Content-Type"] == "application/json", headers
        assert len(body) <= 64 * 1024 * 1024
        spans = []
        for resource_spans in json.loads(body)["resourceSpans"]:
            resource = attributes(resource_spans["resource"]["attributes"])
            assert resource["service.name"]
            for scope_spans in resource_spans["scopeSpans"]:
                assert scope_spans["scope"]["name"] == "jobqd"
                spans += [read_span(span, resource) for span in scope_spans["spans"]]
        assert 0 < len(spans) <= 512, len(spans)
        return spans

    def of(self, job: str) -> list[Span]:
        """The spans of one job in the order of its attempts."""
        return sorted((span for span in list(self.spans) if span.job == job), key=lambda span: span.attributes["jobqd.attempt"])

    def __enter__(self) -> "Collector":
        self.server.__enter__()
        return self

    def __exit__(self, *rest) -> None:
        self.held.set()
        self.server.__exit__(*rest)
        assert not self.faults, self.faults[:3]
