/* SPDX-License-Identifier: Apache-2.0 */
/* Generated clusters, and pods with affinities and spreads, matched; then checked by a model that counts
 * everything anew for each agent and pod, by comparing texts. It reads nothing of the library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/scene.h"

enum { AGENTS = 6, PODS = 14, RUNNING = 5, TERMS = 2, ALL = PODS + RUNNING };

static const char *const keys[] = {"topology.kubernetes.io/zone", "kubernetes.io/hostname",
                                   "k8s.mesosphere.io/attribute-rack"};
enum { ZONE = 0, HOST = 1, RACK = 2, KEYS = 3 };

struct term {
  int key;
  int app;    /* selects app: 0, 1; 2: any pod; 3: no selector, none; 4: those with a version */
  int spaces; /* 0: its own, 1: "other", 2: all */
  int skew, min_domains;
  bool ignore_affinity, honour_taints;
};

/* A constraint: over a key, with a value by its number, or a number of groups or pods. */
enum { IS = 0, LIKE, UNLIKE, CLUSTER, UNIQUE, GROUP_BY, MAX_PER, OPS };
static const char *const ops[OPS] = {"IS", "LIKE", "UNLIKE", "CLUSTER", "UNIQUE", "GROUP_BY", "MAX_PER"};
struct rule {
  int op, key, value; /* value -1: none */
};

struct pod {
  struct rule rules[TERMS];
  int rule_count;
  int owner;               /* its controller; -1: none */
  int app, version, space; /* version -1: without the label */
  int rack;                /* that it selects; -1: none */
  bool tolerates;
  struct term near[TERMS], away[TERMS], spread[TERMS];
  int near_count, away_count, spread_count;
  int priority;
  int gang, minimum; /* -1: of no group; minimum 0: all of it */
  int agent;         /* -1: nowhere */
};

struct agent {
  char labels[KEYS][24]; /* "": not there */
  bool tainted, offered;
  int64_t cpus, mem; /* left */
};

struct model {
  struct agent agents[AGENTS];
  struct pod pods[ALL]; /* those that run first */
  int running;
  uint32_t random;
};

static int below(struct model *m, uint32_t n) {
  m->random = m->random * 1664525u + 1013904223u;
  return (int)((m->random >> 9) % n);
}

/* ---- The model ---- */

static bool selects(const struct term *t, const struct pod *of, const struct pod *pod) {
  if (t->spaces == 0 && pod->space != of->space) return false;
  if (t->spaces == 1 && pod->space != 1) return false;
  if (t->app == 3) return false;
  if (t->app == 4) return pod->version >= 0;
  return t->app == 2 || t->app == pod->app;
}

static bool same_domain(const struct model *m, int key, int a, int b) {
  return m->agents[a].labels[key][0] != '\0' &&
         strcmp(m->agents[a].labels[key], m->agents[b].labels[key]) == 0;
}

static bool node_fits(const struct agent *a, const struct pod *p) {
  char rack[8];
  snprintf(rack, sizeof rack, "r%d", p->rack);
  return p->rack < 0 || strcmp(a->labels[RACK], rack) == 0;
}

static bool affinity_fits(const struct model *m, const struct pod *p, int a) {
  bool any = false, self = true, met = true;
  for (int i = 0; i < p->near_count; i++) {
    bool there = false;
    if (m->agents[a].labels[p->near[i].key][0] == '\0') return false;
    for (int o = 0; o < ALL; o++) {
      const struct pod *other = &m->pods[o];
      bool all = other->agent >= 0;
      for (int t = 0; t < p->near_count; t++) all = all && selects(&p->near[t], p, other);
      if (all && m->agents[other->agent].labels[p->near[i].key][0] != '\0') any = true;
      if (all && same_domain(m, p->near[i].key, a, other->agent)) there = true;
    }
    met = met && there;
    self = self && selects(&p->near[i], p, p);
  }
  return met || (!any && self);
}

static bool anti_affinity_fits(const struct model *m, const struct pod *p, int a) {
  for (int o = 0; o < ALL; o++) {
    const struct pod *other = &m->pods[o];
    if (other->agent < 0) continue;
    for (int i = 0; i < p->away_count; i++) {
      if (selects(&p->away[i], p, other) && same_domain(m, p->away[i].key, a, other->agent)) return false;
    }
    for (int i = 0; i < other->away_count; i++) {
      if (selects(&other->away[i], other, p) && same_domain(m, other->away[i].key, a, other->agent))
        return false;
    }
  }
  return true;
}

static bool counts_for(const struct model *m, const struct pod *p, const struct term *t, int a) {
  const struct agent *agent = &m->agents[a];
  for (int i = 0; i < p->spread_count; i++) {
    if (agent->labels[p->spread[i].key][0] == '\0') return false;
  }
  if (!t->ignore_affinity && !node_fits(agent, p)) return false;
  return !t->honour_taints || !agent->tainted || p->tolerates;
}

/* Pods that count in the domain of an agent. A selector that selects any pod counts none. */
static int pods_in(const struct model *m, const struct pod *p, const struct term *t, int a) {
  int n = 0;
  if (t->app == 2) return 0;
  for (int o = 0; o < ALL; o++) {
    const struct pod *other = &m->pods[o];
    if (other->agent >= 0 && counts_for(m, p, t, other->agent) && selects(t, p, other) &&
        same_domain(m, t->key, a, other->agent)) {
      n++;
    }
  }
  return n;
}

static bool spread_fits(const struct model *m, const struct pod *p, int a) {
  for (int i = 0; i < p->spread_count; i++) {
    const struct term *t = &p->spread[i];
    int least = -1, domains = 0;
    if (m->agents[a].labels[t->key][0] == '\0') return false;
    for (int b = 0; b < AGENTS; b++) {
      bool first = counts_for(m, p, t, b);
      for (int c = 0; c < b; c++) first = first && !(counts_for(m, p, t, c) && same_domain(m, t->key, b, c));
      if (!first) continue;
      int n = pods_in(m, p, t, b);
      domains++;
      if (least < 0 || n < least) least = n;
    }
    if (domains < t->min_domains || least < 0) least = 0;
    if (pods_in(m, p, t, a) + (selects(t, p, p) ? 1 : 0) - least > t->skew) return false;
  }
  return true;
}

/* ---- Constraints ---- */

static void rule_value(const struct rule *r, char *to, size_t cap) {
  const char *before = r->key == ZONE ? "z" : r->key == HOST ? "n" : "r";
  const char *behind = r->key == HOST ? ".example" : "";
  bool number = r->op == GROUP_BY || r->op == MAX_PER;
  to[0] = '\0';
  if (r->value < 0) return;
  if (number) {
    snprintf(to, cap, "%d", r->value + 1);
  } else if (r->op == LIKE || r->op == UNLIKE) { /* this value, or the one before */
    snprintf(to, cap, "%s[%d%d]%s", before, r->value, r->value > 0 ? r->value - 1 : 0,
             r->key == HOST ? ".*" : "");
  } else {
    snprintf(to, cap, "%s%d%s", before, r->value, behind);
  }
}

static int put_rules(char *to, size_t cap, const struct pod *p) {
  static const char *const fields[KEYS] = {"@zone", "hostname", "rack"};
  int n = snprintf(to, cap, "[");
  for (int i = 0; i < p->rule_count; i++) {
    char value[40];
    rule_value(&p->rules[i], value, sizeof value);
    n += snprintf(to + n, cap - (size_t)n, "%s[\\'%s\\',\\'%s\\'", i > 0 ? "," : "", fields[p->rules[i].key],
                  ops[p->rules[i].op]);
    if (p->rules[i].value >= 0) n += snprintf(to + n, cap - (size_t)n, ",\\'%s\\'", value);
    n += snprintf(to + n, cap - (size_t)n, "]");
  }
  return n + snprintf(to + n, cap - (size_t)n, "]");
}

static bool same_rules(const struct pod *a, const struct pod *b) {
  return a->rule_count == b->rule_count &&
         memcmp(a->rules, b->rules, sizeof a->rules[0] * (size_t)a->rule_count) == 0;
}

/* Instances of one application. */
static bool same_instances(const struct pod *a, const struct pod *b) {
  if (a->space != b->space || a->owner != b->owner) return false;
  return a->owner >= 0 || (same_rules(a, b) && a->app == b->app && a->version == b->version);
}

static int instances_at(const struct model *m, const struct pod *p, int key, int a) {
  int n = 0;
  for (int o = 0; o < ALL; o++) {
    const struct pod *other = &m->pods[o];
    n += other->agent >= 0 && same_instances(p, other) && (a < 0 || same_domain(m, key, a, other->agent));
  }
  return n;
}

static bool groups_fit(const struct model *m, const struct pod *p, const struct rule *r, int a) {
  int values = 0, groups = 0, least = 0, here = instances_at(m, p, r->key, a);
  for (int b = 0; b < AGENTS; b++) {
    bool first = m->agents[b].labels[r->key][0] != '\0';
    for (int c = 0; c < b; c++) first = first && !same_domain(m, r->key, b, c);
    if (!first) continue;
    int n = instances_at(m, p, r->key, b);
    values++;
    groups += n > 0;
    if (n > 0 && (least == 0 || n < least)) least = n;
  }
  return here == 0 || (groups >= (r->value < 0 ? values : r->value + 1) && here == least);
}

static bool rule_fits(const struct model *m, const struct pod *p, const struct rule *r, int a) {
  const char *label = m->agents[a].labels[r->key];
  int has = label[0] == '\0' ? -1 : label[1] - '0', here = instances_at(m, p, r->key, a);
  bool like = has >= 0 && (has == r->value || has == (r->value > 0 ? r->value - 1 : 0));
  if (has < 0) return r->op == UNLIKE;
  switch (r->op) {
  case IS: return has == r->value;
  case LIKE: return like;
  case UNLIKE: return !like;
  case CLUSTER: return (r->value < 0 || has == r->value) && here == instances_at(m, p, r->key, -1);
  case UNIQUE: return here == 0;
  case GROUP_BY: return groups_fit(m, p, r, a);
  default: return here < r->value + 1;
  }
}

static bool rules_fit(const struct model *m, const struct pod *p, int a) {
  bool fit = true;
  for (int i = 0; i < p->rule_count; i++) fit = fit && rule_fits(m, p, &p->rules[i], a);
  return fit;
}

static bool fits(const struct model *m, const struct pod *p, int a, const int64_t *need) {
  const struct agent *agent = &m->agents[a];
  if (!agent->offered || (agent->tainted && !p->tolerates) || !node_fits(agent, p)) return false;
  if (agent->cpus < need[K8SMI_CPUS] || agent->mem < need[K8SMI_MEM]) return false;
  return rules_fit(m, p, a) && spread_fits(m, p, a) && affinity_fits(m, p, a) && anti_affinity_fits(m, p, a);
}

/* ---- What is handed to the library ---- */

static struct term make_term(struct model *m) {
  struct term t = {.key = below(m, KEYS), .app = below(m, 5), .spaces = below(m, 4) - 1};
  if (t.spaces < 0) t.spaces = 0;
  return t;
}

static void make_pod(struct model *m, struct pod *p) {
  *p = (struct pod){.app = below(m, 2),
                    .version = below(m, 3) - 1,
                    .space = below(m, 4) == 0,
                    .rack = -1,
                    .agent = -1,
                    .gang = -1};
  if (below(m, 4) == 0) p->rack = below(m, 2);
  p->tolerates = below(m, 2);
  p->priority = below(m, 3) == 0;
  if (below(m, 4) == 0) p->gang = below(m, 2);
  if (p->gang >= 0) p->minimum = below(m, 4);
  p->owner = below(m, 3) == 0 ? below(m, 2) : -1;
  if (below(m, 3) == 0) p->rule_count = 1 + below(m, TERMS);
  for (int i = 0; i < TERMS; i++) {
    struct rule *r = &p->rules[i];
    *r = (struct rule){below(m, OPS), below(m, KEYS), below(m, 3)};
    if (r->op == UNIQUE || ((r->op == CLUSTER || r->op == GROUP_BY) && below(m, 2))) r->value = -1;
  }
  int what = below(m, 8);
  if (what == 0 || what == 3) p->near_count = 1 + below(m, TERMS);
  if (what == 1 || what == 3) p->away_count = 1 + below(m, TERMS);
  if (what == 2 || what == 4) p->spread_count = 1 + below(m, TERMS);
  for (int i = 0; i < TERMS; i++) {
    p->near[i] = make_term(m);
    p->away[i] = make_term(m);
    p->spread[i] = make_term(m);
    p->spread[i].spaces = 0;
    p->spread[i].skew = 1 + below(m, 2);
    p->spread[i].min_domains = 1 + below(m, 3);
    p->spread[i].ignore_affinity = below(m, 2);
    p->spread[i].honour_taints = below(m, 2);
  }
}

static int put_selector(char *to, size_t cap, const struct term *t) {
  if (t->app == 3) return 0;
  if (t->app == 4) {
    return snprintf(to, cap, ",'labelSelector':{'matchExpressions':[{'key':'version','operator':'Exists'}]}");
  }
  if (t->app == 2) return snprintf(to, cap, ",'labelSelector':{}");
  return snprintf(to, cap, ",'labelSelector':{'matchLabels':{'app':'a%d'}}", t->app);
}

static int put_terms(char *to, size_t cap, const char *name, const struct term *terms, int count) {
  static const char *const spaces[] = {"", ",'namespaces':['other']", ",'namespaceSelector':{}"};
  int n = snprintf(to, cap, "'%s':{'requiredDuringSchedulingIgnoredDuringExecution':[", name);
  for (int i = 0; i < count; i++) {
    n += snprintf(to + n, cap - (size_t)n, "%s{'topologyKey':'%s'%s", i > 0 ? "," : "", keys[terms[i].key],
                  spaces[terms[i].spaces]);
    n += put_selector(to + n, cap - (size_t)n, &terms[i]);
    n += snprintf(to + n, cap - (size_t)n, "}");
  }
  return n + snprintf(to + n, cap - (size_t)n, "]}");
}

static int put_spread(char *to, size_t cap, const struct pod *p) {
  int n = snprintf(to, cap, ",'topologySpreadConstraints':[");
  for (int i = 0; i < p->spread_count; i++) {
    const struct term *t = &p->spread[i];
    n += snprintf(to + n, cap - (size_t)n,
                  "%s{'maxSkew':%d,'minDomains':%d,'topologyKey':'%s','whenUnsatisfiable':'DoNotSchedule',"
                  "'nodeAffinityPolicy':'%s','nodeTaintsPolicy':'%s'",
                  i > 0 ? "," : "", t->skew, t->min_domains, keys[t->key],
                  t->ignore_affinity ? "Ignore" : "Honor", t->honour_taints ? "Honor" : "Ignore");
    n += put_selector(to + n, cap - (size_t)n, t);
    n += snprintf(to + n, cap - (size_t)n, "}");
  }
  return n + snprintf(to + n, cap - (size_t)n, "]");
}

static struct k8sm_demand *hand_in(struct scene *s, const struct pod *p, int number) {
  char name[40], labels[64], spec[4096];
  snprintf(name, sizeof name, "%sp%d", p->space ? "other/" : "", number);
  int n = snprintf(labels, sizeof labels, "'app':'a%d'", p->app);
  if (p->version >= 0) snprintf(labels + n, sizeof labels - (size_t)n, ",'version':'%d'", p->version);
  n = snprintf(spec, sizeof spec, "'affinity':{");
  if (p->near_count > 0)
    n += put_terms(spec + n, sizeof spec - (size_t)n, "podAffinity", p->near, p->near_count);
  if (p->near_count > 0 && p->away_count > 0) n += snprintf(spec + n, sizeof spec - (size_t)n, ",");
  if (p->away_count > 0)
    n += put_terms(spec + n, sizeof spec - (size_t)n, "podAntiAffinity", p->away, p->away_count);
  n += snprintf(spec + n, sizeof spec - (size_t)n, "}");
  if (p->spread_count > 0) n += put_spread(spec + n, sizeof spec - (size_t)n, p);
  if (p->rack >= 0)
    n += snprintf(spec + n, sizeof spec - (size_t)n, ",'nodeSelector':{'%s':'r%d'}", keys[RACK], p->rack);
  if (p->tolerates)
    n += snprintf(spec + n, sizeof spec - (size_t)n, ",'tolerations':[{'operator':'Exists'}]");
  snprintf(spec + n, sizeof spec - (size_t)n, ",'priority':%d", p->priority);
  char group[512] = "";
  if (p->gang >= 0) n = snprintf(group, sizeof group, "'k8s.mesosphere.io/gang':'g%d'", p->gang);
  if (p->gang >= 0 && p->minimum > 0) {
    snprintf(group + n, sizeof group - (size_t)n, ",'k8s.mesosphere.io/gang-minimum':'%d'", p->minimum);
  }
  if (p->rule_count > 0) {
    char rules[256];
    put_rules(rules, sizeof rules, p);
    n = (int)strlen(group);
    snprintf(group + n, sizeof group - (size_t)n, "%s'k8s.mesosphere.io/constraints':'%s'", n > 0 ? "," : "",
             rules);
  }
  static const char *const owners[] = {"owner-0", "owner-1"};
  s->owner = p->owner < 0 ? NULL : owners[p->owner];
  return scene_full_pod(s, name, labels, group, "", spec, NULL);
}

static void make_agents(struct model *m, struct scene *s) {
  for (int a = 0; a < AGENTS; a++) {
    struct agent *agent = &m->agents[a];
    char id[16], rack[8], zone[8];
    snprintf(id, sizeof id, "n%d", a);
    snprintf(agent->labels[HOST], sizeof agent->labels[HOST], "%s.example", id);
    agent->cpus = 280 * (1 + below(m, 6));
    agent->mem = 100000 * (1 + below(m, 9));
    agent->offered = below(m, 6) != 0;
    K8smMesos__Offer *o =
        world_simple(&s->w, id, id, "*", (double)agent->cpus / 1000, (double)agent->mem / 1000, true);
    snprintf(zone, sizeof zone, "z%d", below(m, 3));
    snprintf(rack, sizeof rack, "r%d", below(m, 2));
    if (below(m, 5) != 0) {
      world_domain(&s->w, o, "north", zone);
      strcpy(agent->labels[ZONE], zone);
    }
    if (below(m, 3) != 0) {
      world_attribute(&s->w, o, "rack", rack);
      strcpy(agent->labels[RACK], rack);
    }
    agent->tainted = below(m, 4) == 0;
    if (agent->tainted) world_attribute(&s->w, o, "taint-k", "v:NoSchedule");
  }
  scene_offers(s);
  for (int a = 0; a < AGENTS; a++) {
    char id[16];
    snprintf(id, sizeof id, "n%d", a);
    if (!m->agents[a].offered) assert_int_equal(k8sm_cluster_remove(s->c, k8smi_s(id)), 1);
  }
}

static void make_running(struct model *m, struct scene *s) {
  m->running = below(m, RUNNING + 1);
  for (int i = 0; i < ALL; i++) m->pods[i].agent = -1;
  for (int i = 0; i < m->running; i++) {
    char id[16];
    make_pod(m, &m->pods[i]);
    m->pods[i].agent = below(m, AGENTS);
    snprintf(id, sizeof id, "n%d", m->pods[i].agent);
    struct k8sm_demand *d = hand_in(s, &m->pods[i], i);
    assert_int_equal(k8sm_cluster_add_pod(s->c, d, k8smi_s(id), NULL), K8SM_OK);
    k8sm_demand_unref(d);
    s->count--;
  }
}

static int64_t room(const struct agent *a) {
  return a->cpus + a->mem / 4096;
}

/* The agent that the strategy chooses; -1: none fits. */
static int choose(const struct model *m, const struct pod *p, uint32_t strategy, const int64_t *need) {
  int best = -1;
  for (int a = 0; a < AGENTS; a++) {
    if (!fits(m, p, a, need)) continue;
    int64_t better = best < 0 ? 1 : room(&m->agents[best]) - room(&m->agents[a]);
    if (best >= 0 && strategy == K8SM_STRATEGY_SPREAD) better = -better;
    if (best >= 0 && strategy == K8SM_STRATEGY_FIRST_FIT) better = 0;
    if (better > 0) best = a;
  }
  return best;
}

static bool place(struct model *m, struct scene *s, int i) {
  struct pod *p = &m->pods[RUNNING + i];
  int64_t need[K8SMI_SCALARS];
  k8smi_demand_sum(s->demands[i], need);
  p->agent = choose(m, p, s->options.strategy, need);
  if (p->agent < 0) return false;
  m->agents[p->agent].cpus -= need[K8SMI_CPUS];
  m->agents[p->agent].mem -= need[K8SMI_MEM];
  return true;
}

/* All of a group, with the first of them; or none. */
static void place_gang(struct model *m, struct scene *s, const int *order, int at, bool *done) {
  const struct pod *first = &m->pods[RUNNING + order[at]];
  const struct model before = *m;
  int placed = 0, minimum = 0, members = 0;
  for (int o = 0; o < RUNNING; o++) {
    const struct pod *p = &m->pods[o];
    placed += p->agent >= 0 && p->gang == first->gang && p->space == first->space;
  }
  for (int k = at; k < PODS; k++) {
    const struct pod *p = &m->pods[RUNNING + order[k]];
    if (p->gang != first->gang || p->space != first->space) continue;
    if (p->minimum > minimum) minimum = p->minimum;
    members++;
    placed += place(m, s, order[k]);
    done[order[k]] = true;
  }
  if (placed >= (minimum > 0 ? minimum : members)) return;
  uint32_t random = m->random;
  *m = before;
  m->random = random;
}

static void place_all(struct model *m, struct scene *s) {
  int order[PODS], n = 0;
  bool done[PODS] = {false};
  for (int priority = 1; priority >= 0; priority--) {
    for (int i = 0; i < PODS; i++) {
      if (m->pods[RUNNING + i].priority == priority) order[n++] = i;
    }
  }
  for (int k = 0; k < PODS; k++) {
    if (done[order[k]]) continue;
    if (m->pods[RUNNING + order[k]].gang >= 0) {
      place_gang(m, s, order, k, done);
    } else {
      place(m, s, order[k]);
    }
  }
}

static void one_seed(uint32_t seed, int *placed) {
  struct scene s;
  struct model m = {.random = seed};
  scene_begin(&s);
  make_agents(&m, &s);
  make_running(&m, &s);
  s.options.strategy = seed % 3;
  s.options.hard_pod_affinity = K8SM_WEIGHT_NONE; /* the strategy alone decides */
  for (int i = 0; i < PODS; i++) {
    make_pod(&m, &m.pods[RUNNING + i]);
    if (i > 0 && below(&m, 3) == 0) m.pods[RUNNING + i] = m.pods[RUNNING + i - 1]; /* one more of a kind */
    hand_in(&s, &m.pods[RUNNING + i], RUNNING + i);
  }
  for (int again = 0; again < 2; again++) { /* nothing of a match is left in the cluster */
    scene_match(&s);
    if (again == 0) place_all(&m, &s);
    for (uint32_t i = 0; i < PODS; i++) {
      const struct pod *p = &m.pods[RUNNING + i];
      char want[16] = "";
      if (p->agent >= 0) snprintf(want, sizeof want, "n%d", p->agent);
      if (strcmp(scene_place(&s, i), want) != 0) print_error("seed %u, pod %u\n", seed, i);
      assert_string_equal(scene_place(&s, i), want);
      assert_int_equal(scene_summary(&s, i)[0] == '\0', p->agent >= 0);
      if (again == 0 && p->agent >= 0) (*placed)++;
    }
  }
  scene_end(&s);
}

static void generated_pods(void **state) {
  (void)state;
  enum { SEEDS = 3000 };
  int placed = 0;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) one_seed(seed * 7919, &placed);
  assert_in_range(placed, SEEDS * 3, SEEDS * 11); /* neither all of them nor none */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(generated_pods)};
  return cmocka_run_group_tests_name("match properties of pods", tests, NULL, NULL);
}
