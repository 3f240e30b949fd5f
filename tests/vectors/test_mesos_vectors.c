/* SPDX-License-Identifier: Apache-2.0 */

/* What a real Mesos sent and took: every event and call of a folder of recordings is read and written again
 * without loss, in both formats. Skipped where the folder is not there. */

#include "wire/mesos.h"
#include "wire/recordio.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "support/json_value.h"

static unsigned events_seen, calls_seen, failures;
static const char *current_file;

static void complain(const char *what, struct k8sm_slice bytes) {
  failures++;
  fprintf(stderr, "%s: %s: %.*s\n", current_file, what, K8SMI_P(bytes));
}

static void require(bool fine, const char *what) {
  if (fine) return;
  fprintf(stderr, "%s: %s\n", current_file == NULL ? "" : current_file, what);
  exit(1);
}

static struct k8sm_slice read_file(struct k8smi_arena *arena, const char *path) {
  FILE *f = fopen(path, "rb");
  struct stat st;
  require(f != NULL && fstat(fileno(f), &st) == 0, "can't be opened");
  char *bytes = k8smi_arena_alloc(arena, (size_t)st.st_size + 1);
  require(bytes != NULL && fread(bytes, 1, (size_t)st.st_size, f) == (size_t)st.st_size, "can't be read");
  fclose(f);
  bytes[st.st_size] = '\0';
  return (struct k8sm_slice){bytes, (size_t)st.st_size};
}

/* Where the body of an HTTP message begins. */
static struct k8sm_slice http_body(struct k8sm_slice message) {
  const char *end = message.ptr;
  while ((end = memchr(end, '\r', message.len - (size_t)(end - message.ptr))) != NULL &&
         memcmp(end, "\r\n\r\n", 4) != 0)
    end++;
  require(end != NULL, "no end of the head");
  return (struct k8sm_slice){end + 4, message.len - (size_t)(end + 4 - message.ptr)};
}

/* The chunks of a body put together; it may stop anywhere, as a connection may. */
static struct k8sm_slice http_unchunk(struct k8smi_arena *arena, struct k8sm_slice body) {
  char *out = k8smi_arena_alloc(arena, body.len + 1);
  size_t len = 0;
  const char *p = body.ptr, *end = p + body.len;
  require(out != NULL, "memory");
  while (p < end) {
    char *size_end;
    size_t n = strtoul(p, &size_end, 16);
    if (n == 0 || size_end + 2 > end) break;
    p = size_end + 2;
    if (n > (size_t)(end - p)) n = (size_t)(end - p);
    memcpy(out + len, p, n);
    len += n;
    p += n + 2;
  }
  return (struct k8sm_slice){out, len};
}

static bool has_unknown_fields(const ProtobufCMessage *m) {
  if (m->n_unknown_fields != 0) return true;
  for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
    if (f->type != PROTOBUF_C_TYPE_MESSAGE) continue;
    const char *member = (const char *)m + f->offset;
    size_t n = 1;
    const ProtobufCMessage *const *items = (const ProtobufCMessage *const *)(const void *)member;
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
      memcpy(&n, (const char *)m + f->quantifier_offset, sizeof n);
      memcpy(&items, member, sizeof items);
    } else if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
      uint32_t chosen;
      memcpy(&chosen, (const char *)m + f->quantifier_offset, sizeof chosen);
      n = chosen == f->id;
    }
    for (size_t k = 0; k < n; k++) {
      if (items[k] != NULL && has_unknown_fields(items[k])) return true;
    }
  }
  return false;
}

static struct k8sm_slice write_again(struct k8smi_arena *arena, uint32_t format,
                                     const ProtobufCMessage *message) {
  struct k8smi_buf buf;
  require(k8smi_buf_init(&buf, NULL), "memory");
  k8smi_message_write(&buf, format, message);
  require(!buf.failed, "memory");
  struct k8sm_slice s = k8smi_arena_copy(arena, buf.ptr, buf.len);
  k8smi_buf_free(&buf);
  return s;
}

/* Into the other format and back: nothing may be lost on the way either. */
static void check_way_through(struct k8smi_arena *arena, const ProtobufCMessage *message, uint32_t through,
                              struct k8sm_slice want) {
  ProtobufCMessage *again;
  struct k8sm_slice bytes = write_again(arena, through, message);
  if (k8smi_message_read(arena, through, message->descriptor, bytes.ptr, bytes.len, &again, NULL) !=
      K8SM_OK) {
    complain("the other format can't be read again", bytes);
  } else if (!k8smi_eq(write_again(arena, K8SM_FORMAT_PROTOBUF, again), want)) {
    complain("the other format loses something", bytes);
  }
}

/* protobuf-c's own reader and packer see the same message in the bytes. */
static void check_against_protobuf_c(struct k8smi_arena *arena, const ProtobufCMessageDescriptor *type,
                                     struct k8sm_slice bytes) {
  ProtobufCMessage *theirs = protobuf_c_message_unpack(type, NULL, bytes.len, (const uint8_t *)bytes.ptr);
  require(theirs != NULL, "protobuf-c can't read it");
  uint8_t *packed = malloc(protobuf_c_message_get_packed_size(theirs) + 1);
  require(packed != NULL, "memory");
  struct k8sm_slice again = {(const char *)packed, protobuf_c_message_pack(theirs, packed)};
  if (!k8smi_eq(again, bytes)) complain("protobuf-c packs it otherwise", bytes);
  if (!k8smi_eq(write_again(arena, K8SM_FORMAT_PROTOBUF, theirs), bytes))
    complain("what protobuf-c read is written otherwise", bytes);
  free(packed);
  protobuf_c_message_free_unpacked(theirs, NULL);
}

static ProtobufCMessage *check_message(struct k8smi_arena *arena, const ProtobufCMessageDescriptor *type,
                                       struct k8sm_slice bytes) {
  ProtobufCMessage *message;
  struct k8sm_diag rows[4];
  char texts[1024];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, texts);
  uint32_t format = bytes.len > 0 && bytes.ptr[0] == '{' ? K8SM_FORMAT_JSON : K8SM_FORMAT_PROTOBUF;
  if (k8smi_message_read(arena, format, type, bytes.ptr, bytes.len, &message, &diags) != K8SM_OK) {
    complain(texts + rows[0].message, bytes);
    return NULL;
  }
  if (has_unknown_fields(message)) complain("has fields that the schema does not know", bytes);
  struct k8sm_slice again = write_again(arena, format, message);
  struct k8sm_slice protobuf = write_again(arena, K8SM_FORMAT_PROTOBUF, message);
  if (format == K8SM_FORMAT_PROTOBUF && !k8smi_eq(again, bytes)) complain("is not written as it was", bytes);
  if (format == K8SM_FORMAT_JSON) {
    const struct json_value *was = json_value_parse(arena, bytes), *is = json_value_parse(arena, again);
    if (was == NULL || is == NULL || !json_value_equal(was, is))
      complain("is not the same JSON value", again);
  }
  check_against_protobuf_c(arena, type, protobuf);
  check_way_through(arena, message, K8SM_FORMAT_JSON, protobuf);
  check_way_through(arena, message, K8SM_FORMAT_PROTOBUF, protobuf);
  return message;
}

/* Paths of a JSON value ("offers.offers[].id.value:string"), collected from the JSON recordings; those that
 * our JSON of a protobuf recording has must be among them. */
static struct k8smi_arena shape_arena;
static struct k8sm_slice shapes[4096];
static size_t shape_count;

static bool shape_known(struct k8sm_slice path) {
  for (size_t i = 0; i < shape_count; i++) {
    if (k8smi_eq(shapes[i], path)) return true;
  }
  return false;
}

static void walk_shape(const struct json_value *v, char *path, size_t len, size_t cap, bool collect) {
  static const char *const kinds[] = {
      [K8SMI_TOKEN_OBJECT] = "{}",      [K8SMI_TOKEN_ARRAY] = "[]",   [K8SMI_TOKEN_STRING] = ":string",
      [K8SMI_TOKEN_NUMBER] = ":number", [K8SMI_TOKEN_TRUE] = ":bool", [K8SMI_TOKEN_FALSE] = ":bool",
      [K8SMI_TOKEN_NULL] = ":null"};
  len += (size_t)snprintf(path + len, cap - len, "%s", kinds[v->kind]);
  require(len < cap, "a path that is too long");
  struct k8sm_slice whole = {path, len};
  if (!shape_known(whole)) {
    if (!collect) complain("no JSON recording has", whole);
    require(shape_count < sizeof shapes / sizeof shapes[0], "too many paths");
    shapes[shape_count++] = k8smi_arena_slice(&shape_arena, whole);
  }
  for (const struct json_value *m = v->first; m != NULL; m = m->next) {
    size_t with_key = len + (size_t)snprintf(path + len, cap - len, "%.*s", K8SMI_P(m->key));
    require(with_key < cap, "a path that is too long");
    walk_shape(m, path, with_key, cap, collect);
  }
}

static void check_shape(struct k8smi_arena *arena, const ProtobufCMessage *message, struct k8sm_slice bytes,
                        bool collect) {
  char path[1024];
  struct k8sm_slice json = collect ? bytes : write_again(arena, K8SM_FORMAT_JSON, message);
  const struct json_value *v = json_value_parse(arena, json);
  if (v != NULL) walk_shape(v, path, 0, sizeof path, collect);
}

/* Both runs of a scenario of Mesos' own recordings do the same things, so what is compared is their shape.
 * `lifecycle` has no twins; those of `km run` may end before or after their executor is heard to have failed.
 */
static bool has_a_twin(void) {
  static const char *const alone[] = {"lifecycle", "operations", "/vectors/real/"};
  for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
    if (strstr(current_file, alone[i]) != NULL) return false;
  }
  return true;
}

static void check_record(struct k8smi_arena *arena, const ProtobufCMessageDescriptor *type,
                         struct k8sm_slice record) {
  bool event = type == &k8sm_mesos__event__descriptor;
  struct k8sm_slice copy = k8smi_arena_copy(arena, record.ptr, record.len);
  ProtobufCMessage *message = check_message(arena, type, copy);
  events_seen += event;
  calls_seen += !event;
  if (event && message != NULL && has_a_twin()) check_shape(arena, message, copy, copy.ptr[0] == '{');
}

/* Messages as RecordIO that arrives in chunks; checked, or only summed up. */
static unsigned check_stream(struct k8smi_arena *arena, const ProtobufCMessageDescriptor *type,
                             struct k8sm_slice stream, size_t chunk, bool check) {
  struct k8smi_recordio reader;
  struct k8sm_slice record;
  unsigned n = 0;
  uint64_t sum = 0;
  k8smi_recordio_init(&reader, NULL, 1 << 20);
  for (size_t at = 0; at < stream.len; at += chunk) {
    const char *p = stream.ptr + at;
    size_t len = stream.len - at < chunk ? stream.len - at : chunk;
    int r;
    while ((r = k8smi_recordio_next(&reader, &p, &len, &record, NULL)) == K8SM_OK) {
      n++;
      for (size_t i = 0; i < record.len; i++) sum = sum * 31 + (unsigned char)record.ptr[i];
      if (check) check_record(arena, type, record);
    }
    if (r != K8SM_ERR_NOT_FOUND) complain("is not RecordIO", (struct k8sm_slice){p, len});
    if (r != K8SM_ERR_NOT_FOUND) break;
  }
  k8smi_recordio_free(&reader);
  return (unsigned)(sum ^ sum >> 32) ^ n;
}

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

static void check_records(struct k8smi_arena *arena, const ProtobufCMessageDescriptor *type,
                          struct k8sm_slice records) {
  unsigned whole = check_stream(arena, type, records, records.len, true);
  if (check_stream(arena, type, records, 1, false) != whole)
    complain("byte by byte it is another stream", K8SMI_S(""));
}

/* A recording is HTTP as it crossed the wire (stream.response, NN-name.request), or the records alone. */
static void check_file(const char *path, const char *name) {
  struct k8smi_arena arena;
  current_file = path;
  require(k8smi_arena_init(&arena, NULL, 0), "memory");
  if (strncmp(name, "stream", 6) == 0 && ends_with(name, ".response")) {
    struct k8sm_slice records = http_unchunk(&arena, http_body(read_file(&arena, path)));
    check_records(&arena, &k8sm_mesos__event__descriptor, records);
  } else if (ends_with(name, ".events")) {
    check_records(&arena, &k8sm_mesos__event__descriptor, read_file(&arena, path));
  } else if (ends_with(name, ".calls")) {
    check_records(&arena, &k8sm_mesos__call__descriptor, read_file(&arena, path));
  } else if (ends_with(name, ".request")) {
    struct k8sm_slice body = http_body(read_file(&arena, path));
    calls_seen++;
    check_message(&arena, &k8sm_mesos__call__descriptor, body);
  }
  k8smi_arena_free(&arena);
}

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

/* In the order of names, so that the -json twin comes before the -protobuf one. */
static void check_folder(const char *path) {
  struct dirent **entries;
  int n = scandir(path, &entries, NULL, by_name);
  require(n >= 0, "a folder that can't be read");
  for (int i = 0; i < n; i++) {
    char inner[1024];
    struct stat st;
    const char *name = entries[i]->d_name;
    snprintf(inner, sizeof inner, "%s/%s", path, name);
    if (name[0] != '.' && strcmp(name, "operator-api") != 0 && stat(inner, &st) == 0) {
      if (S_ISDIR(st.st_mode)) {
        check_folder(inner);
      } else {
        check_file(inner, name);
      }
    }
    free(entries[i]);
  }
  free(entries);
}

int main(int argc, char **argv) {
  struct stat st;
  if (argc != 2 || stat(argv[1], &st) != 0) {
    printf("skipped: there are no recordings at %s\n", argc == 2 ? argv[1] : "(no folder named)");
    return 77;
  }
  require(k8smi_arena_init(&shape_arena, NULL, 0), "memory");
  check_folder(argv[1]);
  k8smi_arena_free(&shape_arena);
  printf("%u events, %u calls, %u failures\n", events_seen, calls_seen, failures);
  return failures == 0 && events_seen > 0 && calls_seen > 0 ? 0 : 1;
}
