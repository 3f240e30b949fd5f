// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/replicaset"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/podtemplate"
	"k8s.io/kubernetes/pkg/registry/core/replicationcontroller"
)

// One of the API server's findings: its type ("Required value"), the path, and the rest of the message.
type finding struct {
	Type   string `json:"type"`
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

type kindResource struct {
	name     string
	strategy rest.RESTCreateStrategy
}

var resources = map[string]kindResource{
	"Pod":                   {"pods", pod.Strategy},
	"PodTemplate":           {"podtemplates", podtemplate.Strategy},
	"ReplicationController": {"replicationcontrollers", replicationcontroller.Strategy},
	"ReplicaSet":            {"replicasets", replicaset.Strategy},
	"Deployment":            {"deployments", deployment.Strategy},
	"StatefulSet":           {"statefulsets", statefulset.Strategy},
	"DaemonSet":             {"daemonsets", daemonset.Strategy},
	"Job":                   {"jobs", job.Strategy},
	"CronJob":               {"cronjobs", cronjob.Strategy},
}

// A create, without admission: the steps of rest.BeforeCreate, whose error would tell less. The namespace is
// the object's own, or "default"; a generated name gets a fixed suffix. False: a kind that has no pod in it, or
// an object that Kubernetes' own code does not survive.
func create(object runtime.Object, kind *schema.GroupVersionKind) (created runtime.Object, found []finding, known bool) {
	defer func() {
		if recover() != nil {
			known = false
		}
	}()
	target, isKind := resources[kind.Kind]
	if !isKind {
		return nil, nil, false
	}
	object = object.DeepCopyObject()
	metadata, err := meta.Accessor(object)
	if err != nil {
		fail(err)
	}
	rest.FillObjectMetaSystemFields(metadata)
	if metadata.GetName() == "" && metadata.GetGenerateName() != "" {
		metadata.SetName(generatedName(metadata.GetGenerateName()))
	}
	if metadata.GetNamespace() == "" {
		metadata.SetNamespace("default")
	}
	ctx := request.WithNamespace(context.Background(), metadata.GetNamespace())
	ctx = request.WithRequestInfo(ctx, &request.RequestInfo{
		IsResourceRequest: true,
		Verb:              "create",
		APIGroup:          kind.Group,
		APIVersion:        kind.Version,
		Namespace:         metadata.GetNamespace(),
		Resource:          target.name,
	})
	target.strategy.PrepareForCreate(ctx, object)
	return object, list(rest.ValidateCreate(ctx, object, target.strategy)), true
}

// names.SimpleNameGenerator, with its random characters always the same.
func generatedName(base string) string {
	const suffix, longest = "bcdfg", 63
	if len(base) > longest-len(suffix) {
		base = base[:longest-len(suffix)]
	}
	return base + suffix
}

func list(errs field.ErrorList) []finding {
	found := []finding{}
	for _, e := range errs {
		found = append(found, finding{e.Type.String(), e.Field, e.ErrorBody()})
	}
	return found
}
