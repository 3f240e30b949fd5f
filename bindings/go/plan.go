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

// Offers are those of one OFFERS event. Immutable.
type Offers struct {
	ptr      *C.struct_k8sm_offers
	Findings []Finding // offers that were left out
}

// OffersOptions; zero is the default of each.
type OffersOptions struct {
	MaxMemory uint64
	Format    Format
}

func (o *Offers) alive() bool { return o != nil && o.ptr != nil }

// Close gives the offers back.
func (o *Offers) Close() {
	if o == nil {
		return
	}
	C.k8sm_offers_unref(o.ptr)
	o.ptr = nil
}

// ParseOffers reads a v1 scheduler Event, JSON or protobuf. options may be nil.
func ParseOffers(event []byte, options *OffersOptions) (*Offers, error) {
	if options == nil {
		options = &OffersOptions{}
	}
	given := C.struct_k8sm_offers_options{
		max_memory: C.uint64_t(options.MaxMemory), format: C.uint32_t(options.Format),
	}
	given.size = C.size_t(unsafe.Sizeof(given))
	var ptr *C.struct_k8sm_offers
	s := newSink()
	result := C.k8sm_offers_parse(input(event), C.size_t(len(event)), &given, &ptr, s.diags())
	findings, err := s.done("offers_parse", result, nil)
	if err != nil {
		return nil, err
	}
	offers := &Offers{ptr, findings}
	runtime.SetFinalizer(offers, (*Offers).Close)
	return offers, nil
}

// Offer of an event.
type Offer struct {
	ID, FrameworkID, AgentID, Hostname, Role string
}

// Rows are the offers.
func (o *Offers) Rows() []Offer {
	if !o.alive() {
		return nil
	}
	defer runtime.KeepAlive(o)
	return readRows(func(rows *C.struct_k8sm_offer, size, n int) int {
		return int(C.k8sm_offers_rows(o.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_offer) Offer {
		return Offer{text(row.id), text(row.framework_id), text(row.agent_id), text(row.hostname), text(row.role)}
	})
}

// Resources of the offers.
func (o *Offers) Resources() []Resource {
	if !o.alive() {
		return nil
	}
	defer runtime.KeepAlive(o)
	return readRows(func(rows *C.struct_k8sm_resource, size, n int) int {
		return int(C.k8sm_offers_resources(o.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, resourceOf)
}

// Plan says which pod goes to which agent, with which offers and resources, and why the others do not.
type Plan struct {
	ptr      *C.struct_k8sm_plan
	Findings []Finding
}

func (p *Plan) alive() bool { return p != nil && p.ptr != nil }

// Close gives the plan back.
func (p *Plan) Close() {
	if p == nil {
		return
	}
	C.k8sm_plan_unref(p.ptr)
	p.ptr = nil
}

// Generation is that of the cluster which it was made from.
func (p *Plan) Generation() uint64 {
	if !p.alive() {
		return 0
	}
	defer runtime.KeepAlive(p)
	return uint64(C.k8sm_plan_generation(p.ptr))
}

// Placement of a pod.
type Placement struct {
	AgentID, Hostname, Role string
	Demand                  int    // its number among the demands of the match
	Offers                  int    // how many it spends from
	Address                 string // the agent's, as its offers state it
}

// Placements of the plan.
func (p *Plan) Placements() []Placement {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_placement, size, n int) int {
		return int(C.k8sm_plan_placements(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_placement) Placement {
		return Placement{
			text(row.agent_id), text(row.hostname), text(row.role), int(row.demand), int(row.offers), text(row.address),
		}
	})
}

// PlanOffer is an offer that a placement uses.
type PlanOffer struct {
	ID        string
	Placement int
}

// Offers that placements use.
func (p *Plan) Offers() []PlanOffer {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_plan_offer, size, n int) int {
		return int(C.k8sm_plan_offers(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_plan_offer) PlanOffer {
		return PlanOffer{text(row.id), int(row.placement)}
	})
}

// PlanResource is what a placement spends; task -1 is the executor.
type PlanResource struct {
	Name, Reservation string
	Placement         int
	Type              ResourceType
	Task              int
	Milli             int64
	Begin, End        uint64
}

// Resources that placements spend.
func (p *Plan) Resources() []PlanResource {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_plan_resource, size, n int) int {
		return int(C.k8sm_plan_resources(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_plan_resource) PlanResource {
		return PlanResource{
			text(row.name), text(row.reservation), int(row.placement), ResourceType(row._type), int(row.task),
			int64(row.milli), uint64(row.begin), uint64(row.end),
		}
	})
}

// PlanVolume is a persistent volume of a placed pod, and the disk that it is made of.
type PlanVolume struct {
	ID        string
	Root      string // where the agent has the disk; empty: its own, or it does not say
	Placement int
	Volume    int   // of the demand's
	Milli     int64 // thousandths of a MB that it has
	Disk      Disk
	There     bool
}

// Volumes of placed pods.
func (p *Plan) Volumes() []PlanVolume {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_plan_volume, size, n int) int {
		return int(C.k8sm_plan_volumes(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_plan_volume) PlanVolume {
		return PlanVolume{
			text(row.id), text(row.root), int(row.placement), int(row.volume), int64(row.milli), Disk(row.disk),
			row.there != 0,
		}
	})
}

// PlanPort is a host port of a placed pod.
type PlanPort struct {
	Container, Name, Protocol string
	Placement                 int
	ContainerPort, HostPort   uint16
}

func planPort(row C.struct_k8sm_plan_port) PlanPort {
	return PlanPort{
		text(row.container), text(row.name), text(row.protocol), int(row.placement),
		uint16(row.container_port), uint16(row.host_port),
	}
}

// Ports of the placements.
func (p *Plan) Ports() []PlanPort {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_plan_port, size, n int) int {
		return int(C.k8sm_plan_ports(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, planPort)
}

// Refusal tells how many agents refused a demand for one reason. Code is that of a finding.
type Refusal struct {
	Demand int
	Code   uint32
	Agents int
}

// Score is a score, from 0 to 100, of the agent that was chosen for a placement.
type Score struct {
	Part      string
	Placement int
	Score     int
	Weight    int
}

// Scores of the agents that were chosen: that of the strategy, and those that decided with it.
func (p *Plan) Scores() []Score {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_plan_score, size, n int) int {
		return int(C.k8sm_plan_scores(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_plan_score) Score {
		return Score{text(row.part), int(row.placement), int(row.score), int(row.weight)}
	})
}

// Nomination is a pod that waits for room on an agent, which its victims are to make.
type Nomination struct {
	AgentID, Hostname, Role string
	Demand, Victims         int
}

// Nominations are the pods that preempt others: with MatchPreempt.
func (p *Plan) Nominations() []Nomination {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_plan_nomination, size, n int) int {
		return int(C.k8sm_plan_nominations(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_plan_nomination) Nomination {
		return Nomination{text(row.agent_id), text(row.hostname), text(row.role), int(row.demand), int(row.victims)}
	})
}

// Victim is a pod that is to end, with its grace, for another one.
type Victim struct {
	UID, Namespace, Name string
	Priority             int64
	Nomination           int
}

// Victims are the pods that are to end for those that are nominated.
func (p *Plan) Victims() []Victim {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_plan_victim, size, n int) int {
		return int(C.k8sm_plan_victims(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_plan_victim) Victim {
		return Victim{text(row.uid), text(row.name_space), text(row.name), int64(row.priority), int(row.nomination)}
	})
}

// Refusals of demands without a place, the most frequent first.
func (p *Plan) Refusals() []Refusal {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	return readRows(func(rows *C.struct_k8sm_plan_refusal, size, n int) int {
		return int(C.k8sm_plan_refusals(p.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_plan_refusal) Refusal {
		return Refusal{int(row.demand), uint32(row.code), int(row.agents)}
	})
}

// Summary is "0/5 nodes are available: …" for a demand that has no place, else empty.
func (p *Plan) Summary(demand int) string {
	if !p.alive() {
		return ""
	}
	defer runtime.KeepAlive(p)
	return text(C.k8sm_plan_summary(p.ptr, C.uint32_t(demand)))
}

// Explain says why each agent refused a demand that has no place, as its turn came; MatchExplain must have been
// asked for. Nil for one that has a place.
func (p *Plan) Explain(demand int) []Explanation {
	if !p.alive() {
		return nil
	}
	defer runtime.KeepAlive(p)
	ptr := C.k8sm_plan_explain(p.ptr, C.uint32_t(demand))
	if ptr == nil {
		return nil
	}
	return explanations(ptr)
}
