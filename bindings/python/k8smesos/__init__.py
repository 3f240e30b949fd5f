# SPDX-License-Identifier: Apache-2.0
"""Kubernetes pods on Apache Mesos: the binding of libk8smesos.

The data flows as in C:

    pod = Pod.parse(manifest).with_uid()
    cluster = Cluster()
    cluster.add(Offers.parse(offers_event))
    plan = cluster.match([Demand.make(pod)])
    for call in plan.calls(format=Format.JSON):
        post("/api/v1/scheduler", call.bytes)

Values (Pod, Workload, Manifest, Demand, Offers, Resources, Wants, Plan, Calls, Status) are immutable and may
be shared between threads; Cluster and Driver lock themselves. The library is looked for under the name that the
environment variable K8SMESOS_LIBRARY holds, else as libk8smesos.so.0.
"""

from ._abi import lib as _lib
from .cluster import (
    Agent,
    Cluster,
    ClusterPod,
    Nomination,
    Victim,
    Explanation,
    HeldOffer,
    Offer,
    Offers,
    Placement,
    Plan,
    PlanOffer,
    PlanPort,
    PlanResource,
    PlanScore,
    PlanVolume,
    Refusal,
    features_parse,
)
from .constants import (
    ActionType,
    AdmitFlag,
    CallsFlag,
    CallType,
    ChangeType,
    ClaimsPolicy,
    Completion,
    Concurrency,
    ContainerFlag,
    ContainerKind,
    ControlFlag,
    ControlType,
    DataFlag,
    DemandFlag,
    Disk,
    EffectType,
    EventFlag,
    Feature,
    Form,
    Format,
    Gone,
    Handler,
    InputType,
    MatchFlag,
    ParseFlag,
    PatchKind,
    PodManagement,
    Policy,
    Purpose,
    Replacement,
    RecordFlag,
    RequestFlag,
    Reservations,
    ResourceType,
    Rollout,
    Severity,
    Source,
    State,
    StopFlag,
    Strategy,
    TaskKind,
    TickFlag,
    To,
    Trait,
    ValueKind,
    VolumeFlag,
    Weight,
    WorkloadKind,
)
from .control import Control, ControlRow
from .demand import Budget, Demand, DemandForm, DemandTask, DemandVolume, StorageClass
from .driver import Counters, Driver, DriverPod, DriverVolume, Effect
from .errors import (
    AbiMismatch,
    BadSyntax,
    Error,
    Finding,
    Invalid,
    LimitExceeded,
    NotFound,
    OutOfMemory,
    Unsupported,
    WrongState,
    locate,
)
from .manifest import Manifest, ManifestObject, ManifestPod, ManifestWorkload, Reader, read_pods
from .pod import (
    Container,
    Data,
    EnvFrom,
    Mount,
    Pod,
    PodResource,
    Port,
    PriorityClass,
    Probe,
    Resolved,
    ResolvedFile,
    ResolvedVariable,
    Variable,
    Volume,
    Word,
)
from .resources import Resource, Resources
from .status import NEVER, Action, Change, ContainerStatus, Status, Summary
from .task import (
    CALL,
    EVENT,
    Call,
    CallExecutor,
    Calls,
    CallTask,
    TaskId,
    call_encode,
    event_type,
    message_convert,
    messages,
)
from .wants import Want, WantedRole, Wants
from .workload import (
    CronJobSpec,
    DaemonSetSpec,
    DeploymentSpec,
    JobSpec,
    Share,
    StatefulSetSpec,
    Workload,
    WorkloadInfo,
)

__version__ = _lib.k8sm_version_text().decode()
__all__ = [name for name in dir() if name[0] != "_" and type(globals()[name]).__name__ != "module"]
