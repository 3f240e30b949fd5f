# SPDX-License-Identifier: Apache-2.0
"""What went wrong: findings, and one exception for each result of the C library."""

import ctypes
from typing import NamedTuple, Tuple

from . import _abi
from .constants import Severity


class Finding(NamedTuple):
    """One finding of a call: what is wrong, where, and what was expected."""

    code: int
    name: str  # of the code: "FIELD_REQUIRED"
    severity: Severity
    path: str  # "spec.containers[0].image"; "" when no field is meant
    message: str
    document: int  # in a stream of several, from 0
    line: int  # from 1; 0: not known
    column: int

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.path}: {self.message}" if self.path else f"{place}{self.message}"


class Error(Exception):
    """A call failed. `findings` tells what was found, not only the first: up to 512 of them;
    `omitted` is how many more there were."""

    result = 0

    def __init__(self, function: str, findings: Tuple[Finding, ...] = (), omitted: int = 0):
        self.function = function
        self.findings = findings
        self.omitted = omitted
        worst = [str(f) for f in findings if f.severity == Severity.ERROR]
        name = _abi.lib.k8sm_result_name(self.result).decode()
        if omitted:
            worst.append(f"and {omitted} more")
        super().__init__("; ".join(worst) if worst else f"{function}: {name}")


class OutOfMemory(Error, MemoryError):
    """An allocation failed; nothing changed."""

    result = -1


class BadSyntax(Error, ValueError):
    """Bytes that are not what they should be."""

    result = -2


class Invalid(Error, ValueError):
    """Well-formed, and wrong: a finding names the field."""

    result = -3


class Unsupported(Error):
    """Right, and not possible here."""

    result = -4


class LimitExceeded(Error):
    """Beyond a limit of the options."""

    result = -5


class WrongState(Error):
    """Not now: the object is in another state, or has moved on."""

    result = -6


class AbiMismatch(Error):
    """A struct that the library does not understand: package and library do not fit."""

    result = -7


class NotFound(Error, LookupError):
    """No such thing."""

    result = -8


_BY_RESULT = {
    kind.result: kind
    for kind in (OutOfMemory, BadSyntax, Invalid, Unsupported, LimitExceeded, WrongState, AbiMismatch, NotFound)
}


class Sink:
    """The memory that findings of one call are written to."""

    ROWS, TEXT = 512, 65536

    def __init__(self):
        self.rows = (_abi.Diag * self.ROWS)()
        self.text = ctypes.create_string_buffer(self.TEXT)
        self.diags = _abi.Diags(
            size=ctypes.sizeof(_abi.Diags),
            row_size=ctypes.sizeof(_abi.Diag),
            rows=ctypes.addressof(self.rows),
            cap=self.ROWS,
            text=ctypes.addressof(self.text),
            text_cap=self.TEXT,
        )

    def ref(self):
        return ctypes.byref(self.diags)

    @property
    def omitted(self) -> int:
        """How many findings there was no room for."""
        return max(0, self.diags.count - self.ROWS)

    def findings(self, source: bytes = b"") -> Tuple[Finding, ...]:
        """The findings so far; those with a path and no line get it from the source text."""
        if source:
            _abi.lib.k8sm_diags_locate(self.ref(), source, len(source), None)  # without memory: no lines
        return tuple(self._finding(row) for row in self.rows[: min(self.diags.count, self.ROWS)])

    def _finding(self, row) -> Finding:
        name = _abi.lib.k8sm_diag_name(row.code)
        return Finding(
            row.code,
            name.decode() if name else "",
            Severity(row.severity),
            self._text(row.path).decode(errors="replace"),
            self._text(row.message).decode(errors="replace"),
            row.document,
            row.line,
            row.column,
        )

    def _text(self, offset: int) -> bytes:
        return ctypes.string_at(ctypes.addressof(self.text) + offset)


def locate(source: bytes, path: str, document: int = 0) -> Tuple[int, int]:
    """Line and column of a field of a YAML or JSON text, or (0, 0)."""
    line, column = ctypes.c_uint32(), ctypes.c_uint32()
    result = _abi.lib.k8sm_locate(
        source, len(source), document, path.encode(), ctypes.byref(line), ctypes.byref(column)
    )
    return (line.value, column.value) if result == 0 else (0, 0)


def check(function: str, result: int, findings: Tuple[Finding, ...] = (), omitted: int = 0) -> None:
    """Raises what a negative result means."""
    if result < 0:
        raise _BY_RESULT.get(result, Error)(function, findings, omitted)
