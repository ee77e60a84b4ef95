#!/usr/bin/env python3
"""Makes docs/openapi.json from docs/openapi.yaml."""

import json
from pathlib import Path

import yaml

SOURCE = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
RESULT = SOURCE.with_suffix(".json")


class TextOnly(yaml.SafeLoader):
    """Reads a time as its text, which is what it is in JSON, and refuses a key that is given twice."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key) for key, _ in node.value]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise yaml.constructor.ConstructorError(None, None, f"{twice[0]} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


TextOnly.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def converted(text: str) -> str:
    return json.dumps(yaml.load(text, TextOnly), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    RESULT.write_text(converted(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")
