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

// ContainerKind tells mains, init containers, sidecars and ephemeral containers apart.
type ContainerKind uint32

const (
	ContainerMain      ContainerKind = C.K8SM_CONTAINER_MAIN
	ContainerInit      ContainerKind = C.K8SM_CONTAINER_INIT
	ContainerSidecar   ContainerKind = C.K8SM_CONTAINER_SIDECAR
	ContainerEphemeral ContainerKind = C.K8SM_CONTAINER_EPHEMERAL
)

// ContainerFlags of a container.
type ContainerFlags uint32

const (
	ContainerStdin        ContainerFlags = C.K8SM_CONTAINER_FLAG_STDIN
	ContainerStdinOnce    ContainerFlags = C.K8SM_CONTAINER_FLAG_STDIN_ONCE
	ContainerTTY          ContainerFlags = C.K8SM_CONTAINER_FLAG_TTY
	ContainerPrivileged   ContainerFlags = C.K8SM_CONTAINER_FLAG_PRIVILEGED
	ContainerReadOnlyRoot ContainerFlags = C.K8SM_CONTAINER_FLAG_READ_ONLY_ROOT
	ContainerNonRoot      ContainerFlags = C.K8SM_CONTAINER_FLAG_NON_ROOT
)

// Container of a pod. Amounts are -1 where the pod states none.
type Container struct {
	Name, Image                            string
	Kind                                   ContainerKind
	Index                                  int // in its own list
	CPURequestMilli, CPULimitMilli         int64
	MemoryRequestBytes, MemoryLimitBytes   int64
	StorageRequestBytes, StorageLimitBytes int64
	RunAsUser, RunAsGroup                  int64 // of the container or else of the pod; -1: the image's
	WorkingDir, PullPolicy                 string
	RestartPolicy                          string // its own or else the pod's
	MessagePath, MessagePolicy             string
	Target                                 string // of an ephemeral container
	Flags                                  ContainerFlags
}

// Containers are init containers and sidecars first, in list order, then the mains, then the ephemeral ones.
func (p *Pod) Containers() []Container {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_pod_container, size, n int) int {
		return int(C.k8sm_pod_containers(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_pod_container) Container {
		return Container{
			Name: text(row.name), Image: text(row.image), Kind: ContainerKind(row.kind), Index: int(row.index),
			CPURequestMilli: int64(row.cpu_request_milli), CPULimitMilli: int64(row.cpu_limit_milli),
			MemoryRequestBytes: int64(row.memory_request_bytes), MemoryLimitBytes: int64(row.memory_limit_bytes),
			StorageRequestBytes: int64(row.storage_request_bytes), StorageLimitBytes: int64(row.storage_limit_bytes),
			RunAsUser: int64(row.run_as_user), RunAsGroup: int64(row.run_as_group),
			WorkingDir: text(row.working_dir), PullPolicy: text(row.pull_policy),
			RestartPolicy: text(row.restart_policy), MessagePath: text(row.message_path),
			MessagePolicy: text(row.message_policy), Target: text(row.target), Flags: ContainerFlags(row.flags),
		}
	})
}

// Purpose of a command line, probe or hook.
type Purpose uint32

const (
	PurposeCommand   Purpose = C.K8SM_PURPOSE_COMMAND
	PurposeArgs      Purpose = C.K8SM_PURPOSE_ARGS
	PurposeLiveness  Purpose = C.K8SM_PURPOSE_LIVENESS
	PurposeReadiness Purpose = C.K8SM_PURPOSE_READINESS
	PurposeStartup   Purpose = C.K8SM_PURPOSE_STARTUP
	PurposePostStart Purpose = C.K8SM_PURPOSE_POST_START
	PurposePreStop   Purpose = C.K8SM_PURPOSE_PRE_STOP
)

// Word of a command line, with its $(VARIABLES).
type Word struct {
	Text      string
	Container int // its place in Containers, here and below
	Purpose   Purpose
}

// Words are the command lines of containers, probes and hooks.
func (p *Pod) Words() []Word {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_pod_word, size, n int) int {
		return int(C.k8sm_pod_words(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, newWord)
}

func newWord(row C.struct_k8sm_pod_word) Word {
	return Word{text(row.text), int(row.container), Purpose(row.purpose)}
}

// Port of a container.
type Port struct {
	Name, Protocol, HostIP string
	Container              int
	ContainerPort          int
	HostPort               int // 0: none
}

// Ports of all containers.
func (p *Pod) Ports() []Port {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_pod_port, size, n int) int {
		return int(C.k8sm_pod_ports(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_pod_port) Port {
		return Port{
			text(row.name), text(row.protocol), text(row.host_ip), int(row.container), int(row.container_port),
			int(row.host_port),
		}
	})
}

// Source of a variable.
type Source uint32

const (
	SourceValue        Source = C.K8SM_SOURCE_VALUE
	SourceField        Source = C.K8SM_SOURCE_FIELD
	SourceResource     Source = C.K8SM_SOURCE_RESOURCE
	SourceConfigMapKey Source = C.K8SM_SOURCE_CONFIG_MAP_KEY
	SourceSecretKey    Source = C.K8SM_SOURCE_SECRET_KEY
	SourceFileKey      Source = C.K8SM_SOURCE_FILE_KEY
)

// Variable of a container, as the pod states it.
type Variable struct {
	Name, Value string // the value with its $(VARIABLES)
	Object, Key string // what it refers to, and what of it
	Detail      string // the divisor of a resource, the path of a file
	Container   int
	Source      Source
	Optional    bool
}

// Env are the variables of all containers.
func (p *Pod) Env() []Variable {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_pod_env, size, n int) int {
		return int(C.k8sm_pod_env(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_pod_env) Variable {
		return Variable{
			text(row.name), text(row.value), text(row.object), text(row.key), text(row.detail),
			int(row.container), Source(row.source), row.optional != 0,
		}
	})
}

// EnvFrom is a ConfigMap or Secret whose keys are all variables.
type EnvFrom struct {
	Prefix, Object string
	Container      int
	Source         Source
	Optional       bool
}

// EnvFrom of all containers.
func (p *Pod) EnvFrom() []EnvFrom {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_pod_env_from, size, n int) int {
		return int(C.k8sm_pod_env_from(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_pod_env_from) EnvFrom {
		return EnvFrom{text(row.prefix), text(row.object), int(row.container), Source(row.source), row.optional != 0}
	})
}

// VolumeFlags of a volume or mount.
type VolumeFlags uint32

const (
	VolumeReadOnly    VolumeFlags = C.K8SM_VOLUME_READ_ONLY
	VolumeOptional    VolumeFlags = C.K8SM_VOLUME_OPTIONAL
	VolumeSubPathExpr VolumeFlags = C.K8SM_VOLUME_SUB_PATH_EXPR
	VolumeDevice      VolumeFlags = C.K8SM_VOLUME_DEVICE
)

// Volume of a pod.
type Volume struct {
	Name, Kind     string // the kind is the field of its source: "emptyDir", "configMap"
	Source, Detail string // what says most of it: a path, a name, a server
	SizeLimitBytes int64  // -1: none
	DefaultMode    uint32 // of files
	Flags          VolumeFlags
}

// Volumes of the pod.
func (p *Pod) Volumes() []Volume {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_pod_volume, size, n int) int {
		return int(C.k8sm_pod_volumes(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_pod_volume) Volume {
		return Volume{
			text(row.name), text(row.kind), text(row.source), text(row.detail), int64(row.size_limit_bytes),
			uint32(row.default_mode), VolumeFlags(row.flags),
		}
	})
}

// Mount of a volume in a container, or a block device.
type Mount struct {
	Volume, Path, SubPath, Propagation, RecursiveReadOnly string
	Container                                             int
	Flags                                                 VolumeFlags
}

// Mounts of all containers.
func (p *Pod) Mounts() []Mount {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_pod_mount, size, n int) int {
		return int(C.k8sm_pod_mounts(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, newMount)
}

func newMount(row C.struct_k8sm_pod_mount) Mount {
	return Mount{
		text(row.volume), text(row.path), text(row.sub_path), text(row.propagation),
		text(row.recursive_read_only), int(row.container), VolumeFlags(row.flags),
	}
}

// Handler of a probe or hook.
type Handler uint32

const (
	HandlerExec  Handler = C.K8SM_HANDLER_EXEC
	HandlerHTTP  Handler = C.K8SM_HANDLER_HTTP
	HandlerTCP   Handler = C.K8SM_HANDLER_TCP
	HandlerGRPC  Handler = C.K8SM_HANDLER_GRPC
	HandlerSleep Handler = C.K8SM_HANDLER_SLEEP
)

// Probe or hook of a container; times in seconds.
type Probe struct {
	Scheme, Host, Path, Service, PortName string
	Container                             int
	Purpose                               Purpose
	Handler                               Handler
	Port                                  int
	InitialDelay, Period, Timeout         int
	SuccessThreshold, FailureThreshold    int
	GracePeriod                           int64 // -1: none of its own
	Sleep                                 int64
}

// Probes and hooks of all containers.
func (p *Pod) Probes() []Probe {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_pod_probe, size, n int) int {
		return int(C.k8sm_pod_probes(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_pod_probe) Probe {
		return Probe{
			text(row.scheme), text(row.host), text(row.path), text(row.service), text(row.port_name),
			int(row.container), Purpose(row.purpose), Handler(row.handler), int(row.port),
			int(row.initial_delay), int(row.period), int(row.timeout), int(row.success_threshold),
			int(row.failure_threshold), int64(row.grace_period), int64(row.sleep),
		}
	})
}

// PodResource is what the whole pod asks for of a resource: cpu in thousandths, others in bytes or pieces;
// -1: nothing is stated.
type PodResource struct {
	Name           string
	Request, Limit int64
}

// Resources that the pod asks for as a whole, as kube-scheduler counts them.
func (p *Pod) Resources() ([]PodResource, error) {
	if err := present("pod_resources", p); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(p)
	return countedRows("pod_resources", func(rows *C.struct_k8sm_pod_resource, size, n C.size_t, count *C.size_t) C.int {
		return C.k8sm_pod_resources(p.ptr, nil, rows, size, n, count)
	}, func(row C.struct_k8sm_pod_resource) PodResource {
		return PodResource{text(row.name), int64(row.request), int64(row.limit)}
	})
}

// QOSClass is "Guaranteed", "Burstable" or "BestEffort".
func (p *Pod) QOSClass() string {
	if !p.alive() {
		return ""
	}
	defer runtime.KeepAlive(p)
	return text(C.k8sm_pod_qos_class(p.ptr))
}

// ValueKind of a value in a pod.
type ValueKind uint32

const (
	ValueString ValueKind = C.K8SM_VALUE_STRING
	ValueNumber ValueKind = C.K8SM_VALUE_NUMBER
	ValueBool   ValueKind = C.K8SM_VALUE_BOOL
	ValueObject ValueKind = C.K8SM_VALUE_OBJECT
	ValueList   ValueKind = C.K8SM_VALUE_LIST
	ValueJSON   ValueKind = C.K8SM_VALUE_JSON
)

// Value that stands in a pod.
type Value struct {
	Name   string // of the field or key; empty for an item of a list
	Kind   ValueKind
	Text   string // ValueString, ValueJSON
	Number int64  // ValueNumber; ValueBool: 0 or 1
	Count  int    // ValueObject, ValueList: how many values are below it
}

func newValue(row C.struct_k8sm_pod_value) Value {
	return Value{text(row.name), ValueKind(row.kind), text(row.text), int64(row.number), int(row.count)}
}

// Value at a path, as for Get; false if it is not set.
func (p *Pod) Value(path string) (Value, bool, error) {
	if err := present("pod_value", p); err != nil {
		return Value{}, false, err
	}
	defer runtime.KeepAlive(p)
	var m memory
	defer m.free()
	var row C.struct_k8sm_pod_value
	size := C.size_t(unsafe.Sizeof(row))
	err := failure("pod_get_value", C.k8sm_pod_get_value(p.ptr, m.text(path), &row, size), nil)
	if errors.Is(err, ErrNotFound) {
		return Value{}, false, nil
	}
	return newValue(row), err == nil, err
}

// Values right below the object or list at a path.
func (p *Pod) Values(path string) ([]Value, error) {
	if err := present("pod_values", p); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(p)
	var m memory
	defer m.free()
	at := m.text(path)
	return countedRows("pod_get_values", func(rows *C.struct_k8sm_pod_value, size, n C.size_t, count *C.size_t) C.int {
		return C.k8sm_pod_get_values(p.ptr, at, 0, rows, size, n, count)
	}, newValue)
}
