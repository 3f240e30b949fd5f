// SPDX-License-Identifier: Apache-2.0

// A small framework on mesos-go: a Mesos client that this project did not write. It runs tasks to their end
// on the master that it is given, by protobuf and by JSON, and tells how they ended.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/backoff"
	"github.com/mesos/mesos-go/api/v1/lib/encoding/codecs"
	"github.com/mesos/mesos-go/api/v1/lib/extras/scheduler/callrules"
	"github.com/mesos/mesos-go/api/v1/lib/extras/scheduler/controller"
	"github.com/mesos/mesos-go/api/v1/lib/extras/scheduler/eventrules"
	"github.com/mesos/mesos-go/api/v1/lib/extras/store"
	"github.com/mesos/mesos-go/api/v1/lib/httpcli"
	"github.com/mesos/mesos-go/api/v1/lib/httpcli/httpsched"
	"github.com/mesos/mesos-go/api/v1/lib/resources"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler/calls"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler/events"
)

type framework struct {
	wanted   int
	launched int
	ended    map[string]string
	failed   int
	stop     context.CancelFunc
	caller   calls.Caller
}

func (f *framework) offers(ctx context.Context, e *scheduler.Event) error {
	for _, offer := range e.GetOffers().GetOffers() {
		call := calls.Decline(offer.ID)
		if f.launched < f.wanted {
			call = calls.Accept(calls.OfferOperations{calls.OpLaunch(f.task(offer))}.WithOffers(offer.ID))
		}
		if err := calls.CallNoData(ctx, f.caller, call.With(calls.RefuseSeconds(time.Second))); err != nil {
			return err
		}
	}
	return nil
}

func (f *framework) task(offer mesos.Offer) mesos.TaskInfo {
	f.launched++
	shell, command := true, "sleep 1"
	if f.launched == f.wanted {
		command = "exit 3"
	}
	task := mesos.TaskInfo{
		Name:    "task",
		TaskID:  mesos.TaskID{Value: fmt.Sprintf("task-%d", f.launched)},
		AgentID: offer.AgentID,
		Command: &mesos.CommandInfo{Shell: &shell, Value: &command},
	}
	task.Resources = resources.Find(mesos.Resources{
		resources.NewCPUs(0.1).Resource, resources.NewMemory(32).Resource}, offer.Resources...)
	return task
}

func (f *framework) update(ctx context.Context, e *scheduler.Event) error {
	status := e.GetUpdate().GetStatus()
	fmt.Printf("%s %s %s\n", status.TaskID.Value, status.GetState(), status.GetMessage())
	switch status.GetState() {
	case mesos.TASK_FINISHED, mesos.TASK_FAILED:
		f.ended[status.TaskID.Value] = status.GetState().String()
	case mesos.TASK_STAGING, mesos.TASK_STARTING, mesos.TASK_RUNNING:
	default:
		f.failed++
	}
	if len(f.ended)+f.failed == f.wanted {
		f.stop()
	}
	return nil
}

func main() {
	master := flag.String("master", "127.0.0.1:5050", "host:port")
	asJSON := flag.Bool("json", false, "speak JSON")
	wanted := flag.Int("tasks", 5, "to run; the last exits with 3")
	flag.Parse()
	codec := codecs.ByMediaType[codecs.MediaTypeProtobuf]
	if *asJSON {
		codec = codecs.ByMediaType[codecs.MediaTypeJSON]
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	id := store.NewInMemorySingleton()
	f := &framework{wanted: *wanted, ended: map[string]string{}, stop: stop}
	client := httpcli.New(httpcli.Endpoint("http://"+*master+"/api/v1/scheduler"), httpcli.Codec(codec))
	f.caller = callrules.New(callrules.WithFrameworkID(store.GetIgnoreErrors(id))).Caller(httpsched.NewCaller(client))
	ack := controller.AckStatusUpdates(f.caller)
	handler := eventrules.New(controller.LiftErrors().DropOnError(), controller.TrackSubscription(id, time.Minute)).Handle(
		events.Handlers{
			scheduler.Event_OFFERS: eventrules.HandleF(f.offers),
			scheduler.Event_UPDATE: ack.AndThen().HandleF(f.update),
		}.Otherwise(func(context.Context, *scheduler.Event) error { return nil }))
	err := controller.Run(ctx, &mesos.FrameworkInfo{User: "root", Name: "mesos-go"}, f.caller,
		controller.WithEventHandler(handler), controller.WithFrameworkID(store.GetIgnoreErrors(id)),
		controller.WithRegistrationTokens(backoff.Notifier(time.Second, 2*time.Second, ctx.Done())),
		controller.WithSubscriptionTerminated(func(err error) {
			if err != nil && err != io.EOF && !errors.Is(err, context.Canceled) {
				log.Println("subscription:", err)
			}
		}))
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Println("run:", err)
	}
	finished := 0
	for _, state := range f.ended {
		if state == "TASK_FINISHED" {
			finished++
		}
	}
	_ = calls.CallNoData(context.Background(), f.caller, &scheduler.Call{Type: scheduler.Call_TEARDOWN})
	fmt.Printf("%d finished, %d failed, %d others\n", finished, len(f.ended)-finished, f.failed)
	if finished != *wanted-1 || len(f.ended) != *wanted {
		log.Fatal("not as expected")
	}
}
