# SPDX-License-Identifier: Apache-2.0
"""Manifest bytes → pods."""

import ctypes
import uuid
from typing import List, NamedTuple, Optional, Union

from . import _abi
from ._object import Handle, blob, options, raw_rows, rows, text
from .constants import ContainerKind, Format
from .errors import NotFound


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


class Data(NamedTuple):
    """One key of a ConfigMap or Secret."""

    kind: str
    name_space: str
    name: str
    key: str
    value: bytes


class ManifestPod(NamedTuple):
    """A pod of a manifest, and the object that it came from."""

    pod: "Pod"
    document: int  # from 0
    replica: int
    owner: str  # "ReplicationController/kube-dns"; "" for a bare pod


def _parse(kind, function: str, source, fields):
    source = source.encode() if isinstance(source, str) else bytes(source)
    given = options(_abi.ParseOptions, **fields)
    return kind._make(function, source, len(source), ctypes.addressof(given), source=source)


class Pod(Handle):
    """A Kubernetes Pod: read, defaulted, validated, immutable."""

    _free = "pod_unref"

    @classmethod
    def parse(cls, source: Union[bytes, str], **fields) -> "Pod":
        """Reads one Pod from JSON or YAML.

        Fields: flags (ParseFlag), default_namespace, max_bytes, max_memory, max_depth,
        max_alias_nodes, max_nodes, max_containers, format. Raises BadSyntax, Invalid or
        LimitExceeded, with all findings.
        """
        return _parse(cls, "pod_parse", source, fields)

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
        """Init containers and sidecars first, in list order, then the mains."""
        return rows("pod_containers", self._pointer, _abi.PodContainer, Container)

    def to_json(self) -> str:
        """The pod as Kubernetes writes it."""
        return blob("pod_encode", self._pointer, Format.JSON, None).decode()

    def to_yaml(self) -> str:
        return blob("pod_encode", self._pointer, Format.YAML, None).decode()

    def to_protobuf(self, bare: bool = False) -> bytes:
        """Kubernetes' protobuf: in the envelope that names the kind, or the bare message."""
        return blob("pod_encode", self._pointer, Format.PROTOBUF_BARE if bare else Format.PROTOBUF, None)

    def get(self, path: str, default: Optional[str] = None) -> Optional[str]:
        """The value at a field path ("spec.containers[0].image"), or `default` if it is not set."""
        try:
            return blob("pod_get", self._pointer, path.encode(), None).decode()
        except NotFound:
            return default

    def __repr__(self) -> str:
        return f"<Pod {self.namespace}/{self.name}>"


class Manifest(Handle):
    """Everything that a file of one or more documents holds."""

    _free = "manifest_unref"

    @classmethod
    def parse(cls, source: Union[bytes, str], **fields) -> "Manifest":
        """Reads pods, the pods of workload kinds, ConfigMaps and Secrets. Fields as Pod.parse."""
        return _parse(cls, "manifest_parse", source, fields)

    @property
    def pods(self) -> List[ManifestPod]:
        found = raw_rows("manifest_pods", self._pointer, _abi.ManifestPod)
        return [
            ManifestPod(Pod(_abi.lib.k8sm_pod_ref(row.pod)), row.document, row.replica, text(row.owner))
            for row in found
        ]

    @property
    def data(self) -> List[Data]:
        return rows("manifest_data", self._pointer, _abi.ManifestData, Data)
