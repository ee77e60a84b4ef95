"""Finds the classes of a C++ text and counts what they declare.

A light parser of declarations, without a preprocessor: it reads tokens, skips what is in braces that belong to functions,
and looks into namespaces and types. Attribute macros (JOBQD_...) are passed over.
"""

import re
from dataclasses import dataclass, field
from typing import Iterator, Optional

from cpp_text import code_without_directives

TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.']*|::|->\*?|<=>|<=|>=|&&|\|\||\.\.\.|[^\s\w]")
NAME = re.compile(r"[A-Za-z_]\w*")
CLOSES = {"(": ")", "{": "}", "[": "]"}
CLASS_KEYS = {"class", "struct", "union"}
ACCESS = {"public", "private", "protected"}
# Words whose parentheses are not a list of parameters.
WITH_PARENTHESES = {"decltype", "alignas", "noexcept", "explicit", "requires", "__attribute__", "sizeof"}


@dataclass
class Class:
    name: str               # with its namespaces and outer classes
    line: int
    functions: int = 0      # declared here, without overrides and without deleted ones
    overrides: int = 0
    members: int = 0        # data, without static ones
    nested: list["Class"] = field(default_factory=list)

    def all(self) -> Iterator["Class"]:
        yield self
        for inner in self.nested:
            yield from inner.all()


class Parser:
    def __init__(self, text: str):
        self.tokens: list[str] = []
        self.lines: list[int] = []
        line, last = 1, 0
        code = code_without_directives(text)
        for match in TOKEN.finditer(code):
            line += code.count("\n", last, match.start())
            last = match.start()
            self.tokens.append(match.group())
            self.lines.append(line)
        self.at = 0

    # --- tokens ---------------------------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else ""

    def skip_balanced(self) -> None:
        """Skips from an opening bracket past the matching one."""
        depth = 0
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            depth += (token in CLOSES) - (token in CLOSES.values())
            if depth == 0:
                return

    def skip_angles(self) -> bool:
        """Skips from a `<` past its `>`. Skips nothing and returns false if it is an operator."""
        start, depth = self.at, 0
        while token := self.peek():
            if token in "({[":
                self.skip_balanced()
                continue
            if token in (";", "}", ")", "]", "&&", "||") and not (token == "&&" and depth):
                break
            self.at += 1
            depth += (token == "<") - (token == ">")
            if depth == 0:
                return True
        self.at = start
        return False

    def skip_prefix(self) -> bool:
        """Skips an attribute, a macro for one, or the head of a template. Returns false if there is none."""
        token = self.peek()
        if token == "[" and self.peek(1) == "[":
            self.skip_balanced()
        elif token.startswith("JOBQD_"):
            self.at += 1
            if self.peek() == "(":
                self.skip_balanced()
        elif token in ("alignas", "__attribute__") and self.peek(1) == "(":
            self.at += 1
            self.skip_balanced()
        elif token == "template" and self.peek(1) == "<":
            self.at += 1
            self.skip_angles()
            if self.peek() == "requires":
                self.skip_constraint()
        else:
            return False
        return True

    def skip_constraint(self) -> None:
        self.at += 1
        while True:
            if self.peek() == "(":
                self.skip_balanced()
            else:
                while NAME.fullmatch(self.peek()) or self.peek() in ("::", "!"):
                    self.at += 1
                    if self.peek() == "<":
                        self.skip_angles()
                    if self.peek(-1) not in ("::", "!") and self.peek() != "::":
                        break
            if self.peek() not in ("&&", "||"):
                return
            self.at += 1

    def skip_statement(self) -> None:
        """Skips past the semicolon, or past the body of a function."""
        parameters = False
        while token := self.peek():
            if token == ";":
                self.at += 1
                return
            if token in CLOSES:
                parameters = parameters or token == "("
                self.skip_balanced()
                if token == "{" and parameters and self.peek() != ";":
                    return
            elif token == "}":
                return
            else:
                self.at += 1

    # --- declarations ---------------------------------------------------------------------------------------

    def parse(self) -> list[Class]:
        found: list[Class] = []
        scopes: list[Optional[str]] = []  # None: braces without a name
        while token := self.peek():
            if token == "namespace":
                self.at += 1
                name = ""
                while self.peek() not in ("{", ";", "=", ""):
                    name += "" if self.skip_prefix() else self.take()
                if self.peek() == "{":
                    scopes.append(name or None)
                    self.at += 1
            elif token == "extern" and self.peek(1) == "{":
                scopes.append(None)
                self.at += 2
            elif token == "}":
                if scopes:
                    scopes.pop()
                self.at += 1
            elif token == "enum":
                self.skip_statement()
            elif token in CLASS_KEYS and (made := self.parse_class([name for name in scopes if name])):
                found.append(made)
            elif token in CLOSES:
                self.skip_balanced()
            elif not self.skip_prefix():
                self.at += 1
        return found

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def parse_class(self, scopes: list[str]) -> Optional[Class]:
        """Parses the definition that begins here. Reads nothing and returns None if it is not a definition."""
        start, name, bases = self.at, "", False
        self.at += 1
        while token := self.peek():
            if token == "{":
                break
            if self.skip_prefix():
                continue
            if token == "<":
                if not self.skip_angles():
                    break
                continue
            if token == ":":
                bases = True
            elif not bases and (NAME.fullmatch(token) or token == "::"):
                if token != "final":
                    name += token
            elif not bases:
                break
            elif not (NAME.fullmatch(token) or token in (",", "::", "...")):
                break
            self.at += 1
        if self.peek() != "{":
            self.at = start
            return None
        made = Class("::".join([*scopes, name or "(unnamed)"]), self.lines[start])
        self.at += 1
        self.parse_members(made)
        return made

    def parse_members(self, owner: Class) -> None:
        while token := self.peek():
            if token == "}":
                self.at += 1
                return
            if token == ";":
                self.at += 1
            elif token in ACCESS and self.peek(1) == ":":
                self.at += 2
            elif self.skip_prefix():
                pass
            elif token in ("friend", "using", "typedef", "static_assert"):
                self.skip_statement()
            elif token == "enum":
                while self.peek() not in ("{", ";", ""):
                    self.at += 1
                if self.peek() == "{":
                    self.skip_balanced()
                self.parse_declarators(owner)
            elif token in CLASS_KEYS:
                if made := self.parse_class([owner.name]):
                    owner.nested.append(made)
                    self.parse_declarators(owner)
                elif self.peek(2) == ";":
                    self.at += 3  # a declaration of a class
                else:
                    self.at += 1
                    self.parse_member(owner)
            else:
                self.parse_member(owner)

    def parse_declarators(self, owner: Class) -> None:
        """Parses what is between the closing brace of a type and its semicolon."""
        if self.peek() == ";":
            self.at += 1
        else:
            self.parse_member(owner)

    def parse_member(self, owner: Class) -> None:
        static = False
        while token := self.peek():
            if token in ("static", "constexpr") and token == "static":
                static = True
            if self.skip_prefix():
                continue
            if token == "operator":
                self.at += 1
                if self.peek() == "(":
                    self.skip_balanced()
                while self.peek() != "(" and self.peek():
                    self.at += 1
                return self.parse_function(owner)
            if token == "<" and self.skip_angles():
                continue
            if token == "(":
                if self.peek(-1) in WITH_PARENTHESES:
                    self.skip_balanced()
                    continue
                if self.peek(1) in ("*", "&"):
                    break  # a pointer to a function or an array
                return self.parse_function(owner)
            if token == "[":
                self.skip_balanced()
                continue
            if token in ("=", "{", ";", ":", ",", "}"):
                break
            self.at += 1
        count = 1
        while (token := self.peek()) and token not in (";", "}"):
            count += token == ","
            if token in CLOSES:
                self.skip_balanced()
            elif not (token == "<" and self.skip_angles()):
                self.at += 1
        owner.members += 0 if static else count

    def parse_function(self, owner: Class) -> None:
        """Parses from the list of parameters on."""
        self.skip_balanced()
        override = deleted = False
        while token := self.peek():
            override = override or token in ("override", "final")
            if token == ";":
                self.at += 1
                break
            if token == "{":
                self.skip_balanced()
                break
            if token == ":":
                self.skip_initialisers()
            elif token == "=":
                deleted = self.peek(1) == "delete"
                self.at += 2
            elif token in CLOSES:
                self.skip_balanced()
            elif token == "}":
                break
            elif not (token == "<" and self.skip_angles()):
                self.at += 1
        owner.overrides += override
        owner.functions += not override and not deleted

    def skip_initialisers(self) -> None:
        """Skips those of a constructor, up to its body."""
        self.at += 1
        while token := self.peek():
            if token in CLOSES:
                self.skip_balanced()
                if self.peek() == "...":
                    self.at += 1
                if self.peek() != ",":
                    return
            elif not (token == "<" and self.skip_angles()):
                self.at += 1


def classes(text: str) -> list[Class]:
    """Every class, struct and union that the text defines outside of functions, nested ones too."""
    return [each for outer in Parser(text).parse() for each in outer.all()]
