/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "wire/recordio.h"

/* What waits to be sent. */

static const char *output_type(uint32_t format) {
  return format == K8SM_FORMAT_JSON ? "application/json" : "application/x-protobuf";
}

static void output_free(struct k8smi_local *local, struct local_output *output) {
  k8smi_buf_free(&output->body);
  k8smi_free(&local->allocator, output, sizeof(struct local_output));
}

static struct local_output *output_new(struct k8smi_local *local, uint32_t type, uint64_t exchange) {
  struct local_output *output = k8smi_zalloc(&local->allocator, sizeof(struct local_output));
  if (!k8smi_local_have(local, output)) return NULL;
  k8smi_buf_init(&output->body, &local->allocator);
  output->head.type = type;
  output->head.exchange = exchange;
  k8smi_list_init(&output->link);
  return output;
}

/* The body is whole: into the queue with it. A NUL follows every slice. */
static void output_put(struct k8smi_local *local, struct local_output *output) {
  size_t len = output->body.len;
  if (len > 0) k8smi_buf_putc(&output->body, '\0');
  if (output->body.failed) {
    k8smi_local_fail(local);
    output_free(local, output);
    return;
  }
  if (len > 0) output->head.body = (struct k8sm_slice){output->body.ptr, len};
  k8smi_list_add(&local->outputs, &output->link);
}

void k8smi_local_respond(struct k8smi_local *local, uint64_t exchange, uint32_t status, const char *text) {
  struct local_output *output = output_new(local, K8SMI_LOCAL_RESPONSE, exchange);
  if (output == NULL) return;
  output->head.status = status;
  if (text[0] != '\0') {
    output->head.content_type = K8SMI_S("text/plain; charset=utf-8");
    k8smi_buf_puts(&output->body, text);
  }
  output_put(local, output);
}

void k8smi_local_respond_json(struct k8smi_local *local, uint64_t exchange, struct k8sm_slice json) {
  struct local_output *output = output_new(local, K8SMI_LOCAL_RESPONSE, exchange);
  if (output == NULL) return;
  output->head.status = 200;
  output->head.content_type = K8SMI_S("application/json");
  k8smi_buf_slice(&output->body, json);
  output_put(local, output);
}

void k8smi_local_respond_message(struct k8smi_local *local, uint64_t exchange, uint32_t format,
                                 const ProtobufCMessage *message) {
  struct local_output *output = output_new(local, K8SMI_LOCAL_RESPONSE, exchange);
  if (output == NULL) return;
  output->head.status = 200;
  output->head.content_type = k8smi_s(output_type(format));
  k8smi_message_write(&output->body, format, message);
  output_put(local, output);
}

void k8smi_local_redirect(struct k8smi_local *local, uint64_t exchange, const char *location) {
  struct local_output *output = output_new(local, K8SMI_LOCAL_RESPONSE, exchange);
  if (output == NULL) return;
  output->head.status = 307;
  output->head.location = k8smi_s(location);
  output_put(local, output);
}

void k8smi_local_open_stream(struct k8smi_local *local, uint64_t exchange, uint32_t format,
                             const char *stream_id) {
  struct local_output *output = output_new(local, K8SMI_LOCAL_RESPONSE, exchange);
  if (output == NULL) return;
  memcpy(output->stream_id, stream_id, LOCAL_UUID_SIZE);
  output->head.status = 200;
  output->head.streaming = 1;
  output->head.content_type = k8smi_s(output_type(format));
  output->head.stream_id = k8smi_s(output->stream_id);
  output_put(local, output);
}

void k8smi_local_end_stream(struct k8smi_local *local, uint64_t exchange) {
  struct local_output *output = output_new(local, K8SMI_LOCAL_END, exchange);
  if (output != NULL) output_put(local, output);
}

void k8smi_local_chunk(struct k8smi_local *local, uint64_t exchange, uint32_t format,
                       const K8smMesos__Event *event) {
  struct local_output *output = output_new(local, K8SMI_LOCAL_CHUNK, exchange);
  struct k8smi_buf record;
  if (output == NULL) return;
  k8smi_buf_init(&record, &local->allocator);
  k8smi_message_write(&record, format, &event->base);
  k8smi_recordio_put(&output->body, (struct k8sm_slice){record.ptr, record.len});
  output->body.failed = output->body.failed || record.failed;
  k8smi_buf_free(&record);
  output_put(local, output);
}

void k8smi_local_event(struct local_framework *framework, const K8smMesos__Event *event) {
  if (framework->connected)
    k8smi_local_chunk(framework->local, framework->exchange, framework->format, event);
}

static void output_drop_taken(struct k8smi_local *local) {
  if (local->taken != NULL) output_free(local, local->taken);
  local->taken = NULL;
}

int k8smi_local_next(struct k8smi_local *local, struct k8smi_local_output *ret) {
  output_drop_taken(local);
  if (k8smi_list_empty(&local->outputs)) return K8SM_ERR_NOT_FOUND;
  local->taken = K8SMI_OF(local->outputs.next, local_output, link);
  k8smi_list_remove(&local->taken->link);
  *ret = local->taken->head;
  return K8SM_OK;
}

void k8smi_local_outputs_free(struct k8smi_local *local) {
  output_drop_taken(local);
  K8SMI_EACH(link, &local->outputs) {
    output_free(local, K8SMI_OF(link, local_output, link));
  }
  k8smi_list_init(&local->outputs);
}
