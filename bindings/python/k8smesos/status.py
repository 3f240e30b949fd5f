# SPDX-License-Identifier: Apache-2.0
"""Demand + what happened → Status: the PodStatus, and what to do next."""

import ctypes
from typing import Iterable, List, NamedTuple, Optional, Union

from . import _abi
from ._object import Handle, Memory, blob, convert, options, rows
from .constants import ActionType, ChangeType, Format, PatchKind, State
from .demand import Demand
from .errors import check

NEVER = 2**64 - 1


class Change(NamedTuple):
    """Something that happened to a pod; see struct k8sm_change for what each type reads."""

    type: ChangeType
    text: Union[str, bytes] = b""
    format: Format = Format.AUTO  # of an UPDATE
    agent_id: str = ""
    number: int = 0
    mono_ms: int = 0
    wall_ms: int = 0
    demand: Optional[Demand] = None
    address: str = ""


class Summary(NamedTuple):
    """A pod's status in a line."""

    phase: str
    shown: str  # as kubectl's STATUS column
    message: str
    agent_id: str
    hostname: str
    pod_ip: str
    ready: int
    containers: int
    restarts: int
    finished: bool
    created_wall_ms: int
    started_wall_ms: int


class ContainerStatus(NamedTuple):
    name: str
    reason: str
    message: str
    task: int
    state: State
    ready: bool
    restarts: int
    exit_code: int
    signal: int
    started_wall_ms: int
    finished_wall_ms: int


class Action(NamedTuple):
    """What to do next; see K8SM_ACTION_* for what each type says."""

    task_id: str
    agent_id: str
    uuid: bytes
    type: ActionType
    task: int
    restart: int
    at_mono_ms: int
    grace_seconds: int


class Status(Handle):
    """What is known of a pod under way. Immutable: apply() makes the next one."""

    _free = "status_unref"

    @classmethod
    def new(cls, demand: Demand, **fields) -> "Status":
        """Pending, nothing placed. Fields: backoff_base_ms, backoff_cap_ms, backoff_reset_ms."""
        given = options(_abi.StatusOptions, **fields)
        return cls._make("status_new", Demand._of(demand), ctypes.addressof(given))

    @classmethod
    def load(cls, demand: Demand, saved: bytes, **fields) -> "Status":
        """What save() wrote: a row with everything, and those since, one after the other."""
        given = options(_abi.StatusOptions, **fields)
        return cls._make("status_load", Demand._of(demand), bytes(saved), len(saved), ctypes.addressof(given))

    def apply(self, *changes: Change) -> "Status":
        """The status after the changes, in order. What is late, repeated or foreign leaves a note."""
        memory = Memory()
        array = memory.array(_abi.Change, [_change(memory, change) for change in changes])
        return Status._make("status_apply", self._pointer, array, ctypes.sizeof(_abi.Change), len(changes), None)

    def save(self, since: Optional["Status"] = None) -> bytes:
        """A row for a record: everything that the status knows, or what has changed since another one."""
        return blob("status_save", self._pointer, None if since is None else Status._of(since), None)

    def to_json(self) -> str:
        """The PodStatus as Kubernetes writes it."""
        return blob("status_encode", self._pointer, Format.JSON, None).decode()

    def to_yaml(self) -> str:
        return blob("status_encode", self._pointer, Format.YAML, None).decode()

    def patch(self, before: Optional["Status"], kind: PatchKind = PatchKind.STRATEGIC) -> str:
        """The smallest patch that makes of the status before this one; None before: all of it."""
        pointer = None if before is None else Status._of(before)
        return blob("status_patch", pointer, self._pointer, kind, None).decode()

    @property
    def summary(self) -> Summary:
        row = options(_abi.StatusSummary)
        check("status_summarize", _abi.lib.k8sm_status_summarize(self._pointer, ctypes.addressof(row)))
        return convert(row, Summary)

    @property
    def containers(self) -> List[ContainerStatus]:
        return rows("status_containers", self._pointer, _abi.ContainerStatus, ContainerStatus)

    @property
    def actions(self) -> List[Action]:
        return rows("status_actions", self._pointer, _abi.Action, Action)

    @property
    def deadline(self) -> int:
        """mono_ms at which time alone changes something; NEVER if it does not."""
        return _abi.lib.k8sm_status_deadline(self._pointer)


def _change(memory: Memory, change: Change) -> _abi.Change:
    return _abi.Change(
        type=change.type,
        format=change.format,
        text=memory.slice(change.text),
        agent_id=memory.slice(change.agent_id),
        number=change.number,
        mono_ms=change.mono_ms,
        wall_ms=change.wall_ms,
        demand=Demand._of(change.demand) if change.demand else None,
        address=memory.slice(change.address),
    )
