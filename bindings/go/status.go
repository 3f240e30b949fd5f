// SPDX-License-Identifier: Apache-2.0

package k8smesos

/*
#include <k8smesos/k8smesos.h>
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Gone says what becomes of a pod whose agent is gone for good; see K8SM_GONE_* in status.h.
type Gone uint32

const (
	GoneRestart Gone = C.K8SM_GONE_RESTART
	GoneFail    Gone = C.K8SM_GONE_FAIL
)

// StatusOptions; zero is the default of each.
type StatusOptions struct {
	BackoffBaseMS, BackoffCapMS, BackoffResetMS int64
	UnreachableSeconds                          int64 // 0: as the pod says; -1: wait for its agent
	Gone                                        Gone
}

func (o *StatusOptions) fill() C.struct_k8sm_status_options {
	if o == nil {
		o = &StatusOptions{}
	}
	c := C.struct_k8sm_status_options{
		backoff_base_ms: C.int64_t(o.BackoffBaseMS), backoff_cap_ms: C.int64_t(o.BackoffCapMS),
		backoff_reset_ms: C.int64_t(o.BackoffResetMS), unreachable_seconds: C.int64_t(o.UnreachableSeconds),
		gone: C.uint32_t(o.Gone),
	}
	c.size = C.size_t(unsafe.Sizeof(c))
	return c
}

// Status is what is known of a pod under way. Immutable: Apply makes the next one.
type Status struct {
	ptr      *C.struct_k8sm_status
	Findings []Finding // updates that were late, repeated or foreign
}

func newStatus(ptr *C.struct_k8sm_status, findings []Finding) *Status {
	status := &Status{ptr, findings}
	runtime.SetFinalizer(status, (*Status).Close)
	return status
}

func (s *Status) alive() bool { return s != nil && s.ptr != nil }

// Close gives the status back.
func (s *Status) Close() {
	if s == nil {
		return
	}
	C.k8sm_status_unref(s.ptr)
	s.ptr = nil
}

// NewStatus is that of a pod that was just made. options may be nil.
func NewStatus(demand *Demand, options *StatusOptions) (*Status, error) {
	if err := present("status_new", demand); err != nil {
		return nil, err
	}
	given := options.fill()
	var ptr *C.struct_k8sm_status
	s := newSink()
	result := C.k8sm_status_new(demand.ptr, &given, &ptr, s.diags())
	runtime.KeepAlive(demand)
	findings, err := s.done("status_new", result, nil)
	if err != nil {
		return nil, err
	}
	return newStatus(ptr, findings), nil
}

// LoadStatus reads what Save wrote. options may be nil.
func LoadStatus(demand *Demand, saved []byte, options *StatusOptions) (*Status, error) {
	if err := present("status_load", demand); err != nil {
		return nil, err
	}
	given := options.fill()
	var ptr *C.struct_k8sm_status
	s := newSink()
	result := C.k8sm_status_load(demand.ptr, input(saved), C.size_t(len(saved)), &given, &ptr, s.diags())
	runtime.KeepAlive(demand)
	findings, err := s.done("status_load", result, nil)
	if err != nil {
		return nil, err
	}
	return newStatus(ptr, findings), nil
}

// ChangeType says what a Change reads.
type ChangeType uint32

const (
	ChangeTick      ChangeType = C.K8SM_CHANGE_TICK       // Number: 0, or TickUnheard
	ChangeUpdate    ChangeType = C.K8SM_CHANGE_UPDATE     // Text: an UPDATE event, or its TaskStatus alone
	ChangePlaced    ChangeType = C.K8SM_CHANGE_PLACED     // Text: hostname; AgentID; Address: the agent's
	ChangeUnplaced  ChangeType = C.K8SM_CHANGE_UNPLACED   // Text: why
	ChangeLaunched  ChangeType = C.K8SM_CHANGE_LAUNCHED   // Text: the id of a task
	ChangeDeleted   ChangeType = C.K8SM_CHANGE_DELETED    // Number: grace in seconds; -1: the pod's own
	ChangeAgentLost ChangeType = C.K8SM_CHANGE_AGENT_LOST // Text: message
	ChangeAttempt   ChangeType = C.K8SM_CHANGE_ATTEMPT    // Demand: the next attempt's
	ChangeAbandon   ChangeType = C.K8SM_CHANGE_ABANDON    // the attempt can't go on: another follows
	ChangeCondition ChangeType = C.K8SM_CHANGE_CONDITION  // Text: a PodCondition in JSON
)

// TickUnheard as the Number of a ChangeTick says that the pod may have gone on unheard: no startup probe fails by it.
const TickUnheard int64 = C.K8SM_TICK_UNHEARD

// Change is something that happened to a pod.
type Change struct {
	Type    ChangeType
	Format  Format // of an update
	Text    []byte
	AgentID string
	Number  int64
	MonoMS  uint64
	WallMS  int64 // since 1970-01-01 UTC
	Demand  *Demand
	Address string
}

// Apply makes the status after the changes, in order.
func (s *Status) Apply(changes ...Change) (*Status, error) {
	if err := present("status_apply", s); err != nil {
		return nil, err
	}
	var m memory
	defer m.free()
	array := allocate[C.struct_k8sm_change](&m, len(changes))
	for i, change := range changes {
		array[i] = C.struct_k8sm_change{
			_type: C.uint32_t(change.Type), format: C.uint32_t(change.Format), text: m.slice(change.Text),
			agent_id: m.slice([]byte(change.AgentID)), number: C.int64_t(change.Number),
			mono_ms: C.uint64_t(change.MonoMS), wall_ms: C.int64_t(change.WallMS),
			address: m.slice([]byte(change.Address)),
		}
		if change.Demand != nil {
			array[i].demand = change.Demand.ptr
		}
	}
	var ptr *C.struct_k8sm_status
	found := newSink()
	result := C.k8sm_status_apply(s.ptr, first(array), C.sizeof_struct_k8sm_change, C.size_t(len(array)), nil,
		&ptr, found.diags())
	runtime.KeepAlive(s)
	runtime.KeepAlive(changes)
	findings, err := found.done("status_apply", result, nil)
	if err != nil {
		return nil, err
	}
	return newStatus(ptr, findings), nil
}

// Save writes a row for a record: everything that the status knows, or, where since is not nil, what has changed
// since that one.
func (s *Status) Save(since *Status) ([]byte, error) {
	if err := present("status_save", s); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(s)
	defer runtime.KeepAlive(since)
	var blob *C.struct_k8sm_blob
	var former *C.struct_k8sm_status
	if since != nil {
		former = since.ptr
	}
	if err := failure("status_save", C.k8sm_status_save(s.ptr, former, nil, &blob), nil); err != nil {
		return nil, err
	}
	return takeBlob(blob), nil
}

// Encode writes the PodStatus as Kubernetes does, in JSON or YAML.
func (s *Status) Encode(format Format) ([]byte, error) {
	if err := present("status_encode", s); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(s)
	var blob *C.struct_k8sm_blob
	if err := failure("status_encode", C.k8sm_status_encode(s.ptr, C.uint32_t(format), nil, &blob), nil); err != nil {
		return nil, err
	}
	return takeBlob(blob), nil
}

// Patch is the smallest patch that makes of one PodStatus a later one, for the pod's status subresource. Without
// from, it says everything.
func (s *Status) Patch(from *Status, kind PatchKind) ([]byte, error) {
	if err := present("status_patch", s); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(s)
	defer runtime.KeepAlive(from)
	var before *C.struct_k8sm_status
	if from != nil {
		before = from.ptr
	}
	var blob *C.struct_k8sm_blob
	result := C.k8sm_status_patch(before, s.ptr, C.uint32_t(kind), nil, &blob)
	if err := failure("status_patch", result, nil); err != nil {
		return nil, err
	}
	return takeBlob(blob), nil
}

// Summary is a pod's status in a line.
type Summary struct {
	Phase, Shown, Message, AgentID, Hostname, PodIP string
	Ready, Containers, Restarts                     int
	Finished                                        bool
	CreatedWallMS, StartedWallMS                    int64
}

// Summary of the status.
func (s *Status) Summary() (Summary, error) {
	if err := present("status_summary", s); err != nil {
		return Summary{}, err
	}
	defer runtime.KeepAlive(s)
	row := C.struct_k8sm_status_summary{size: C.sizeof_struct_k8sm_status_summary}
	if err := failure("status_summarize", C.k8sm_status_summarize(s.ptr, &row), nil); err != nil {
		return Summary{}, err
	}
	return Summary{
		text(row.phase), text(row.shown), text(row.message), text(row.agent_id), text(row.hostname), text(row.pod_ip),
		int(row.ready), int(row.containers), int(row.restarts), row.finished != 0,
		int64(row.created_wall_ms), int64(row.started_wall_ms),
	}, nil
}

// State of a container.
type State uint32

const (
	StateWaiting    State = C.K8SM_STATE_WAITING
	StateRunning    State = C.K8SM_STATE_RUNNING
	StateTerminated State = C.K8SM_STATE_TERMINATED
)

// ContainerStatus is that of one container.
type ContainerStatus struct {
	Name, Reason, Message         string
	Task                          int // the number of its row in Demand.Tasks
	State                         State
	Ready                         bool
	Restarts                      int
	ExitCode, Signal              int32
	StartedWallMS, FinishedWallMS int64
}

// Containers of the pod.
func (s *Status) Containers() []ContainerStatus {
	if !s.alive() {
		return nil
	}
	defer runtime.KeepAlive(s)
	return readRows(func(rows *C.struct_k8sm_container_status, size, n int) int {
		return int(C.k8sm_status_containers(s.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_container_status) ContainerStatus {
		return ContainerStatus{
			text(row.name), text(row.reason), text(row.message), int(row.task), State(row.state), row.ready != 0,
			int(row.restarts), int32(row.exit_code), int32(row.signal),
			int64(row.started_wall_ms), int64(row.finished_wall_ms),
		}
	})
}

// ActionType says what an Action asks.
type ActionType uint32

const (
	ActionAcknowledge ActionType = C.K8SM_ACTION_ACKNOWLEDGE
	ActionLaunch      ActionType = C.K8SM_ACTION_LAUNCH
	ActionKill        ActionType = C.K8SM_ACTION_KILL
	ActionAttempt     ActionType = C.K8SM_ACTION_ATTEMPT
	ActionDone        ActionType = C.K8SM_ACTION_DONE
	ActionShutdown    ActionType = C.K8SM_ACTION_SHUTDOWN
)

// Action is what to do next.
type Action struct {
	TaskID, AgentID string
	UUID            []byte
	Type            ActionType
	Task, Restart   uint32
	AtMonoMS        uint64 // due then; 0: now
	GraceSeconds    int64
}

// Actions to carry out.
func (s *Status) Actions() []Action {
	if !s.alive() {
		return nil
	}
	defer runtime.KeepAlive(s)
	return readRows(func(rows *C.struct_k8sm_action, size, n int) int {
		return int(C.k8sm_status_actions(s.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_action) Action {
		return Action{
			text(row.task_id), text(row.agent_id), raw(row.uuid), ActionType(row._type), uint32(row.task),
			uint32(row.restart), uint64(row.at_mono_ms), int64(row.grace_seconds),
		}
	})
}

// Deadline is the mono_ms at which time alone changes something; math.MaxUint64: never.
func (s *Status) Deadline() uint64 {
	if !s.alive() {
		return 0
	}
	defer runtime.KeepAlive(s)
	return uint64(C.k8sm_status_deadline(s.ptr))
}
