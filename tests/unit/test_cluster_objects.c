/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes and namespaces of manifests. */
#include "support/offers.h"
#include "cluster/cluster.h"

#include <k8smesos/manifest.h>
#include <k8smesos/offer.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct world agents_world; /* offers are parts of it */

static void agents_end(struct k8sm_cluster *c) {
  k8sm_cluster_free(c);
  world_free(&agents_world);
}

/* Agents S0 to S3 on hosts a.example, b.example, c.example and a.example again. */
static struct k8sm_cluster *agents_on_hosts(void) {
  static const char *const hosts[] = {"a.example", "b.example", "c.example", "a.example"};
  struct k8sm_cluster *c = NULL;
  world_init(&agents_world);
  for (size_t i = 0; i < 4; i++) {
    char id[8], agent[8];
    snprintf(id, sizeof id, "o%zu", i);
    snprintf(agent, sizeof agent, "S%zu", i);
    K8smMesos__Offer *o = world_simple(&agents_world, id, agent, "*", 1, 100, true);
    o->hostname = world_text(&agents_world, hosts[i]);
  }
  assert_int_equal(k8sm_cluster_new(NULL, &c, NULL), K8SM_OK);
  struct k8sm_offers *offers = world_offers_from(&agents_world, 0, NULL, NULL);
  assert_int_equal(k8sm_cluster_add(c, offers, 0, NULL), K8SM_OK);
  k8sm_offers_unref(offers);
  return c;
}

static struct k8sm_manifest *manifest_of(const void *bytes, size_t len, uint64_t flags) {
  const struct k8sm_parse_options o = {.size = sizeof o, .flags = flags};
  struct k8sm_manifest *m = NULL;
  assert_int_equal(k8sm_manifest_parse(bytes, len, &o, &m, NULL), K8SM_OK);
  return m;
}

static void set_objects(struct k8sm_cluster *c, const char *text) {
  struct k8sm_manifest *m = manifest_of(text, strlen(text), 0);
  assert_int_equal(k8sm_cluster_set_objects(c, m, NULL), K8SM_OK);
  k8sm_manifest_unref(m);
}

static const struct k8smi_agent *agent_of(const struct k8sm_cluster *c, const char *id) {
  uint32_t row = k8smi_agent_find(c, k8smi_s(id));
  assert_int_not_equal(row, K8SMI_MAP_NONE);
  return k8smi_agent_at(c, row);
}

static const char *disk_of(const struct k8sm_cluster *c, const char *id) {
  const struct k8smi_node *node = agent_of(c, id)->node;
  const struct k8smi_label_view view = {.first =
                                            node == NULL ? (struct k8smi_pair_list){NULL, 0} : node->labels};
  return k8smi_view_get(&view, K8SMI_S("disk")).ptr;
}

/* A node is found by the hostname of agents, or by their id; agents that share it have it all. */
static void nodes_by_name(void **state) {
  (void)state;
  struct k8sm_cluster *c = agents_on_hosts();
  set_objects(c, "apiVersion: v1\nkind: Node\nmetadata: {name: a.example, labels: {disk: ssd}}\n"
                 "spec: {unschedulable: true, taints: [{key: own, value: x, effect: PreferNoSchedule}]}\n"
                 "status: {allocatable: {cpu: 1500m, memory: 1Gi, pods: '9'}, capacity: {cpu: '2'}}\n"
                 "---\napiVersion: v1\nkind: Node\nmetadata: {name: S1, labels: {disk: hdd}}\n"
                 "status: {capacity: {cpu: '2', ephemeral-storage: 1Mi}}\n"
                 "---\napiVersion: v1\nkind: Node\nmetadata: {name: later, labels: {disk: nvme}}\n");
  assert_string_equal(disk_of(c, "S0"), "ssd");
  assert_string_equal(disk_of(c, "S3"), "ssd");
  assert_string_equal(disk_of(c, "S1"), "hdd");
  assert_null(disk_of(c, "S2"));
  assert_string_equal(disk_of(c, "later"), "nvme"); /* waits for its agent */
  const struct k8smi_node *node = agent_of(c, "S3")->node;
  assert_true(node->unschedulable);
  assert_int_equal(node->taints.count, 1);
  assert_string_equal(node->taints.items[0].key.ptr, "own");
  assert_int_equal(node->taints.items[0].effect, K8SMI_EFFECT_PREFER);
  assert_int_equal(node->size[K8SMI_CPUS], 1500);
  assert_int_equal(node->size[K8SMI_MEM], 1024 * 1000);
  assert_int_equal(node->size[K8SMI_DISK], 0);
  assert_int_equal(agent_of(c, "S1")->node->size[K8SMI_CPUS], 2000); /* all of it may be allocated */
  assert_int_equal(agent_of(c, "S1")->node->size[K8SMI_DISK], 1000);
  assert_int_equal(c->tainted, 2);
  set_objects(c, "apiVersion: v1\nkind: Node\nmetadata: {name: a.example}\n");
  assert_int_equal(c->tainted, 0); /* in place of what was stated before */
  assert_null(disk_of(c, "S0"));
  agents_end(c);
}

/* The same object in the three formats, and as an item of a list. */
static void nodes_in_every_format(void **state) {
  (void)state;
  /* {metadata: {name: c.example, labels: {disk: ssd}}}, in its envelope */
  static const char protobuf[] = "k8s\0\x0a\x0a\x0a\x02v1\x12\x04Node\x12\x1a\x0a\x18\x0a\x09"
                                 "c.example\x5a\x0b\x0a\x04"
                                 "disk\x12\x03ssd\x1a\x00\x22\x00";
  static const struct {
    const char *bytes;
    size_t len;
  } forms[] = {
#define FORM(text) {text, sizeof(text) - 1}
      FORM("{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"c.example\",\"labels\":"
           "{\"disk\":\"ssd\"}}}"),
      FORM("kind: Node\napiVersion: v1\nmetadata:\n  name: c.example\n  labels:\n    disk: ssd\n"),
      FORM("kind: NodeList\napiVersion: v1\nitems: [{metadata: {name: c.example, labels: {disk: ssd}}}]\n"),
      {protobuf, sizeof protobuf - 1},
#undef FORM
  };
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    for (int plain = 0; plain < 2; plain++) {
      struct k8sm_cluster *c = agents_on_hosts();
      struct k8sm_manifest *m = manifest_of(forms[i].bytes, forms[i].len, plain ? K8SM_PARSE_NO_DEFAULTS : 0);
      assert_int_equal(k8sm_cluster_set_objects(c, m, NULL), K8SM_OK);
      k8sm_manifest_unref(m);
      assert_string_equal(disk_of(c, "S2"), "ssd");
      agents_end(c);
    }
  }
}

static void namespaces(void **state) {
  (void)state;
  struct k8sm_cluster *c = agents_on_hosts();
  struct k8smi_pair scratch;
  set_objects(c, "apiVersion: v1\nkind: Namespace\nmetadata: {name: prod, labels: {tier: gold}}\n---\n"
                 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n");
  struct k8smi_pair_list labels = k8smi_namespace_labels(c, K8SMI_S("prod"), &scratch);
  assert_int_equal(labels.count, 2);
  assert_string_equal(labels.items[0].value.ptr, "prod");
  assert_string_equal(labels.items[1].value.ptr, "gold");
  set_objects(c, "apiVersion: v1\nkind: Namespace\nmetadata: {name: prod}\n");
  assert_int_equal(k8smi_namespace_labels(c, K8SMI_S("prod"), &scratch).count, 1);
  agents_end(c);
}

static void bad_taints(void **state) {
  (void)state;
  static const char text[] = "apiVersion: v1\nkind: Node\nmetadata: {name: a.example}\n"
                             "spec:\n  taints:\n  - {key: k, effect: Sometimes}\n  - {key: k}\n"
                             "  - {effect: NoSchedule}\n";
  struct k8sm_diag rows[4];
  char found[512];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, found);
  struct k8sm_manifest *m = NULL;
  assert_int_equal(k8sm_manifest_parse(text, sizeof text - 1, NULL, &m, &diags), K8SM_ERR_INVALID);
  assert_int_equal(diags.count, 3);
  assert_string_equal(found + rows[0].path, "spec.taints[0].effect");
  assert_string_equal(found + rows[0].message,
                      "Unsupported value: \"Sometimes\": supported values: \"NoExecute\", "
                      "\"NoSchedule\", \"PreferNoSchedule\"");
  assert_string_equal(found + rows[1].path, "spec.taints[1].effect");
  assert_string_equal(found + rows[2].path, "spec.taints[2].key");
  struct k8sm_cluster *c = agents_on_hosts();
  m = manifest_of(text, sizeof text - 1, K8SM_PARSE_NO_VALIDATE); /* then the cluster sees it */
  assert_int_equal(k8sm_cluster_set_objects(c, m, NULL), K8SM_ERR_INVALID);
  assert_null(agent_of(c, "S0")->node);
  k8sm_manifest_unref(m);
  agents_end(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nodes_by_name),
      cmocka_unit_test(nodes_in_every_format),
      cmocka_unit_test(namespaces),
      cmocka_unit_test(bad_taints),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
