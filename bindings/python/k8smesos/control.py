# SPDX-License-Identifier: Apache-2.0
"""The workload kinds without an API server, as a state machine: step(input) → effects, and a deadline."""

import ctypes
import threading
from typing import Iterable, List, NamedTuple, Optional

from . import _abi
from ._object import Handle, Memory, create, options, raw, raw_rows, text
from .constants import ControlType, Format, WorkloadKind
from .driver import Effect, Effects
from .errors import Sink, check
from .pod import Pod
from .workload import Workload


class ControlRow(NamedTuple):
    """A workload at a glance; see k8sm_control_row."""

    key: str
    owner: str
    workload: Workload
    kind: WorkloadKind
    deleting: bool
    wanted: int
    current: int
    ready: int
    updated: int
    available: int
    succeeded: int
    failed: int
    created_wall_ms: int
    state: str
    settled: bool
    failing: bool


class Control(Handle):
    """Owns the workloads and says which pods a driver is to run. It does no I/O and reads no clock; its methods
    lock it.

        effects = control.step(ControlType.APPLY, mono_ms=now(), wall_ms=wall(), workload=workload)
    """

    _free = "control_free"

    def __init__(self, seed: int = 0):
        """`seed` is random: names and uids of pods are made from it."""
        memory = Memory()
        super().__init__(*create("control_new", memory.struct(options(_abi.ControlOptions, seed=seed))))
        self._effects = Effects()
        self._lock = threading.Lock()

    def step(
        self,
        type: ControlType,
        mono_ms: int,
        wall_ms: int = 0,
        *,
        key=None,
        bytes=None,
        workload: Optional[Workload] = None,
        pod: Optional[Pod] = None,
        agents: Iterable[str] = (),
        **fields,
    ) -> List[Effect]:
        """Takes one input in, and returns what is to be done, in order.

        `agents` are names of nodes. Other fields: flags, number, grace_seconds; see K8SM_CONTROL_* for what each type
        reads. Raises Invalid or NotFound if this input is refused; the control goes on.
        """
        memory = Memory()
        rows = [_abi.ControlAgent(memory.slice(name), None) for name in agents]
        given = options(
            _abi.ControlInput,
            type=type,
            mono_ms=mono_ms,
            wall_ms=wall_ms,
            key=memory.slice(key),
            bytes=memory.slice(bytes),
            workload=workload and Workload._of(workload),
            pod=pod and Pod._of(pod),
            agents=memory.array(_abi.ControlAgent, rows),
            agent_count=len(rows),
            agent_size=ctypes.sizeof(_abi.ControlAgent),
            **fields,
        )
        sink = Sink()
        with self._lock:
            result = _abi.lib.k8sm_control_step(
                self._pointer, ctypes.addressof(given), self._effects._pointer, sink.ref()
            )
            self.findings = sink.findings()
            check("control_step", result, self.findings)
            return self._effects.read()

    @property
    def deadline(self) -> int:
        """mono_ms at which the next TICK is due; NEVER: only when something comes in."""
        with self._lock:
            return _abi.lib.k8sm_control_deadline(self._pointer)

    @property
    def rows(self) -> List[ControlRow]:
        with self._lock:
            return [
                ControlRow(
                    text(row.key), text(row.owner), Workload(_abi.lib.k8sm_workload_ref(row.workload)),
                    WorkloadKind(row.kind), bool(row.deleting), row.wanted, row.current, row.ready, row.updated,
                    row.available, row.succeeded, row.failed, row.created_wall_ms, text(row.state),
                    bool(row.settled), bool(row.failing),
                )
                for row in raw_rows("control_rows", self._pointer, _abi.ControlRow)
            ]

    def object(self, key: str, format: Format = Format.JSON) -> str:
        """The object with its status, as an API server would show it."""
        memory, blob = Memory(), ctypes.c_void_p()
        with self._lock:
            result = _abi.lib.k8sm_control_object(self._pointer, memory.slice(key), format, ctypes.byref(blob))
        check("control_object", result)
        try:
            return raw(_abi.lib.k8sm_blob_bytes(blob)).decode()
        finally:
            _abi.lib.k8sm_blob_unref(blob)
