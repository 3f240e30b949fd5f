# SPDX-License-Identifier: Apache-2.0
"""How objects, options, slices and rows cross between Python and C."""

import ctypes
import weakref
from typing import Optional, Tuple

from . import _abi
from .errors import Finding, Sink, check


class Handle:
    """An object of the library. It is freed when Python lets go of it."""

    _free = ""  # the function that gives it back

    def __init__(self, pointer, findings: Tuple[Finding, ...] = ()):
        self._pointer = pointer
        self.findings = findings  # notes and warnings of the call that made it
        self._finalizer = weakref.finalize(self, getattr(_abi.lib, "k8sm_" + self._free), pointer)

    @classmethod
    def _of(cls, value) -> int:
        """What C knows an object of this class by. Another one in its place would be read as what it is not."""
        if not isinstance(value, cls):
            raise TypeError(f"found {value!r}, expected a {cls.__name__}")
        return value._pointer

    @classmethod
    def _make(cls, function: str, *arguments, source: bytes = b""):
        """What a function makes, wrapped."""
        return cls(*create(function, *arguments, source=source))


def create(function: str, *arguments, source: bytes = b""):
    """Calls a function whose last arguments are `ret` and `diags`: the new object and the findings."""
    sink, pointer = Sink(), ctypes.c_void_p()
    result = getattr(_abi.lib, "k8sm_" + function)(*arguments, ctypes.byref(pointer), sink.ref())
    findings = sink.findings(source)
    check(function, result, findings, sink.omitted)
    return pointer.value, findings


class Memory:
    """Keeps what a struct points at alive for the length of a call."""

    def __init__(self):
        self._kept = []

    def slice(self, value) -> _abi.Slice:
        """A slice of str or bytes; None is the absent one."""
        if value is None:
            return _abi.Slice(None, 0)
        data = value.encode() if isinstance(value, str) else bytes(value)
        return _abi.Slice(self.bytes(data), len(data))

    def bytes(self, data: bytes) -> Optional[int]:
        """The address of the bytes, which end with a NUL."""
        self._kept.append(data)
        return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value

    def array(self, kind, values) -> Optional[int]:
        """The address of an array of structs, pointers or strings; None when there are none."""
        values = list(values)
        if not values:
            return None
        array = (kind * len(values))(*values)
        self._kept.append(array)
        return ctypes.addressof(array)

    def struct(self, struct) -> Optional[int]:
        """The address of a struct; None for None and {}, which are "all defaults"."""
        if not struct:
            return None
        self._kept.append(struct)
        return ctypes.addressof(struct)


def options(kind, **fields):
    """An option struct with its size set; str becomes UTF-8, None stays the default."""
    struct = kind(size=ctypes.sizeof(kind))
    known = {name for name, *_ in kind._fields_}
    for name, value in fields.items():
        if name not in known:
            raise TypeError(f"there is no option {name!r}: {', '.join(sorted(known - {'size', 'reserved'}))}")
        if value is not None:
            setattr(struct, name, value.encode() if isinstance(value, str) else value)
    return struct


def text(value: _abi.Slice) -> str:
    return raw(value).decode("utf-8", "surrogateescape")


def raw(value: _abi.Slice) -> bytes:
    return ctypes.string_at(value.ptr, value.len) if value.len else b""


def _field(row, name: str, kind):
    value = getattr(row, name)
    if kind is str:
        return text(value)
    if kind is bytes:
        return raw(value)
    if isinstance(value, ctypes.Structure):
        return convert(value, kind)
    return kind(value)


def convert(row, kind):
    """A C row as the NamedTuple `kind`, whose annotations say what each field becomes."""
    return kind(*[_field(row, name, as_type) for name, as_type in kind.__annotations__.items()])


def raw_rows(function: str, pointer, struct, cap: int = 32):
    """All rows of a table: one call, and a second one only if there are more than `cap`."""
    read = getattr(_abi.lib, "k8sm_" + function)
    while True:
        array = (struct * cap)()
        count = read(pointer, 0, ctypes.addressof(array), ctypes.sizeof(struct), cap)
        if count <= cap:
            return array[:count]
        cap = count


def rows_of_agent(function: str, pointer, agent, struct):
    """The rows of a function that takes an agent's id, all of them."""
    call, size = getattr(_abi.lib, "k8sm_" + function), ctypes.sizeof(struct)
    array = (struct * call(pointer, agent, 0, None, size, 0))()
    call(pointer, agent, 0, ctypes.addressof(array), size, len(array))
    return array


def rows(function: str, pointer, struct, kind) -> list:
    return [convert(row, kind) for row in raw_rows(function, pointer, struct)]


def blob(function: str, *arguments, sink: Optional[Sink] = None) -> bytes:
    """The bytes of a blob that a function makes; `sink` if it takes diagnostics too."""
    pointer = ctypes.c_void_p()
    tail = (sink.ref(),) if sink else ()
    result = getattr(_abi.lib, "k8sm_" + function)(*arguments, ctypes.byref(pointer), *tail)
    check(function, result, sink.findings() if sink else (), sink.omitted if sink else 0)
    try:
        return raw(_abi.lib.k8sm_blob_bytes(pointer))
    finally:
        _abi.lib.k8sm_blob_unref(pointer)
