"""docs/openapi.json is what docs/openapi.yaml says, and has the version of the project."""

import json
import re
import unittest

import yaml

import openapi
from cpp_text import ROOT


class OpenApi(unittest.TestCase):
    def test_the_json_is_made_from_the_yaml(self):
        made = openapi.converted(openapi.SOURCE.read_text(encoding="utf-8"))
        self.assertEqual(openapi.RESULT.read_text(encoding="utf-8"), made, "run ./dev openapi")

    def test_it_has_the_version_of_the_project(self):
        version = re.search(r"^project\(jobqd VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"), re.MULTILINE)[1]
        self.assertEqual(json.loads(openapi.RESULT.read_text(encoding="utf-8"))["info"]["version"], version)

    def test_a_time_is_its_text(self):
        self.assertEqual(json.loads(openapi.converted("a: 2026-11-24T04:29:34.086Z")), {"a": "2026-11-24T04:29:34.086Z"})

    def test_a_key_that_is_given_twice_is_refused(self):
        with self.assertRaisesRegex(yaml.YAMLError, "a is given twice"):
            openapi.converted("b:\n  a: 1\n  a: 2\n")


if __name__ == "__main__":
    unittest.main()
