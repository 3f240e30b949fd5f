/* SPDX-License-Identifier: Apache-2.0 */
/* A whole pod, resolved. */
#include "pod/resolve.h"

#include "base/abi.h"
#include "base/refs.h"

enum { RESOLVED_MAX_MEMORY = 64 * 1024 * 1024 };

struct k8sm_resolved {
  k8smi_refs refs;
  struct k8smi_arena arena;
  struct k8sm_pod *pod; /* a reference: texts of it are used as they are */
  struct k8sm_resolved_env *env;
  size_t env_count, env_cap;
  struct k8sm_pod_word *words;
  size_t word_count;
  struct k8sm_pod_mount *mounts;
  size_t mount_count;
  struct k8sm_resolved_file *files;
  size_t file_count, file_cap;
};

/* The work on one: rows of words and mounts are filled in container by container. */
struct resolved_work {
  struct k8smi_resolve r;
  struct k8sm_resolved *d;
  struct k8smi_map volumes; /* from name to index in spec.volumes */
  bool *mounted;            /* by volume */
  size_t word, mount;       /* the next ones */
};

static void resolved_put_env(struct resolved_work *w, const struct k8smi_environment *env,
                             uint32_t container) {
  struct k8sm_resolved *d = w->d;
  for (size_t i = 0; i < env->count; i++) {
    const struct k8smi_variable *v = &env->items[i];
    struct k8sm_resolved_env *rows =
        k8smi_resolve_grow(&w->r, d->env, d->env_count, &d->env_cap, sizeof *d->env);
    if (rows == NULL) return;
    d->env = rows;
    d->env[d->env_count++] = (struct k8sm_resolved_env){v->name, v->value, container, v->secret};
  }
}

/* Expands a word in place. The kubelet gives those of probes the variables as they are written, and those of
 * hooks none. */
static void resolved_word(struct resolved_work *w, const struct k8smi_environment *env,
                          const struct k8smi_environment *fixed, const struct k8smi_path *container,
                          size_t index) {
  static const struct k8sm_slice fields[][3] = {{{"command", 7}},
                                                {{"args", 4}},
                                                {{"livenessProbe", 13}, {"exec", 4}, {"command", 7}},
                                                {{"readinessProbe", 14}, {"exec", 4}, {"command", 7}},
                                                {{"startupProbe", 12}, {"exec", 4}, {"command", 7}}};
  struct k8sm_pod_word *word = &w->d->words[w->word];
  if (word->purpose > K8SM_PURPOSE_STARTUP) return;
  struct k8smi_path path[4];
  const struct k8smi_path *at = container;
  for (size_t i = 0; i < 3 && fields[word->purpose][i].ptr != NULL; i++) {
    path[i] = k8smi_path_field(at, fields[word->purpose][i]);
    at = &path[i];
  }
  path[3] = k8smi_path_index(at, index);
  word->text =
      k8smi_resolve_text(&w->r, word->purpose <= K8SM_PURPOSE_ARGS ? env : fixed, word->text, &path[3], NULL);
}

static void resolved_words(struct resolved_work *w, const struct k8smi_environment *env,
                           const struct k8smi_record *container, const struct k8smi_path *path,
                           uint32_t number) {
  struct k8smi_environment fixed;
  const struct k8sm_pod_word *words = w->d->words;
  k8smi_resolve_static_env(&w->r, container, &fixed);
  for (size_t index = 0; w->word < w->d->word_count && words[w->word].container == number; w->word++) {
    bool more = w->word > 0 && words[w->word - 1].container == number &&
                words[w->word - 1].purpose == words[w->word].purpose;
    index = more ? index + 1 : 0;
    resolved_word(w, env, &fixed, path, index);
  }
  k8smi_environment_free(&fixed);
}

static void resolved_mounts(struct resolved_work *w, const struct k8smi_environment *env,
                            const struct k8smi_record *container, const struct k8smi_path *path,
                            uint32_t number) {
  struct k8smi_list list = k8smi_get_list(container, K8SMI_Container_volumeMounts);
  struct k8smi_path list_path = k8smi_path_field(path, K8SMI_S("volumeMounts"));
  for (size_t i = 0; w->mount < w->d->mount_count && w->d->mounts[w->mount].container == number; i++) {
    struct k8sm_pod_mount *mount = &w->d->mounts[w->mount++];
    struct k8smi_path at = k8smi_path_index(&list_path, i);
    uint32_t volume = k8smi_map_get(&w->volumes, mount->volume);
    if (i >= list.count) continue; /* a device */
    mount->sub_path = k8smi_resolve_sub_path(&w->r, env, k8smi_list_record(list, i), &at);
    mount->flags &= ~(uint32_t)K8SM_VOLUME_SUB_PATH_EXPR;
    if (volume != K8SMI_MAP_NONE) w->mounted[volume] = true;
  }
}

static void resolved_containers(struct resolved_work *w) {
  for (size_t i = 0, count = k8smi_container_count(w->r.spec); i < count && !w->r.no_memory; i++) {
    struct k8smi_container c = k8smi_container_at(w->r.spec, i);
    struct k8smi_container_path container_path;
    const struct k8smi_path *path = k8smi_container_path(&container_path, c);
    struct k8smi_environment env;
    k8smi_resolve_env(&w->r, c.record, path, &env);
    resolved_put_env(w, &env, (uint32_t)i);
    resolved_words(w, &env, c.record, path, (uint32_t)i);
    resolved_mounts(w, &env, c.record, path, (uint32_t)i);
    k8smi_environment_free(&env);
  }
}

static void resolved_put_files(struct resolved_work *w, const struct k8smi_files *files, uint32_t volume) {
  struct k8sm_resolved *d = w->d;
  for (size_t i = 0; i < files->count; i++) {
    const struct k8smi_file *f = &files->items[i];
    struct k8sm_resolved_file *rows =
        k8smi_resolve_grow(&w->r, d->files, d->file_count, &d->file_cap, sizeof *d->files);
    if (rows == NULL) return;
    d->files = rows;
    d->files[d->file_count++] = (struct k8sm_resolved_file){f->path, f->value, volume, f->mode, f->secret, 0};
  }
}

/* The kubelet does not set up volumes that no container mounts: what they lack does not matter. */
static void resolved_volumes(struct resolved_work *w) {
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path list_path = k8smi_path_field(&spec, K8SMI_S("volumes"));
  struct k8smi_list list = k8smi_get_list(w->r.spec, K8SMI_PodSpec_volumes);
  for (size_t i = 0; i < list.count && !w->r.no_memory; i++) {
    const struct k8smi_record *volume = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(&list_path, i);
    struct k8smi_files files;
    if (!w->mounted[i]) continue;
    if (w->r.node.token.len == 0 && k8smi_volume_is_api_access(volume)) {
      k8smi_find_as(w->r.diags, K8SM_DIAG_VALUE_UNKNOWN, K8SM_SEVERITY_WARNING, &at,
                    "no token was handed in: the volume for the Kubernetes API is left out");
      continue;
    }
    k8smi_resolve_files(&w->r, volume, &at, &files);
    resolved_put_files(w, &files, (uint32_t)i);
    k8smi_files_free(&files);
  }
}

/* ---- Making one ---- */

static void resolved_set_amount(struct k8smi_resolve_node *node, int i, struct k8smi_amount amount) {
  node->allocatable[i] = amount;
  node->has[i] = amount.whole > 0 || amount.nano > 0;
}

static struct k8smi_resolve_node resolved_node(const struct k8sm_resolve_options *o) {
  struct k8smi_resolve_node node;
  memset(&node, 0, sizeof node);
  node.name = k8smi_s(o->node_name);
  node.host_ips = k8smi_s(o->host_ips);
  node.pod_ips = k8smi_s(o->pod_ips);
  node.token = k8smi_s(o->token);
  struct k8smi_amount cpu = {o->node_cpu_milli / 1000, (int32_t)(o->node_cpu_milli % 1000) * 1000 * 1000};
  resolved_set_amount(&node, K8SMI_NODE_CPU, cpu);
  resolved_set_amount(&node, K8SMI_NODE_MEMORY, (struct k8smi_amount){o->node_mem_bytes, 0});
  resolved_set_amount(&node, K8SMI_NODE_STORAGE, (struct k8smi_amount){o->node_storage_bytes, 0});
  return node;
}

/* Copies of what the options say: the result may hold it. */
static bool resolved_copy_node(struct k8smi_resolve *r) {
  struct k8sm_slice *const texts[] = {&r->node.name, &r->node.host_ips, &r->node.pod_ips, &r->node.token};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    bool absent = texts[i]->ptr == NULL;
    *texts[i] = k8smi_arena_slice(r->arena, *texts[i]);
    if (!absent && texts[i]->ptr == NULL) return false;
  }
  return true;
}

/* The rows that are copied as the pod states them, and the table of volumes. */
static bool resolved_tables(struct resolved_work *w) {
  struct k8sm_resolved *d = w->d;
  struct k8smi_list volumes = k8smi_get_list(w->r.spec, K8SMI_PodSpec_volumes);
  d->word_count = k8sm_pod_words(d->pod, 0, NULL, sizeof *d->words, 0);
  d->mount_count = k8sm_pod_mounts(d->pod, 0, NULL, sizeof *d->mounts, 0);
  d->words = k8smi_resolve_array(&w->r, d->word_count, sizeof *d->words);
  d->mounts = k8smi_resolve_array(&w->r, d->mount_count, sizeof *d->mounts);
  w->mounted = k8smi_resolve_array(&w->r, volumes.count, sizeof *w->mounted);
  if (w->r.no_memory) return false;
  k8sm_pod_words(d->pod, 0, d->words, sizeof *d->words, d->word_count);
  k8sm_pod_mounts(d->pod, 0, d->mounts, sizeof *d->mounts, d->mount_count);
  for (size_t i = 0; i < volumes.count; i++) {
    struct k8sm_slice name = k8smi_get_str(k8smi_list_record(volumes, i), K8SMI_Volume_name);
    if (!k8smi_map_put(&w->volumes, name, (uint32_t)i)) return false;
  }
  return true;
}

static int resolved_make(struct k8sm_resolved *d, const struct k8sm_resolve_options *o,
                         struct k8sm_diags *diags) {
  struct resolved_work w = {.d = d};
  struct k8sm_slice uid = k8sm_pod_uid(d->pod);
  k8smi_resolve_init(&w.r, &d->arena, k8smi_pod_record(d->pod), diags);
  k8smi_map_init(&w.volumes, &d->arena.allocator, k8smi_hash(uid.ptr, uid.len, 0));
  w.r.node = resolved_node(o);
  bool good = resolved_copy_node(&w.r) &&
              k8smi_data_init(&w.r.data, &d->arena, k8sm_pod_namespace(d->pod), o->data, o->data_size,
                              o->data_count) &&
              resolved_tables(&w);
  if (good) resolved_containers(&w);
  if (good) resolved_volumes(&w);
  k8smi_map_free(&w.volumes);
  if (!good || w.r.no_memory) return k8smi_find_nomem(diags, k8smi_arena_error(&d->arena));
  return w.r.missing + w.r.problems > 0 ? K8SM_ERR_INVALID : K8SM_OK;
}

int k8sm_pod_resolve(const struct k8sm_pod *pod, const struct k8sm_resolve_options *options,
                     struct k8sm_resolved **ret, struct k8sm_diags *diags) {
  struct k8sm_resolve_options o;
  int r = k8smi_options_read(&o, sizeof o, options, "k8sm_resolve_options", diags);
  if (r != K8SM_OK) return r;
  size_t limit = o.max_memory == 0         ? RESOLVED_MAX_MEMORY
                 : o.max_memory > SIZE_MAX ? SIZE_MAX
                                           : (size_t)o.max_memory;
  struct k8sm_resolved *d = K8SMI_VALUE_NEW(k8sm_resolved, o.allocator, limit);
  if (d == NULL) return k8smi_find_nomem(diags, K8SMI_VALUE_ERROR(k8sm_resolved, limit));
  k8smi_refs_init(&d->refs);
  d->pod = k8smi_pod_hold(pod);
  r = resolved_make(d, &o, diags);
  if (r == K8SM_OK) {
    *ret = d;
  } else {
    k8sm_resolved_unref(d);
  }
  return r;
}

struct k8sm_resolved *k8sm_resolved_ref(struct k8sm_resolved *resolved) {
  if (resolved != NULL) k8smi_ref(&resolved->refs);
  return resolved;
}

void k8sm_resolved_unref(struct k8sm_resolved *resolved) {
  if (resolved == NULL || !k8smi_unref(&resolved->refs)) return;
  k8sm_pod_unref(resolved->pod);
  K8SMI_VALUE_FREE(k8sm_resolved, resolved);
}

/* ---- Rows ---- */

static size_t resolved_rows(const void *items, size_t item_size, size_t count, size_t first, void *rows,
                            size_t row_size, size_t n) {
  for (size_t i = first; i < count && i - first < n; i++)
    k8smi_row_write(rows, row_size, i - first, (const char *)items + i * item_size, item_size);
  return k8smi_rows_left(count, first);
}

size_t k8sm_resolved_env(const struct k8sm_resolved *resolved, size_t first, struct k8sm_resolved_env *rows,
                         size_t row_size, size_t n) {
  return resolved_rows(resolved->env, sizeof *resolved->env, resolved->env_count, first, rows, row_size, n);
}

size_t k8sm_resolved_words(const struct k8sm_resolved *resolved, size_t first, struct k8sm_pod_word *rows,
                           size_t row_size, size_t n) {
  return resolved_rows(resolved->words, sizeof *resolved->words, resolved->word_count, first, rows, row_size,
                       n);
}

size_t k8sm_resolved_mounts(const struct k8sm_resolved *resolved, size_t first, struct k8sm_pod_mount *rows,
                            size_t row_size, size_t n) {
  return resolved_rows(resolved->mounts, sizeof *resolved->mounts, resolved->mount_count, first, rows,
                       row_size, n);
}

size_t k8sm_resolved_files(const struct k8sm_resolved *resolved, size_t first,
                           struct k8sm_resolved_file *rows, size_t row_size, size_t n) {
  return resolved_rows(resolved->files, sizeof *resolved->files, resolved->file_count, first, rows, row_size,
                       n);
}
