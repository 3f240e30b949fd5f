/* SPDX-License-Identifier: Apache-2.0 */
/* ConfigMaps, Secrets and the other objects that pods refer to, as a manifest holds them. */
#include <stdio.h>

#include "support/manifests.h"

/* What variables may not hold is told apart, and an object without keys from one that is not there. */
static void config_maps_of_bytes_and_of_nothing(void **state) {
  (void)state;
  struct read r;
  struct k8sm_manifest_data data[4];
  read_text(&r,
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {t: x}\nbinaryData: {b: AAE=}\n---\n"
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: e}\n---\n"
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n",
            0);
  assert_int_equal(k8sm_manifest_data(r.manifest, 0, data, sizeof data[0], 4), 4);
  assert_int_equal(data[0].flags, 0);
  assert_int_equal(data[1].flags, K8SM_DATA_BINARY);
  assert_string_equal(data[2].name.ptr, "e");
  assert_int_equal(data[2].key.len + data[2].value.len + data[2].flags, 0);
  assert_string_equal(data[3].kind.ptr, "Secret");
  assert_int_equal(data[3].key.len, 0);
  k8sm_manifest_unref(r.manifest);
}

static void secrets_are_decoded(void **state) {
  (void)state;
  struct read r;
  struct k8sm_manifest_data data[4];
  read_text(&r,
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: ns}\ndata: {a: b25l, b: b2xk}\n"
            "stringData: {b: new}\n",
            0);
  assert_int_equal(k8sm_manifest_data(r.manifest, 0, data, sizeof data[0], 4), 2);
  assert_string_equal(data[0].value.ptr, "one");
  assert_string_equal(data[1].value.ptr, "new");
  assert_string_equal(data[1].name_space.ptr, "ns");
  k8sm_manifest_unref(r.manifest);
  read_text(&r, "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: '!!'}\n", 0);
  assert_int_equal(r.result, K8SM_ERR_INVALID);
  assert_string_equal(r.text + r.rows[0].path, "data[a]");
}

static void other_objects_are_rows(void **state) {
  (void)state;
  struct read r;
  struct k8sm_manifest_object objects[8];
  struct k8sm_priority_class rows[3];
  struct k8sm_manifest_data data[3];
  struct k8sm_blob *blob = NULL;
  read_text(&r, classes, K8SM_PARSE_STRICT);
  assert_int_equal(k8sm_manifest_objects(r.manifest, 0, objects, sizeof objects[0], 8), 5);
  assert_string_equal(objects[0].kind.ptr, "Namespace");
  assert_int_equal(objects[0].name_space.len, 0);
  assert_string_equal(objects[3].name.ptr, "disk");
  assert_string_equal(objects[3].name_space.ptr, "default");
  assert_int_equal(objects[3].document, 4);
  assert_int_equal(k8sm_manifest_get(r.manifest, 3, "spec.resources.requests[storage]", NULL, &blob),
                   K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, "1Gi");
  k8sm_blob_unref(blob);
  assert_int_equal(k8sm_manifest_get(r.manifest, 5, NULL, NULL, &blob), K8SM_ERR_NOT_FOUND);
  assert_int_equal(k8sm_manifest_priority_classes(r.manifest, 0, rows, sizeof rows[0], 3), 2);
  assert_string_equal(rows[0].name.ptr, "high");
  assert_string_equal(rows[0].preemption_policy.ptr, "Never");
  assert_int_equal(rows[1].value, -7);
  assert_int_equal(rows[1].global_default, 1);
  assert_int_equal(k8sm_manifest_data(r.manifest, 0, data, sizeof data[0], 3), 3);
  assert_string_equal(data[0].kind.ptr, "PersistentVolumeClaim");
  assert_string_equal(data[0].key.ptr, "storage");
  assert_string_equal(data[0].value.ptr, "1Gi");
  assert_string_equal(data[1].key.ptr, "volumeMode");
  assert_string_equal(data[1].value.ptr, "Filesystem");
  assert_string_equal(data[2].name.ptr, "nothing");
  assert_null(data[2].key.ptr);
  k8sm_manifest_unref(r.manifest);
  read_text(&r,
            "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: a}\nvalue: 1000000001\n",
            0);
  finding_is(&r, 0, K8SM_DIAG_FIELD_FORBIDDEN, "value",
             "Forbidden: maximum allowed value of a user defined priority is 1000000000");
}

/* What is said of volumes that are there already; of two sources the reference counts. */
static void claims_of_volumes_that_are_there(void **state) {
  static const char claim[] =
      "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\nspec:\n  accessModes: "
      "[ReadWriteOnce]\n"
      "  resources: {requests: {storage: 1Gi}}\n  volumeName: v\n  selector: {matchLabels: {a: b}}\n"
      "  volumeAttributesClassName: gold\n";
  static const char local[] = "  dataSource: {kind: PersistentVolumeClaim, name: old}\n";
  static const char any[] =
      "  dataSourceRef: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: s}\n";
  const struct {
    const char *more, *source;
  } rows[] = {{local, "PersistentVolumeClaim/old"}, {any, "VolumeSnapshot/s"}, {"", NULL}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct k8sm_manifest_data data[10];
    const char *found[4] = {NULL};
    static const char *const keys[4] = {"dataSource", "selector", "volumeAttributesClassName", "volumeName"};
    char text[1024];
    struct read r;
    snprintf(text, sizeof text, "%s%s", claim, rows[i].more);
    read_text(&r, text, 0);
    size_t n = k8sm_manifest_data(r.manifest, 0, data, sizeof data[0], 10);
    assert_int_equal(n, rows[i].source == NULL ? 6 : 7);
    for (size_t k = 0; k < n; k++) {
      for (size_t key = 0; key < 4; key++)
        if (strcmp(data[k].key.ptr, keys[key]) == 0) found[key] = data[k].value.ptr;
    }
    if (rows[i].source == NULL) assert_null(found[0]);
    if (rows[i].source != NULL) assert_string_equal(found[0], rows[i].source);
    assert_string_equal(found[1], "true");
    assert_string_equal(found[2], "gold");
    assert_string_equal(found[3], "v");
    k8sm_manifest_unref(r.manifest);
  }
}

/* Under one name for all the pods, of which there may come more. */
static void claims_of_a_stateful_set(void **state) {
  static const char set[] =
      "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: prod}\nspec:\n  replicas: 2\n"
      "  serviceName: db\n  selector: {matchLabels: {app: db}}\n  volumeClaimTemplates:\n"
      "  - metadata: {name: data}\n    spec: {accessModes: [ReadWriteOnce], storageClassName: fast,\n"
      "      resources: {requests: {storage: 1Gi}}}\n"
      "  - metadata: {name: log}\n    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: "
      "2Gi}}}\n"
      "  template:\n    metadata: {labels: {app: db}}\n    spec: {containers: [{name: c, image: i}]}\n";
  static const uint64_t flags[] = {0, K8SM_PARSE_TEMPLATES};
  struct k8sm_manifest_data data[12];
  struct read r;
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    read_text(&r, set, flags[i]);
    size_t n = k8sm_manifest_data(r.manifest, 0, data, sizeof data[0], 12);
    assert_int_equal(n, 7); /* volumeMode and accessModes, too */
    for (size_t k = 0; k < n; k++) {
      assert_string_equal(data[k].kind.ptr, "PersistentVolumeClaim");
      assert_string_equal(data[k].name_space.ptr, "prod");
      assert_string_equal(data[k].name.ptr, k < 4 ? "data-db-*" : "log-db-*");
    }
    assert_string_equal(data[0].value.ptr, "1Gi");
    assert_string_equal(data[1].value.ptr, "fast");
    assert_string_equal(data[4].value.ptr, "2Gi");
    k8sm_manifest_unref(r.manifest);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(config_maps_of_bytes_and_of_nothing),
      cmocka_unit_test(secrets_are_decoded),
      cmocka_unit_test(other_objects_are_rows),
      cmocka_unit_test(claims_of_volumes_that_are_there),
      cmocka_unit_test(claims_of_a_stateful_set),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
