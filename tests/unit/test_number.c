/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slice.h"
#include "wire/number.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static const char *text_of(struct k8smi_buf *buf) {
  k8smi_buf_putc(buf, '\0');
  assert_false(buf->failed);
  return buf->ptr;
}

static const char *double_text(struct k8smi_buf *buf, double d) {
  k8smi_buf_clear(buf);
  k8smi_put_double(buf, d);
  return text_of(buf);
}

static void integers_are_strict(void **state) {
  (void)state;
  uint64_t u = 7;
  int64_t i = 7;
  assert_true(k8smi_parse_u64(K8SMI_S("18446744073709551615"), &u));
  assert_true(u == UINT64_MAX);
  assert_true(k8smi_parse_i64(K8SMI_S("-9223372036854775808"), &i));
  assert_true(i == INT64_MIN);
  const char *bad_u64[] = {
      "", "-1", "+1", " 1", "1 ", "18446744073709551616", "0x1", "1.0", "99999999999999999999"};
  for (size_t n = 0; n < sizeof bad_u64 / sizeof bad_u64[0]; n++) {
    assert_false(k8smi_parse_u64(k8smi_s(bad_u64[n]), &u));
  }
  const char *bad_i64[] = {"", "-", "--1", "9223372036854775808", "-9223372036854775809"};
  for (size_t n = 0; n < sizeof bad_i64 / sizeof bad_i64[0]; n++) {
    assert_false(k8smi_parse_i64(k8smi_s(bad_i64[n]), &i));
  }
  assert_true(u == UINT64_MAX);
  assert_true(i == INT64_MIN);
}

static void integers_of_json_may_have_a_point(void **state) {
  (void)state;
  const struct {
    const char *text;
    int64_t n;
  } good[] = {{"5.0", 5},
              {"1e3", 1000},
              {"-2.50e1", -25},
              {"0e999999999999", 0},
              {"-0", 0},
              {"9223372036854775807", INT64_MAX},
              {"-9.223372036854775808e18", INT64_MIN},
              {"1000000000000000000000e-3", 1000000000000000000},
              {"5.00000000000000000000000000", 5}};
  for (size_t n = 0; n < sizeof good / sizeof good[0]; n++) {
    int64_t i = 1;
    assert_true(k8smi_parse_json_i64(k8smi_s(good[n].text), &i));
    assert_true(i == good[n].n);
  }
  const char *bad[] = {"5.5", "1e-1", "1e19", "9223372036854775808",         "", "01", "1.", ".5",
                       "+1",  "1e",   "1 ",   "5.00000000000000000000000001"};
  for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
    int64_t i = 1;
    assert_false(k8smi_parse_json_i64(k8smi_s(bad[n]), &i));
    assert_int_equal(i, 1);
  }
}

static void doubles_in_the_form_of_json(void **state) {
  (void)state;
  struct k8smi_buf buf;
  assert_true(k8smi_buf_init(&buf, NULL));
  const struct {
    double d;
    const char *text;
  } known[] = {{0.0, "0.0"},
               {-0.0, "-0.0"},
               {30.0, "30.0"},
               {0.1, "0.1"},
               {-0.25, "-0.25"},
               {1e22, "1e+22"},
               {1.5e300, "1.5e+300"},
               {1e21, "1e+21"},
               {123456789012345680000.0, "123456789012345680000.0"},
               {0.000001, "0.000001"},
               {1.25e-7, "1.25e-7"},
               {0.3 - 0.1, "0.19999999999999998"},
               {2.9699999999999998, "2.9699999999999998"},
               {5e-324, "5e-324"},
               {1844674407370955.25, "1844674407370955.2"}, /* halfway: the even digit */
               {1844674407370955.75, "1844674407370955.8"},
               {1.7976931348623157e308, "1.7976931348623157e+308"},
               {2.2250738585072014e-308, "2.2250738585072014e-308"},
               {5.684341886080802e-14, "5.684341886080802e-14"},
               {9007199254740993.0, "9007199254740992.0"}};
  for (size_t n = 0; n < sizeof known / sizeof known[0]; n++) {
    assert_string_equal(double_text(&buf, known[n].d), known[n].text);
  }
  assert_string_equal(double_text(&buf, INFINITY), "\"Infinity\"");
  assert_string_equal(double_text(&buf, -INFINITY), "\"-Infinity\"");
  assert_string_equal(double_text(&buf, NAN), "\"NaN\"");
  k8smi_buf_free(&buf);
}

/* The shortest: reads back, and no text with fewer digits does. */
static void doubles_read_back(void **state) {
  (void)state;
  struct k8smi_buf buf;
  assert_true(k8smi_buf_init(&buf, NULL));
  for (int n = 0; n < 20000; n++) {
    uint64_t bits = next_random();
    if (n % 4 == 1) bits &= ~UINT64_C(0) << 52;           /* powers of two */
    if (n % 4 == 2) bits &= UINT64_C(0x800fffffffffffff); /* subnormal */
    double d, back;
    memcpy(&d, &bits, sizeof d);
    if (n % 4 == 3) d = (double)(int64_t)(next_random() % 100000000) / 100000.0;
    if (!isfinite(d)) continue;
    const char *text = double_text(&buf, d);
    assert_true(k8smi_parse_double(k8smi_s(text), &back));
    assert_memory_equal(&back, &d, sizeof d);
    assert_true(strtod(text, NULL) == d);
    int digits = 1;
    char libc[64];
    while (snprintf(libc, sizeof libc, "%.*e", digits - 1, d), strtod(libc, NULL) != d) digits++;
    int ours = 0, zeros = 0;
    for (const char *c = text; *c != '\0' && *c != 'e'; c++) {
      if (*c < '0' || *c > '9' || (ours == 0 && *c == '0')) continue;
      ours++;
      zeros = *c == '0' ? zeros + 1 : 0;
    }
    if (d != 0) assert_in_range(ours - zeros, 0, digits);
  }
  k8smi_buf_free(&buf);
}

static void doubles_are_read_as_the_c_library_does(void **state) {
  (void)state;
  const char *hard[] = {"2.2250738585072011e-308",
                        "2.2250738585072012e-308",
                        "9007199254740993",
                        "9007199254740992.99999999999999999999999999999999",
                        "1.7976931348623158e308",
                        "4.9406564584124654e-324",
                        "2.4703282292062327208e-324",
                        "2.4703282292062328e-324",
                        "1e-400",
                        "0.1e-1000000000",
                        "123456789012345678901234567890e-10",
                        "8.98846567431158e307",
                        "1e23",
                        "8.5e22",
                        "6929495644600919.5",
                        "3.7455744005952583e15",
                        "9007199254740993.00000000000000000000000000000000000000000000000000000000000001"};
  for (size_t n = 0; n < sizeof hard / sizeof hard[0]; n++) {
    double d = 1;
    assert_true(k8smi_parse_double(k8smi_s(hard[n]), &d));
    assert_true(d == strtod(hard[n], NULL));
  }
  for (int n = 0; n < 20000; n++) {
    char text[96];
    double d;
    int exponent = (int)(next_random() % 660) - 345;
    snprintf(text, sizeof text, "%llu%llu.%llue%d", (unsigned long long)next_random() | 1,
             (unsigned long long)next_random() >> (n % 64), (unsigned long long)next_random(), exponent);
    double want = strtod(text, NULL);
    if (isinf(want)) {
      assert_false(k8smi_parse_double(k8smi_s(text), &d));
    } else {
      assert_true(k8smi_parse_double(k8smi_s(text), &d));
      assert_true(d == want);
    }
  }
}

/* Half-way points need every digit, and one more digit at the end decides. */
static void doubles_of_many_digits(void **state) {
  (void)state;
  char text[1300];
  int len = snprintf(text, sizeof text, "%.1100f", 5e-324); /* exact */
  double d;
  assert_true(k8smi_parse_double((struct k8sm_slice){text, (size_t)len}, &d));
  assert_true(d == 5e-324);
  char half[2000] = "2.4703282292062327208299089888063";
  assert_true(k8smi_parse_double(K8SMI_S("1.7976931348623159e308"), &d) == false);
  len = snprintf(half, sizeof half, "%.*f", 60, 9007199254740993.0 - 1.0);
  half[15] = '3'; /* 9007199254740993.000…: a tie, to even */
  assert_true(k8smi_parse_double((struct k8sm_slice){half, (size_t)len}, &d));
  assert_true(d == 9007199254740992.0);
  half[len - 1] = '1';
  assert_true(k8smi_parse_double((struct k8sm_slice){half, (size_t)len}, &d));
  assert_true(d == 9007199254740994.0);
  memset(half, '0', sizeof half);
  memcpy(half, "9007199254740993.", 17);
  half[sizeof half - 1] = '7';
  assert_true(k8smi_parse_double((struct k8sm_slice){half, sizeof half}, &d));
  assert_true(d == 9007199254740994.0);
  assert_false(k8smi_parse_double(K8SMI_S("1e999999999999999999"), &d));
  assert_false(k8smi_parse_double(K8SMI_S("Infinity"), &d));
  assert_false(k8smi_parse_double(K8SMI_S("1,5"), &d));
}

static void thousandths(void **state) {
  (void)state;
  struct k8smi_buf buf;
  assert_true(k8smi_buf_init(&buf, NULL));
  const struct {
    int64_t milli;
    const char *text;
  } known[] = {{0, "0"},       {250, "0.25"}, {4000, "4"},
               {-1, "-0.001"}, {1100, "1.1"}, {INT64_MIN, "-9223372036854775.808"}};
  for (size_t n = 0; n < sizeof known / sizeof known[0]; n++) {
    k8smi_buf_clear(&buf);
    k8smi_put_milli(&buf, known[n].milli);
    assert_string_equal(text_of(&buf), known[n].text);
  }
  int64_t milli;
  assert_true(k8smi_milli_of_double(2.9699999999999998, &milli) && milli == 2970);
  assert_true(k8smi_milli_of_double(0.0005, &milli) && milli == 1);
  assert_true(k8smi_milli_of_double(-0.0005, &milli) && milli == -1);
  assert_true(k8smi_milli_of_double(0.00049, &milli) && milli == 0);
  assert_false(k8smi_milli_of_double(INFINITY, &milli));
  assert_false(k8smi_milli_of_double(NAN, &milli));
  assert_false(k8smi_milli_of_double(1e16, &milli));
  assert_true(k8smi_double_of_milli(100) == 0.1);
  for (int n = 0; n < 2000; n++) {
    int64_t m = (int64_t)next_random();
    k8smi_buf_clear(&buf);
    k8smi_put_milli(&buf, m);
    assert_true(k8smi_double_of_milli(m) == strtod(text_of(&buf), NULL));
  }
  k8smi_buf_free(&buf);
}

static void times(void **state) {
  (void)state;
  struct k8smi_buf buf;
  assert_true(k8smi_buf_init(&buf, NULL));
  const struct {
    int64_t ms;
    const char *text;
  } known[] = {{0, "1970-01-01T00:00:00Z"},
               {-1, "1969-12-31T23:59:59Z"},
               {951782400000, "2000-02-29T00:00:00Z"},
               {1709251199999, "2024-02-29T23:59:59Z"},
               {4107542400000, "2100-03-01T00:00:00Z"},
               {INT64_MAX, "9999-12-31T23:59:59Z"},
               {INT64_MIN, "0000-01-01T00:00:00Z"}};
  for (size_t n = 0; n < sizeof known / sizeof known[0]; n++) {
    k8smi_buf_clear(&buf);
    k8smi_put_time(&buf, known[n].ms);
    assert_string_equal(text_of(&buf), known[n].text);
  }
  k8smi_buf_free(&buf);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integers_are_strict),
      cmocka_unit_test(integers_of_json_may_have_a_point),
      cmocka_unit_test(doubles_in_the_form_of_json),
      cmocka_unit_test(doubles_read_back),
      cmocka_unit_test(doubles_are_read_as_the_c_library_does),
      cmocka_unit_test(doubles_of_many_digits),
      cmocka_unit_test(thousandths),
      cmocka_unit_test(times),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
