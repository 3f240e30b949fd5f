// SPDX-License-Identifier: Apache-2.0

package k8smesos

/*
#include <k8smesos/k8smesos.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"io"
	"runtime"
	"unsafe"
)

// Manifest is everything that a file of one or more documents holds.
type Manifest struct {
	ptr      *C.struct_k8sm_manifest
	Findings []Finding
}

func (m *Manifest) alive() bool { return m != nil && m.ptr != nil }

// Close gives the manifest back.
func (m *Manifest) Close() {
	if m == nil {
		return
	}
	C.k8sm_manifest_unref(m.ptr)
	m.ptr = nil
}

// ParseManifest reads pods, workloads and their pods, and what pods refer to. options may be nil.
func ParseManifest(source []byte, options *ParseOptions) (*Manifest, error) {
	var m memory
	defer m.free()
	given := options.fill(&m)
	var ptr *C.struct_k8sm_manifest
	s := newSink()
	result := C.k8sm_manifest_parse(input(source), C.size_t(len(source)), &given, &ptr, s.diags())
	findings, err := s.done("manifest_parse", result, source)
	if err != nil {
		return nil, err
	}
	manifest := &Manifest{ptr, findings}
	runtime.SetFinalizer(manifest, (*Manifest).Close)
	return manifest, nil
}

// ManifestPod is a pod of a manifest, and the object that it came from.
type ManifestPod struct {
	Pod      *Pod
	Document int // from 0
	Replica  int
	Owner    string // "Deployment/web"; empty for a bare pod
}

// Pods of the manifest; each is a reference of its own.
func (m *Manifest) Pods() []ManifestPod {
	if !m.alive() {
		return nil
	}
	defer runtime.KeepAlive(m)
	return readRows(func(rows *C.struct_k8sm_manifest_pod, size, n int) int {
		return int(C.k8sm_manifest_pods(m.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_manifest_pod) ManifestPod {
		return manifestPod(row, C.k8sm_pod_ref(row.pod))
	})
}

func manifestPod(row C.struct_k8sm_manifest_pod, ptr *C.struct_k8sm_pod) ManifestPod {
	return ManifestPod{newPod(ptr, nil), int(row.document), int(row.replica), text(row.owner)}
}

// ManifestWorkload is a workload of a manifest.
type ManifestWorkload struct {
	Workload           *Workload
	Document           int // from 0
	FirstPod, PodCount int // its pods among those of the manifest
}

// Workloads of the manifest; each is a reference of its own.
func (m *Manifest) Workloads() []ManifestWorkload {
	if !m.alive() {
		return nil
	}
	defer runtime.KeepAlive(m)
	return readRows(func(rows *C.struct_k8sm_manifest_workload, size, n int) int {
		return int(C.k8sm_manifest_workloads(m.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_manifest_workload) ManifestWorkload {
		workload := newWorkload(C.k8sm_workload_ref(row.workload), nil)
		return ManifestWorkload{workload, int(row.document), int(row.first_pod), int(row.pod_count)}
	})
}

// Data of the manifest.
func (m *Manifest) Data() []Data {
	if !m.alive() {
		return nil
	}
	defer runtime.KeepAlive(m)
	return readRows(func(rows *C.struct_k8sm_manifest_data, size, n int) int {
		return int(C.k8sm_manifest_data(m.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_manifest_data) Data {
		return Data{
			text(row.kind), text(row.name_space), text(row.name), text(row.key), raw(row.value),
			row.flags&C.K8SM_DATA_BINARY != 0,
		}
	})
}

// PriorityClasses of the manifest.
func (m *Manifest) PriorityClasses() []PriorityClass {
	if !m.alive() {
		return nil
	}
	defer runtime.KeepAlive(m)
	return readRows(func(rows *C.struct_k8sm_priority_class, size, n int) int {
		return int(C.k8sm_manifest_priority_classes(m.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_priority_class) PriorityClass {
		return PriorityClass{text(row.name), text(row.preemption_policy), int32(row.value), row.global_default != 0}
	})
}

// ManifestObject is a ConfigMap, Secret, PriorityClass, PersistentVolumeClaim or Namespace.
type ManifestObject struct {
	Kind, APIVersion, Namespace, Name string
	Document                          int // from 0
}

// Objects of the manifest, in the order of the file.
func (m *Manifest) Objects() []ManifestObject {
	if !m.alive() {
		return nil
	}
	defer runtime.KeepAlive(m)
	return readRows(func(rows *C.struct_k8sm_manifest_object, size, n int) int {
		return int(C.k8sm_manifest_objects(m.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_manifest_object) ManifestObject {
		return ManifestObject{text(row.kind), text(row.api_version), text(row.name_space), text(row.name), int(row.document)}
	})
}

// Get is the text at a path of one of the Objects, or all of it as JSON where the path is empty. False if it
// is not set.
func (m *Manifest) Get(object int, path string) (string, bool, error) {
	if err := present("manifest_get", m); err != nil {
		return "", false, err
	}
	defer runtime.KeepAlive(m)
	var mem memory
	defer mem.free()
	var blob *C.struct_k8sm_blob
	result := C.k8sm_manifest_get(m.ptr, C.size_t(object), mem.text(path), nil, &blob)
	return textOf("manifest_get", result, blob)
}

// textOf is what a function that gets a field has given.
func textOf(function string, result C.int, blob *C.struct_k8sm_blob) (string, bool, error) {
	err := failure(function, result, nil)
	if errors.Is(err, ErrNotFound) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	return string(takeBlob(blob)), true, nil
}

// Reader reads a long manifest pod by pod, in bounded memory. Not for two goroutines at once.
type Reader struct {
	ptr    *C.struct_k8sm_reader
	source io.Reader
	chunk  []byte
	last   bool
}

// NewReader reads from source. options may be nil.
func NewReader(source io.Reader, options *ParseOptions) (*Reader, error) {
	if source == nil {
		return nil, missing("reader_new", "found no source; expected an io.Reader")
	}
	var m memory
	defer m.free()
	given := options.fill(&m)
	var ptr *C.struct_k8sm_reader
	s := newSink()
	if _, err := s.done("reader_new", C.k8sm_reader_new(&given, &ptr, s.diags()), nil); err != nil {
		return nil, err
	}
	reader := &Reader{ptr: ptr, source: source, chunk: make([]byte, 64*1024)}
	runtime.SetFinalizer(reader, (*Reader).Close)
	return reader, nil
}

func (r *Reader) alive() bool { return r != nil && r.ptr != nil }

// Close gives the reader back.
func (r *Reader) Close() {
	if r == nil {
		return
	}
	C.k8sm_reader_free(r.ptr)
	r.ptr = nil
}

// Next is the next pod; io.EOF at the end. Behind a document that is wrong it goes on with the next one.
func (r *Reader) Next() (ManifestPod, error) {
	if err := present("reader_next", r); err != nil {
		return ManifestPod{}, err
	}
	defer runtime.KeepAlive(r)
	for {
		var row C.struct_k8sm_manifest_pod
		s := newSink()
		result := C.k8sm_reader_next(r.ptr, &row, C.size_t(unsafe.Sizeof(row)), s.diags())
		_, err := s.done("reader_next", result, nil)
		if err == nil {
			return manifestPod(row, row.pod), nil
		}
		if !errors.Is(err, ErrNotFound) {
			return ManifestPod{}, err
		}
		if err := r.fill(); err != nil {
			return ManifestPod{}, err
		}
	}
}

// fill gives the library more bytes.
func (r *Reader) fill() error {
	if r.last {
		return io.EOF
	}
	n, err := r.source.Read(r.chunk)
	if err != nil && err != io.EOF {
		return err
	}
	r.last = err == io.EOF
	var last C.int
	if r.last {
		last = 1
	}
	return failure("reader_push", C.k8sm_reader_push(r.ptr, input(r.chunk[:n]), C.size_t(n), last), nil)
}
