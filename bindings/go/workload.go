// SPDX-License-Identifier: Apache-2.0

package k8smesos

/*
#include <k8smesos/k8smesos.h>
#include <stdlib.h>
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// WorkloadKind is a kind of which there are pods.
type WorkloadKind uint32

const (
	WorkloadPodTemplate           WorkloadKind = C.K8SM_WORKLOAD_POD_TEMPLATE
	WorkloadReplicationController WorkloadKind = C.K8SM_WORKLOAD_REPLICATION_CONTROLLER
	WorkloadReplicaSet            WorkloadKind = C.K8SM_WORKLOAD_REPLICA_SET
	WorkloadDeployment            WorkloadKind = C.K8SM_WORKLOAD_DEPLOYMENT
	WorkloadStatefulSet           WorkloadKind = C.K8SM_WORKLOAD_STATEFUL_SET
	WorkloadDaemonSet             WorkloadKind = C.K8SM_WORKLOAD_DAEMON_SET
	WorkloadJob                   WorkloadKind = C.K8SM_WORKLOAD_JOB
	WorkloadCronJob               WorkloadKind = C.K8SM_WORKLOAD_CRON_JOB
)

// Workload is one object of a workload kind: a Deployment, a Job and so on. Immutable.
type Workload struct {
	ptr      *C.struct_k8sm_workload
	Findings []Finding // notes and warnings
}

func newWorkload(ptr *C.struct_k8sm_workload, findings []Finding) *Workload {
	workload := &Workload{ptr, findings}
	runtime.SetFinalizer(workload, (*Workload).Close)
	return workload
}

func (w *Workload) alive() bool { return w != nil && w.ptr != nil }

// Close gives the workload back.
func (w *Workload) Close() {
	if w == nil {
		return
	}
	C.k8sm_workload_unref(w.ptr)
	w.ptr = nil
}

// ParseWorkload reads one object. options may be nil.
func ParseWorkload(source []byte, options *ParseOptions) (*Workload, error) {
	var m memory
	defer m.free()
	given := options.fill(&m)
	var ptr *C.struct_k8sm_workload
	s := newSink()
	result := C.k8sm_workload_parse(input(source), C.size_t(len(source)), &given, &ptr, s.diags())
	findings, err := s.done("workload_parse", result, source)
	if err != nil {
		return nil, err
	}
	return newWorkload(ptr, findings), nil
}

// WithUID is the same workload with another uid; "" makes one of kind, namespace and name.
func (w *Workload) WithUID(uid string) (*Workload, error) {
	if err := present("workload_with_uid", w); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(w)
	var m memory
	defer m.free()
	var ptr *C.struct_k8sm_workload
	s := newSink()
	findings, err := s.done("workload_with_uid", C.k8sm_workload_with_uid(w.ptr, m.text(uid), nil, &ptr, s.diags()), nil)
	if err != nil {
		return nil, err
	}
	return newWorkload(ptr, findings), nil
}

// WorkloadInfo is what all kinds have.
type WorkloadInfo struct {
	Kind                                       WorkloadKind
	KindName, APIVersion, Namespace, Name, UID string // the uid is one made of the names, where there is none
	Generation                                 int64
	Replicas                                   int64  // -1: not set, or the kind has none
	Pods                                       int64  // how many its controller would start at first
	FirstOrdinal                               int64  // of a StatefulSet
	Selector                                   string // "app=web,tier in (a,b)"
}

func (w *Workload) info() (C.struct_k8sm_workload_info, error) {
	info := C.struct_k8sm_workload_info{size: C.sizeof_struct_k8sm_workload_info}
	return info, failure("workload_get_info", C.k8sm_workload_get_info(w.ptr, &info), nil)
}

// Info of the workload.
func (w *Workload) Info() (WorkloadInfo, error) {
	if err := present("workload_info", w); err != nil {
		return WorkloadInfo{}, err
	}
	defer runtime.KeepAlive(w)
	info, err := w.info()
	return WorkloadInfo{
		WorkloadKind(info.kind), text(info.kind_name), text(info.api_version), text(info.name_space), text(info.name),
		text(info.uid), int64(info.generation), int64(info.replicas), int64(info.pods), int64(info.first_ordinal),
		text(info.selector),
	}, err
}

// Template is the template as a pod, under the workload's name.
func (w *Workload) Template() (*Pod, error) {
	if err := present("workload_template", w); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(w)
	info, err := w.info()
	if err != nil {
		return nil, err
	}
	return newPod(C.k8sm_pod_ref((*C.struct_k8sm_pod)(unsafe.Pointer(info.pod))), nil), nil
}

// Rollout is how pods are replaced by those of another template.
type Rollout uint32

const (
	RolloutRollingUpdate Rollout = C.K8SM_ROLLOUT_ROLLING_UPDATE
	RolloutRecreate      Rollout = C.K8SM_ROLLOUT_RECREATE
	RolloutOnDelete      Rollout = C.K8SM_ROLLOUT_ON_DELETE
)

// Share is a number, or a percentage; -1: not set.
type Share struct {
	Value     int32
	IsPercent bool
}

func share(s C.struct_k8sm_share) Share { return Share{int32(s.value), s.is_percent != 0} }

// DeploymentSpec is what a controller needs to know. Numbers that are not set are -1, here and below.
type DeploymentSpec struct {
	Strategy                                                       Rollout
	Paused                                                         bool
	MaxSurge, MaxUnavailable                                       Share
	MinReadySeconds, ProgressDeadlineSeconds, RevisionHistoryLimit int32
}

// Deployment is the spec of one; ErrNotFound for other kinds.
func (w *Workload) Deployment() (DeploymentSpec, error) {
	if err := present("workload_deployment", w); err != nil {
		return DeploymentSpec{}, err
	}
	defer runtime.KeepAlive(w)
	c := C.struct_k8sm_deployment_spec{size: C.sizeof_struct_k8sm_deployment_spec}
	err := failure("workload_get_deployment", C.k8sm_workload_get_deployment(w.ptr, &c), nil)
	return DeploymentSpec{
		Rollout(c.strategy), c.paused != 0, share(c.max_surge), share(c.max_unavailable),
		int32(c.min_ready_seconds), int32(c.progress_deadline_seconds), int32(c.revision_history_limit),
	}, err
}

// StatefulSetSpec of a StatefulSet.
type StatefulSetSpec struct {
	Parallel                                        bool // podManagementPolicy; else OrderedReady
	Strategy                                        Rollout
	Partition, MinReadySeconds                      int32
	MaxUnavailable                                  Share
	FirstOrdinal, RevisionHistoryLimit              int32
	DeleteClaimsWhenDeleted, DeleteClaimsWhenScaled bool // else they are retained
	ServiceName                                     string
}

// StatefulSet is the spec of one; ErrNotFound for other kinds.
func (w *Workload) StatefulSet() (StatefulSetSpec, error) {
	if err := present("workload_stateful_set", w); err != nil {
		return StatefulSetSpec{}, err
	}
	defer runtime.KeepAlive(w)
	c := C.struct_k8sm_stateful_set_spec{size: C.sizeof_struct_k8sm_stateful_set_spec}
	err := failure("workload_get_stateful_set", C.k8sm_workload_get_stateful_set(w.ptr, &c), nil)
	return StatefulSetSpec{
		c.pod_management == C.K8SM_POD_MANAGEMENT_PARALLEL, Rollout(c.strategy), int32(c.partition),
		int32(c.min_ready_seconds), share(c.max_unavailable), int32(c.first_ordinal), int32(c.revision_history_limit),
		c.claims_when_deleted == C.K8SM_CLAIMS_DELETE, c.claims_when_scaled == C.K8SM_CLAIMS_DELETE, text(c.service_name),
	}, err
}

// DaemonSetSpec of a DaemonSet.
type DaemonSetSpec struct {
	Strategy                 Rollout
	MinReadySeconds          int32
	MaxSurge, MaxUnavailable Share
	RevisionHistoryLimit     int32
}

// DaemonSet is the spec of one; ErrNotFound for other kinds.
func (w *Workload) DaemonSet() (DaemonSetSpec, error) {
	if err := present("workload_daemon_set", w); err != nil {
		return DaemonSetSpec{}, err
	}
	defer runtime.KeepAlive(w)
	c := C.struct_k8sm_daemon_set_spec{size: C.sizeof_struct_k8sm_daemon_set_spec}
	err := failure("workload_get_daemon_set", C.k8sm_workload_get_daemon_set(w.ptr, &c), nil)
	return DaemonSetSpec{
		Rollout(c.strategy), int32(c.min_ready_seconds), share(c.max_surge), share(c.max_unavailable),
		int32(c.revision_history_limit),
	}, err
}

// JobSpec of a Job, or of the Jobs of a CronJob.
type JobSpec struct {
	Indexed, Suspend                                     bool
	Parallelism, Completions                             int32
	BackoffLimit, BackoffLimitPerIndex, MaxFailedIndexes int32
	TTLSecondsAfterFinished                              int32
	ActiveDeadlineSeconds                                int64
	ManualSelector                                       bool
	ReplaceFailedOnly                                    bool // podReplacementPolicy Failed
}

// Job is the spec of one; ErrNotFound for kinds without jobs.
func (w *Workload) Job() (JobSpec, error) {
	if err := present("workload_job", w); err != nil {
		return JobSpec{}, err
	}
	defer runtime.KeepAlive(w)
	c := C.struct_k8sm_job_spec{size: C.sizeof_struct_k8sm_job_spec}
	err := failure("workload_get_job", C.k8sm_workload_get_job(w.ptr, &c), nil)
	return JobSpec{
		c.completion_mode == C.K8SM_COMPLETION_INDEXED, c.suspend != 0, int32(c.parallelism), int32(c.completions),
		int32(c.backoff_limit), int32(c.backoff_limit_per_index), int32(c.max_failed_indexes),
		int32(c.ttl_seconds_after_finished), int64(c.active_deadline_seconds), c.manual_selector != 0,
		c.pod_replacement == C.K8SM_REPLACE_FAILED,
	}, err
}

// Concurrency is what a CronJob does when its time comes and a job still runs.
type Concurrency uint32

const (
	ConcurrencyAllow   Concurrency = C.K8SM_CONCURRENCY_ALLOW
	ConcurrencyForbid  Concurrency = C.K8SM_CONCURRENCY_FORBID
	ConcurrencyReplace Concurrency = C.K8SM_CONCURRENCY_REPLACE
)

// CronJobSpec of a CronJob.
type CronJobSpec struct {
	Concurrency                                        Concurrency
	Suspend                                            bool
	StartingDeadlineSeconds                            int64
	SuccessfulJobsHistoryLimit, FailedJobsHistoryLimit int32
	Schedule, TimeZone                                 string
}

// CronJob is the spec of one; ErrNotFound for other kinds.
func (w *Workload) CronJob() (CronJobSpec, error) {
	if err := present("workload_cron_job", w); err != nil {
		return CronJobSpec{}, err
	}
	defer runtime.KeepAlive(w)
	c := C.struct_k8sm_cron_job_spec{size: C.sizeof_struct_k8sm_cron_job_spec}
	err := failure("workload_get_cron_job", C.k8sm_workload_get_cron_job(w.ptr, &c), nil)
	return CronJobSpec{
		Concurrency(c.concurrency), c.suspend != 0, int64(c.starting_deadline_seconds),
		int32(c.successful_jobs_history_limit), int32(c.failed_jobs_history_limit), text(c.schedule), text(c.time_zone),
	}, err
}

// InstanceOptions say which one of many is made; zero is the default of each.
type InstanceOptions struct {
	Ordinal            uint32
	CollisionCount     uint32
	Suffix             string
	NodeName           string
	Revision           string
	ScheduledMs        int64 // since 1970
	DeploymentRevision uint64
	IndexFailures      uint32 // of a Job with backoffLimitPerIndex: how often pods of the index failed before
	IndexIgnored       uint32 // and how often without being counted
}

func (o *InstanceOptions) fill(m *memory) C.struct_k8sm_instance_options {
	if o == nil {
		o = &InstanceOptions{}
	}
	return C.struct_k8sm_instance_options{
		size:                C.sizeof_struct_k8sm_instance_options,
		ordinal:             C.uint32_t(o.Ordinal),
		collision_count:     C.uint32_t(o.CollisionCount),
		suffix:              m.text(o.Suffix),
		node_name:           m.text(o.NodeName),
		revision:            m.text(o.Revision),
		scheduled_ms:        C.int64_t(o.ScheduledMs),
		deployment_revision: C.uint64_t(o.DeploymentRevision),
		index_failures:      C.uint32_t(o.IndexFailures),
		index_ignored:       C.uint32_t(o.IndexIgnored),
	}
}

// Pod is one that the workload's controller would make. options may be nil.
func (w *Workload) Pod(options *InstanceOptions) (*Pod, error) {
	if err := present("workload_pod", w); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(w)
	var m memory
	defer m.free()
	given := options.fill(&m)
	var ptr *C.struct_k8sm_pod
	s := newSink()
	findings, err := s.done("workload_pod", C.k8sm_workload_pod(w.ptr, &given, &ptr, s.diags()), nil)
	if err != nil {
		return nil, err
	}
	return newPod(ptr, findings), nil
}

// Child is the ReplicaSet of a Deployment, or the Job of a CronJob; ErrUnsupported for other kinds.
func (w *Workload) Child(options *InstanceOptions) (*Workload, error) {
	if err := present("workload_child", w); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(w)
	var m memory
	defer m.free()
	given := options.fill(&m)
	var ptr *C.struct_k8sm_workload
	s := newSink()
	findings, err := s.done("workload_child", C.k8sm_workload_child(w.ptr, &given, &ptr, s.diags()), nil)
	if err != nil {
		return nil, err
	}
	return newWorkload(ptr, findings), nil
}

// Selects says whether the workload's selector selects the pod.
func (w *Workload) Selects(pod *Pod) bool {
	if !w.alive() || !pod.alive() {
		return false
	}
	defer runtime.KeepAlive(w)
	defer runtime.KeepAlive(pod)
	return C.k8sm_workload_selects(w.ptr, pod.ptr) != 0
}

// Encode writes the whole object as Kubernetes does.
func (w *Workload) Encode(format Format) ([]byte, error) {
	if err := present("workload_encode", w); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(w)
	var blob *C.struct_k8sm_blob
	result := C.k8sm_workload_encode(w.ptr, C.uint32_t(format), nil, &blob)
	if err := failure("workload_encode", result, nil); err != nil {
		return nil, err
	}
	return takeBlob(blob), nil
}

// Get is the text at a path ("spec.replicas"), as Pod.Get.
func (w *Workload) Get(path string) (string, bool, error) {
	if err := present("workload_get", w); err != nil {
		return "", false, err
	}
	defer runtime.KeepAlive(w)
	var m memory
	defer m.free()
	var blob *C.struct_k8sm_blob
	result := C.k8sm_workload_get(w.ptr, m.text(path), nil, &blob)
	return textOf("workload_get", result, blob)
}

// PriorityClass gives pods their priority.
type PriorityClass struct {
	Name             string
	PreemptionPolicy string // "PreemptLowerPriority" or "Never"
	Value            int32
	GlobalDefault    bool // for pods that name none
}

// AdmitFlags say what is added; none is all.
type AdmitFlags uint64

const (
	AdmitPriority    AdmitFlags = C.K8SM_ADMIT_PRIORITY
	AdmitTolerations AdmitFlags = C.K8SM_ADMIT_TOLERATIONS
)

// AdmissionOptions; zero is the default of each.
type AdmissionOptions struct {
	Flags             AdmitFlags
	Classes           []PriorityClass
	TolerationSeconds int64 // 0: 300
}

// Admit is the pod as the API server's admission leaves it. options may be nil.
func (p *Pod) Admit(options *AdmissionOptions) (*Pod, error) {
	if err := present("pod_admit", p); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(p)
	if options == nil {
		options = &AdmissionOptions{}
	}
	var m memory
	defer m.free()
	classes := allocate[C.struct_k8sm_priority_class](&m, len(options.Classes))
	for i, class := range options.Classes {
		classes[i] = C.struct_k8sm_priority_class{
			name:              m.slice([]byte(class.Name)),
			preemption_policy: m.slice([]byte(class.PreemptionPolicy)),
			value:             C.int32_t(class.Value),
		}
		if class.GlobalDefault {
			classes[i].global_default = 1
		}
	}
	given := C.struct_k8sm_admission_options{
		size:               C.sizeof_struct_k8sm_admission_options,
		flags:              C.uint64_t(options.Flags),
		classes:            first(classes),
		class_count:        C.size_t(len(classes)),
		class_size:         C.sizeof_struct_k8sm_priority_class,
		toleration_seconds: C.int64_t(options.TolerationSeconds),
	}
	var ptr *C.struct_k8sm_pod
	s := newSink()
	findings, err := s.done("pod_admit", C.k8sm_pod_admit(p.ptr, &given, &ptr, s.diags()), nil)
	if err != nil {
		return nil, err
	}
	return newPod(ptr, findings), nil
}
