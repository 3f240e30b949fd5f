# SPDX-License-Identifier: Apache-2.0
"""The calls of the Mesos v1 scheduler API, and ids both ways."""

import ctypes
from typing import Iterator, List, NamedTuple, Sequence, Tuple, Union

from . import _abi
from ._object import Handle, Memory, blob, convert, options, raw, rows
from .constants import CallType, Format
from .errors import NotFound, Sink, check


class Call(NamedTuple):
    """An ACCEPT call: the body of a request to /api/v1/scheduler."""

    bytes: bytes
    agent_id: str
    placements: int  # how many of the plan's placements it launches
    refuse_seconds: float = 0  # its filter


class CallExecutor(NamedTuple):
    """The executor of a placement: to be recorded before the call is sent."""

    executor_id: str
    bytes: bytes  # ExecutorInfo, protobuf
    placement: int
    call: int


class CallTask(NamedTuple):
    """A task that the calls launch; `task` is the number of its row in Demand.tasks."""

    task_id: str
    placement: int
    task: int


class CallOffer(NamedTuple):
    """An offer that a call names."""

    id: str
    call: int


class CallOperation(NamedTuple):
    """An operation of a call, with CallsFlag.OPERATIONS."""

    bytes: bytes  # Offer.Operation
    call: int
    placement: int


class CallRelease(NamedTuple):
    """What a call of Cluster.release gives back: of a pod (its uid) or of a claim; `volume`: the id of the volume that
    is destroyed, or ""."""

    pod: str
    claim: str
    volume: str
    call: int


class Calls(Handle):
    """The calls that a plan becomes. Immutable; a sequence of Call."""

    _free = "calls_unref"

    @property
    def calls(self) -> List[Call]:
        return rows("calls_rows", self._pointer, _abi.Call, Call)

    @property
    def executors(self) -> List[CallExecutor]:
        return rows("calls_executors", self._pointer, _abi.CallExecutor, CallExecutor)

    @property
    def tasks(self) -> List[CallTask]:
        return rows("calls_tasks", self._pointer, _abi.CallTask, CallTask)

    @property
    def offers(self) -> List[CallOffer]:
        return rows("calls_offers", self._pointer, _abi.CallOffer, CallOffer)

    @property
    def operations(self) -> List[CallOperation]:
        return rows("calls_operations", self._pointer, _abi.CallOperation, CallOperation)

    @property
    def releases(self) -> List[CallRelease]:
        return rows("calls_releases", self._pointer, _abi.CallRelease, CallRelease)

    def __iter__(self) -> Iterator[Call]:
        return iter(self.calls)

    def __len__(self) -> int:
        return len(self.calls)

    def __getitem__(self, index):
        return self.calls[index]


class TaskId(NamedTuple):
    """uid.attempt.container.restart.nonce, taken apart; or an executor's uid.attempt.mapping."""

    uid: str
    container: str  # "" for the pause task
    nonce: str
    attempt: int
    restart: int
    mapping: int = 0  # of an executor

    @classmethod
    def parse(cls, task_id: str) -> "TaskId":
        """Raises NotFound for an id of another form: somebody else's task."""
        data, row = task_id.encode(), _abi.TaskId()
        check("task_id_parse", _abi.lib.k8sm_task_id_parse(data, len(data), ctypes.addressof(row)))
        return convert(row, cls)

    @classmethod
    def parse_executor(cls, executor_id: str) -> "TaskId":
        """The same for the id of an executor: without container and nonce."""
        data, row = executor_id.encode(), _abi.TaskId()
        check("executor_id_parse", _abi.lib.k8sm_executor_id_parse(data, len(data), ctypes.addressof(row)))
        return convert(row, cls)

    def __str__(self) -> str:
        memory = Memory()
        row = _abi.TaskId(*[memory.slice(part) for part in self[:3]], self.attempt, self.restart)
        text = ctypes.create_string_buffer(256)
        result = _abi.lib.k8sm_task_id_format(ctypes.addressof(row), ctypes.addressof(text), len(text))
        check("task_id_format", result)
        return text.value.decode()


def fill_framework(memory: Memory, roles: Sequence[str] = (), **fields) -> _abi.Framework:
    """struct k8sm_framework. Fields: name, user, principal, hostname, webui_url,
    failover_timeout_seconds, no_checkpoint, gpu_resources."""
    given = options(_abi.Framework, **fields)
    given.roles = memory.array(ctypes.c_char_p, [role.encode() for role in roles])
    given.role_count = len(roles)
    return given


def fill_overlays(memory: Memory, fields: dict) -> dict:
    """The same fields, the bytes of the overlays as slices."""
    names = fields.keys() & {"executor_overlay", "task_overlay"}
    return {**fields, **{name: memory.slice(fields[name]) for name in names}}


_SLICES = (
    "framework_id",
    "task_id",
    "agent_id",
    "executor_id",
    "uuid",
    "operation_id",
    "resource_provider_id",
    "data",
    "offer_constraints",
)


def call_encode(
    type: CallType,
    *,
    framework: dict = None,
    items: Sequence[Union[str, bytes]] = (),
    suppressed: Sequence[str] = (),
    refuse_seconds: float = -1.0,
    grace_seconds: float = -1.0,
    **fields,
) -> bytes:
    """Encodes a call.

    `framework` (fields of a FrameworkInfo) is for SUBSCRIBE and UPDATE_FRAMEWORK; what `items` are is said
    in task.h at K8SM_CALL_* (offer ids, roles, ids by turns); negative seconds leave the master's or the
    task's own. Fields: format, framework_id, task_id, agent_id, executor_id, uuid (raw bytes),
    operation_id, resource_provider_id, data (bytes), offer_constraints (bytes of that message).
    """
    memory = Memory()
    given = options(
        _abi.CallArgs,
        type=type,
        refuse_seconds=refuse_seconds,
        grace_seconds=grace_seconds,
        item_count=len(items),
        suppressed_count=len(suppressed),
    )
    for name, value in fields.items():
        setattr(given, name, memory.slice(value) if name in _SLICES else value)
    if framework is not None:
        given.framework = memory.struct(fill_framework(memory, **framework))
    given.items = memory.array(_abi.Slice, [memory.slice(item) for item in items])
    given.suppressed = memory.array(_abi.Slice, [memory.slice(role) for role in suppressed])
    return blob("call_encode", ctypes.addressof(given), None, sink=Sink())


CALL, EVENT = "mesos.v1.scheduler.Call", "mesos.v1.scheduler.Event"


def message_convert(name: str, message: bytes, source: Format, to: Format) -> bytes:
    """Rewrites a Mesos message (CALL, EVENT, …) from one format to the other."""
    message = bytes(message)
    return blob("message_convert", name.encode(), message, len(message), source, to, None, sink=Sink())


def messages(source: bytes) -> Iterator[Tuple[bytes, Format]]:
    """Cuts messages out of RecordIO, newline-separated JSON, or a single message."""
    source = bytes(source)
    offset, found, format = ctypes.c_size_t(), _abi.Slice(), ctypes.c_uint32()
    while True:
        sink = Sink()
        result = _abi.lib.k8sm_message_next(
            source, len(source), ctypes.byref(offset), ctypes.byref(found), ctypes.byref(format), sink.ref()
        )
        if result == NotFound.result:
            return
        check("message_next", result, sink.findings())
        yield raw(found), Format(format.value)


def event_type(message: bytes, format: Format) -> str:
    """The type of an Event: "OFFERS"."""
    name = ctypes.c_char_p()
    check("event_type", _abi.lib.k8sm_event_type(message, len(message), format, ctypes.byref(name)))
    return name.value.decode()
