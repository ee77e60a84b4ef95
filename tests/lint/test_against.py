"""The verdicts of `./dev bench --against`: which direction is better, and when a row is marked."""

import sys
import unittest

from cpp_text import ROOT

sys.path.insert(0, str(ROOT / "bench"))

from against import ROWS, judge  # pylint: disable=wrong-import-position

RATE = next(row for row in ROWS if row.metric == "rate")
TIME = next(row for row in ROWS if row.metric == "us_per_job")


def rates(*pairs: tuple[float, float]) -> list[tuple[dict, dict]]:
    return [({"rate": new, "server_us": 100 / new}, {"rate": old, "server_us": 100 / old}) for new, old in pairs]


class Against(unittest.TestCase):
    def test_more_than_one_is_better_for_rates_times_and_bytes(self):
        self.assertAlmostEqual(judge(RATE, rates((110, 100))).ratio, 1.1)
        self.assertAlmostEqual(judge(RATE, rates((110, 100))).cpu, 1.1)
        self.assertAlmostEqual(judge(TIME, [({"us_per_job": 10}, {"us_per_job": 11})]).ratio, 1.1)
        for row in ROWS:
            self.assertEqual(row.more_is_better, row.metric == "rate", row.name)

    def test_ratios_are_those_of_the_rounds(self):
        drifting = rates(*((90 * drift, 100 * drift) for drift in (1, 2, 3, 4, 50)))
        self.assertAlmostEqual(judge(RATE, drifting).ratio, 0.9)
        self.assertAlmostEqual(judge(RATE, drifting).spread[1], 0.9)

    def test_a_row_is_marked_only_where_it_is_slower_for_certain(self):
        for news, worse in [((96, 95, 96, 95, 96), True),
                            ((98, 98, 98, 98, 98), False),      # within what is tolerated
                            ((90, 95, 96, 102, 105), False),    # 1 lies within the quartiles
                            ((104, 105, 104, 105, 104), False),
                            ((90, 90, 90, 90), False)]:         # too few rounds
            self.assertIs(judge(RATE, rates(*((new, 100) for new in news))).worse, worse, news)

    def test_every_row_has_a_name_of_its_own(self):
        self.assertEqual(len({row.name for row in ROWS}), len(ROWS))


if __name__ == "__main__":
    unittest.main()
