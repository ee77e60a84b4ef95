"""Plants one breach of each rule in a temporary tree and expects exactly that rule to fire."""

import tempfile
import unittest
from pathlib import Path

import check_layers
from cpp_text import ROOT


class CheckLayers(unittest.TestCase):
    def findings(self, files: dict[str, str]) -> list[tuple[str, int, str]]:
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                file = Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            return [found[:3] for found in check_layers.check(Path(folder))]

    def expect(self, rule: str, path: str, text: str, line: int = 1) -> None:
        if path.endswith(".hpp") and rule != "pragma-once":
            text += "#pragma once\n"
        self.assertEqual(self.findings({path: text}), [(path, line, rule)])

    def expect_clean(self, path: str, text: str) -> None:
        self.assertEqual(self.findings({path: text}), [])

    def test_the_real_tree_passes(self):
        self.assertEqual([str(found) for found in check_layers.check(ROOT)], [])

    def test_every_edge_that_is_not_in_the_table_is_refused(self):
        layers = [layer for layer in check_layers.ALLOWED if layer != "main"]
        for layer in check_layers.ALLOWED:
            path = "src/main.cpp" if layer == "main" else f"src/{layer}/a.cpp"
            for other in layers:
                text = f"#include <vector>\n#include <jobqd/{other}/b.hpp>\n"
                with self.subTest(layer=layer, other=other):
                    if other == layer or other in check_layers.ALLOWED[layer]:
                        self.expect_clean(path, text)
                    else:
                        self.expect("layer", path, text, line=2)

    def test_the_table_has_no_cycle_and_no_sibling(self):
        for layer, others in check_layers.ALLOWED.items():
            for other in others:
                self.assertNotIn(layer, check_layers.ALLOWED[other])
        for sibling in ("processors", "stores", "http"):
            self.assertEqual(check_layers.ALLOWED[sibling], ("base", "domain", "engine"))

    def test_a_contract_keeps_to_the_layers_too(self):
        self.expect("layer", "include/jobqd/domain/a.hpp", "#include <jobqd/engine/store.hpp>\n")

    def test_an_unknown_layer_is_refused(self):
        self.expect("layer", "src/util/a.cpp", "int x;\n")

    def test_private_headers_stay_in_their_layer(self):
        self.expect("private-header", "src/app/a.cpp", '#include "http/connections/session.hpp"\n')
        self.expect_clean("src/http/a.cpp", '#include "http/connections/session.hpp"\n')

    def test_private_headers_are_named_by_their_path(self):
        self.expect("include-path", "src/http/a.cpp", '#include "session.hpp"\n')
        self.expect("include-path", "src/http/a.cpp", '#include "../http/session.hpp"\n')

    def test_a_contract_includes_contracts_only(self):
        self.expect("public-header", "include/jobqd/http/a.hpp", '#include "http/connections/session.hpp"\n')

    def test_rooms_of_the_stores_do_not_see_each_other(self):
        rooms = ("embedded", "sqlite", "postgres")
        for room in rooms:
            for other in rooms:
                with self.subTest(room=room, other=other):
                    path, text = f"src/stores/{room}/a.cpp", f'#include "stores/{other}/b.hpp"\n'
                    self.expect_clean(path, text) if room == other else self.expect("room", path, text)
        self.expect_clean("src/stores/open.cpp", '#include "stores/sqlite/b.hpp"\n')
        self.expect_clean("src/stores/postgres/a.cpp", '#include "stores/shared.hpp"\n')

    def test_stores_and_their_journals_stand_on_the_journal_which_sees_neither(self):
        for room in ("embedded", "sqlite", "postgres"):
            with self.subTest(room=room):
                self.expect_clean(f"src/stores/{room}/a.cpp", '#include "stores/journal/journal.hpp"\n')
                self.expect("room", "src/stores/journal/a.hpp", f'#include "stores/{room}/b.hpp"\n', line=1)

    def test_fences(self):
        for header, outside, inside in [
            ("boost/beast/core.hpp", "src/engine/a.cpp", "src/http/a.cpp"),
            ("boost/asio.hpp", "src/app/a.cpp", "src/processors/push/a.cpp"),
            ("boost/asio/ip/tcp.hpp", "src/processors/exec/exec.cpp", "src/processors/push/client.cpp"),
            ("nlohmann/json.hpp", "src/app/a.cpp", "src/http/bodies/a.cpp"),
            ("sqlite3.h", "src/stores/embedded/job_table.cpp", "src/stores/sqlite/database.cpp"),
            ("libpq-fe.h", "src/stores/embedded/a.cpp", "src/stores/postgres/a.cpp"),
            ("spdlog/logger.h", "src/app/logging/log.hpp", "src/app/logging/log.cpp"),
            ("CLI/CLI.hpp", "src/main.cpp", "src/app/settings/config.cpp"),
            ("toml++/toml.h", "src/http/a.cpp", "src/app/settings/config.cpp"),
        ]:
            with self.subTest(header=header):
                self.expect("fence", outside, f"#include <{header}>\n")
                self.expect_clean(inside, f"#include <{header}>\n")

    def test_headers_have_a_guard(self):
        self.expect("pragma-once", "src/http/a.hpp", "// #pragma once\n")
        self.expect("pragma-once", "tests/support/a.hpp", "int x;\n")


if __name__ == "__main__":
    unittest.main()
