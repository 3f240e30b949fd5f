// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"unsafe"

	apps "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	core "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/pkg/controller/deployment"
)

type setAnswer struct {
	Replicas    int32             `json:"replicas"`
	Annotations map[string]string `json:"annotations"`
}

type rolloutAnswer struct {
	// By name, as they are afterwards; one that was deleted is not there.
	Sets map[string]setAnswer `json:"sets"`
	// By type: status and reason.
	Conditions map[string][2]string `json:"conditions"`
	// The numbers of the Deployment's status.
	Status map[string]int32 `json:"status"`
}

// The Deployment controller, its caches, and what it writes.
type rolloutWorld struct {
	sync              func(context.Context, string) error
	deployments, sets cache.Indexer
	pods              cache.Indexer
	after             map[string]*apps.ReplicaSet
	status            *apps.DeploymentStatus
}

var newRolloutWorld = sync.OnceValue(func() *rolloutWorld {
	client, world := &fake.Clientset{}, &rolloutWorld{}
	client.AddReactor("*", "*", func(action core.Action) (bool, runtime.Object, error) {
		object, err := world.write(action)
		return true, object, err
	})
	factory := informers.NewSharedInformerFactory(client, 0)
	deployments, sets := factory.Apps().V1().Deployments(), factory.Apps().V1().ReplicaSets()
	pods := factory.Core().V1().Pods()
	controller, err := deployment.NewDeploymentController(context.Background(), deployments, sets, pods, client)
	if err != nil {
		fail(err)
	}
	// One step of the controller; what is exported of it begins them by itself.
	step := reflect.ValueOf(controller).Elem().FieldByName("syncHandler")
	world.sync = *(*func(context.Context, string) error)(unsafe.Pointer(step.UnsafeAddr()))
	world.deployments, world.sets = deployments.Informer().GetIndexer(), sets.Informer().GetIndexer()
	world.pods = pods.Informer().GetIndexer()
	return world
})

func (w *rolloutWorld) write(action core.Action) (runtime.Object, error) {
	if remove, is := action.(core.DeleteAction); is {
		delete(w.after, remove.GetName())
		return nil, nil
	}
	// An update is a create that has a subresource, too.
	write, is := action.(core.CreateAction)
	if !is {
		return nil, fmt.Errorf("%s of %s", action.GetVerb(), action.GetResource().Resource)
	}
	switch object := write.GetObject().(type) {
	case *apps.ReplicaSet:
		object.UID = types.UID(object.Name)
		w.after[object.Name] = object.DeepCopy()
	case *apps.Deployment:
		w.status = object.Status.DeepCopy()
	}
	return write.GetObject(), nil
}

// A Deployment and its ReplicaSets, a line of JSON each: what the controller makes of them. Each ReplicaSet has
// the pods that its status counts. What a first look only notes is done by a second.
func answerRollout(document []byte) any {
	w := newRolloutWorld()
	of := w.read(document)
	for looks := 0; looks < 2; looks++ {
		before := w.sizes()
		if err := w.sync(context.Background(), of.Namespace+"/"+of.Name); err != nil {
			fail(err)
		}
		if !reflect.DeepEqual(before, w.sizes()) {
			break
		}
		of.Status = *w.status
		w.show(of)
	}
	return w.answer()
}

func (w *rolloutWorld) read(document []byte) *apps.Deployment {
	var of *apps.Deployment
	var pods []any
	w.after = map[string]*apps.ReplicaSet{}
	for _, line := range bytes.Split(bytes.TrimSpace(document), []byte("\n")) {
		object, _, err := decode(readJSON, line)
		if err != nil {
			fail(err)
		}
		scheme.Default(object)
		switch object := object.(type) {
		case *apps.Deployment:
			of, w.status = object, &object.Status
		case *apps.ReplicaSet:
			w.after[object.Name] = object
			pods = append(pods, podsOf(object)...)
		}
	}
	if err := w.pods.Replace(pods, ""); err != nil {
		fail(err)
	}
	w.show(of)
	return of
}

// Puts things into the caches as they are now.
func (w *rolloutWorld) show(of *apps.Deployment) {
	var sets []any
	for _, set := range w.after {
		sets = append(sets, set)
	}
	if err := errors.Join(w.sets.Replace(sets, ""), w.deployments.Replace([]any{of.DeepCopy()}, "")); err != nil {
		fail(err)
	}
}

// Of the ReplicaSets that are to have pods; whether the others are there makes no difference to the rollout.
func (w *rolloutWorld) sizes() map[string]int32 {
	sizes := map[string]int32{}
	for name, set := range w.after {
		if *set.Spec.Replicas > 0 {
			sizes[name] = *set.Spec.Replicas
		}
	}
	return sizes
}

func podsOf(set *apps.ReplicaSet) []any {
	count := set.Status.Replicas
	if set.Status.TerminatingReplicas != nil {
		count += *set.Status.TerminatingReplicas
	}
	owner := metav1.NewControllerRef(set, apps.SchemeGroupVersion.WithKind("ReplicaSet"))
	pods := make([]any, count)
	for i := range pods {
		name := fmt.Sprintf("%s-%d", set.Name, i)
		pods[i] = &v1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: set.Namespace, Name: name, UID: types.UID(name),
				OwnerReferences: []metav1.OwnerReference{*owner}},
			Status: v1.PodStatus{Phase: v1.PodRunning},
		}
	}
	return pods
}

func (w *rolloutWorld) answer() rolloutAnswer {
	answer := rolloutAnswer{map[string]setAnswer{}, map[string][2]string{}, map[string]int32{
		"replicas": w.status.Replicas, "updatedReplicas": w.status.UpdatedReplicas,
		"readyReplicas": w.status.ReadyReplicas, "availableReplicas": w.status.AvailableReplicas,
		"unavailableReplicas": w.status.UnavailableReplicas}}
	for name, set := range w.after {
		answer.Sets[name] = setAnswer{*set.Spec.Replicas, set.Annotations}
	}
	for _, condition := range w.status.Conditions {
		answer.Conditions[string(condition.Type)] = [2]string{string(condition.Status), condition.Reason}
	}
	return answer
}
