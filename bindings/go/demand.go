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

// DemandFlags change how pods are mapped.
type DemandFlags uint64

const (
	DemandHostFilesystem DemandFlags = C.K8SM_DEMAND_HOST_FILESYSTEM // commands on the agent's own file system
	DemandNoLimits       DemandFlags = C.K8SM_DEMAND_NO_LIMITS       // for agents without the cgroup isolators
	// DemandOriginalDefaults gives main containers the cpu and memory that the original km gave them.
	DemandOriginalDefaults DemandFlags = C.K8SM_DEMAND_ORIGINAL_DEFAULTS
	// DemandCommandProbes runs probes that Mesos' checks can't do as commands in the container.
	DemandCommandProbes DemandFlags = C.K8SM_DEMAND_COMMAND_PROBES
	// DemandFormFallback runs a pod that can't be a command task as if no form was asked for.
	DemandFormFallback DemandFlags = C.K8SM_DEMAND_FORM_FALLBACK
	// DemandFormIsFixed puts DemandOptions.Form before the pod's annotation.
	DemandFormIsFixed DemandFlags = C.K8SM_DEMAND_FORM_IS_FIXED
	// DemandWildcardPorts gives ports of main containers without a hostPort any port that the agent offers.
	DemandWildcardPorts DemandFlags = C.K8SM_DEMAND_WILDCARD_PORTS
)

// DemandOptions; Nonce is required, zero is the default of the others.
type DemandOptions struct {
	Flags           DemandFlags
	Data            []Data   // ConfigMaps and Secrets that the pod refers to
	Roles           []string // that the pod may use, best first
	Nonce           string   // makes task ids unique: never used before for this pod
	Attempt         uint32
	DefaultCPUMilli int64
	DefaultMemBytes int64
	DiskMB          int64
	Form            Form
	Principal       string            // of the framework: what is reserved for the pod carries it
	Network         string            // CNI network of pods that do not ask for another
	Policies        map[string]Policy // by path of the field: "spec.hostAliases"
	Users           map[int64]string  // names on the agents, by runAsUser

	Reservation          string // labels "a=b,c=d" of the reservations that pods take cpus and memory from
	ReservationPrincipal string // whose they are

	StorageClasses []StorageClass
	Done           []string // containers that a former attempt has done with: the others only are launched
}

// StorageClass says of which disks of agents volumes of claims with this storageClassName are made. What is empty is
// open.
type StorageClass struct {
	Name                  string // empty: of claims that name none
	Disk                  Disk
	Profile, Vendor, Root string
	Metadata              string // labels of the disk, "a=b,c=d"
}

func (o *DemandOptions) storageClasses(m *memory) []C.struct_k8sm_storage_class {
	rows := allocate[C.struct_k8sm_storage_class](m, len(o.StorageClasses))
	for i, class := range o.StorageClasses {
		rows[i] = C.struct_k8sm_storage_class{
			name: (*C.char)(m.keep(unsafe.Pointer(C.CString(class.Name)))), disk: C.uint32_t(class.Disk), profile: m.text(class.Profile),
			vendor: m.text(class.Vendor), root: m.text(class.Root), metadata: m.text(class.Metadata)}
	}
	return rows
}

// Policy of a field that Mesos can't do as asked.
type Policy uint32

const (
	PolicyRefuse Policy = C.K8SM_POLICY_REFUSE
	PolicyWarn   Policy = C.K8SM_POLICY_WARN
)

// Form in which a pod runs.
type Form uint32

const (
	FormAuto           Form = C.K8SM_FORM_AUTO
	FormBudget         Form = C.K8SM_FORM_BUDGET          // the executor holds what the pod requests
	FormBudgetReserved Form = C.K8SM_FORM_BUDGET_RESERVED // and the tokens of its tasks are reserved
	FormReserved       Form = C.K8SM_FORM_RESERVED        // tasks hold what they request, reserved
	FormCommand        Form = C.K8SM_FORM_COMMAND         // one command task, without an executor of its own
	FormDocker         Form = C.K8SM_FORM_DOCKER          // the same, of the Docker containerizer
)

func (o *DemandOptions) fill(m *memory) C.struct_k8sm_demand_options {
	if o == nil {
		o = &DemandOptions{}
	}
	data := m.data(o.Data)
	policies := allocate[C.struct_k8sm_field_policy](m, len(o.Policies))
	row := 0
	for path, policy := range o.Policies {
		policies[row] = C.struct_k8sm_field_policy{path: m.text(path), policy: C.uint32_t(policy)}
		row++
	}
	users := allocate[C.struct_k8sm_demand_user](m, len(o.Users))
	row = 0
	for uid, name := range o.Users {
		users[row] = C.struct_k8sm_demand_user{uid: C.int64_t(uid), name: m.text(name)}
		row++
	}
	classes := o.storageClasses(m)
	c := C.struct_k8sm_demand_options{
		flags:             C.uint64_t(o.Flags),
		data:              first(data),
		data_count:        C.size_t(len(data)),
		data_size:         C.sizeof_struct_k8sm_manifest_data,
		roles:             m.texts(o.Roles),
		role_count:        C.size_t(len(o.Roles)),
		nonce:             m.text(o.Nonce),
		attempt:           C.uint32_t(o.Attempt),
		default_cpu_milli: C.int64_t(o.DefaultCPUMilli),
		default_mem_bytes: C.int64_t(o.DefaultMemBytes),
		disk_mb:           C.int64_t(o.DiskMB),
		form:              C.uint32_t(o.Form),
		principal:         m.text(o.Principal),
		network:           m.text(o.Network),
		policies:          first(policies),
		policy_count:      C.size_t(len(policies)),
		policy_size:       C.sizeof_struct_k8sm_field_policy,
		users:             first(users),
		user_count:        C.size_t(len(users)),
		user_size:         C.sizeof_struct_k8sm_demand_user,

		reservation:           m.text(o.Reservation),
		reservation_principal: m.text(o.ReservationPrincipal),
		storage_classes:       first(classes),
		storage_class_count:   C.size_t(len(classes)),
		storage_class_size:    C.sizeof_struct_k8sm_storage_class,
		done:                  m.texts(o.Done),
		done_count:            C.size_t(len(o.Done)),
	}
	c.size = C.size_t(unsafe.Sizeof(c))
	return c
}

// Demand is what a pod asks of an agent. Immutable.
type Demand struct {
	ptr      *C.struct_k8sm_demand
	Findings []Finding // fields that are approximated or ignored
}

func newDemand(ptr *C.struct_k8sm_demand, findings []Finding) *Demand {
	demand := &Demand{ptr, findings}
	runtime.SetFinalizer(demand, (*Demand).Close)
	return demand
}

func (d *Demand) alive() bool { return d != nil && d.ptr != nil }

// Close gives the demand back.
func (d *Demand) Close() {
	if d == nil {
		return
	}
	C.k8sm_demand_unref(d.ptr)
	d.ptr = nil
}

// MakeDemand maps a pod that has a uid.
func MakeDemand(pod *Pod, options *DemandOptions) (*Demand, error) {
	if err := present("demand_make", pod); err != nil {
		return nil, err
	}
	var m memory
	defer m.free()
	given := options.fill(&m)
	var ptr *C.struct_k8sm_demand
	s := newSink()
	result := C.k8sm_demand_make(pod.ptr, &given, &ptr, s.diags())
	runtime.KeepAlive(pod)
	findings, err := s.done("demand_make", result, nil)
	if err != nil {
		return nil, err
	}
	return newDemand(ptr, findings), nil
}

// Launch is a task to launch on an executor that is there already.
type Launch struct {
	Task    uint32 // the number of its row in Tasks
	Restart uint32 // how often its container was started before
}

// ResumeOptions say where a pod is under way.
type ResumeOptions struct {
	AgentID  string
	Nonce    string // another than before
	Executor []byte // the ExecutorInfo that was sent
	Launches []Launch
	Ports    []PlanPort // of Plan.Ports, those of its placement: which host ports it was given
	// What is left of the pod's activeDeadlineSeconds, rounded up; 0: all of them.
	DeadlineSeconds int64
}

// Resume is the same pod under way: a demand for some of its tasks, on its own agent and executor.
func (d *Demand) Resume(options ResumeOptions) (*Demand, error) {
	if err := present("demand_resume", d); err != nil {
		return nil, err
	}
	var m memory
	defer m.free()
	executor := m.slice(options.Executor)
	launches := allocate[C.struct_k8sm_launch](&m, len(options.Launches))
	for i, launch := range options.Launches {
		launches[i] = C.struct_k8sm_launch{task: C.uint32_t(launch.Task), restart: C.uint32_t(launch.Restart)}
	}
	ports := allocate[C.struct_k8sm_plan_port](&m, len(options.Ports))
	for i, port := range options.Ports {
		ports[i] = C.struct_k8sm_plan_port{
			container: m.slice([]byte(port.Container)), name: m.slice([]byte(port.Name)),
			protocol: m.slice([]byte(port.Protocol)), placement: C.uint32_t(port.Placement),
			container_port: C.uint16_t(port.ContainerPort), host_port: C.uint16_t(port.HostPort),
		}
	}
	given := C.struct_k8sm_resume_options{
		agent_id: m.text(options.AgentID), nonce: m.text(options.Nonce),
		executor: unsafe.Pointer(executor.ptr), executor_len: executor.len,
		launches: first(launches), launch_count: C.size_t(len(launches)), launch_size: C.sizeof_struct_k8sm_launch,
		ports: first(ports), port_count: C.size_t(len(ports)), port_size: C.sizeof_struct_k8sm_plan_port,
		deadline_seconds: C.int64_t(options.DeadlineSeconds),
	}
	given.size = C.size_t(unsafe.Sizeof(given))
	var ptr *C.struct_k8sm_demand
	s := newSink()
	result := C.k8sm_demand_resume(d.ptr, &given, &ptr, s.diags())
	runtime.KeepAlive(d)
	findings, err := s.done("demand_resume", result, nil)
	if err != nil {
		return nil, err
	}
	return newDemand(ptr, findings), nil
}

// Pod that the demand is of.
func (d *Demand) Pod() *Pod {
	if !d.alive() {
		return nil
	}
	defer runtime.KeepAlive(d)
	return newPod(C.k8sm_pod_ref((*C.struct_k8sm_pod)(C.k8sm_demand_pod(d.ptr))), nil)
}

// Attempt counts executors of the pod, from 0.
func (d *Demand) Attempt() uint32 {
	if !d.alive() {
		return 0
	}
	defer runtime.KeepAlive(d)
	return uint32(C.k8sm_demand_attempt(d.ptr))
}

// TaskKind tells what a task of a pod is.
type TaskKind uint32

const (
	TaskPause   TaskKind = C.K8SM_TASK_PAUSE
	TaskInit    TaskKind = C.K8SM_TASK_INIT
	TaskSidecar TaskKind = C.K8SM_TASK_SIDECAR
	TaskMain    TaskKind = C.K8SM_TASK_MAIN
)

// DemandTask is a task of a pod; the first one is the pause task.
type DemandTask struct {
	Container string // empty for the pause task
	Kind      TaskKind
	Stage     uint32
	CPUsMilli int64
	MemMilli  int64 // thousandths of a MB
	Launch    bool  // this demand launches it
	Restart   uint32
}

// Tasks of the pod.
func (d *Demand) Tasks() []DemandTask {
	if !d.alive() {
		return nil
	}
	defer runtime.KeepAlive(d)
	return readRows(func(rows *C.struct_k8sm_demand_task, size, n int) int {
		return int(C.k8sm_demand_tasks(d.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_demand_task) DemandTask {
		return DemandTask{
			text(row.container), TaskKind(row.kind), uint32(row.stage), int64(row.cpus_milli),
			int64(row.mem_milli), row.launch != 0, uint32(row.restart),
		}
	})
}

// Budget is what the executor holds, in thousandths (mem and disk of a MB).
type Budget struct {
	CPUsMilli, MemMilli, DiskMilli int64
}

// Budget of the demand.
func (d *Demand) Budget() (Budget, error) {
	if err := present("demand_budget", d); err != nil {
		return Budget{}, err
	}
	defer runtime.KeepAlive(d)
	row := C.struct_k8sm_demand_budget{size: C.sizeof_struct_k8sm_demand_budget}
	err := failure("demand_get_budget", C.k8sm_demand_get_budget(d.ptr, &row), nil)
	return Budget{int64(row.cpus_milli), int64(row.mem_milli), int64(row.disk_milli)}, err
}

// DemandForm is in which form the pod runs, and why.
type DemandForm struct {
	Form         Form
	Mapping      uint32
	Name, Reason string
}

// Form of the demand.
func (d *Demand) Form() (DemandForm, error) {
	if err := present("demand_form", d); err != nil {
		return DemandForm{}, err
	}
	defer runtime.KeepAlive(d)
	row := C.struct_k8sm_demand_form{size: C.sizeof_struct_k8sm_demand_form}
	err := failure("demand_get_form", C.k8sm_demand_get_form(d.ptr, &row), nil)
	return DemandForm{Form(row.form), uint32(row.mapping), text(row.name), text(row.reason)}, err
}

// DemandVolume is a persistent volume that the pod claims.
type DemandVolume struct {
	Name         string
	Claim        string // "namespace/name"; empty: the pod's own
	ID           string
	StorageClass string
	Milli        int64 // thousandths of a MB
	Disk         Disk
}

// Volumes that the pod claims.
func (d *Demand) Volumes() []DemandVolume {
	if !d.alive() {
		return nil
	}
	defer runtime.KeepAlive(d)
	return readRows(func(rows *C.struct_k8sm_demand_volume, size, n int) int {
		return int(C.k8sm_demand_volumes(d.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_demand_volume) DemandVolume {
		return DemandVolume{text(row.name), text(row.claim), text(row.id), text(row.storage_class), int64(row.milli),
			Disk(row.disk)}
	})
}
