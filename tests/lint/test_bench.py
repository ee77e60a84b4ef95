"""When `./dev bench` says that its figures should not be believed."""

import sys
import unittest

from cpp_text import ROOT

sys.path.insert(0, str(ROOT / "bench"))

from report import doubt  # pylint: disable=wrong-import-position
from results import Results  # pylint: disable=wrong-import-position


def measured(*rates: float) -> Results:
    results = Results()
    for rate in rates:
        results.add("enqueue-64", "nginx", {"rate": rate})
    return results


class Doubt(unittest.TestCase):
    def test_a_quiet_machine_is_believed(self):
        self.assertEqual(doubt(measured(100, 93, 107)), "")

    def test_a_busy_machine_is_not(self):
        self.assertIn("varied by 16% on 64 connections", doubt(measured(100, 92, 108)))

    def test_without_nginx_nothing_is_known(self):
        self.assertIn("was not measured twice", doubt(Results()))
        self.assertIn("was not measured twice", doubt(measured(100)))


if __name__ == "__main__":
    unittest.main()
