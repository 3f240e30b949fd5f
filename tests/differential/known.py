# SPDX-License-Identifier: Apache-2.0
"""The differences that are fine: those that a line of differences.def describes."""
import ast
import collections
import re


class Differences:
    """Those that are known, and how often each was met; those that are not."""
    LINE = re.compile(r"^DIFFERENCE(\(.*?\"\))$", re.M | re.S)  # adjacent strings are one, as in C

    def __init__(self, path):
        rows = [ast.literal_eval(found) for found in self.LINE.findall(open(path, encoding="utf-8").read())]
        self.known = [(re.compile(pattern, re.S), what) for pattern, what, _ in rows]
        self.met = collections.Counter()
        self.new = collections.OrderedDict()
        self.count = 0

    # What a difference may come from, and can't be seen in it.
    REMARKS = ((re.compile(rb"\xc2\x85|\\u0085|\\N"), "NEL"), (re.compile(rb"\xe2\x80[\xa8\xa9]|\\u202[89]|\\[LP]"), "LS"),
               (re.compile(rb".\xef\xbb\xbf|\\ufeff", re.S), "BOM"), (re.compile(rb"\x7f|\\u007f"), "DEL"),
               (re.compile(rb"![^ \n]*[],[{}]"), "TAG"),
               (re.compile(rb"fieldsV1"), "RAW"), (re.compile(rb'[dD]ata"?: ?\{[^}]*null'), "BYTES"))

    def add(self, what, document):
        """what: one line that says where and how the two differ."""
        if not what.startswith(("validation", "a stored object")):
            what += "".join(f" ({remark})" for pattern, remark in self.REMARKS if pattern.search(document))
        for pattern, name in self.known:
            if pattern.fullmatch(what):
                self.met[name] += 1
                return
        self.count += 1
        seen = self.new.setdefault(re.sub(r"\[\d+\]", "[]", what), [0, document])
        seen[0] += 1
        if self.length(document) < self.length(seen[1]):
            seen[1] = document

    @staticmethod
    def length(document):
        """Texts are shown rather than protobuf."""
        return len(document) + (1 << 20 if document.startswith(b"k8s\0") else 0)
