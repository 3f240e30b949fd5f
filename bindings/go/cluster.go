// SPDX-License-Identifier: Apache-2.0

package k8smesos

/*
#include <k8smesos/k8smesos.h>
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Features are what an agent can do beyond the minimum.
type Features uint32

const (
	FeatureImages        Features = C.K8SM_FEATURE_IMAGES
	FeatureCgroups       Features = C.K8SM_FEATURE_CGROUPS
	FeatureSandboxPath   Features = C.K8SM_FEATURE_SANDBOX_PATH
	FeatureHostPath      Features = C.K8SM_FEATURE_HOST_PATH
	FeatureSecrets       Features = C.K8SM_FEATURE_SECRETS
	FeatureLinuxLauncher Features = C.K8SM_FEATURE_LINUX_LAUNCHER
	FeatureCNI           Features = C.K8SM_FEATURE_CNI
	FeatureDockerVolumes Features = C.K8SM_FEATURE_DOCKER_VOLUMES
	FeatureCSI           Features = C.K8SM_FEATURE_CSI
	FeatureSeccomp       Features = C.K8SM_FEATURE_SECCOMP
	FeatureRlimits       Features = C.K8SM_FEATURE_RLIMITS
	FeatureDocker        Features = C.K8SM_FEATURE_DOCKER
	FeatureVolumeGids    Features = C.K8SM_FEATURE_VOLUME_GIDS
	FeatureAll           Features = C.K8SM_FEATURE_ALL
)

// ClusterOptions; zero is the default of each.
type ClusterOptions struct {
	MaxAgents uint64
	Features  Features // of agents unless told otherwise
	Strategy  Strategy // of its matches; others sort first
}

// Cluster is the offers held, and the agents they came from. One goroutine at a time.
type Cluster struct {
	ptr *C.struct_k8sm_cluster
}

// NewCluster makes one without offers. options may be nil.
func NewCluster(options *ClusterOptions) (*Cluster, error) {
	if options == nil {
		options = &ClusterOptions{}
	}
	given := C.struct_k8sm_cluster_options{
		max_agents: C.uint64_t(options.MaxAgents), features: C.uint32_t(options.Features),
		strategy: C.uint32_t(options.Strategy),
	}
	given.size = C.size_t(unsafe.Sizeof(given))
	var ptr *C.struct_k8sm_cluster
	s := newSink()
	if _, err := s.done("cluster_new", C.k8sm_cluster_new(&given, &ptr, s.diags()), nil); err != nil {
		return nil, err
	}
	cluster := &Cluster{ptr}
	runtime.SetFinalizer(cluster, (*Cluster).Close)
	return cluster, nil
}

func (c *Cluster) alive() bool { return c != nil && c.ptr != nil }

// Close gives the cluster back.
func (c *Cluster) Close() {
	if c == nil {
		return
	}
	C.k8sm_cluster_free(c.ptr)
	c.ptr = nil
}

// Generation counts the changes.
func (c *Cluster) Generation() uint64 {
	if !c.alive() {
		return 0
	}
	defer runtime.KeepAlive(c)
	return uint64(C.k8sm_cluster_generation(c.ptr))
}

// Add takes offers in; those that are held already are left out, with a finding.
func (c *Cluster) Add(offers *Offers, monoMS uint64) ([]Finding, error) {
	if err := present("cluster_add", c, offers); err != nil {
		return nil, err
	}
	s := newSink()
	result := C.k8sm_cluster_add(c.ptr, offers.ptr, C.uint64_t(monoMS), s.diags())
	runtime.KeepAlive(c)
	runtime.KeepAlive(offers)
	return s.done("cluster_add", result, nil)
}

// Remove drops an offer: rescinded, declined, expired or used elsewhere. True if it was held.
func (c *Cluster) Remove(offerID string) bool {
	if !c.alive() {
		return false
	}
	defer runtime.KeepAlive(c)
	var m memory
	defer m.free()
	return C.k8sm_cluster_remove(c.ptr, m.slice([]byte(offerID))) == 1
}

// RemoveAll drops all offers, as a disconnection does.
func (c *Cluster) RemoveAll() {
	if !c.alive() {
		return
	}
	C.k8sm_cluster_remove_all(c.ptr)
	runtime.KeepAlive(c)
}

// Forget drops an agent and its offers. True if it was known.
func (c *Cluster) Forget(agentID string) bool {
	if !c.alive() {
		return false
	}
	defer runtime.KeepAlive(c)
	var m memory
	defer m.free()
	return C.k8sm_cluster_forget(c.ptr, m.slice([]byte(agentID))) == 1
}

// ParseFeatures reads features by their names, as in agents' attribute agent-features: "images,cgroups", or "none".
func ParseFeatures(names string) (Features, error) {
	var m memory
	defer m.free()
	text := m.slice([]byte(names))
	var features C.uint32_t
	s := newSink()
	result := C.k8sm_features_parse(text.ptr, text.len, &features, s.diags())
	_, err := s.done("features_parse", result, nil)
	return Features(features), err
}

// SetFeatures states what an agent can do, whatever its attribute says.
func (c *Cluster) SetFeatures(agentID string, features Features) error {
	if err := present("cluster_set_features", c); err != nil {
		return err
	}
	defer runtime.KeepAlive(c)
	var m memory
	defer m.free()
	result := C.k8sm_cluster_set_features(c.ptr, m.slice([]byte(agentID)), C.uint32_t(features))
	return failure("cluster_set_features", result, nil)
}

// Taint keeps pods away that do not tolerate it. Effect is NoSchedule, PreferNoSchedule or NoExecute.
type Taint struct {
	Key, Value, Effect string
}

// Node is what a v1 Node object, or any other source, says of an agent beside its offers.
type Node struct {
	Labels        map[string]string
	Taints        []Taint
	Unschedulable bool
	CPUsMilli     int64 // allocatable in all; 0: not stated
	MemMilli      int64
	DiskMilli     int64
}

// SetNode states what a node is beside its offers, in place of what was stated before; nil: nothing any more.
func (c *Cluster) SetNode(agentID string, node *Node) error {
	if err := present("cluster_set_node", c); err != nil {
		return err
	}
	defer runtime.KeepAlive(c)
	var m memory
	defer m.free()
	s := newSink()
	if node == nil {
		result := C.k8sm_cluster_set_node(c.ptr, m.slice([]byte(agentID)), nil, s.diags())
		_, err := s.done("cluster_set_node", result, nil)
		return err
	}
	labels := nodeLabels(&m, node.Labels)
	taints := allocate[C.struct_k8sm_node_taint](&m, len(node.Taints))
	for i, t := range node.Taints {
		taints[i] = C.struct_k8sm_node_taint{key: m.text(t.Key), value: m.text(t.Value), effect: m.text(t.Effect)}
	}
	given := allocate[C.struct_k8sm_node](&m, 1)
	given[0].size = C.size_t(unsafe.Sizeof(given[0]))
	given[0].labels, given[0].label_count = first(labels), C.size_t(len(labels))
	given[0].label_size = C.size_t(unsafe.Sizeof(C.struct_k8sm_node_label{}))
	given[0].taints, given[0].taint_count = first(taints), C.size_t(len(taints))
	given[0].taint_size = C.size_t(unsafe.Sizeof(C.struct_k8sm_node_taint{}))
	given[0].cpus_milli, given[0].mem_milli = C.int64_t(node.CPUsMilli), C.int64_t(node.MemMilli)
	given[0].disk_milli = C.int64_t(node.DiskMilli)
	if node.Unschedulable {
		given[0].unschedulable = 1
	}
	result := C.k8sm_cluster_set_node(c.ptr, m.slice([]byte(agentID)), &given[0], s.diags())
	_, err := s.done("cluster_set_node", result, nil)
	return err
}

// SetNamespace states the labels of a namespace, for rules that select namespaces; without any it is forgotten.
func (c *Cluster) SetNamespace(name string, labels map[string]string) error {
	if err := present("cluster_set_namespace", c); err != nil {
		return err
	}
	defer runtime.KeepAlive(c)
	var m memory
	defer m.free()
	rows := nodeLabels(&m, labels)
	s := newSink()
	size := C.size_t(unsafe.Sizeof(C.struct_k8sm_node_label{}))
	result := C.k8sm_cluster_set_namespace(
		c.ptr, m.slice([]byte(name)), first(rows), C.size_t(len(rows)), size, s.diags())
	_, err := s.done("cluster_set_namespace", result, nil)
	return err
}

// SetObjects states all nodes and namespaces of a manifest; a node is the agents with its name for hostname or id.
func (c *Cluster) SetObjects(manifest *Manifest) error {
	if err := present("cluster_set_objects", c, manifest); err != nil {
		return err
	}
	defer runtime.KeepAlive(c)
	defer runtime.KeepAlive(manifest)
	s := newSink()
	result := C.k8sm_cluster_set_objects(c.ptr, manifest.ptr, s.diags())
	_, err := s.done("cluster_set_objects", result, nil)
	return err
}

func nodeLabels(m *memory, labels map[string]string) []C.struct_k8sm_node_label {
	rows := allocate[C.struct_k8sm_node_label](m, len(labels))
	i := 0
	for key, value := range labels {
		rows[i] = C.struct_k8sm_node_label{key: m.text(key), value: m.text(value)}
		i++
	}
	return rows
}

// AddPod notes that a pod runs on an agent: affinity, spread and scores count it.
func (c *Cluster) AddPod(demand *Demand, agentID string) error {
	if err := present("cluster_add_pod", c, demand); err != nil {
		return err
	}
	defer runtime.KeepAlive(c)
	defer runtime.KeepAlive(demand)
	var m memory
	defer m.free()
	s := newSink()
	result := C.k8sm_cluster_add_pod(c.ptr, demand.ptr, m.slice([]byte(agentID)), s.diags())
	_, err := s.done("cluster_add_pod", result, nil)
	return err
}

// RemovePod notes that a pod has ended. True if it was known.
func (c *Cluster) RemovePod(uid string) bool {
	if !c.alive() {
		return false
	}
	defer runtime.KeepAlive(c)
	var m memory
	defer m.free()
	return C.k8sm_cluster_remove_pod(c.ptr, m.slice([]byte(uid))) == 1
}

// EndPod notes that a pod is about to end: no other need be preempted for its room. True if it was known.
func (c *Cluster) EndPod(uid string) bool {
	if !c.alive() {
		return false
	}
	defer runtime.KeepAlive(c)
	var m memory
	defer m.free()
	return C.k8sm_cluster_end_pod(c.ptr, m.slice([]byte(uid))) == 1
}

// Nominate notes that a pod waits for room on an agent, which pods of its priority or lower leave to it.
func (c *Cluster) Nominate(demand *Demand, agentID, role string) error {
	if err := present("cluster_nominate", c, demand); err != nil {
		return err
	}
	defer runtime.KeepAlive(c)
	defer runtime.KeepAlive(demand)
	var m memory
	defer m.free()
	s := newSink()
	result := C.k8sm_cluster_nominate(
		c.ptr, demand.ptr, m.slice([]byte(agentID)), m.slice([]byte(role)), s.diags())
	_, err := s.done("cluster_nominate", result, nil)
	return err
}

// Withdraw notes that a pod does not wait any more. True if it did.
func (c *Cluster) Withdraw(uid string) bool {
	if !c.alive() {
		return false
	}
	defer runtime.KeepAlive(c)
	var m memory
	defer m.free()
	return C.k8sm_cluster_withdraw(c.ptr, m.slice([]byte(uid))) == 1
}

// NoteVolume says that an agent has a persistent volume: a pod that claims it goes there, and nowhere else.
func (c *Cluster) NoteVolume(id, agentID string) error {
	if err := present("cluster_note_volume", c); err != nil {
		return err
	}
	defer runtime.KeepAlive(c)
	var m memory
	defer m.free()
	result := C.k8sm_cluster_note_volume(c.ptr, m.slice([]byte(id)), m.slice([]byte(agentID)))
	return failure("cluster_note_volume", result, nil)
}

// ForgetVolume says that a persistent volume is gone. True if it was known.
func (c *Cluster) ForgetVolume(id string) bool {
	if !c.alive() {
		return false
	}
	defer runtime.KeepAlive(c)
	var m memory
	defer m.free()
	return C.k8sm_cluster_forget_volume(c.ptr, m.slice([]byte(id))) == 1
}

// ClusterPod is a pod that runs on an agent, as far as the cluster was told.
type ClusterPod struct {
	UID, Namespace, Name string
}

// Pods are those that run on an agent, in no particular order.
func (c *Cluster) Pods(agentID string) []ClusterPod {
	if !c.alive() {
		return nil
	}
	defer runtime.KeepAlive(c)
	var m memory
	defer m.free()
	agent := m.slice([]byte(agentID))
	size := C.size_t(unsafe.Sizeof(C.struct_k8sm_cluster_pod{}))
	rows := allocate[C.struct_k8sm_cluster_pod](&m, int(C.k8sm_cluster_pods(c.ptr, agent, 0, nil, size, 0)))
	C.k8sm_cluster_pods(c.ptr, agent, 0, first(rows), size, C.size_t(len(rows)))
	pods := make([]ClusterPod, len(rows))
	for i, row := range rows {
		pods[i] = ClusterPod{text(row.uid), text(row.name_space), text(row.name)}
	}
	return pods
}

// Resources are what the offers held of an agent have, less what was taken.
func (c *Cluster) Resources(agentID string) (*Resources, error) {
	if err := present("cluster_resources", c); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(c)
	var m memory
	defer m.free()
	var ptr *C.struct_k8sm_resources
	s := newSink()
	result := C.k8sm_cluster_resources(c.ptr, m.slice([]byte(agentID)), nil, &ptr, s.diags())
	return takeResources("cluster_resources", result, ptr, s)
}

// Take takes resources out of the offers held of an agent, for what the caller runs himself: no pod gets them.
// ErrNotFound, and nothing taken, if they are not all there.
func (c *Cluster) Take(agentID string, resources *Resources) error {
	if err := present("cluster_take", c, resources); err != nil {
		return err
	}
	defer runtime.KeepAlive(c)
	defer runtime.KeepAlive(resources)
	var m memory
	defer m.free()
	s := newSink()
	result := C.k8sm_cluster_take(c.ptr, m.slice([]byte(agentID)), resources.ptr, s.diags())
	_, err := s.done("cluster_take", result, nil)
	return err
}

// Give puts back what was taken, or a part of it. ErrNotFound if it was not taken.
func (c *Cluster) Give(agentID string, resources *Resources) error {
	if err := present("cluster_give", c, resources); err != nil {
		return err
	}
	defer runtime.KeepAlive(c)
	defer runtime.KeepAlive(resources)
	var m memory
	defer m.free()
	s := newSink()
	result := C.k8sm_cluster_give(c.ptr, m.slice([]byte(agentID)), resources.ptr, s.diags())
	_, err := s.done("cluster_give", result, nil)
	return err
}

// Strategy chooses among agents that fit.
type Strategy uint32

const (
	StrategyPack     Strategy = C.K8SM_STRATEGY_PACK
	StrategySpread   Strategy = C.K8SM_STRATEGY_SPREAD
	StrategyFirstFit Strategy = C.K8SM_STRATEGY_FIRST_FIT
	StrategyBalanced Strategy = C.K8SM_STRATEGY_BALANCED
)

// MatchFlags change how pods are placed.
type MatchFlags uint32

const (
	// MatchLargestFirst places, of pods with one priority, those that ask the most first.
	MatchLargestFirst MatchFlags = C.K8SM_MATCH_LARGEST_FIRST
	// MatchAllReasons explains with every check that refuses, not the first of each agent alone.
	MatchAllReasons MatchFlags = C.K8SM_MATCH_ALL_REASONS
	// MatchExplain keeps in the plan why each agent refuses the pods that have no place: Plan.Explain.
	MatchExplain MatchFlags = C.K8SM_MATCH_EXPLAIN
	// MatchPreempt looks for pods of a lower priority that would have to end: Plan.Nominations, Plan.Victims.
	MatchPreempt MatchFlags = C.K8SM_MATCH_PREEMPT
)

// MatchOptions; zero is the default of each.
type MatchOptions struct {
	Strategy      Strategy
	Flags         MatchFlags
	WallMS        int64 // now, since 1970; 0: planned maintenance is not looked at
	MaintenanceMS int64 // agents whose maintenance begins within so much time take no pods
	Weights       Weights
	GoodEnough    uint32 // where scores decide: look for places on so many percent of the agents
	// HardPodAffinity is the weight of a pod's required affinity in the score of those that it wants near; 0: 1.
	HardPodAffinity uint32
}

// Weights of scores; zero is the default of each, WeightNone switches a score off.
type Weights struct {
	Strategy, Balance, Nodes, Taints, Spread, Pods uint32
}

// WeightNone switches a score off.
const WeightNone = uint32(C.K8SM_WEIGHT_NONE)

func (o *MatchOptions) fill() C.struct_k8sm_match_options {
	var c C.struct_k8sm_match_options
	c.size = C.size_t(unsafe.Sizeof(c))
	if o != nil {
		c.strategy = C.uint32_t(o.Strategy)
		c.flags = C.uint32_t(o.Flags)
		c.weight_strategy, c.weight_balance = C.uint32_t(o.Weights.Strategy), C.uint32_t(o.Weights.Balance)
		c.weight_nodes, c.weight_taints = C.uint32_t(o.Weights.Nodes), C.uint32_t(o.Weights.Taints)
		c.weight_spread, c.weight_pods = C.uint32_t(o.Weights.Spread), C.uint32_t(o.Weights.Pods)
		c.good_enough, c.hard_pod_affinity = C.uint32_t(o.GoodEnough), C.uint32_t(o.HardPodAffinity)
		c.wall_ms = C.int64_t(o.WallMS)
		c.maintenance_ms = C.int64_t(o.MaintenanceMS)
	}
	return c
}

// Match places the demands from the offers held; the cluster stays as it is. options may be nil.
func (c *Cluster) Match(demands []*Demand, options *MatchOptions) (*Plan, error) {
	if err := present("cluster_match", c); err != nil {
		return nil, err
	}
	if err := present("cluster_match", handles(demands)...); err != nil {
		return nil, err
	}
	var m memory
	defer m.free()
	array := allocate[*C.struct_k8sm_demand](&m, len(demands))
	for i, demand := range demands {
		array[i] = demand.ptr
	}
	given := options.fill()
	var ptr *C.struct_k8sm_plan
	s := newSink()
	result := C.k8sm_cluster_match(c.ptr, first(array), C.size_t(len(array)), &given, &ptr, s.diags())
	runtime.KeepAlive(c)
	runtime.KeepAlive(demands)
	findings, err := s.done("cluster_match", result, nil)
	if err != nil {
		return nil, err
	}
	plan := &Plan{ptr, findings}
	runtime.SetFinalizer(plan, (*Plan).Close)
	return plan, nil
}

// Explanation tells why an agent refuses a pod; Code 0: it does not.
type Explanation struct {
	AgentID, Hostname, Predicate, Wanted, Had string
	Code                                      uint32
}

// Explain asks each agent, in the order of agent ids. options may be nil.
func (c *Cluster) Explain(demand *Demand, options *MatchOptions) ([]Explanation, error) {
	if err := present("cluster_explain", c, demand); err != nil {
		return nil, err
	}
	ptr, err := c.explain(demand, options)
	if err != nil {
		return nil, err
	}
	defer C.k8sm_explain_unref(ptr)
	return explanations(ptr), nil
}

func explanations(ptr *C.struct_k8sm_explain) []Explanation {
	return readRows(func(rows *C.struct_k8sm_explanation, size, n int) int {
		return int(C.k8sm_explain_rows(ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_explanation) Explanation {
		return Explanation{
			text(row.agent_id), text(row.hostname), text(row.predicate), text(row.wanted), text(row.had),
			uint32(row.code),
		}
	})
}

// Nearest is the agent that is nearest to taking the demand, and what would have to be otherwise; empty if it fits.
func (c *Cluster) Nearest(demand *Demand, options *MatchOptions) (string, error) {
	if err := present("cluster_nearest", c, demand); err != nil {
		return "", err
	}
	ptr, err := c.explain(demand, options)
	if err != nil {
		return "", err
	}
	defer C.k8sm_explain_unref(ptr)
	return text(C.k8sm_explain_nearest(ptr)), nil
}

func (c *Cluster) explain(demand *Demand, options *MatchOptions) (*C.struct_k8sm_explain, error) {
	given := options.fill()
	var ptr *C.struct_k8sm_explain
	s := newSink()
	result := C.k8sm_cluster_explain(c.ptr, demand.ptr, &given, &ptr, s.diags())
	runtime.KeepAlive(c)
	runtime.KeepAlive(demand)
	_, err := s.done("cluster_explain", result, nil)
	return ptr, err
}

// Apply spends what the plan takes. ErrState, and nothing taken, if a placement is stale.
func (c *Cluster) Apply(plan *Plan) error {
	if err := present("cluster_apply", c, plan); err != nil {
		return err
	}
	s := newSink()
	result := C.k8sm_cluster_apply(c.ptr, plan.ptr, s.diags())
	runtime.KeepAlive(c)
	runtime.KeepAlive(plan)
	_, err := s.done("cluster_apply", result, nil)
	return err
}

// Agent of a cluster.
type Agent struct {
	ID, Hostname string
	Offers       int // held now
	Features     Features
	Executors    int // that it runs for the framework
}

func agentOf(row C.struct_k8sm_agent) Agent {
	return Agent{text(row.id), text(row.hostname), int(row.offers), Features(row.features), int(row.executors)}
}

// Agents that are known.
func (c *Cluster) Agents() []Agent {
	if !c.alive() {
		return nil
	}
	defer runtime.KeepAlive(c)
	return readRows(func(rows *C.struct_k8sm_agent, size, n int) int {
		return int(C.k8sm_cluster_agents(c.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, agentOf)
}

// Executors are the ids of the executors that an agent runs for the framework: those that its latest offers name,
// whether or not these are held still.
func (c *Cluster) Executors(agentID string) []string {
	if !c.alive() {
		return nil
	}
	defer runtime.KeepAlive(c)
	return executorsOf(agentID, func(id C.struct_k8sm_slice, rows *C.struct_k8sm_executor, size, n C.size_t) C.size_t {
		return C.k8sm_cluster_executors(c.ptr, id, 0, rows, size, n)
	})
}

func executorsOf(agentID string, read func(C.struct_k8sm_slice, *C.struct_k8sm_executor, C.size_t, C.size_t) C.size_t) []string {
	var m memory
	defer m.free()
	id := m.slice([]byte(agentID))
	return readRows(func(rows *C.struct_k8sm_executor, size, n int) int {
		return int(read(id, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_executor) string { return text(row.id) })
}

// HeldOffer is an offer of a cluster.
type HeldOffer struct {
	ID, AgentID, Role string
	SinceMonoMS       uint64
	Taken             bool // some of it, with Take
}

// Offers that are held.
func (c *Cluster) Offers() []HeldOffer {
	if !c.alive() {
		return nil
	}
	defer runtime.KeepAlive(c)
	return readRows(func(rows *C.struct_k8sm_held_offer, size, n int) int {
		return int(C.k8sm_cluster_offers(c.ptr, 0, rows, C.size_t(size), C.size_t(n)))
	}, func(row C.struct_k8sm_held_offer) HeldOffer {
		return HeldOffer{text(row.id), text(row.agent_id), text(row.role), uint64(row.since_mono_ms), row.taken == 1}
	})
}
