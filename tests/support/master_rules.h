/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_MASTER_RULES_H
#define TESTS_SUPPORT_MASTER_RULES_H

/* What a master asks of an ACCEPT, from its documentation and from what real masters and agents refused. It
 * shares nothing with the library but the schema: protobuf-c unpacks the calls, and all else is here. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mesos.pb-c.h"

struct master; /* what it remembers of a framework */

struct master *master_new(const char *framework_id, const char *principal);
void master_free(struct master *master);
/* An offer that is out; it must live as long as the master. */
void master_offer(struct master *master, const K8smMesos__Offer *offer);
/* Takes an ACCEPT in protobuf: spends its offers, and remembers its tasks and executors. NULL when it breaks
 * no rule; else which one, in memory of the master's. A call that is refused changes nothing. */
const char *master_accept(struct master *master, const void *bytes, size_t len);

/* The i-th of the offers that are out; NULL behind the last. What a call left, and what its tasks had, as if
 * they had ended, is one of them: the master's own. */
const K8smMesos__Offer *master_out(const struct master *master, size_t i);

#endif
