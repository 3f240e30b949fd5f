# SPDX-License-Identifier: Apache-2.0
"""YAML: values in many ways of writing them, and small documents of every form that a reader must know."""
import json
import re

SAFE = re.compile(r"[A-Za-z][A-Za-z0-9_./]*\Z")
WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def quoted(text):
    """Double quotes, with JSON's escapes but for those of pairs of surrogates, which YAML does not have."""
    out = []
    for c in text:
        escape = c in '"\\' or ord(c) < 32 or ord(c) in (0x7f, 0x85, 0xa0, 0x2028, 0x2029, 0xfeff)
        out.append(json.dumps(c)[1:-1] if escape else c)
    return '"' + "".join(out) + '"'


def number(n, rng):
    forms = [str(n)] * 6
    if isinstance(n, int):
        size, sign = abs(n), "-" if n < 0 else ""
        forms += [f"{n}.0", f"{sign}0x{size:x}", f"{sign}0o{size:o}", f"{sign}0{size:o}", f"{sign}0b{size:b}"]
        if n >= 10:
            forms += [f"{n // 10}_{n % 10}", f"+{n}"]
    return rng.choice(forms)


class Writer:
    def __init__(self, rng):
        self.rng = rng
        self.anchors = 0

    def document(self, value):
        text = self.node(value, 0, "")
        before = self.rng.choice(["", "", "", "---\n", "# comment\n", "\ufeff", "%YAML 1.1\n---\n"])
        after = self.rng.choice(["", "", "", "...\n", "# end\n"])
        text = before + text.lstrip("\n") + after
        return text.replace("\n", "\r\n") if self.rng.random() < 0.1 and "|" not in text else text

    def scalar(self, value):
        rng = self.rng
        if value is None:
            return rng.choice(["null", "~", "Null", "NULL", ""])
        if isinstance(value, bool):
            return rng.choice(["true", "True", "TRUE", "yes", "on", "y"] if value else ["false", "False", "no", "Off", "n"])
        if isinstance(value, (int, float)):
            return number(value, rng)
        if SAFE.match(value) and value.lower() not in WORDS and rng.random() < 0.8:
            return value
        printable = all(32 <= ord(c) < 127 for c in value)
        return "'" + value.replace("'", "''") + "'" if printable and rng.random() < 0.3 else quoted(value)

    def flow(self, value):
        if isinstance(value, dict):
            return "{" + ", ".join(self.key(k) + ": " + self.flow(v) for k, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self.flow(v) for v in value) + "]"
        return "null" if value is None else self.scalar(value)

    def key(self, text):
        return text if SAFE.match(text) and text.lower() not in WORDS else quoted(text)

    def node(self, value, indent, lead):
        """A value behind "key:" or "-"; lead: the blank between them."""
        rng = self.rng
        if not isinstance(value, (dict, list)):
            if isinstance(value, str) and "\n" in value and re.match(r"[a-z][ -~\n]*[a-z]\n?\Z", value) and lead:
                pad = " " * (indent + 1)
                chomp = "" if value.endswith("\n") else "-"
                return lead + "|" + chomp + "\n" + "".join(pad + s + "\n" if s else "\n" for s in value.split("\n")[:-1 if not chomp else None])
            return lead + self.scalar(value) + rng.choice(["\n"] * 8 + [" # c\n", "  \n"])
        if not value or rng.random() < 0.08:
            return lead + self.flow(value) + "\n"
        pad = " " * indent
        out = ["\n"]
        step = rng.choice([2, 2, 2, 4, 1])
        if isinstance(value, dict):
            for k, v in value.items():
                same = isinstance(v, list) and rng.random() < 0.5
                out.append(pad + self.key(k) + ":" + self.node(v, indent if same else indent + step, " "))
        elif self.mergeable(value) and rng.random() < 0.5:
            self.anchors += 1
            out.append(f"{pad}- &m{self.anchors}" + (self.node(value[0], indent + 2, " ") or "\n"))
            for v in value[1:]:
                own = {k: x for k, x in v.items() if k not in value[0] or value[0][k] != x}
                out.append(f"{pad}- <<: *m{self.anchors}\n")
                out += [f"{pad}  {self.key(k)}:" + self.node(x, indent + 4, " ") for k, x in own.items()]
        else:
            for v in value:
                out.append(pad + "-" + self.node(v, indent + step, " "))
        return "".join(out)

    @staticmethod
    def mergeable(items):
        """Objects that all have what the first one has, if with other values."""
        return len(items) > 1 and all(isinstance(v, dict) and v for v in items) and \
            all(set(items[0]) <= set(v) for v in items) and "<<" not in items[0]


SCALARS = [
    "", "~", "null", "Null", "NULL", "nULL", "y", "Y", "n", "N", "yes", "Yes", "YES", "yEs", "no", "on", "On", "off", "OFF",
    "true", "True", "TRUE", "tRUE", "false", "0", "-0", "+0", "00", "01", "010", "08", "09", "0x", "0x1f", "0X1F", "-0x1f",
    "0o17", "0O17", "0o8", "0b11", "0B11", "0b2", "-0b11", "1_000", "_1", "1_", "__", "0x_1f", "1__0", "+1", "-1", "1.", ".5",
    "-.5", "+.5", "1.5", "01.5", "1e3", "1E3", "1e+3", "1e-3", "1e", "e1", "1.e1", ".e1", "1.5e300", "1e400", "-1e400",
    "1e-400", ".inf", ".Inf", ".INF", "-.inf", "+.inf", ".nan", ".NaN", ".NAN", "inf", "nan", "Infinity", "12:30", "1:30:00",
    "-1:30", "190:20:30.15", "1:60", "2001-01-01", "2001-1-1", "2001-01-01T00:00:00Z", "2001-01-01 00:00:00",
    "2001-01-01t00:00:00-05:00", "2001-13-01", "=", "<<", "!", "1,000", "0.1", "0.10", "100000000000000000000", "1e20", "1e21",
    "123456789012345678", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
    "18446744073709551615", "18446744073709551616", "0xffffffffffffffff", "0x10000000000000000", "0777777777777777777777",
    "0.30000000000000004", "1.7976931348623157e308", "4.9e-324", "0.000001", "0.0000001", "1.0", "1.50", "-0.0", "0.0",
    "1e6", "1e22", "123456.789e3", "a", "a b", "a:b", "a#b", "http://x:80/", "x y z", "-a", "?a", ":a", "-", "a-", "...", "a\\b",
    "'single'", '"double"', "'it''s'", '"\\n\\t\\u00e4\\x41\\/"', '"a\\\n  b"', "!!str 1", "!!str true", "!!str ~", "!!int 1",
    "!!int '1'", "!!int 0x10", "!!int a", "!!float 1", "!!float '1.5'", "!!bool true", "!!bool 'yes'", "!!bool yes", "!!null ''",
    "!!null ~", "!!binary aGVsbG8=", "!!binary 'aGVs\n  bG8='", "!!binary ä", "!!binary /w==", "!foo bar", "!foo 1", "!<tag:yaml.org,2002:str> 1",
    "!!timestamp 2001-01-01", "!!set {a, b}", "!!map {a: 1}", "!!seq [1]", "!!omap [a: 1]", "!!str [1]", "!!map [1]", "|\n  a\n  b",
    "|-\n  a\n  b\n", "|+\n  a\n\n", ">\n  a\n  b\n\n  c\n", ">-\n  a\n   b\n  c", "|2\n   a\n", "[1, 2]", "[1, 2, ]", "{a: 1, b: 2}",
    "{a, b: }", "[a: 1]", "{? a : b}", "? a\n: b", "[]", "{}", "[[]]", "\"\\ud83d\\ude00\"", "\"\\U0001f600\"", "\"\\N\\_\\L\\P\\e\\0\"",
    "\u00e4", "\U0001f600", "a\tb", "\ta", "a\t", "'a\n\n  b'", "\"a\n\n  b\"", "a\n  b", "%a", "@a", "`a", "&a b", "*a", "&a", "&a 1",
    "1 2", "0.1.2", "1.2.3.4", "1-2", "0xg", "0b", "0o", "-", "--", "+", ".", "..", "1.5.", "1e3.5", "0e0", "0x1.8p1", "1d", "1f",
    "0_", "0x_", "-_1", "1_000.5", "1.5_0", "1e1_0", "0b1_1", "0o1_7", "0_7", "+0x10", "+010", "-010", "-0o10", "+0b1", "++1", "-+1",
]
DOCUMENTS = [
    "a: 1\na: 2", "a: 1\nA: 2", "{a: 1, a: 2}", "1: a\n'1': b", "true: a\ntrue: b", "true: a\n'true': b", "1: a", "1.5: a", "1.0: a",
    "0x10: a", "010: a", "yes: a", "~: a", "null: a", ": a", "? : a", "[1]: a", "{a: 1}: b", "? [1]\n: a", "2001-01-01: a", ".inf: a",
    "1e3: a", "1e400: a", "18446744073709551615: a", "-1: a", "!!binary aGk=: a", "'': a", "<<: {a: 1}\nb: 2", "<<: {a: 1}\na: 2",
    "a: 2\n<<: {a: 1}", "<<: [{a: 1}, {a: 2, b: 3}]", "<<: 1", "<<: [1]", "<<: ~", "<<: []", "<<: {<<: {a: 1}}", "'<<': {a: 1}", "\"<<\": {a: 1}",
    "!!str <<: {a: 1}", "!!merge <<: {a: 1}", "<<: {a: 1}\n<<: {b: 2}", "<<: {a: 1}\n<<: {a: 2}", "x: &x {a: 1}\ny:\n  <<: *x\n  b: 2",
    "x: &x {a: 1}\ny: &y {b: 2}\nz:\n  <<: [*x, *y]", "x: &x [{a: 1}]\nz:\n  <<: *x", "x: &x 1\ny: *x", "x: *x", "x: &x [*x]", "x: &x {a: *x}",
    "x: &x 1\ny: &x 2\nz: *x", "&x a: 1\nb: *x", "&k a: 1\n*k : 2", "*k : 2", "a: &e\nb: *e", "a: &e ''\nb: *e", "- &a 1\n- *a", "&r [1, 2]",
    "a: b: c", "a:\n\tb: 1", "a:\n  b: 1\n c: 2", "a: [1", "a: {b", "a: 'x", "a: \"x", "a: \"\\z\"", "- a\nb: 1", "a: 1\n- b", "a", "- a\n- b", "",
    "# only\n", "---\n", "---\n---\n", "--- a\n", "a: 1\n---\nb: 2", "a: 1\n...\nb: 2", "a: 1\n...\n", "%YAML 1.1\n---\na: 1", "%YAML 1.2\n---\na: 1",
    "%YAML 2.0\n---\na: 1", "%TAG ! tag:x,2000:\n---\na: !foo 1", "%FOO bar\n---\na: 1", "%YAML 1.1\na: 1", "\ufeffa: 1", "a: \ufeffb", "a: 1\r\nb: 2\r\n", "a: 1\rb: 2",
    "a: |\r\n  x\r\n  y\r\n", "a: 'x\r\n  y'", "a: 1\u0085b: 2", "a: x\u2028y", "a:  \t1", "a:\t1", "a: 1\t", "\ta: 1", "a: [\t1]", "-\ta", "- \ta", "-\t-\ta", "a:\n  - b\n\t- c",
    "a: |\n\tx", "a: |\n  \tx\n", "a: >\n  x\n\ty", "a: \"\tx\"", "? a\n? b", "? |\n  a\n: b", "{a: [b, {c: d}], e: 'f'}", "[{a: 1}, [b]]", "{a: 1,, b: 2}", "[,]", "[a,,b]",
    "{a: }", "{: a}", "{\"a\":1}", "{\"a\" :1}", "{'a':1}", "{a:1}", "[a:1]", "{a: b: c}", "a: !!str\nb: !!int", "a: !!str ", "!!map\na: 1", "a: &x !!str 1\nb: *x",
    "a: !!str &x 1\nb: *x", "a: - b", "a: -b", "a: ? b", "a: 'b' c", "a: \"b\" c", "a: [1] c", "'a': 1", "\"a\": 1", "a : 1", "a:1", "a :1", "a:  1  ", "a: b #c", "a: b#c", "a: #c",
    "a: 'b'#c", "x: \"\\x00\"", "x: \"\\0\"", "\"\\0\": x", "x: \x01", "x: \x7f", "x: \x00", "a: >1\n b\n", "a: |0\n b\n", "a: |9\n b\n", "a: |-1\n  b\n", "a: |x\n b\n", "a: |  # c\n  b\n",
    "a:\n- b\n- c", "a:\n  - b\n - c", "- - - a", "- a: 1\n  b: 2", "- a: 1\n b: 2", "-\n  a: 1", "- # c\n  a", "a: # c\n  b: 1", "a: 1 # c\n# d\nb: 2", "'a\n b': 1", "\"a\\\n b\": 1",
    "a" * 1024 + ": 1", "a" * 1025 + ": 1", "? " + "a" * 2000 + "\n: 1", "{" + "a" * 1025 + ": 1}", "!!float 1: a", "!!int '1': a", "!!null '': a", "a: !!binary\nb: 1", "!!bool no: a",
    "- !!merge <<", "<<", "- <<", "[<<]", "{<<}", "a: <<", "<<:", "<<: {}", "<<: *a", "a: &a {<<: *a}", "=: 1", "y: 1\ny: 2", "0x1: a\n1: b", "1.0: a\n1: b", "1_0: a\n10: b",
]


def document(rng):
    """A small document, by chance."""
    chance = rng.random()
    if chance < 0.5:
        key = rng.choice(["a", "a", "b", "1", "true", "'q'", rng.choice(SCALARS)])
        return key + ": " + rng.choice(SCALARS)
    if chance < 0.6:
        return "- " + rng.choice(SCALARS) + "\n- " + rng.choice(SCALARS)
    if chance < 0.7:
        return rng.choice(DOCUMENTS) + "\n" + rng.choice(DOCUMENTS)
    if chance < 0.8:
        return "x:\n" + "".join("  " + line + "\n" for line in rng.choice(DOCUMENTS).split("\n"))
    text = rng.choice(DOCUMENTS + SCALARS)
    for _ in range(rng.choice([1, 1, 2, 3])):
        at = rng.randrange(len(text) + 1)
        piece = rng.choice(list(" \t\n\r:-?#,[]{}&*!|>'\"%@`~<=0159aefxob_.+/\\") + ["\n  ", ": ", "- ", " #", "\u00e4", "\u2028", "<<: ", "&a ", "*a"])
        text = text[:at] + piece + text[at + rng.choice([0, 0, 1, 2]):]
    return text


def scalar(rng):
    """A plain scalar that is close to something other than text."""
    if rng.random() < 0.3:
        text = rng.choice(SCALARS)
        at = rng.randrange(len(text) + 1)
        return text[:at] + rng.choice("0123456789.eE+-_xobXOB:~nyNYaAfF ") + text[at + rng.choice([0, 1]):]
    alphabet = rng.choice(["0123456789", "0123456789.", "0123456789.eE+-", "01234567_", "xob0123456789abcdefABCDEF_", "-+.0123456789_eE",
                           "0123456789:.", "0123456789-T:Z ", ".infINFna+-", "yesnoYESNOtrufalNl~"])
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(1, rng.choice([3, 5, 8, 24]))))
