/* SPDX-License-Identifier: Apache-2.0 */
/* Reservations and volumes: what the agents have of them, and what the process asks the master to do about
 * them. Whose a reservation is, its labels tell; they are read here without the library. */
#include "sim/sim.h"
#include "base/slice.h"

#include <stdio.h>
#include <string.h>

enum { HOLDS_CLAIM_MILLI = 64000 }; /* of disk: what a claim asks */

/* ---- whose ---- */

static const char *holds_label(const K8smMesos__Resource *resource, const char *key) {
  if (resource->n_reservations == 0) return "";
  const K8smMesos__Labels *labels = resource->reservations[resource->n_reservations - 1]->labels;
  for (size_t i = 0; labels != NULL && i < labels->n_labels; i++) {
    if (strcmp(labels->labels[i]->key, key) == 0) return labels->labels[i]->value;
  }
  return "";
}

static bool holds_is_ours(const struct sim *s, const K8smMesos__Resource *resource) {
  const struct sim_row *row = sim_process_row(s, "framework");
  const char *framework = holds_label(resource, "framework");
  return row != NULL && k8smi_eqs((struct k8sm_slice){row->bytes.ptr, row->bytes.len}, framework);
}

static const char *holds_persistence(const K8smMesos__Resource *resource) {
  const K8smMesos__Resource__DiskInfo *disk = resource->disk;
  return disk == NULL || disk->persistence == NULL ? NULL : disk->persistence->id;
}

/* The claim whose volume it is; SIM_CLAIMS: none. */
static size_t holds_claim(const K8smMesos__Resource *resource) {
  static const char *const names[SIM_CLAIMS] = {"default.c0", "default.c1"};
  const char *id = holds_persistence(resource);
  for (size_t i = 0; id != NULL && i < SIM_CLAIMS; i++) {
    if (strcmp(id, names[i]) == 0) return i;
  }
  return SIM_CLAIMS;
}

/* ---- the agents ---- */

void sim_holds_open(struct sim *s) {
  for (size_t i = 0; i < SIM_CLAIMS; i++) s->holds.volume_agent[i] = SIZE_MAX;
}

static void holds_see(struct sim *s, size_t claim, size_t agent, int64_t milli) {
  size_t *at = &s->holds.volume_agent[claim];
  if (*at != SIZE_MAX && *at != agent && !s->process.forgot)
    sim_broken(s, "each claimed volume is made once", "c%zu is on agent %zu, and was made on agent %zu",
               claim, agent, *at);
  if (*at != SIZE_MAX && *at != agent) s->holds.volume_lost[claim] = true; /* which of them counts? */
  if (milli > HOLDS_CLAIM_MILLI)
    sim_broken(s, "each claimed volume is made once", "c%zu is on agent %zu several times", claim, agent);
  *at = agent;
}

/* What the agent has, whatever the master believes. */
static const struct local_bag *holds_bag(const struct local_agent *agent) {
  return agent->behind ? &agent->known.bag : &agent->total.bag;
}

static void holds_look_agent(struct sim *s, const struct local_agent *agent) {
  bool seen[SIM_CLAIMS] = {false};
  const struct local_bag *bag = holds_bag(agent);
  for (size_t i = 0; i < bag->count; i++) {
    size_t claim = holds_claim(bag->amounts[i].form);
    if (claim == SIM_CLAIMS) continue;
    seen[claim] = true;
    holds_see(s, claim, agent->number, bag->amounts[i].milli);
  }
  for (size_t i = 0; i < SIM_CLAIMS && !s->process.forgot; i++) {
    if (s->holds.volume_agent[i] != agent->number || seen[i]) continue;
    sim_broken(s, "a claimed volume stays", "c%zu was on agent %zu, and is no more", i, agent->number);
  }
}

/* Where an agent is gone for good, its volumes are, too. */
void sim_holds_look(struct sim *s) {
  if (!s->reserves) return;
  for (size_t i = 0; i < SIM_CLAIMS; i++) {
    size_t *at = &s->holds.volume_agent[i];
    if (*at == SIZE_MAX || !s->local->agents[*at].gone) continue;
    s->holds.volume_lost[i] = true;
    *at = SIZE_MAX;
  }
  for (size_t i = 0; i < s->local->options.agent_count; i++) {
    if (!s->local->agents[i].gone) holds_look_agent(s, &s->local->agents[i]);
  }
}

void sim_holds_instance(struct sim *s, const struct sim_pod *pod, const struct local_executor *executor) {
  const struct local_bag *bag = &executor->held.bag;
  bool found = pod->claim == SIM_CLAIMS;
  for (size_t i = 0; i < bag->count; i++) found = found || holds_claim(bag->amounts[i].form) == pod->claim;
  if (!found)
    sim_broken(s, "a pod runs where its volume is", "%s has no volume of c%zu", executor->id, pod->claim);
}

static bool holds_may_have(const K8smMesos__Resource *form, const struct sim_pod *pod) {
  if (holds_persistence(form) != NULL) return false;
  return form->n_reservations == 0 || strcmp(holds_label(form, "pod"), pod->uid) == 0;
}

static int64_t holds_sum(const struct local_bag *bag, const char *name, const struct sim_pod *pod) {
  int64_t n = 0;
  for (size_t i = 0; i < bag->count; i++) {
    const K8smMesos__Resource *form = bag->amounts[i].form;
    if (strcmp(form->name, name) == 0 && holds_may_have(form, pod)) n += bag->amounts[i].milli;
  }
  return n;
}

int64_t sim_holds_free(const struct local_agent *agent, const char *name, const struct sim_pod *pod) {
  int64_t n = holds_sum(&agent->free.bag, name, pod);
  K8SMI_EACH(link, (struct k8smi_link *)(uintptr_t)&agent->offers) {
    n += holds_sum(&K8SMI_OF(link, local_offer, by_agent)->held.bag, name, pod);
  }
  return n;
}

/* ---- what is asked of the master ---- */

/* Another attempt has taken its place, or is about to. */
static bool holds_is_replaced(const struct sim *s, const struct local_agent *agent) {
  return s->replaces && s->truth.away[agent->number];
}

/* The instance of the pod that came last lives there. */
static bool holds_runs_on(const struct sim *s, const struct sim_pod *pod, size_t agent) {
  for (size_t i = s->truth.instance_count; i-- > 0;) {
    const struct sim_instance *n = &s->truth.instances[i];
    if (n->pod == (size_t)(pod - s->pods)) return n->live && n->agent == agent;
  }
  return false;
}

/* At the end: where the record was lost, a former instance that was found may be the pod's, and the last one
 * be over. */
static bool holds_lives_on(const struct sim *s, const struct sim_pod *pod, size_t agent) {
  bool lives = holds_runs_on(s, pod, agent);
  for (size_t i = 0; s->process.forgot && !lives && i < s->truth.instance_count; i++) {
    const struct sim_instance *n = &s->truth.instances[i];
    lives = n->pod == (size_t)(pod - s->pods) && n->live && n->agent == agent;
  }
  return lives;
}

/* Of the first offer; NULL: it stands no more. */
static const struct local_agent *holds_agent(const struct sim *s, const K8smMesos__Call__Accept *accept) {
  const struct local_offer *offer =
      accept->n_offer_ids == 0
          ? NULL
          : k8smi_local_index_get(&s->local->offer_index, k8smi_s(accept->offer_ids[0]->value));
  return offer == NULL ? NULL : offer->agent;
}

static void holds_release(struct sim *s, const K8smMesos__Resource *resource,
                          const struct local_agent *agent) {
  const char *id = holds_persistence(resource), *name = id == NULL ? resource->name : id;
  const struct sim_pod *pod = sim_pod_of_uid(s, k8smi_s(holds_label(resource, "pod")));
  if (!holds_is_ours(s, resource) || (pod == NULL && holds_label(resource, "claim")[0] == '\0'))
    sim_broken(s, "what others reserve is left alone", "%s, which is of framework '%s'", name,
               holds_label(resource, "framework"));
  if (pod == NULL && id == NULL) return; /* disk of which no volume was made */
  if (pod == NULL)
    sim_broken(s, "a claimed volume stays", "%s is given back, and its claim is not deleted", name);
  else if (!pod->deleted && agent != NULL && !holds_is_replaced(s, agent) &&
           holds_runs_on(s, pod, agent->number))
    sim_broken(s, "what runs keeps what is reserved for it", "%s of %s, which runs on agent %zu", name,
               pod->key, agent->number);
}

static void holds_reserve(struct sim *s, const K8smMesos__Resource *resource) {
  bool named = holds_label(resource, "pod")[0] != '\0' || holds_label(resource, "claim")[0] != '\0';
  if (!named || !holds_is_ours(s, resource))
    sim_broken(s, "reservations name their owner", "%s is reserved without", resource->name);
}

static void holds_create(struct sim *s, const K8smMesos__Resource *volume, const struct local_agent *agent) {
  size_t claim = holds_claim(volume);
  size_t at = claim == SIM_CLAIMS ? SIZE_MAX : s->holds.volume_agent[claim];
  if (at != SIZE_MAX && !s->local->agents[at].gone && agent != NULL && !s->process.forgot)
    sim_broken(s, "each claimed volume is made once", "c%zu is to be made on agent %zu, and is on agent %zu",
               claim, agent->number, at);
}

void sim_holds_accept(struct sim *s, const K8smMesos__Call__Accept *accept) {
  const struct local_agent *agent = holds_agent(s, accept);
  for (size_t i = 0; i < accept->n_operations; i++) {
    const K8smMesos__Offer__Operation *o = accept->operations[i];
    if (s->tracing && o->launch == NULL && o->launch_group == NULL)
      sim_trace(s, "    %s", k8smi_enum_name(&k8sm_mesos__offer__operation__type__descriptor, (int)o->type));
    for (size_t k = 0; o->reserve != NULL && k < o->reserve->n_resources; k++)
      holds_reserve(s, o->reserve->resources[k]);
    for (size_t k = 0; o->create != NULL && k < o->create->n_volumes; k++)
      holds_create(s, o->create->volumes[k], agent);
    for (size_t k = 0; o->destroy != NULL && k < o->destroy->n_volumes; k++)
      holds_release(s, o->destroy->volumes[k], agent);
    for (size_t k = 0; o->unreserve != NULL && k < o->unreserve->n_resources; k++)
      holds_release(s, o->unreserve->resources[k], agent);
  }
}

/* ---- the end ---- */

static void holds_left_of(const struct sim *s, const struct local_agent *agent,
                          const struct local_amount *amount, char *words, size_t cap) {
  const char *uid = holds_label(amount->form, "pod");
  const struct sim_pod *pod = sim_pod_of_uid((struct sim *)(uintptr_t)s, k8smi_s(uid));
  if (holds_label(amount->form, "claim")[0] != '\0') return;
  if (pod == NULL || pod->gone || !holds_lives_on(s, pod, agent->number))
    snprintf(words, cap, "%s of agent %zu is reserved for %s, which does not run there", amount->form->name,
             agent->number, pod == NULL ? uid : pod->key);
}

void sim_holds_left(const struct sim *s, char *words, size_t cap) {
  for (size_t i = 0; i < s->local->options.agent_count; i++) {
    const struct local_agent *agent = &s->local->agents[i];
    for (size_t k = 0; agent->registered && k < agent->total.bag.count && words[0] == '\0'; k++) {
      const struct local_amount *amount = &agent->total.bag.amounts[k];
      if (holds_is_ours(s, amount->form)) holds_left_of(s, agent, amount, words, cap);
    }
  }
}
