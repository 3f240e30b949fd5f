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

// ParseFlags change how manifests are read.
type ParseFlags uint64

const (
	ParseNoDefaults ParseFlags = C.K8SM_PARSE_NO_DEFAULTS // leave out what the API server would fill in
	ParseNoValidate ParseFlags = C.K8SM_PARSE_NO_VALIDATE // types are checked all the same
	ParseStrict     ParseFlags = C.K8SM_PARSE_STRICT      // unknown fields are errors
	ParseTemplates  ParseFlags = C.K8SM_PARSE_TEMPLATES   // one pod per template
	ParseAdmission  ParseFlags = C.K8SM_PARSE_ADMISSION   // what the API server's admission adds
	// ParseKeepUnknown keeps unknown fields, and writes them again.
	ParseKeepUnknown ParseFlags = C.K8SM_PARSE_KEEP_UNKNOWN
)

// ParseOptions; zero is the default of each.
type ParseOptions struct {
	Flags            ParseFlags
	DefaultNamespace string
	MaxBytes         uint64
	MaxMemory        uint64
	MaxDepth         uint32
	MaxAliasNodes    uint32
	MaxNodes         uint32
	MaxContainers    uint32
	MaxPods          uint32
	Format           Format
	NameSeed         string
}

func (o *ParseOptions) fill(m *memory) C.struct_k8sm_parse_options {
	if o == nil {
		o = &ParseOptions{}
	}
	c := C.struct_k8sm_parse_options{
		flags:             C.uint64_t(o.Flags),
		default_namespace: m.text(o.DefaultNamespace),
		max_bytes:         C.uint64_t(o.MaxBytes),
		max_memory:        C.uint64_t(o.MaxMemory),
		max_depth:         C.uint32_t(o.MaxDepth),
		max_alias_nodes:   C.uint32_t(o.MaxAliasNodes),
		format:            C.uint32_t(o.Format),
		max_nodes:         C.uint32_t(o.MaxNodes),
		max_containers:    C.uint32_t(o.MaxContainers),
		max_pods:          C.uint32_t(o.MaxPods),
		name_seed:         m.text(o.NameSeed),
	}
	c.size = C.size_t(unsafe.Sizeof(c))
	return c
}

// Pod is a Kubernetes Pod: read, defaulted, validated, immutable.
type Pod struct {
	ptr      *C.struct_k8sm_pod
	Findings []Finding // notes and warnings
}

func newPod(ptr *C.struct_k8sm_pod, findings []Finding) *Pod {
	pod := &Pod{ptr, findings}
	runtime.SetFinalizer(pod, (*Pod).Close)
	return pod
}

func (p *Pod) alive() bool { return p != nil && p.ptr != nil }

// Close gives the pod back.
func (p *Pod) Close() {
	if p == nil {
		return
	}
	C.k8sm_pod_unref(p.ptr)
	p.ptr = nil
}

// ParsePod reads one Pod from JSON or YAML. options may be nil.
func ParsePod(source []byte, options *ParseOptions) (*Pod, error) {
	var m memory
	defer m.free()
	given := options.fill(&m)
	var ptr *C.struct_k8sm_pod
	s := newSink()
	result := C.k8sm_pod_parse(input(source), C.size_t(len(source)), &given, &ptr, s.diags())
	findings, err := s.done("pod_parse", result, source)
	if err != nil {
		return nil, err
	}
	return newPod(ptr, findings), nil
}

// WithUID is the same pod with another uid; "" makes one of namespace and name.
func (p *Pod) WithUID(uid string) (*Pod, error) {
	if err := present("pod_with_uid", p); err != nil {
		return nil, err
	}
	var m memory
	defer m.free()
	var ptr *C.struct_k8sm_pod
	s := newSink()
	result := C.k8sm_pod_with_uid(p.ptr, m.text(uid), nil, &ptr, s.diags())
	runtime.KeepAlive(p)
	findings, err := s.done("pod_with_uid", result, nil)
	if err != nil {
		return nil, err
	}
	return newPod(ptr, findings), nil
}

// Name is metadata.name.
func (p *Pod) Name() string {
	if !p.alive() {
		return ""
	}
	defer runtime.KeepAlive(p)
	return text(C.k8sm_pod_name(p.ptr))
}

// Namespace is metadata.namespace.
func (p *Pod) Namespace() string {
	if !p.alive() {
		return ""
	}
	defer runtime.KeepAlive(p)
	return text(C.k8sm_pod_namespace(p.ptr))
}

// UID is metadata.uid; empty if it has none yet.
func (p *Pod) UID() string {
	if !p.alive() {
		return ""
	}
	defer runtime.KeepAlive(p)
	return text(C.k8sm_pod_uid(p.ptr))
}

// Encode writes the pod as Kubernetes does, in JSON, YAML or protobuf.
func (p *Pod) Encode(format Format) ([]byte, error) {
	if err := present("pod_encode", p); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(p)
	var blob *C.struct_k8sm_blob
	result := C.k8sm_pod_encode(p.ptr, C.uint32_t(format), nil, &blob)
	if err := failure("pod_encode", result, nil); err != nil {
		return nil, err
	}
	return takeBlob(blob), nil
}

// PatchKind of a patch for the API server.
type PatchKind uint32

const (
	PatchMerge     PatchKind = C.K8SM_PATCH_MERGE     // application/merge-patch+json
	PatchStrategic PatchKind = C.K8SM_PATCH_STRATEGIC // application/strategic-merge-patch+json
)

// Patch is the smallest patch that makes of one pod the other.
func (p *Pod) Patch(from *Pod, kind PatchKind) ([]byte, error) {
	if err := present("pod_patch", p, from); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(p)
	defer runtime.KeepAlive(from)
	var blob *C.struct_k8sm_blob
	result := C.k8sm_pod_patch(from.ptr, p.ptr, C.uint32_t(kind), nil, &blob)
	if err := failure("pod_patch", result, nil); err != nil {
		return nil, err
	}
	return takeBlob(blob), nil
}

// Get is the text at a path ("spec.containers[0].image", "spec.containers[name=web].image", or as a JSON
// pointer "/spec/containers/0/image"); objects and lists are JSON. False if it is not set.
func (p *Pod) Get(path string) (string, bool, error) {
	if err := present("pod_get", p); err != nil {
		return "", false, err
	}
	defer runtime.KeepAlive(p)
	var m memory
	defer m.free()
	var blob *C.struct_k8sm_blob
	return textOf("pod_get", C.k8sm_pod_get(p.ptr, m.text(path), nil, &blob), blob)
}

// Data is one key of a ConfigMap or Secret; without a key, one that is there and empty.
type Data struct {
	Kind, Namespace, Name, Key string
	Value                      []byte
	Binary                     bool // of binaryData: never the value of a variable
}
