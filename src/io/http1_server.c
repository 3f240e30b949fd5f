/* SPDX-License-Identifier: Apache-2.0 */
#include "io/http1.h"

static const struct {
  uint32_t status;
  const char *reason;
} http1_reasons[] = {
    {100, "Continue"},
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

static void http1_status_line(struct k8smi_buf *out, uint32_t status) {
  k8smi_buf_puts(out, "HTTP/1.1 ");
  k8smi_buf_u64(out, status);
  k8smi_buf_putc(out, ' ');
  for (size_t i = 0; i < sizeof http1_reasons / sizeof http1_reasons[0]; i++) {
    if (http1_reasons[i].status == status) k8smi_buf_puts(out, http1_reasons[i].reason);
  }
  k8smi_buf_puts(out, "\r\n");
}

static void http1_response_header(struct k8smi_buf *out, const char *name, struct k8sm_slice value) {
  if (value.len == 0) return;
  k8smi_buf_puts(out, name);
  k8smi_buf_slice(out, value);
  k8smi_buf_puts(out, "\r\n");
}

void k8smi_http1_write_response(struct k8smi_buf *out, const struct k8sm_response *response, int framing,
                                bool keep_alive, bool no_body) {
  bool bodiless = response->status == 204 || response->status == 304;
  http1_status_line(out, response->status);
  http1_response_header(out, "Content-Type: ", response->content_type);
  http1_response_header(out, "Mesos-Stream-Id: ", response->stream_id);
  http1_response_header(out, "Location: ", response->location);
  if (framing == K8SMI_HTTP1_CHUNKED) k8smi_buf_puts(out, "Transfer-Encoding: chunked\r\n");
  if (framing == K8SMI_HTTP1_SIZED && !bodiless) {
    k8smi_buf_puts(out, "Content-Length: ");
    k8smi_buf_u64(out, response->body.len);
    k8smi_buf_puts(out, "\r\n");
  }
  k8smi_buf_puts(out, keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
  if (framing == K8SMI_HTTP1_SIZED && !bodiless && !no_body) k8smi_buf_slice(out, response->body);
}

void k8smi_http1_write_chunk(struct k8smi_buf *out, const void *bytes, size_t len) {
  char digits[16];
  size_t i = sizeof digits, n = len;
  do {
    digits[--i] = "0123456789abcdef"[n % 16];
    n /= 16;
  } while (n != 0);
  k8smi_buf_put(out, digits + i, sizeof digits - i);
  k8smi_buf_puts(out, "\r\n");
  k8smi_buf_put(out, bytes, len);
  k8smi_buf_puts(out, "\r\n");
}
