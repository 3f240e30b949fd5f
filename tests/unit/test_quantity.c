/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/quantity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "pod/formats.h"
#include "pod/time.h"

/* The text that `write` makes of a quantity; NULL if there is none. */
static const char *written(bool (*write)(struct k8sm_slice, struct k8smi_buf *), const char *text) {
  static char out[512];
  struct k8smi_buf buf;
  assert_true(k8smi_buf_init(&buf, NULL));
  bool good = write(k8smi_s(text), &buf);
  assert_in_range(buf.len, good ? 1 : 0, sizeof out - 1);
  if (good) memcpy(out, buf.ptr, buf.len);
  out[good ? buf.len : 0] = '\0';
  k8smi_buf_free(&buf);
  return good ? out : NULL;
}

static void canonical_forms(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"0", "0"},
      {"0.5", "500m"},
      {"1.5", "1500m"},
      {"1.5Gi", "1536Mi"},
      {"1000", "1k"},
      {"1024", "1024"},
      {"2048Mi", "2Gi"},
      {"1000Ki", "1000Ki"},
      {"1024Ki", "1Mi"},
      {"5e5", "500e3"},
      {"1e19", "10e18"},
      {"0.001Ki", "1024m"},
      {"0.5Ki", "512"},
      {"100m", "100m"},
      {"1000m", "1"},
      {"1e3", "1e3"},
      {"5E-3", "5e-3"},
      {"-1.5", "-1500m"},
      {"0.0000000001", "1n"},
      {"-0.0000000001", "-1n"},
      {"1.0000000001", "1000000001n"},
      {"16Ei", "9223372036854775807"},
      {"8Ei", "9223372036854775807"},
      {"-", "0"},
      {".5", "500m"},
      {"1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890"},
      {"12E", "12E"},
      {"999999999999999999999999E", "999999999999999999999999E"},
      {"100000E", "100000E"},
      {"00100", "100"},
      {"1.Ki", "1Ki"},
      {"Ki", "0"},
      {"0Ei", "0"},
      {"1e4294967299", "1e3"}, /* exponents have 32 bits */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *got = written(k8smi_quantity_canonical, cases[i][0]);
    assert_true(k8smi_quantity_valid(k8smi_s(cases[i][0])));
    if (got == NULL) fail_msg("%s is a quantity", cases[i][0]);
    assert_string_equal(got, cases[i][1]);
  }
}

static void kept_as_typed(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"+5", "+5"},      {"05", "05"},     {"1.500", "1.500"}, {"1E3", "1E3"},   {"5.", "5."},
      {"1.Ki", "1.Ki"},  {"0.5", "500m"},  {"0.500", "500m"},  {"1000", "1k"},   {"64Mi", "64Mi"},
      {"1024Ki", "1Mi"}, {"3Ki", "3Ki"},   {"+1Ei", "1Ei"},    {"100m", "100m"}, {"0", "0"},
      {"2000m", "2"},    {"1e5", "100e3"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_string_equal(written(k8smi_quantity_written, cases[i][0]), cases[i][1]);
}

static void what_is_no_quantity(void **state) {
  (void)state;
  static const char *const texts[] = {"",
                                      "1K",
                                      "1i",
                                      "1e",
                                      "1 ",
                                      " 1",
                                      "abc",
                                      "1.2.3",
                                      "1kk",
                                      "--1",
                                      "1e+",
                                      "1e+-5",
                                      "1Kim",
                                      "0x10",
                                      "1,5",
                                      "e5x",
                                      "1e99999999999999999999",
                                      "Ei",
                                      "-Pi",
                                      ".Ei",
                                      "e-10",
                                      "\xc3\xbc"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    int64_t n = 7;
    if (k8smi_quantity_value(k8smi_s(texts[i]), &n)) fail_msg("\"%s\" is no quantity", texts[i]);
    assert_int_equal(n, 7);
    assert_false(k8smi_quantity_valid(k8smi_s(texts[i])));
    assert_null(written(k8smi_quantity_canonical, texts[i]));
  }
  char longest[300];
  memset(longest, '1', sizeof longest);
  int64_t n;
  assert_false(k8smi_quantity_value((struct k8sm_slice){longest, sizeof longest}, &n));
  assert_true(k8smi_quantity_value((struct k8sm_slice){longest, 256}, &n));
  assert_int_equal(n, INT64_MAX);
}

static void numbers(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t milli, value;
  } cases[] = {
      {"100m", 100, 1},
      {"0.1", 100, 1},
      {"1", 1000, 1},
      {"1n", 1, 1},
      {"1500u", 2, 1},
      {"64Mi", INT64_C(67108864000), 67108864},
      {"-1500m", -1500, -2},
      {"0", 0, 0},
      {"9223372036854775807", INT64_MAX, INT64_MAX},
      {"1e30", INT64_MAX, INT64_MAX},
      {"-1e30", -INT64_MAX, -INT64_MAX},
      {"1e-30", 1, 1},
      {"1234567890123456789", INT64_MAX, INT64_C(1234567890123456789)},
      {"9007199254740993", INT64_C(9007199254740993000), INT64_C(9007199254740993)},
      {"1.0000000000000000000000001Ei", INT64_MAX, (INT64_C(1) << 60) + 1},
      {"0.9999999Ki", 1024000, 1024},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t milli = -7, value = -7;
    assert_true(k8smi_quantity_milli(k8smi_s(cases[i].text), &milli));
    assert_true(k8smi_quantity_value(k8smi_s(cases[i].text), &value));
    if (milli != cases[i].milli || value != cases[i].value)
      fail_msg("%s: %lld %lld", cases[i].text, (long long)milli, (long long)value);
  }
  assert_true(k8smi_quantity_cmp(K8SMI_S("1Gi"), K8SMI_S("1000M")) > 0);
  assert_true(k8smi_quantity_cmp(K8SMI_S("0.5"), K8SMI_S("500m")) == 0);
  assert_true(k8smi_quantity_cmp(K8SMI_S("-1"), K8SMI_S("0")) < 0);
  assert_true(k8smi_quantity_cmp(K8SMI_S("-2"), K8SMI_S("-1.5")) < 0);
  assert_true(k8smi_quantity_cmp(K8SMI_S("-0"), K8SMI_S("0")) == 0);
  assert_true(k8smi_quantity_cmp(K8SMI_S("1n"), K8SMI_S("0")) > 0);
  assert_true(k8smi_quantity_cmp(K8SMI_S("1000000000001E"), K8SMI_S("1e30")) > 0);
  assert_true(k8smi_quantity_cmp(K8SMI_S("1e300"), K8SMI_S("1e299")) > 0);
  assert_true(k8smi_quantity_cmp(K8SMI_S("16Ei"), K8SMI_S("9223372036854775807")) == 0);
  assert_string_equal(written(k8smi_quantity_round_milli, "0.0015"), "2m");
  assert_string_equal(written(k8smi_quantity_round_milli, "1n"), "1m");
  assert_string_equal(written(k8smi_quantity_round_milli, "1535.9999999"), "1536");
  assert_string_equal(written(k8smi_quantity_round_milli, "1499.9999999Ki"), "1500Ki");
  assert_null(written(k8smi_quantity_round_milli, "1.500"));
}

static void times(void **state) {
  (void)state;
  static const char *const good[][2] = {
      {"2008-01-01T01:01:01Z", "2008-01-01T01:01:01Z"},
      {"2026-03-01T00:30:00+01:00", "2026-02-28T23:30:00Z"},
      {"2024-02-29T23:59:59.999-00:30", "2024-03-01T00:29:59Z"},
      {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
      {"1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"},
      {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
      {"1900-03-01T00:00:00-23:59", "1900-03-01T23:59:00Z"},
  };
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    int64_t seconds;
    char text[K8SMI_TIME_LEN + 1] = {0};
    assert_true(k8smi_parse_time(k8smi_s(good[i][0]), &seconds));
    assert_true(k8smi_format_time(seconds, text));
    assert_string_equal(text, good[i][1]);
  }
  static const char *const bad[] = {"",
                                    "2008-01-01",
                                    "2008-01-01 01:01:01Z",
                                    "2023-02-29T00:00:00Z",
                                    "2008-13-01T00:00:00Z",
                                    "2008-01-01T24:00:00Z",
                                    "2008-01-01T00:60:00Z",
                                    "2008-01-01T00:00:60Z",
                                    "2008-01-01T00:00:00",
                                    "2008-01-01T00:00:00.Z",
                                    "2008-01-01T00:00:00+1:00",
                                    "2008-01-01T00:00:00Zx",
                                    "2008-00-01T00:00:00Z"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    int64_t seconds;
    if (k8smi_parse_time(k8smi_s(bad[i]), &seconds)) fail_msg("\"%s\" is no time", bad[i]);
  }
  char text[K8SMI_TIME_LEN];
  assert_false(k8smi_format_time(INT64_C(253402300800), text));
}

static void each_format(k8smi_format *format, const char *const *good, const char *const *bad) {
  const char *wrong[K8SMI_FORMAT_WRONG];
  for (; *good != NULL; good++) {
    if (format(k8smi_s(*good), wrong) != 0) fail_msg("\"%s\": %s", *good, wrong[0]);
  }
  for (; *bad != NULL; bad++) {
    if (k8smi_has_format(k8smi_s(*bad), format)) fail_msg("\"%s\" should not pass", *bad);
  }
}

#define LIST(...)                                                                                            \
  (const char *const[]) {                                                                                    \
    __VA_ARGS__, NULL                                                                                        \
  }

static void formats(void **state) {
  (void)state;
  char long_name[65];
  memset(long_name, 'a', 64);
  long_name[64] = '\0';
  each_format(k8smi_format_label, LIST("a", "a-b", "0a"), LIST("", "-a", "a-", "A", "a.b", "a_b", long_name));
  each_format(k8smi_format_subdomain, LIST("a", "a.b-c.d", long_name),
              LIST("", ".a", "a.", "a..b", "a.-b", "A"));
  each_format(k8smi_format_qualified, LIST("a", "A_b.C", "x.y/z", long_name + 1),
              LIST("", "/a", "a/", "a/b/c", "X/a", "-a", long_name));
  each_format(k8smi_format_label_value, LIST("", "a", "A.b_c-1"), LIST("-", "a b", "a/b", long_name));
  each_format(k8smi_format_port_name, LIST("http", "a-1", "1a"),
              LIST("", "1", "-a", "a-", "a--b", "A", "abcdefghijklmnop"));
  each_format(k8smi_format_env_name, LIST("A", "a b", "1", "a.b"), LIST("a=b", "\xc3\xbc", "a\tb"));
  each_format(k8smi_format_config_key, LIST("a", ".a", "a..b", "A_b-c.1"), LIST("", ".", "..", "..a", "a/b"));
  each_format(k8smi_format_relative_path, LIST("a", "a/b", "..a", "a..", ""),
              LIST("/a", "..", "a/../b", "a/.."));
  each_format(k8smi_format_ip,
              LIST("1.2.3.4", "::", "::1", "2001:db8::ffff", "1:2:3:4:5:6:7:8", "::1.2.3.4",
                   "1:2:3:4:5:6:1.2.3.4", "1::"),
              LIST("", "1.2.3", "1.2.3.256", "01.2.3.4", "1:2", ":::", "1::2::3", "12345::", ":1",
                   "1:", "g::", "1:2:3:4:5:6:7:8:9", "::ffff:1.2.3.4", "1:2:3:4:5:6:7::8",
                   "00001::", "1.2.3.4.5", "1:1.2.3.4", "fe80::1%eth0"));
  each_format(k8smi_format_sysctl, LIST("net.core.somaxconn", "a/b_c-d"), LIST("", "A.b", "a..b", "a."));
  each_format(k8smi_format_header, LIST("X-Test-1"), LIST("", "a b", "a_b"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(canonical_forms),
      cmocka_unit_test(kept_as_typed),
      cmocka_unit_test(what_is_no_quantity),
      cmocka_unit_test(numbers),
      cmocka_unit_test(times),
      cmocka_unit_test(formats),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
