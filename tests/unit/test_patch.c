/* SPDX-License-Identifier: Apache-2.0 */
/* Patches: what is written for a change, and that it is all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pod/fields.h"
#include "pod/patch.h"
#include "support/failing.h"
#include "support/life.h"

static const char *patch_root; /* of the source tree */

static void expect_patch(struct k8sm_pod *from, struct k8sm_pod *to, uint32_t kind, const char *wanted) {
  struct k8sm_blob *blob = NULL;
  char *json = pods_json(wanted);
  assert_int_equal(k8sm_pod_patch(from, to, kind, NULL, &blob), K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, json);
  k8sm_blob_unref(blob);
  free(json);
}

#define IMAGE(name, image) "{'name':'" name "','image':'" image "'}"
#define SPEC(containers)   "{'containers':[" containers "]}"

static const struct {
  const char *from_metadata, *from, *to_metadata, *to;
  const char *merge, *strategic;
} patch_cases[] = {
    {"", SPEC(IMAGE("a", "a:1")), "", SPEC(IMAGE("a", "a:1")), "{}", "{}"},
    /* maps and texts, added, changed and removed */
    {",'labels':{'gone':'1','kept':'2','other':'3'}", SPEC(IMAGE("a", "a:1")),
     ",'generateName':'n-','labels':{'kept':'2','new':'5','other':'4'}", SPEC(IMAGE("a", "a:1")),
     "{'metadata':{'generateName':'n-','labels':{'gone':null,'new':'5','other':'4'}}}",
     "{'metadata':{'generateName':'n-','labels':{'gone':null,'new':'5','other':'4'}}}"},
    /* an item that changes, in its place */
    {"", SPEC(IMAGE("a", "a:1") "," IMAGE("b", "b:1")), "", SPEC(IMAGE("a", "a:1") "," IMAGE("b", "b:2")),
     "{'spec':{'containers':[{'name':'a','image':'a:1','resources':{},'terminationMessagePath':'/dev/"
     "termination-log','terminationMessagePolicy':'File','imagePullPolicy':'IfNotPresent'},{'name':'b','"
     "image':"
     "'b:2','resources':{},'terminationMessagePath':'/dev/termination-log','terminationMessagePolicy':'File',"
     "'imagePullPolicy':'IfNotPresent'}]}}",
     "{'spec':{'containers':[{'name':'b','image':'b:2'}]}}"},
    /* one that goes, and one that comes: the order has to be said */
    {"", SPEC(IMAGE("a", "a:1") ",{'name':'b','image':'b:1','env':[{'name':'X','value':'1'},{'name':'Y'}]}"),
     "", SPEC("{'name':'b','image':'b:1','env':[{'name':'Z'},{'name':'Y','value':'2'}]}," IMAGE("c", "c:1")),
     NULL,
     "{'spec':{'$setElementOrder/containers':[{'name':'b'},{'name':'c'}],'containers':[{'name':'b',"
     "'$setElementOrder/"
     "env':[{'name':'Z'},{'name':'Y'}],'env':[{'name':'Z'},{'name':'Y','value':'2'},{'$patch':"
     "'delete','name':'X'}]},{'name':'c','image':'c:1','resources':{},'terminationMessagePath':'/dev/"
     "termination-"
     "log','terminationMessagePolicy':'File','imagePullPolicy':'IfNotPresent'},{'$patch':'delete','name':'a'}"
     "]}}"},
    /* only another order */
    {"", SPEC(IMAGE("a", "a:1") "," IMAGE("b", "b:1")), "", SPEC(IMAGE("b", "b:1") "," IMAGE("a", "a:1")),
     NULL, "{'spec':{'$setElementOrder/containers':[{'name':'b'},{'name':'a'}]}}"},
    /* a volume states which fields it keeps: its source may be another one */
    {"", "{'containers':[],'volumes':[{'name':'v','emptyDir':{}}]}", "",
     "{'containers':[],'volumes':[{'name':'v','hostPath':{'path':'/x'}}]}",
     "{'spec':{'volumes':[{'name':'v','hostPath':{'path':'/x','type':''}}]}}",
     "{'spec':{'volumes':[{'name':'v','$retainKeys':['name','hostPath'],'hostPath':{'path':'/"
     "x','type':''}}]}}"},
    /* texts that are a set */
    {",'finalizers':['a/1','a/2']", SPEC(IMAGE("a", "a:1")), ",'finalizers':['a/2','a/3']",
     SPEC(IMAGE("a", "a:1")), "{'metadata':{'finalizers':['a/2','a/3']}}",
     "{'metadata':{'$setElementOrder/finalizers':['a/2','a/3'],'$deleteFromPrimitiveList/finalizers':['a/1'],"
     "'finalizers':['a/3']}}"},
    /* a key that does not tell the items apart */
    {"", SPEC("{'name':'a','image':'a:1','ports':[{'containerPort':53,'protocol':'UDP'}]}"), "",
     SPEC("{'name':'a','image':'a:1','ports':[{'containerPort':53,'protocol':'UDP'},{'containerPort':53,"
          "'protocol':'TCP'}]}"),
     NULL,
     "{'spec':{'containers':[{'name':'a','ports':[{'$patch':'replace'},{'containerPort':53,'protocol':'UDP'},"
     "{"
     "'containerPort':53,'protocol':'TCP'}]}]}}"},
    /* a key that is a number */
    {"", SPEC("{'name':'a','image':'a:1','ports':[{'containerPort':53,'protocol':'UDP'}]}"), "",
     SPEC("{'name':'a','image':'a:1','ports':[{'containerPort':53,'protocol':'TCP'}]}"), NULL,
     "{'spec':{'containers':[{'name':'a','ports':[{'containerPort':53,'protocol':'TCP'}]}]}}"},
};

static void patches_of_pods(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof patch_cases / sizeof patch_cases[0]; i++) {
    struct k8sm_pod *from = pods_parse(patch_cases[i].from_metadata, patch_cases[i].from);
    struct k8sm_pod *to = pods_parse(patch_cases[i].to_metadata, patch_cases[i].to);
    if (patch_cases[i].merge != NULL) expect_patch(from, to, K8SM_PATCH_MERGE, patch_cases[i].merge);
    expect_patch(from, to, K8SM_PATCH_STRATEGIC, patch_cases[i].strategic);
    k8sm_pod_unref(from);
    k8sm_pod_unref(to);
  }
}

static void unknown_members_are_patched(void **state) {
  (void)state;
  const char *texts[] = {
      "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'web'},'spec':{'zz':1,'aa':{'b':2},'mm':3}}",
      "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'web'},'spec':{'mm':4,'nn':[],'zz':1}}"};
  const struct k8sm_parse_options options = {.size = sizeof options,
                                             .flags = K8SM_PARSE_NO_VALIDATE | K8SM_PARSE_NO_DEFAULTS |
                                                      K8SM_PARSE_KEEP_UNKNOWN};
  struct k8sm_pod *pods[2] = {NULL, NULL};
  for (int i = 0; i < 2; i++) {
    char *json = pods_json(texts[i]);
    assert_int_equal(k8sm_pod_parse(json, strlen(json), &options, &pods[i], NULL), K8SM_OK);
    free(json);
  }
  expect_patch(pods[0], pods[1], K8SM_PATCH_MERGE, "{'spec':{'aa':null,'mm':4,'nn':[]}}");
  expect_patch(pods[0], pods[0], K8SM_PATCH_MERGE, "{}");
  k8sm_pod_unref(pods[0]);
  k8sm_pod_unref(pods[1]);
}

static void expect_status_patch(const struct k8sm_status *from, const struct k8sm_status *to, uint32_t kind,
                                const char *wanted) {
  struct k8sm_blob *blob = NULL;
  char *json = pods_json(wanted);
  assert_int_equal(k8sm_status_patch(from, to, kind, NULL, &blob), K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, json);
  k8sm_blob_unref(blob);
  free(json);
}

#define UID_ONLY "{'metadata':{'uid':'" PODS_UID "'},'status':"

static void patches_of_statuses(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, "{'containers':[{'name':'a','image':'a:1'}]}");
  expect_status_patch(NULL, l.status, K8SM_PATCH_STRATEGIC,
                      UID_ONLY "{'phase':'Pending','qosClass':'BestEffort'}}");
  life_change(&l, K8SM_CHANGE_UNPLACED, "0/1 nodes are available: 1 Insufficient cpu.", 0);
  struct k8sm_status *first = k8sm_status_ref(l.status);
  life_tick(&l, 5000);
  life_change(&l, K8SM_CHANGE_UNPLACED, "0/2 nodes are available: 2 Insufficient cpu.", 0);
  expect_status_patch(first, l.status, K8SM_PATCH_STRATEGIC,
                      UID_ONLY "{'conditions':[{'type':'PodScheduled','message':'0/2 nodes are available: 2 "
                               "Insufficient cpu.'}]}}");
  expect_status_patch(l.status, l.status, K8SM_PATCH_STRATEGIC, "{}");
  expect_status_patch(l.status, l.status, K8SM_PATCH_MERGE, "{}");
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_status_patch(first, l.status, 3, NULL, &blob), K8SM_ERR_UNSUPPORTED);
  assert_null(blob);
  k8sm_status_unref(first);
  life_end(&l);
}

static void memory_runs_out(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, "{'containers':[{'name':'a','image':'a:1'}]}");
  struct k8sm_pod *from = pods_parse(patch_cases[3].from_metadata, patch_cases[3].from);
  struct k8sm_pod *to = pods_parse(patch_cases[3].to_metadata, patch_cases[3].to);
  int pod = K8SM_ERR_NOMEM, status = K8SM_ERR_NOMEM;
  for (size_t after = 1; pod != K8SM_OK || status != K8SM_OK; after++) {
    struct failing memory;
    struct k8sm_blob *blob = NULL;
    failing_init(&memory, after);
    pod = k8sm_pod_patch(from, to, K8SM_PATCH_STRATEGIC, &memory.allocator, &blob);
    assert_true(pod == K8SM_OK || (pod == K8SM_ERR_NOMEM && blob == NULL));
    k8sm_blob_unref(blob);
    assert_int_equal(memory.held, 0);
    blob = NULL;
    failing_init(&memory, after);
    status = k8sm_status_patch(NULL, l.status, K8SM_PATCH_STRATEGIC, &memory.allocator, &blob);
    assert_true(status == K8SM_OK || (status == K8SM_ERR_NOMEM && blob == NULL));
    k8sm_blob_unref(blob);
    assert_int_equal(memory.held, 0);
    assert_true(after < 1000);
  }
  k8sm_pod_unref(from);
  k8sm_pod_unref(to);
  life_end(&l);
}

/* ---- The keys, by Kubernetes' own table: type, field and patchMergeKey in columns ---- */

static unsigned schema_type(const char *name) {
  for (unsigned t = 1; t < K8SMI_TYPE_COUNT; t++) {
    if (k8smi_eqs(k8smi_types[t].name, name)) return t;
  }
  return K8SMI_TYPE_None;
}

static bool schema_checks(char *line) {
  enum { TYPE, FIELD, STRATEGY = 7, KEY = 8, COLUMNS };
  char *columns[COLUMNS] = {NULL};
  for (int i = 0; i < COLUMNS && line != NULL; i++) {
    columns[i] = line;
    line = strpbrk(line, "\t\n");
    if (line != NULL) *line++ = '\0';
  }
  if (columns[KEY] == NULL || strncmp(columns[STRATEGY], "merge", 5) != 0) return false;
  char *slash = strchr(columns[TYPE], '.');
  unsigned type = slash == NULL ? K8SMI_TYPE_None : schema_type(slash + 1);
  bool of_pods = type == K8SMI_TYPE_PodSpec || type == K8SMI_TYPE_PodStatus || type == K8SMI_TYPE_Container ||
                 type == K8SMI_TYPE_ContainerStatus || type == K8SMI_TYPE_ObjectMeta;
  if (!of_pods) return false;
  unsigned field = k8smi_type_find(&k8smi_types[type], k8smi_s(columns[FIELD]), 0);
  const struct k8smi_patch_list *how = k8smi_patch_list(type, field);
  if (how == NULL) fail_msg("%s.%s is not merged", columns[TYPE], columns[FIELD]);
  unsigned child = k8smi_types[type].fields[field].child;
  if (how->key == K8SMI_PATCH_NO_KEY) {
    assert_int_equal(columns[KEY][0], '\0');
  } else {
    assert_true(k8smi_eqs(k8smi_types[child].fields[how->key].name, columns[KEY]));
  }
  assert_int_equal(how->retain, strstr(columns[STRATEGY], "retainKeys") != NULL);
  return true;
}

static void keys_are_those_of_kubernetes(void **state) {
  (void)state;
  char path[4096], line[1024];
  size_t checked = 0;
  snprintf(path, sizeof path, "%s/../shared/facts/k8s-json-schema.tsv", patch_root);
  FILE *file = fopen(path, "r");
  if (file == NULL) skip();
  while (fgets(line, sizeof line, file) != NULL) checked += schema_checks(line);
  fclose(file);
  assert_true(checked >= 20);
}

int main(int argc, char **argv) {
  patch_root = argc > 1 ? argv[1] : ".";
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(patches_of_pods),
      cmocka_unit_test(unknown_members_are_patched),
      cmocka_unit_test(patches_of_statuses),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(keys_are_those_of_kubernetes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
