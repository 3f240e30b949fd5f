/* SPDX-License-Identifier: Apache-2.0 */
#include "io/http1.h"

/* The headers whose values are kept; the rest is only counted. */
static const struct {
  const char *name;
  int field;
} http1_headers[] = {
    {"content-type", K8SMI_HTTP1_CONTENT_TYPE},
    {"accept", K8SMI_HTTP1_ACCEPT},
    {"mesos-stream-id", K8SMI_HTTP1_STREAM_ID},
    {"location", K8SMI_HTTP1_LOCATION},
    {"expect", K8SMI_HTTP1_EXPECT},
};

static int http1_refuse(struct k8smi_http1 *h, uint32_t status, const char *error) {
  h->error = error;
  h->error_status = status;
  return HPE_USER;
}

static int http1_count(struct k8smi_http1 *h, size_t len) {
  h->head_bytes += len;
  if (h->head_bytes <= K8SMI_HTTP1_HEAD_MAX) return 0;
  return http1_refuse(h, 431, "a head of more than 65536 bytes");
}

static int http1_keep(struct k8smi_http1 *h, const char *at, size_t len) {
  if (len >= sizeof h->text - h->text_len) {
    return http1_refuse(h, h->current == K8SMI_HTTP1_TARGET ? 414 : 431, "a line of its head is too long");
  }
  memcpy(h->text + h->text_len, at, len);
  h->text_len += len;
  return 0;
}

/* The first value counts when a header comes twice. The blanks behind a value are not part of it. */
static void http1_keep_end(struct k8smi_http1 *h) {
  struct k8sm_slice *field = &h->field[h->current];
  while (h->text_len > h->field_at && (h->text[h->text_len - 1] == ' ' || h->text[h->text_len - 1] == '\t')) {
    h->text_len--;
  }
  if (field->ptr != NULL) {
    h->text_len = h->field_at;
  } else {
    *field = (struct k8sm_slice){h->text + h->field_at, h->text_len - h->field_at};
    h->text[h->text_len++] = '\0';
  }
  h->field_at = h->text_len;
  h->current = -1;
}

static int http1_on_begin(llhttp_t *parser) {
  struct k8smi_http1 *h = parser->data;
  h->begun = true;
  h->head_read = false;
  h->head_bytes = h->text_len = h->field_at = h->name_len = 0;
  h->current = -1;
  memset(h->field, 0, sizeof h->field);
  return 0;
}

static int http1_on_target(llhttp_t *parser, const char *at, size_t len) {
  struct k8smi_http1 *h = parser->data;
  h->current = K8SMI_HTTP1_TARGET;
  int r = http1_count(h, len);
  return r != 0 ? r : http1_keep(h, at, len);
}

static int http1_on_target_complete(llhttp_t *parser) {
  http1_keep_end(parser->data);
  return 0;
}

static int http1_on_reason(llhttp_t *parser, const char *at, size_t len) {
  (void)at;
  return http1_count(parser->data, len);
}

static int http1_on_name(llhttp_t *parser, const char *at, size_t len) {
  struct k8smi_http1 *h = parser->data;
  for (size_t i = 0; i < len && h->name_len < sizeof h->name; i++) {
    char c = at[i];
    h->name[h->name_len++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  }
  return http1_count(h, len);
}

/* Trailers, which come behind the body, are counted and passed over. */
static int http1_on_name_complete(llhttp_t *parser) {
  struct k8smi_http1 *h = parser->data;
  struct k8sm_slice name = {h->name, h->name_len};
  h->name_len = 0;
  for (size_t i = 0; i < sizeof http1_headers / sizeof http1_headers[0] && !h->head_read; i++) {
    if (k8smi_eqs(name, http1_headers[i].name)) h->current = http1_headers[i].field;
  }
  return http1_count(h, sizeof ": \r\n" - 1);
}

static int http1_on_value(llhttp_t *parser, const char *at, size_t len) {
  struct k8smi_http1 *h = parser->data;
  int r = http1_count(h, len);
  return r != 0 || h->current < 0 ? r : http1_keep(h, at, len);
}

static int http1_on_value_complete(llhttp_t *parser) {
  struct k8smi_http1 *h = parser->data;
  if (h->current >= 0) http1_keep_end(h);
  return 0;
}

static bool http1_informational(const llhttp_t *parser) {
  return parser->type == HTTP_RESPONSE && parser->status_code / 100 == 1;
}

static int http1_on_head(llhttp_t *parser) {
  struct k8smi_http1 *h = parser->data;
  if (parser->type == HTTP_RESPONSE && parser->status_code == 101) {
    (void)http1_refuse(h, 400, "it switches to a protocol that was not asked for");
    return -1;
  }
  parser->upgrade = 0; /* an offer to speak another protocol is not taken up */
  h->head_read = true;
  if (http1_informational(parser)) return 0;
  if (h->no_body) parser->flags |= F_SKIPBODY;
  h->event = K8SMI_HTTP1_HEAD;
  return HPE_PAUSED;
}

static int http1_on_body(llhttp_t *parser, const char *at, size_t len) {
  struct k8smi_http1 *h = parser->data;
  if (len == 0) return 0;
  h->body = (struct k8sm_slice){at, len};
  h->event = K8SMI_HTTP1_BODY;
  return HPE_PAUSED;
}

static int http1_on_done(llhttp_t *parser) {
  struct k8smi_http1 *h = parser->data;
  h->begun = false;
  if (http1_informational(parser)) return 0;
  h->keep_alive = llhttp_should_keep_alive(parser) != 0;
  h->event = K8SMI_HTTP1_DONE;
  return HPE_PAUSED;
}

static const llhttp_settings_t http1_settings = {
    .on_message_begin = http1_on_begin,
    .on_url = http1_on_target,
    .on_url_complete = http1_on_target_complete,
    .on_status = http1_on_reason,
    .on_header_field = http1_on_name,
    .on_header_field_complete = http1_on_name_complete,
    .on_header_value = http1_on_value,
    .on_header_value_complete = http1_on_value_complete,
    .on_headers_complete = http1_on_head,
    .on_body = http1_on_body,
    .on_message_complete = http1_on_done,
};

void k8smi_http1_init(struct k8smi_http1 *h, llhttp_type_t type) {
  memset(h, 0, offsetof(struct k8smi_http1, text));
  h->current = -1;
  llhttp_init(&h->parser, type, &http1_settings);
  h->parser.data = h;
}

static int http1_bad(struct k8smi_http1 *h) {
  if (h->error == NULL) {
    const char *reason = llhttp_get_error_reason(&h->parser);
    h->error = reason != NULL && reason[0] != '\0' ? reason : "it breaks off";
    h->error_status = 400;
  }
  return K8SMI_HTTP1_BAD;
}

/* Pausing in on_body is what llhttp's generated code does with any error that is not -1: it stores
 * where to go on before it returns. */
int k8smi_http1_next(struct k8smi_http1 *h, const char *bytes, size_t len, size_t *ret_used) {
  llhttp_errno_t r = llhttp_execute(&h->parser, bytes, len);
  *ret_used = len;
  if (r == HPE_OK) return K8SMI_HTTP1_MORE;
  if (r != HPE_PAUSED) return http1_bad(h);
  *ret_used = (size_t)(llhttp_get_error_pos(&h->parser) - bytes);
  llhttp_resume(&h->parser);
  return h->event;
}

int k8smi_http1_finish(struct k8smi_http1 *h) {
  if (!h->begun) return K8SMI_HTTP1_MORE;
  llhttp_errno_t r = llhttp_finish(&h->parser);
  return r == HPE_PAUSED ? h->event : http1_bad(h);
}

uint64_t k8smi_http1_length(const struct k8smi_http1 *h) {
  return (h->parser.flags & F_CONTENT_LENGTH) != 0 ? h->parser.content_length : 0;
}
