/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SCENE_H
#define TESTS_SUPPORT_SCENE_H

/* A cluster with its offers, pods from JSON, and what matching says of them. cmocka comes before. */

#include "support/demands.h"
#include "support/pods.h"

#include "cluster/cluster.h"

enum { SCENE_PODS = 64 };

struct scene {
  struct world w;
  struct k8sm_cluster *c;
  struct k8sm_demand *demands[SCENE_PODS];
  size_t count;
  struct k8sm_plan *plan;
  struct k8sm_match_options options;
  const char *owner; /* uid of the controller that pods have from now on; NULL: none */
};

static inline void scene_begin(struct scene *s) {
  memset(s, 0, sizeof *s);
  s->options.size = sizeof s->options;
  world_init(&s->w);
  assert_int_equal(k8sm_cluster_new(NULL, &s->c, NULL), K8SM_OK);
}

static inline void scene_drop_pods(struct scene *s) {
  while (s->count > 0) k8sm_demand_unref(s->demands[--s->count]);
}

static inline void scene_end(struct scene *s) {
  k8sm_plan_unref(s->plan);
  scene_drop_pods(s);
  k8sm_cluster_free(s->c);
  world_free(&s->w);
}

/* An offer of 16 cpus and 64 GiB to "*" by an agent in a zone (NULL: without a domain). */
static inline K8smMesos__Offer *scene_agent(struct scene *s, const char *agent, const char *zone) {
  char id[64];
  snprintf(id, sizeof id, "o-%s-%zu", agent, s->w.count);
  K8smMesos__Offer *o = world_simple(&s->w, id, agent, "*", 16, 65536, true);
  if (zone != NULL) world_domain(&s->w, o, "north", zone);
  return o;
}

/* Hands the offers made since the last time to the cluster. */
static inline void scene_offers(struct scene *s) {
  struct k8sm_offers *offers = world_offers_from(&s->w, s->w.first, NULL, NULL);
  assert_non_null(offers);
  assert_int_equal(k8sm_cluster_add(s->c, offers, 0, NULL), K8SM_OK);
  k8sm_offers_unref(offers);
  s->w.first = s->w.count;
}

/* A pod: `labels` are members of metadata.labels, `more` members of the spec beside its one container. A name
 * of "x/y" is y in namespace x. `annotations` and `container` are members of those; `roles` end with NULL, or
 * are NULL. */
static inline struct k8sm_demand *scene_full_pod(struct scene *s, const char *name, const char *labels,
                                                 const char *annotations, const char *container,
                                                 const char *more, const char *const *roles) {
  char text[8192];
  struct findings f;
  struct k8sm_pod *pod = NULL;
  struct k8sm_demand_options options = {.size = sizeof options, .nonce = "n1"};
  const struct k8sm_parse_options parse = {.size = sizeof parse, .flags = K8SM_PARSE_NO_VALIDATE};
  const char *slash = strchr(name, '/');
  int space = slash == NULL ? 7 : (int)(slash - name);
  if (slash != NULL) name = slash + 1;
  int n =
      snprintf(text, sizeof text,
               "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'%s','namespace':'%.*s',"
               "'uid':'uid-%s','labels':{%s},'annotations':{%s}%s%s%s},"
               "'spec':{'containers':[{'name':'c','image':'i'%s%s}]%s%s}}",
               name, space, slash == NULL ? "default" : slash - space, name, labels, annotations,
               s->owner == NULL ? "" : ",'ownerReferences':[{'controller':true,'kind':'A','name':'a','uid':'",
               s->owner == NULL ? "" : s->owner, s->owner == NULL ? "" : "'}]",
               container[0] == '\0' ? "" : ",", container, more[0] == '\0' ? "" : ",", more);
  options.roles = roles;
  while (roles != NULL && roles[options.role_count] != NULL) options.role_count++;
  assert_true(n > 0 && (size_t)n < sizeof text && s->count < SCENE_PODS);
  char *json = pods_json(text);
  if (k8sm_pod_parse(json, strlen(json), &parse, &pod, findings_init(&f)) != K8SM_OK) fail_msg("%s", f.text);
  free(json);
  if (k8sm_demand_make(pod, &options, &s->demands[s->count], findings_init(&f)) != K8SM_OK)
    fail_msg("%s", f.text);
  k8sm_pod_unref(pod);
  return s->demands[s->count++];
}

static inline struct k8sm_demand *scene_pod(struct scene *s, const char *name, const char *labels,
                                            const char *more) {
  return scene_full_pod(s, name, labels, "", "", more, NULL);
}

static inline void scene_match(struct scene *s) {
  k8sm_plan_unref(s->plan);
  s->plan = NULL;
  assert_int_equal(k8sm_cluster_match(s->c, s->demands, s->count, &s->options, &s->plan, NULL), K8SM_OK);
}

/* Where a pod is placed: the agent's id; "": nowhere. */
static inline const char *scene_place(const struct scene *s, uint32_t demand) {
  struct k8sm_placement row;
  for (size_t i = 0; k8sm_plan_placements(s->plan, i, &row, sizeof row, 1) > 0; i++) {
    if (row.demand == demand) return row.agent_id.ptr;
  }
  return "";
}

/* Matches, and says where all pods are: "ab-" of three; '-' for one without a place. */
static inline const char *scene_places(struct scene *s) {
  static char text[SCENE_PODS + 1];
  scene_match(s);
  for (uint32_t i = 0; i < s->count; i++) {
    const char *agent = scene_place(s, i);
    text[i] = agent[0] == '\0' ? '-' : agent[0];
  }
  text[s->count] = '\0';
  return text;
}

/* Lets the pod run on an agent, and forgets it. */
static inline void scene_runs(struct scene *s, const char *name, const char *labels, const char *more,
                              const char *agent) {
  struct k8sm_demand *d = scene_pod(s, name, labels, more);
  assert_int_equal(k8sm_cluster_add_pod(s->c, d, k8smi_s(agent), NULL), K8SM_OK);
  k8sm_demand_unref(d);
  s->count--;
}

static inline const char *scene_summary(const struct scene *s, uint32_t demand) {
  const char *text = k8sm_plan_summary(s->plan, demand).ptr;
  return text == NULL ? "" : text;
}

/* The row of an agent in the explanation of a demand; its texts live in `text`. */
static inline struct k8sm_explanation scene_explain(struct scene *s, uint32_t demand, const char *agent,
                                                    char text[3][256]) {
  struct k8sm_explain *explain;
  struct k8sm_explanation row, found = {.code = UINT32_MAX};
  assert_int_equal(k8sm_cluster_explain(s->c, s->demands[demand], &s->options, &explain, NULL), K8SM_OK);
  for (size_t i = 0; k8sm_explain_rows(explain, i, &row, sizeof row, 1) > 0; i++) {
    if (!k8smi_eqs(row.agent_id, agent)) continue;
    found = row;
    struct k8sm_slice *const parts[] = {&found.predicate, &found.wanted, &found.had};
    for (int p = 0; p < 3; p++) {
      snprintf(text[p], 256, "%.*s", (int)parts[p]->len, parts[p]->ptr == NULL ? "" : parts[p]->ptr);
      *parts[p] = k8smi_s(text[p]);
    }
  }
  k8sm_explain_unref(explain);
  return found;
}

#endif
