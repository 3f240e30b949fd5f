/* SPDX-License-Identifier: Apache-2.0 */
/* The image, and what runs in it:
 * https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/ */
#include "demand/build.h"

#include <k8smesos/cluster.h>

/* The words of a container, expanded, behind `prefix`. */
static struct k8smi_strings command_words(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                                          struct k8smi_strings prefix) {
  static const struct {
    unsigned field;
    const char *name;
  } parts[] = {{K8SMI_Container_command, "command"}, {K8SMI_Container_args, "args"}};
  size_t count = prefix.count;
  for (size_t p = 0; p < 2; p++) count += k8smi_get_list(s->container, parts[p].field).count;
  struct k8sm_slice *words = k8smi_demand_array(b, count, sizeof *words);
  if (words == NULL) return (struct k8smi_strings){NULL, 0};
  size_t n = 0;
  for (; n < prefix.count; n++) words[n] = prefix.items[n];
  for (size_t p = 0; p < 2; p++) {
    struct k8smi_path list_path = k8smi_path_field(s->path, k8smi_s(parts[p].name));
    struct k8smi_list list = k8smi_get_list(s->container, parts[p].field);
    for (size_t i = 0; i < list.count; i++) {
      struct k8smi_path at = k8smi_path_index(&list_path, i);
      words[n++] = k8smi_resolve_text(&b->resolve, &s->env, k8smi_list_str(list, i), &at, NULL);
    }
  }
  return (struct k8smi_strings){words, n};
}

/* Mesos has no working directory: a shell goes there first and then becomes the program. */
static void command_enter(struct k8smi_demand_build *b, const struct k8smi_demand_source *s,
                          struct k8sm_slice directory) {
  static const struct k8sm_slice shell[] = {
      {"sh", 2}, {"-c", 2}, {"cd \"$1\" && shift && exec \"$@\"", 30}, {"sh", 2}};
  enum { SHELL = sizeof shell / sizeof shell[0] };
  struct k8smi_path at = k8smi_path_field(s->path, K8SMI_S("workingDir"));
  if (!s->task->has_value) {
    k8smi_demand_cannot(b, &at, "Mesos has no working directory; with a command, a shell would change to it");
    return;
  }
  struct k8smi_strings argv = s->task->argv;
  struct k8sm_slice *words = k8smi_demand_array(b, SHELL + 1 + argv.count, sizeof *words);
  if (words == NULL) return;
  memcpy(words, shell, sizeof shell);
  words[SHELL] = directory;
  memcpy(words + SHELL + 1, argv.items, argv.count * sizeof *words);
  s->task->argv = (struct k8smi_strings){words, SHELL + 1 + argv.count};
  K8SMI_DEMAND_WARN(b, APPROXIMATED, &at, "the image must have a shell, which changes to it");
}

/* Of either type of a Secret for registries: Mesos reads both formats, as the kubelet does.
 * https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets */
static const struct k8smi_data_row *command_pull_secret(const struct k8smi_demand_build *b,
                                                        struct k8sm_slice name) {
  const struct k8smi_data_row *row =
      k8smi_data_key(&b->resolve.data, K8SMI_DATA_SECRET, name, K8SMI_S(".dockerconfigjson"));
  if (row != NULL) return row;
  return k8smi_data_key(&b->resolve.data, K8SMI_DATA_SECRET, name, K8SMI_S(".dockercfg"));
}

/* What the registry is told: the first secret of the pod that was handed in. */
static void command_pull_config(struct k8smi_demand_build *b) {
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path list_path = k8smi_path_field(&spec, K8SMI_S("imagePullSecrets"));
  struct k8smi_list list = k8smi_get_list(b->spec, K8SMI_PodSpec_imagePullSecrets);
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice name = k8smi_get_str(k8smi_list_record(list, i), K8SMI_LocalObjectReference_name);
    const struct k8smi_data_row *row = command_pull_secret(b, name);
    struct k8smi_path at = k8smi_path_index(&list_path, i);
    if (row == NULL) {
      K8SMI_DEMAND_WARN(b, IGNORED, &at,
                        "no key .dockerconfigjson or .dockercfg of Secret '%.*s' was handed in",
                        K8SMI_P(name));
    } else if (b->pull_config.len > 0) {
      K8SMI_DEMAND_WARN(b, IGNORED, &at, "Mesos takes one secret for a registry: the first");
    } else {
      b->pull_config = k8smi_demand_copy(b, row->d.value);
      b->demand->features |= K8SM_FEATURE_SECRETS;
    }
  }
}

static void command_image(struct k8smi_demand_build *b, struct k8smi_demand_source *s) {
  struct k8sm_slice image = k8smi_get_str(s->container, K8SMI_Container_image);
  struct k8smi_path at = k8smi_path_field(s->path, K8SMI_S("image"));
  if (b->demand->flags & K8SM_DEMAND_HOST_FILESYSTEM) {
    K8SMI_DEMAND_WARN(b, APPROXIMATED, &at,
                      "the options say to run on the agent's own file system, without the image");
    return;
  }
  if (image.len == 0) return;
  s->task->image = image;
  s->task->pull_always = k8smi_eqs(k8smi_get_str(s->container, K8SMI_Container_imagePullPolicy), "Always");
  b->demand->features |= K8SM_FEATURE_IMAGES;
  if (!b->pull_config_read) command_pull_config(b);
  b->pull_config_read = true;
  s->task->pull_config = b->pull_config;
}

/* The entrypoint of an image, as an annotation states it: words with blanks between them. Mesos runs
 * the first word of the image's Cmd where there is no entrypoint, so that arguments alone are unsafe. */
static struct k8smi_strings command_entrypoint(struct k8smi_demand_build *b, struct k8sm_slice container) {
  struct k8smi_strings none = {NULL, 0};
  struct k8sm_slice key, text = k8smi_demand_annotation(b, K8SMI_ENTRYPOINT_ANNOTATION, container, &key);
  struct k8sm_slice *words = k8smi_demand_array(b, text.len / 2 + (text.len > 0), sizeof *words);
  if (words == NULL) return none;
  size_t n = 0, i = 0;
  while (i < text.len) {
    size_t from = i;
    while (i < text.len && text.ptr[i] != ' ') i++;
    if (i > from) words[n++] = k8smi_demand_copy(b, (struct k8sm_slice){text.ptr + from, i - from});
    while (i < text.len && text.ptr[i] == ' ') i++;
  }
  return (struct k8smi_strings){words, n};
}

void k8smi_demand_make_command(struct k8smi_demand_build *b, struct k8smi_demand_source *s) {
  bool host = (b->demand->flags & K8SM_DEMAND_HOST_FILESYSTEM) != 0;
  size_t command = k8smi_get_list(s->container, K8SMI_Container_command).count;
  size_t args = k8smi_get_list(s->container, K8SMI_Container_args).count;
  struct k8smi_strings entrypoint = {NULL, 0};
  command_image(b, s);
  if (command == 0) entrypoint = command_entrypoint(b, s->task->container);
  bool docker = k8smi_demand_is_docker(b->demand); /* its arguments go to the image's entrypoint */
  if (command + entrypoint.count == 0 && (host || (args > 0 && !docker))) {
    struct k8smi_path at = k8smi_path_field(s->path, host ? K8SMI_S("command") : K8SMI_S("args"));
    k8smi_demand_refuse(b, &at,
                        host ? "a container without image needs a command"
                             : "arguments need a command, or the annotation " K8SMI_ENTRYPOINT_ANNOTATION
                               "%.*s: Mesos runs "
                               "them wrongly in an image without entrypoint",
                        K8SMI_P(s->task->container));
    return;
  }
  s->task->has_value = command + entrypoint.count > 0;
  if (s->task->has_value || args > 0) s->task->argv = command_words(b, s, entrypoint);
  struct k8sm_slice directory = k8smi_get_str(s->container, K8SMI_Container_workingDir);
  if (directory.len > 0 && !docker) command_enter(b, s, directory);
}
