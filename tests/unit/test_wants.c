/* SPDX-License-Identifier: Apache-2.0 */
/* What a framework wants of its master, from JSON to the constraints; and generated agents and pods, for
 * which the constraints are held against the matcher by the embedded Mesos, which shares nothing with either.
 */
#include "local/state.h"
#include "support/demands.h"
#include "support/failing.h"
#include "support/pods.h"
#include "want/want.h"

#include <k8smesos/task.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define AFFINITY(terms)                                                                                      \
  "'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':"       \
  "[" terms "]}}}"
#define MATCH(expressions) "{'matchExpressions':[" expressions "]}"
#define RACK(op, values)   "{'key':'k8s.mesosphere.io/attribute-rack','operator':'" op "'" values "}"
#define ZONE(op, values)   "{'key':'topology.kubernetes.io/zone','operator':'" op "'" values "}"
#define FIELD(op, names)   "{'matchFields':[{'key':'metadata.name','operator':'" op "','values':[" names "]}]}"

/* As the message is written. */
#define C(selector, predicate) "{'selector':{" selector "},'predicate':{" predicate "}}"
#define ATTRIBUTE(name)        "'attribute_name':'" name "'"
#define PSEUDO(name)           "'pseudoattribute_type':'" name "'"
#define IS(value)              "'text_equals':{'value':'" value "'}"
#define IS_NOT(value)          "'text_not_equals':{'value':'" value "'}"
#define EXISTS                 "'exists':{}"
#define EXISTS_NOT             "'not_exists':{}"
#define G(constraints)         "{'attribute_constraints':[" constraints "]}"
#define ALL(groups)            "{'role_constraints':{'*':{'groups':[" groups "]}}}"

static struct k8sm_demand *spec_demand(const char *more) {
  char spec[2048];
  snprintf(spec, sizeof spec, "{'containers':[{'name':'c','image':'i'}]%s%s}", more[0] == '\0' ? "" : ",",
           more);
  struct k8sm_demand *demand = pods_demand(spec, 0);
  assert_non_null(demand);
  return demand;
}

static struct k8sm_cluster *new_cluster(void) {
  struct k8sm_cluster *c;
  assert_int_equal(k8sm_cluster_new(NULL, &c, NULL), K8SM_OK);
  return c;
}

static struct k8sm_wants *make_of(const struct k8sm_cluster *c, const struct k8sm_want *wants, size_t n,
                                  const char *const *roles, size_t role_count) {
  struct k8sm_wants_options o = {.size = sizeof o, .roles = roles, .role_count = role_count};
  struct k8sm_wants *ret;
  assert_int_equal(k8sm_wants_make(c, wants, n, sizeof *wants, &o, &ret, NULL), K8SM_OK);
  return ret;
}

static bool constraints_are(const struct k8sm_wants *wants, const char *text) {
  struct k8sm_slice bytes = k8sm_wants_constraints(wants);
  struct k8sm_blob *blob;
  char *want = pods_json(text);
  assert_int_equal(k8sm_message_convert("mesos.v1.scheduler.OfferConstraints", bytes.ptr, bytes.len,
                                        K8SM_FORMAT_PROTOBUF, K8SM_FORMAT_JSON, NULL, &blob, NULL),
                   K8SM_OK);
  bool same = strcmp(k8sm_blob_bytes(blob).ptr, want) == 0;
  if (!same) fprintf(stderr, "got  %s\nwant %s\n", k8sm_blob_bytes(blob).ptr, want);
  k8sm_blob_unref(blob);
  free(want);
  return same;
}

static void rules_of_nodes_are_constraints(void **state) {
  (void)state;
  static const struct {
    const char *spec, *constraints;
  } cases[] = {
      {"", "{}"},
      {"'nodeSelector':{'k8s.mesosphere.io/attribute-rack':'r_1'}", ALL(G(C(ATTRIBUTE("rack"), IS("r_1"))))},
      {"'nodeSelector':{'example.com/row':'7'}", ALL(G(C(ATTRIBUTE("example.com/row"), IS("7"))))},
      {"'nodeSelector':{'kubernetes.io/hostname':'h','example.com/row':'7'}",
       ALL(G(C(ATTRIBUTE("example.com/row"), IS("7")) "," C(PSEUDO("HOSTNAME"), IS("h"))))},
      /* what no attribute makes: nothing can be said */
      {"'nodeSelector':{'disk':'ssd'}", "{}"},
      {"'nodeSelector':{'kubernetes.io/os':'linux','kubernetes.io/arch':'arm64'}", "{}"},
      {"'nodeSelector':{'k8s.mesosphere.io/attribute-taint-x':'y'}", "{}"},
      /* an agent without a domain may have an attribute of that name */
      {"'nodeSelector':{'topology.kubernetes.io/zone':'z'}",
       ALL(G(C(ATTRIBUTE("topology.kubernetes.io/zone"), IS("z"))) "," G(C(PSEUDO("ZONE"), IS("z"))))},
      {"'nodeSelector':{'topology.kubernetes.io/region':'z'}",
       ALL(G(C(ATTRIBUTE("topology.kubernetes.io/region"), IS("z"))) "," G(C(PSEUDO("REGION"), IS("z"))))},
      {"'nodeName':'h'", ALL(G(C(PSEUDO("HOSTNAME"), IS("h"))))},
      {"'nodeName':'0a1b-S12'", "{}"}, /* the id of an agent that is not known */
      {AFFINITY(MATCH(RACK("In", ",'values':['b','a']"))),
       ALL(G(C(ATTRIBUTE("rack"), IS("a"))) "," G(C(ATTRIBUTE("rack"), IS("b"))))},
      {AFFINITY(MATCH(RACK("NotIn", ",'values':['a','b']"))),
       ALL(G(C(ATTRIBUTE("rack"), IS_NOT("a")) "," C(ATTRIBUTE("rack"), IS_NOT("b"))))},
      {AFFINITY(MATCH(RACK("Exists", ""))), ALL(G(C(ATTRIBUTE("rack"), EXISTS)))},
      {AFFINITY(MATCH(RACK("DoesNotExist", ""))), ALL(G(C(ATTRIBUTE("rack"), EXISTS_NOT)))},
      {AFFINITY(MATCH(RACK("Gt", ",'values':['3']"))), ALL(G(C(ATTRIBUTE("rack"), EXISTS)))},
      {AFFINITY(MATCH(ZONE("NotIn", ",'values':['z']"))), ALL(G(C(PSEUDO("ZONE"), IS_NOT("z"))))},
      {AFFINITY(MATCH(ZONE("DoesNotExist", ""))), ALL(G(C(PSEUDO("ZONE"), EXISTS_NOT)))},
      {AFFINITY(MATCH(ZONE("Exists", ""))),
       ALL(G(C(ATTRIBUTE("topology.kubernetes.io/zone"), EXISTS)) "," G(C(PSEUDO("ZONE"), EXISTS)))},
      {AFFINITY(MATCH("{'key':'kubernetes.io/hostname','operator':'Exists'}")), "{}"},
      {AFFINITY(FIELD("In", "'h','g'")),
       ALL(G(C(PSEUDO("HOSTNAME"), IS("g"))) "," G(C(PSEUDO("HOSTNAME"), IS("h"))))},
      {AFFINITY(FIELD("NotIn", "'h'")), ALL(G(C(PSEUDO("HOSTNAME"), IS_NOT("h"))))},
      /* terms are alternatives, and one of which nothing can be said lets all pass */
      {AFFINITY(MATCH(RACK("In", ",'values':['a']")) "," FIELD("In", "'h'")),
       ALL(G(C(ATTRIBUTE("rack"), IS("a"))) "," G(C(PSEUDO("HOSTNAME"), IS("h"))))},
      {AFFINITY(MATCH(RACK("In", ",'values':['a']")) "," MATCH("{'key':'ssd','operator':'Exists'}")), "{}"},
      {"'nodeSelector':{'example.com/row':'7'}," AFFINITY(MATCH(RACK("In", ",'values':['a','a']"))),
       ALL(G(C(ATTRIBUTE("example.com/row"), IS("7")) "," C(ATTRIBUTE("rack"), IS("a"))))},
      {"'nodeSelector':{'example.com/row':'7'}," AFFINITY(
           MATCH(RACK("In", ",'values':['a']")) "," MATCH("{'key':'ssd','operator':'Exists'}")),
       ALL(G(C(ATTRIBUTE("example.com/row"), IS("7"))) "," G(
           C(ATTRIBUTE("example.com/row"), IS("7")) "," C(ATTRIBUTE("rack"), IS("a"))))},
      {"'schedulingGates':[{'name':'a'}],'nodeName':'h'", "{}"}, /* it wants nothing yet */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_cluster *c = new_cluster();
    struct k8sm_want want = {.demand = spec_demand(cases[i].spec)};
    struct k8sm_wants *wants = make_of(c, &want, 1, NULL, 0);
    assert_true(constraints_are(wants, cases[i].constraints));
    k8sm_wants_unref(wants);
    k8sm_demand_unref((struct k8sm_demand *)(uintptr_t)want.demand);
    k8sm_cluster_free(c);
  }
}

/* What is known of the agents changes what can be said. */
static void agents_have_a_say(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  struct k8sm_cluster *c = new_cluster();
  K8smMesos__Offer *o = world_simple(&w, "o1", "0a1b-S12", "*", 1, 1, false);
  world_attribute(&w, o, "rack", "r1");
  struct k8sm_offers *offers = world_offers(&w);
  assert_int_equal(k8sm_cluster_add(c, offers, 0, NULL), K8SM_OK);
  k8sm_offers_unref(offers);
  struct k8sm_want by_id = {.demand = spec_demand("'nodeName':'0a1b-S12'")};
  struct k8sm_want by_rack = {.demand =
                                  spec_demand("'nodeSelector':{'k8s.mesosphere.io/attribute-rack':'r1'}")};
  struct k8sm_want by_row = {.demand = spec_demand("'nodeSelector':{'example.com/row':'7'}")};
  struct k8sm_wants *wants = make_of(c, &by_id, 1, NULL, 0);
  assert_true(constraints_are(wants, ALL(G(C(PSEUDO("HOSTNAME"), IS("0a1b-S12"))) "," G(
                                         C(PSEUDO("HOSTNAME"), IS("0a1b-S12.example"))))));
  k8sm_wants_unref(wants);
  /* A Node object states the label: no attribute has to. */
  struct k8sm_node_label label = {"example.com/row", "7"};
  struct k8sm_node node = {
      .size = sizeof node, .labels = &label, .label_count = 1, .label_size = sizeof label};
  assert_int_equal(k8sm_cluster_set_node(c, K8SMI_S("another"), &node, NULL), K8SM_OK);
  wants = make_of(c, &by_row, 1, NULL, 0);
  assert_true(constraints_are(wants, "{}"));
  k8sm_wants_unref(wants);
  wants = make_of(c, &by_rack, 1, NULL, 0);
  assert_true(constraints_are(wants, ALL(G(C(ATTRIBUTE("rack"), IS("r1"))))));
  k8sm_wants_unref(wants);
  /* The text of some attribute was made a label: then texts are not compared. */
  w.count = 0;
  o = world_simple(&w, "o2", "b", "*", 1, 1, false);
  world_attribute(&w, o, "row", "odd one");
  offers = world_offers(&w);
  assert_int_equal(k8sm_cluster_add(c, offers, 0, NULL), K8SM_OK);
  k8sm_offers_unref(offers);
  wants = make_of(c, &by_rack, 1, NULL, 0);
  assert_true(constraints_are(wants, "{}"));
  k8sm_wants_unref(wants);
  const struct k8sm_want *all[] = {&by_id, &by_rack, &by_row};
  for (size_t i = 0; i < 3; i++) k8sm_demand_unref((struct k8sm_demand *)(uintptr_t)all[i]->demand);
  k8sm_cluster_free(c);
  world_free(&w);
}

static void roles_and_times(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  struct k8sm_cluster *c = new_cluster();
  static const char *const roles[] = {"a", "b", "c"};
  world_simple(&w, "o1", "S1", "a", 1, 1, false);
  world_simple(&w, "o2", "S2", "a", 1, 1, false);
  world_simple(&w, "o3", "S1", "b", 1, 1, false);
  world_simple(&w, "o4", "S1", "c", 1, 1, false);
  struct k8sm_offers *offers = world_offers(&w);
  assert_int_equal(k8sm_cluster_add(c, offers, 0, NULL), K8SM_OK);
  k8sm_offers_unref(offers);
  struct k8sm_demand *any = world_demand(&w, "any", 1, 1, 1), *resumed = world_demand(&w, "resumed", 0, 0, 0);
  world_demand_roles(&w, any, "b", NULL);
  world_demand_roles(&w, resumed, "a", "b");
  resumed->agent_id = K8SMI_S("S2");
  const struct k8sm_want list[] = {
      {.demand = any, .at_mono_ms = 9000},
      {.demand = resumed},
      {.demand = any, .hostname = K8SMI_S("S1.example"), .pinned = 1, .at_mono_ms = 7000}};
  struct k8sm_wants *wants = make_of(c, list, 3, roles, 3);
  struct k8sm_wanted_role rows[3];
  assert_int_equal(k8sm_wants_roles(wants, 0, rows, sizeof rows[0], 3), 3);
  assert_string_equal(rows[0].role.ptr, "a");
  assert_true(rows[0].wants == 1 && rows[0].groups == 1 && rows[0].at_mono_ms == 0);
  assert_true(rows[1].wants == 3 && rows[1].groups == 0 && rows[1].at_mono_ms == 0);
  assert_true(rows[2].wants == 0 && rows[2].groups == 0 && rows[2].at_mono_ms == 0);
  assert_true(constraints_are(
      wants, "{'role_constraints':{'a':{'groups':[" G(C(PSEUDO("HOSTNAME"), IS("S2.example"))) "]}}}"));
  uint64_t at = 1;
  assert_int_equal(k8sm_wants_offer(wants, c, K8SMI_S("o1"), &at), 0);
  assert_int_equal(k8sm_wants_offer(wants, c, K8SMI_S("o2"), &at), 1);
  assert_int_equal(at, 0);
  assert_int_equal(k8sm_wants_offer(wants, c, K8SMI_S("o4"), NULL), 0);
  assert_int_equal(k8sm_wants_offer(wants, c, K8SMI_S("none"), NULL), 0);
  k8sm_wants_unref(wants);
  /* Refused until they are wanted. */
  struct k8sm_refuse refuse = {.idle = 100, .unsuited = 7};
  wants = make_of(c, &list[2], 1, roles, 3);
  assert_true(k8sm_wants_refuse_seconds(wants, c, K8SMI_S("o3"), 4500, &refuse) == 2.5);
  assert_true(k8sm_wants_refuse_seconds(wants, c, K8SMI_S("o3"), 7000, &refuse) == 7);
  assert_true(k8sm_wants_refuse_seconds(wants, c, K8SMI_S("o1"), 4500, &refuse) == 100);
  assert_true(k8sm_wants_refuse_seconds(wants, c, K8SMI_S("o1"), 4500, NULL) == 3600);
  assert_true(k8sm_wants_refuse_seconds(wants, c, K8SMI_S("o3"), 7000, NULL) == 5);
  k8sm_wants_unref(wants);
  wants = make_of(c, NULL, 0, roles, 3);
  assert_true(constraints_are(wants, "{}"));
  assert_ptr_equal(k8sm_wants_ref(wants), wants);
  k8sm_wants_unref(wants);
  k8sm_wants_unref(wants);
  k8sm_cluster_free(c);
  world_free(&w);
}

static void too_many_groups_are_every_agent(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  struct k8sm_cluster *c = new_cluster();
  struct k8sm_want list[101];
  for (int i = 0; i < 101; i++) {
    char host[16];
    snprintf(host, sizeof host, "h%d", i);
    list[i] = (struct k8sm_want){
        .demand = world_demand(&w, host, 0, 0, 0), .hostname = k8smi_s(world_text(&w, host)), .pinned = 1};
  }
  struct k8sm_wanted_role row;
  struct k8sm_wants *wants = make_of(c, list, 100, NULL, 0);
  k8sm_wants_roles(wants, 0, &row, sizeof row, 1);
  assert_int_equal(row.groups, 100);
  struct k8sm_wants *more = make_of(c, list, 101, NULL, 0);
  k8sm_wants_roles(more, 0, &row, sizeof row, 1);
  assert_true(row.groups == 0 && row.wants == 101);
  assert_true(k8sm_wants_covered(wants, more) == 1 && k8sm_wants_covered(more, wants) == 0);
  k8sm_wants_unref(wants);
  k8sm_wants_unref(more);
  /* A product that is too large: the part that makes it so is left out. */
  char spec[1024] =
      "'nodeSelector':{'example.com/row':'7'},"
      "'affinity':{'nodeAffinity':{"
      "'requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':[{'matchExpressions':["
      "{'key':'example.com/x','operator':'In','values':[";
  for (int i = 0; i < 33; i++)
    snprintf(spec + strlen(spec), sizeof spec - strlen(spec), "%s'v%d'", i ? "," : "", i);
  strcat(spec, "]}]}]}}}");
  struct k8sm_want want = {.demand = spec_demand(spec)};
  wants = make_of(c, &want, 1, NULL, 0);
  assert_true(constraints_are(wants, ALL(G(C(ATTRIBUTE("example.com/row"), IS("7"))))));
  k8sm_wants_unref(wants);
  k8sm_demand_unref((struct k8sm_demand *)(uintptr_t)want.demand);
  k8sm_cluster_free(c);
  world_free(&w);
}

/* ---- Generated agents and pods ---- */

enum { GENERATED_AGENTS = 12, GENERATED_PODS = 24, GENERATED_ROUNDS = 120 };

static uint32_t below(uint32_t *random, uint32_t n) {
  *random = *random * 1664525u + 1013904223u;
  return (*random >> 9) % n;
}

static const char *const racks[] = {"r1", "r2", "r3"};

static K8smMesos__DomainInfo *some_domain(struct world *w, uint32_t *random) {
  K8smMesos__DomainInfo *d = WORLD_NEW(w, K8smMesos__DomainInfo, DOMAIN_INFO);
  d->fault_domain = WORLD_NEW(w, K8smMesos__DomainInfo__FaultDomain, DOMAIN_INFO__FAULT_DOMAIN);
  d->fault_domain->region =
      WORLD_NEW(w, K8smMesos__DomainInfo__FaultDomain__RegionInfo, DOMAIN_INFO__FAULT_DOMAIN__REGION_INFO);
  d->fault_domain->zone =
      WORLD_NEW(w, K8smMesos__DomainInfo__FaultDomain__ZoneInfo, DOMAIN_INFO__FAULT_DOMAIN__ZONE_INFO);
  d->fault_domain->region->name = world_text(w, "region");
  d->fault_domain->zone->name = world_text(w, racks[below(random, 3)]);
  return d;
}

/* Names as they are, made valid, of the same label, with a prefix; texts likewise, and a number. */
static void some_attributes(struct world *w, K8smMesos__Offer *o, uint32_t *random, bool odd) {
  static const char *const names[] = {"rack", "example.com/row", "topology.kubernetes.io/zone", "odd",
                                      ".rack"};
  static const char *const texts[] = {"r1", "r2", "r3", "r 1", "r1."};
  for (size_t i = 0; i < (odd ? 5u : 3u); i++) {
    if (below(random, 2) == 0) continue;
    world_attribute(w, o, names[i], texts[below(random, odd ? 5 : 3)]);
    if (below(random, 8) != 0) continue;
    K8smMesos__Attribute *a = o->attributes[o->n_attributes - 1];
    a->type = K8SM_MESOS__VALUE__TYPE__SCALAR;
    a->text = NULL;
    a->scalar = WORLD_NEW(w, K8smMesos__Value__Scalar, VALUE__SCALAR);
    a->scalar->value = below(random, 3);
  }
}

static const char *some_spec(uint32_t *random) {
  static const char *const keys[] = {"k8s.mesosphere.io/attribute-rack", "example.com/row",
                                     "topology.kubernetes.io/zone", "kubernetes.io/hostname"};
  static const char *const ops[] = {"In", "In", "NotIn", "Exists", "DoesNotExist", "Gt"};
  static char spec[2048];
  size_t len = 0;
  spec[0] = '\0';
  if (below(random, 3) == 0) {
    len += (size_t)snprintf(spec, sizeof spec, "'nodeSelector':{'%s':'%s'}", keys[below(random, 4)],
                            racks[below(random, 3)]);
  }
  if (below(random, 6) == 0) {
    len += (size_t)snprintf(spec + len, sizeof spec - len, "%s'nodeName':'%s%u.example'", len > 0 ? "," : "",
                            "S", below(random, GENERATED_AGENTS));
  }
  if (below(random, 3) == 0) return spec;
  len += (size_t)snprintf(spec + len, sizeof spec - len,
                          "%s'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{"
                          "'nodeSelectorTerms':[",
                          len > 0 ? "," : "");
  for (uint32_t i = 0, terms = 1 + below(random, 2); i < terms; i++) {
    len += (size_t)snprintf(spec + len, sizeof spec - len, "%s{'matchExpressions':[", i > 0 ? "," : "");
    for (uint32_t k = 0, n = 1 + below(random, 2); k < n; k++) {
      const char *op = ops[below(random, 6)];
      len += (size_t)snprintf(spec + len, sizeof spec - len, "%s{'key':'%s','operator':'%s'",
                              k > 0 ? "," : "", keys[below(random, 4)], op);
      if (strcmp(op, "Gt") == 0) len += (size_t)snprintf(spec + len, sizeof spec - len, ",'values':['1']");
      if (strstr(op, "In") != NULL) {
        len += (size_t)snprintf(spec + len, sizeof spec - len, ",'values':['%s','%s']",
                                racks[below(random, 3)], racks[below(random, 3)]);
      }
      len += (size_t)snprintf(spec + len, sizeof spec - len, "}");
    }
    len += (size_t)snprintf(spec + len, sizeof spec - len, "]}");
  }
  snprintf(spec + len, sizeof spec - len, "]}}}");
  return spec;
}

/* By the embedded Mesos, whose agents have no domains. */
static bool master_offers(const struct k8sm_wants *wants, const K8smMesos__Offer *offer) {
  struct k8smi_arena arena;
  ProtobufCMessage *message;
  struct local_agent agent = {
      .hostname = offer->hostname, .attributes = offer->attributes, .attribute_count = offer->n_attributes};
  struct k8sm_slice bytes = k8sm_wants_constraints(wants);
  assert_true(k8smi_arena_init(&arena, NULL, 0));
  assert_int_equal(k8smi_message_decode(&arena, &k8sm_mesos__offer_constraints__descriptor, bytes.ptr,
                                        bytes.len, &message, NULL),
                   K8SM_OK);
  bool allowed =
      k8smi_local_constraints_allow((const K8smMesos__OfferConstraints *)message, K8SMI_S("*"), &agent);
  k8smi_arena_free(&arena);
  return allowed;
}

/* True if the node rules of the demand let it go there: the offers have room for all. */
static bool matcher_takes(const struct k8sm_explanation *e) {
  return e->code == 0;
}

struct generated {
  struct world w;
  struct k8sm_cluster *cluster;
  struct k8sm_demand *demands[GENERATED_PODS];
  struct k8sm_wants *wants[GENERATED_PODS]; /* of each alone */
};

static void generate(struct generated *g, uint32_t *random) {
  bool odd = below(random, 3) == 0;
  world_init(&g->w);
  g->cluster = new_cluster();
  for (int i = 0; i < GENERATED_AGENTS; i++) {
    char agent[16], offer[16];
    snprintf(agent, sizeof agent, "S%d", i);
    snprintf(offer, sizeof offer, "o%d", i);
    K8smMesos__Offer *o = world_simple(&g->w, offer, agent, "*", 100, 100000, true);
    some_attributes(&g->w, o, random, odd);
    if (below(random, 3) == 0) o->domain = some_domain(&g->w, random);
  }
  struct k8sm_offers *offers = world_offers(&g->w);
  assert_int_equal(k8sm_cluster_add(g->cluster, offers, 0, NULL), K8SM_OK);
  k8sm_offers_unref(offers);
  for (int i = 0; i < GENERATED_PODS; i++) {
    g->demands[i] = spec_demand(some_spec(random));
    const struct k8sm_want want = {.demand = g->demands[i]};
    g->wants[i] = make_of(g->cluster, &want, 1, NULL, 0);
  }
}

static void generated_free(struct generated *g) {
  for (int i = 0; i < GENERATED_PODS; i++) {
    k8sm_wants_unref(g->wants[i]);
    k8sm_demand_unref(g->demands[i]);
  }
  k8sm_cluster_free(g->cluster);
  world_free(&g->w);
}

/* No agent is kept from a pod that could go there. How many that could not are: the second use of it. */
static void check_demand(struct generated *g, int pod, int *kept_away, int *passed) {
  struct k8sm_explain *explain;
  struct k8sm_explanation e;
  assert_int_equal(k8sm_cluster_explain(g->cluster, g->demands[pod], NULL, &explain, NULL), K8SM_OK);
  for (size_t i = 0; k8sm_explain_rows(explain, i, &e, sizeof e, 1) != 0; i++) {
    int number = atoi(e.agent_id.ptr + 1);
    const K8smMesos__Offer *offer = g->w.offers[number];
    bool used = k8sm_wants_offer(g->wants[pod], g->cluster, k8smi_s(offer->id->value), NULL) != 0;
    bool allowed = offer->domain != NULL || master_offers(g->wants[pod], offer);
    if (offer->domain == NULL) assert_int_equal(used, allowed);
    if (matcher_takes(&e)) assert_true(used && allowed);
    *(used ? passed : kept_away) += 1;
  }
  k8sm_explain_unref(explain);
}

static void no_agent_is_kept_from_a_pod(void **state) {
  (void)state;
  uint32_t random = 3;
  int kept_away = 0, passed = 0;
  for (int round = 0; round < GENERATED_ROUNDS; round++) {
    struct generated g;
    generate(&g, &random);
    for (int i = 0; i < GENERATED_PODS; i++) check_demand(&g, i, &kept_away, &passed);
    generated_free(&g);
  }
  assert_true(kept_away > passed / 4); /* they say something, too */
}

/* All wants together let pass what any of them does; order does not matter; what is covered is. */
static void wants_together(void **state) {
  (void)state;
  uint32_t random = 4;
  for (int round = 0; round < GENERATED_ROUNDS / 4; round++) {
    struct generated g;
    struct k8sm_want list[GENERATED_PODS], turned[GENERATED_PODS];
    generate(&g, &random);
    size_t n = 1 + below(&random, GENERATED_PODS);
    for (size_t i = 0; i < n; i++) {
      list[i] = turned[n - 1 - i] = (struct k8sm_want){.demand = g.demands[i]};
    }
    struct k8sm_wants *all = make_of(g.cluster, list, n, NULL, 0),
                      *again = make_of(g.cluster, turned, n, NULL, 0);
    assert_true(k8smi_eq(k8sm_wants_constraints(all), k8sm_wants_constraints(again)));
    for (size_t i = 0; i < n; i++) assert_true(k8sm_wants_covered(g.wants[i], all));
    for (size_t i = 0; i < g.w.count; i++) {
      struct k8sm_slice id = k8smi_s(g.w.offers[i]->id->value);
      bool any = false;
      for (size_t k = 0; k < n; k++) any |= k8sm_wants_offer(g.wants[k], g.cluster, id, NULL) != 0;
      assert_int_equal(k8sm_wants_offer(all, g.cluster, id, NULL), any);
      for (int k = 0; k < GENERATED_PODS; k++) {
        bool covered = k8sm_wants_covered(g.wants[k], all) != 0;
        if (covered && k8sm_wants_offer(g.wants[k], g.cluster, id, NULL)) assert_true(any);
      }
    }
    k8sm_wants_unref(all);
    k8sm_wants_unref(again);
    generated_free(&g);
  }
}

static void memory_runs_out(void **state) {
  (void)state;
  uint32_t random = 5;
  struct generated g;
  struct k8sm_want list[GENERATED_PODS];
  struct k8sm_node_label label = {"example.com/other", "7"};
  struct k8sm_node node = {
      .size = sizeof node, .labels = &label, .label_count = 1, .label_size = sizeof label};
  generate(&g, &random);
  assert_int_equal(k8sm_cluster_set_node(g.cluster, K8SMI_S("S1"), &node, NULL), K8SM_OK);
  size_t n = 0;
  for (size_t i = 0; i < GENERATED_PODS; i++) {
    struct k8sm_wanted_role row;
    k8sm_wants_roles(g.wants[i], 0, &row, sizeof row, 1);
    if (row.groups > 0) list[n++] = (struct k8sm_want){.demand = g.demands[i]};
  }
  assert_true(n > 5);
  struct k8sm_wants *wants = NULL;
  size_t fail_at = 1;
  for (; wants == NULL; fail_at++) {
    struct failing f;
    failing_init(&f, fail_at);
    struct k8sm_wants_options o = {.size = sizeof o, .allocator = &f.allocator};
    struct findings found;
    int r = k8sm_wants_make(g.cluster, list, n, sizeof list[0], &o, &wants, findings_init(&found));
    assert_true(r == K8SM_OK || (r == K8SM_ERR_NOMEM && found.diags.errors == 1 && f.held == 0));
    if (r == K8SM_OK) k8sm_wants_unref(wants);
    assert_int_equal(f.held, 0);
  }
  assert_true(fail_at > 3);
  generated_free(&g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rules_of_nodes_are_constraints),
      cmocka_unit_test(agents_have_a_say),
      cmocka_unit_test(roles_and_times),
      cmocka_unit_test(too_many_groups_are_every_agent),
      cmocka_unit_test(no_agent_is_kept_from_a_pod),
      cmocka_unit_test(wants_together),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests_name("wants", tests, NULL, NULL);
}
