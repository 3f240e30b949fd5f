// SPDX-License-Identifier: Apache-2.0

package k8smesos_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	k8smesos "github.com/libk8smesos/libk8smesos/bindings/go"
)

// golden reads a file that the tests of C, Python and Go share.
func golden(t *testing.T, name string) []byte {
	t.Helper()
	folder := os.Getenv("K8SMESOS_GOLDEN")
	if folder == "" {
		folder = filepath.Join("..", "..", "tests", "golden")
	}
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// must is for calls that this test does not look at.
func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func nginx(t *testing.T) *k8smesos.Pod {
	t.Helper()
	return must[*k8smesos.Pod](t)(k8smesos.ParsePod(golden(t, "nginx.yaml"), nil))
}

func TestLimits(t *testing.T) {
	for _, options := range []k8smesos.ParseOptions{{MaxBytes: 2}, {MaxDepth: 2}, {MaxNodes: 2}} {
		_, err := k8smesos.ParsePod(golden(t, "nginx.yaml"), &options)
		if !errors.Is(err, k8smesos.ErrLimit) {
			t.Errorf("%+v: %v", options, err)
		}
	}
	must[*k8smesos.Pod](t)(k8smesos.ParsePod(golden(t, "nginx.yaml"), &k8smesos.ParseOptions{MaxContainers: 1})).Close()
}

func demand(t *testing.T) *k8smesos.Demand {
	t.Helper()
	return must[*k8smesos.Demand](t)(k8smesos.MakeDemand(nginx(t), &k8smesos.DemandOptions{Nonce: "n1"}))
}

func cluster(t *testing.T) *k8smesos.Cluster {
	t.Helper()
	options := &k8smesos.ClusterOptions{Features: k8smesos.FeatureAll}
	cluster := must[*k8smesos.Cluster](t)(k8smesos.NewCluster(options))
	offers := must[*k8smesos.Offers](t)(k8smesos.ParseOffers(golden(t, "nginx.offers.json"), nil))
	must[[]k8smesos.Finding](t)(cluster.Add(offers, 1))
	offers.Close()
	return cluster
}

func match(t *testing.T, cluster *k8smesos.Cluster) *k8smesos.Plan {
	t.Helper()
	return must[*k8smesos.Plan](t)(cluster.Match([]*k8smesos.Demand{demand(t)}, nil))
}

func TestResources(t *testing.T) {
	offers := must[*k8smesos.Offers](t)(k8smesos.ParseOffers(golden(t, "nginx.offers.json"), nil))
	all := must[*k8smesos.Resources](t)(offers.Take(0))
	part := must[*k8smesos.Resources](t)(k8smesos.ParseResources([]byte(fmt.Sprintf(
		`{"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":1},"allocation_info":{"role":"%s"}}]}`,
		all.Rows()[0].Role)), nil))
	left := must[*k8smesos.Resources](t)(all.Subtract(part))
	again := must[*k8smesos.Resources](t)(left.Add(part))
	if !all.Contains(again) || !again.Contains(all) || left.Contains(all) {
		t.Errorf("left %+v and %+v of %+v", left.Rows(), part.Rows(), all.Rows())
	}
	if found := must[*k8smesos.Resources](t)(all.Find(part)); !found.Contains(part) || !part.Contains(found) {
		t.Errorf("found %+v", found.Rows())
	}
	list := must[[]byte](t)(all.Encode(k8smesos.FormatJSON, k8smesos.ReservationsStack))
	if read := must[*k8smesos.Resources](t)(k8smesos.ParseResources(list, nil)); !read.Contains(all) {
		t.Errorf("read %+v", read.Rows())
	}
	if _, err := part.Subtract(all); !errors.Is(err, k8smesos.ErrNotFound) {
		t.Errorf("subtracted more than there is: %v", err)
	}
	if _, err := all.Apply([]byte(`{"type":"LAUNCH"}`), nil); !errors.Is(err, k8smesos.ErrUnsupported) {
		t.Errorf("launched: %v", err)
	}
}

func TestReading(t *testing.T) {
	pod := nginx(t)
	value, set, err := pod.Value("/spec/containers/0/ports/0/containerPort")
	if !set || err != nil || value.Kind != k8smesos.ValueNumber || value.Number != 80 {
		t.Errorf("port is %+v, %v, %v", value, set, err)
	}
	if _, set, err := pod.Value("spec.hostname"); set || err != nil {
		t.Errorf("hostname is set: %v, %v", set, err)
	}
	below := must[[]k8smesos.Value](t)(pod.Values("metadata.labels"))
	if len(below) != 1 || below[0].Name != "app" || below[0].Text != "nginx" {
		t.Errorf("labels are %+v", below)
	}
	if ports := pod.Ports(); len(ports) != 1 || ports[0].HostPort != 31080 || ports[0].Protocol != "TCP" {
		t.Errorf("ports are %+v", ports)
	}
	resources := must[[]k8smesos.PodResource](t)(pod.Resources())
	if len(resources) != 2 || resources[0] != (k8smesos.PodResource{Name: "cpu", Request: 250, Limit: -1}) {
		t.Errorf("resources are %+v", resources)
	}
	if pod.QOSClass() != "Burstable" {
		t.Errorf("QoS class is %s", pod.QOSClass())
	}
	if len(pod.Words())+len(pod.Env())+len(pod.EnvFrom())+len(pod.Volumes())+len(pod.Mounts())+len(pod.Probes()) != 0 {
		t.Error("there are rows of what the pod does not have")
	}
}

func TestResolve(t *testing.T) {
	source := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"ns"},"spec":{
		"containers":[{"name":"c","image":"i","args":["$(K)@$(NODE)"],"env":[
		{"name":"K","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}},
		{"name":"NODE","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}}],
		"volumeMounts":[{"name":"v","mountPath":"/v"}]}],
		"volumes":[{"name":"v","secret":{"secretName":"s","defaultMode":256}}]}}`
	pod := must[*k8smesos.Pod](t)(k8smesos.ParsePod([]byte(source), nil))
	data := []k8smesos.Data{{Kind: "Secret", Namespace: "ns", Name: "s", Key: "k", Value: []byte("x")}}
	resolved := must[*k8smesos.Resolved](t)(pod.Resolve(&k8smesos.ResolveOptions{Data: data, NodeName: "n1"}))
	env := resolved.Env()
	if len(env) != 2 || string(env[0].Value) != "x" || !env[0].Secret || string(env[1].Value) != "n1" {
		t.Errorf("variables are %+v", env)
	}
	if words := resolved.Words(); len(words) != 1 || words[0].Text != "x@n1" {
		t.Errorf("words are %+v", words)
	}
	files := resolved.Files()
	if len(files) != 1 || files[0].Path != "k" || files[0].Mode != 0400 || !files[0].Secret {
		t.Errorf("files are %+v", files)
	}
	if mounts := resolved.Mounts(); len(mounts) != 1 || mounts[0].Path != "/v" {
		t.Errorf("mounts are %+v", mounts)
	}
	if _, err := pod.Resolve(nil); !errors.Is(err, k8smesos.ErrInvalid) {
		t.Errorf("resolved without data: %v", err)
	}
}

func TestWants(t *testing.T) {
	cluster, demand := cluster(t), demand(t)
	wants := must[*k8smesos.Wants](t)(cluster.Wants(
		[]k8smesos.Want{{Demand: demand, Hostname: "agent1.example.org", Pinned: true, AtMonoMS: 9000}},
		&k8smesos.WantsOptions{Roles: []string{"*", "b"}}))
	if roles := wants.Roles(); len(roles) != 2 || roles[0].Groups != 1 || roles[1].Wants != 0 {
		t.Errorf("roles are %+v", roles)
	}
	if !bytes.Contains(wants.Constraints(), []byte("agent1.example.org")) {
		t.Errorf("constraints are %q", wants.Constraints())
	}
	if at, wanted := wants.Offer(cluster, "golden-O1"); at != 9000 || !wanted {
		t.Errorf("the offer is wanted at %v, %v", at, wanted)
	}
	if seconds := wants.RefuseSeconds(cluster, "golden-O1", 4000, k8smesos.Refuse{}); seconds != 5 {
		t.Errorf("it is refused for %v s", seconds)
	}
	nothing := must[*k8smesos.Wants](t)(cluster.Wants(nil, nil))
	if !nothing.Covered(wants) || !wants.Covered(nothing) {
		t.Error("covered by nothing")
	}
}

func TestPod(t *testing.T) {
	pod := nginx(t)
	if pod.Name() != "nginx" || pod.Namespace() != "default" || pod.UID() == "" {
		t.Errorf("pod is %s/%s %s", pod.Namespace(), pod.Name(), pod.UID())
	}
	containers := pod.Containers()
	if len(containers) != 1 || containers[0].CPURequestMilli != 250 || containers[0].CPULimitMilli != -1 {
		t.Errorf("containers are %+v", containers)
	}
	if image, set, err := pod.Get("spec.containers[0].image"); image != "nginx:1.25" || !set || err != nil {
		t.Errorf("image is %q, %v, %v", image, set, err)
	}
	if _, set, err := pod.Get("spec.hostname"); set || err != nil {
		t.Errorf("hostname is set: %v, %v", set, err)
	}
	written := must[[]byte](t)(pod.Encode(k8smesos.FormatYAML))
	again := must[*k8smesos.Pod](t)(k8smesos.ParsePod(written, nil))
	first, second := must[[]byte](t)(pod.Encode(k8smesos.FormatJSON)), must[[]byte](t)(again.Encode(k8smesos.FormatJSON))
	if !bytes.Equal(first, second) {
		t.Errorf("read again: %s\nfirst: %s", second, first)
	}
	if other := must[*k8smesos.Pod](t)(pod.WithUID("another")); other.UID() != "another" {
		t.Errorf("uid is %q", other.UID())
	}
}

func TestWorkload(t *testing.T) {
	source := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, uid: u}\nspec:\n  replicas: 2\n" +
		"  strategy: {rollingUpdate: {maxSurge: 50%, maxUnavailable: 1}}\n  selector: {matchLabels: {a: b}}\n" +
		"  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}\n"
	workload := must[*k8smesos.Workload](t)(k8smesos.ParseWorkload([]byte(source), nil))
	info := must[k8smesos.WorkloadInfo](t)(workload.Info())
	if info.Kind != k8smesos.WorkloadDeployment || info.Name != "web" || info.Replicas != 2 || info.Selector != "a=b" {
		t.Errorf("info is %+v", info)
	}
	spec := must[k8smesos.DeploymentSpec](t)(workload.Deployment())
	if spec.MaxSurge != (k8smesos.Share{Value: 50, IsPercent: true}) || spec.Strategy != k8smesos.RolloutRollingUpdate {
		t.Errorf("spec is %+v", spec)
	}
	if _, err := workload.Job(); !errors.Is(err, k8smesos.ErrNotFound) {
		t.Errorf("job: %v", err)
	}
	child := must[*k8smesos.Workload](t)(workload.Child(nil))
	pod := must[*k8smesos.Pod](t)(workload.Pod(&k8smesos.InstanceOptions{Suffix: "x"}))
	if name, _, _ := child.Get("metadata.name"); pod.Name() != name+"-x" || !workload.Selects(pod) {
		t.Errorf("pod %s of %s", pod.Name(), name)
	}
	if other := must[*k8smesos.Workload](t)(workload.WithUID("v")); must[k8smesos.WorkloadInfo](t)(other.Info()).UID != "v" {
		t.Error("no other uid")
	}
	if template := must[*k8smesos.Pod](t)(workload.Template()); template.Name() != "web" {
		t.Errorf("template is %s", template.Name())
	}
}

func TestClasses(t *testing.T) {
	source := "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 7\n---\n" +
		"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  replicas: 2\n" +
		"  selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: {a: b}}, spec: " +
		"{priorityClassName: high, containers: [{name: c, image: i}]}}\n"
	manifest := must[*k8smesos.Manifest](t)(k8smesos.ParseManifest([]byte(source), nil))
	rows, objects := manifest.Workloads(), manifest.Objects()
	if len(rows) != 1 || rows[0].PodCount != 2 || len(objects) != 1 || objects[0].Kind != "PriorityClass" {
		t.Errorf("rows are %+v and %+v", rows, objects)
	}
	if value, _, _ := manifest.Get(0, "value"); value != "7" {
		t.Errorf("value is %q", value)
	}
	pod := manifest.Pods()[1].Pod
	admitted := must[*k8smesos.Pod](t)(pod.Admit(&k8smesos.AdmissionOptions{Classes: manifest.PriorityClasses()}))
	if priority, _, _ := admitted.Get("spec.priority"); priority != "7" {
		t.Errorf("priority is %q", priority)
	}
	if _, err := pod.Admit(nil); !errors.Is(err, k8smesos.ErrInvalid) {
		t.Errorf("admitted: %v", err)
	}
}

func TestReader(t *testing.T) {
	pod := func(name string) string {
		return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"` + name + `"},"spec":{"containers":[{"name":"c","image":"i"}]}}`
	}
	source := `{"apiVersion":"v1","items":[` + pod("a") + "," + pod("B") + "," + pod("c") + `],"kind":"List"}`
	reader := must[*k8smesos.Reader](t)(k8smesos.NewReader(iotest.OneByteReader(strings.NewReader(source)), nil))
	if first, err := reader.Next(); err != nil || first.Pod.Name() != "a" {
		t.Errorf("first: %+v, %v", first, err)
	}
	if _, err := reader.Next(); !errors.Is(err, k8smesos.ErrInvalid) {
		t.Errorf("second: %v", err)
	}
	if third, err := reader.Next(); err != nil || third.Pod.Name() != "c" {
		t.Errorf("third: %+v, %v", third, err)
	}
	if _, err := reader.Next(); err != io.EOF {
		t.Errorf("the end: %v", err)
	}
}

func TestManifest(t *testing.T) {
	secret := "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: key\ndata:\n  a: AAEC\n"
	source := append(golden(t, "nginx.yaml"), secret...)
	manifest := must[*k8smesos.Manifest](t)(k8smesos.ParseManifest(source, nil))
	pods, data := manifest.Pods(), manifest.Data()
	manifest.Close()
	if len(pods) != 1 || pods[0].Pod.Name() != "nginx" {
		t.Errorf("pods are %+v", pods)
	}
	if len(data) != 1 || data[0].Key != "a" || !bytes.Equal(data[0].Value, []byte{0, 1, 2}) {
		t.Errorf("data are %+v", data)
	}
}

func TestAccept(t *testing.T) {
	plan := match(t, cluster(t))
	calls := must[*k8smesos.Calls](t)(plan.Calls(&k8smesos.TaskOptions{Format: k8smesos.FormatJSON}))
	plan.Close()
	runtime.GC()
	rows := calls.Rows()
	if len(rows) != 1 {
		t.Fatalf("%d calls", len(rows))
	}
	if want := golden(t, "nginx.accept.json"); !bytes.Equal(append(rows[0].Bytes, '\n'), want) {
		t.Errorf("the call is\n%s\nand should be\n%s", rows[0].Bytes, want)
	}
	if tasks := calls.Tasks(); len(tasks) != 2 {
		t.Errorf("tasks are %+v", tasks)
	} else if id := must[k8smesos.TaskID](t)(k8smesos.ParseTaskID(tasks[1].TaskID)); id.Container != "nginx" {
		t.Errorf("the second task is %+v", id)
	} else if again := must[string](t)(id.Format()); again != tasks[1].TaskID {
		t.Errorf("%q became %q", tasks[1].TaskID, again)
	}
	executor := must[k8smesos.ExecutorID](t)(k8smesos.ParseExecutorID(calls.Executors()[0].ExecutorID))
	if executor.UID == "" || executor.Mapping != 1 {
		t.Errorf("the executor is %+v", executor)
	}
}

const claimPod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"db","uid":"u1"},"spec":{"containers":[{"name":"c",
"image":"i","volumeMounts":[{"name":"v","mountPath":"/d"}]}],"volumes":[{"name":"v","ephemeral":{"volumeClaimTemplate":
{"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"64Mi"}}}}}}]}}`

func TestForm(t *testing.T) {
	pod := must[*k8smesos.Pod](t)(k8smesos.ParsePod([]byte(claimPod), nil))
	demand := must[*k8smesos.Demand](t)(k8smesos.MakeDemand(pod, &k8smesos.DemandOptions{
		Nonce: "n1", Form: k8smesos.FormReserved, Roles: []string{"dev"}, Principal: "p",
	}))
	form := must[k8smesos.DemandForm](t)(demand.Form())
	if form.Form != k8smesos.FormReserved || form.Name != "reserved" || form.Reason == "" {
		t.Errorf("form is %+v", form)
	}
	want := []k8smesos.DemandVolume{{"v", "", "u1.v", "", 64000, k8smesos.DiskNone}}
	if volumes := demand.Volumes(); !reflect.DeepEqual(volumes, want) {
		t.Errorf("volumes are %+v", volumes)
	}
	for path, fine := range map[string]bool{"spec.volumes": true, "spec.colour": false} {
		_, err := k8smesos.MakeDemand(pod, &k8smesos.DemandOptions{
			Nonce: "n1", Roles: []string{"dev"}, Principal: "p", Network: "weave",
			Policies: map[string]k8smesos.Policy{path: k8smesos.PolicyWarn},
		})
		if (err == nil) != fine {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestStorageClasses(t *testing.T) {
	template := strings.Replace(claimPod, `"accessModes"`, `"storageClassName":"fast","accessModes"`, 1)
	pod := must[*k8smesos.Pod](t)(k8smesos.ParsePod([]byte(template), nil))
	for name, disk := range map[string]k8smesos.Disk{"fast": k8smesos.DiskMount, "slow": k8smesos.DiskPath} {
		demand, err := k8smesos.MakeDemand(pod, &k8smesos.DemandOptions{
			Nonce: "n1", Roles: []string{"dev"}, Principal: "p",
			StorageClasses: []k8smesos.StorageClass{{Name: name, Disk: disk, Root: "/mnt"}},
		})
		if (err == nil) != (name == "fast") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if demand.Volumes()[0].Disk != disk {
			t.Errorf("volumes are %+v", demand.Volumes())
		}
		cluster := must[*k8smesos.Cluster](t)(k8smesos.NewCluster(nil))
		event := bytes.ReplaceAll(golden(t, "offers.json"), []byte("ROLE"), []byte("dev"))
		if _, err := cluster.Add(must[*k8smesos.Offers](t)(k8smesos.ParseOffers(event, nil)), 0); err != nil {
			t.Fatal(err)
		}
		plan := must[*k8smesos.Plan](t)(cluster.Match([]*k8smesos.Demand{demand}, nil))
		want := []k8smesos.PlanVolume{{"u1.v", "/mnt/b", 0, 0, 1100000, k8smesos.DiskMount, false}}
		if volumes := plan.Volumes(); !reflect.DeepEqual(volumes, want) {
			t.Errorf("volumes are %+v", volumes)
		}
	}
}

func TestDone(t *testing.T) {
	pod := must[*k8smesos.Pod](t)(k8smesos.ParsePod([]byte(`{"apiVersion":"v1","kind":"Pod",
		"metadata":{"name":"p","uid":"u1"},"spec":{"containers":[{"name":"a","image":"i"},{"name":"b","image":"i"}]}}`), nil))
	demand := must[*k8smesos.Demand](t)(k8smesos.MakeDemand(pod, &k8smesos.DemandOptions{
		Nonce: "n1", Attempt: 1, Done: []string{"a"},
	}))
	for i, task := range demand.Tasks() {
		if task.Launch != (i != 1) {
			t.Errorf("task %d is launched: %v", i, task.Launch)
		}
	}
	if _, err := k8smesos.MakeDemand(pod, &k8smesos.DemandOptions{Nonce: "n1", Done: []string{"c"}}); err == nil {
		t.Error("a container that is none is left out")
	}
}

func TestUsers(t *testing.T) {
	manifest := []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","uid":"u1"},"spec":{"containers":[` +
		`{"name":"c","image":"i","securityContext":{"runAsUser":1000}}]}}`)
	pod := must[*k8smesos.Pod](t)(k8smesos.ParsePod(manifest, nil))
	for uid, fine := range map[int64]bool{33: false, 1000: true} {
		options := &k8smesos.DemandOptions{Nonce: "n1", Users: map[int64]string{uid: "app"}}
		if _, err := k8smesos.MakeDemand(pod, options); (err == nil) != fine {
			t.Errorf("%d: %v", uid, err)
		}
	}
}

func TestReservation(t *testing.T) {
	cluster := cluster(t)
	for wanted, options := range map[string]k8smesos.DemandOptions{
		"team=db": {Nonce: "n1", Reservation: "team=db"},
		"of ops":  {Nonce: "n1", ReservationPrincipal: "ops"},
	} {
		demand := must[*k8smesos.Demand](t)(k8smesos.MakeDemand(nginx(t), &options))
		explain := must[[]k8smesos.Explanation](t)(cluster.Explain(demand, nil))
		if len(explain) != 1 || explain[0].Predicate != "reservation" || explain[0].Wanted != wanted {
			t.Errorf("%s: %+v", wanted, explain)
		}
	}
}

func TestPlan(t *testing.T) {
	cluster := cluster(t)
	plan := match(t, cluster)
	if placements := plan.Placements(); len(placements) != 1 || placements[0].AgentID != "golden-S1" {
		t.Errorf("placements are %+v", placements)
	}
	if ports := plan.Ports(); len(ports) != 1 || ports[0].HostPort != 31080 {
		t.Errorf("ports are %+v", ports)
	}
	if summary := plan.Summary(0); summary != "" || len(plan.Refusals()) != 0 {
		t.Errorf("refused: %s", summary)
	}
	if scores := plan.Scores(); len(scores) != 1 || scores[0].Part != "strategy" || scores[0].Weight != 1 {
		t.Errorf("scores: %+v", scores)
	}
	if err := cluster.Apply(plan); err != nil {
		t.Fatal(err)
	}
	err := cluster.Apply(plan)
	if !errors.Is(err, k8smesos.ErrState) || k8smesos.Findings(err)[0].Name != "PLAN_STALE" {
		t.Errorf("a stale plan: %v", err)
	}
	if again := match(t, cluster); again.Summary(0) == "" || len(again.Refusals()) == 0 {
		t.Error("no reason why there is no place")
	}
	explained := must[[]k8smesos.Explanation](t)(cluster.Explain(demand(t), nil))
	if len(explained) != 1 || explained[0].Code == 0 {
		t.Errorf("explained: %+v", explained)
	}
	how := &k8smesos.MatchOptions{Flags: k8smesos.MatchExplain}
	again := must[*k8smesos.Plan](t)(cluster.Match([]*k8smesos.Demand{demand(t)}, how))
	if kept := again.Explain(0); len(kept) != 1 || kept[0] != explained[0] {
		t.Errorf("kept in the plan: %+v", kept)
	}
}

func TestTakeAndGive(t *testing.T) {
	cluster := cluster(t)
	all := must[*k8smesos.Resources](t)(cluster.Resources("golden-S1"))
	if err := cluster.Take("golden-S1", all); err != nil || !cluster.Offers()[0].Taken {
		t.Fatalf("take: %v, %+v", err, cluster.Offers())
	}
	if summary := match(t, cluster).Summary(0); !strings.Contains(summary, "didn't have free ports") {
		t.Errorf("placed from what was taken: %s", summary)
	}
	if err := cluster.Take("golden-S1", all); !errors.Is(err, k8smesos.ErrNotFound) {
		t.Errorf("taken twice: %v", err)
	}
	if err := cluster.Give("golden-S1", all); err != nil || cluster.Offers()[0].Taken {
		t.Errorf("give: %v, %+v", err, cluster.Offers())
	}
	if summary := match(t, cluster).Summary(0); summary != "" {
		t.Errorf("given back: %s", summary)
	}
}

func TestPreemption(t *testing.T) {
	cluster := cluster(t)
	plan := match(t, cluster)
	if err := cluster.Apply(plan); err != nil {
		t.Fatal(err)
	}
	if nominations := plan.Nominations(); len(nominations) != 0 || len(plan.Victims()) != 0 {
		t.Errorf("nominated: %+v", nominations)
	}
	yaml := bytes.Replace(golden(t, "nginx.yaml"), []byte("spec:"), []byte("spec:\n  priority: 7"), 1)
	pod := must[*k8smesos.Pod](t)(k8smesos.ParsePod(yaml, nil))
	pod = must[*k8smesos.Pod](t)(pod.WithUID("u2"))
	high := must[*k8smesos.Demand](t)(k8smesos.MakeDemand(pod, &k8smesos.DemandOptions{Nonce: "n2"}))
	how := &k8smesos.MatchOptions{Flags: k8smesos.MatchPreempt}
	plan = must[*k8smesos.Plan](t)(cluster.Match([]*k8smesos.Demand{high}, how))
	nominations, victims := plan.Nominations(), plan.Victims()
	if len(nominations) != 1 || nominations[0].AgentID != "golden-S1" || nominations[0].Victims != 1 {
		t.Errorf("nominations: %+v", nominations)
	}
	if len(victims) != 1 || victims[0].Name != "nginx" || victims[0].Nomination != 0 {
		t.Errorf("victims: %+v", victims)
	}
	if err := cluster.Nominate(high, "golden-S1", "*"); err != nil {
		t.Error(err)
	}
	if !cluster.Withdraw("u2") || cluster.Withdraw("u2") || cluster.EndPod("nobody") || cluster.ForgetVolume("default.data") {
		t.Error("nominations and ends are not counted right")
	}
}

func TestExecutors(t *testing.T) {
	event := bytes.Replace(golden(t, "nginx.offers.json"), []byte(`"resources"`),
		[]byte(`"executor_ids":[{"value":"u2.0.1"},{"value":"u1.0.1"}],"resources"`), 1)
	cluster := must[*k8smesos.Cluster](t)(k8smesos.NewCluster(nil))
	if _, err := cluster.Add(must[*k8smesos.Offers](t)(k8smesos.ParseOffers(event, nil)), 0); err != nil {
		t.Fatal(err)
	}
	if agents := cluster.Agents(); len(agents) != 1 || agents[0].Executors != 2 {
		t.Errorf("agents: %+v", agents)
	}
	if ids := cluster.Executors("golden-S1"); !reflect.DeepEqual(ids, []string{"u1.0.1", "u2.0.1"}) {
		t.Errorf("executors: %v", ids)
	}
	if ids := cluster.Executors("elsewhere"); len(ids) != 0 {
		t.Errorf("executors of nobody: %v", ids)
	}
}

func TestFeatures(t *testing.T) {
	cluster := cluster(t)
	features := must[k8smesos.Features](t)(k8smesos.ParseFeatures("cgroups, sandbox-path"))
	if features != k8smesos.FeatureCgroups|k8smesos.FeatureSandboxPath {
		t.Errorf("features: %#x", features)
	}
	if err := cluster.SetFeatures("golden-S1", features); err != nil {
		t.Fatal(err)
	}
	if summary := match(t, cluster).Summary(0); !strings.Contains(summary, "lacked an agent feature") {
		t.Errorf("summary: %s", summary)
	}
	if _, err := k8smesos.ParseFeatures("images,wings"); err == nil || !strings.Contains(err.Error(), "'wings' is no feature") {
		t.Errorf("unknown: %v", err)
	}
}

func TestNode(t *testing.T) {
	cluster := cluster(t)
	node := k8smesos.Node{
		Labels: map[string]string{"disk": "ssd"},
		Taints: []k8smesos.Taint{{Key: "dedicated", Value: "gpu", Effect: "NoSchedule"}},
	}
	if err := cluster.SetNode("golden-S1", &node); err != nil {
		t.Fatal(err)
	}
	explained := must[[]k8smesos.Explanation](t)(cluster.Explain(demand(t), &k8smesos.MatchOptions{WallMS: 1}))
	if near := must[string](t)(cluster.Nearest(demand(t), nil)); !strings.HasSuffix(near, "=gpu:NoSchedule") {
		t.Errorf("nearest: %s", near)
	}
	if explained[0].Predicate != "taint" || explained[0].Had != "dedicated=gpu:NoSchedule" {
		t.Errorf("explained: %+v", explained)
	}
	if err := cluster.SetNode("golden-S1", nil); err != nil || match(t, cluster).Summary(0) != "" {
		t.Errorf("without a node object: %v", err)
	}
}

func TestObjects(t *testing.T) {
	cluster := cluster(t)
	text := "{apiVersion: v1, kind: Node, metadata: {name: agent1.example.org}, spec: {unschedulable: true}}"
	manifest := must[*k8smesos.Manifest](t)(k8smesos.ParseManifest([]byte(text), nil))
	if err := cluster.SetObjects(manifest); err != nil {
		t.Fatal(err)
	}
	if summary := match(t, cluster).Summary(0); !strings.Contains(summary, "1 node(s) were unschedulable") {
		t.Errorf("summary: %s", summary)
	}
}

func TestRunningPods(t *testing.T) {
	cluster, demand := cluster(t), demand(t)
	if err := cluster.AddPod(demand, "golden-S1"); err != nil {
		t.Fatal(err)
	}
	pods := cluster.Pods("golden-S1")
	if len(pods) != 1 || pods[0].Name != "nginx" || len(cluster.Pods("elsewhere")) != 0 {
		t.Errorf("pods: %+v", pods)
	}
	if err := cluster.SetNamespace("default", map[string]string{"team": "red"}); err != nil {
		t.Error(err)
	}
	if !cluster.RemovePod(pods[0].UID) || cluster.RemovePod(pods[0].UID) {
		t.Error("the pod is not removed once")
	}
}

func TestErrors(t *testing.T) {
	_, err := k8smesos.ParsePod(golden(t, "broken.yaml"), nil)
	findings := k8smesos.Findings(err)
	if !errors.Is(err, k8smesos.ErrSyntax) || len(findings) != 1 || findings[0].Line != 6 {
		t.Errorf("broken YAML: %v %+v", err, findings)
	}
	_, err = k8smesos.ParsePod(golden(t, "invalid.yaml"), nil)
	findings = k8smesos.Findings(err)
	if !errors.Is(err, k8smesos.ErrInvalid) || len(findings) == 0 ||
		findings[0].Path != "spec.containers[1].name" || findings[0].Line != 9 {
		t.Errorf("an invalid pod: %v %+v", err, findings)
	}
	if _, err = k8smesos.ParseOffers([]byte(`{"type":"HEARTBEAT"}`), nil); err == nil {
		t.Error("a heartbeat is no offer")
	}
	if _, err = k8smesos.ParseTaskID("somebody-elses"); !errors.Is(err, k8smesos.ErrNotFound) {
		t.Errorf("a foreign id: %v", err)
	}
	if _, err = k8smesos.EncodeCall(k8smesos.CallArgs{Type: k8smesos.CallKill}); !errors.Is(err, k8smesos.ErrInvalid) {
		t.Errorf("a KILL of nothing: %v", err)
	}
}

func TestMessages(t *testing.T) {
	messages := must[[]k8smesos.Message](t)(k8smesos.Messages([]byte("{\"type\":\"HEARTBEAT\"}\n{\"type\":\"HEARTBEAT\"}\n")))
	if len(messages) != 2 {
		t.Fatalf("%d messages", len(messages))
	}
	for _, message := range messages {
		if name, err := k8smesos.EventType(message.Bytes, message.Format); name != "HEARTBEAT" || err != nil {
			t.Errorf("type is %q, %v", name, err)
		}
	}
}

func TestStatus(t *testing.T) {
	demand := demand(t)
	fresh := must[*k8smesos.Status](t)(k8smesos.NewStatus(demand, nil))
	placed := must[*k8smesos.Status](t)(fresh.Apply(k8smesos.Change{
		Type: k8smesos.ChangePlaced, Text: []byte("agent1.example.org"), AgentID: "golden-S1", WallMS: 1000,
	}))
	summary := must[k8smesos.Summary](t)(placed.Summary())
	if summary.Phase != "Pending" || summary.AgentID != "golden-S1" {
		t.Errorf("summary is %+v", summary)
	}
	if patch := must[[]byte](t)(placed.Patch(placed, k8smesos.PatchStrategic)); string(patch) != "{}" {
		t.Errorf("a patch of nothing: %s", patch)
	}
	if patch := must[[]byte](t)(placed.Patch(nil, k8smesos.PatchMerge)); !bytes.Contains(patch, []byte(`"phase":"Pending"`)) {
		t.Errorf("a patch of everything: %s", patch)
	}
	loaded := must[*k8smesos.Status](t)(k8smesos.LoadStatus(demand, must[[]byte](t)(placed.Save(nil)), nil))
	rows := append(must[[]byte](t)(fresh.Save(nil)), must[[]byte](t)(placed.Save(fresh))...)
	again := must[*k8smesos.Status](t)(k8smesos.LoadStatus(demand, rows, nil))
	if !bytes.Equal(must[[]byte](t)(again.Save(nil)), must[[]byte](t)(placed.Save(nil))) {
		t.Errorf("%s is not what was saved", rows)
	}
	first := must[[]byte](t)(placed.Encode(k8smesos.FormatJSON))
	if second := must[[]byte](t)(loaded.Encode(k8smesos.FormatJSON)); !bytes.Equal(first, second) {
		t.Errorf("loaded: %s\nsaved: %s", second, first)
	}
}

func TestStartupFailsWhenAllIsHeard(t *testing.T) {
	source := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","uid":"u1"},"spec":{"containers":[{"name":"c",` +
		`"image":"i","startupProbe":{"tcpSocket":{"port":1},"failureThreshold":1}}]}}`
	running := `{"task_id":{"value":"u1.0.c.0.n1"},"state":"TASK_RUNNING","agent_id":{"value":"S1"},` +
		`"source":"SOURCE_EXECUTOR"}`
	pod := must[*k8smesos.Pod](t)(k8smesos.ParsePod([]byte(source), nil))
	demand := must[*k8smesos.Demand](t)(k8smesos.MakeDemand(pod, &k8smesos.DemandOptions{Nonce: "n1"}))
	fresh := must[*k8smesos.Status](t)(k8smesos.NewStatus(demand, nil))
	status := must[*k8smesos.Status](t)(fresh.Apply(
		k8smesos.Change{Type: k8smesos.ChangeLaunched, Text: []byte("u1.0.c.0.n1"), AgentID: "S1", MonoMS: 1},
		k8smesos.Change{Type: k8smesos.ChangeUpdate, Text: []byte(running), Format: k8smesos.FormatJSON, MonoMS: 1000},
	))
	tick := k8smesos.Change{Type: k8smesos.ChangeTick, MonoMS: 12000, Number: k8smesos.TickUnheard}
	waits := must[*k8smesos.Status](t)(status.Apply(tick))
	if status.Deadline() != 12000 || waits.Deadline() != 22000 {
		t.Errorf("due at %d, then %d", status.Deadline(), waits.Deadline())
	}
	tick.Number = 0
	failed := must[*k8smesos.Status](t)(status.Apply(tick))
	for status, want := range map[*k8smesos.Status]bool{waits: false, failed: true} {
		kills := false
		for _, action := range status.Actions() {
			kills = kills || action.Type == k8smesos.ActionKill && action.TaskID == "u1.0.c.0.n1"
		}
		if kills != want {
			t.Errorf("killed: %v; actions are %+v", kills, status.Actions())
		}
	}
}

func TestDriver(t *testing.T) {
	options := &k8smesos.DriverOptions{
		Master: "127.0.0.1:5050", Seed: 7, Format: k8smesos.FormatJSON, Framework: &k8smesos.Framework{Name: "golden"},
		RestMS: 5000, NoFeedback: true, LaunchTimeoutMS: 900000,
	}
	driver := must[*k8smesos.Driver](t)(k8smesos.NewDriver(options))
	defer driver.Close()
	var request *k8smesos.Effect
	var now uint64
	for now = 0; request == nil && now != math.MaxUint64; now = driver.Deadline() {
		effects, _, err := driver.Step(k8smesos.Input{Type: k8smesos.InputTick, MonoMS: now})
		if err != nil {
			t.Fatal(err)
		}
		for i := range effects {
			if effects[i].Type == k8smesos.EffectRequest {
				request = &effects[i]
			}
		}
	}
	if request == nil || request.Reason != "a new framework" || request.Path != "/api/v1/scheduler" || !bytes.Contains(request.Bytes, []byte(`"SUBSCRIBE"`)) {
		t.Fatalf("the first request is %+v", request)
	}
	if n := len(driver.Agents()) + len(driver.AgentLabels("a")) + len(driver.AgentExecutors("a")); n != 0 {
		t.Errorf("%d things are known of agents", n)
	}
	told := toldOf(t, driver, k8smesos.Input{Type: k8smesos.InputPod, MonoMS: 100000, Pod: nginx(t)})
	if told.Former != nil || must[k8smesos.Summary](t)(told.Status.Summary()).Phase != "Pending" {
		t.Errorf("of a new pod is told %+v", told)
	}
	if pods := driver.Pods(); len(pods) != 1 || pods[0].Pod.Name() != "nginx" {
		t.Errorf("pods are %+v", pods)
	}
	if rows := must[[]k8smesos.Effect](t)(driver.Snapshot()); len(rows) != 0 {
		t.Errorf("before anything is recorded a snapshot has %+v", rows)
	}
	in := k8smesos.Input{Type: k8smesos.InputDelete, MonoMS: 100001, Key: "default/nginx", GraceSeconds: -1}
	ended := toldOf(t, driver, in)
	driver.Close() // statuses are values, and stay
	patch := must[[]byte](t)(ended.Status.Patch(ended.Former, k8smesos.PatchMerge))
	if !bytes.Contains(patch, []byte(`"phase":"Failed"`)) {
		t.Errorf("the patch of a pod that was deleted is %s", patch)
	}
}

// toldOf is the one EffectStatus of a step.
func toldOf(t *testing.T, driver *k8smesos.Driver, in k8smesos.Input) k8smesos.Effect {
	t.Helper()
	effects, _, err := driver.Step(in)
	if err != nil {
		t.Fatal(err)
	}
	var told []k8smesos.Effect
	for _, effect := range effects {
		if effect.Type == k8smesos.EffectStatus {
			told = append(told, effect)
		}
	}
	if len(told) != 1 || told[0].Status == nil || told[0].Key != "default/nginx" {
		t.Fatalf("told is %+v", told)
	}
	return told[0]
}

func TestDriverVolumes(t *testing.T) {
	driver := must[*k8smesos.Driver](t)(k8smesos.NewDriver(&k8smesos.DriverOptions{Master: "127.0.0.1:5050", Seed: 7}))
	defer driver.Close()
	row := []byte(`{"version":1,"id":"default.data","agent_id":"A1","hostname":"a1.example","milli":64000,"supposed":1}`)
	in := k8smesos.Input{Type: k8smesos.InputRestore, MonoMS: 1, Key: "volume/default/data", Bytes: row}
	if _, _, err := driver.Step(in); err != nil {
		t.Fatal(err)
	}
	want := k8smesos.DriverVolume{Claim: "default/data", ID: "default.data", AgentID: "A1", Hostname: "a1.example",
		Milli: 64000, Supposed: true}
	if volumes := driver.Volumes(); len(volumes) != 1 || volumes[0] != want {
		t.Errorf("volumes are %+v", volumes)
	}
}

func TestControl(t *testing.T) {
	const set = `{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"db"},"spec":{"replicas":2,
		"selector":{"matchLabels":{"app":"db"}},"template":{"metadata":{"labels":{"app":"db"}},
		"spec":{"containers":[{"name":"main","image":"a"}]}}}}`
	control := must[*k8smesos.Control](t)(k8smesos.NewControl(7))
	defer control.Close()
	workload := must[*k8smesos.Workload](t)(k8smesos.ParseWorkload([]byte(set), nil))
	in := k8smesos.ControlInput{Type: k8smesos.ControlApply, MonoMS: 1, WallMS: 1000, Workload: workload}
	pods := 0
	for turn := 0; turn < 2; turn++ {
		effects, _, err := control.Step(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, effect := range effects {
			if effect.Type == k8smesos.EffectRecord {
				in = k8smesos.ControlInput{Type: k8smesos.ControlRecorded, MonoMS: 1, WallMS: 1000, Number: effect.Number}
			}
			if effect.Type == k8smesos.EffectPod && effect.Pod.UID() != "" {
				pods++
			}
		}
	}
	rows := control.Rows()
	if pods != 2 || len(rows) != 1 || rows[0].Key != "ReplicaSet/default/db" || rows[0].Wanted != 2 {
		t.Errorf("%d pods, rows are %+v", pods, rows)
	}
	object := must[[]byte](t)(control.Object("ReplicaSet/default/db", k8smesos.FormatJSON))
	if !bytes.Contains(object, []byte(`"status":{"replicas":2`)) {
		t.Errorf("the object is %s", object)
	}
	in = k8smesos.ControlInput{Type: k8smesos.ControlScale, MonoMS: 2, WallMS: 2000, Key: "ReplicaSet/default/db", Number: 5}
	if _, _, err := control.Step(in); err != nil || control.Rows()[0].Wanted != 5 {
		t.Errorf("scaled: %v, rows are %+v", err, control.Rows())
	}
}

// goldenCalls are what a row of the table of golden calls becomes, in JSON and in protobuf.
func goldenCalls(t *testing.T, name, options string) [2][]byte {
	t.Helper()
	fields := map[string]string{"of": name}
	for _, option := range strings.Fields(options) {
		key, value, _ := strings.Cut(option, "=")
		fields[key] = value
	}
	forms := map[string]k8smesos.Form{
		"budget": k8smesos.FormBudget, "budget-reserved": k8smesos.FormBudgetReserved, "reserved": k8smesos.FormReserved,
		"command": k8smesos.FormCommand, "docker": k8smesos.FormDocker,
	}
	flags := map[string]k8smesos.DemandFlags{
		"no-limits": k8smesos.DemandNoLimits, "host-filesystem": k8smesos.DemandHostFilesystem,
		"original-defaults": k8smesos.DemandOriginalDefaults, "command-probes": k8smesos.DemandCommandProbes,
	}
	manifest := must[*k8smesos.Manifest](t)(k8smesos.ParseManifest(golden(t, "pods/"+fields["of"]+".yaml"), nil))
	given := k8smesos.DemandOptions{
		Data: manifest.Data(), Nonce: "n1", Principal: fields["principal"], Form: forms[fields["form"]],
		Flags: flags[fields["flags"]],
	}
	for _, text := range strings.FieldsFunc(fields["class"], func(r rune) bool { return r == ',' }) {
		words := append(strings.Split(text, ":"), "")
		disk := map[string]k8smesos.Disk{"mount": k8smesos.DiskMount, "path": k8smesos.DiskPath}[words[1]]
		given.StorageClasses = append(given.StorageClasses,
			k8smesos.StorageClass{Name: words[0], Disk: disk, Profile: words[2]})
	}
	role := "*"
	if fields["roles"] != "" {
		given.Roles = strings.Split(fields["roles"], ",")
		role = given.Roles[0]
	}
	var demands []*k8smesos.Demand
	for _, entry := range manifest.Pods() {
		demands = append(demands, must[*k8smesos.Demand](t)(k8smesos.MakeDemand(entry.Pod, &given)))
	}
	cluster := must[*k8smesos.Cluster](t)(k8smesos.NewCluster(nil))
	event := bytes.ReplaceAll(golden(t, "offers.json"), []byte("ROLE"), []byte(role))
	offers := must[*k8smesos.Offers](t)(k8smesos.ParseOffers(event, nil))
	if _, err := cluster.Add(offers, 0); err != nil {
		t.Fatal(err)
	}
	var overlays k8smesos.Overlays
	if name := fields["overlay"]; name != "" {
		overlays.Executor = golden(t, "overlays/"+name+".executor.json")
		overlays.Task = golden(t, "overlays/"+name+".task.json")
	}
	if fields["resume"] != "" {
		plan := must[*k8smesos.Plan](t)(cluster.Match(demands, nil))
		calls := must[*k8smesos.Calls](t)(plan.Calls(&k8smesos.TaskOptions{Overlays: overlays}))
		resume := k8smesos.ResumeOptions{
			AgentID: "golden-S1", Nonce: "n2", Executor: calls.Executors()[0].Bytes, Ports: plan.Ports(),
		}
		for _, text := range strings.Split(fields["resume"], ",") {
			var launch k8smesos.Launch
			fmt.Sscanf(text, "%d.%d", &launch.Task, &launch.Restart)
			resume.Launches = append(resume.Launches, launch)
		}
		if left := fields["left"]; left != "" {
			fmt.Sscan(left, &resume.DeadlineSeconds)
		}
		demands = []*k8smesos.Demand{must[*k8smesos.Demand](t)(demands[0].Resume(resume))}
	}
	plan := must[*k8smesos.Plan](t)(cluster.Match(demands, nil))
	var ret [2][]byte
	for i, format := range []k8smesos.Format{k8smesos.FormatJSON, k8smesos.FormatProtobuf} {
		calls := must[*k8smesos.Calls](t)(plan.Calls(&k8smesos.TaskOptions{
			Format: format, RefuseSeconds: 5, Overlays: overlays,
		}))
		ret[i] = calls.Rows()[0].Bytes
	}
	return ret
}

func TestGoldenCalls(t *testing.T) {
	rows := 0
	for _, line := range strings.Split(string(golden(t, "README.md")), "\n") {
		cells := strings.Split(line, "|")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| pod |") || strings.HasPrefix(line, "| ---") {
			continue
		}
		name := strings.TrimSpace(cells[1])
		got := goldenCalls(t, name, cells[2])
		if want := golden(t, "calls/"+name+".json"); !bytes.Equal(append(got[0], '\n'), want) {
			t.Errorf("%s in JSON is\n%s", name, got[0])
		}
		if want := golden(t, "calls/"+name+".pb"); !bytes.Equal(got[1], want) {
			t.Errorf("%s in protobuf is another", name)
		}
		rows++
	}
	if rows < 40 {
		t.Errorf("%d rows", rows)
	}
}

func TestOverlayRefused(t *testing.T) {
	bad := k8smesos.Overlays{Task: []byte(`{"task_id":{"value":"mine"}}`)}
	_, err := k8smesos.NewDriver(&k8smesos.DriverOptions{Overlays: bad})
	if err == nil || !strings.Contains(err.Error(), "task_id") {
		t.Errorf("an overlay that sets the task's id: %v", err)
	}
}

func TestVolumeElsewhere(t *testing.T) {
	manifest := must[*k8smesos.Manifest](t)(k8smesos.ParseManifest(golden(t, "pods/claim.yaml"), nil))
	demand := must[*k8smesos.Demand](t)(k8smesos.MakeDemand(manifest.Pods()[0].Pod, &k8smesos.DemandOptions{
		Nonce: "n1", Roles: []string{"dev"}, Principal: "p", Data: manifest.Data(),
	}))
	cluster := must[*k8smesos.Cluster](t)(k8smesos.NewCluster(nil))
	event := bytes.ReplaceAll(golden(t, "offers.json"), []byte("ROLE"), []byte("dev"))
	must[[]k8smesos.Finding](t)(cluster.Add(must[*k8smesos.Offers](t)(k8smesos.ParseOffers(event, nil)), 0))
	if err := cluster.NoteVolume("default.data", "another"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"volume node affinity conflict", ""} {
		plan := must[*k8smesos.Plan](t)(cluster.Match([]*k8smesos.Demand{demand}, nil))
		if summary := plan.Summary(0); !strings.Contains(summary, want) || (want == "") != (summary == "") {
			t.Errorf("%q instead of %q", summary, want)
		}
		cluster.ForgetVolume("default.data")
	}
}

func TestRowsOfCalls(t *testing.T) {
	manifest := must[*k8smesos.Manifest](t)(k8smesos.ParseManifest(golden(t, "pods/tokens.yaml"), nil))
	demand := must[*k8smesos.Demand](t)(k8smesos.MakeDemand(manifest.Pods()[0].Pod, &k8smesos.DemandOptions{
		Nonce: "n1", Roles: []string{"dev"}, Principal: "p",
	}))
	cluster := must[*k8smesos.Cluster](t)(k8smesos.NewCluster(nil))
	event := bytes.ReplaceAll(golden(t, "offers.json"), []byte("ROLE"), []byte("dev"))
	if _, err := cluster.Add(must[*k8smesos.Offers](t)(k8smesos.ParseOffers(event, nil)), 0); err != nil {
		t.Fatal(err)
	}
	plan := must[*k8smesos.Plan](t)(cluster.Match([]*k8smesos.Demand{demand}, nil))
	calls := must[*k8smesos.Calls](t)(plan.Calls(&k8smesos.TaskOptions{Operations: true, RefuseSeconds: 3, Feedback: true}))
	if offers := calls.Offers(); len(offers) != 1 || offers[0].ID != "golden-O1" {
		t.Errorf("offers are %+v", offers)
	}
	if operations := calls.Operations(); len(operations) != 3 || calls.Rows()[0].RefuseSeconds != 3 {
		t.Errorf("%d operations, %+v", len(operations), calls.Rows()[0].RefuseSeconds)
	}
	released := must[*k8smesos.Calls](t)(cluster.Release(&k8smesos.ReleaseOptions{
		Keep: []k8smesos.Keep{{UID: "u"}}, Claims: []string{"default/data"},
	}))
	if rows := released.Rows(); len(rows) != 0 {
		t.Errorf("given back: %+v", rows)
	}
	if releases := released.Releases(); len(releases) != 0 {
		t.Errorf("given back: %+v", releases)
	}
}

func TestReleaseOfAClaim(t *testing.T) {
	const disk = `{"name":"disk","type":"SCALAR","scalar":{"value":64},"allocation_info":{"role":"dev"},
		"disk":{"persistence":{"id":"default.data","principal":"p"}},
		"reservations":[{"type":"DYNAMIC","role":"dev","principal":"p","labels":{"labels":[
		{"key":"claim","value":"default/data"},{"key":"framework","value":"golden-0000"}]}}]},`
	event := bytes.ReplaceAll(golden(t, "offers.json"), []byte("ROLE"), []byte("dev"))
	event = bytes.Replace(event, []byte(`"resources":[`), []byte(`"resources":[`+disk), 1)
	cluster := must[*k8smesos.Cluster](t)(k8smesos.NewCluster(nil))
	must[[]k8smesos.Finding](t)(cluster.Add(must[*k8smesos.Offers](t)(k8smesos.ParseOffers(event, nil)), 0))
	released := must[*k8smesos.Calls](t)(cluster.Release(&k8smesos.ReleaseOptions{Claims: []string{"default/data"}}))
	want := k8smesos.CallRelease{Claim: "default/data", Volume: "default.data"}
	if releases := released.Releases(); len(releases) != 1 || releases[0] != want {
		t.Errorf("given back: %+v", releases)
	}
	named := must[*k8smesos.Calls](t)(cluster.Release(&k8smesos.ReleaseOptions{
		Claims: []string{"default/data"}, Format: k8smesos.FormatJSON, Feedback: true,
	}))
	if call := named.Rows()[0].Bytes; !bytes.Contains(call, []byte(`"id":{"value":"k8sm.destroy.golden-O1"}`)) {
		t.Errorf("operations without ids: %s", call)
	}
}
