/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded Mesos behind a loopback socket: requests in, what it says out. */
#include "host.h"
#include "local/local.h"

#include <stdlib.h>
#include <string.h>

struct km_embedded {
  struct k8sm_server *server;
  struct k8smi_local *local;
};

#define DEFAULT_RESOURCES "cpus:4;mem:4096;disk:10000;ports:[31000-32000]"

/* Different from start to start, so that ids of different runs are. */
static uint64_t fresh_seed(void) {
  return (uint64_t)km_wall_ms() * UINT64_C(0x9e3779b97f4a7c15);
}

struct km_embedded *km_embedded_new(uint16_t port, size_t agents, const char *resources,
                                    const char *attributes, const char *networks) {
  static struct km_report report;
  struct km_embedded *e = km_alloc(NULL, sizeof *e);
  struct k8smi_local_agent *rows = km_alloc(NULL, agents * sizeof *rows);
  for (size_t i = 0; i < agents; i++) {
    rows[i] = (struct k8smi_local_agent){.resources = resources == NULL ? DEFAULT_RESOURCES : resources,
                                         .attributes = attributes};
  }
  struct k8smi_local_options options = {.size = sizeof options,
                                        .agents = rows,
                                        .agent_count = agents,
                                        .seed = fresh_seed(),
                                        .networks = networks};
  struct k8sm_server_options listen_on = {.size = sizeof listen_on, .port = port};
  *e = (struct km_embedded){NULL, NULL};
  km_report_begin(&report);
  int result = k8smi_local_new(&options, &e->local, &report.diags);
  if (result == K8SM_OK) result = k8sm_server_new(&listen_on, &e->server, &report.diags);
  if (result != K8SM_OK && report.diags.count == 0) km_report_result("the embedded Mesos", result);
  km_report_end(&report, NULL, -1);
  free(rows);
  if (result == K8SM_OK) return e;
  km_embedded_free(e);
  return NULL;
}

void km_embedded_free(struct km_embedded *e) {
  if (e == NULL) return;
  k8sm_server_free(e->server);
  k8smi_local_free(e->local);
  free(e);
}

uint16_t km_embedded_port(const struct km_embedded *e) {
  return k8sm_server_port(e->server);
}

size_t km_embedded_pollfds(const struct km_embedded *e, struct k8sm_pollfd *fds, size_t n) {
  return k8sm_server_pollfds(e->server, fds, n);
}

uint64_t km_embedded_deadline(const struct km_embedded *e) {
  return k8smi_local_deadline(e->local);
}

static int take_requests(struct km_embedded *e) {
  struct k8sm_server_event event = {.size = sizeof event};
  while (k8sm_server_next(e->server, &event) == K8SM_OK) {
    if (event.type == K8SM_SERVER_GONE) {
      k8smi_local_gone(e->local, event.exchange, km_mono_ms());
      continue;
    }
    struct k8smi_local_request request = {event.exchange, event.method, event.path,     event.content_type,
                                          event.accept,   event.body,   event.stream_id};
    int result = k8smi_local_request(e->local, &request, km_mono_ms(), km_wall_ms());
    if (result != K8SM_OK) return result;
  }
  return K8SM_OK;
}

static int send_output(struct km_embedded *e, const struct k8smi_local_output *out) {
  if (out->type == K8SMI_LOCAL_CHUNK) {
    return k8sm_server_write(e->server, out->exchange, out->body.ptr, out->body.len);
  }
  if (out->type == K8SMI_LOCAL_END) {
    k8sm_server_end(e->server, out->exchange);
    return K8SM_OK;
  }
  struct k8sm_response response = {.size = sizeof response,
                                   .status = out->status,
                                   .streaming = out->streaming,
                                   .content_type = out->content_type,
                                   .stream_id = out->stream_id,
                                   .location = out->location,
                                   .body = out->body};
  return k8sm_server_respond(e->server, out->exchange, &response);
}

bool km_embedded_process(struct km_embedded *e, const struct k8sm_pollfd *fds, size_t n) {
  struct k8smi_local_output out;
  bool said = false;
  int result = k8sm_server_process(e->server, fds, n, km_mono_ms());
  if (result == K8SM_OK) result = take_requests(e);
  if (result == K8SM_OK) result = k8smi_local_advance(e->local, km_mono_ms(), km_wall_ms());
  while (result == K8SM_OK && k8smi_local_next(e->local, &out) == K8SM_OK) {
    result = send_output(e, &out);
    said = true;
  }
  if (result == K8SM_OK && said) result = k8sm_server_process(e->server, NULL, 0, km_mono_ms());
  if (result != K8SM_OK) km_report_result("the embedded Mesos", result);
  return result == K8SM_OK;
}
