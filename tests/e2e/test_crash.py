"""kill -9 under load, again and again: nothing that was acknowledged is lost."""

import unittest
from pathlib import Path

from crash_harness import Harness, ready_again
from durable import sanitized, seed
from plants import PLANTS

CYCLES = 20 if sanitized() else 100  # crash_harness.py runs as many as you like


class ForgetfulHarness(Harness):
    """A disk that loses the write-ahead log of each run: the check has to notice it."""

    def start(self, folder, settings):
        Path(f"{folder.database}-wal").unlink(missing_ok=True)
        return super().start(folder, settings)


class Crash(unittest.TestCase):
    def run_harness(self, cycles: int, workers: int, processor: str = "simulate") -> None:
        harness = Harness(cycles, seed(), workers, processor=processor)
        try:
            harness.run()
        finally:
            print(harness.report(), flush=True)
        self.assertTrue(harness.good(), harness.report())

    def test_nothing_is_lost(self):
        self.run_harness(CYCLES, workers=8)

    def test_one_worker_starts_jobs_exactly_in_order(self):
        self.run_harness(max(5, CYCLES // 5), workers=1)

    def test_nothing_is_lost_with_any_kind_of_worker(self):
        for processor in PLANTS:
            if processor != "simulate":
                with self.subTest(processor):
                    self.run_harness(max(3, CYCLES // 10), workers=8, processor=processor)

    def test_the_harness_notices_lost_jobs(self):
        harness = ForgetfulHarness(cycles=3, seed=seed(), workers=8)
        harness.run()
        self.assertGreater(len(harness.history.found.lost), 0, harness.report())

    def test_it_is_ready_again_at_once(self):
        pending = 10_000 if sanitized() else 100_000
        took = ready_again(pending)
        print(f"ready again with {pending} pending after {took:.2f} s", flush=True)
        self.assertLess(took, 5 if sanitized() else 1)


if __name__ == "__main__":
    unittest.main()
