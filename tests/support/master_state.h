/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_MASTER_STATE_H
#define TESTS_SUPPORT_MASTER_STATE_H

/* What a master remembers: offers that are out, tasks and executors, and what is left of the offers of a
 * call. */

#include "support/master_rules.h"

struct master_offer {
  const K8smMesos__Offer *offer;
  bool used;
};

/* Something that one can have an amount of: all that tells a resource from others, as protobuf. Each port is
 * one. */
struct master_amount {
  uint8_t key[1024];
  size_t len;
  uint64_t number; /* of a range, plus 1; 0: a scalar */
  int64_t milli;   /* that are left */
  int64_t lent;    /* that tasks have */
};

struct master_executor {
  char id[256], agent[256];
  uint8_t *bytes;
  size_t len;
  bool has_tasks, shares_cgroups;
};

struct master {
  char framework_id[256], principal[256];
  struct master_offer *offers;
  K8smMesos__Offer **rests;
  const K8smMesos__Offer *last; /* of those that the call names */
  char (*tasks)[256];
  char (*operations)[256]; /* ids */
  struct master_executor *executors;
  struct master_amount *left;
  size_t offer_count, rest_count, task_count, executor_count, left_count;
  size_t operation_count;
  size_t tasks_before, executors_before, operations_before; /* this call */
};

/* A double as thousandths; -1: it is no number of them, or not the double nearest to it. */
int64_t master_milli(double value);

/* A call begins, with nothing left of offers; and ends. */
void master_begin(struct master *m);
void master_end(struct master *m, bool good);

/* Each says what rule is broken, or NULL. An offer: *agent and *role are those of the call, NULL before the
 * first. */
const char *master_take_offer(struct master *m, const char *id, const char **agent, const char **role);
/* One thing in place of another. */
const char *master_exchange(struct master *m, const K8smMesos__Resource *before,
                            const K8smMesos__Resource *after);
/* Whether a volume of this id is in the offers of the call. */
bool master_has_volume(const struct master *m, const char *id);
/* False: it is the id of another one. */
bool master_name_operation(struct master *m, const char *id);
const char *master_launch_executor(struct master *m, const K8smMesos__ExecutorInfo *executor,
                                   const char *agent);
const char *master_launch_task(struct master *m, const char *executor_id, const K8smMesos__TaskInfo *task,
                               bool shares_cgroups);
const char *master_launch_alone(struct master *m, const K8smMesos__TaskInfo *task);
/* The rules for parts of a call. */
bool master_is_id(const char *id);
const char *master_rule_resources(K8smMesos__Resource *const *resources, size_t n, const char *role);
const char *master_rule_group(struct master *m, const K8smMesos__Offer__Operation__LaunchGroup *group,
                              const char *agent, const char *role);

const char *master_rule_launch(struct master *m, const K8smMesos__Offer__Operation__Launch *launch,
                               const char *agent, const char *role);

bool master_knows_task(const struct master *m, const char *id);

#endif
