"""The OpenAPI document of a daemon, and whether an answer is one that it describes."""

import copy
import json
from typing import Iterator, NamedTuple, Optional

import jsonschema

from support import Answer, Daemon

METHODS = ("get", "post", "put", "patch", "delete")


class Call(NamedTuple):
    """One method of one path. All references outside of schemas are resolved."""
    name: str
    method: str
    path: str
    tag: str
    parameters: list[dict]
    body: Optional[dict]  # the media type of its body
    body_required: bool
    responses: dict[str, dict]


class Api:
    """Schemas of requests hold as they are written. Objects of answers must not have members that are not described,
    although clients are told to expect them, so that none is forgotten."""

    def __init__(self, document: dict):
        self.document = document
        self._strict = copy.deepcopy(document)
        shared = {branch.get("$ref") for branch in _branches(document)}
        for name, schema in self._strict["components"]["schemas"].items():
            _close(schema, f"#/components/schemas/{name}" in shared)
        self.calls = {call.name: call for call in self._calls()}
        for call in self.calls.values():
            for response in call.responses.values():
                for content in response.get("content", {}).values():
                    _close(content["schema"], False)
        self._validators: dict[int, tuple] = {}

    @classmethod
    def of(cls, daemon: Daemon) -> "Api":
        answer = daemon.get("/openapi.json")
        assert answer.status == 200, answer
        return cls(answer.json())

    def resolved(self, node: dict, strictly: bool = False) -> dict:
        """What a reference leads to, together with what stands beside it."""
        while "$ref" in node:
            found = self._strict if strictly else self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found | {key: value for key, value in node.items() if key != "$ref"}
        return node

    def _calls(self) -> Iterator[Call]:
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if (operation := item.get(method)) is None:
                    continue
                parameters = item.get("parameters", []) + operation.get("parameters", [])
                body = operation.get("requestBody", {})
                responses = self._strict["paths"][path][method]["responses"]
                yield Call(operation["operationId"], method.upper(), path, operation["tags"][0],
                           [self.resolved(parameter) for parameter in parameters],
                           body.get("content", {}).get("application/json"), body.get("required", False),
                           {status: self.resolved(response, strictly=True) for status, response in responses.items()})

    def faults_of_request(self, schema: dict, value: object) -> list[str]:
        return self._faults(self.document, schema, value)

    def faults_of_answer(self, call: Call, answer: Answer, to_head: bool = False) -> list[str]:
        """What is not as the document says; nothing if all is well."""
        response = call.responses.get(str(answer.status)) or call.responses["default"]
        content = response.get("content", {})
        faults = []
        for name, header in response.get("headers", {}).items():
            header = self.resolved(header, strictly=True)
            if (text := answer.headers.get(name.lower())) is not None:
                value = int(text) if header["schema"].get("type") == "integer" and text.isdigit() else text
                faults += [f"{name}: {fault}" for fault in self._faults(self._strict, header["schema"], value)]
            elif header.get("required"):
                faults.append(f"there is no {name}")
        media = answer.headers.get("content-type", "").split(";")[0]
        if not content:
            return faults + ([f"{answer.status} has a body"] if answer.body or media else [])
        if media not in content:
            return faults + [f"{answer.status} of type {media!r} is not described"]
        if to_head:
            return faults
        if not media.endswith("json"):
            return faults + self._faults(self._strict, content[media]["schema"], answer.body.decode("utf-8"))
        value = json.loads(answer.body, object_pairs_hook=_each_once)
        faults += self._faults(self._strict, content[media]["schema"], value)
        if media == "application/problem+json" and value.get("status") != answer.status:
            faults.append(f"the problem says {value.get('status')}")
        return faults

    def _faults(self, document: dict, schema: dict, value: object) -> list[str]:
        if id(schema) not in self._validators:  # with the schema, so that its id remains its own
            resolver = jsonschema.RefResolver("", document)
            self._validators[id(schema)] = (jsonschema.Draft202012Validator(schema, resolver=resolver), schema)
        validator, _ = self._validators[id(schema)]
        return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]


def _each_once(members: list[tuple[str, object]]) -> dict:
    assert len({name for name, _ in members}) == len(members), f"a member comes twice: {members}"
    return dict(members)


def _branches(node: object) -> Iterator[dict]:
    """Everything that stands in an allOf."""
    if isinstance(node, dict):
        yield from node.get("allOf", [])
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _branches(child)


def _close(schema: object, is_branch: bool) -> None:
    """Forbids members that are not described, except in parts of an allOf, which cannot know those of the others."""
    if not isinstance(schema, dict):
        return
    for part in schema.get("properties", {}).values():
        _close(part, False)
    for keyword in ("items", "additionalProperties"):
        _close(schema.get(keyword), False)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword, []):
            _close(part, is_branch or keyword == "allOf")
    if not is_branch and ("properties" in schema or "allOf" in schema) and "additionalProperties" not in schema:
        schema["unevaluatedProperties"] = False
