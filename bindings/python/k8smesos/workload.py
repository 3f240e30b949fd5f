# SPDX-License-Identifier: Apache-2.0
"""Workloads, and the pods that their controllers make."""

import ctypes
from typing import NamedTuple, Optional, Union

from . import _abi
from ._object import Handle, blob, convert, options, text
from .constants import (
    ClaimsPolicy,
    Completion,
    Concurrency,
    Format,
    PodManagement,
    Replacement,
    Rollout,
    WorkloadKind,
)
from .errors import NotFound, check
from .pod import Pod, _parse


class WorkloadInfo(NamedTuple):
    kind: WorkloadKind
    kind_name: str  # "Deployment"
    api_version: str
    name_space: str
    name: str
    uid: str  # one made of the names, where the object has none
    generation: int
    replicas: int  # -1: not set, or the kind has none
    pods: int  # how many its controller would start at first
    first_ordinal: int  # of a StatefulSet
    selector: str  # "app=web,tier in (a,b)"


class Share(NamedTuple):
    """A number, or a percentage. value -1: not set."""

    value: int
    is_percent: bool


class DeploymentSpec(NamedTuple):
    """Numbers that are not set are -1, here and below."""

    strategy: Rollout
    paused: bool
    max_surge: Share
    max_unavailable: Share
    min_ready_seconds: int
    progress_deadline_seconds: int
    revision_history_limit: int


class StatefulSetSpec(NamedTuple):
    pod_management: PodManagement
    strategy: Rollout
    partition: int
    min_ready_seconds: int
    max_unavailable: Share
    first_ordinal: int
    revision_history_limit: int
    claims_when_deleted: ClaimsPolicy
    claims_when_scaled: ClaimsPolicy
    service_name: str


class DaemonSetSpec(NamedTuple):
    strategy: Rollout
    min_ready_seconds: int
    max_surge: Share
    max_unavailable: Share
    revision_history_limit: int


class JobSpec(NamedTuple):
    completion_mode: Completion
    suspend: bool
    parallelism: int
    completions: int
    backoff_limit: int
    backoff_limit_per_index: int
    max_failed_indexes: int
    ttl_seconds_after_finished: int
    active_deadline_seconds: int
    manual_selector: bool
    pod_replacement: Replacement


class CronJobSpec(NamedTuple):
    concurrency: Concurrency
    suspend: bool
    starting_deadline_seconds: int
    successful_jobs_history_limit: int
    failed_jobs_history_limit: int
    schedule: str
    time_zone: str


_SPECS = {
    WorkloadKind.DEPLOYMENT: ("deployment", _abi.DeploymentSpec, DeploymentSpec),
    WorkloadKind.STATEFUL_SET: ("stateful_set", _abi.StatefulSetSpec, StatefulSetSpec),
    WorkloadKind.DAEMON_SET: ("daemon_set", _abi.DaemonSetSpec, DaemonSetSpec),
    WorkloadKind.JOB: ("job", _abi.JobSpec, JobSpec),
    WorkloadKind.CRON_JOB: ("cron_job", _abi.CronJobSpec, CronJobSpec),
}


class Workload(Handle):
    """One object of a workload kind: a Deployment, a Job and so on. Immutable."""

    _free = "workload_unref"

    @classmethod
    def parse(cls, source: Union[bytes, str], **fields) -> "Workload":
        """Reads one object. Fields as Pod.parse."""
        return _parse(cls, "workload_parse", source, fields)

    def with_uid(self, uid: Optional[str] = None) -> "Workload":
        """The same workload with another uid; one made of its kind and names if none is given."""
        return Workload._make("workload_with_uid", self._pointer, None if uid is None else uid.encode(), None)

    def _info(self):
        info = options(_abi.WorkloadInfo)
        check("workload_get_info", _abi.lib.k8sm_workload_get_info(self._pointer, ctypes.addressof(info)))
        return info

    @property
    def info(self) -> WorkloadInfo:
        return convert(self._info(), WorkloadInfo)

    @property
    def template(self) -> Pod:
        """The template as a pod, under the workload's name."""
        return Pod(_abi.lib.k8sm_pod_ref(self._info().pod))

    def _spec(self, kind: WorkloadKind):
        name, struct, row = _SPECS[kind]
        spec = options(struct)
        function = "workload_get_" + name
        check(function, getattr(_abi.lib, "k8sm_" + function)(self._pointer, ctypes.addressof(spec)))
        return convert(spec, row)

    @property
    def spec(self) -> Union[DeploymentSpec, StatefulSetSpec, DaemonSetSpec, JobSpec, CronJobSpec, None]:
        """What a controller needs to know of the kind; None for those that have nothing of their own."""
        kind = self.info.kind
        return self._spec(kind) if kind in _SPECS else None

    @property
    def job(self) -> JobSpec:
        """The spec of a Job, or of the Jobs of a CronJob. Raises NotFound for other kinds."""
        return self._spec(WorkloadKind.JOB)

    def pod(self, ordinal: int = 0, **fields) -> Pod:
        """The pod that its controller would make.

        Fields: collision_count, suffix, node_name, revision, scheduled_ms, deployment_revision,
        index_failures, index_ignored.
        """
        given = options(_abi.InstanceOptions, ordinal=ordinal, **fields)
        return Pod._make("workload_pod", self._pointer, ctypes.addressof(given))

    def child(self, **fields) -> "Workload":
        """The ReplicaSet of a Deployment, the Job of a CronJob; fields as pod(). Unsupported for others."""
        given = options(_abi.InstanceOptions, **fields)
        return Workload._make("workload_child", self._pointer, ctypes.addressof(given))

    def selects(self, pod: Pod) -> bool:
        """Whether the workload's selector selects the pod."""
        return bool(_abi.lib.k8sm_workload_selects(self._pointer, Pod._of(pod)))

    def to_json(self) -> str:
        """The whole object."""
        return blob("workload_encode", self._pointer, Format.JSON, None).decode()

    def to_yaml(self) -> str:
        return blob("workload_encode", self._pointer, Format.YAML, None).decode()

    def get(self, path: str, default: Optional[str] = None) -> Optional[str]:
        """The value at a field path ("spec.replicas"), or `default` if it is not set."""
        try:
            return blob("workload_get", self._pointer, path.encode(), None).decode()
        except NotFound:
            return default

    def __repr__(self) -> str:
        info = self._info()
        return f"<{text(info.kind_name)} {text(info.name_space)}/{text(info.name)}>"
