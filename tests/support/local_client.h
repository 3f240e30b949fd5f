/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_LOCAL_CLIENT_H
#define TESTS_SUPPORT_LOCAL_CLIENT_H

/* A framework at the embedded Mesos, for tests: it subscribes, keeps what comes, and writes down each
 * task's statuses as lines that can be read. Time is virtual: it moves in client_wait alone. */

#include "local/local.h"
#include "wire/mesos.h"
#include "wire/recordio.h"

enum { CLIENT_MAX_EVENTS = 4096, CLIENT_MAX_OFFERS = 64 };

struct client {
  struct k8smi_local *local;
  uint64_t now;        /* of the whole test: clients of one local share it through client_join */
  uint64_t *clock;     /* where now is kept */
  uint64_t *exchanges; /* the last number given out */
  uint64_t own_exchanges;
  uint32_t format; /* K8SM_FORMAT_* of both directions */
  uint64_t stream; /* the exchange of the subscription; 0: none */
  bool open;       /* the stream has begun and not ended */
  char stream_id[64];
  char framework_id[64];
  bool acknowledge; /* every status with a uuid, at once */
  struct k8smi_arena arena;
  struct k8smi_recordio recordio;
  K8smMesos__Event *events[CLIENT_MAX_EVENTS];
  size_t event_count, acknowledged;
  const K8smMesos__Offer *offers[CLIENT_MAX_OFFERS]; /* that stand */
  size_t offer_count;
  uint32_t status; /* of the last answer */
  char content_type[64];
  char location[64];
  char body[8192];
  struct client *peer; /* the next one at the same local, to whom other streams go */
};

/* Resources as in "cpus:4;mem:4096"; attributes may be NULL. */
struct k8smi_local *client_local(const char *resources, size_t agents);
void client_init(struct client *c, struct k8smi_local *local, uint32_t format);
/* A second framework at the local of the first. */
void client_join(struct client *c, struct client *first, uint32_t format);
void client_free(struct client *c);

/* A request, with the answer in status and body. */
void client_send(struct client *c, const char *method, const char *path, const char *content_type,
                 const char *accept, const char *stream_id, struct k8sm_slice body);
/* A call in JSON; %F stands for the framework id, %O for the first standing offer's id, %A for its agent. In
 * the client's format it goes out. Returns the status. */
uint32_t client_call(struct client *c, const char *json);
uint32_t client_call_message(struct client *c, const K8smMesos__Call *call);
/* The same under any stream id, or none (NULL). */
uint32_t client_call_as(struct client *c, const K8smMesos__Call *call, const char *stream_id);
/* Takes bytes of a stream as if they had come. */
void client_feed(struct client *c, struct k8sm_slice bytes);
/* `more` is put into the FrameworkInfo: ",\"roles\":[\"a\"]" or "". With the id from the second time on. */
uint32_t client_subscribe(struct client *c, const char *more);

/* Time goes on by so many milliseconds, from deadline to deadline. */
void client_wait(struct client *c, uint64_t ms);
/* Until there is an offer: true; at most ten seconds. */
bool client_await_offer(struct client *c);

/* Gives all standing offers back, so that what is free comes as one offer an agent. */
void client_gather(struct client *c);

/* How many events of a type have come, and the n-th of them (from 0; NULL: none). */
size_t client_count(const struct client *c, int type);
const K8smMesos__Event *client_event(const struct client *c, int type, size_t n);
/* The n-th status of a task. */
const K8smMesos__TaskStatus *client_status(const struct client *c, const char *task, size_t n);
/* All statuses of a task: "STARTING EXECUTOR\nFAILED EXECUTOR: Command exited with status 3\n"; a reason
 * in parentheses, "h" or "!h" for healthy and not. In a buffer of the caller's. */
const char *client_trace(const struct client *c, const char *task, char *text, size_t cap);

/* {"type":"LAUNCH_GROUP",…} with one task for each command; ids "id.0", "id.1", … */
const char *client_group(const char *executor, const char *id, const char *const *commands, size_t n,
                         char *text, size_t cap);
/* ACCEPTs the first standing offer with these operations. */
uint32_t client_accept(struct client *c, const char *operations, double refuse_seconds);
uint32_t client_kill(struct client *c, const char *task);

#endif
