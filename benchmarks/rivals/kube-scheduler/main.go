// SPDX-License-Identifier: Apache-2.0

// Command kube-scheduler says how long Kubernetes' own scheduler takes to find nodes for the pods of a workload,
// whose lines bench_rival.c describes. Agents become nodes, with what they offer as what they can allocate.
//
//	kube-scheduler WORKLOAD default|all SECONDS
//
// It is the scheduler of k8s.io/kubernetes with the plugins and weights of its default profile, its queue, its cache
// and its snapshots; there is no API server, nothing is bound, and no event is sent. "default" samples nodes as it
// does by default, "all" looks at each node. A round schedules all pods on a new cluster; rounds go on until the
// time is over. Prints seconds and how many pods have a node: the best round, in processor time.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/libk8smesos/libk8smesos/benchmarks/rivals/rounds"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	defaults "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/profile"
)

const mebibyte = 1 << 20

type workload struct {
	nodes []*v1.Node
	pods  []*v1.Pod
}

func readWorkload(path string) (*workload, error) {
	var w workload
	agent := func(columns []string) error {
		node, err := nodeOf(columns)
		w.nodes = append(w.nodes, node)
		return err
	}
	pod := func(columns []string) error {
		pod := &v1.Pod{}
		err := json.Unmarshal([]byte(columns[5]), pod)
		defaults.SetObjectDefaults_Pod(pod)
		w.pods = append(w.pods, pod)
		return err
	}
	return &w, rounds.Lines(path, agent, pod)
}

// nodeOf makes a node of name, cpus, mem, disk, rack and zone.
func nodeOf(columns []string) (*v1.Node, error) {
	var amount [3]int64
	for i := range amount {
		var err error
		if amount[i], err = strconv.ParseInt(columns[2+i], 10, 64); err != nil {
			return nil, err
		}
	}
	resources := v1.ResourceList{
		v1.ResourceCPU:              *resource.NewMilliQuantity(amount[0], resource.DecimalSI),
		v1.ResourceMemory:           *resource.NewQuantity(amount[1]*mebibyte, resource.BinarySI),
		v1.ResourceEphemeralStorage: *resource.NewQuantity(amount[2]*mebibyte, resource.BinarySI),
		v1.ResourcePods:             *resource.NewQuantity(1000, resource.DecimalSI),
	}
	return &v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: columns[1], Labels: map[string]string{
			v1.LabelHostname:                   columns[1],
			v1.LabelTopologyRegion:             "north",
			v1.LabelTopologyZone:               columns[6],
			"k8s.mesosphere.io/attribute-rack": columns[5],
		}},
		Status: v1.NodeStatus{Capacity: resources, Allocatable: resources},
	}, nil
}

// cluster is a scheduler that knows the nodes, and whose queue holds the pods.
type cluster struct {
	*scheduler.Scheduler
	snapshot *cache.Snapshot
	stop     context.CancelFunc
}

func newCluster(ctx context.Context, w *workload, percentage int32) (*cluster, error) {
	ctx, stop := context.WithCancel(ctx)
	client := fake.NewClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	namespace := &v1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceDefault}}
	if err := factory.Core().V1().Namespaces().Informer().GetStore().Add(namespace); err != nil {
		stop()
		return nil, err
	}
	c := &cluster{snapshot: cache.NewEmptySnapshot(), stop: stop}
	recorder := profile.NewRecorderFactory(events.NewBroadcaster(&events.EventSinkImpl{Interface: client.EventsV1()}))
	var err error
	c.Scheduler, err = scheduler.New(ctx, client, factory, nil, recorder,
		scheduler.WithNodeInfoSnapshot(c.snapshot),
		scheduler.WithPercentageOfNodesToScore(&percentage),
		scheduler.WithParallelism(1)) // there is one core
	if err != nil {
		stop()
		return nil, err
	}
	for _, node := range w.nodes {
		c.Cache.AddNode(klog.FromContext(ctx), node)
	}
	for _, pod := range w.pods {
		c.SchedulingQueue.Add(ctx, pod)
	}
	return c, nil
}

// scheduleOne is a cycle as Scheduler.ScheduleOne has it, up to where a pod would be bound.
func (c *cluster) scheduleOne(ctx context.Context) (bool, error) {
	logger := klog.FromContext(ctx)
	entity, err := c.NextEntity(logger)
	if err != nil {
		return false, err
	}
	queued, ok := entity.(*framework.QueuedPodInfo)
	if !ok {
		return false, fmt.Errorf("%T in the queue", entity)
	}
	defer c.SchedulingQueue.Done(queued.Pod.UID)
	if err := c.Cache.UpdateSnapshot(logger, c.snapshot); err != nil {
		return false, err
	}
	plugins, state := c.Profiles[queued.Pod.Spec.SchedulerName], framework.NewCycleState()
	result, err := c.SchedulePod(ctx, plugins, state, queued)
	var unfit *framework.FitError
	if errors.As(err, &unfit) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	pod := queued.Pod.DeepCopy()
	pod.Spec.NodeName = result.SuggestedHost
	if status := plugins.RunReservePluginsReserve(ctx, state, pod, pod.Spec.NodeName); !status.IsSuccess() {
		return false, status.AsError()
	}
	return true, c.Cache.AssumePod(logger, pod)
}

func (w *workload) place(ctx context.Context, percentage int32) (time.Duration, int, error) {
	c, err := newCluster(ctx, w, percentage)
	if err != nil {
		return 0, 0, err
	}
	defer c.stop()
	begin, placed := rounds.Used(), 0
	for range w.pods {
		found, err := c.scheduleOne(ctx)
		if err != nil {
			return 0, 0, err
		}
		if found {
			placed++
		}
	}
	return rounds.Used() - begin, placed, nil
}

func main() {
	percentages := map[string]int32{"default": 0, "all": 100}
	rounds.Main("kube-scheduler", func(path, mode string) (rounds.Round, error) {
		percentage, known := percentages[mode]
		if !known {
			return nil, fmt.Errorf("%s: expected default or all", mode)
		}
		w, err := readWorkload(path)
		ctx := klog.NewContext(context.Background(), klog.Background())
		return func() (time.Duration, int, error) { return w.place(ctx, percentage) }, err
	})
}
