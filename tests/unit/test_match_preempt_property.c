/* SPDX-License-Identifier: Apache-2.0 */
/* Generated clusters that are full, and pods that preempt others: against a model that tries everything anew
 * by kube-scheduler's rules, and shares nothing with the library. Afterwards the victims leave, their
 * resources are offered, and those that waited must get what was promised to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/scene.h"

enum { AGENTS = 4, RUNNING = 10, WAITING = 3, PORTS = 2 };

struct pod {
  int agent;                     /* -1: nowhere */
  int priority, app, asks, port; /* port: 80 + n; -1: none */
  bool anti, spread, exclusive, ending, never;
  int64_t need[K8SMI_SCALARS];
  char spec[700], container[200], annotations[100], labels[40];
};

struct model {
  struct pod running[RUNNING], waiting[WAITING];
  int64_t cpus[AGENTS]; /* offered */
  bool offered[AGENTS], tainted[AGENTS];
  int zone[AGENTS];
  uint32_t random;
};

static int below(struct model *m, uint32_t n) {
  m->random = m->random * 1664525u + 1013904223u;
  return (int)((m->random >> 9) % n);
}

/* ---- The model ---- */

static bool pods_allow(const struct model *m, const struct pod *p, int a, const bool *gone) {
  int zones[AGENTS] = {0}, least = 1000;
  for (int i = 0; i < RUNNING; i++) {
    const struct pod *o = &m->running[i];
    if (o->agent < 0 || gone[i]) continue;
    bool near = m->zone[o->agent] == m->zone[a], like = o->app == p->app;
    if (near && like && (p->anti || o->anti)) return false;
    if (o->agent == a && (p->exclusive || o->exclusive)) return false;
    if (like) zones[m->zone[o->agent]]++;
  }
  for (int b = 0; b < AGENTS; b++) least = zones[m->zone[b]] < least ? zones[m->zone[b]] : least;
  return !p->spread || zones[m->zone[a]] + 1 - least <= 1;
}

static bool fits(const struct model *m, const struct pod *p, int a, const bool *gone) {
  int64_t has = m->offered[a] ? m->cpus[a] : 0;
  bool port = p->port < 0;
  for (int i = 0; i < RUNNING; i++) {
    if (m->running[i].agent != a || !gone[i]) continue;
    has += m->running[i].need[K8SMI_CPUS];
    port = port || m->running[i].port == p->port;
  }
  return has >= p->need[K8SMI_CPUS] && port && pods_allow(m, p, a, gone);
}

/* Those on the agent that have to go, as *gone; -1: it would not help. */
static int victims_on(const struct model *m, const struct pod *p, int a, bool *gone) {
  int count = 0;
  if (m->tainted[a]) return -1;
  bool any = false;
  for (int i = 0; i < RUNNING; i++) {
    const struct pod *o = &m->running[i];
    gone[i] = o->agent == a && (o->ending || o->priority < p->priority);
    any = any || gone[i];
  }
  if (!any || !fits(m, p, a, gone)) return -1;
  for (int priority = 9; priority >= 0; priority--) {
    for (int i = 0; i < RUNNING; i++) { /* of one priority in the order in which they came */
      const struct pod *o = &m->running[i];
      if (!gone[i] || o->ending || o->priority != priority) continue;
      gone[i] = false;
      if (!fits(m, p, a, gone)) gone[i] = true;
    }
  }
  for (int i = 0; i < RUNNING; i++) {
    if (m->running[i].ending) gone[i] = false;
    count += gone[i];
  }
  return count;
}

struct cost {
  int highest, count, since;
  int64_t sum;
};

static struct cost cost_of(const struct model *m, const bool *gone) {
  struct cost c = {-1, 0, 0, 0};
  for (int i = 0; i < RUNNING; i++) {
    if (!gone[i]) continue;
    if (m->running[i].priority > c.highest) c.since = i;
    if (m->running[i].priority > c.highest) c.highest = m->running[i].priority;
    c.sum += m->running[i].priority + (INT64_C(1) << 31) + 1;
    c.count++;
  }
  return c;
}

static bool cheaper(struct cost a, struct cost b) {
  if (a.highest != b.highest) return a.highest < b.highest;
  if (a.sum != b.sum) return a.sum < b.sum;
  if (a.count != b.count) return a.count < b.count;
  return a.since > b.since;
}

/* The agent, and who has to go there; -1: none helps. */
static int choose(const struct model *m, const struct pod *p, bool *ret_gone) {
  int best = -1;
  struct cost least = {0, 0, 0, 0};
  for (int a = 0; a < AGENTS && !p->never; a++) {
    bool gone[RUNNING];
    if (victims_on(m, p, a, gone) < 0) continue;
    struct cost c = cost_of(m, gone);
    if (best >= 0 && !cheaper(c, least)) continue;
    best = a;
    least = c;
    memcpy(ret_gone, gone, sizeof gone);
  }
  return best;
}

/* ---- What is handed to the library ---- */

static void make_pod(struct model *m, struct pod *p, int priority) {
  *p = (struct pod){.agent = -1, .priority = priority, .app = below(m, 3), .port = -1};
  p->anti = below(m, 5) == 0;
  p->spread = !p->anti && below(m, 5) == 0;
  p->exclusive = below(m, 9) == 0;
  if (below(m, 4) == 0) p->port = below(m, PORTS);
  p->never = below(m, 10) == 0;
  p->asks = 100 * (1 + below(m, 9));
}

static void write_pod(struct pod *p) {
  int n = snprintf(p->container, sizeof p->container, "'resources':{'requests':{'cpu':'%dm'}}", p->asks);
  if (p->port >= 0)
    snprintf(p->container + n, sizeof p->container - (size_t)n,
             ",'ports':[{'containerPort':80,'hostPort':%d}]", 80 + p->port);
  snprintf(p->labels, sizeof p->labels, "'app':'a%d'", p->app);
  snprintf(p->annotations, sizeof p->annotations, "%s",
           p->exclusive ? "'k8s.mesosphere.io/exclusive-agent':'true'" : "");
  n = snprintf(p->spec, sizeof p->spec, "'priority':%d,'preemptionPolicy':'%s'", p->priority,
               p->never ? "Never" : "PreemptLowerPriority");
  if (p->anti)
    n += snprintf(
        p->spec + n, sizeof p->spec - (size_t)n,
        ",'affinity':{'podAntiAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':[{'topologyKey':"
        "'topology.kubernetes.io/zone','labelSelector':{'matchLabels':{'app':'a%d'}}}]}}",
        p->app);
  if (p->spread)
    snprintf(p->spec + n, sizeof p->spec - (size_t)n,
             ",'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'topology.kubernetes.io/zone',"
             "'whenUnsatisfiable':'DoNotSchedule','labelSelector':{'matchLabels':{'app':'a%d'}}}]",
             p->app);
}

static struct k8sm_demand *hand_in(struct scene *s, struct pod *p, const char *name) {
  write_pod(p);
  struct k8sm_demand *d = scene_full_pod(s, name, p->labels, p->annotations, p->container, p->spec, NULL);
  k8smi_demand_sum(d, p->need);
  return d;
}

static void make_agents(struct model *m, struct scene *s) {
  for (int a = 0; a < AGENTS; a++) {
    char id[16], zone[16];
    snprintf(id, sizeof id, "n%d", a);
    m->zone[a] = below(m, 2);
    snprintf(zone, sizeof zone, "z%d", m->zone[a]);
    m->cpus[a] = 100 * below(m, 8);
    m->offered[a] = below(m, 4) != 0;
    m->tainted[a] = below(m, 6) == 0;
    K8smMesos__Offer *o = world_simple(&s->w, id, id, "*", (double)m->cpus[a] / 1000, 65536, true);
    world_domain(&s->w, o, "north", zone);
    if (m->tainted[a]) world_attribute(&s->w, o, "taint-k", "v:NoSchedule");
  }
  scene_offers(s);
  for (int a = 0; a < AGENTS; a++) {
    char id[16];
    snprintf(id, sizeof id, "n%d", a);
    if (!m->offered[a]) assert_int_equal(k8sm_cluster_remove(s->c, k8smi_s(id)), 1);
  }
}

/* Memory and disk are not what they fight for: those that run hold none of it to speak of. */
static void make_running(struct model *m, struct scene *s) {
  for (int i = 0; i < RUNNING; i++) {
    struct pod *p = &m->running[i];
    char name[16], id[16];
    make_pod(m, p, below(m, 6));
    if (below(m, 5) == 0) continue;
    p->agent = below(m, AGENTS);
    p->ending = below(m, 12) == 0;
    snprintf(name, sizeof name, "r%d", i);
    snprintf(id, sizeof id, "n%d", p->agent);
    struct k8sm_demand *d = hand_in(s, p, name);
    assert_int_equal(k8sm_cluster_add_pod(s->c, d, k8smi_s(id), NULL), K8SM_OK);
    if (p->ending) assert_int_equal(k8sm_cluster_end_pod(s->c, d->uid), 1);
    k8sm_demand_unref(d);
    s->count--;
  }
}

/* ---- The checks ---- */

static bool is_victim(const struct scene *s, size_t nomination, int pod) {
  struct k8sm_plan_victim row;
  char uid[24];
  snprintf(uid, sizeof uid, "uid-r%d", pod);
  for (size_t i = 0; k8sm_plan_victims(s->plan, i, &row, sizeof row, 1) > 0; i++) {
    if (row.nomination == nomination && k8smi_eqs(row.uid, uid)) return true;
  }
  return false;
}

static void one_pod(uint32_t seed, int *nominated, int *hopeless) {
  struct scene s;
  struct model m = {.random = seed};
  struct k8sm_plan_nomination row;
  bool gone[RUNNING], none[RUNNING] = {false};
  scene_begin(&s);
  s.options.flags = K8SM_MATCH_PREEMPT;
  make_agents(&m, &s);
  make_running(&m, &s);
  make_pod(&m, &m.waiting[0], 3 + below(&m, 4));
  hand_in(&s, &m.waiting[0], "w");
  scene_match(&s);
  bool placed = false;
  for (int a = 0; a < AGENTS; a++) {
    placed = placed || (m.offered[a] && !m.tainted[a] && fits(&m, &m.waiting[0], a, none));
  }
  assert_int_equal(scene_place(&s, 0)[0] != '\0', placed);
  size_t rows = k8sm_plan_nominations(s.plan, 0, &row, sizeof row, 1);
  int agent = placed ? -1 : choose(&m, &m.waiting[0], gone);
  if (rows != (agent >= 0)) print_error("seed %u\n", seed);
  assert_int_equal(rows, agent >= 0);
  if (agent >= 0) {
    char id[16];
    snprintf(id, sizeof id, "n%d", agent);
    if (!k8smi_eqs(row.agent_id, id)) print_error("seed %u\n", seed);
    assert_string_equal(row.agent_id.ptr, id);
    for (int i = 0; i < RUNNING; i++) assert_int_equal(is_victim(&s, 0, i), gone[i]);
    (*nominated)++;
  } else if (!placed) {
    (*hopeless)++;
  }
  scene_end(&s);
}

static void generated_pods(void **state) {
  (void)state;
  enum { SEEDS = 6000 };
  int nominated = 0, hopeless = 0;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) one_pod(seed * 7919, &nominated, &hopeless);
  assert_in_range(nominated, SEEDS / 10, SEEDS);
  assert_in_range(hopeless, SEEDS / 20, SEEDS);
}

/* The victims end, and what they and the offers had comes as one offer for each agent. */
static void victims_leave(struct model *m, struct scene *s, int round) {
  for (int a = 0; a < AGENTS; a++) {
    char id[16], zone[16];
    snprintf(id, sizeof id, "n%d", a);
    int64_t cpus = m->cpus[a];
    k8sm_cluster_remove(s->c, k8smi_s(id));
    if (!m->offered[a]) cpus = 0;
    K8smMesos__Offer *o = NULL;
    for (int i = 0; i < RUNNING; i++) {
      struct pod *p = &m->running[i];
      struct k8sm_plan_victim row;
      bool ends = p->agent == a && p->ending;
      for (size_t v = 0; p->agent == a && k8sm_plan_victims(s->plan, v, &row, sizeof row, 1) > 0; v++) {
        char uid[16];
        snprintf(uid, sizeof uid, "uid-r%d", i);
        ends = ends || k8smi_eqs(row.uid, uid);
      }
      if (!ends) continue;
      char uid[16];
      snprintf(uid, sizeof uid, "uid-r%d", i);
      assert_int_equal(k8sm_cluster_remove_pod(s->c, k8smi_s(uid)), 1);
      cpus += p->need[K8SMI_CPUS];
      p->agent = -1;
    }
    snprintf(id, sizeof id, "n%d-%d", a, round);
    char agent[16];
    snprintf(agent, sizeof agent, "n%d", a);
    snprintf(zone, sizeof zone, "z%d", m->zone[a]);
    o = world_simple(&s->w, id, agent, "*", (double)cpus / 1000, 65536, true);
    world_ports(&s->w, o, 80, 80 + PORTS - 1);
    world_domain(&s->w, o, "north", zone);
    if (m->tainted[a]) world_attribute(&s->w, o, "taint-k", "v:NoSchedule");
  }
  scene_offers(s);
}

/* Several at once: nobody is ended twice, promises do not overlap, and they are kept. */
static void several(uint32_t seed, int *kept) {
  struct scene s;
  struct model m = {.random = seed};
  struct k8sm_plan_nomination rows[WAITING];
  scene_begin(&s);
  s.options.flags = K8SM_MATCH_PREEMPT;
  make_agents(&m, &s);
  make_running(&m, &s);
  for (int i = 0; i < WAITING; i++) {
    char name[16];
    snprintf(name, sizeof name, "w%d", i);
    make_pod(&m, &m.waiting[i], 5);
    m.waiting[i].spread = false; /* where those that wait count, another may be too many in the end */
    m.waiting[i].port = -1;      /* the offers to come have every port */
    hand_in(&s, &m.waiting[i], name);
  }
  scene_match(&s);
  size_t count = k8sm_plan_nominations(s.plan, 0, rows, sizeof rows[0], WAITING);
  bool nominated[WAITING] = {false}, placed[WAITING];
  for (size_t i = 0; i < count; i++) nominated[rows[i].demand] = true;
  for (uint32_t i = 0; i < WAITING; i++) placed[i] = scene_place(&s, i)[0] != '\0';
  for (int i = 0; i < RUNNING; i++) {
    int times = 0;
    for (size_t n = 0; n < count; n++) times += is_victim(&s, n, i);
    assert_in_range(times, 0, 1);
    assert_true(times == 0 || (m.running[i].priority < 5 && !m.running[i].ending));
  }
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, NULL), K8SM_OK);
  assert_int_equal(s.c->nomination_count, count);
  struct k8sm_plan *first = k8sm_plan_ref(s.plan);
  /* Those that are placed leave the scene's list; a stranger of the same priority comes before the others. */
  struct k8sm_demand *all[SCENE_PODS];
  size_t waiting = 0;
  memcpy(all, s.demands, sizeof all);
  struct pod stranger;
  make_pod(&m, &stranger, 5);
  struct k8sm_demand *other = hand_in(&s, &stranger, "stranger");
  s.demands[waiting++] = other;
  for (uint32_t i = 0; i < WAITING; i++) {
    if (!placed[i] && nominated[i]) s.demands[waiting++] = all[i];
  }
  s.count = waiting;
  scene_match(&s); /* they wait: nobody else is ended for them */
  for (size_t i = 0; i < k8sm_plan_nominations(s.plan, 0, rows, sizeof rows[0], WAITING); i++) {
    assert_int_equal(rows[i].demand, 0);
  }
  k8sm_plan_unref(s.plan);
  s.plan = k8sm_plan_ref(first);
  for (uint32_t i = 0; i < WAITING; i++) { /* what the placed ones took is not offered again */
    struct k8sm_placement p;
    for (size_t k = 0; k8sm_plan_placements(first, k, &p, sizeof p, 1) > 0; k++) {
      if (p.demand == i) m.cpus[p.agent_id.ptr[1] - '0'] -= m.waiting[i].need[K8SMI_CPUS];
    }
  }
  victims_leave(&m, &s, 1);
  s.options.flags = 0;
  scene_match(&s);
  for (uint32_t i = 1; i < waiting; i++) {
    if (scene_place(&s, i)[0] == '\0') print_error("seed %u: %s\n", seed, scene_summary(&s, i));
    assert_true(scene_place(&s, i)[0] != '\0');
    (*kept)++;
  }
  if (waiting > 0) assert_int_equal(k8sm_cluster_apply(s.c, s.plan, NULL), K8SM_OK);
  assert_int_equal(s.c->nomination_count, 0);
  k8sm_plan_unref(first);
  for (int i = 0; i < WAITING; i++) k8sm_demand_unref(all[i]);
  k8sm_demand_unref(other);
  s.count = 0;
  scene_end(&s);
}

static void promises_are_kept(void **state) {
  (void)state;
  enum { SEEDS = 3000 };
  int kept = 0;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) several(seed * 104729, &kept);
  assert_in_range(kept, SEEDS / 4, SEEDS * WAITING);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(generated_pods), cmocka_unit_test(promises_are_kept)};
  return cmocka_run_group_tests_name("preemption", tests, NULL, NULL);
}
