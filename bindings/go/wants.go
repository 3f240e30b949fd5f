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

// Want is a demand that wants offers now, or at a time that is known.
type Want struct {
	Demand   *Demand
	Hostname string // of the agent that it is under way on
	Pinned   bool   // it goes to that hostname and nowhere else
	AtMonoMS uint64 // 0: now
}

// WantsOptions; zero is the default of each.
type WantsOptions struct {
	Roles     []string // of the framework
	MaxGroups int      // of agents in a role
}

// Wants is what a framework wants of its master, by role. Immutable.
type Wants struct {
	ptr *C.struct_k8sm_wants
}

func (w *Wants) alive() bool { return w != nil && w.ptr != nil }

// Close gives the wants back.
func (w *Wants) Close() {
	if w == nil {
		return
	}
	C.k8sm_wants_unref(w.ptr)
	w.ptr = nil
}

// Wants sums up what pods want. options may be nil.
func (c *Cluster) Wants(wants []Want, options *WantsOptions) (*Wants, error) {
	if err := present("cluster_wants", c); err != nil {
		return nil, err
	}
	var m memory
	defer m.free()
	if options == nil {
		options = &WantsOptions{}
	}
	array := allocate[C.struct_k8sm_want](&m, len(wants))
	for i, want := range wants {
		if err := present("cluster_wants", want.Demand); err != nil {
			return nil, err
		}
		array[i].demand = want.Demand.ptr
		array[i].hostname = m.slice([]byte(want.Hostname))
		array[i].at_mono_ms = C.uint64_t(want.AtMonoMS)
		if want.Pinned {
			array[i].pinned = 1
		}
	}
	given := allocate[C.struct_k8sm_wants_options](&m, 1)
	given[0].size = C.size_t(unsafe.Sizeof(given[0]))
	given[0].roles = m.texts(options.Roles)
	given[0].role_count = C.size_t(len(options.Roles))
	given[0].max_groups = C.size_t(options.MaxGroups)
	var ptr *C.struct_k8sm_wants
	s := newSink()
	result := C.k8sm_wants_make(c.ptr, first(array), C.size_t(len(array)),
		C.size_t(unsafe.Sizeof(C.struct_k8sm_want{})), &given[0], &ptr, s.diags())
	runtime.KeepAlive(c)
	runtime.KeepAlive(wants)
	if _, err := s.done("wants_make", result, nil); err != nil {
		return nil, err
	}
	w := &Wants{ptr}
	runtime.SetFinalizer(w, (*Wants).Close)
	return w, nil
}

// WantedRole is a role of the framework. One without wants is to be suppressed.
type WantedRole struct {
	Role     string
	Wants    int
	Groups   int // of agents; 0: any agent
	AtMonoMS uint64
}

// Roles in the order of the options.
func (w *Wants) Roles() []WantedRole {
	if !w.alive() {
		return nil
	}
	defer runtime.KeepAlive(w)
	return readRows(func(rows *C.struct_k8sm_wanted_role, size, n int) int {
		return int(C.k8sm_wants_roles(w.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_wanted_role) WantedRole {
		return WantedRole{text(row.role), int(row.wants), int(row.groups), uint64(row.at_mono_ms)}
	})
}

// Constraints are an OfferConstraints message in protobuf, for CallArgs.
func (w *Wants) Constraints() []byte {
	if !w.alive() {
		return nil
	}
	defer runtime.KeepAlive(w)
	return raw(C.k8sm_wants_constraints(w.ptr))
}

// Covered says whether all that is wanted comes also under the constraints of current.
func (w *Wants) Covered(current *Wants) bool {
	if !w.alive() || !current.alive() {
		return false
	}
	defer runtime.KeepAlive(w)
	defer runtime.KeepAlive(current)
	return C.k8sm_wants_covered(w.ptr, current.ptr) != 0
}

// Offer says whether something wants offers like this one, and when; 0: now.
func (w *Wants) Offer(cluster *Cluster, id string) (uint64, bool) {
	if !w.alive() || !cluster.alive() {
		return 0, false
	}
	var m memory
	defer m.free()
	defer runtime.KeepAlive(w)
	defer runtime.KeepAlive(cluster)
	var at C.uint64_t
	wanted := C.k8sm_wants_offer(w.ptr, cluster.ptr, m.slice([]byte(id)), &at) != 0
	return uint64(at), wanted
}

// RefuseSeconds is for how long to refuse an offer.
func (w *Wants) RefuseSeconds(cluster *Cluster, id string, monoMS uint64, refuse Refuse) float64 {
	if !w.alive() || !cluster.alive() {
		return 0
	}
	var m memory
	defer m.free()
	defer runtime.KeepAlive(w)
	defer runtime.KeepAlive(cluster)
	given := C.struct_k8sm_refuse{idle: C.double(refuse.Idle), unsuited: C.double(refuse.Unsuited)}
	return float64(C.k8sm_wants_refuse_seconds(
		w.ptr, cluster.ptr, m.slice([]byte(id)), C.uint64_t(monoMS), &given))
}
