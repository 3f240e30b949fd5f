// SPDX-License-Identifier: Apache-2.0

package k8smesos

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// One object of each kind, made of the same pod.
func objects(t *testing.T) []any {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"default","uid":"u"},` +
		`"spec":{"containers":[{"name":"c","image":"i"}]}}`
	const offers = `{"type":"OFFERS","offers":{"offers":[]}}`
	parsed, err := ParsePod([]byte(pod), nil)
	must(err)
	manifest, err := ParseManifest([]byte(pod), nil)
	must(err)
	workload, err := ParseWorkload([]byte(`{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"r"},"spec":{`+
		`"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{`+
		`"name":"c","image":"i"}]}}}}`), nil)
	must(err)
	demand, err := MakeDemand(parsed, &DemandOptions{Nonce: "n"})
	must(err)
	status, err := NewStatus(demand, nil)
	must(err)
	parsedOffers, err := ParseOffers([]byte(offers), &OffersOptions{Format: FormatJSON})
	must(err)
	resources, err := ParseResources([]byte(`{}`), &OffersOptions{Format: FormatJSON})
	must(err)
	resolved, err := parsed.Resolve(nil)
	must(err)
	cluster, err := NewCluster(nil)
	must(err)
	plan, err := cluster.Match([]*Demand{demand}, nil)
	must(err)
	calls, err := plan.Calls(nil)
	must(err)
	wants, err := cluster.Wants([]Want{{Demand: demand}}, nil)
	must(err)
	driver, err := NewDriver(&DriverOptions{Master: "127.0.0.1:5050"})
	must(err)
	control, err := NewControl(1)
	must(err)
	reader, err := NewReader(strings.NewReader(pod), nil)
	must(err)
	return []any{parsed, manifest, workload, demand, status, parsedOffers, resources, resolved, cluster, plan, calls,
		wants, driver, control, reader}
}

// Calls every method with arguments that are zero: pointers nil, lists with one nil in them. Those with a pointer
// to an object return an error, or nothing.
func callAll(t *testing.T, object any, alive bool) int {
	t.Helper()
	value, calls := reflect.ValueOf(object), 0
	for i := 0; i < value.NumMethod(); i++ {
		method, name := value.Method(i), value.Type().Method(i).Name
		if name == "Close" && alive {
			continue
		}
		var arguments []reflect.Value
		expected := !alive
		for k := 0; k < method.Type().NumIn(); k++ {
			kind := method.Type().In(k)
			argument := reflect.Zero(kind)
			if kind.Kind() == reflect.Slice && kind.Elem().Kind() != reflect.Uint8 {
				argument = reflect.MakeSlice(kind, 1, 1)
			}
			_, handles := argument.Interface().(handle)
			_, list := argument.Interface().([]*Demand)
			_, wants := argument.Interface().([]Want)
			optional := value.Type() == reflect.TypeOf(&Status{}) // a patch or a row since nothing
			expected = expected || (handles && !optional) || list || wants
			arguments = append(arguments, argument)
		}
		call := method.Call
		if method.Type().IsVariadic() {
			call = method.CallSlice
		}
		results := call(arguments)
		calls++
		if len(results) == 0 || !expected {
			continue
		}
		last := results[len(results)-1]
		if err, is := last.Interface().(error); last.Type().Name() == "error" && (!is || !errors.Is(err, ErrInvalid)) {
			t.Errorf("%T.%s: %v, expected an error", object, name, err)
		}
		for _, result := range results[:len(results)-1] {
			if !result.IsZero() && result.Type().Name() != "error" {
				t.Errorf("%T.%s: %v", object, name, result)
			}
		}
	}
	return calls
}

func TestNothingIsAnError(t *testing.T) {
	calls := 0
	for _, object := range objects(t) {
		calls += callAll(t, object, true)
		calls += callAll(t, reflect.Zero(reflect.TypeOf(object)).Interface(), false)
		reflect.ValueOf(object).MethodByName("Close").Call(nil)
		calls += callAll(t, object, false)
	}
	if calls < 3*130 {
		t.Errorf("%d calls", calls)
	}
	for name, made := range map[string]func() error{
		"MakeDemand": func() error { _, err := MakeDemand(nil, nil); return err },
		"NewStatus":  func() error { _, err := NewStatus(nil, nil); return err },
		"LoadStatus": func() error { _, err := LoadStatus(nil, nil, nil); return err },
		"NewReader":  func() error { _, err := NewReader(nil, nil); return err },
	} {
		if err := made(); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "expected") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, made := range map[string]func() error{
		"ParsePod":       func() error { _, err := ParsePod(nil, nil); return err },
		"ParseManifest":  func() error { _, err := ParseManifest(nil, nil); return err },
		"ParseWorkload":  func() error { _, err := ParseWorkload(nil, nil); return err },
		"ParseOffers":    func() error { _, err := ParseOffers(nil, nil); return err },
		"ParseResources": func() error { _, err := ParseResources(nil, nil); return err },
		"NewDriver":      func() error { _, err := NewDriver(nil); return err },
		"EncodeCall":     func() error { _, err := EncodeCall(CallArgs{}); return err },
		"ConvertMessage": func() error { _, err := ConvertMessage("", nil, FormatAuto, FormatAuto); return err },
		"EventType":      func() error { _, err := EventType(nil, FormatAuto); return err },
	} {
		if err := made(); err == nil {
			t.Logf("%s takes nothing", name)
		}
	}
}
