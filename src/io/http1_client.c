/* SPDX-License-Identifier: Apache-2.0 */
#include "io/http1.h"

/* A character that ends a line or a word would let one text become several headers. */
static bool http1_text_valid(struct k8sm_slice s, unsigned char lowest) {
  for (size_t i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.ptr[i];
    if (c < lowest || c == 0x7f) return false;
  }
  return true;
}

bool k8smi_http1_request_valid(const struct k8sm_effect *request, const char **ret_what) {
  const struct {
    const char *what;
    struct k8sm_slice text;
    bool word; /* not empty, and without spaces */
  } texts[] = {
      {"method", request->method, true},         {"path", request->path, true},
      {"authority", request->authority, true},   {"content type", request->content_type, false},
      {"accepted type", request->accept, false}, {"stream id", request->stream_id, false},
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    *ret_what = texts[i].what;
    if (texts[i].word && texts[i].text.len == 0) return false;
    if (!http1_text_valid(texts[i].text, texts[i].word ? '!' : ' ')) return false;
  }
  return true;
}

static void http1_request_header(struct k8smi_buf *out, const char *name, struct k8sm_slice value) {
  if (value.len == 0) return;
  k8smi_buf_puts(out, name);
  k8smi_buf_slice(out, value);
  k8smi_buf_puts(out, "\r\n");
}

void k8smi_http1_write_request(struct k8smi_buf *out, const struct k8sm_effect *request,
                               const char *user_agent) {
  bool get = k8smi_eqs(request->method, "GET") || k8smi_eqs(request->method, "HEAD");
  k8smi_buf_slice(out, request->method);
  k8smi_buf_putc(out, ' ');
  k8smi_buf_slice(out, request->path);
  k8smi_buf_puts(out, " HTTP/1.1\r\n");
  http1_request_header(out, "Host: ", request->authority);
  http1_request_header(out, "User-Agent: ", k8smi_s(user_agent));
  http1_request_header(out, "Content-Type: ", request->content_type);
  http1_request_header(out, "Accept: ", request->accept);
  http1_request_header(out, "Mesos-Stream-Id: ", request->stream_id);
  if (!get || request->bytes.len != 0) {
    k8smi_buf_puts(out, "Content-Length: ");
    k8smi_buf_u64(out, request->bytes.len);
    k8smi_buf_puts(out, "\r\n");
  }
  k8smi_buf_puts(out, "\r\n");
  k8smi_buf_slice(out, request->bytes);
}
