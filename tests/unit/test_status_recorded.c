/* SPDX-License-Identifier: Apache-2.0 */
/* Updates of a real master and its agents, as if they were of pods of ours: their task ids are rewritten.
 * The recordings lie beside the source tree, or nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/life.h"

static const char *recorded_root;

struct recorded_name {
  const char *recorded;
  const char *container; /* "" is the pause task */
  uint32_t restart;
};

struct recorded_story {
  const char *folder;
  const char *spec;
  struct recorded_name names[4];
  const char *lines; /* what is shown, one line for each difference */
};

#define TWO(policy) "{'restartPolicy':'" policy "','containers':[{'name':'a'},{'name':'b'}]}"
#define PENDING2    "Pending(ContainerCreating) a=W(ContainerCreating) b=W(ContainerCreating) |"

static const struct recorded_story stories[] = {
    {"lifecycle/restart-one-container",
     TWO("Always"),
     {{"h.0", "", 0}, {"c1.0", "a", 0}, {"c2.0", "b", 0}, {"c1.1", "a", 1}},
     PENDING2 "\n"
              "Pending(ContainerCreating) a=R+ b=W(ContainerCreating) |\n"
              "Running(Running) a=R+ b=R+ |\n"
              "Running(ContainerCreating) a=W(ContainerCreating) b=R+ | launch:a.1\n"
              "Running(ContainerCreating) a=W(ContainerCreating) b=R+ |\n"
              "Running(Running) a=R+*1 b=R+ |\n"
              "Running(Running) a=R+*1 b=R+ | launch:pause.1\n"
              "Running(ContainerCreating) a=R+*1 b=W(ContainerCreating) | launch:pause.1 launch:b.1\n"
              "Running(CrashLoopBackOff) a=W(CrashLoopBackOff)*1 b=W(ContainerCreating) | attempt+10000\n"},
    {"stages",
     "{'restartPolicy':'Never','initContainers':[{'name':'i'}],'containers':[{'name':'m'},{'name':'o'}]}",
     {{"uid-s.0.holder", "", 0},
      {"uid-s.0.init", "i", 0},
      {"uid-s.1.main", "m", 0},
      {"uid-s.1.other", "o", 0}},
     "Pending(Init:0/1) i=W(PodInitializing) m=W(PodInitializing) o=W(PodInitializing) |\n"
     "Pending(Init:0/1) i=R m=W(PodInitializing) o=W(PodInitializing) |\n"
     "Pending(ContainerCreating) i=T(0 Completed) m=W(ContainerCreating) o=W(ContainerCreating) | launch:m.0 "
     "launch:o.0\n"
     "Pending(ContainerCreating) i=T(0 Completed) m=W(ContainerCreating) o=W(ContainerCreating) | "
     "launch:o.0\n"
     "Pending(ContainerCreating) i=T(0 Completed) m=W(ContainerCreating) o=W(ContainerCreating) |\n"
     "Pending(ContainerCreating) i=T(0 Completed) m=R+ o=W(ContainerCreating) |\n"
     "Running(Running) i=T(0 Completed) m=R+ o=R+ |\n"
     "Running(Error) i=T(0 Completed) m=T(7 Error) o=R+ |\n"
     "Failed(Error) i=T(0 Completed) m=T(7 Error) o=T(143 Error) | kill:pause/0\n"
     "Failed(Error) i=T(0 Completed) m=T(7 Error) o=T(143 Error) | kill:pause/0+10000\n"
     "Failed(Error) i=T(0 Completed) m=T(7 Error) o=T(143 Error) | done\n"},
    /* Out of memory in cgroups that are shared: the executor dies, and the pod starts anew. */
    {"lifecycle/oom-shared-cgroups",
     TWO("OnFailure"),
     {{"hA", "", 0}, {"hogA", "a", 0}, {"nA", "b", 0}, {NULL, NULL, 0}},
     PENDING2 "\n"
              "Pending(ContainerCreating) a=R+ b=W(ContainerCreating) |\n"
              "Running(Running) a=R+ b=R+ |\n"
              "Running(Running) a=R+ b=R+ | launch:pause.1\n"
              "Running(ContainerCreating) a=W(ContainerCreating) b=R+ | launch:pause.1 launch:a.1\n"
              "Running(ContainerCreating) a=W(ContainerCreating) b=W(ContainerCreating) | attempt\n"},
    {"lifecycle/oom-shared-cgroups",
     TWO("Never"),
     {{"hB", "", 0}, {"hogB", "a", 0}, {"nB", "b", 0}, {NULL, NULL, 0}},
     PENDING2 "\n"
              "Pending(ContainerCreating) a=W(ContainerCreating) b=R+ |\n"
              "Running(Running) a=R+ b=R+ |\n"
              "Running(OOMKilled) a=T(137 OOMKilled) b=R+ |\n"},
    {"agent-lost",
     "{'containers':[{'name':'c'}]}",
     {{"uid-p.0.main", "c", 0}, {NULL, NULL, 0}},
     "Pending(ContainerCreating) c=W(ContainerCreating) |\n"
     "Pending(ContainerCreating) c=W(ContainerCreating) | launch:pause.0\n"
     "Running(Running) c=R+ | launch:pause.0\n"
     "Running(ContainerCreating) c=W(ContainerCreating) | attempt\n"},
    {"images",
     "{'containers':[{'name':'c'}]}",
     {{"uid-r.0.main", "c", 0}, {NULL, NULL, 0}},
     "Pending(ContainerCreating) c=W(ContainerCreating) |\n"
     "Pending(ContainerCreating) c=W(ContainerCreating) | launch:pause.0\n"
     "Pending(ErrImagePull) c=W(ErrImagePull) | attempt+10000\n"},
    {"lifecycle/lagging-reconcile",
     "{'containers':[{'name':'c'}]}",
     {{"q", "c", 0}, {NULL, NULL, 0}},
     "Pending(ContainerCreating) c=W(ContainerCreating) |\n"
     "Pending(ContainerCreating) c=W(ContainerCreating) | launch:pause.0\n"
     "Running(Running) c=R+ | launch:pause.0\n"
     "Running(ContainerCreating) c=W(ContainerCreating) | attempt\n"},
};

/* The body of a chunked response: chunk sizes and line ends removed. */
static struct k8smi_buf recorded_stream(const char *path) {
  struct k8smi_buf raw, body;
  assert_true(k8smi_buf_init(&raw, NULL) && k8smi_buf_init(&body, NULL));
  FILE *f = fopen(path, "rb");
  for (int c; f != NULL && (c = fgetc(f)) != EOF;) k8smi_buf_putc(&raw, (char)c);
  if (f != NULL) fclose(f);
  k8smi_buf_putc(&raw, '\0');
  const char *head = strstr(raw.ptr, "\r\n\r\n");
  const char *at = head == NULL ? raw.ptr + raw.len - 1 : head + 4;
  while (*at != '\0') {
    char *end;
    unsigned long n = strtoul(at, &end, 16);
    if (n == 0 || (size_t)(raw.ptr + raw.len - end) < n + 5) break;
    k8smi_buf_put(&body, end + 2, n);
    at = end + 2 + n + 2;
  }
  k8smi_buf_free(&raw);
  return body;
}

/* Gives the update the id that the task has in our pod. */
static void recorded_rename(const struct life *l, const struct recorded_story *story,
                            K8smMesos__TaskStatus *u, char *id, size_t cap) {
  for (size_t i = 0; i < 4 && story->names[i].recorded != NULL; i++) {
    if (strcmp(u->task_id->value, story->names[i].recorded) != 0) continue;
    life_id(l, story->names[i].container, story->names[i].restart, id, cap);
    u->task_id->value = id;
    return;
  }
}

static void recorded_take(struct life *l, const struct recorded_story *story, struct k8sm_slice bytes,
                          uint32_t format) {
  struct k8smi_arena arena;
  struct k8smi_buf buf;
  ProtobufCMessage *message = NULL;
  char id[256];
  assert_true(k8smi_arena_init(&arena, NULL, 0) && k8smi_buf_init(&buf, NULL));
  assert_int_equal(k8smi_message_read(&arena, format, &k8sm_mesos__event__descriptor, bytes.ptr, bytes.len,
                                      &message, NULL),
                   K8SM_OK);
  K8smMesos__Event *event = (K8smMesos__Event *)message;
  if (event->update != NULL) {
    recorded_rename(l, story, event->update->status, id, sizeof id);
    k8smi_message_write(&buf, format, message);
    struct k8sm_change change = {.type = K8SM_CHANGE_UPDATE, .format = format, .text = {buf.ptr, buf.len}};
    assert_int_equal(life_apply(l, &change, 1), K8SM_OK);
  }
  k8smi_buf_free(&buf);
  k8smi_arena_free(&arena);
}

/* The first ACCEPT: what the story names of the first stage. */
static void recorded_place(struct life *l, const struct recorded_story *story) {
  life_change(l, K8SM_CHANGE_PLACED, "agent1.example", 0);
  for (size_t i = 0; i < 4 && story->names[i].recorded != NULL; i++) {
    for (size_t j = 0; j < l->demand->task_count; j++) {
      bool first = story->names[i].restart == 0 && l->demand->tasks[j].launch;
      if (first && k8smi_eqs(l->demand->tasks[j].container, story->names[i].container)) {
        life_launch(l, story->names[i].container, 0);
      }
    }
  }
}

/* Every update of the stream, and what was seen of the pod. */
static void recorded_tell(const struct recorded_story *story, const char *suffix, char *seen, size_t cap) {
  char path[4096], last[1024] = "";
  struct life l;
  size_t offset = 0;
  struct k8sm_slice record;
  uint32_t format;
  snprintf(path, sizeof path, "%s/../shared/vectors/mesos/%s%s/stream.response", recorded_root, story->folder,
           suffix);
  struct k8smi_buf body = recorded_stream(path);
  assert_true(body.len > 0);
  life_begin(&l, story->spec);
  recorded_place(&l, story);
  seen[0] = '\0';
  while (k8sm_message_next(body.ptr, body.len, &offset, &record, &format, NULL) == K8SM_OK) {
    recorded_take(&l, story, record, format);
    const char *line = life_look(&l);
    if (strcmp(line, last) == 0) continue;
    snprintf(last, sizeof last, "%s", line);
    snprintf(seen + strlen(seen), cap - strlen(seen), "%s\n", line);
  }
  life_end(&l);
  k8smi_buf_free(&body);
}

static void recorded_updates_tell_their_stories(void **state) {
  (void)state;
  static char seen[16384];
  for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
    bool twice = strncmp(stories[i].folder, "lifecycle/", 10) != 0;
    recorded_tell(&stories[i], twice ? "-json" : "", seen, sizeof seen);
    assert_string_equal(seen, stories[i].lines);
    if (!twice) continue;
    recorded_tell(&stories[i], "-protobuf", seen, sizeof seen);
    assert_string_equal(seen, stories[i].lines);
  }
}

int main(int argc, char **argv) {
  enum { SKIPPED = 77 };
  char path[4096];
  const struct CMUnitTest tests[] = {cmocka_unit_test(recorded_updates_tell_their_stories)};
  recorded_root = argc > 1 ? argv[1] : ".";
  snprintf(path, sizeof path, "%s/../shared/vectors/mesos/README.md", recorded_root);
  FILE *f = fopen(path, "rb");
  if (f == NULL) {
    fprintf(stderr, "skipped: no recordings beside the source tree\n");
    return SKIPPED;
  }
  fclose(f);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
