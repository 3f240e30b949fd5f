/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_LOCAL_LOCAL_H
#define K8SMI_LOCAL_LOCAL_H

/* The embedded Mesos: a master and its agents in memory, as a state machine on HTTP exchanges. It
 * simulates containers; it runs nothing. Time is handed in, so tests run it in virtual time. What a
 * real master and agent were seen to do is its specification; it is not kinder than they are. Which
 * commands mean something to it is said in command.h; a process of any other runs until it is killed.
 * Mutable: one thread at a time. Everything it says is deterministic, from its inputs and seed. */

#include <k8smesos/diag.h>

struct k8smi_local;

struct k8smi_local_agent {
  const char *hostname;   /* NULL: "agentN.local" */
  const char *resources;  /* Mesos' text form: "cpus:4;mem:4096;disk:10000;ports:[31000-32000]" */
  const char *attributes; /* "rack:r1;zone:a"; NULL: none */
  uint32_t no_images;     /* 1: no image provider: an image is refused as a real agent does */
  uint32_t no_cgroups;    /* 1: no cgroup isolators: limits are refused as a real agent does */
  uint32_t absent;        /* 1: not there yet: it joins when it is restored */
};

struct k8smi_local_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  const struct k8smi_local_agent *agents;
  size_t agent_count;
  uint64_t allocation_interval_ms; /* 0: 1,000 */
  uint64_t heartbeat_ms;           /* 0: 15,000 */
  uint64_t ack_retry_ms;           /* 0: 10,000; doubles up to 10 minutes */
  uint64_t seed;
  /* The networks that containers can join, "plain=10.77.0.0/24;other=10.78.0.0/16": each has so many
   * addresses for them. NULL: one of every name, and the addresses are of 127.64.0.0/10. Docker has networks
   * of its own. */
  const char *networks;
};

int k8smi_local_new(const struct k8smi_local_options *options, struct k8smi_local **ret,
                    struct k8sm_diags *diags);
void k8smi_local_free(struct k8smi_local *local);

struct k8smi_local_request {
  uint64_t exchange; /* the caller's number, never used twice */
  struct k8sm_slice method, path, content_type, accept, body;
  struct k8sm_slice stream_id; /* ptr NULL: absent */
};
/* A whole request came in. Errors: NOMEM, here and below: what was under way is lost, and from then on the
 * only call that does anything is k8smi_local_free. */
int k8smi_local_request(struct k8smi_local *local, const struct k8smi_local_request *request,
                        uint64_t mono_ms, int64_t wall_ms);
/* The client of an exchange is gone. */
void k8smi_local_gone(struct k8smi_local *local, uint64_t exchange, uint64_t mono_ms);
/* Time went on: allocation, heartbeats, containers that end, retries. Errors: NOMEM. */
int k8smi_local_advance(struct k8smi_local *local, uint64_t mono_ms, int64_t wall_ms);
uint64_t k8smi_local_deadline(const struct k8smi_local *local);

enum {
  K8SMI_LOCAL_RESPONSE = 1, /* head; and the whole body if not streaming */
  K8SMI_LOCAL_CHUNK = 2,    /* more of a streaming body */
  K8SMI_LOCAL_END = 3       /* of a streaming body */
};
struct k8smi_local_output {
  uint32_t type; /* K8SMI_LOCAL_* */
  uint32_t status;
  uint32_t streaming;
  uint64_t exchange;
  struct k8sm_slice content_type, stream_id, location, body;
};
/* The next thing to send, in order: K8SM_OK, or K8SM_ERR_NOT_FOUND. Slices live until the next call. */
int k8smi_local_next(struct k8smi_local *local, struct k8smi_local_output *ret);

/* What tests and the simulation do to it. */
void k8smi_local_kill_agent(struct k8smi_local *local, size_t agent);    /* unreachable until restored */
void k8smi_local_restore_agent(struct k8smi_local *local, size_t agent); /* its tasks are still there */
void k8smi_local_kill_executor(struct k8smi_local *local, const char *executor_id);
void k8smi_local_fail_over(
    struct k8smi_local *local); /* a new master with an empty registry: all streams end */
/* A new master that knows from its registry which agents there are: it has no answer about their tasks before
 * they are back, or before their time is over. */
void k8smi_local_recover_master(struct k8smi_local *local);

/* Nothing passes between the agent and the master any more. The master learns of it after a while; until then
 * it makes offers, and what it sends is lost. Until restored. */
void k8smi_local_cut_agent(struct k8smi_local *local, size_t agent);
/* Its process dies, and is there again a moment later: what runs goes on, but for executors with a launch in
 * flight. */
void k8smi_local_restart_agent(struct k8smi_local *local, size_t agent);
/* The machine starts anew, and its agent under another id (see `absent`): nothing of the old one comes back.
 */
void k8smi_local_wipe_agent(struct k8smi_local *local, size_t agent);
/* An operator gives it up for good (MARK_AGENT_GONE). */
void k8smi_local_give_up_agent(struct k8smi_local *local, size_t agent);
/* An operator drains it (DRAIN_AGENT), and later takes that back (REACTIVATE_AGENT). */
void k8smi_local_drain_agent(struct k8smi_local *local, size_t agent);
void k8smi_local_reactivate_agent(struct k8smi_local *local, size_t agent);
/* All offers that are out are taken back. */
void k8smi_local_rescind_offers(struct k8smi_local *local);

/* Messages between the master and its agents, which may get lost; an agent sends its updates again. */
enum {
  K8SMI_LOCAL_KILLS = 0,
  K8SMI_LOCAL_ACKNOWLEDGEMENTS = 1,
  K8SMI_LOCAL_UPDATES = 2,
  K8SMI_LOCAL_OPERATION_ACKNOWLEDGEMENTS = 3,
  K8SMI_LOCAL_OPERATION_UPDATES = 4,
  K8SMI_LOCAL_MESSAGES = 5
};
/* The next `count` of that kind are lost. */
void k8smi_local_lose(struct k8smi_local *local, uint32_t kind, uint32_t count);
/* The next `count` operations on resources are refused, as if the framework were not allowed to. */
void k8smi_local_refuse_operations(struct k8smi_local *local, uint32_t count);

#endif
