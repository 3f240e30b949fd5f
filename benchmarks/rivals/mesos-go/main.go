// SPDX-License-Identifier: Apache-2.0

// Command mesos-go says how long a framework on mesos-go takes to find resources for the pods of a workload, whose
// lines bench_rival.c describes: with its offer filters, its search for resources and its subtraction.
//
//	mesos-go WORKLOAD first|best SECONDS
//
// mesos-go has no matcher; these are the loops that a framework writes. "first" takes the first offer that the
// filter accepts, "best" asks the filter about each offer and takes the one with the fewest cpus. A round places all
// pods on offers that are new; rounds go on until the time is over. Prints seconds and how many pods have a place:
// the best round, in processor time.
package main

import (
	"fmt"
	"strconv"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/extras/scheduler/offers"
	"github.com/mesos/mesos-go/api/v1/lib/resources"

	"../rounds"
)

type workload struct {
	offers []mesos.Offer
	pods   []mesos.Resources
}

func amounts(columns []string) (mesos.Resources, error) {
	var n [3]float64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseFloat(columns[2+i], 64); err != nil {
			return nil, err
		}
	}
	return mesos.Resources{
		resources.NewCPUs(n[0] / 1000).Resource,
		resources.NewMemory(n[1]).Resource,
		resources.NewDisk(n[2]).Resource,
	}, nil
}

func readWorkload(path string) (*workload, error) {
	var w workload
	agent := func(columns []string) error {
		offered, err := amounts(columns)
		w.offers = append(w.offers, mesos.Offer{
			ID:        mesos.OfferID{Value: "O-" + columns[1]},
			AgentID:   mesos.AgentID{Value: columns[1]},
			Hostname:  columns[1],
			Resources: offered,
		})
		return err
	}
	pod := func(columns []string) error {
		asked, err := amounts(columns)
		w.pods = append(w.pods, asked)
		return err
	}
	return &w, rounds.Lines(path, agent, pod)
}

// fresh are the offers as they came.
func (w *workload) fresh() offers.Slice {
	all := make(offers.Slice, len(w.offers))
	copy(all, w.offers)
	for i := range all {
		all[i].Resources = mesos.Resources(all[i].Resources).Clone()
	}
	return all
}

func first(all offers.Slice, asked mesos.Resources) *mesos.Offer {
	return all.Find(offers.ContainsResources(asked))
}

func best(all offers.Slice, asked mesos.Resources) *mesos.Offer {
	var found *mesos.Offer
	least := 0.0
	accepts := offers.ContainsResources(asked)
	for i := range all {
		if !accepts.Accept(&all[i]) {
			continue
		}
		if cpus, _ := resources.CPUs(all[i].Resources...); found == nil || cpus < least {
			found, least = &all[i], cpus
		}
	}
	return found
}

var choices = map[string]func(offers.Slice, mesos.Resources) *mesos.Offer{"first": first, "best": best}

func (w *workload) place(choose func(offers.Slice, mesos.Resources) *mesos.Offer) (time.Duration, int, error) {
	all, placed := w.fresh(), 0
	begin := rounds.Used()
	for _, asked := range w.pods {
		offer := choose(all, asked)
		if offer == nil {
			continue
		}
		left := mesos.Resources(offer.Resources)
		found := resources.Find(asked, left...)
		if len(found) == 0 {
			continue
		}
		offer.Resources = left.Subtract(found...)
		placed++
	}
	return rounds.Used() - begin, placed, nil
}

func main() {
	rounds.Main("mesos-go", func(path, mode string) (rounds.Round, error) {
		choose := choices[mode]
		if choose == nil {
			return nil, fmt.Errorf("%s: expected first or best", mode)
		}
		w, err := readWorkload(path)
		return func() (time.Duration, int, error) { return w.place(choose) }, err
	})
}
