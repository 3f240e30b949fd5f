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
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	goruntime "runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

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
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var w workload
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		columns := strings.Split(lines.Text(), "\t")
		switch {
		case columns[0] == "agent" && len(columns) == 7:
			w.nodes = append(w.nodes, nodeOf(columns))
		case columns[0] == "pod" && len(columns) == 6:
			pod := &v1.Pod{}
			if err := json.Unmarshal([]byte(columns[5]), pod); err != nil {
				return nil, err
			}
			defaults.SetObjectDefaults_Pod(pod)
			w.pods = append(w.pods, pod)
		default:
			return nil, fmt.Errorf("%s: neither an agent nor a pod", lines.Text())
		}
	}
	return &w, lines.Err()
}

// nodeOf makes a node of name, cpus, mem, disk, rack and zone.
func nodeOf(columns []string) *v1.Node {
	amount := func(i int, scale int64) int64 {
		n, err := strconv.ParseInt(columns[i], 10, 64)
		if err != nil {
			panic(err)
		}
		return n * scale
	}
	resources := v1.ResourceList{
		v1.ResourceCPU:              *resource.NewMilliQuantity(amount(2, 1), resource.DecimalSI),
		v1.ResourceMemory:           *resource.NewQuantity(amount(3, mebibyte), resource.BinarySI),
		v1.ResourceEphemeralStorage: *resource.NewQuantity(amount(4, mebibyte), resource.BinarySI),
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
	}
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

// used is the processor time of this process: others on the machine don't count, its own garbage collector does.
func used() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func round(ctx context.Context, w *workload, percentage int32) (time.Duration, int, error) {
	c, err := newCluster(ctx, w, percentage)
	if err != nil {
		return 0, 0, err
	}
	defer c.stop()
	goruntime.GC() // of what the rounds before left
	begin, placed := used(), 0
	for range w.pods {
		found, err := c.scheduleOne(ctx)
		if err != nil {
			return 0, 0, err
		}
		if found {
			placed++
		}
	}
	return used() - begin, placed, nil
}

func run(path, nodes, seconds string) error {
	percentages := map[string]int32{"default": 0, "all": 100}
	percentage, known := percentages[nodes]
	if !known {
		return fmt.Errorf("%s: expected default or all", nodes)
	}
	limit, err := strconv.ParseFloat(seconds, 64)
	if err != nil {
		return err
	}
	w, err := readWorkload(path)
	if err != nil {
		return err
	}
	ctx := klog.NewContext(context.Background(), klog.Background())
	best, placed := time.Duration(0), 0
	for end := time.Now().Add(time.Duration(limit * float64(time.Second))); best == 0 || time.Now().Before(end); {
		took, n, err := round(ctx, w, percentage)
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

func main() {
	goruntime.GOMAXPROCS(1) // one core, as the library has
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: kube-scheduler WORKLOAD default|all SECONDS")
		os.Exit(64)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "kube-scheduler:", err)
		os.Exit(1)
	}
}
