// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultbinder"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/feature"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/interpodaffinity"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeaffinity"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodename"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeports"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/noderesources"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeunschedulable"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/podtopologyspread"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/queuesort"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/schedulinggates"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/tainttoleration"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

// A cluster, and the pod that waits: the last one. Pods that run name their nodes.
type scenario struct {
	nodes      []*v1.Node
	namespaces []*v1.Namespace
	pods       []*v1.Pod
}

type scheduleAnswer struct {
	// What the API server refuses one of the pods for: there is nothing else then.
	Invalid string `json:"invalid,omitempty"`
	// Why the pod is not tried.
	Gated []string `json:"gated,omitempty"`
	// Why it can be on no node, whatever they say for themselves.
	Nowhere []string `json:"nowhere,omitempty"`
	// By node, why it can't be there: no reasons, it can.
	Refused map[string][]string `json:"refused"`
	// What is said of the pod if it can be nowhere.
	Summary string `json:"summary,omitempty"`
	// Of the nodes where it can be, by plugin: weighted scores.
	Scores map[string]map[string]int64 `json:"scores,omitempty"`
}

// The plugins of kube-scheduler that are compared; its profile says in which order, and with which weights.
var schedulerPlugins = sync.OnceValue(func() frameworkruntime.Registry {
	on := feature.NewSchedulerFeaturesFromGates(utilfeature.DefaultFeatureGate)
	on.EnableDRAExtendedResource = false // devices are another matter
	return frameworkruntime.Registry{
		schedulinggates.Name:   frameworkruntime.FactoryAdapter(on, schedulinggates.New),
		queuesort.Name:         queuesort.New,
		nodename.Name:          frameworkruntime.FactoryAdapter(on, nodename.New),
		nodeunschedulable.Name: frameworkruntime.FactoryAdapter(on, nodeunschedulable.New),
		tainttoleration.Name:   frameworkruntime.FactoryAdapter(on, tainttoleration.New),
		nodeaffinity.Name:      frameworkruntime.FactoryAdapter(on, nodeaffinity.New),
		nodeports.Name:         frameworkruntime.FactoryAdapter(on, nodeports.New),
		noderesources.Name:     frameworkruntime.FactoryAdapter(on, noderesources.NewFit),
		podtopologyspread.Name: frameworkruntime.FactoryAdapter(on, podtopologyspread.New),
		interpodaffinity.Name:  frameworkruntime.FactoryAdapter(on, interpodaffinity.New),
		defaultbinder.Name:     defaultbinder.New,
	}
})

// A v1 List of nodes, namespaces and pods. Answers a scheduleAnswer.
func answerSchedule(document []byte) any {
	s, err := readScenario(document)
	if err != nil {
		return scheduleAnswer{Invalid: err.Error()}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	waiting := len(s.pods) - 1
	snapshot := cache.NewSnapshot(s.pods[:waiting], s.nodes)
	return schedule(ctx, newFramework(ctx, snapshot, s.namespaces), snapshot, s.pods[waiting])
}

func readScenario(document []byte) (*scenario, error) {
	var list struct{ Items []json.RawMessage }
	var s scenario
	if err := json.Unmarshal(document, &list); err != nil {
		fail(err)
	}
	for _, item := range list.Items {
		object, kind, err := decode(readJSON, item)
		if err != nil {
			return nil, err
		}
		scheme.Default(object)
		switch object := object.(type) {
		case *v1.Node:
			s.nodes = append(s.nodes, object)
		case *v1.Namespace:
			s.namespaces = append(s.namespaces, object)
		case *v1.Pod:
			pod, err := stored(object, kind)
			if err != nil {
				return nil, err
			}
			s.pods = append(s.pods, pod)
		}
	}
	return &s, nil
}

// A pod as the API server stores it.
func stored(pod *v1.Pod, kind *schema.GroupVersionKind) (*v1.Pod, error) {
	internal, err := scheme.ConvertToVersion(pod, schema.GroupVersion{Version: runtime.APIVersionInternal})
	if err != nil {
		return nil, err
	}
	created, wrong, _ := create(internal, kind)
	if len(wrong) > 0 {
		return nil, fmt.Errorf("%s: %s: %s", wrong[0].Field, wrong[0].Type, wrong[0].Detail)
	}
	object, err := scheme.ConvertToVersion(created, kind.GroupVersion())
	if err != nil {
		return nil, err
	}
	return object.(*v1.Pod), nil
}

func newFramework(ctx context.Context, snapshot *cache.Snapshot, namespaces []*v1.Namespace) framework.Framework {
	metrics.Register()
	factory := informers.NewSharedInformerFactory(fake.NewClientset(), 0)
	for _, namespace := range namespaces {
		if err := factory.Core().V1().Namespaces().Informer().GetStore().Add(namespace); err != nil {
			fail(err)
		}
	}
	defaults, err := latest.Default()
	if err != nil {
		fail(err)
	}
	profile := defaults.Profiles[0]
	all := profile.Plugins.MultiPoint.Enabled
	profile.Plugins.MultiPoint.Enabled = nil
	for _, plugin := range all {
		if _, ours := schedulerPlugins()[plugin.Name]; ours {
			profile.Plugins.MultiPoint.Enabled = append(profile.Plugins.MultiPoint.Enabled, plugin)
		}
	}
	made, err := frameworkruntime.NewFramework(ctx, schedulerPlugins(), &profile,
		frameworkruntime.WithInformerFactory(factory), frameworkruntime.WithSnapshotSharedLister(snapshot))
	if err != nil {
		fail(err)
	}
	return made
}

// One scheduling cycle, but every node is asked, also those that kube-scheduler leaves out beforehand.
func schedule(ctx context.Context, f framework.Framework, snapshot *cache.Snapshot, pod *v1.Pod) scheduleAnswer {
	answer := scheduleAnswer{Refused: map[string][]string{}}
	for _, gate := range f.PreEnqueuePlugins() {
		if status := gate.PreEnqueue(ctx, pod); !status.IsSuccess() {
			answer.Gated = status.Reasons()
			return answer
		}
	}
	state := framework.NewCycleState()
	if _, status, _ := f.RunPreFilterPlugins(ctx, state, pod); !status.IsSuccess() {
		answer.Nowhere = status.Reasons()
		return answer
	}
	nodes, err := snapshot.NodeInfos().List()
	if err != nil {
		fail(err)
	}
	fits := []fwk.NodeInfo{}
	refused := framework.NewDefaultNodeToStatus()
	for _, node := range nodes {
		status := f.RunFilterPlugins(ctx, state, pod, node)
		if status.IsSuccess() {
			fits = append(fits, node)
			answer.Refused[node.Node().Name] = nil
			continue
		}
		answer.Refused[node.Node().Name] = status.Reasons()
		refused.Set(node.Node().Name, status)
	}
	if len(fits) == 0 {
		why := framework.FitError{Pod: pod, NumAllNodes: len(nodes), Diagnosis: framework.Diagnosis{NodeToStatus: refused}}
		answer.Summary = why.Error()
		return answer
	}
	answer.Scores = score(ctx, f, state, pod, fits)
	return answer
}

// By node and plugin, weighted.
func score(ctx context.Context, f framework.Framework, state fwk.CycleState, pod *v1.Pod, fits []fwk.NodeInfo) map[string]map[string]int64 {
	if status := f.RunPreScorePlugins(ctx, state, pod, fits); !status.IsSuccess() {
		fail(status.AsError())
	}
	scores, status := f.RunScorePlugins(ctx, state, pod, fits)
	if !status.IsSuccess() {
		fail(status.AsError())
	}
	answer := map[string]map[string]int64{}
	for _, node := range scores {
		byPlugin := map[string]int64{}
		for _, score := range node.Scores {
			byPlugin[score.Name] = score.Score
		}
		answer[node.Name] = byPlugin
	}
	return answer
}
