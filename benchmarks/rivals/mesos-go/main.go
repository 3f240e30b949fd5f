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
	"bufio"
	"fmt"
	"os"
	goruntime "runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/extras/scheduler/offers"
	"github.com/mesos/mesos-go/api/v1/lib/resources"
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
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var w workload
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		columns := strings.Split(lines.Text(), "\t")
		if len(columns) < 6 {
			return nil, fmt.Errorf("%s: neither an agent nor a pod", lines.Text())
		}
		asked, err := amounts(columns)
		if err != nil {
			return nil, err
		}
		if columns[0] == "pod" {
			w.pods = append(w.pods, asked)
			continue
		}
		w.offers = append(w.offers, mesos.Offer{
			ID:        mesos.OfferID{Value: "O-" + columns[1]},
			AgentID:   mesos.AgentID{Value: columns[1]},
			Hostname:  columns[1],
			Resources: asked,
		})
	}
	return &w, lines.Err()
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

// used is the processor time of this process: others on the machine don't count, its own garbage collector does.
func used() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func round(w *workload, choose func(offers.Slice, mesos.Resources) *mesos.Offer) (time.Duration, int) {
	all, placed := w.fresh(), 0
	goruntime.GC() // of what the rounds before left
	begin := used()
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
	return used() - begin, placed
}

func run(path, choice, seconds string) error {
	choose := choices[choice]
	if choose == nil {
		return fmt.Errorf("%s: expected first or best", choice)
	}
	limit, err := strconv.ParseFloat(seconds, 64)
	if err != nil {
		return err
	}
	w, err := readWorkload(path)
	if err != nil {
		return err
	}
	shortest, placed := time.Duration(0), 0
	for end := time.Now().Add(time.Duration(limit * float64(time.Second))); shortest == 0 || time.Now().Before(end); {
		var took time.Duration
		took, placed = round(w, choose)
		if shortest == 0 || took < shortest {
			shortest = took
		}
	}
	fmt.Printf("%.9f\t%d\n", shortest.Seconds(), placed)
	return nil
}

func main() {
	goruntime.GOMAXPROCS(1) // one core, as the library has
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: mesos-go WORKLOAD first|best SECONDS")
		os.Exit(64)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "mesos-go:", err)
		os.Exit(1)
	}
}
