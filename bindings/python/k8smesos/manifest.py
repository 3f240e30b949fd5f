# SPDX-License-Identifier: Apache-2.0
"""Manifests: files of many objects."""

import ctypes
from typing import Iterable, Iterator, List, NamedTuple, Optional, Union

from . import _abi
from ._object import Handle, blob, options, raw_rows, rows, text
from .errors import NotFound, Sink, check
from .pod import Data, Pod, PriorityClass, _parse
from .workload import Workload


class ManifestPod(NamedTuple):
    """A pod of a manifest, and the object that it came from."""

    pod: Pod
    document: int  # from 0
    replica: int
    owner: str  # "Deployment/web"; "" for a bare pod


class ManifestWorkload(NamedTuple):
    workload: Workload
    document: int  # from 0
    first_pod: int  # the index of the first of its pods
    pod_count: int


class ManifestObject(NamedTuple):
    """A ConfigMap, Secret, PriorityClass, PersistentVolumeClaim, Namespace or Node."""

    kind: str
    api_version: str
    name_space: str
    name: str
    document: int  # from 0


class Manifest(Handle):
    """Everything that a file of one or more documents holds."""

    _free = "manifest_unref"

    @classmethod
    def parse(cls, source: Union[bytes, str], **fields) -> "Manifest":
        """Reads pods, workloads and their pods, and what pods refer to. Fields as Pod.parse."""
        return _parse(cls, "manifest_parse", source, fields)

    @property
    def pods(self) -> List[ManifestPod]:
        found = raw_rows("manifest_pods", self._pointer, _abi.ManifestPod)
        return [_pod(row, _abi.lib.k8sm_pod_ref(row.pod)) for row in found]

    @property
    def workloads(self) -> List[ManifestWorkload]:
        found = raw_rows("manifest_workloads", self._pointer, _abi.ManifestWorkload)
        return [
            ManifestWorkload(
                Workload(_abi.lib.k8sm_workload_ref(row.workload)), row.document, row.first_pod, row.pod_count
            )
            for row in found
        ]

    @property
    def data(self) -> List[Data]:
        return rows("manifest_data", self._pointer, _abi.ManifestData, Data)

    @property
    def priority_classes(self) -> List[PriorityClass]:
        return rows("manifest_priority_classes", self._pointer, _abi.PriorityClass, PriorityClass)

    @property
    def objects(self) -> List[ManifestObject]:
        return rows("manifest_objects", self._pointer, _abi.ManifestObject, ManifestObject)

    def get(self, index: int, path: Optional[str] = None, default: Optional[str] = None) -> Optional[str]:
        """The value at a field path of one of the objects, or all of it as JSON; `default` if it is not set."""
        try:
            given = None if path is None else path.encode()
            return blob("manifest_get", self._pointer, index, given, None).decode()
        except NotFound:
            return default


def _pod(row, pointer) -> ManifestPod:
    return ManifestPod(Pod(pointer), row.document, row.replica, text(row.owner))


class Reader(Handle):
    """Reads a long manifest in chunks: see read_pods, which is all that most need. Not for two threads at once."""

    _free = "reader_free"

    @classmethod
    def make(cls, **fields) -> "Reader":
        """Fields as Pod.parse."""
        given = options(_abi.ParseOptions, **fields)
        return cls._make("reader_new", ctypes.addressof(given))

    def push(self, chunk: bytes, last: bool = False) -> None:
        check("reader_push", _abi.lib.k8sm_reader_push(self._pointer, chunk, len(chunk), int(last)))

    def pods(self) -> Iterator[ManifestPod]:
        """Those that are there by now. What is wrong with a document raises; ask again for those behind it."""
        while True:
            sink, row = Sink(), _abi.ManifestPod()
            result = _abi.lib.k8sm_reader_next(self._pointer, ctypes.addressof(row), ctypes.sizeof(row), sink.ref())
            try:
                check("reader_next", result, sink.findings())
            except NotFound:
                return
            yield _pod(row, row.pod)


def read_pods(chunks: Iterable[bytes], **fields) -> Iterator[ManifestPod]:
    """The pods of a manifest that comes in chunks (of a file, of a response), one by one. Fields as Pod.parse."""
    reader = Reader.make(**fields)
    for chunk in chunks:
        reader.push(chunk)
        yield from reader.pods()
    reader.push(b"", last=True)
    yield from reader.pods()
