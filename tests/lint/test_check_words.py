"""Plants each banned word in a place where it is banned and in one where it is not."""

import tempfile
import unittest
from pathlib import Path

import check_words
from cpp_text import ROOT


class CheckWords(unittest.TestCase):
    def rules(self, path: str, text: str) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, path)
            file.parent.mkdir(parents=True)
            file.write_text(text, encoding="utf-8")
            return [found.rule for found in check_words.check(Path(folder))]

    def test_the_real_tree_passes(self):
        self.assertEqual([str(found) for found in check_words.check(ROOT)], [])

    def test_banned_words(self):
        for rule, path, text in [
            ("name", "src/app/a.cpp", "class JobManager {};"),
            ("name", "include/jobqd/domain/a.hpp", "namespace string_utils {}"),
            ("sleep", "tests/app/a.cpp", "std::this_thread::sleep_for(1s);"),
            ("now", "src/engine/a.cpp", "auto t = steady_clock::now();"),
            ("random", "src/engine/a.cpp", "std::random_device d;"),
            ("number", "src/app/a.cpp", "int n = std::stoi(text);"),
            ("coroutine", "src/http/a.cpp", "co_await read();"),
            ("output", "src/engine/a.cpp", "std::cerr << 1;"),
            ("using-namespace", "src/http/a.hpp", "using namespace std;"),
            ("file-name", "src/http/JobQueue.cpp", ""),
        ]:
            with self.subTest(rule=rule, text=text):
                self.assertEqual(self.rules(path, text), [rule])

    def test_where_they_may_be(self):
        for path, text in [
            ("src/base/clock.cpp", "return steady_clock::now();"),
            ("tests/app/a.cpp", "auto t = steady_clock::now();"),
            ("src/base/random.cpp", "std::random_device device;"),
            ("src/app/usage.cpp", "std::cout << usage;"),
            ("src/http/a.cpp", "using namespace std::chrono_literals;"),
            ("src/http/a.cpp", "// never co_await\nconst char* s = \"stoi(\";  /* sleep_for */"),
        ]:
            with self.subTest(path=path, text=text):
                self.assertEqual(self.rules(path, text), [])


if __name__ == "__main__":
    unittest.main()
