"""Requests made from an OpenAPI document, valid and spoilt ones."""

import json
import math
import os
import re
from typing import Iterator, NamedTuple, Optional

from hypothesis import strategies as st

from openapi import Api, Call
from support import ROOT

os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / "build" / "hypothesis"))  # not beside the tests

# What the daemon has to have for the requests to reach much of it.
CONFIG = """
[queues.default]
max_retries = 1

[queues.small]
processor = "remote"
capacity = 2
backoff = ["0s", "1h"]

[queues."broken.1"]
processor = "remote"
circuit = 2
backoff = ["0s"]
"""

IDS = ["a", "b/c", "d e", "\u20ac"]
REMOTE_QUEUES = ["small", "broken.1"]
QUEUES = ["default", *REMOTE_QUEUES]
BODY_LIMIT = 64 * 1024

TEXT = st.characters(blacklist_categories=["Cs"])
DURATIONS = ["0s", "250ms", "1s", "30s", "1h30m", "2d"]
FAR, PAST = "2126-01-01T00:00:00Z", "2026-01-31T08:00:00.250+01:00"

# Whole fractions such as 1.0 are left out: JSON Schema counts them as integers, and the daemon does not.
NUMBERS = st.integers(-2**70, 2**70) | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not x.is_integer())
ANYTHING = st.recursive(st.none() | st.booleans() | NUMBERS | st.text(TEXT, max_size=8),
                        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(TEXT, max_size=4), inner, max_size=3),
                        max_leaves=6)

# What a schema cannot say: the range of a duration that is text, of a time, and the length of a text in bytes.
BEYOND_SCHEMAS = {"delay", "timeout", "lease", "wait", "retry_after", "run_at", "id", "worker", "queue"}


class Request(NamedTuple):
    """What is to be sent, before it is known which jobs there are."""
    call: str
    method: str
    path: dict
    query: list
    headers: dict
    body: object  # a value of JSON, bytes, or None
    spoilt: str = ""  # how it breaks the rules, if it does
    known: Optional[int] = None  # takes the id of this one of the jobs that there are, or id and token of this lease


class Strategies:
    """Requests for the calls of a document."""

    def __init__(self, api: Api):
        self.api = api

    def series(self) -> st.SearchStrategy:
        calls = sorted(self.api.calls)
        often = [name for name in calls if name not in ("healthz", "livez", "explainProblem", "getOpenApi")]
        requests = {name: self.request(self.api.calls[name]) for name in calls}
        # Most calls need jobs that are there, leases of theirs, or jobs that have failed.
        job = st.builds(lambda job, queue: Request("enqueue", "POST", {}, [], {}, {"id": job, "queue": queue}),
                        st.sampled_from(IDS), st.sampled_from(QUEUES))
        lease = st.sampled_from(REMOTE_QUEUES).map(lambda queue: Request("leaseJobs", "POST", {"name": queue}, [], {}, {"max_jobs": 2}))
        cancel = st.builds(lambda known: Request("cancelJob", "POST", {"id": IDS[0]}, [], {}, None, known=known), st.integers(0, 4))
        one = st.one_of(job, job, lease, cancel, *[st.sampled_from(often).flatmap(requests.get)] * 5, st.sampled_from(calls).flatmap(requests.get))
        return st.lists(one, min_size=10, max_size=40)

    def request(self, call: Call) -> st.SearchStrategy:
        made = st.builds(
            lambda path, query, headers, body, known: Request(call.name, call.method, path, list(query.items()), headers, body,
                                                              known=known),
            self.parameters(call, "path"), self.parameters(call, "query"), self.parameters(call, "header"), self.body(call),
            st.sampled_from([None, 0, 1, 2, 3, 4]) if call.path.startswith("/v1/jobs/{id}") else st.none())
        return made | made | made.flatmap(lambda request: self.spoilt(call, request))

    def parameters(self, call: Call, place: str) -> st.SearchStrategy:
        found = [parameter for parameter in call.parameters if parameter["in"] == place]
        values = {parameter["name"]: self.parameter(call, parameter) for parameter in found}
        needed = {parameter["name"] for parameter in found if parameter.get("required")}
        return st.fixed_dictionaries({name: value for name, value in values.items() if name in needed},
                                     optional={name: value for name, value in values.items() if name not in needed})

    def parameter(self, call: Call, parameter: dict) -> st.SearchStrategy:
        value = self.value(parameter["schema"], parameter["name"])
        if parameter["name"] == "name" and call.tag == "documents":
            return value | st.sampled_from(["queue-full", "internal"])
        return value.filter(lambda text: text not in (".", ".."))

    def body(self, call: Call) -> st.SearchStrategy:
        if call.body is None:
            return st.none()
        value = self.value(call.body["schema"])
        return value if call.body_required else st.none() | value

    def value(self, schema: dict, name: str = "") -> st.SearchStrategy:
        schema = self.api.resolved(schema)
        made = self._value(schema)
        if "not" in schema:
            made = made.filter(lambda value: not self.api.faults_of_request(schema, value))
        if name == "id":
            return st.sampled_from(IDS) | st.sampled_from(IDS) | made
        if name in ("queue", "name"):
            return st.sampled_from(QUEUES) | st.sampled_from(QUEUES) | made
        return made

    def _value(self, schema: dict) -> st.SearchStrategy:
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return st.one_of([self.value(part) for part in schema[keyword]])
        kind = schema.get("type")
        if kind is None:
            return ANYTHING
        return getattr(self, f"_{kind}")(schema)

    def _boolean(self, _: dict) -> st.SearchStrategy:
        return st.booleans()

    def _integer(self, schema: dict) -> st.SearchStrategy:
        return st.integers(schema.get("minimum"), schema.get("maximum"))

    def _number(self, schema: dict) -> st.SearchStrategy:
        low, high = schema["minimum"], schema["maximum"]
        return st.integers(math.ceil(low), high) | st.floats(low, high)

    def _string(self, schema: dict) -> st.SearchStrategy:
        low, high = schema.get("minLength", 0), schema.get("maxLength")
        if schema.get("format") == "date-time":
            return st.sampled_from([FAR, PAST])
        if "pattern" not in schema:
            return st.text(TEXT, min_size=low, max_size=high)
        made = st.from_regex(re.compile(schema["pattern"]), fullmatch=True)
        made = made.filter(lambda text: low <= len(text) <= (high or 1000) and text.encode("utf-8", "replace").decode() == text)
        return st.sampled_from(DURATIONS) | made if "ms" in schema["pattern"] else made

    def _array(self, schema: dict) -> st.SearchStrategy:
        return st.lists(self.value(schema["items"]), min_size=schema.get("minItems", 0), max_size=min(4, schema.get("maxItems", 4)))

    def _object(self, schema: dict) -> st.SearchStrategy:
        values = {name: self.value(part, name) for name, part in schema.get("properties", {}).items()}
        needed = set(schema.get("required", []))
        return st.fixed_dictionaries({name: value for name, value in values.items() if name in needed},
                                     optional={name: value for name, value in values.items() if name not in needed})

    def spoilt(self, call: Call, request: Request) -> st.SearchStrategy:
        """The request with one thing changed, for the worse in most cases."""
        ways = [st.just(request._replace(method=method, spoilt="method")) for method in ("PUT", "PATCH")]
        ways += [st.just(request._replace(query=request.query + [("surplus", "1")], spoilt="parameter")),
                 st.just(request._replace(headers={"Origin": "http://elsewhere.example"}, spoilt="origin")),
                 st.just(request._replace(headers={"Expect": "miracles"}, spoilt="expectation"))]
        if request.query:
            ways.append(st.just(request._replace(query=request.query * 2, spoilt="twice")))
            ways.append(st.text(TEXT, max_size=5).map(
                lambda text: request._replace(query=[(request.query[0][0], text), *request.query[1:]], spoilt="value")))
        if call.method == "GET":
            ways.append(st.just(request._replace(method="HEAD", spoilt="head")))
        if call.body is None:
            ways.append(st.just(request._replace(body={}, spoilt="body")))
        else:
            ways.append(st.just(request._replace(body=b" " * (BODY_LIMIT + 1), spoilt="large")))
            ways.append(st.just(request._replace(body=request.body or {}, headers={"Content-Encoding": "gzip"}, spoilt="encoding")))
            ways.append(st.binary(min_size=1, max_size=20).map(lambda text: request._replace(body=text, spoilt="bytes")))
            ways.append(self.changed(request.body).filter(lambda body: body is not None).map(
                lambda body: request._replace(body=body)))
            whole = json.dumps(request.body or {}).encode()
            ways.append(st.integers(1, len(whole) - 1).map(lambda n: request._replace(body=whole[:-n], spoilt="cut")))
            if isinstance(request.body, dict) and request.body:
                again = json.dumps(dict([next(iter(request.body.items()))])).encode()
                ways.append(st.just(request._replace(body=again[:-1] + b", " + whole[1:], spoilt="member twice")))
        return st.one_of(ways)

    def changed(self, body: object) -> st.SearchStrategy:
        """The same with another value somewhere, or with a member more or less."""
        if isinstance(body, list) and body:
            return st.integers(0, len(body) - 1).flatmap(
                lambda i: self.changed(body[i]).map(lambda job: body[:i] + [job] + body[i + 1:]))
        if not isinstance(body, dict):
            return ANYTHING
        ways = [st.just(body | {"surplus": 1}), ANYTHING]
        for name in sorted(body):
            ways.append(st.just({key: value for key, value in body.items() if key != name}))
            ways.append(ANYTHING.map(lambda value, name=name: body | {name: value}))
        return st.one_of(ways)


def bounds(api: Api, schema: dict) -> tuple[list, list]:
    """Values at the bounds of a schema, and those just beyond, which it does not allow."""
    schema = api.resolved(schema)
    inside, beyond = list(schema.get("enum", [])), ["surplus"] if "enum" in schema else []
    for part in schema.get("anyOf", []):
        more = bounds(api, part)
        inside += more[0]
        beyond += more[1]
    for keyword, step in (("minimum", -1), ("maximum", 1)):
        if keyword in schema:
            inside.append(schema[keyword])
            beyond.append(schema[keyword] + step)
    if schema.get("type") == "boolean":
        inside += [False, True]
        beyond += [0, "yes"]
    if "maxLength" in schema and "ms" not in schema.get("pattern", ""):
        inside.append("1" * schema["maxLength"])
        beyond.append("1" * (schema["maxLength"] + 1))
    return inside, beyond


def bounded(api: Api, call: Call) -> Iterator[tuple[Request, bool]]:
    """Requests with one value at a bound, or beyond one, and whether it is inside."""
    path = {parameter["name"]: "small" for parameter in call.parameters if parameter["in"] == "path"}
    plain = Request(call.name, call.method, path, [], {}, None)
    for parameter in call.parameters:
        if parameter["in"] == "query" and call.tag != "health":
            for good, values in zip((True, False), bounds(api, parameter["schema"])):
                yield from ((plain._replace(query=[(parameter["name"], value)]), good) for value in values)
    whole = api.resolved(call.body["schema"]) if call.body else {}
    for part in [whole, *map(api.resolved, whole.get("oneOf", []))]:
        needed = {name: "1" for name in part.get("required", [])}
        for name, schema in part.get("properties", {}).items():
            for good, values in zip((True, False), bounds(api, schema)):
                yield from ((plain._replace(body=needed | {name: value}), good) for value in values)


def simpler(series: list[Request]) -> Iterator[list[Request]]:
    """The series with less in it: the largest cuts first."""
    size = len(series)
    while size := size // 2:
        for start in range(0, len(series), size):
            yield series[:start] + series[start + size:]
    for i, request in enumerate(series):
        parts = [request._replace(query=request.query[:n] + request.query[n + 1:]) for n in range(len(request.query))]
        parts += [request._replace(headers={})] if request.headers else []
        if isinstance(request.body, dict):
            parts += [request._replace(body={key: value for key, value in request.body.items() if key != name})
                      for name in request.body]
        if isinstance(request.body, list):
            parts += [request._replace(body=request.body[:n] + request.body[n + 1:]) for n in range(len(request.body))]
        for part in parts:
            yield series[:i] + [part] + series[i + 1:]
