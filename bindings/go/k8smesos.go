// SPDX-License-Identifier: Apache-2.0

// Package k8smesos runs Kubernetes pods on Apache Mesos: the binding of libk8smesos.
//
// The data flows as in C:
//
//	pod, err := k8smesos.ParsePod(manifest, nil)      // and pod.WithUID
//	demand, err := k8smesos.MakeDemand(pod, &k8smesos.DemandOptions{Nonce: nonce})
//	offers, err := k8smesos.ParseOffers(event, nil)
//	cluster, err := k8smesos.NewCluster(nil)          // and cluster.Add(offers, now)
//	plan, err := cluster.Match([]*k8smesos.Demand{demand}, nil)
//	calls, err := plan.Calls(nil)                     // post each Bytes to /api/v1/scheduler
//
// Values (Pod, Manifest, Demand, Offers, Resources, Wants, Plan, Calls, Status) are immutable and may be shared between
// goroutines. Cluster and Driver belong to one goroutine at a time. Memory is given back by the garbage
// collector, or at once by Close. A function that is called with an object that is nil or closed returns an error;
// one that returns none has nothing to say of it.
package k8smesos

/*
#cgo pkg-config: libk8smesos
#include <k8smesos/k8smesos.h>
#include <stdlib.h>
*/
import "C"

import "unsafe"

// Format says what bytes are.
type Format uint32

const (
	FormatAuto     Format = C.K8SM_FORMAT_AUTO
	FormatJSON     Format = C.K8SM_FORMAT_JSON
	FormatYAML     Format = C.K8SM_FORMAT_YAML
	FormatProtobuf Format = C.K8SM_FORMAT_PROTOBUF
	// FormatProtobufBare is a Kubernetes object without the envelope that names its kind.
	FormatProtobufBare Format = C.K8SM_FORMAT_PROTOBUF_BARE
)

// Version is that of the library that runs.
func Version() string { return C.GoString(C.k8sm_version_text()) }

// memory is what C structs point at for the length of a call.
type memory struct {
	blocks []unsafe.Pointer
}

func (m *memory) free() {
	for _, block := range m.blocks {
		C.free(block)
	}
	m.blocks = nil
}

func (m *memory) keep(block unsafe.Pointer) unsafe.Pointer {
	m.blocks = append(m.blocks, block)
	return block
}

// text copies a string; the empty one is NULL, the default of every option.
func (m *memory) text(s string) *C.char {
	if s == "" {
		return nil
	}
	return (*C.char)(m.keep(unsafe.Pointer(C.CString(s))))
}

// name copies a string that must be there, be it empty.
func (m *memory) name(s string) *C.char { return (*C.char)(m.keep(unsafe.Pointer(C.CString(s)))) }

func (m *memory) texts(values []string) **C.char {
	array := allocate[*C.char](m, len(values))
	for i, value := range values {
		array[i] = (*C.char)(m.keep(unsafe.Pointer(C.CString(value))))
	}
	return first(array)
}

func (m *memory) slice(data []byte) C.struct_k8sm_slice {
	if len(data) == 0 {
		return C.struct_k8sm_slice{}
	}
	block := m.keep(C.CBytes(data))
	return C.struct_k8sm_slice{ptr: (*C.char)(block), len: C.size_t(len(data))}
}

func (m *memory) slices(values []string) *C.struct_k8sm_slice {
	array := allocate[C.struct_k8sm_slice](m, len(values))
	for i, value := range values {
		array[i] = m.slice([]byte(value))
	}
	return first(array)
}

// allocate makes a zeroed array in C's memory.
func allocate[T any](m *memory, n int) []T {
	if n == 0 {
		return nil
	}
	var item T
	block := m.keep(C.calloc(C.size_t(n), C.size_t(unsafe.Sizeof(item))))
	return unsafe.Slice((*T)(block), n)
}

func first[T any](array []T) *T {
	if len(array) == 0 {
		return nil
	}
	return &array[0]
}

// input is the address of Go bytes that a call reads and does not keep.
func input(data []byte) unsafe.Pointer {
	if len(data) == 0 {
		return nil
	}
	return unsafe.Pointer(&data[0])
}

func text(s C.struct_k8sm_slice) string { return C.GoStringN(s.ptr, C.int(s.len)) }

func raw(s C.struct_k8sm_slice) []byte {
	if s.len == 0 {
		return nil
	}
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(s.ptr)), int(s.len))...)
}

// takeBlob copies what a blob holds, and gives the blob back.
func takeBlob(blob *C.struct_k8sm_blob) []byte {
	defer C.k8sm_blob_unref(blob)
	return raw(C.k8sm_blob_bytes(blob))
}

// readRows reads a whole table: one call, and a second one only if there are many rows.
func readRows[Row any, Value any](read func(rows *Row, size, n int) int, convert func(Row) Value) []Value {
	rows := make([]Row, 32)
	count := read(&rows[0], int(unsafe.Sizeof(rows[0])), len(rows))
	if count > len(rows) {
		rows = make([]Row, count)
		count = read(&rows[0], int(unsafe.Sizeof(rows[0])), len(rows))
	}
	result := make([]Value, count)
	for i := range result {
		result[i] = convert(rows[i])
	}
	return result
}

// countedRows is readRows for functions that can fail.
func countedRows[Row any, Value any](function string, read func(rows *Row, size, n C.size_t, count *C.size_t) C.int,
	convert func(Row) Value) ([]Value, error) {
	for n := 32; ; {
		rows := make([]Row, n)
		var count C.size_t
		err := failure(function, read(&rows[0], C.size_t(unsafe.Sizeof(rows[0])), C.size_t(n), &count), nil)
		if err != nil {
			return nil, err
		}
		if int(count) > n {
			n = int(count)
			continue
		}
		result := make([]Value, count)
		for i := range result {
			result[i] = convert(rows[i])
		}
		return result, nil
	}
}
