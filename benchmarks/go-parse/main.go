// SPDX-License-Identifier: Apache-2.0

// Command go-parse says how fast Kubernetes' own Go code reads one Pod: megabytes a second, the best of a few
// rounds. bench_parse runs it beside the library, on the same bytes and in turns with it.
//
//	go-parse json|yaml|protobuf FILE
package main

import (
	"fmt"
	"os"
	goruntime "runtime"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// What an envelope begins with.
const magic = "k8s\x00"

// decoders read into a typed Pod, without defaults and validation.
var decoders = map[string]func([]byte) error{
	"json": func(data []byte) error {
		return json.UnmarshalCaseSensitivePreserveInts(data, &corev1.Pod{})
	},
	"yaml": func(data []byte) error {
		return yaml.Unmarshal(data, &corev1.Pod{})
	},
	"protobuf": func(data []byte) error {
		if len(data) < len(magic) || string(data[:len(magic)]) != magic {
			return fmt.Errorf("no envelope")
		}
		var envelope runtime.Unknown
		if err := envelope.Unmarshal(data[len(magic):]); err != nil {
			return err
		}
		return (&corev1.Pod{}).Unmarshal(envelope.Raw)
	},
}

// used is the processor time of this process: others on the machine don't count, its own garbage collector does.
func used() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// round decodes for a while and returns bytes per second.
func round(decode func([]byte) error, data []byte) (float64, error) {
	const while = 40 * time.Millisecond
	begin, repeats := used(), 0
	for used()-begin < while {
		for i := 0; i < 8; i++ {
			if err := decode(data); err != nil {
				return 0, err
			}
		}
		repeats += 8
	}
	return float64(len(data)*repeats) / (used() - begin).Seconds(), nil
}

func run(format, file string) error {
	decode := decoders[format]
	if decode == nil {
		return fmt.Errorf("%s: expected json, yaml or protobuf", format)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	best := 0.0
	for i := 0; i < 3; i++ {
		speed, err := round(decode, data)
		if err != nil {
			return err
		}
		best = max(best, speed)
	}
	fmt.Printf("%.1f\n", best/1e6)
	return nil
}

func main() {
	goruntime.GOMAXPROCS(1) // one core, as the library has
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: go-parse json|yaml|protobuf FILE")
		os.Exit(64)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "go-parse:", err)
		os.Exit(1)
	}
}
