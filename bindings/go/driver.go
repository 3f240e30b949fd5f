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

// Refuse says how long offers are refused, in seconds, by reason; zero is the default of each.
type Refuse struct {
	Idle, Unsuited, Leftover float64
}

// DriverOptions; zero is the default of each.
type DriverOptions struct {
	Framework     *Framework
	Demand        *DemandOptions // Nonce, Attempt and Done are ignored
	Match         *MatchOptions
	Status        *StatusOptions
	Refuse        Refuse
	Master        string // host:port; empty: wait for InputLeader
	Seed          uint64 // random; two processes that share a framework id must not share it
	Format        Format
	Features      Features
	BackoffBaseMS uint64
	BackoffCapMS  uint64
	HoldMS        uint64
	MaxEventBytes uint64
	RecordRows    uint32 // 1: no RECORD with RecordAppend
	NoFeedback    bool   // operations on volumes have no ids: for agents without AGENT_OPERATION_FEEDBACK
	AdoptMS       uint64 // not 0: the record is lost
	RestMS        uint64 // a pod to which nothing has happened for so long is packed; 0: 60,000
	Overlays      Overlays

	// A task that has not begun to start so long after its launch is killed; 0: 300,000; math.MaxUint64: none is.
	LaunchTimeoutMS uint64
}

// Driver is the Mesos scheduler protocol as a state machine. One goroutine at a time.
type Driver struct {
	ptr     *C.struct_k8sm_driver
	effects *C.struct_k8sm_effects
}

// boxed copies a struct into C's memory.
func boxed[T any](m *memory, value T) *T {
	box := &allocate[T](m, 1)[0]
	*box = value
	return box
}

// NewDriver makes a framework. options may be nil.
func NewDriver(options *DriverOptions) (*Driver, error) {
	if options == nil {
		options = &DriverOptions{}
	}
	var m memory
	defer m.free()
	given := C.struct_k8sm_driver_options{
		framework: options.Framework.fill(&m),
		demand:    boxed(&m, options.Demand.fill(&m)),
		match:     boxed(&m, options.Match.fill()),
		status:    boxed(&m, options.Status.fill()),
		refuse: C.struct_k8sm_refuse{
			idle: C.double(options.Refuse.Idle), unsuited: C.double(options.Refuse.Unsuited),
			leftover: C.double(options.Refuse.Leftover),
		},
		master:          m.text(options.Master),
		seed:            C.uint64_t(options.Seed),
		format:          C.uint32_t(options.Format),
		features:        C.uint32_t(options.Features),
		backoff_base_ms: C.uint64_t(options.BackoffBaseMS),
		backoff_cap_ms:  C.uint64_t(options.BackoffCapMS),
		hold_ms:         C.uint64_t(options.HoldMS),
		max_event_bytes: C.uint64_t(options.MaxEventBytes),
		record_rows:     C.uint32_t(options.RecordRows),
		adopt_ms:        C.uint64_t(options.AdoptMS),
		rest_ms:         C.uint64_t(options.RestMS),

		launch_timeout_ms: C.uint64_t(options.LaunchTimeoutMS),

		executor_overlay: m.slice(options.Overlays.Executor),
		task_overlay:     m.slice(options.Overlays.Task),
		overlay_format:   C.uint32_t(options.Overlays.Format),
	}
	if options.NoFeedback {
		given.no_operation_feedback = 1
	}
	given.size = C.size_t(unsafe.Sizeof(given))
	driver := &Driver{}
	if err := failure("effects_new", C.k8sm_effects_new(nil, &driver.effects), nil); err != nil {
		return nil, err
	}
	runtime.SetFinalizer(driver, (*Driver).Close)
	var ptr *C.struct_k8sm_driver
	s := newSink()
	if _, err := s.done("driver_new", C.k8sm_driver_new(&given, &ptr, s.diags()), nil); err != nil {
		return nil, err
	}
	driver.ptr = ptr
	return driver, nil
}

func (d *Driver) alive() bool { return d != nil && d.ptr != nil }

// Close gives the driver back.
func (d *Driver) Close() {
	if d == nil {
		return
	}
	C.k8sm_driver_free(d.ptr)
	C.k8sm_effects_free(d.effects)
	d.ptr, d.effects = nil, nil
}

// InputType says what an Input reads; see K8SM_INPUT_* in driver.h.
type InputType uint32

const (
	InputTick     InputType = C.K8SM_INPUT_TICK
	InputRestore  InputType = C.K8SM_INPUT_RESTORE
	InputLeader   InputType = C.K8SM_INPUT_LEADER
	InputResponse InputType = C.K8SM_INPUT_RESPONSE
	InputChunk    InputType = C.K8SM_INPUT_CHUNK
	InputEnd      InputType = C.K8SM_INPUT_END
	InputLost     InputType = C.K8SM_INPUT_LOST
	InputPod      InputType = C.K8SM_INPUT_POD
	InputDelete   InputType = C.K8SM_INPUT_DELETE
	InputRecorded InputType = C.K8SM_INPUT_RECORDED
	InputRefused  InputType = C.K8SM_INPUT_REFUSED
	InputStop     InputType = C.K8SM_INPUT_STOP

	InputDeleteClaim InputType = C.K8SM_INPUT_DELETE_CLAIM
	InputCondition   InputType = C.K8SM_INPUT_CONDITION
)

// StopTeardown in Input.Flags makes InputStop end the framework.
const StopTeardown = C.K8SM_STOP_TEARDOWN

// Input of a step.
type Input struct {
	Type                            InputType
	Status                          uint32 // HTTP status
	MonoMS                          uint64 // never goes back
	WallMS                          int64  // since 1970-01-01 UTC; may jump
	Exchange, Number                uint64
	Key                             string
	Bytes                           []byte
	ContentType, StreamID, Location string
	Pod                             *Pod
	GraceSeconds                    int64
	Flags                           uint32
}

// EffectType says what an Effect asks; see K8SM_EFFECT_* in driver.h.
type EffectType uint32

const (
	EffectRequest EffectType = C.K8SM_EFFECT_REQUEST
	EffectCancel  EffectType = C.K8SM_EFFECT_CANCEL
	EffectRecord  EffectType = C.K8SM_EFFECT_RECORD
	EffectStatus  EffectType = C.K8SM_EFFECT_STATUS
	EffectEvent   EffectType = C.K8SM_EFFECT_EVENT
	EffectForeign EffectType = C.K8SM_EFFECT_FOREIGN
	EffectStopped EffectType = C.K8SM_EFFECT_STOPPED
	EffectGone    EffectType = C.K8SM_EFFECT_GONE
	EffectPod     EffectType = C.K8SM_EFFECT_POD
	EffectDelete  EffectType = C.K8SM_EFFECT_DELETE

	EffectClaimGone   EffectType = C.K8SM_EFFECT_CLAIM_GONE
	EffectDeleteClaim EffectType = C.K8SM_EFFECT_DELETE_CLAIM
)

// To says whom an effect is for.
type To uint32

const (
	ToMesos  To = C.K8SM_TO_MESOS
	ToKube   To = C.K8SM_TO_KUBE
	ToStore  To = C.K8SM_TO_STORE
	ToHost   To = C.K8SM_TO_HOST
	ToDriver To = C.K8SM_TO_DRIVER
)

// RequestStreaming in Effect.Flags: the response has no end, and needs a connection of its own.
const RequestStreaming = C.K8SM_REQUEST_STREAMING

// RecordAppend in Effect.Flags: the bytes go behind those that are kept under the key.
const RecordAppend = C.K8SM_RECORD_APPEND

// EventWarning in Effect.Flags: the event is of the type Warning; else of the type Normal.
const EventWarning = C.K8SM_EVENT_WARNING

// Effect is what the host is to do.
type Effect struct {
	Type                                                   EffectType
	To                                                     To
	Number, Exchange                                       uint64
	Authority, Method, Path, ContentType, Accept, StreamID string
	Key                                                    string
	Bytes                                                  []byte
	Flags, Code                                            uint32
	Pod                                                    *Pod // of EffectPod; else nil
	GraceSeconds                                           int64

	// Of EffectStatus; else nil. Status.Encode writes the PodStatus, Status.Patch what has changed since Former:
	// what the last EffectStatus of the pod told, nil if there was none.
	Status, Former *Status

	Reason string // of EffectRequest: why the call is made
}

// Step takes one input in, and returns what is to be done, in order. ErrInvalid and ErrNotFound refuse
// this input; the driver goes on.
func (d *Driver) Step(in Input) ([]Effect, []Finding, error) {
	if err := present("driver_step", d); err != nil {
		return nil, nil, err
	}
	defer runtime.KeepAlive(d)
	defer runtime.KeepAlive(in.Pod)
	var m memory
	defer m.free()
	given := C.struct_k8sm_input{
		_type: C.uint32_t(in.Type), status: C.uint32_t(in.Status), mono_ms: C.uint64_t(in.MonoMS),
		wall_ms: C.int64_t(in.WallMS), exchange: C.uint64_t(in.Exchange), number: C.uint64_t(in.Number),
		key: m.slice([]byte(in.Key)), bytes: m.slice(in.Bytes), content_type: m.slice([]byte(in.ContentType)),
		stream_id: m.slice([]byte(in.StreamID)), location: m.slice([]byte(in.Location)),
		grace_seconds: C.int64_t(in.GraceSeconds), flags: C.uint32_t(in.Flags),
	}
	given.size = C.size_t(unsafe.Sizeof(given))
	if in.Pod != nil {
		given.pod = in.Pod.ptr
	}
	s := newSink()
	findings, err := s.done("driver_step", C.k8sm_driver_step(d.ptr, &given, d.effects, s.diags()), nil)
	if err != nil {
		return nil, findings, err
	}
	return readEffects(d.effects), findings, nil
}

func readEffects(effects *C.struct_k8sm_effects) []Effect {
	return readRows(func(rows *C.struct_k8sm_effect, size, n int) int {
		return int(C.k8sm_effects_rows(effects, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_effect) Effect {
		var pod *Pod
		if row.pod != nil {
			pod = newPod(C.k8sm_pod_ref(row.pod), nil)
		}
		var status, former *Status
		if row.status != nil {
			status = newStatus(C.k8sm_status_ref(row.status), nil)
		}
		if row.former != nil {
			former = newStatus(C.k8sm_status_ref(row.former), nil)
		}
		return Effect{
			EffectType(row._type), To(row.to), uint64(row.number), uint64(row.exchange), text(row.authority),
			text(row.method), text(row.path), text(row.content_type), text(row.accept), text(row.stream_id),
			text(row.key), raw(row.bytes), uint32(row.flags), uint32(row.code), pod, int64(row.grace_seconds),
			status, former, C.GoString(row.reason),
		}
	})
}

// Snapshot is the shortest record of what the driver knows, in place of all that a store has kept.
func (d *Driver) Snapshot() ([]Effect, error) {
	if err := present("driver_snapshot", d); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(d)
	if err := failure("driver_snapshot", C.k8sm_driver_snapshot(d.ptr, d.effects), nil); err != nil {
		return nil, err
	}
	return readEffects(d.effects), nil
}

// Deadline is the mono_ms at which the next InputTick is due; math.MaxUint64: only when something comes in.
func (d *Driver) Deadline() uint64 {
	if !d.alive() {
		return 0
	}
	defer runtime.KeepAlive(d)
	return uint64(C.k8sm_driver_deadline(d.ptr))
}

// FrameworkID is empty until subscribed.
func (d *Driver) FrameworkID() string {
	if !d.alive() {
		return ""
	}
	defer runtime.KeepAlive(d)
	return text(C.k8sm_driver_framework_id(d.ptr))
}

// DriverPod is a pod of a driver; each part is a reference of its own.
type DriverPod struct {
	Pod      *Pod
	Status   *Status
	Demand   *Demand
	Deleting bool
}

// Pods of the driver.
func (d *Driver) Pods() []DriverPod {
	if !d.alive() {
		return nil
	}
	defer runtime.KeepAlive(d)
	return readRows(func(rows *C.struct_k8sm_driver_pod, size, n int) int {
		return int(C.k8sm_driver_pods(d.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_driver_pod) DriverPod {
		return DriverPod{
			newPod(C.k8sm_pod_ref(row.pod), nil), newStatus(C.k8sm_status_ref(row.status), nil),
			newDemand(C.k8sm_demand_ref(row.demand), nil), row.deleting != 0,
		}
	})
}

// Ports are the host ports of placed pods; Placement is the number of the pod.
func (d *Driver) Ports() []PlanPort {
	if !d.alive() {
		return nil
	}
	defer runtime.KeepAlive(d)
	return readRows(func(rows *C.struct_k8sm_plan_port, size, n int) int {
		return int(C.k8sm_driver_ports(d.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, planPort)
}

// Counters of a driver.
type Counters struct {
	Subscriptions, Events                                           uint64
	OffersReceived, OffersAccepted, OffersDeclined, OffersRescinded uint64
	Updates, Acknowledged, Records                                  uint64
	ReleasesDue                                                     uint64 // pods whose reservations are still to be given back
	Tombstones                                                      uint64 // pods deleted by force of which tasks may be left
}

// Counters so far.
func (d *Driver) Counters() (Counters, error) {
	if err := present("driver_counters", d); err != nil {
		return Counters{}, err
	}
	defer runtime.KeepAlive(d)
	row := C.struct_k8sm_driver_counters{size: C.sizeof_struct_k8sm_driver_counters}
	err := failure("driver_count", C.k8sm_driver_count(d.ptr, &row), nil)
	return Counters{
		uint64(row.subscriptions), uint64(row.events), uint64(row.offers_received), uint64(row.offers_accepted),
		uint64(row.offers_declined), uint64(row.offers_rescinded), uint64(row.updates), uint64(row.acknowledged),
		uint64(row.records), uint64(row.releases_due), uint64(row.tombstones),
	}, err
}

// DriverVolume says where the volume of a claim is.
type DriverVolume struct {
	Claim             string // namespace/name
	ID                string
	AgentID, Hostname string
	StorageClass      string
	Milli             int64 // thousandths of a MB
	Supposed          bool  // its agent is away: nobody knows whether it was made
	Deleting          bool  // the claim is deleted
}

// Volumes of claims, and where they are.
func (d *Driver) Volumes() []DriverVolume {
	if !d.alive() {
		return nil
	}
	defer runtime.KeepAlive(d)
	return readRows(func(rows *C.struct_k8sm_driver_volume, size, n int) int {
		return int(C.k8sm_driver_volumes(d.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_driver_volume) DriverVolume {
		return DriverVolume{text(row.claim), text(row.id), text(row.agent_id), text(row.hostname),
			text(row.storage_class), int64(row.milli), row.supposed != 0, row.deleting != 0}
	})
}

// Agents that offers have come from.
func (d *Driver) Agents() []Agent {
	if !d.alive() {
		return nil
	}
	defer runtime.KeepAlive(d)
	return readRows(func(rows *C.struct_k8sm_agent, size, n int) int {
		return int(C.k8sm_driver_agents(d.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, agentOf)
}

// AgentExecutors are the ids of the executors that such an agent runs for the framework, as Cluster.Executors.
func (d *Driver) AgentExecutors(agentID string) []string {
	if !d.alive() {
		return nil
	}
	defer runtime.KeepAlive(d)
	return executorsOf(agentID, func(id C.struct_k8sm_slice, rows *C.struct_k8sm_executor, size, n C.size_t) C.size_t {
		return C.k8sm_driver_agent_executors(d.ptr, id, 0, rows, size, n)
	})
}

// AgentLabels are the labels of such an agent as a node.
func (d *Driver) AgentLabels(agentID string) map[string]string {
	if !d.alive() {
		return nil
	}
	defer runtime.KeepAlive(d)
	var m memory
	defer m.free()
	labels := map[string]string{}
	id := m.slice([]byte(agentID))
	readRows(func(rows *C.struct_k8sm_node_label, size, n int) int {
		return int(C.k8sm_driver_agent_labels(d.ptr, id, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_node_label) bool {
		labels[C.GoString(row.key)] = C.GoString(row.value)
		return true
	})
	return labels
}
