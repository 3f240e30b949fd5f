// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"reflect"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// The kinds whose fields are asked for.
var roots = []any{
	corev1.Pod{}, corev1.PodList{}, corev1.PodTemplate{}, corev1.ReplicationController{}, corev1.ConfigMap{},
	corev1.Secret{}, appsv1.ReplicaSet{}, appsv1.Deployment{}, appsv1.StatefulSet{}, appsv1.DaemonSet{},
	batchv1.Job{}, batchv1.CronJob{}, metav1.List{}, corev1.Namespace{}, corev1.Node{}, schedulingv1.PriorityClass{},
}

// Types that have a form of their own on the wire.
var scalars = map[reflect.Type]string{
	reflect.TypeFor[resource.Quantity]():    "QUANTITY",
	reflect.TypeFor[metav1.Time]():          "TIME",
	reflect.TypeFor[metav1.MicroTime]():     "TIME",
	reflect.TypeFor[intstr.IntOrString]():   "INT_OR_STRING",
	reflect.TypeFor[runtime.RawExtension](): "RAW",
	reflect.TypeFor[metav1.FieldsV1]():      "RAW",
}

// What it holds is in the envelope in protobuf.
var typeMeta = reflect.TypeFor[metav1.TypeMeta]()

// Every field that the roots reach, from the Go types, as the lines that src/pod/fields.def has for them.
// Answers a list of lines. The document is not looked at.
func answerSchema([]byte) any {
	w := schemaWalk{seen: map[reflect.Type]bool{}}
	for _, root := range roots {
		w.visit(reflect.TypeOf(root))
	}
	return w.lines
}

type schemaWalk struct {
	seen  map[reflect.Type]bool
	lines []string
}

func (w *schemaWalk) visit(t reflect.Type) {
	if w.seen[t] {
		return
	}
	w.seen[t] = true
	w.fields(t.Name(), t, "0")
}

// The fields of a struct; those of an inlined one belong to the type around it, via its own number.
func (w *schemaWalk) fields(owner string, t reflect.Type, via string) {
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		number := "0"
		if parts := strings.Split(field.Tag.Get("protobuf"), ","); len(parts) > 1 && t != typeMeta {
			number = parts[1]
		}
		if name == "" && field.Type.Kind() == reflect.Struct {
			w.fields(owner, field.Type, number)
			continue
		}
		if name == "-" || name == "" {
			continue
		}
		kind, child := w.kind(field.Type)
		w.lines = append(w.lines, fmt.Sprintf("F(%s, %s, %s, %s, %s, %s, %s)", owner, name, number, via, kind, child,
			mode(field.Type, kind, options)))
	}
}

func mode(t reflect.Type, kind, options string) string {
	omit := strings.Contains(options, "omitempty")
	switch {
	case strings.Contains(options, "omitzero") && t.Kind() == reflect.Struct:
		return "OMIT"
	case t.Kind() == reflect.Pointer && omit:
		return "PTR"
	case t.Kind() == reflect.Pointer:
		return "NULLABLE"
	case t.Kind() == reflect.Struct || !omit:
		return "ALWAYS"
	}
	return "OMIT"
}

// What a field of this type holds, and of which type its records are.
func (w *schemaWalk) kind(t reflect.Type) (string, string) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if kind, ok := scalars[t]; ok {
		return kind, "None"
	}
	switch t.Kind() {
	case reflect.String:
		return "STRING", "None"
	case reflect.Bool:
		return "BOOL", "None"
	case reflect.Int32:
		return "I32", "None"
	case reflect.Int64:
		return "I64", "None"
	case reflect.Slice:
		kind, child := w.kind(t.Elem())
		return "LIST_" + kind, child
	case reflect.Map:
		if t.Elem().Kind() == reflect.Slice {
			return "MAP_BYTES", "None"
		}
		kind, child := w.kind(t.Elem())
		return "MAP_" + kind, child
	}
	if t.NumField() == 0 {
		return "RECORD", "None"
	}
	w.visit(t)
	return "RECORD", t.Name()
}
