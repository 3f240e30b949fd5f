/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_VECTORS_RECORDING_H
#define TESTS_VECTORS_RECORDING_H

/* A recorded conversation with a real Mesos: the calls in the order in which they were sent, and what
 * came back on the streams. */

#include "support/local_client.h"

enum { RECORDING_MAX_CALLS = 128 };

struct recorded_call {
  char name[96]; /* "07-accept-main" */
  char stream_id[64];
  bool has_stream_id;
  K8smMesos__Call *call;
  uint32_t status;
  char answer[512]; /* its body */
};

struct recording {
  uint32_t format;
  struct recorded_call subscribe, resubscribe;
  bool has_resubscribe;
  char stream_id[64], resubscribed_id[64];
  struct recorded_call calls[RECORDING_MAX_CALLS];
  size_t call_count;
  struct client seen; /* the events, and memory for all of it */
};

/* False when there is no such directory. */
bool recording_load(struct recording *r, const char *directory);
void recording_free(struct recording *r);

#endif
