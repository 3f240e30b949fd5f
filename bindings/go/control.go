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

// Control owns the workloads and says which pods a driver is to run, without an API server. One goroutine at a time.
type Control struct {
	ptr     *C.struct_k8sm_control
	effects *C.struct_k8sm_effects
}

// NewControl makes one. The seed is random: names and uids of pods are made from it.
func NewControl(seed uint64) (*Control, error) {
	given := C.struct_k8sm_control_options{seed: C.uint64_t(seed)}
	given.size = C.size_t(unsafe.Sizeof(given))
	control := &Control{}
	if err := failure("effects_new", C.k8sm_effects_new(nil, &control.effects), nil); err != nil {
		return nil, err
	}
	runtime.SetFinalizer(control, (*Control).Close)
	var ptr *C.struct_k8sm_control
	s := newSink()
	if _, err := s.done("control_new", C.k8sm_control_new(&given, &ptr, s.diags()), nil); err != nil {
		return nil, err
	}
	control.ptr = ptr
	return control, nil
}

func (c *Control) alive() bool { return c != nil && c.ptr != nil }

// Close gives the control back.
func (c *Control) Close() {
	if c == nil {
		return
	}
	C.k8sm_control_free(c.ptr)
	C.k8sm_effects_free(c.effects)
	c.ptr, c.effects = nil, nil
}

// ControlType says what a ControlInput reads; see K8SM_CONTROL_* in control.h.
type ControlType uint32

const (
	ControlTick     ControlType = C.K8SM_CONTROL_TICK
	ControlRestore  ControlType = C.K8SM_CONTROL_RESTORE
	ControlFound    ControlType = C.K8SM_CONTROL_FOUND
	ControlApply    ControlType = C.K8SM_CONTROL_APPLY
	ControlComplete ControlType = C.K8SM_CONTROL_COMPLETE
	ControlDelete   ControlType = C.K8SM_CONTROL_DELETE
	ControlStatus   ControlType = C.K8SM_CONTROL_STATUS
	ControlGone     ControlType = C.K8SM_CONTROL_GONE
	ControlRejected ControlType = C.K8SM_CONTROL_REJECTED
	ControlAgents   ControlType = C.K8SM_CONTROL_AGENTS
	ControlZone     ControlType = C.K8SM_CONTROL_ZONE
	ControlRecorded ControlType = C.K8SM_CONTROL_RECORDED
	ControlRefused  ControlType = C.K8SM_CONTROL_REFUSED
	ControlScale    ControlType = C.K8SM_CONTROL_SCALE
)

// Flags of a ControlInput.
const (
	ControlDeleting = C.K8SM_CONTROL_FLAG_DELETING
	ControlReplace  = C.K8SM_CONTROL_FLAG_REPLACE
)

// ControlInput of a step.
type ControlInput struct {
	Type         ControlType
	Flags        uint32
	MonoMS       uint64 // never goes back
	WallMS       int64  // since 1970-01-01 UTC; may jump
	Number       uint64
	Key          string
	Bytes        []byte
	Workload     *Workload
	Pod          *Pod
	GraceSeconds int64
	Agents       []string // names of nodes
}

func (in ControlInput) agents(m *memory) (*C.struct_k8sm_control_agent, C.size_t) {
	if len(in.Agents) == 0 {
		return nil, 0
	}
	rows := allocate[C.struct_k8sm_control_agent](m, len(in.Agents))
	for i, name := range in.Agents {
		rows[i] = C.struct_k8sm_control_agent{name: m.slice([]byte(name))}
	}
	return &rows[0], C.size_t(len(rows))
}

// Step takes one input in, and returns what is to be done, in order. ErrInvalid and ErrNotFound refuse
// this input; the control goes on.
func (c *Control) Step(in ControlInput) ([]Effect, []Finding, error) {
	if err := present("control_step", c); err != nil {
		return nil, nil, err
	}
	defer runtime.KeepAlive(c)
	defer runtime.KeepAlive(in.Workload)
	defer runtime.KeepAlive(in.Pod)
	var m memory
	defer m.free()
	given := C.struct_k8sm_control_input{
		_type: C.uint32_t(in.Type), flags: C.uint32_t(in.Flags), mono_ms: C.uint64_t(in.MonoMS),
		wall_ms: C.int64_t(in.WallMS), number: C.uint64_t(in.Number), key: m.slice([]byte(in.Key)),
		bytes: m.slice(in.Bytes), grace_seconds: C.int64_t(in.GraceSeconds),
		agent_size: C.sizeof_struct_k8sm_control_agent,
	}
	given.size = C.size_t(unsafe.Sizeof(given))
	given.agents, given.agent_count = in.agents(&m)
	if in.Workload != nil {
		given.workload = in.Workload.ptr
	}
	if in.Pod != nil {
		given.pod = in.Pod.ptr
	}
	s := newSink()
	findings, err := s.done("control_step", C.k8sm_control_step(c.ptr, &given, c.effects, s.diags()), nil)
	if err != nil {
		return nil, findings, err
	}
	return readEffects(c.effects), findings, nil
}

// Deadline is the mono_ms at which the next ControlTick is due; math.MaxUint64: only when something comes in.
func (c *Control) Deadline() uint64 {
	if !c.alive() {
		return 0
	}
	defer runtime.KeepAlive(c)
	return uint64(C.k8sm_control_deadline(c.ptr))
}

// ControlRow is a workload at a glance.
type ControlRow struct {
	Key, Owner             string
	Workload               *Workload // a reference of its own
	Kind                   WorkloadKind
	Deleting               bool
	Wanted, Current, Ready int64 // Wanted -1: no number
	Updated, Available     int64
	Succeeded, Failed      int64
	CreatedWallMS          int64
	State                  string
	Settled, Failing       bool
}

// Rows are the workloads, and those between them and their pods.
func (c *Control) Rows() []ControlRow {
	if !c.alive() {
		return nil
	}
	defer runtime.KeepAlive(c)
	return readRows(func(rows *C.struct_k8sm_control_row, size, n int) int {
		return int(C.k8sm_control_rows(c.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_control_row) ControlRow {
		workload := C.k8sm_workload_ref((*C.struct_k8sm_workload)(unsafe.Pointer(row.workload)))
		return ControlRow{
			text(row.key), text(row.owner), newWorkload(workload, nil), WorkloadKind(row.kind), row.deleting != 0,
			int64(row.wanted), int64(row.current), int64(row.ready), int64(row.updated), int64(row.available),
			int64(row.succeeded), int64(row.failed), int64(row.created_wall_ms), text(row.state),
			row.settled != 0, row.failing != 0,
		}
	})
}

// Object with its status, as an API server would show it: "Deployment/default/web".
func (c *Control) Object(key string, format Format) ([]byte, error) {
	if err := present("control_object", c); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(c)
	var m memory
	defer m.free()
	var blob *C.struct_k8sm_blob
	err := failure("control_object", C.k8sm_control_object(c.ptr, m.slice([]byte(key)), C.uint32_t(format), &blob), nil)
	if err != nil {
		return nil, err
	}
	defer C.k8sm_blob_unref(blob)
	return raw(C.k8sm_blob_bytes(blob)), nil
}
