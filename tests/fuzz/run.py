#!/usr/bin/env python3
"""Runs the fuzzers for some seconds together. First the canary, whose planted fault has to be found.

The inputs that reach new code are kept in the build folder and are where the next run begins. An input that breaks something is
kept in build/fuzz/found: give it to the fuzzer as its argument to see the fault again.
"""

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import seeds

HERE = Path(__file__).resolve().parent
NAMES = sorted(file.stem for file in HERE.glob("*.cpp") if file.stem not in ("require", "canary"))
CANARY = "does not hold: the canary is found"


class Fuzzers:
    def __init__(self, build: Path, seed: int):
        """With seed 0 each run is another one."""
        self.build = build
        self.seed = seed
        self.found = build / "found"
        self.found.mkdir(parents=True, exist_ok=True)
        seeds.write(build / "seeds")

    def run(self, name: str, *options: str) -> tuple[int, str]:
        """The exit code and all that the fuzzer says."""
        options += ("-max_len=4096", "-timeout=10", "-rss_limit_mb=2048", f"-artifact_prefix={self.found}/{name}-")
        if (words := HERE / f"{name}.dict").exists():
            options += (f"-dict={words}",)
        kept = self.build / "corpus" / name
        kept.mkdir(parents=True, exist_ok=True)
        command = [str(self.build / "tests" / "fuzz" / f"fuzz_{name}"), *options, str(kept), str(self.build / "seeds" / name)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        text = done.stdout.decode("utf-8", "replace")
        (self.build / f"{name}.log").write_text(text, encoding="utf-8")
        return done.returncode, text

    def canary_is_found(self) -> bool:
        for kept in (self.build / "corpus" / "canary").glob("*"):
            kept.unlink()  # every run finds it anew
        code, text = self.run("canary", "-seed=1", "-runs=1000000")
        for planted in self.found.glob("canary-*"):
            planted.unlink()
        return code != 0 and CANARY in text

    def fuzz(self, name: str, seconds: int) -> bool:
        """Whether nothing was found."""
        code, text = self.run(name, f"-max_total_time={seconds}", f"-seed={self.seed}")
        runs = re.search(r"^Done (\d+) runs", text, re.MULTILINE)
        if code == 0 and runs:
            covered = re.findall(r" cov: (\d+)", text)
            print(f"{name}: nothing found in {int(runs[1]):,} runs, which reached {covered[-1] if covered else 0} places", flush=True)
            return True
        start = re.search(r"does not hold|runtime error|ERROR: ", text)
        print(f"{name}: found something (exit code {code}); all of it is in {self.build}/{name}.log\n"
              + text[max(start.start() - 200, 0) if start else -3000:][:6000], flush=True)
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, help="where the fuzzers were built")
    parser.add_argument("seconds", type=int, help="for all of them together")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of fuzzers: " + ", ".join(NAMES))
    parser.add_argument("--seed", type=int, default=0, help="of the mutations; 0, the default, takes another one each time")
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"there is no fuzzer {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    names = given.names or NAMES

    fuzzers = Fuzzers(given.build.resolve(), given.seed)
    if not fuzzers.canary_is_found():
        print(f"the planted fault is not found, so the fuzzers find nothing: see {fuzzers.build}/canary.log")
        return 1
    print("canary: found, as it has to be", flush=True)
    at_once = min(os.cpu_count() or 1, len(names))
    seconds = max(given.seconds * at_once // len(names), 1)
    with ThreadPoolExecutor(at_once) as pool:
        good = list(pool.map(lambda name: fuzzers.fuzz(name, seconds), names))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
