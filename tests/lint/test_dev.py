"""Tests of the scripts ./dev and .ci/run."""

import re
import shutil
import subprocess
import unittest

from cpp_text import ROOT

DEV = ROOT / "dev"


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(arguments, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)


class Dev(unittest.TestCase):
    def test_help_names_every_command(self):
        commands = re.findall(r"^cmd_(\w+)\(\)", DEV.read_text(encoding="utf-8"), re.MULTILINE)
        usage = run(DEV, "help")
        self.assertEqual(usage.returncode, 0)
        self.assertGreater(len(commands), 5)
        for command in commands:
            self.assertRegex(usage.stdout, rf"(?m)^  {command} ")

    def test_an_unknown_command_is_refused(self):
        answer = run(DEV, "frobnicate")
        self.assertEqual(answer.returncode, 2)
        self.assertIn("./dev help", answer.stderr)

    def test_the_lists_of_packages_are_plain_names(self):
        for need in ("run", "test", "ci"):
            names = run(DEV, "packages", need).stdout.split()
            self.assertTrue(names)
            for name in names:
                self.assertRegex(name, r"^[a-z0-9][a-z0-9.+-]+$")

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_shell_scripts_pass_shellcheck(self):
        scripts = [ROOT / "dev", ROOT / ".ci" / "run", *ROOT.glob("bench/**/*.sh"), *ROOT.glob("tests/**/*.sh")]
        answer = run("shellcheck", *map(str, scripts))
        self.assertEqual(answer.stdout, "")


if __name__ == "__main__":
    unittest.main()
