# SPDX-License-Identifier: Apache-2.0
"""The numbers of the C headers. K8SM_<PREFIX>_<NAME> is <Class>.<NAME> here; PREFIXES says which."""

import enum


class _Code(enum.IntEnum):
    """A number that a newer library may know more of: an unknown one becomes UNKNOWN_<n>."""

    @classmethod
    def _missing_(cls, value):
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_, member._value_ = f"UNKNOWN_{value}", value
        return member


class Severity(_Code):
    NOTE = 1
    WARNING = 2
    ERROR = 3


class Format(_Code):
    AUTO = 0
    JSON = 1
    YAML = 2
    PROTOBUF = 3
    PROTOBUF_BARE = 4


class ParseFlag(enum.IntFlag):
    NO_DEFAULTS = 1
    NO_VALIDATE = 2
    STRICT = 4
    TEMPLATES = 8
    KEEP_UNKNOWN = 16
    ADMISSION = 32


class PatchKind(_Code):
    """Of a patch for the API server."""

    MERGE = 1  # application/merge-patch+json
    STRATEGIC = 2  # application/strategic-merge-patch+json


class AdmitFlag(enum.IntFlag):
    PRIORITY = 1
    TOLERATIONS = 2


class WorkloadKind(_Code):
    POD_TEMPLATE = 1
    REPLICATION_CONTROLLER = 2
    REPLICA_SET = 3
    DEPLOYMENT = 4
    STATEFUL_SET = 5
    DAEMON_SET = 6
    JOB = 7
    CRON_JOB = 8


class Rollout(_Code):
    ROLLING_UPDATE = 1
    RECREATE = 2
    ON_DELETE = 3


class PodManagement(_Code):
    ORDERED_READY = 1
    PARALLEL = 2


class ClaimsPolicy(_Code):
    RETAIN = 1
    DELETE = 2


class Completion(_Code):
    NON_INDEXED = 1
    INDEXED = 2


class Replacement(_Code):
    TERMINATING_OR_FAILED = 1
    FAILED = 2


class Concurrency(_Code):
    ALLOW = 1
    FORBID = 2
    REPLACE = 3


class ContainerKind(_Code):
    MAIN = 0
    INIT = 1
    SIDECAR = 2
    EPHEMERAL = 3


class ContainerFlag(enum.IntFlag):
    STDIN = 1
    STDIN_ONCE = 2
    TTY = 4
    PRIVILEGED = 8
    READ_ONLY_ROOT = 16
    NON_ROOT = 32


class Purpose(_Code):
    COMMAND = 0
    ARGS = 1
    LIVENESS = 2
    READINESS = 3
    STARTUP = 4
    POST_START = 5
    PRE_STOP = 6


class Handler(_Code):
    EXEC = 1
    HTTP = 2
    TCP = 3
    GRPC = 4
    SLEEP = 5


class Source(_Code):
    VALUE = 0
    FIELD = 1
    RESOURCE = 2
    CONFIG_MAP_KEY = 3
    SECRET_KEY = 4
    FILE_KEY = 5


class VolumeFlag(enum.IntFlag):
    READ_ONLY = 1
    OPTIONAL = 2
    SUB_PATH_EXPR = 4
    DEVICE = 8


class ValueKind(_Code):
    STRING = 1
    NUMBER = 2
    BOOL = 3
    OBJECT = 4
    LIST = 5
    JSON = 6


class DataFlag(enum.IntFlag):
    BINARY = 1


class DemandFlag(enum.IntFlag):
    HOST_FILESYSTEM = 1
    NO_LIMITS = 2
    ORIGINAL_DEFAULTS = 4
    WILDCARD_PORTS = 8
    COMMAND_PROBES = 16
    FORM_FALLBACK = 32
    FORM_IS_FIXED = 64


class Policy(_Code):
    REFUSE = 1
    WARN = 2


class Form(_Code):
    AUTO = 0
    BUDGET = 1
    BUDGET_RESERVED = 2
    RESERVED = 3
    COMMAND = 4
    DOCKER = 5


class TaskKind(_Code):
    PAUSE = 0
    INIT = 1
    SIDECAR = 2
    MAIN = 3


class ResourceType(_Code):
    SCALAR = 0
    RANGES = 1
    SET = 2


class Disk(_Code):
    NONE = 0
    PATH = 1
    MOUNT = 2
    BLOCK = 3
    RAW = 4


class Trait(enum.IntFlag):
    DYNAMIC = 1
    REFINED = 2
    REVOCABLE = 4
    SHARED = 8
    WHOLE = 16


class Reservations(_Code):
    STACK = 0
    OLD = 1


class Feature(enum.IntFlag):
    IMAGES = 1
    CGROUPS = 2
    SANDBOX_PATH = 4
    HOST_PATH = 8
    SECRETS = 16
    LINUX_LAUNCHER = 32
    CNI = 64
    DOCKER_VOLUMES = 128
    CSI = 256
    SECCOMP = 512
    RLIMITS = 1024
    DOCKER = 2048
    VOLUME_GIDS = 4096
    ALL = 8191


class Strategy(_Code):
    PACK = 0
    SPREAD = 1
    FIRST_FIT = 2
    BALANCED = 3


class Weight(_Code):
    MAX = 1000
    NONE = 1001


class MatchFlag(enum.IntFlag):
    LARGEST_FIRST = 1
    ALL_REASONS = 2
    EXPLAIN = 4
    PREEMPT = 8


class CallsFlag(enum.IntFlag):
    OPERATIONS = 1
    POD_WINS = 2
    FEEDBACK = 4


class CallType(_Code):
    SUBSCRIBE = 1
    TEARDOWN = 2
    DECLINE = 3
    REVIVE = 4
    SUPPRESS = 5
    KILL = 6
    SHUTDOWN = 7
    ACKNOWLEDGE = 8
    RECONCILE = 9
    MESSAGE = 10
    REQUEST = 11
    ACCEPT_INVERSE_OFFERS = 12
    DECLINE_INVERSE_OFFERS = 13
    ACKNOWLEDGE_OPERATION_STATUS = 14
    RECONCILE_OPERATIONS = 15
    UPDATE_FRAMEWORK = 16


class Gone(_Code):
    RESTART = 0
    FAIL = 1


class ChangeType(_Code):
    TICK = 0
    UPDATE = 1
    PLACED = 2
    UNPLACED = 3
    LAUNCHED = 4
    DELETED = 5
    AGENT_LOST = 6
    ATTEMPT = 7
    ABANDON = 8
    CONDITION = 9


class TickFlag(_Code):
    UNHEARD = 1


class State(_Code):
    WAITING = 0
    RUNNING = 1
    TERMINATED = 2


class ActionType(_Code):
    ACKNOWLEDGE = 1
    LAUNCH = 2
    KILL = 3
    ATTEMPT = 4
    DONE = 5
    SHUTDOWN = 6


class InputType(_Code):
    TICK = 0
    RESTORE = 1
    LEADER = 2
    RESPONSE = 3
    CHUNK = 4
    END = 5
    LOST = 6
    POD = 7
    DELETE = 8
    RECORDED = 9
    REFUSED = 10
    STOP = 11
    DELETE_CLAIM = 12
    CONDITION = 13


class StopFlag(enum.IntFlag):
    TEARDOWN = 1


class EffectType(_Code):
    REQUEST = 1
    CANCEL = 2
    RECORD = 3
    STATUS = 4
    EVENT = 5
    FOREIGN = 6
    STOPPED = 7
    GONE = 8
    POD = 9
    DELETE = 10
    CLAIM_GONE = 11
    DELETE_CLAIM = 12


class To(_Code):
    MESOS = 1
    KUBE = 2
    STORE = 3
    HOST = 4
    DRIVER = 5


class ControlType(_Code):
    TICK = 0
    RESTORE = 1
    FOUND = 2
    APPLY = 3
    COMPLETE = 4
    DELETE = 5
    STATUS = 6
    GONE = 7
    REJECTED = 8
    AGENTS = 9
    ZONE = 10
    RECORDED = 11
    REFUSED = 12
    SCALE = 13


class ControlFlag(enum.IntFlag):
    DELETING = 1
    REPLACE = 2


class RequestFlag(enum.IntFlag):
    STREAMING = 1


class RecordFlag(enum.IntFlag):
    APPEND = 2


class EventFlag(enum.IntFlag):
    WARNING = 4


PREFIXES = {
    "SEVERITY": Severity,
    "FORMAT": Format,
    "PARSE": ParseFlag,
    "ADMIT": AdmitFlag,
    "WORKLOAD": WorkloadKind,
    "ROLLOUT": Rollout,
    "POD_MANAGEMENT": PodManagement,
    "CLAIMS": ClaimsPolicy,
    "COMPLETION": Completion,
    "REPLACE": Replacement,
    "CONCURRENCY": Concurrency,
    "CONTAINER": ContainerKind,
    "PATCH": PatchKind,
    "CONTAINER_FLAG": ContainerFlag,
    "PURPOSE": Purpose,
    "HANDLER": Handler,
    "SOURCE": Source,
    "VOLUME": VolumeFlag,
    "VALUE": ValueKind,
    "DATA": DataFlag,
    "DEMAND": DemandFlag,
    "POLICY": Policy,
    "FORM": Form,
    "TASK": TaskKind,
    "RESOURCE": ResourceType,
    "DISK": Disk,
    "TRAIT": Trait,
    "RESERVATIONS": Reservations,
    "FEATURE": Feature,
    "STRATEGY": Strategy,
    "MATCH": MatchFlag,
    "WEIGHT": Weight,
    "CALL": CallType,
    "CALLS": CallsFlag,
    "GONE": Gone,
    "CHANGE": ChangeType,
    "TICK": TickFlag,
    "STATE": State,
    "ACTION": ActionType,
    "INPUT": InputType,
    "STOP": StopFlag,
    "EFFECT": EffectType,
    "TO": To,
    "REQUEST": RequestFlag,
    "RECORD": RecordFlag,
    "EVENT": EventFlag,
    "CONTROL": ControlType,
    "CONTROL_FLAG": ControlFlag,
}
