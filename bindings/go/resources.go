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

// ResourceType says which fields of a resource count.
type ResourceType uint32

const (
	ResourceScalar ResourceType = C.K8SM_RESOURCE_SCALAR
	ResourceRanges ResourceType = C.K8SM_RESOURCE_RANGES
	ResourceSet    ResourceType = C.K8SM_RESOURCE_SET
)

// Disk is what a disk comes from.
type Disk uint32

const (
	DiskNone  Disk = C.K8SM_DISK_NONE
	DiskPath  Disk = C.K8SM_DISK_PATH
	DiskMount Disk = C.K8SM_DISK_MOUNT
	DiskBlock Disk = C.K8SM_DISK_BLOCK
	DiskRaw   Disk = C.K8SM_DISK_RAW
)

// Trait bits of a resource.
type Trait uint32

const (
	TraitDynamic   Trait = C.K8SM_TRAIT_DYNAMIC
	TraitRefined   Trait = C.K8SM_TRAIT_REFINED
	TraitRevocable Trait = C.K8SM_TRAIT_REVOCABLE
	TraitShared    Trait = C.K8SM_TRAIT_SHARED
	TraitWhole     Trait = C.K8SM_TRAIT_WHOLE
)

// Resource; ranges and sets have one for each range and item.
type Resource struct {
	Name, Reservation, Item string
	Offer                   int // the number of its offer
	Type                    ResourceType
	Milli                   int64  // scalars: thousandths
	Begin, End              uint64 // ranges: both ends belong to it
	Role, Principal, Volume string // allocated to; of the reservation; persistence id
	DiskID, Profile         string
	Provider                string // the resource provider's id; "": the agent itself
	Disk                    Disk
	Traits                  Trait
	Resource                int // rows of one resource share it
	Count                   int // how many there are of a TraitWhole one
}

func resourceOf(row C.struct_k8sm_resource) Resource {
	return Resource{
		text(row.name), text(row.reservation), text(row.item), int(row.offer), ResourceType(row._type),
		int64(row.milli), uint64(row.begin), uint64(row.end), text(row.role), text(row.principal), text(row.volume),
		text(row.disk_id), text(row.profile), text(row.provider), Disk(row.disk), Trait(row.traits),
		int(row.resource), int(row.count),
	}
}

// Resources are amounts that can be reckoned with, by the rules of a Mesos master. Immutable.
type Resources struct {
	ptr *C.struct_k8sm_resources
}

func (r *Resources) alive() bool { return r != nil && r.ptr != nil }

// Close gives the resources back.
func (r *Resources) Close() {
	if r == nil {
		return
	}
	C.k8sm_resources_unref(r.ptr)
	r.ptr = nil
}

func takeResources(name string, result C.int, ptr *C.struct_k8sm_resources, s sink) (*Resources, error) {
	if _, err := s.done(name, result, nil); err != nil {
		return nil, err
	}
	r := &Resources{ptr}
	runtime.SetFinalizer(r, (*Resources).Close)
	return r, nil
}

// ParseResources reads {"resources": […]} as JSON, or the same in protobuf. options may be nil.
func ParseResources(list []byte, options *OffersOptions) (*Resources, error) {
	given := resourcesOptions(options)
	var ptr *C.struct_k8sm_resources
	s := newSink()
	result := C.k8sm_resources_parse(input(list), C.size_t(len(list)), &given, &ptr, s.diags())
	return takeResources("resources_parse", result, ptr, s)
}

func resourcesOptions(options *OffersOptions) C.struct_k8sm_resources_options {
	if options == nil {
		options = &OffersOptions{}
	}
	given := C.struct_k8sm_resources_options{
		max_memory: C.uint64_t(options.MaxMemory), format: C.uint32_t(options.Format),
	}
	given.size = C.size_t(unsafe.Sizeof(given))
	return given
}

// Take is all that an offer has, by its number.
func (o *Offers) Take(offer int) (*Resources, error) {
	if err := present("offers_take", o); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(o)
	var ptr *C.struct_k8sm_resources
	s := newSink()
	return takeResources("offers_take", C.k8sm_offers_take(o.ptr, C.size_t(offer), nil, &ptr, s.diags()), ptr, s)
}

// Rows are the resources, equal ones as equal rows.
func (r *Resources) Rows() []Resource {
	if !r.alive() {
		return nil
	}
	defer runtime.KeepAlive(r)
	return readRows(func(rows *C.struct_k8sm_resource, size, n int) int {
		return int(C.k8sm_resources_rows(r.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, resourceOf)
}

// Contains says whether all of part is there. Two that contain each other are equal.
func (r *Resources) Contains(part *Resources) bool {
	if !r.alive() || !part.alive() {
		return false
	}
	defer runtime.KeepAlive(r)
	defer runtime.KeepAlive(part)
	return C.k8sm_resources_contains(r.ptr, part.ptr) != 0
}

// Add is both together.
func (r *Resources) Add(other *Resources) (*Resources, error) {
	if err := present("resources_add", r, other); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(r)
	defer runtime.KeepAlive(other)
	var ptr *C.struct_k8sm_resources
	s := newSink()
	return takeResources("resources_add", C.k8sm_resources_add(r.ptr, other.ptr, nil, &ptr, s.diags()), ptr, s)
}

// Subtract is what is left without part, all of which must be there.
func (r *Resources) Subtract(part *Resources) (*Resources, error) {
	if err := present("resources_subtract", r, part); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(r)
	defer runtime.KeepAlive(part)
	var ptr *C.struct_k8sm_resources
	s := newSink()
	result := C.k8sm_resources_subtract(r.ptr, part.ptr, nil, &ptr, s.diags())
	return takeResources("resources_subtract", result, ptr, s)
}

// Find is a part that has the amounts of wanted, whoever it is reserved for.
func (r *Resources) Find(wanted *Resources) (*Resources, error) {
	if err := present("resources_find", r, wanted); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(r)
	defer runtime.KeepAlive(wanted)
	var ptr *C.struct_k8sm_resources
	s := newSink()
	return takeResources("resources_find", C.k8sm_resources_find(r.ptr, wanted.ptr, nil, &ptr, s.diags()), ptr, s)
}

// Apply is what a master makes of them by an Offer.Operation. options may be nil.
func (r *Resources) Apply(operation []byte, options *OffersOptions) (*Resources, error) {
	if err := present("resources_apply", r); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(r)
	given := resourcesOptions(options)
	var ptr *C.struct_k8sm_resources
	s := newSink()
	result := C.k8sm_resources_apply(
		r.ptr, input(operation), C.size_t(len(operation)), &given, &ptr, s.diags())
	return takeResources("resources_apply", result, ptr, s)
}

// Reservations says how reservations are written.
type Reservations uint32

const (
	ReservationsStack Reservations = C.K8SM_RESERVATIONS_STACK
	ReservationsOld   Reservations = C.K8SM_RESERVATIONS_OLD
)

// Encode writes the list that ParseResources reads.
func (r *Resources) Encode(format Format, reservations Reservations) ([]byte, error) {
	if err := present("resources_encode", r); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(r)
	var blob *C.struct_k8sm_blob
	s := newSink()
	result := C.k8sm_resources_encode(r.ptr, C.uint32_t(format), C.uint32_t(reservations), nil, &blob, s.diags())
	if _, err := s.done("resources_encode", result, nil); err != nil {
		return nil, err
	}
	return takeBlob(blob), nil
}
