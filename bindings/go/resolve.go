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

func (m *memory) data(items []Data) []C.struct_k8sm_manifest_data {
	data := allocate[C.struct_k8sm_manifest_data](m, len(items))
	for i, item := range items {
		data[i] = C.struct_k8sm_manifest_data{
			kind: m.slice([]byte(item.Kind)), name_space: m.slice([]byte(item.Namespace)),
			name: m.slice([]byte(item.Name)), key: m.slice([]byte(item.Key)), value: m.slice(item.Value),
		}
		if item.Binary {
			data[i].flags = C.K8SM_DATA_BINARY
		}
	}
	return data
}

// ResolveOptions are the data that a pod refers to, and what is known only where it runs.
type ResolveOptions struct {
	Data                         []Data // ConfigMaps and Secrets
	NodeName                     string
	HostIPs, PodIPs              string // comma-separated, the main one first
	Token                        string // for serviceAccountToken sources
	NodeCPUMilli                 int64  // what the node can give a pod; 0: not known
	NodeMemBytes, NodeStoreBytes int64
	MaxMemory                    uint64
}

// Resolved is what the containers of a pod see. Immutable.
type Resolved struct {
	ptr      *C.struct_k8sm_resolved
	Findings []Finding
}

func (r *Resolved) alive() bool { return r != nil && r.ptr != nil }

// Close gives it back.
func (r *Resolved) Close() {
	if r == nil {
		return
	}
	C.k8sm_resolved_unref(r.ptr)
	r.ptr = nil
}

// Resolve finds the variables, command lines and files of all containers. options may be nil. The error lists
// everything that is missing.
func (p *Pod) Resolve(options *ResolveOptions) (*Resolved, error) {
	if err := present("pod_resolve", p); err != nil {
		return nil, err
	}
	var m memory
	defer m.free()
	if options == nil {
		options = &ResolveOptions{}
	}
	data := m.data(options.Data)
	given := C.struct_k8sm_resolve_options{
		data:               first(data),
		data_count:         C.size_t(len(data)),
		data_size:          C.sizeof_struct_k8sm_manifest_data,
		node_name:          m.text(options.NodeName),
		host_ips:           m.text(options.HostIPs),
		pod_ips:            m.text(options.PodIPs),
		token:              m.text(options.Token),
		node_cpu_milli:     C.int64_t(options.NodeCPUMilli),
		node_mem_bytes:     C.int64_t(options.NodeMemBytes),
		node_storage_bytes: C.int64_t(options.NodeStoreBytes),
		max_memory:         C.uint64_t(options.MaxMemory),
	}
	given.size = C.size_t(unsafe.Sizeof(given))
	var ptr *C.struct_k8sm_resolved
	s := newSink()
	result := C.k8sm_pod_resolve(p.ptr, &given, &ptr, s.diags())
	runtime.KeepAlive(p)
	findings, err := s.done("pod_resolve", result, nil)
	if err != nil {
		return nil, err
	}
	resolved := &Resolved{ptr, findings}
	runtime.SetFinalizer(resolved, (*Resolved).Close)
	return resolved, nil
}

// ResolvedVariable is a variable as the program sees it.
type ResolvedVariable struct {
	Name      string
	Value     []byte
	Container int  // its place in Containers
	Secret    bool // the value is, or holds, something from a Secret
}

// Env are the variables of all containers, in their order.
func (r *Resolved) Env() []ResolvedVariable {
	if !r.alive() {
		return nil
	}
	defer runtime.KeepAlive(r)
	return readRows(func(rows *C.struct_k8sm_resolved_env, size, n int) int {
		return int(C.k8sm_resolved_env(r.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_resolved_env) ResolvedVariable {
		return ResolvedVariable{text(row.name), raw(row.value), int(row.container), row.secret != 0}
	})
}

// Words are those of the pod, expanded.
func (r *Resolved) Words() []Word {
	if !r.alive() {
		return nil
	}
	defer runtime.KeepAlive(r)
	return readRows(func(rows *C.struct_k8sm_pod_word, size, n int) int {
		return int(C.k8sm_resolved_words(r.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, newWord)
}

// Mounts are those of the pod, with subPathExpr expanded.
func (r *Resolved) Mounts() []Mount {
	if !r.alive() {
		return nil
	}
	defer runtime.KeepAlive(r)
	return readRows(func(rows *C.struct_k8sm_pod_mount, size, n int) int {
		return int(C.k8sm_resolved_mounts(r.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, newMount)
}

// ResolvedFile is a file of a volume whose contents the pod states.
type ResolvedFile struct {
	Path   string // below the mount
	Value  []byte
	Volume int // its place in Volumes
	Mode   uint32
	Secret bool
}

// Files of the volumes that are mounted.
func (r *Resolved) Files() []ResolvedFile {
	if !r.alive() {
		return nil
	}
	defer runtime.KeepAlive(r)
	return readRows(func(rows *C.struct_k8sm_resolved_file, size, n int) int {
		return int(C.k8sm_resolved_files(r.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_resolved_file) ResolvedFile {
		return ResolvedFile{text(row.path), raw(row.value), int(row.volume), uint32(row.mode), row.secret != 0}
	})
}
