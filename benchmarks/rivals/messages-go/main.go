// SPDX-License-Identifier: Apache-2.0

// Command messages-go says how fast mesos-go, whose messages are gogo-protobuf's, reads the OFFERS event and writes
// the ACCEPT call that bench_task left in a folder; and how fast it reads the UPDATE event there and writes the
// ACKNOWLEDGE that answers it, as mesos-go's example schedulers do.
//
//	messages-go FOLDER SECONDS
//
// Prints lines as bench_task does: the best of several rounds, in processor time. Each event becomes a message that
// is new. The call is a message already, read from its bytes: making it is not counted.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler/calls"

	"../rounds"
)

// repeat is how long n calls of f take.
func repeat(n int, f func() error) (time.Duration, error) {
	begin := rounds.Used()
	for i := 0; i < n; i++ {
		if err := f(); err != nil {
			return 0, err
		}
	}
	return rounds.Used() - begin, nil
}

// best is the nanoseconds of one call of f, in the best round; a round is so long that reading the clock and
// collecting garbage have their usual share.
func best(limit time.Duration, f func() error) (float64, error) {
	const long = 20 * time.Millisecond
	n, least := 1, 0.0
	for end := time.Now().Add(limit); least == 0 || time.Now().Before(end); {
		took, err := repeat(n, f)
		if err != nil {
			return 0, err
		}
		if took < long {
			n *= 2
			continue
		}
		if ns := float64(took.Nanoseconds()) / float64(n); least == 0 || ns < least {
			least = ns
		}
	}
	return least, nil
}

// read hands over the event's bytes, and the call.
func read(folder string) ([]byte, *scheduler.Call, error) {
	event, err := os.ReadFile(filepath.Join(folder, "offers"))
	if err != nil {
		return nil, nil, err
	}
	bytes, err := os.ReadFile(filepath.Join(folder, "accept"))
	if err != nil {
		return nil, nil, err
	}
	var call scheduler.Call
	if err := call.Unmarshal(bytes); err != nil {
		return nil, nil, err
	}
	if call.Accept == nil || len(call.Accept.Operations) == 0 {
		return nil, nil, fmt.Errorf("%s: no ACCEPT with operations", folder)
	}
	fmt.Fprintf(os.Stderr, "messages-go: writes %d of the call's %d bytes\n", call.ProtoSize(), len(bytes))
	return event, &call, nil
}

// answer reads an UPDATE and writes what acknowledges it.
func answer(event []byte, framework string) error {
	var e scheduler.Event
	if err := e.Unmarshal(event); err != nil {
		return err
	}
	status := e.GetUpdate().GetStatus()
	call := calls.Acknowledge(status.GetAgentID().GetValue(), status.TaskID.Value, status.UUID).
		With(calls.Framework(framework))
	_, err := call.Marshal()
	return err
}

func run(folder, seconds string) error {
	limit, err := strconv.ParseFloat(seconds, 64)
	if err != nil {
		return err
	}
	event, call, err := read(folder)
	if err != nil {
		return err
	}
	update, err := os.ReadFile(filepath.Join(folder, "update"))
	if err != nil {
		return err
	}
	third := time.Duration(limit / 3 * float64(time.Second))
	decode, err := best(third, func() error {
		var e scheduler.Event
		return e.Unmarshal(event)
	})
	if err != nil {
		return err
	}
	encode, err := best(third, func() error {
		_, err := call.Marshal()
		return err
	})
	if err != nil {
		return err
	}
	answered, err := best(third, func() error { return answer(update, "f865b66f-6e1b-46d2-b553-aec43e4a5525-0010") })
	if err != nil {
		return err
	}
	fmt.Printf("offers.decode.mb_per_s\t%.1f\tMB/s\n", float64(len(event))*1e3/decode)
	fmt.Printf("task.encode.ns\t%.0f\tns\n", encode)
	fmt.Printf("update.answer.ns\t%.0f\tns\n", answered)
	return nil
}

func main() {
	rounds.Program("messages-go", "FOLDER SECONDS", func(arguments []string) error {
		return run(arguments[0], arguments[1])
	})
}
