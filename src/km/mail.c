/* SPDX-License-Identifier: Apache-2.0 */
/* The driver and the control tell each other what happens: one thing after the other, in the order in which
 * it came up. */
#include "runner.h"

#include <stdlib.h>
#include <string.h>

void km_mail_put(struct km_runner *r, const struct km_mail *from) {
  struct km_mail *m = km_alloc(NULL, sizeof *m + from->key.len + from->bytes.len + 2);
  *m = *from;
  m->next = NULL;
  k8sm_pod_ref(m->pod);
  m->key.ptr = m->text;
  m->bytes.ptr = m->text + from->key.len + 1;
  if (from->key.len > 0) memcpy(m->text, from->key.ptr, from->key.len);
  m->text[from->key.len] = '\0';
  if (from->bytes.len > 0) memcpy(m->text + from->key.len + 1, from->bytes.ptr, from->bytes.len);
  m->text[from->key.len + 1 + from->bytes.len] = '\0';
  if (r->mail == NULL) r->mail_end = &r->mail;
  *r->mail_end = m;
  r->mail_end = &m->next;
}

struct km_mail *km_mail_take(struct km_runner *r) {
  struct km_mail *m = r->mail;
  if (m != NULL) r->mail = m->next;
  return m;
}

void km_mail_free(struct km_mail *mail) {
  k8sm_pod_unref(mail->pod);
  free(mail);
}

void km_runner_drop_mail(struct km_runner *r) {
  for (struct km_mail *m; (m = km_mail_take(r)) != NULL;) km_mail_free(m);
}
