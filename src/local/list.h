/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_LOCAL_LIST_H
#define K8SMI_LOCAL_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Circular lists whose links are in the elements: what is in a list can leave it without a search. */
struct local_link {
  struct local_link *prev, *next;
};

static inline void local_list_init(struct local_link *head) {
  head->prev = head->next = head;
}
static inline bool local_list_empty(const struct local_link *head) {
  return head->next == head;
}
static inline void local_list_add(struct local_link *head, struct local_link *link) {
  link->prev = head->prev;
  link->next = head;
  head->prev->next = link;
  head->prev = link;
}
/* Leaves the link as a list of its own, so that removing it again does no harm. */
static inline void local_list_remove(struct local_link *link) {
  link->prev->next = link->next;
  link->next->prev = link->prev;
  local_list_init(link);
}

#define LOCAL_OF(link, type, member) ((struct type *)(void *)((char *)(link)-offsetof(struct type, member)))

/* The body may remove the element it is at, and no other. */
#define LOCAL_EACH(link, head)                                                                               \
  for (struct local_link *link = (head)->next, *link##_next = link->next; link != (head);                    \
       link = link##_next, link##_next = link->next)

#endif
