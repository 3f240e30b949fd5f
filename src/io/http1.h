/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_IO_HTTP1_H
#define K8SMI_IO_HTTP1_H

#include "base/buf.h"
#include "base/slice.h"

#include <k8smesos/driver.h>
#include <k8smesos/io.h>
#include <llhttp.h>

/* HTTP/1.1: llhttp as a reader that is pulled, one event at a time, and takes no memory; and the
 * writers of requests and responses. */

enum {
  K8SMI_HTTP1_HEAD_MAX = 64 * 1024, /* of a head, with what is not kept */
  K8SMI_HTTP1_TEXT_MAX = 8 * 1024   /* of what is kept of a head */
};

/* What is kept of a head. */
enum {
  K8SMI_HTTP1_TARGET, /* of a request */
  K8SMI_HTTP1_CONTENT_TYPE,
  K8SMI_HTTP1_ACCEPT,
  K8SMI_HTTP1_STREAM_ID,
  K8SMI_HTTP1_LOCATION,
  K8SMI_HTTP1_EXPECT,
  K8SMI_HTTP1_FIELDS
};

enum {
  K8SMI_HTTP1_MORE = 0, /* all bytes are used; more are needed */
  K8SMI_HTTP1_HEAD,     /* status, field and length_known are set */
  K8SMI_HTTP1_BODY,     /* body is set */
  K8SMI_HTTP1_DONE,     /* the message is complete; keep_alive is set */
  K8SMI_HTTP1_BAD       /* error and error_status are set; nothing else comes */
};

struct k8smi_http1 {
  llhttp_t parser;
  int event;      /* for which the parser was paused */
  int current;    /* the field whose value is read, or -1 */
  bool begun;     /* in the middle of a message */
  bool head_read; /* of this message */
  bool keep_alive;
  bool no_body; /* set by the caller: the answer to a HEAD */
  size_t head_bytes;
  size_t text_len;
  size_t field_at; /* where the current field's value begins in text */
  size_t name_len;
  struct k8sm_slice field[K8SMI_HTTP1_FIELDS]; /* ptr NULL: absent */
  struct k8sm_slice body;                      /* inside the bytes that were given */
  const char *error;                           /* static words */
  uint32_t error_status;                       /* with which a server answers it */
  char name[24];                               /* of the current header, in lower case */
  char text[K8SMI_HTTP1_TEXT_MAX];
};

/* For responses (HTTP_RESPONSE) or requests (HTTP_REQUEST). */
void k8smi_http1_init(struct k8smi_http1 *h, llhttp_type_t type);
/* Reads up to the next event. To be called, with what is left, until it says MORE or BAD: an event may
 * come without any further byte. Informational responses are passed over. */
int k8smi_http1_next(struct k8smi_http1 *h, const char *bytes, size_t len, size_t *ret_used);
/* The peer closed: DONE if that ends the message, MORE if none was begun, BAD otherwise. */
int k8smi_http1_finish(struct k8smi_http1 *h);
/* Of a message whose head was read: its Content-Length, or 0. */
uint64_t k8smi_http1_length(const struct k8smi_http1 *h);

/* True when the texts of a request can be sent: no character that would end a line, no empty method or
 * path. Otherwise *ret_what names the wrong one. */
bool k8smi_http1_request_valid(const struct k8sm_effect *request, const char **ret_what);
void k8smi_http1_write_request(struct k8smi_buf *out, const struct k8sm_effect *request,
                               const char *user_agent);

/* How the body of a response goes out. */
enum { K8SMI_HTTP1_SIZED, K8SMI_HTTP1_CHUNKED, K8SMI_HTTP1_UNTIL_CLOSE };
/* The head; the body as well when it is SIZED, but not in the answer to a HEAD. */
void k8smi_http1_write_response(struct k8smi_buf *out, const struct k8sm_response *response, int framing,
                                bool keep_alive, bool no_body);
/* A piece of a CHUNKED body. */
void k8smi_http1_write_chunk(struct k8smi_buf *out, const void *bytes, size_t len);

#endif
