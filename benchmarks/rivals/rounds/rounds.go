// SPDX-License-Identifier: Apache-2.0

// Package rounds is what the programs written in Go share. Most of them place the pods of a workload again and again,
// and print seconds and how many pods have a place, the best round in processor time.
package rounds

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Round places all pods on agents that are new, and says how long that took and how many have a place.
type Round func() (time.Duration, int, error)

// Program runs a program on one core, as the library has. It has as many arguments as its usage has words.
func Program(name, usage string, run func(arguments []string) error) {
	runtime.GOMAXPROCS(1)
	arguments := os.Args[1:]
	if len(arguments) != len(strings.Fields(usage)) {
		fmt.Fprintf(os.Stderr, "usage: %s %s\n", name, usage)
		os.Exit(64)
	}
	if err := run(arguments); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// Main is a program that places pods. prepare reads the workload.
func Main(name string, prepare func(path, mode string) (Round, error)) {
	Program(name, "WORKLOAD MODE SECONDS", func(arguments []string) error {
		round, err := prepare(arguments[0], arguments[1])
		if err != nil {
			return err
		}
		return repeat(round, arguments[2])
	})
}

// repeat runs rounds until the time is over, one at least.
func repeat(round Round, seconds string) error {
	limit, err := strconv.ParseFloat(seconds, 64)
	if err != nil {
		return err
	}
	best, placed, end := time.Duration(0), 0, time.Now().Add(time.Duration(limit*float64(time.Second)))
	for best == 0 || time.Now().Before(end) {
		runtime.GC() // of what the rounds before left
		took, n, err := round()
		if err != nil {
			return err
		}
		if best == 0 || took < best {
			best = took
		}
		placed = n
	}
	fmt.Printf("%.9f\t%d\n", best.Seconds(), placed)
	return nil
}

// Used is the processor time of this process: others on the machine don't count, its own garbage collector does.
func Used() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Lines hands over the columns of each agent and each pod; bench_rival.c describes them.
func Lines(path string, agent, pod func(columns []string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		columns, take := strings.Split(lines.Text(), "\t"), agent
		if columns[0] == "pod" {
			take = pod
		}
		if len(columns) < 6 {
			return fmt.Errorf("%s: neither an agent nor a pod", lines.Text())
		}
		if err := take(columns); err != nil {
			return err
		}
	}
	return lines.Err()
}
