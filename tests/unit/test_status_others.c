/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions that others set, and the readiness gates that wait for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/life.h"

#define GATED                                                                                                \
  "{'readinessGates':[{'conditionType':'a.b/lb'},{'conditionType':'warm'}],'containers':[{'name':'c'}]}"

static int others_set(struct life *l, const char *text) {
  struct k8sm_change change = {.type = K8SM_CHANGE_CONDITION};
  char *json = pods_json(text);
  change.text = k8smi_s(json);
  int result = life_apply(l, &change, 1);
  free(json);
  return result;
}

#define AT(time)         "'lastProbeTime':null,'lastTransitionTime':'2026-08-29T10:40:" time "Z'"
#define NOT_THERE(gate)  "corresponding condition of pod readiness gate \\\"" gate "\\\" does not exist."
#define BUT(gate, value) "the status of pod readiness gate \\\"" gate "\\\" is not \\\"True\\\", but " value

static void life_up(struct life *l, const char *spec) {
  life_begin(l, spec);
  life_place(l);
  life_run(l, "", 0);
  life_run(l, "c", 0);
}

static void ready_waits_for_its_gates(void **state) {
  (void)state;
  struct life l;
  life_up(&l, GATED);
  assert_true(life_shows(&l, "'type':'ContainersReady','status':'True'"));
  assert_true(life_shows(
      &l, "'reason':'ReadinessGatesNotReady','message':'" NOT_THERE("a.b/lb") ", " NOT_THERE("warm") "'"));
  assert_int_equal(others_set(&l, "{'type':'warm','status':'True'}"), K8SM_OK);
  assert_true(life_shows(&l, "'message':'" NOT_THERE("a.b/lb") "'"));
  assert_int_equal(others_set(&l, "{'type':'a.b/lb','status':'Unknown'}"), K8SM_OK);
  assert_true(life_shows(&l, "'message':'" BUT("a.b/lb", "Unknown") "'"));
  assert_true(life_shows(&l, "'type':'Ready','status':'False'"));
  assert_int_equal(others_set(&l, "{'type':'a.b/lb','status':'True','reason':'Healthy'}"), K8SM_OK);
  assert_true(life_shows(&l, "'type':'Ready','status':'True'"));
  assert_false(life_shows(&l, "ReadinessGatesNotReady"));
  /* And what is said first when a container is not ready is that. */
  assert_int_equal(others_set(&l, "{'type':'warm','status':'False'}"), K8SM_OK);
  assert_true(life_shows(&l, "'message':'" BUT("warm", "False") "'"));
  life_update(&l, "c", 0, "FAILED", EXITED(1));
  assert_false(life_shows(&l, "ReadinessGatesNotReady"));
  assert_true(life_shows(&l, "'reason':'ContainersNotReady'"));
  life_end(&l);
}

static void conditions_stay_as_they_were_told(void **state) {
  (void)state;
  struct life l;
  life_begin(&l, ONE("Always"));
  assert_false(life_shows(&l, "'conditions'"));
  assert_int_equal(
      others_set(&l, "{'type':'b','status':'False','reason':'Why','message':'as \\\"it\\\" is'}"), K8SM_OK);
  assert_int_equal(others_set(&l, "{'status':'True','lastProbeTime':null,'x':{'y':[1]},'type':'a'}"),
                   K8SM_OK);
  assert_true(life_shows(&l, "'conditions':[{'type':'b','status':'False'," AT(
                                 "01") ",'reason':'Why','message':'as \\\"it\\\" is'},"
                                       "{'type':'a','status':'True'," AT("01") "},{'type':'PodScheduled'"));
  life_tick(&l, 4000);
  /* The time is that of the last change of what it says. */
  assert_int_equal(others_set(&l, "{'type':'b','status':'False','message':'still','lastTransitionTime':'x'}"),
                   K8SM_OK);
  assert_true(life_shows(&l, "[{'type':'b','status':'False'," AT("01") ",'message':'still'},{'type':'a'"));
  assert_int_equal(others_set(&l, "{'type':'b','status':'True'}"), K8SM_OK);
  assert_true(life_shows(&l, "[{'type':'b','status':'True'," AT("05") "},{'type':'a'"));
  /* They are the pod's, not an attempt's. */
  life_place(&l);
  life_run(&l, "", 0);
  life_update(&l, "", 0, "FAILED", SANDBOX_LOST);
  life_attempt(&l, 1);
  assert_true(life_shows(&l, "[{'type':'b','status':'True'," AT("05") "},{'type':'a'"));
  life_end(&l);
}

static void what_is_no_condition_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int result;
    const char *words;
  } cases[] = {
      {"", K8SM_ERR_SYNTAX, ""},
      {"[]", K8SM_ERR_INVALID, "'[]': expected a PodCondition, an object"},
      {"{}", K8SM_ERR_INVALID, "type: '': expected the condition's type"},
      {"{'type':'x'}", K8SM_ERR_INVALID, "status: '': expected \"True\", \"False\" or \"Unknown\""},
      {"{'type':'x','status':'true'}", K8SM_ERR_INVALID,
       "status: 'true': expected \"True\", \"False\" or \"Unknown\""},
      {"{'type':'x','status':true}", K8SM_ERR_INVALID,
       "status: no text, or one of more than 32768 bytes; expected a text"},
      {"{'type':'Ready','status':'True'}", K8SM_ERR_INVALID, "type: 'Ready': the pod's own status says that"},
      {"{'type':'x','status':'True'", K8SM_ERR_SYNTAX, ""},
      {"{'type':'x','status':'True'}}", K8SM_ERR_INVALID,
       "'{\"type\":\"x\",\"status\":\"True\"}}': expected one PodCondition, found more behind it"},
      {"{'type':'x','status':'True'} {}", K8SM_ERR_INVALID,
       "'{\"type\":\"x\",\"status\":\"True\"} {}': expected one PodCondition, found more behind it"},
      {"{'type':'x','status':'True','y':[}", K8SM_ERR_SYNTAX, ""},
  };
  struct life l;
  life_begin(&l, ONE("Always"));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (others_set(&l, cases[i].text) != cases[i].result) fail_msg("%s", cases[i].text);
    assert_true(l.findings.diags.count > 0);
    const char *at = l.findings.text + l.findings.rows[0].path,
               *words = l.findings.text + l.findings.rows[0].message;
    char line[300];
    snprintf(line, sizeof line, "%s%s%s", at, at[0] == '\0' ? "" : ": ", words);
    if (cases[i].words[0] != '\0') assert_string_equal(line, cases[i].words);
    assert_life(&l, "Pending(Pending) c=W(ContainerCreating) |");
    assert_false(life_shows(&l, "conditions"));
  }
  for (int i = 0; i < 33; i++) {
    char text[80];
    snprintf(text, sizeof text, "{'type':'c%d','status':'True'}", i);
    assert_int_equal(others_set(&l, text), i < 32 ? K8SM_OK : K8SM_ERR_INVALID);
  }
  assert_int_equal(others_set(&l, "{'type':'c31','status':'False'}"), K8SM_OK);
  life_end(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ready_waits_for_its_gates),
      cmocka_unit_test(conditions_stay_as_they_were_told),
      cmocka_unit_test(what_is_no_condition_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
