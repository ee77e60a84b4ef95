"""`jobqd backup` of a running daemon, and daemons that are started on the copy."""

import fcntl
import os
import random
import threading
import unittest

from crash_harness import SETTINGS, Client
from durable import SEVERAL_WORKERS_MS, Folder, Life, all_jobs, command, drain, sanitized, seed, torture
from history import History


class Backup(unittest.TestCase):
    def keep_one_job(self, folder):
        """Leaves a file with one job, on which no daemon runs."""
        life = Life(folder.database)
        life.enqueue({"id": "kept", "delay": "1h"})
        self.assertEqual(life.end(), 0)

    def test_a_copy_holds_all_that_was_acknowledged_before_it_began(self):
        chance = random.Random(seed())
        history = History(tolerance_ms=SEVERAL_WORKERS_MS)
        rounds = 30 if torture() else 2 if sanitized() else 5
        with Folder() as folder:
            life = Life(folder.database, **SETTINGS)
            clients = [Client(life.port, history, chance.getrandbits(64), f"c{i}") for i in range(4)]
            for client in clients:
                client.start()
            for number in range(rounds):
                threading.Event().wait(chance.uniform(0.05, 0.3))
                # Jobs that are removed meanwhile may be in the copy or not; finished ones may have been dropped by retention.
                owed = set(history.open)
                copy = folder.path / f"copy-{number}.db"
                made = command("backup", folder.database, copy)
                self.assertEqual(made.returncode, 0, made.stderr)
                self.restore(copy, owed, history)
            self.assertEqual([client.failure for client in clients], [None] * 4)
            life.kill()
            for client in clients:
                client.join()
            life = Life(folder.database, **SETTINGS)
            drain(life)
            history.check(all_jobs(life), at_the_end=True)
            self.assertTrue(history.found.none(), history.found.examples())
            self.assertEqual(life.end(), 0)
            print(f"{rounds} copies under load, {history.acknowledged} acknowledged, {history.found.summary()}", flush=True)

    def restore(self, copy, owed: set, history: History) -> None:
        check = command("check", copy)
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)
        self.assertIn("sound", check.stdout)
        life = Life(copy, **SETTINGS)
        there = {job["payload"]["k"] for job in all_jobs(life)}
        missing = {key for key in owed - there if not history.sent[key].maybe_removed}
        self.assertEqual(missing, set())
        drain(life)
        self.assertEqual(life.end(), 0)
        copy.unlink()

    def test_leftovers_of_an_interrupted_backup_do_no_harm(self):
        with Folder() as folder:
            life = Life(folder.database, **SETTINGS)
            life.enqueue({"id": "kept", "delay": "1h"})
            copy = folder.path / "copy.db"
            partial = folder.path / "copy.db.partial"
            for left in (partial, folder.path / "copy.db.partial-journal"):
                left.write_bytes(b"half of a copy")
                left.chmod(0o600)
            with open(partial, "rb") as busy:
                fcntl.flock(busy, fcntl.LOCK_EX)
                refused = command("backup", folder.database, copy)
                self.assertEqual((refused.returncode, refused.stderr),
                                 (1, f"jobqd: cannot write {copy}: another backup is writing it\n"))
            made = command("backup", folder.database, copy)
            self.assertEqual(made.returncode, 0, made.stderr)
            self.assertIn("1 queued", command("check", copy).stdout)
            self.assertEqual(list(folder.path.glob("copy.db.*")), [])
            self.assertEqual(life.end(), 0)

    def test_a_file_that_no_backup_has_left_is_neither_used_nor_changed(self):
        with Folder() as folder:
            life = Life(folder.database, **SETTINGS)
            copy = folder.path / "copy.db"
            partial = folder.path / "copy.db.partial"

            def readable():
                partial.write_bytes(b"")
                partial.chmod(0o644)

            def second_name():
                (folder.path / "precious").write_bytes(b"precious")
                (folder.path / "precious").chmod(0o600)
                os.link(folder.path / "precious", partial)

            kinds = [readable, second_name, partial.mkdir, lambda: os.mkfifo(partial, 0o600),
                     lambda: partial.symlink_to(folder.path / "precious")]
            for kind in kinds:
                kind()
                refused = command("backup", folder.database, copy)
                self.assertEqual(refused.returncode, 1, kind)
                self.assertIn(f"jobqd: cannot write {copy}: {partial}", refused.stderr)
                self.assertFalse(copy.exists())
                if partial.is_dir():
                    partial.rmdir()
                else:
                    partial.unlink()
            self.assertEqual((folder.path / "precious").read_bytes(), b"precious")
            self.assertEqual(life.end(), 0)

    def test_check_and_backup_leave_no_file_behind(self):
        with Folder() as folder:
            self.keep_one_job(folder)
            before = set(folder.path.iterdir())
            self.assertEqual(command("check", folder.database).returncode, 0)
            self.assertEqual(set(folder.path.iterdir()), before)
            copy = folder.path / "copy.db"
            self.assertEqual(command("backup", folder.database, copy).returncode, 0)
            self.assertEqual(set(folder.path.iterdir()), before | {copy})

    def test_check_prints_what_a_file_holds_on_one_line(self):
        import sqlite3  # pylint: disable=import-outside-toplevel
        with Folder() as folder:
            self.keep_one_job(folder)
            with sqlite3.connect(folder.database) as database:
                database.execute("UPDATE jobs SET id = ?", ('x"\nsound\n\x1b[2J',))
            database.close()
            check = command("check", folder.database)
            self.assertEqual(check.returncode, 1)
            self.assertEqual(check.stdout.splitlines()[1:], [
                r'damaged: job number 1, id "x\"\nsound\n\u001b[2J": the checksum does not fit', "not sound"])

    def test_check_reports_the_content_of_a_live_file(self):
        with Folder() as folder:
            life = Life(folder.database, **SETTINGS)
            life.enqueue([{"id": f"job-{i}", "delay": "1h"} for i in range(7)])
            check = command("check", folder.database)
            self.assertEqual(check.returncode, 0, check.stderr)
            self.assertIn("schema version 4, 7 queued, 0 running, 0 done, 0 failed\nsound\n", check.stdout)
            self.assertEqual(life.enqueue({"id": "later"}).status, 202)
            self.assertEqual(life.end(), 0)

    def test_a_newer_file_is_refused_by_name_and_left_alone(self):
        import sqlite3  # pylint: disable=import-outside-toplevel
        with Folder() as folder:
            self.keep_one_job(folder)
            with sqlite3.connect(folder.database) as database:
                database.execute("PRAGMA user_version = 99")
            database.close()
            before = folder.database.read_bytes()
            life = Life(folder.database, wait=False)
            self.assertEqual(life.wait(), 1)
            self.assertRegex(life.log, r"jobqd: cannot open \S+: the file has schema version 99, made by a newer jobqd")
            self.assertEqual(folder.database.read_bytes(), before)


if __name__ == "__main__":
    unittest.main()
