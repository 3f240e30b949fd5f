/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_BASE_LIST_H
#define K8SMI_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Circular lists whose links are in the elements: what is in a list can leave it without a search. */
struct k8smi_link {
  struct k8smi_link *prev, *next;
};

static inline void k8smi_list_init(struct k8smi_link *head) {
  head->prev = head->next = head;
}
static inline bool k8smi_list_empty(const struct k8smi_link *head) {
  return head->next == head;
}
static inline void k8smi_list_add(struct k8smi_link *head, struct k8smi_link *link) {
  link->prev = head->prev;
  link->next = head;
  head->prev->next = link;
  head->prev = link;
}
/* Leaves the link as a list of its own, so that removing it again does no harm. */
static inline void k8smi_list_remove(struct k8smi_link *link) {
  link->prev->next = link->next;
  link->next->prev = link->prev;
  k8smi_list_init(link);
}

#define K8SMI_OF(link, type, member) ((struct type *)(void *)((char *)(link)-offsetof(struct type, member)))

/* The body may remove the element it is at, and no other. */
#define K8SMI_EACH(link, head)                                                                               \
  for (struct k8smi_link *link = (head)->next, *link##_next = link->next; link != (head);                    \
       link = link##_next, link##_next = link->next)

#endif
