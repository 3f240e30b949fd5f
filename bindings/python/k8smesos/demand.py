# SPDX-License-Identifier: Apache-2.0
"""Pod → Demand: how the pod will run on Mesos, decided once."""

import ctypes
import secrets
from typing import TYPE_CHECKING, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from . import _abi
from ._object import Handle, Memory, convert, options, rows
from .constants import Disk, Form, Policy, TaskKind
from .errors import check
from .pod import Data, Pod, fill_data

if TYPE_CHECKING:
    from .cluster import PlanPort


class DemandTask(NamedTuple):
    """A task of a pod; the first one is the pause task."""

    container: str  # "" for the pause task
    kind: TaskKind
    stage: int
    cpus_milli: int
    mem_milli: int  # thousandths of a MB
    launch: bool  # this demand launches it
    restart: int


class Budget(NamedTuple):
    """What the executor holds, in thousandths (mem and disk of a MB)."""

    cpus_milli: int
    mem_milli: int
    disk_milli: int


class DemandForm(NamedTuple):
    """In which form the pod runs, and why."""

    form: Form
    mapping: int
    name: str
    reason: str


class DemandVolume(NamedTuple):
    """A persistent volume that the pod claims."""

    name: str
    claim: str  # "namespace/name"; "": the pod's own
    id: str
    storage_class: str
    milli: int  # thousandths of a MB
    disk: Disk  # what it is made of


class StorageClass(NamedTuple):
    """Of which disks of agents volumes of claims with this storageClassName are made."""

    name: str  # "": of claims that name none
    disk: Disk  # NONE (the agent's own), PATH or MOUNT
    profile: Optional[str] = None
    vendor: Optional[str] = None
    root: Optional[str] = None  # a folder: the disk is mounted there or below
    metadata: Optional[str] = None  # labels of the disk, "a=b,c=d"


def fill_demand_options(
    memory: Memory,
    data: Iterable[Data] = (),
    roles: Sequence[str] = (),
    policies: Mapping[str, Policy] = {},
    users: Mapping[int, str] = {},
    storage_classes: Iterable[StorageClass] = (),
    done: Sequence[str] = (),
    **fields,
):
    """struct k8sm_demand_options. Fields: flags (DemandFlag), nonce, attempt, default_cpu_milli,
    default_mem_bytes, disk_mb, form, principal, network, reservation, reservation_principal; policies by path of
    the field, users by uid, storage_classes (StorageClass), done (names of containers)."""
    given = options(_abi.DemandOptions, **fields)
    given.data, given.data_count, given.data_size = fill_data(memory, data)
    given.roles = memory.array(ctypes.c_char_p, [role.encode() for role in roles])
    given.role_count = len(roles)
    given.done = memory.array(ctypes.c_char_p, [name.encode() for name in done])
    given.done_count = len(done)
    table = [_abi.FieldPolicy(path.encode(), policy) for path, policy in policies.items()]
    given.policies = memory.array(_abi.FieldPolicy, table)
    given.policy_count, given.policy_size = len(table), ctypes.sizeof(_abi.FieldPolicy)
    named = [_abi.DemandUser(uid, name.encode()) for uid, name in users.items()]
    given.users = memory.array(_abi.DemandUser, named)
    given.user_count, given.user_size = len(named), ctypes.sizeof(_abi.DemandUser)
    classes = [
        _abi.StorageClass(
            name=row.name.encode(),
            disk=row.disk,
            **{key: text.encode() for key, text in row._asdict().items() if key not in ("name", "disk") and text},
        )
        for row in storage_classes
    ]
    given.storage_classes = memory.array(_abi.StorageClass, classes)
    given.storage_class_count, given.storage_class_size = len(classes), ctypes.sizeof(_abi.StorageClass)
    return given


class Demand(Handle):
    """What a pod asks of an agent. Immutable."""

    _free = "demand_unref"

    @classmethod
    def make(cls, pod: Pod, nonce: Optional[str] = None, **fields) -> "Demand":
        """Maps a pod that has a uid.

        `nonce` makes task ids unique; without one a random one is drawn. Fields: data (rows of
        Manifest.data), roles, flags (DemandFlag), attempt, default_cpu_milli, default_mem_bytes,
        disk_mb, form (Form), principal, network, policies (Policy by path of the field), users (names on
        the agents by uid), reservation ("a=b,c=d") and reservation_principal, storage_classes (StorageClass), done
        (names of containers that a former attempt has done with). Raises Invalid or Unsupported, with one finding for each field in the way; what is only approximated stands in
        .findings.
        """
        memory = Memory()
        given = fill_demand_options(memory, nonce=nonce or secrets.token_hex(8), **fields)
        return cls._make("demand_make", Pod._of(pod), memory.struct(given))

    def resume(
        self,
        agent_id: str,
        executor: bytes,
        launches: Iterable[Tuple[int, int]],
        nonce: Optional[str] = None,
        ports: Iterable["PlanPort"] = (),
        deadline_seconds: int = 0,
    ) -> "Demand":
        """The same pod under way: launches are (task, restart) pairs for its executor on that agent, ports those of
        Plan.ports that its placement was given, deadline_seconds what is left of its activeDeadlineSeconds (0: all of
        them)."""
        memory = Memory()
        launches = [_abi.Launch(*launch) for launch in launches]
        given_ports = [_abi.PlanPort(*[memory.slice(text) for text in port[:3]], *port[3:]) for port in ports]
        given = options(
            _abi.ResumeOptions,
            agent_id=agent_id,
            nonce=nonce or secrets.token_hex(8),
            executor=memory.bytes(executor),
            executor_len=len(executor),
            launches=memory.array(_abi.Launch, launches),
            launch_count=len(launches),
            launch_size=ctypes.sizeof(_abi.Launch),
            ports=memory.array(_abi.PlanPort, given_ports),
            port_count=len(given_ports),
            port_size=ctypes.sizeof(_abi.PlanPort),
            deadline_seconds=deadline_seconds,
        )
        return Demand._make("demand_resume", self._pointer, memory.struct(given))

    @property
    def pod(self) -> Pod:
        return Pod(_abi.lib.k8sm_pod_ref(_abi.lib.k8sm_demand_pod(self._pointer)))

    @property
    def attempt(self) -> int:
        return _abi.lib.k8sm_demand_attempt(self._pointer)

    @property
    def tasks(self) -> List[DemandTask]:
        return rows("demand_tasks", self._pointer, _abi.DemandTask, DemandTask)

    @property
    def budget(self) -> Budget:
        budget = options(_abi.DemandBudget)
        check("demand_get_budget", _abi.lib.k8sm_demand_get_budget(self._pointer, ctypes.addressof(budget)))
        return convert(budget, Budget)

    @property
    def form(self) -> DemandForm:
        form = options(_abi.DemandForm)
        check("demand_get_form", _abi.lib.k8sm_demand_get_form(self._pointer, ctypes.addressof(form)))
        return convert(form, DemandForm)

    @property
    def volumes(self) -> List[DemandVolume]:
        return rows("demand_volumes", self._pointer, _abi.DemandVolume, DemandVolume)
