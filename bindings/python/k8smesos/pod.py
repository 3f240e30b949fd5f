# SPDX-License-Identifier: Apache-2.0
"""Manifest bytes → pods."""

import ctypes
import json
import uuid
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple, Union

from . import _abi
from ._object import Handle, Memory, blob, convert, options, rows, text
from .constants import (
    AdmitFlag,
    ContainerFlag,
    ContainerKind,
    DataFlag,
    Format,
    Handler,
    PatchKind,
    Purpose,
    Source,
    ValueKind,
    VolumeFlag,
)
from .errors import NotFound, check


class Container(NamedTuple):
    """A container of a pod. Amounts are -1 where the pod states none."""

    name: str
    image: str
    kind: ContainerKind
    index: int  # in its own list
    cpu_request_milli: int
    cpu_limit_milli: int
    memory_request_bytes: int
    memory_limit_bytes: int
    storage_request_bytes: int
    storage_limit_bytes: int
    run_as_user: int  # of the container or else of the pod; -1: the image's
    run_as_group: int
    working_dir: str
    pull_policy: str
    restart_policy: str  # its own or else the pod's
    message_path: str
    message_policy: str
    target: str  # of an ephemeral container
    flags: ContainerFlag


class Word(NamedTuple):
    """A word of a command line, with its $(VARIABLES)."""

    text: str
    container: int  # its place in Pod.containers, here and below
    purpose: Purpose


class Port(NamedTuple):
    name: str
    protocol: str
    host_ip: str
    container: int
    container_port: int
    host_port: int  # 0: none


class Variable(NamedTuple):
    """A variable as the pod states it."""

    name: str
    value: str  # with its $(VARIABLES)
    object: str  # what it refers to: ConfigMap, Secret, container, volume
    key: str  # and what of it
    detail: str  # the divisor of a resource, the path of a file
    container: int
    source: Source
    optional: bool


class EnvFrom(NamedTuple):
    """A ConfigMap or Secret whose keys are all variables."""

    prefix: str
    object: str
    container: int
    source: Source
    optional: bool


class Volume(NamedTuple):
    name: str
    kind: str  # "emptyDir", "configMap", ...
    source: str  # what says most of it: a path, a name, a server
    detail: str
    size_limit_bytes: int  # -1: none
    default_mode: int  # of files
    flags: VolumeFlag


class Mount(NamedTuple):
    volume: str
    path: str
    sub_path: str
    propagation: str
    recursive_read_only: str
    container: int
    flags: VolumeFlag


class Probe(NamedTuple):
    """A probe or hook; times in seconds."""

    scheme: str
    host: str
    path: str
    service: str
    port_name: str
    container: int
    purpose: Purpose
    handler: Handler
    port: int
    initial_delay: int
    period: int
    timeout: int
    success_threshold: int
    failure_threshold: int
    grace_period: int  # -1: none of its own
    sleep: int


class PodResource(NamedTuple):
    """What the whole pod asks for of a resource: cpu in thousandths, others in bytes or pieces; -1: nothing."""

    name: str
    request: int
    limit: int


class PriorityClass(NamedTuple):
    name: str
    preemption_policy: str  # "PreemptLowerPriority" or "Never"
    value: int
    global_default: bool = False  # for pods that name none


class Data(NamedTuple):
    """One key of a ConfigMap or Secret; without a key, one that is there and empty."""

    kind: str
    name_space: str
    name: str
    key: str
    value: bytes
    flags: DataFlag = DataFlag(0)


class ResolvedVariable(NamedTuple):
    """A variable as the program sees it."""

    name: str
    value: bytes
    container: int
    secret: bool  # the value is, or holds, something from a Secret


class ResolvedFile(NamedTuple):
    """A file of a volume whose contents the pod states."""

    path: str  # below the mount
    value: bytes
    volume: int  # its place in Pod.volumes
    mode: int
    secret: bool


def _parse(kind, function: str, source, fields):
    source = source.encode() if isinstance(source, str) else bytes(memoryview(source))
    given = options(_abi.ParseOptions, **fields)
    return kind._make(function, source, len(source), ctypes.addressof(given), source=source)


def _counted_rows(function: str, struct, cap: int, *arguments):
    """All rows of a table whose function can fail."""
    while True:
        array, count = (struct * cap)(), ctypes.c_size_t()
        read = getattr(_abi.lib, "k8sm_" + function)
        size = ctypes.sizeof(struct)
        check(function, read(*arguments, ctypes.addressof(array), size, cap, ctypes.addressof(count)))
        if count.value <= cap:
            return array[: count.value]
        cap = count.value


class Pod(Handle):
    """A Kubernetes Pod: read, defaulted, validated, immutable."""

    _free = "pod_unref"

    @classmethod
    def parse(cls, source: Union[bytes, str], **fields) -> "Pod":
        """Reads one Pod from JSON, YAML or Kubernetes' protobuf.

        Fields: flags (ParseFlag), default_namespace, max_bytes, max_memory, max_depth,
        max_alias_nodes, max_nodes, max_containers, format, name_seed. Raises BadSyntax, Invalid or
        LimitExceeded, with all findings.
        """
        return _parse(cls, "pod_parse", source, fields)

    def admit(
        self,
        classes: Iterable["PriorityClass"] = (),
        flags: AdmitFlag = AdmitFlag(0),  # all
        toleration_seconds: int = 0,  # 300
    ) -> "Pod":
        """The pod as the API server's admission leaves it: its priority by its class, and two tolerations."""
        memory = Memory()
        given = [
            _abi.PriorityClass(memory.slice(c.name), memory.slice(c.preemption_policy), c.value, c.global_default)
            for c in classes
        ]
        admission = options(
            _abi.AdmissionOptions,
            flags=int(flags),
            classes=memory.array(_abi.PriorityClass, given),
            class_count=len(given),
            class_size=ctypes.sizeof(_abi.PriorityClass),
            toleration_seconds=toleration_seconds,
        )
        return Pod._make("pod_admit", self._pointer, ctypes.addressof(admission))

    def with_uid(self, uid: Optional[str] = None) -> "Pod":
        """The same pod with another uid; a random one if none is given."""
        return Pod._make("pod_with_uid", self._pointer, (uid or str(uuid.uuid4())).encode(), None)

    @property
    def name(self) -> str:
        return text(_abi.lib.k8sm_pod_name(self._pointer))

    @property
    def namespace(self) -> str:
        return text(_abi.lib.k8sm_pod_namespace(self._pointer))

    @property
    def uid(self) -> str:
        """metadata.uid, or "" if it has none yet."""
        return text(_abi.lib.k8sm_pod_uid(self._pointer))

    @property
    def containers(self) -> List[Container]:
        """Init containers and sidecars first, in list order, then the mains, then the ephemeral ones."""
        return rows("pod_containers", self._pointer, _abi.PodContainer, Container)

    @property
    def words(self) -> List[Word]:
        """The command lines of containers, probes and hooks."""
        return rows("pod_words", self._pointer, _abi.PodWord, Word)

    @property
    def ports(self) -> List[Port]:
        return rows("pod_ports", self._pointer, _abi.PodPort, Port)

    @property
    def env(self) -> List[Variable]:
        return rows("pod_env", self._pointer, _abi.PodEnv, Variable)

    @property
    def env_from(self) -> List[EnvFrom]:
        return rows("pod_env_from", self._pointer, _abi.PodEnvFrom, EnvFrom)

    @property
    def volumes(self) -> List[Volume]:
        return rows("pod_volumes", self._pointer, _abi.PodVolume, Volume)

    @property
    def mounts(self) -> List[Mount]:
        """Mounts and block devices of the containers."""
        return rows("pod_mounts", self._pointer, _abi.PodMount, Mount)

    @property
    def probes(self) -> List[Probe]:
        """Probes and hooks of the containers."""
        return rows("pod_probes", self._pointer, _abi.PodProbe, Probe)

    @property
    def resources(self) -> List[PodResource]:
        """What the pod asks for as a whole, as kube-scheduler counts it."""
        found = _counted_rows("pod_resources", _abi.PodResource, 8, self._pointer, None)
        return [convert(row, PodResource) for row in found]

    @property
    def requests(self) -> Dict[str, int]:
        """The requests among .resources, by name."""
        return {row.name: row.request for row in self.resources if row.request >= 0}

    @property
    def limits(self) -> Dict[str, int]:
        """The limits among .resources, by name."""
        return {row.name: row.limit for row in self.resources if row.limit >= 0}

    @property
    def qos_class(self) -> str:
        """"Guaranteed", "Burstable" or "BestEffort"."""
        return text(_abi.lib.k8sm_pod_qos_class(self._pointer))

    def resolve(self, data: Iterable[Data] = (), **fields) -> "Resolved":
        """What the containers see: variables, command lines and files, from the ConfigMaps and Secrets in
        `data` (rows of Manifest.data).

        Fields: node_name, host_ips, pod_ips, token, node_cpu_milli, node_mem_bytes, node_storage_bytes,
        max_memory. Raises Invalid with one finding for each thing that is missing.
        """
        memory = Memory()
        given = options(_abi.ResolveOptions, **fields)
        given.data, given.data_count, given.data_size = fill_data(memory, data)
        return Resolved._make("pod_resolve", self._pointer, memory.struct(given))

    def to_json(self) -> str:
        """The pod as Kubernetes writes it."""
        return blob("pod_encode", self._pointer, Format.JSON, None).decode()

    def to_yaml(self) -> str:
        return blob("pod_encode", self._pointer, Format.YAML, None).decode()

    def to_protobuf(self, bare: bool = False) -> bytes:
        """Kubernetes' protobuf: in the envelope that names the kind, or the bare message."""
        return blob("pod_encode", self._pointer, Format.PROTOBUF_BARE if bare else Format.PROTOBUF, None)

    def patch(self, before: "Pod", kind: PatchKind = PatchKind.STRATEGIC) -> str:
        """The smallest patch that makes of the pod before this one."""
        return blob("pod_patch", Pod._of(before), self._pointer, kind, None).decode()

    def get(self, path: str, default: Optional[str] = None) -> Optional[str]:
        """The text at a path, or `default` if it is not set; objects and lists are JSON.

        Paths are written as "spec.containers[0].image", "spec.containers[name=web].image",
        "metadata.labels[app]" or as a JSON pointer, "/spec/containers/0/image".
        """
        try:
            return blob("pod_get", self._pointer, path.encode(), None).decode()
        except NotFound:
            return default

    def value(self, path: str, default: Any = None) -> Any:
        """The same as str, int, bool, dict or list."""
        row = _abi.PodValue()
        size = ctypes.sizeof(row)
        try:
            result = _abi.lib.k8sm_pod_get_value(self._pointer, path.encode(), ctypes.addressof(row), size)
            check("pod_get_value", result)
        except NotFound:
            return default
        if row.kind == ValueKind.STRING:
            return text(row.text)
        if row.kind == ValueKind.NUMBER:
            return row.number
        return bool(row.number) if row.kind == ValueKind.BOOL else json.loads(self.get(path))

    def names(self, path: str = "") -> List[str]:
        """What is right below the object at a path: names of fields that are set, or keys."""
        found = _counted_rows("pod_get_values", _abi.PodValue, 64, self._pointer, path.encode(), 0)
        return [text(row.name) for row in found]

    def __repr__(self) -> str:
        return f"<Pod {self.namespace}/{self.name}>"


def fill_data(memory: Memory, data: Iterable[Data]) -> Tuple[Optional[int], int, int]:
    """The rows of `data` for an option struct: address, count and size of one."""
    given = []
    for item in data:
        *texts, flags = Data(*item)
        given.append(_abi.ManifestData(*[memory.slice(value) for value in texts], int(flags)))
    return memory.array(_abi.ManifestData, given), len(given), ctypes.sizeof(_abi.ManifestData)


class Resolved(Handle):
    """What the containers of a pod see. Immutable."""

    _free = "resolved_unref"

    @property
    def env(self) -> List[ResolvedVariable]:
        """The variables of all containers, in their order."""
        return rows("resolved_env", self._pointer, _abi.ResolvedEnv, ResolvedVariable)

    @property
    def words(self) -> List[Word]:
        """As Pod.words, expanded."""
        return rows("resolved_words", self._pointer, _abi.PodWord, Word)

    @property
    def mounts(self) -> List[Mount]:
        """As Pod.mounts, with subPathExpr expanded."""
        return rows("resolved_mounts", self._pointer, _abi.PodMount, Mount)

    @property
    def files(self) -> List[ResolvedFile]:
        return rows("resolved_files", self._pointer, _abi.ResolvedFile, ResolvedFile)
