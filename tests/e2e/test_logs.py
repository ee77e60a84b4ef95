"""Logs: one line for each event, and no client can forge a line."""

import json
import unittest

from support import AT_ONCE, DaemonTest

EVIL = 'x 2026-01-01T00:00:00.000Z info  forged="\x7f" \u2028 \u202e é'


class Logs(DaemonTest):
    def run_evil_job(self, **settings):
        daemon = self.start(**(AT_ONCE | settings))
        # Ids with control characters below U+0020 are refused; all other characters have to be harmless in the log.
        self.assertEqual(daemon.enqueue({"id": EVIL.replace("\x7f", "")}).status, 202)
        daemon.wait_for_line("job done|job failed")
        daemon.stop()
        return daemon

    def test_text_lines_start_with_time_and_level_and_hold_ascii_only(self):
        daemon = self.run_evil_job()
        for line in daemon.lines:
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info |warn |error) \w[\x20-\x7e]*$")

    def test_json_lines_are_objects_and_give_ids_back_unchanged(self):
        daemon = self.run_evil_job(LOG_FORMAT="json")
        events = [json.loads(line) for line in daemon.lines]
        self.assertEqual({"time", "level", "message"} - set(events[0]), set())
        done = [event for event in events if event["message"] == "job done"]
        self.assertEqual([event["id"] for event in done], [EVIL.replace("\x7f", "")])

    def test_a_failed_job_is_told_at_debug_with_its_error(self):
        daemon = self.start(**(AT_ONCE | {"SIMULATE_FAILURE_RATE": "1"}))
        daemon.enqueue({"id": "a", "payload": "a secret"})
        daemon.wait_for_line(r'job failed id=a queue=default attempt=1 error="simulated failure"')
        self.assertNotIn("secret", daemon.log)


if __name__ == "__main__":
    unittest.main()
