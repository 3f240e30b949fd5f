// SPDX-License-Identifier: Apache-2.0

package k8smesos

/*
#include <k8smesos/k8smesos.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"runtime"
	"unsafe"
)

// TaskOptions; zero is the default of each.
type TaskOptions struct {
	Format        Format // FormatJSON, or FormatProtobuf (the default)
	RefuseSeconds float64
	Operations    bool // have rows of their own: Calls.Operations
	Overlays      Overlays
	PodWins       bool // a label or a variable of an overlay that a pod has, too, is left out, and no error
	Feedback      bool // operations that make volumes have ids: see K8SM_CALLS_FEEDBACK
}

// Overlays are merged into what the mapping makes of every pod; see k8sm_task_options.
type Overlays struct {
	Executor []byte // a partial mesos.v1.ExecutorInfo
	Task     []byte // a partial mesos.v1.TaskInfo
	Format   Format // of both
}

// Calls are what a plan becomes. Immutable.
type Calls struct {
	ptr      *C.struct_k8sm_calls
	Findings []Finding
}

func (c *Calls) alive() bool { return c != nil && c.ptr != nil }

// Close gives the calls back.
func (c *Calls) Close() {
	if c == nil {
		return
	}
	C.k8sm_calls_unref(c.ptr)
	c.ptr = nil
}

// Calls encodes the plan's ACCEPT calls. options may be nil.
func (p *Plan) Calls(options *TaskOptions) (*Calls, error) {
	if err := present("plan_calls", p); err != nil {
		return nil, err
	}
	if options == nil {
		options = &TaskOptions{}
	}
	var m memory
	defer m.free()
	given := C.struct_k8sm_task_options{
		format: C.uint32_t(options.Format), refuse_seconds: C.double(options.RefuseSeconds),
		executor_overlay: m.slice(options.Overlays.Executor), task_overlay: m.slice(options.Overlays.Task),
		overlay_format: C.uint32_t(options.Overlays.Format),
	}
	if options.Operations {
		given.flags |= C.K8SM_CALLS_OPERATIONS
	}
	if options.PodWins {
		given.flags |= C.K8SM_CALLS_POD_WINS
	}
	if options.Feedback {
		given.flags |= C.K8SM_CALLS_FEEDBACK
	}
	given.size = C.size_t(unsafe.Sizeof(given))
	var ptr *C.struct_k8sm_calls
	s := newSink()
	result := C.k8sm_plan_calls(p.ptr, &given, &ptr, s.diags())
	runtime.KeepAlive(p)
	return takeCalls("plan_calls", result, ptr, s)
}

func takeCalls(name string, result C.int, ptr *C.struct_k8sm_calls, s sink) (*Calls, error) {
	findings, err := s.done(name, result, nil)
	if err != nil {
		return nil, err
	}
	calls := &Calls{ptr, findings}
	runtime.SetFinalizer(calls, (*Calls).Close)
	return calls, nil
}

// Keep names a pod whose reservations stay.
type Keep struct {
	UID, AgentID string // empty AgentID: on all agents
}

// ReleaseOptions say what stays.
type ReleaseOptions struct {
	Format        Format
	RefuseSeconds float64
	Keep          []Keep
	Claims        []string // "namespace/name": their volumes are destroyed
	Feedback      bool     // operations that destroy volumes have ids
}

// Release gives back what was reserved for pods that are not to be kept.
func (c *Cluster) Release(options *ReleaseOptions) (*Calls, error) {
	if err := present("cluster_release", c); err != nil {
		return nil, err
	}
	if options == nil {
		options = &ReleaseOptions{}
	}
	var m memory
	defer m.free()
	defer runtime.KeepAlive(c)
	keep := allocate[C.struct_k8sm_keep](&m, len(options.Keep)+1)
	for i, k := range options.Keep {
		keep[i] = C.struct_k8sm_keep{m.slice([]byte(k.UID)), m.slice([]byte(k.AgentID))}
	}
	given := C.struct_k8sm_release_options{
		format: C.uint32_t(options.Format), refuse_seconds: C.double(options.RefuseSeconds),
		keep: &keep[0], keep_count: C.size_t(len(options.Keep)), keep_size: C.sizeof_struct_k8sm_keep,
		claims: m.slices(options.Claims), claim_count: C.size_t(len(options.Claims)),
	}
	if options.Feedback {
		given.flags = C.K8SM_CALLS_FEEDBACK
	}
	given.size = C.size_t(unsafe.Sizeof(given))
	var ptr *C.struct_k8sm_calls
	s := newSink()
	result := C.k8sm_cluster_release(c.ptr, &given, &ptr, s.diags())
	return takeCalls("cluster_release", result, ptr, s)
}

// CallOffer is an offer that a call names.
type CallOffer struct {
	ID   string
	Call int
}

// Offers that the calls name.
func (c *Calls) Offers() []CallOffer {
	if !c.alive() {
		return nil
	}
	defer runtime.KeepAlive(c)
	return readRows(func(rows *C.struct_k8sm_call_offer, size, n int) int {
		return int(C.k8sm_calls_offers(c.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_call_offer) CallOffer {
		return CallOffer{text(row.id), int(row.call)}
	})
}

// CallOperation is an Offer.Operation of a call.
type CallOperation struct {
	Bytes           []byte
	Call, Placement int
}

// Operations of the calls, where TaskOptions ask for them.
func (c *Calls) Operations() []CallOperation {
	if !c.alive() {
		return nil
	}
	defer runtime.KeepAlive(c)
	return readRows(func(rows *C.struct_k8sm_call_operation, size, n int) int {
		return int(C.k8sm_calls_operations(c.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_call_operation) CallOperation {
		return CallOperation{raw(row.bytes), int(row.call), int(row.placement)}
	})
}

// CallRelease is what a call of Cluster.Release gives back: of a pod (its UID) or of a claim.
type CallRelease struct {
	Pod, Claim string
	Volume     string // the id of the volume that is destroyed; empty: there is none
	Call       int
}

// Releases of the calls of Cluster.Release.
func (c *Calls) Releases() []CallRelease {
	if !c.alive() {
		return nil
	}
	defer runtime.KeepAlive(c)
	return readRows(func(rows *C.struct_k8sm_call_release, size, n int) int {
		return int(C.k8sm_calls_releases(c.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_call_release) CallRelease {
		return CallRelease{text(row.pod), text(row.claim), text(row.volume), int(row.call)}
	})
}

// Call is the body of a request to /api/v1/scheduler.
type Call struct {
	Bytes      []byte
	AgentID    string
	Placements int // how many of the plan's placements it launches

	RefuseSeconds float64 // its filter
}

// Rows are the calls.
func (c *Calls) Rows() []Call {
	if !c.alive() {
		return nil
	}
	defer runtime.KeepAlive(c)
	return readRows(func(rows *C.struct_k8sm_call, size, n int) int {
		return int(C.k8sm_calls_rows(c.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_call) Call {
		return Call{raw(row.bytes), text(row.agent_id), int(row.placements), float64(row.refuse_seconds)}
	})
}

// CallExecutor is the executor of a placement: to be recorded before the call is sent.
type CallExecutor struct {
	ExecutorID string
	Bytes      []byte // ExecutorInfo, protobuf
	Placement  int
	Call       int
}

// Executors of the placements, in their order.
func (c *Calls) Executors() []CallExecutor {
	if !c.alive() {
		return nil
	}
	defer runtime.KeepAlive(c)
	return readRows(func(rows *C.struct_k8sm_call_executor, size, n int) int {
		return int(C.k8sm_calls_executors(c.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_call_executor) CallExecutor {
		return CallExecutor{text(row.executor_id), raw(row.bytes), int(row.placement), int(row.call)}
	})
}

// CallTask is a task that the calls launch.
type CallTask struct {
	TaskID    string
	Placement int
	Task      int // the number of its row in Demand.Tasks
}

// Tasks that the calls launch.
func (c *Calls) Tasks() []CallTask {
	if !c.alive() {
		return nil
	}
	defer runtime.KeepAlive(c)
	return readRows(func(rows *C.struct_k8sm_call_task, size, n int) int {
		return int(C.k8sm_calls_tasks(c.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_call_task) CallTask {
		return CallTask{text(row.task_id), int(row.placement), int(row.task)}
	})
}

// TaskID is uid.attempt.container.restart.nonce, taken apart. The pause task has no container.
type TaskID struct {
	UID, Container, Nonce string
	Attempt, Restart      uint32
}

// ExecutorID is uid.attempt.mapping, taken apart.
type ExecutorID struct {
	UID              string
	Attempt, Mapping uint32
}

// ParseExecutorID fails with ErrNotFound for an id of another form: somebody else's executor.
func ParseExecutorID(id string) (ExecutorID, error) {
	var m memory
	defer m.free()
	var row C.struct_k8sm_task_id
	err := failure("executor_id_parse", C.k8sm_executor_id_parse(m.text(id), C.size_t(len(id)), &row), nil)
	return ExecutorID{text(row.uid), uint32(row.attempt), uint32(row.mapping)}, err
}

// ParseTaskID fails with ErrNotFound for an id of another form: somebody else's task.
func ParseTaskID(id string) (TaskID, error) {
	var m memory
	defer m.free()
	var row C.struct_k8sm_task_id
	err := failure("task_id_parse", C.k8sm_task_id_parse(m.text(id), C.size_t(len(id)), &row), nil)
	return TaskID{text(row.uid), text(row.container), text(row.nonce), uint32(row.attempt), uint32(row.restart)}, err
}

// Format writes the id.
func (t TaskID) Format() (string, error) {
	var m memory
	defer m.free()
	row := C.struct_k8sm_task_id{
		uid: m.slice([]byte(t.UID)), container: m.slice([]byte(t.Container)), nonce: m.slice([]byte(t.Nonce)),
		attempt: C.uint32_t(t.Attempt), restart: C.uint32_t(t.Restart),
	}
	buffer := allocate[C.char](&m, 256)
	err := failure("task_id_format", C.k8sm_task_id_format(&row, &buffer[0], C.size_t(len(buffer))), nil)
	return C.GoString(&buffer[0]), err
}

// CallType of the calls that EncodeCall makes.
type CallType uint32

const (
	CallSubscribe   CallType = C.K8SM_CALL_SUBSCRIBE
	CallTeardown    CallType = C.K8SM_CALL_TEARDOWN
	CallDecline     CallType = C.K8SM_CALL_DECLINE
	CallRevive      CallType = C.K8SM_CALL_REVIVE
	CallSuppress    CallType = C.K8SM_CALL_SUPPRESS
	CallKill        CallType = C.K8SM_CALL_KILL
	CallShutdown    CallType = C.K8SM_CALL_SHUTDOWN
	CallAcknowledge CallType = C.K8SM_CALL_ACKNOWLEDGE
	CallReconcile   CallType = C.K8SM_CALL_RECONCILE
	CallMessage     CallType = C.K8SM_CALL_MESSAGE
	CallRequest     CallType = C.K8SM_CALL_REQUEST

	CallAcceptInverseOffers        CallType = C.K8SM_CALL_ACCEPT_INVERSE_OFFERS
	CallDeclineInverseOffers       CallType = C.K8SM_CALL_DECLINE_INVERSE_OFFERS
	CallAcknowledgeOperationStatus CallType = C.K8SM_CALL_ACKNOWLEDGE_OPERATION_STATUS
	CallReconcileOperations        CallType = C.K8SM_CALL_RECONCILE_OPERATIONS
	CallUpdateFramework            CallType = C.K8SM_CALL_UPDATE_FRAMEWORK
)

// Framework is what a framework tells of itself; zero is the default of each.
type Framework struct {
	Name, User, Principal, Hostname, WebUIURL string
	Roles                                     []string
	FailoverTimeoutSeconds                    float64
	NoCheckpoint, GPUResources                bool
}

func (f *Framework) fill(m *memory) *C.struct_k8sm_framework {
	if f == nil {
		return nil
	}
	c := &allocate[C.struct_k8sm_framework](m, 1)[0]
	*c = C.struct_k8sm_framework{
		size: C.sizeof_struct_k8sm_framework,
		name: m.text(f.Name), user: m.text(f.User), principal: m.text(f.Principal),
		hostname: m.text(f.Hostname), webui_url: m.text(f.WebUIURL),
		roles: m.texts(f.Roles), role_count: C.size_t(len(f.Roles)),
		failover_timeout_seconds: C.double(f.FailoverTimeoutSeconds),
		no_checkpoint:            number(f.NoCheckpoint), gpu_resources: number(f.GPUResources),
	}
	return c
}

func number(flag bool) C.uint32_t {
	if flag {
		return 1
	}
	return 0
}

// CallArgs of EncodeCall. Seconds that are negative leave the master's or the task's own.
type CallArgs struct {
	Type                                     CallType
	Format                                   Format
	Framework                                *Framework // SUBSCRIBE, UPDATE_FRAMEWORK
	FrameworkID, TaskID, AgentID, ExecutorID string
	UUID                                     []byte   // raw
	Items                                    []string // what the type says in task.h: offer ids, roles, ids by turns
	Suppressed                               []string
	RefuseSeconds, GraceSeconds              float64
	OperationID, ResourceProviderID          string
	Data                                     []byte // MESSAGE
	OfferConstraints                         []byte // SUBSCRIBE, UPDATE_FRAMEWORK: the message in protobuf
}

// EncodeCall encodes a call.
func EncodeCall(args CallArgs) ([]byte, error) {
	var m memory
	defer m.free()
	given := C.struct_k8sm_call_args{
		_type: C.uint32_t(args.Type), format: C.uint32_t(args.Format), framework: args.Framework.fill(&m),
		framework_id: m.slice([]byte(args.FrameworkID)), task_id: m.slice([]byte(args.TaskID)),
		agent_id: m.slice([]byte(args.AgentID)), executor_id: m.slice([]byte(args.ExecutorID)),
		uuid:  m.slice(args.UUID),
		items: m.slices(args.Items), item_count: C.size_t(len(args.Items)),
		suppressed: m.slices(args.Suppressed), suppressed_count: C.size_t(len(args.Suppressed)),
		refuse_seconds: C.double(args.RefuseSeconds), grace_seconds: C.double(args.GraceSeconds),
		operation_id:         m.slice([]byte(args.OperationID)),
		resource_provider_id: m.slice([]byte(args.ResourceProviderID)),
		data:                 m.slice(args.Data), offer_constraints: m.slice(args.OfferConstraints),
	}
	given.size = C.size_t(unsafe.Sizeof(given))
	var blob *C.struct_k8sm_blob
	s := newSink()
	if _, err := s.done("call_encode", C.k8sm_call_encode(&given, nil, &blob, s.diags()), nil); err != nil {
		return nil, err
	}
	return takeBlob(blob), nil
}

// Names of messages that ConvertMessage takes.
const (
	MessageCall  = C.K8SM_MESSAGE_CALL
	MessageEvent = C.K8SM_MESSAGE_EVENT
)

// ConvertMessage rewrites a Mesos message from one format to the other.
func ConvertMessage(name string, message []byte, from, to Format) ([]byte, error) {
	var m memory
	defer m.free()
	var blob *C.struct_k8sm_blob
	s := newSink()
	result := C.k8sm_message_convert(m.name(name), input(message), C.size_t(len(message)), C.uint32_t(from),
		C.uint32_t(to), nil, &blob, s.diags())
	if _, err := s.done("message_convert", result, nil); err != nil {
		return nil, err
	}
	return takeBlob(blob), nil
}

// Message is one of several in a file.
type Message struct {
	Bytes  []byte
	Format Format
}

// Messages cuts them out of RecordIO, newline-separated JSON, or a single message. Those before what can't
// be read come with the error.
func Messages(source []byte) ([]Message, error) {
	var m memory
	defer m.free()
	var messages []Message
	var offset C.size_t
	held := m.slice(source)
	for {
		var found C.struct_k8sm_slice
		var format C.uint32_t
		s := newSink()
		result := C.k8sm_message_next(unsafe.Pointer(held.ptr), held.len, &offset, &found, &format, s.diags())
		_, err := s.done("message_next", result, nil)
		if errors.Is(err, ErrNotFound) {
			return messages, nil
		}
		if err != nil {
			return messages, err
		}
		messages = append(messages, Message{raw(found), Format(format)})
	}
}

// EventType is the type of an Event: "OFFERS".
func EventType(event []byte, format Format) (string, error) {
	var name *C.char
	result := C.k8sm_event_type(input(event), C.size_t(len(event)), C.uint32_t(format), &name)
	if err := failure("event_type", result, nil); err != nil {
		return "", err
	}
	return C.GoString(name), nil
}
