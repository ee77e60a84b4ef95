"""Plants files and classes that are too large in a temporary tree and expects exactly those to be found. Tests the counting of
declarations of every kind."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import check_sizes
from cpp_classes import classes
from cpp_text import ROOT


def lines(count: int) -> str:
    return "int x;\n" * count


def function(length: int) -> str:
    return "void f() {\n" + "  g();\n" * (length - 2) + "}\n"


def with_functions(count: int) -> str:
    return "class A {\n" + "".join(f"  void f{i}();\n" for i in range(count)) + "};\n"


def with_members(count: int) -> str:
    return "struct A {\n" + "".join(f"  int a{i} = 0;\n" for i in range(count)) + "};\n"


class CheckSizes(unittest.TestCase):
    def findings(self, files: dict[str, str]) -> list[tuple[str, int, str]]:
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                file = Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            with mock.patch.multiple(check_sizes, LARGE_CLASSES=self.large, LONG_FILES=self.long, PREFIXES=self.prefixes):
                return [found[:3] for found in check_sizes.check(Path(folder))[0]]

    def setUp(self):
        self.large, self.long, self.prefixes = {}, {}, {}

    def expect(self, rule: str, path: str, text: str, line: int = 1) -> None:
        self.assertEqual(self.findings({path: text}), [(path, line, rule)])

    def expect_clean(self, path: str, text: str) -> None:
        self.assertEqual(self.findings({path: text}), [])

    def test_the_real_tree_passes(self):
        self.assertEqual([str(found) for found in check_sizes.check(ROOT)[0]], [])

    def test_main_stays_short(self):
        self.expect_clean("src/main.cpp", lines(60))
        self.expect("file-length", "src/main.cpp", lines(61), line=61)

    def test_files_have_at_most_400_lines(self):
        self.expect_clean("tests/http/a_test.cpp", lines(400))
        self.expect("file-length", "tests/http/a_test.cpp", lines(401), line=401)

    def test_functions_have_at_most_70_lines(self):
        self.expect_clean("src/http/a.cpp", function(70))
        self.expect("function-length", "src/http/a.cpp", function(71))
        self.expect("function-length", "src/http/a.cpp", "namespace jobqd {\nclass A {\n" + function(71) + "};\n}\n", line=3)
        self.expect_clean("tests/http/a_test.cpp", function(71))

    def test_functions_are_found_behind_anything(self):
        for before, after in [
            ("namespace a {\n", "}\n"),
            ("template <class T>\nclass A : public B {\n", "};\n"),
            ("A::A() : a_{1}, b_{2} {}\n", ""),
            ("constexpr char c = '{';  // {\n", ""),
            ('auto s = R"x(\n{)x";\n', ""),
            ("#define OPEN \\\n  {\n", ""),
        ]:
            with self.subTest(before=before):
                self.expect_clean("src/app/a.cpp", before + function(70) + after)
                self.expect("function-length", "src/app/a.cpp", before + function(71) + after, before.count("\n") + 1)

    def test_a_table_is_no_function(self):
        table = "const Row rows[] = {\n" + "  {1, 2},\n" * 80 + "};\n"
        self.expect_clean("src/http/a.cpp", table)
        self.expect("function-length", "src/http/a.cpp", "void f() {\n" + table + "}\n")

    def test_directives_count_for_nothing(self):
        macro = "#define JOBQD_F(x) \\\n" + "  if (x) { y; } \\\n" * 80 + "  z\n"
        self.expect_clean("src/http/a.cpp", macro + function(70))

    def test_a_class_has_at_most_25_functions(self):
        self.expect_clean("src/http/a.hpp", with_functions(25))
        self.expect("class-size", "src/http/a.hpp", with_functions(26))
        overrides = "".join(f"  int g{i}(int) const override;\n" for i in range(30))
        self.expect_clean("src/http/a.hpp", with_functions(25).replace("};", overrides + "};"))

    def test_a_class_has_at_most_12_members(self):
        self.expect_clean("src/http/a.hpp", with_members(12))
        self.expect("class-size", "src/http/a.hpp", with_members(13))

    def test_a_comment_may_give_the_reason(self):
        for comment in ("/// Size: one for each setting.\n", "/// What it is.\n///\n/// Size: it has\n/// to be.\ntemplate <class T>\n"):
            self.expect_clean("src/http/a.hpp", comment + with_members(13))
        for comment in ("/// Size:\n", "/// Size matters.\n", "/// Size: of another.\nint x;\n"):
            self.expect("class-size", "src/http/a.hpp", comment + with_members(13), line=comment.count("\n") + 1)

    def test_the_register_may_give_the_reason_and_ends_with_it(self):
        self.large = {"jobqd::A": "has to be", }
        self.long = {"src/http/b.cpp": "has to be"}
        self.prefixes = {"src/http/a": "are no room"}
        three = {"src/http/a_x.cpp": "", "src/http/a_y.cpp": "", "src/http/a.hpp": "namespace jobqd {\n" + with_members(13) + "}\n"}
        self.assertEqual(self.findings(three | {"src/http/b.cpp": lines(401)}), [])
        self.assertEqual([rule for *_, rule in self.findings({"src/http/a.hpp": ""})], ["size-register"] * 3)

    def test_three_files_do_not_share_a_prefix(self):
        two = {"src/http/json_a.cpp": "", "src/http/json_a.hpp": "", "src/http/json_b.cpp": "", "src/stores/json_c.cpp": ""}
        self.assertEqual(self.findings(two), [])
        self.assertEqual(self.findings(two | {"src/http/json.hpp": ""}), [("src/http", 1, "prefix")])
        tests = {"tests/http/json_a_test.cpp": "", "tests/http/json_test.cpp": "", "tests/http/json.hpp": ""}
        self.assertEqual(self.findings(tests), [])
        self.assertEqual(self.findings(tests | {"tests/http/json_b.cpp": ""}), [("tests/http", 1, "prefix")])

    def test_the_largest_are_named(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "src/http/a.cpp")
            file.parent.mkdir(parents=True)
            file.write_text("namespace n {\n" + with_functions(3) + with_members(2) + function(9) + "}\n", encoding="utf-8")
            text = str(check_sizes.check(Path(folder))[1])
        for words in ("class, functions +3 n::A  src/http/a.cpp:2", "class, data members +2 n::A  src/http/a.cpp:7",
                      "function, lines +9 f  src/http/a.cpp:11", "file, lines +20 +src/http/a.cpp:1"):
            self.assertRegex(text, words)


class Classes(unittest.TestCase):
    def count(self, text: str) -> dict[str, tuple[int, int, int]]:
        return {each.name: (each.functions, each.overrides, each.members) for each in classes(text)}

    def test_functions(self):
        for declaration in (
            "void f();", "int f(int a = 3, int b = g(1));", "A(int x) : x_(x), y_{x} { h(); }", "~A();", "virtual int f() const = 0;",
            "static std::map<int, B> f(const B& b);", "bool operator()(int) const;", "bool operator==(const A&) const = default;",
            "auto operator<=>(const A&) const = default;", "A& operator<<(int);", "explicit operator bool() const { return x; }",
            "template <class T, int n = (3 > 2)> T f() { if (a < b) { return {}; } }", "[[nodiscard]] int f() const noexcept(true);",
            "void f() JOBQD_REQUIRES(mutex_);", "decltype(auto) f();", "auto f() -> std::vector<int>;", "void f(std::function<void(int, int)> g);",
            "template <class T> requires std::integral<T> void f(T);", "explicit(false) A(int);", "A() = default;",
            "A(std::vector<B>&& b) : Base<B, 2>(std::move(b)), c_() {}", 'void f() { const char* s = "}"; /* } */ }', "int f() && { return '{'; }",
        ):
            with self.subTest(declaration):
                self.assertEqual(self.count(f"class A {{ public: {declaration} int z; }};"), {"A": (1, 0, 1)})

    def test_overrides_and_deleted_functions_do_not_count(self):
        self.assertEqual(self.count("class A final : public B { A(const A&) = delete; void f() const override; ~A() override { g(); } void h() final; };"),
                         {"A": (0, 3, 0)})

    def test_members(self):
        for declaration, members in (
            ("int x;", 1), ("int x = 3, y{4}, z;", 3), ("std::map<int, std::pair<A, B>> m;", 1), ("std::function<void(int)> f;", 1),
            ("std::function<void()> f = [this] { g(1, 2); };", 1), ("mutable Mutex mutex_;", 1), ("int x JOBQD_GUARDED_BY(mutex_) = 0;", 1),
            ("JOBQD_GUARDED_BY(mutex_) int x;", 1), ("static constexpr int x = 3;", 0), ("static inline std::map<int, int> m;", 0), ("std::array<int, (1 << 3)> a;", 1),
            ("int a[3];", 1), ("bool flag : 1;", 1), ("void (*f)(int, int) = nullptr;", 1), ("const char* const a = \"x;y\", *b;", 2),
            ("std::vector<int> v{1, 2, 3};", 1), ("alignas(64) std::atomic<int> x{0};", 1), ("enum { a, b } e;", 1), ("struct B* b;", 1),
            ("[[no_unique_address]] T t;", 1), ("T x = std::pair<int, int>{1, 2};", 1), ("decltype(f(1)) x;", 1),
        ):
            with self.subTest(declaration):
                self.assertEqual(self.count(f"class A {{ {declaration} void f(); }};"), {"A": (1, 0, members)})

    def test_what_is_no_member_and_no_function(self):
        for declaration in ("using X = std::map<int, int>;", "typedef int (*F)(int);", "friend class B;", "friend bool operator==(A, A) { return true; }",
                            "static_assert(sizeof(int) == 4);", "enum class E : int { a, b = f(1) };", "class B;", "struct B;", "using B::f;"):
            with self.subTest(declaration):
                self.assertEqual(self.count(f"class A {{ {declaration} int x; void f(); }};"), {"A": (1, 0, 1)})

    def test_nested_types_are_classes_of_their_own(self):
        text = """
            namespace n::m { namespace {
            template <class T> class A : public std::vector<T> {
              struct B { int x, y; void f(); struct C { int z; }; };
              struct { int u; } v_;
              union U { int a; float b; };
              class JOBQD_CAPABILITY("mutex") D final { void lock() JOBQD_ACQUIRE() { m_.lock(); } int m_; };
              B b_;
              void g() { struct Local { int x; }; }
            };
            } }
            struct n::Impl { int i; };
            template <> struct fmt::formatter<A<int>> : formatter<B> { int f(); };
        """
        self.assertEqual(self.count(text), {
            "n::m::A": (1, 0, 2), "n::m::A::B": (1, 0, 2), "n::m::A::B::C": (0, 0, 1), "n::m::A::(unnamed)": (0, 0, 1), "n::m::A::U": (0, 0, 2),
            "n::m::A::D": (1, 0, 1), "n::Impl": (0, 0, 1), "fmt::formatter": (1, 0, 0)})

    def test_outside_of_classes_nothing_counts(self):
        text = """
            enum class E { a };
            class A;
            const std::map<int, int> table = {{1, 2}};
            template <class T> struct B;
            void f(struct A* a) { class L { int x; }; }
            A::A(int x) : x_(x) {}
            std::vector<int> g() { return {1}; }
            struct Z { int z; };
        """
        self.assertEqual(self.count(text), {"Z": (0, 0, 1)})


if __name__ == "__main__":
    unittest.main()
