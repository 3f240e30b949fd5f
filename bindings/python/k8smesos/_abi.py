# SPDX-License-Identifier: Apache-2.0
"""The C side: the library, its structs and its functions, as in <k8smesos/*.h>.

Nothing here is public. A test compares every struct, field and prototype with the headers, through
the C compiler, so that this file can't drift from them.
"""

import ctypes
import os
from ctypes import c_char_p, c_double, c_int, c_int32, c_int64, c_size_t, c_uint16, c_uint32, c_uint64, c_void_p


class Slice(ctypes.Structure):
    _fields_ = [("ptr", c_void_p), ("len", c_size_t)]


def _struct(name, *fields):
    """A mirror of struct k8sm_<name>; `fields` are (type, "names of this type") in order."""
    flat = [(field, kind) for kind, names in fields for field in names.split()]
    return type(name, (ctypes.Structure,), {"_fields_": flat})


# diag.h
Diag = _struct("diag", (c_uint32, "code severity path message document line column reserved"))
Diags = _struct(
    "diags",
    (c_size_t, "size row_size"),
    (c_void_p, "rows"),
    (c_size_t, "cap count"),
    (c_void_p, "text"),
    (c_size_t, "text_cap text_used errors"),
)

# pod.h
ParseOptions = _struct(
    "parse_options",
    (c_size_t, "size"),
    (c_uint64, "flags"),
    (c_void_p, "allocator"),
    (c_char_p, "default_namespace"),
    (c_uint64, "max_bytes max_memory"),
    (c_uint32, "max_depth max_alias_nodes format max_nodes max_containers max_pods"),
    (c_char_p, "name_seed"),
)
PodValue = _struct(
    "pod_value", (Slice, "name text"), (c_int64, "number"), (c_uint64, "count index"), (c_uint32, "kind reserved")
)
PodContainer = _struct(
    "pod_container",
    (Slice, "name image"),
    (c_uint32, "kind index"),
    (c_int64, "cpu_request_milli cpu_limit_milli memory_request_bytes memory_limit_bytes"),
    (c_int64, "storage_request_bytes storage_limit_bytes run_as_user run_as_group"),
    (Slice, "working_dir pull_policy restart_policy message_path message_policy target"),
    (c_uint32, "flags reserved"),
)
PodWord = _struct("pod_word", (Slice, "text"), (c_uint32, "container purpose"))
PodPort = _struct(
    "pod_port", (Slice, "name protocol host_ip"), (c_uint32, "container container_port host_port reserved")
)
PodEnv = _struct(
    "pod_env", (Slice, "name value object key detail"), (c_uint32, "container source optional reserved")
)
PodEnvFrom = _struct("pod_env_from", (Slice, "prefix object"), (c_uint32, "container source optional reserved"))
PodVolume = _struct(
    "pod_volume",
    (Slice, "name kind source detail"),
    (c_int64, "size_limit_bytes"),
    (c_uint32, "default_mode flags"),
)
PodMount = _struct(
    "pod_mount", (Slice, "volume path sub_path propagation recursive_read_only"), (c_uint32, "container flags")
)
PodProbe = _struct(
    "pod_probe",
    (Slice, "scheme host path service port_name"),
    (c_uint32, "container purpose handler port"),
    (c_int32, "initial_delay period timeout success_threshold failure_threshold reserved"),
    (c_int64, "grace_period sleep"),
)
PodResource = _struct("pod_resource", (Slice, "name"), (c_int64, "request limit"))

# workload.h
WorkloadInfo = _struct(
    "workload_info",
    (c_size_t, "size"),
    (c_uint32, "kind reserved"),
    (Slice, "kind_name api_version name_space name uid"),
    (c_int64, "generation replicas pods first_ordinal"),
    (Slice, "selector"),
    (c_void_p, "pod"),
)
Share = _struct("share", (c_int32, "value"), (c_uint32, "is_percent"))
DeploymentSpec = _struct(
    "deployment_spec",
    (c_size_t, "size"),
    (c_uint32, "strategy paused"),
    (Share, "max_surge max_unavailable"),
    (c_int32, "min_ready_seconds progress_deadline_seconds revision_history_limit reserved"),
)
StatefulSetSpec = _struct(
    "stateful_set_spec",
    (c_size_t, "size"),
    (c_uint32, "pod_management strategy"),
    (c_int32, "partition min_ready_seconds"),
    (Share, "max_unavailable"),
    (c_int32, "first_ordinal revision_history_limit"),
    (c_uint32, "claims_when_deleted claims_when_scaled"),
    (Slice, "service_name"),
)
DaemonSetSpec = _struct(
    "daemon_set_spec",
    (c_size_t, "size"),
    (c_uint32, "strategy"),
    (c_int32, "min_ready_seconds"),
    (Share, "max_surge max_unavailable"),
    (c_int32, "revision_history_limit reserved"),
)
JobSpec = _struct(
    "job_spec",
    (c_size_t, "size"),
    (c_uint32, "completion_mode suspend"),
    (c_int32, "parallelism completions backoff_limit backoff_limit_per_index max_failed_indexes"),
    (c_int32, "ttl_seconds_after_finished"),
    (c_int64, "active_deadline_seconds"),
    (c_uint32, "manual_selector pod_replacement"),
)
CronJobSpec = _struct(
    "cron_job_spec",
    (c_size_t, "size"),
    (c_uint32, "concurrency suspend"),
    (c_int64, "starting_deadline_seconds"),
    (c_int32, "successful_jobs_history_limit failed_jobs_history_limit"),
    (Slice, "schedule time_zone"),
)
InstanceOptions = _struct(
    "instance_options",
    (c_size_t, "size"),
    (c_void_p, "allocator"),
    (c_uint32, "ordinal collision_count"),
    (c_char_p, "suffix node_name revision"),
    (c_int64, "scheduled_ms"),
    (c_uint64, "deployment_revision"),
    (c_uint32, "index_failures index_ignored"),
)

# manifest.h
ManifestPod = _struct("manifest_pod", (c_void_p, "pod"), (c_uint32, "document replica"), (Slice, "owner"))
ManifestWorkload = _struct(
    "manifest_workload", (c_void_p, "workload"), (c_uint32, "document first_pod pod_count reserved")
)
ManifestData = _struct(
    "manifest_data", (Slice, "kind name_space name key value"), (c_uint32, "flags reserved")
)
ManifestObject = _struct(
    "manifest_object", (Slice, "kind api_version name_space name"), (c_uint32, "document reserved")
)
PriorityClass = _struct(
    "priority_class", (Slice, "name preemption_policy"), (c_int32, "value"), (c_uint32, "global_default")
)
AdmissionOptions = _struct(
    "admission_options",
    (c_size_t, "size"),
    (c_uint64, "flags"),
    (c_void_p, "allocator classes"),
    (c_size_t, "class_count class_size"),
    (c_int64, "toleration_seconds"),
)

# resolve.h
ResolveOptions = _struct(
    "resolve_options",
    (c_size_t, "size"),
    (c_void_p, "allocator data"),
    (c_size_t, "data_count data_size"),
    (c_char_p, "node_name host_ips pod_ips token"),
    (c_int64, "node_cpu_milli node_mem_bytes node_storage_bytes"),
    (c_uint64, "max_memory"),
)
ResolvedEnv = _struct("resolved_env", (Slice, "name value"), (c_uint32, "container secret"))
ResolvedFile = _struct("resolved_file", (Slice, "path value"), (c_uint32, "volume mode secret reserved"))

# demand.h
DemandOptions = _struct(
    "demand_options",
    (c_size_t, "size"),
    (c_uint64, "flags"),
    (c_void_p, "allocator data"),
    (c_size_t, "data_count data_size"),
    (c_void_p, "roles"),
    (c_size_t, "role_count"),
    (c_char_p, "nonce"),
    (c_uint32, "attempt form"),
    (c_int64, "default_cpu_milli default_mem_bytes disk_mb"),
    (c_char_p, "principal"),
    (c_void_p, "policies"),
    (c_size_t, "policy_count policy_size"),
    (c_char_p, "network"),
    (c_void_p, "users"),
    (c_size_t, "user_count user_size"),
    (c_char_p, "reservation reservation_principal"),
    (c_void_p, "storage_classes"),
    (c_size_t, "storage_class_count storage_class_size"),
    (c_void_p, "done"),
    (c_size_t, "done_count"),
)
StorageClass = _struct(
    "storage_class", (c_char_p, "name"), (c_uint32, "disk reserved"), (c_char_p, "profile vendor root metadata")
)
DemandUser = _struct("demand_user", (c_int64, "uid"), (c_char_p, "name"))
FieldPolicy = _struct("field_policy", (c_char_p, "path"), (c_uint32, "policy reserved"))
Launch = _struct("launch", (c_uint32, "task restart"))
ResumeOptions = _struct(
    "resume_options",
    (c_size_t, "size"),
    (c_void_p, "allocator"),
    (c_char_p, "agent_id nonce"),
    (c_void_p, "executor"),
    (c_size_t, "executor_len"),
    (c_void_p, "launches"),
    (c_size_t, "launch_count launch_size"),
    (c_void_p, "ports"),
    (c_size_t, "port_count port_size"),
    (c_int64, "deadline_seconds"),
)
DemandTask = _struct(
    "demand_task",
    (Slice, "container"),
    (c_uint32, "kind stage"),
    (c_int64, "cpus_milli mem_milli"),
    (c_uint32, "launch restart"),
)
DemandBudget = _struct("demand_budget", (c_size_t, "size"), (c_int64, "cpus_milli mem_milli disk_milli"))
DemandForm = _struct("demand_form", (c_size_t, "size"), (c_uint32, "form mapping"), (Slice, "name reason"))
DemandVolume = _struct(
    "demand_volume", (Slice, "name claim id storage_class"), (c_int64, "milli"), (c_uint32, "disk reserved")
)

# offer.h
OffersOptions = _struct(
    "offers_options", (c_size_t, "size"), (c_void_p, "allocator"), (c_uint64, "max_memory"), (c_uint32, "format")
)
Offer = _struct("offer", (Slice, "id framework_id agent_id hostname role"))
Resource = _struct(
    "resource",
    (Slice, "name reservation item"),
    (c_uint32, "offer type"),
    (c_int64, "milli"),
    (c_uint64, "begin end"),
    (Slice, "role principal volume disk_id profile provider"),
    (c_uint32, "disk traits resource count"),
)
ResourcesOptions = _struct(
    "resources_options",
    (c_size_t, "size"),
    (c_void_p, "allocator"),
    (c_uint64, "max_memory"),
    (c_uint32, "format reserved"),
)

# cluster.h
ClusterOptions = _struct(
    "cluster_options",
    (c_size_t, "size"),
    (c_void_p, "allocator"),
    (c_uint64, "max_agents"),
    (c_uint32, "features strategy"),
)
Agent = _struct("agent", (Slice, "id hostname"), (c_uint32, "offers features executors reserved"))
Executor = _struct("executor", (Slice, "id"))
HeldOffer = _struct(
    "held_offer", (Slice, "id agent_id role"), (c_uint64, "since_mono_ms"), (c_uint32, "taken reserved")
)
NodeLabel = _struct("node_label", (c_char_p, "key value"))
NodeTaint = _struct("node_taint", (c_char_p, "key value effect"))
Node = _struct(
    "node",
    (c_size_t, "size"),
    (c_void_p, "labels"),
    (c_size_t, "label_count label_size"),
    (c_void_p, "taints"),
    (c_size_t, "taint_count taint_size"),
    (c_int64, "cpus_milli mem_milli disk_milli"),
    (c_uint32, "unschedulable reserved"),
)
ClusterPod = _struct("cluster_pod", (Slice, "uid name_space name"))

# wants.h
Want = _struct(
    "want",
    (c_void_p, "demand"),
    (Slice, "hostname"),
    (c_uint32, "pinned reserved"),
    (c_uint64, "at_mono_ms"),
)
WantsOptions = _struct(
    "wants_options",
    (c_size_t, "size"),
    (c_void_p, "allocator roles"),
    (c_size_t, "role_count max_groups"),
)
WantedRole = _struct("wanted_role", (Slice, "role"), (c_uint32, "wants groups"), (c_uint64, "at_mono_ms"))
Refuse = _struct("refuse", (c_double, "idle unsuited leftover"))

# match.h
MatchOptions = _struct(
    "match_options",
    (c_size_t, "size"),
    (c_void_p, "allocator"),
    (c_uint32, "strategy flags"),
    (c_int64, "wall_ms maintenance_ms"),
    (c_uint32, "weight_strategy weight_balance weight_nodes weight_taints weight_spread weight_pods"),
    (c_uint32, "good_enough hard_pod_affinity"),
)
Placement = _struct("placement", (Slice, "agent_id hostname role"), (c_uint32, "demand offers"), (Slice, "address"))
PlanOffer = _struct("plan_offer", (Slice, "id"), (c_uint32, "placement"))
PlanResource = _struct(
    "plan_resource",
    (Slice, "name reservation"),
    (c_uint32, "placement type"),
    (c_int32, "task"),
    (c_int64, "milli"),
    (c_uint64, "begin end"),
)
PlanPort = _struct(
    "plan_port",
    (Slice, "container name protocol"),
    (c_uint32, "placement"),
    (c_uint16, "container_port host_port"),
)
PlanVolume = _struct(
    "plan_volume", (Slice, "id root"), (c_uint32, "placement volume"), (c_int64, "milli"), (c_uint32, "disk there")
)
PlanScore = _struct("plan_score", (Slice, "part"), (c_uint32, "placement score weight reserved"))
PlanNomination = _struct("plan_nomination", (Slice, "agent_id hostname role"), (c_uint32, "demand victims"))
PlanVictim = _struct(
    "plan_victim", (Slice, "uid name_space name"), (c_int64, "priority"), (c_uint32, "nomination reserved")
)
PlanRefusal = _struct("plan_refusal", (c_uint32, "demand code agents reserved"))
Explanation = _struct(
    "explanation", (Slice, "agent_id hostname predicate wanted had"), (c_uint32, "code reserved")
)

# task.h
TaskOptions = _struct(
    "task_options",
    (c_size_t, "size"),
    (c_void_p, "allocator"),
    (c_uint32, "format flags"),
    (c_double, "refuse_seconds"),
    (Slice, "executor_overlay task_overlay"),
    (c_uint32, "overlay_format reserved"),
)
Call = _struct("call", (Slice, "bytes agent_id"), (c_uint32, "placements reserved"), (c_double, "refuse_seconds"))
CallExecutor = _struct("call_executor", (Slice, "executor_id bytes"), (c_uint32, "placement call"))
CallTask = _struct("call_task", (Slice, "task_id"), (c_uint32, "placement task"))
CallOffer = _struct("call_offer", (Slice, "id"), (c_uint32, "call reserved"))
CallOperation = _struct("call_operation", (Slice, "bytes"), (c_uint32, "call placement"))
CallRelease = _struct("call_release", (Slice, "pod claim volume"), (c_uint32, "call reserved"))
Keep = _struct("keep", (Slice, "uid agent_id"))
ReleaseOptions = _struct(
    "release_options",
    (c_size_t, "size"),
    (c_void_p, "allocator"),
    (c_uint32, "format flags"),
    (c_double, "refuse_seconds"),
    (c_void_p, "keep"),
    (c_size_t, "keep_count keep_size"),
    (c_void_p, "claims"),
    (c_size_t, "claim_count"),
)
TaskId = _struct("task_id", (Slice, "uid container nonce"), (c_uint32, "attempt restart mapping reserved"))
Framework = _struct(
    "framework",
    (c_size_t, "size"),
    (c_char_p, "name user principal hostname webui_url"),
    (c_void_p, "roles"),
    (c_size_t, "role_count"),
    (c_double, "failover_timeout_seconds"),
    (c_uint32, "no_checkpoint gpu_resources"),
)
CallArgs = _struct(
    "call_args",
    (c_size_t, "size"),
    (c_uint32, "type format"),
    (c_void_p, "framework"),
    (Slice, "framework_id task_id agent_id executor_id uuid"),
    (c_void_p, "items"),
    (c_size_t, "item_count"),
    (c_void_p, "suppressed"),
    (c_size_t, "suppressed_count"),
    (c_double, "refuse_seconds grace_seconds"),
    (Slice, "operation_id resource_provider_id data offer_constraints"),
)

# status.h
StatusOptions = _struct(
    "status_options",
    (c_size_t, "size"),
    (c_void_p, "allocator"),
    (c_int64, "backoff_base_ms backoff_cap_ms backoff_reset_ms unreachable_seconds"),
    (c_uint32, "gone reserved"),
)
Change = _struct(
    "change",
    (c_uint32, "type format"),
    (Slice, "text agent_id"),
    (c_int64, "number"),
    (c_uint64, "mono_ms"),
    (c_int64, "wall_ms"),
    (c_void_p, "demand"),
    (Slice, "address"),
)
StatusSummary = _struct(
    "status_summary",
    (c_size_t, "size"),
    (Slice, "phase shown message agent_id hostname pod_ip"),
    (c_uint32, "ready containers restarts finished"),
    (c_int64, "created_wall_ms started_wall_ms"),
)
ContainerStatus = _struct(
    "container_status",
    (Slice, "name reason message"),
    (c_uint32, "task state ready restarts"),
    (c_int32, "exit_code signal"),
    (c_int64, "started_wall_ms finished_wall_ms"),
)
Action = _struct(
    "action",
    (Slice, "task_id agent_id uuid"),
    (c_uint32, "type task restart reserved"),
    (c_uint64, "at_mono_ms"),
    (c_int64, "grace_seconds"),
)

# driver.h
DriverOptions = _struct(
    "driver_options",
    (c_size_t, "size"),
    (c_void_p, "allocator framework demand match status"),
    (Refuse, "refuse"),
    (c_char_p, "master"),
    (c_uint64, "seed"),
    (c_uint32, "format features"),
    (c_uint64, "backoff_base_ms backoff_cap_ms hold_ms max_event_bytes"),
    (c_uint32, "record_rows no_operation_feedback"),
    (c_uint64, "adopt_ms"),
    (Slice, "executor_overlay task_overlay"),
    (c_uint32, "overlay_format reserved_2"),
    (c_uint64, "rest_ms launch_timeout_ms"),
)
Input = _struct(
    "input",
    (c_size_t, "size"),
    (c_uint32, "type status"),
    (c_uint64, "mono_ms"),
    (c_int64, "wall_ms"),
    (c_uint64, "exchange number"),
    (Slice, "key bytes content_type stream_id location"),
    (c_void_p, "pod"),
    (c_int64, "grace_seconds"),
    (c_uint32, "flags reserved"),
)
Effect = _struct(
    "effect",
    (c_uint32, "type to"),
    (c_uint64, "number exchange"),
    (Slice, "authority method path content_type accept stream_id key bytes"),
    (c_uint32, "flags code"),
    (c_void_p, "pod"),
    (c_int64, "grace_seconds"),
    (c_void_p, "status former"),
    (c_char_p, "reason"),
)
DriverVolume = _struct(
    "driver_volume",
    (Slice, "claim id agent_id hostname storage_class"),
    (c_int64, "milli"),
    (c_uint32, "supposed deleting"),
)
DriverPod = _struct("driver_pod", (c_void_p, "pod status demand"), (c_uint32, "deleting reserved"))
DriverCounters = _struct(
    "driver_counters",
    (c_size_t, "size"),
    (
        c_uint64,
        "subscriptions events offers_received offers_accepted offers_declined offers_rescinded updates "
        "acknowledged records releases_due tombstones",
    ),
)
ControlOptions = _struct("control_options", (c_size_t, "size"), (c_void_p, "allocator"), (c_uint64, "seed"))
ControlAgent = _struct("control_agent", (Slice, "name"), (c_void_p, "node"))
ControlInput = _struct(
    "control_input",
    (c_size_t, "size"),
    (c_uint32, "type flags"),
    (c_uint64, "mono_ms"),
    (c_int64, "wall_ms"),
    (c_uint64, "number"),
    (Slice, "key bytes"),
    (c_void_p, "workload pod"),
    (c_int64, "grace_seconds"),
    (c_void_p, "agents"),
    (c_size_t, "agent_count agent_size"),
)
ControlRow = _struct(
    "control_row",
    (Slice, "key owner"),
    (c_void_p, "workload"),
    (c_uint32, "kind deleting"),
    (c_int64, "wanted current ready updated available succeeded failed created_wall_ms"),
    (Slice, "state"),
    (c_uint32, "settled failing"),
)


def _prototypes():
    """name → (result, arguments...) without the prefix k8sm_; P is any pointer."""
    P, S, N, U, T = c_void_p, Slice, c_size_t, c_uint32, c_char_p
    rows = (N, P, N, P, N, N)  # (object, first, rows, row_size, n) → count
    table = {
        "version": (U,),
        "version_text": (T,),
        "result_name": (T, c_int),
        "blob_bytes": (S, P),
        "diag_name": (T, U),
        "diag_text": (T, U),
        "diag_severity": (U, U),
        "locate": (c_int, P, N, U, T, P, P),
        "diags_locate": (c_int, P, P, N, T),
        "pod_parse": (c_int, P, N, P, P, P),
        "pod_name": (S, P),
        "pod_namespace": (S, P),
        "pod_uid": (S, P),
        "pod_with_uid": (c_int, P, T, P, P, P),
        "pod_encode": (c_int, P, U, P, P),
        "pod_patch": (c_int, P, P, U, P, P),
        "pods_encode": (c_int, P, N, U, P, P),
        "pod_get": (c_int, P, T, P, P),
        "pod_get_value": (c_int, P, T, P, N),
        "pod_get_values": (c_int, P, T, N, P, N, N, P),
        "pod_resources": (c_int, P, P, P, N, N, P),
        "pod_qos_class": (S, P),
        "pod_resolve": (c_int, P, P, P, P),
        "pod_admit": (c_int, P, P, P, P),
        "workload_parse": (c_int, P, N, P, P, P),
        "workload_encode": (c_int, P, U, P, P),
        "workload_get": (c_int, P, T, P, P),
        "workload_with_uid": (c_int, P, T, P, P, P),
        "workload_get_info": (c_int, P, P),
        "workload_selects": (c_int, P, P),
        "workload_get_deployment": (c_int, P, P),
        "workload_get_stateful_set": (c_int, P, P),
        "workload_get_daemon_set": (c_int, P, P),
        "workload_get_job": (c_int, P, P),
        "workload_get_cron_job": (c_int, P, P),
        "workload_pod": (c_int, P, P, P, P),
        "workload_child": (c_int, P, P, P, P),
        "manifest_parse": (c_int, P, N, P, P, P),
        "manifest_get": (c_int, P, N, T, P, P),
        "reader_new": (c_int, P, P, P),
        "reader_free": (None, P),
        "reader_push": (c_int, P, T, N, c_int),
        "reader_next": (c_int, P, P, N, P),
        "demand_make": (c_int, P, P, P, P),
        "demand_resume": (c_int, P, P, P, P),
        "demand_pod": (P, P),
        "demand_attempt": (U, P),
        "demand_get_budget": (c_int, P, P),
        "demand_get_form": (c_int, P, P),
        "offers_parse": (c_int, P, N, P, P, P),
        "offers_take": (c_int, P, N, P, P, P),
        "resources_parse": (c_int, P, N, P, P, P),
        "resources_contains": (c_int, P, P),
        "resources_add": (c_int, P, P, P, P, P),
        "resources_subtract": (c_int, P, P, P, P, P),
        "resources_find": (c_int, P, P, P, P, P),
        "resources_apply": (c_int, P, P, N, P, P, P),
        "resources_encode": (c_int, P, U, U, P, P, P),
        "wants_make": (c_int, P, P, N, N, P, P, P),
        "wants_constraints": (S, P),
        "wants_covered": (c_int, P, P),
        "wants_offer": (c_int, P, P, S, P),
        "wants_refuse_seconds": (c_double, P, P, S, c_uint64, P),
        "cluster_new": (c_int, P, P, P),
        "cluster_free": (None, P),
        "cluster_generation": (c_uint64, P),
        "cluster_add": (c_int, P, P, c_uint64, P),
        "cluster_remove": (c_int, P, S),
        "cluster_remove_all": (None, P),
        "cluster_forget": (c_int, P, S),
        "cluster_set_features": (c_int, P, S, U),
        "features_parse": (c_int, P, N, P, P),
        "cluster_set_node": (c_int, P, S, P, P),
        "cluster_set_namespace": (c_int, P, S, P, N, N, P),
        "cluster_set_objects": (c_int, P, P, P),
        "cluster_add_pod": (c_int, P, P, S, P),
        "cluster_remove_pod": (c_int, P, S),
        "cluster_pods": (N, P, S, N, P, N, N),
        "cluster_executors": (N, P, S, N, P, N, N),
        "cluster_resources": (c_int, P, S, P, P, P),
        "cluster_take": (c_int, P, S, P, P),
        "cluster_give": (c_int, P, S, P, P),
        "cluster_note_volume": (c_int, P, S, S),
        "cluster_forget_volume": (c_int, P, S),
        "cluster_end_pod": (c_int, P, S),
        "cluster_nominate": (c_int, P, P, S, S, P),
        "cluster_withdraw": (c_int, P, S),
        "cluster_apply": (c_int, P, P, P),
        "cluster_release": (c_int, P, P, P, P),
        "cluster_match": (c_int, P, P, N, P, P, P),
        "cluster_explain": (c_int, P, P, P, P, P),
        "plan_explain": (P, P, U),
        "explain_unref": (None, P),
        "explain_nearest": (S, P),
        "plan_generation": (c_uint64, P),
        "plan_summary": (S, P, U),
        "plan_calls": (c_int, P, P, P, P),
        "task_id_parse": (c_int, T, N, P),
        "executor_id_parse": (c_int, T, N, P),
        "task_id_format": (c_int, P, P, N),
        "executor_id_format": (c_int, P, P, N),
        "call_encode": (c_int, P, P, P, P),
        "message_convert": (c_int, T, P, N, U, U, P, P, P),
        "message_next": (c_int, P, N, P, P, P, P),
        "event_type": (c_int, P, N, U, P),
        "status_new": (c_int, P, P, P, P),
        "status_apply": (c_int, P, P, N, N, P, P, P),
        "status_encode": (c_int, P, U, P, P),
        "status_patch": (c_int, P, P, U, P, P),
        "status_save": (c_int, P, P, P, P),
        "status_load": (c_int, P, P, N, P, P, P),
        "status_summarize": (c_int, P, P),
        "status_deadline": (c_uint64, P),
        "driver_new": (c_int, P, P, P),
        "driver_free": (None, P),
        "driver_step": (c_int, P, P, P, P),
        "driver_deadline": (c_uint64, P),
        "driver_framework_id": (S, P),
        "driver_count": (c_int, P, P),
        "driver_agent_labels": (N, P, S, N, P, N, N),
        "driver_agent_executors": (N, P, S, N, P, N, N),
        "driver_agent_taints": (N, P, S, N, P, N, N),
        "driver_snapshot": (c_int, P, P),
        "control_new": (c_int, P, P, P),
        "control_free": (None, P),
        "control_step": (c_int, P, P, P, P),
        "control_deadline": (c_uint64, P),
        "control_object": (c_int, P, S, U, P),
        "effects_new": (c_int, P, P),
        "effects_free": (None, P),
    }
    for name in (
        "pod_containers pod_words pod_ports pod_env pod_env_from pod_volumes pod_mounts pod_probes "
        "resolved_env resolved_words resolved_mounts resolved_files "
        "manifest_pods manifest_workloads manifest_data manifest_objects manifest_priority_classes demand_tasks demand_volumes "
        "offers_rows offers_resources resources_rows wants_roles "
        "cluster_agents cluster_offers plan_placements plan_offers plan_resources plan_ports plan_volumes plan_scores plan_nominations plan_victims plan_refusals explain_rows "
        "calls_rows calls_executors calls_tasks calls_offers calls_operations calls_releases status_containers status_actions effects_rows driver_pods "
        "driver_ports driver_agents driver_volumes control_rows"
    ).split():
        table[name] = rows
    for name in "blob pod resolved workload manifest demand offers resources wants plan calls status".split():
        table[name + "_ref"] = (P, P)
        table[name + "_unref"] = (None, P)
    return table


PROTOTYPES = _prototypes()


def _load():
    path = os.environ.get("K8SMESOS_LIBRARY") or "libk8smesos.so.0"
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(f"{error} (K8SMESOS_LIBRARY names another file)") from None
    for name, (result, *arguments) in PROTOTYPES.items():
        function = getattr(library, "k8sm_" + name)
        function.restype, function.argtypes = result, arguments
    version = library.k8sm_version()
    if version // 1000 != 1:  # until 1.0 each minor version may move what it likes
        raise ImportError(f"{path} is version {library.k8sm_version_text().decode()}; this package needs 0.1")
    return library


lib = _load()
