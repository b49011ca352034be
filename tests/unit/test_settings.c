// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <unistd.h>

#include "common/settings.h"
#include "tests/support/testing.h"

static const struct setting table[] = {
    {"store.directory", SETTING_TEXT, "/var/lib/x", 0, 0, NULL, "where articles stand"},
    {"store.budget", SETTING_SIZE, "8GiB", 1 << 20, INT64_C(1) << 40, NULL, "most bytes on disk"},
    {"lease.duration", SETTING_DURATION, "30s", 1000, 3600000, NULL, "silence that ends a lease"},
    {"attempt.limit", SETTING_INTEGER, "5", -1, 100, NULL, "attempts before an article is dead"},
    {"log.format", SETTING_CHOICE, "text", 0, 0, "text|json", "form of a log line"},
    {"http.enabled", SETTING_SWITCH, "off", 0, 0, NULL, "whether to serve metrics"},
};

static int new_settings(void **state)
{
    *state = settings_new("newsloom-test", table, COUNT_OF(table));
    return 0;
}

static int free_settings(void **state)
{
    struct settings *settings = *state;
    settings_free(&settings);
    return 0;
}

static enum status read_text(void **state, const char *text, struct error *err)
{
    return settings_read_bytes(*state, text, strlen(text), "test.conf", err);
}

static void defaults_have_the_origin_default(void **state)
{
    assert_string_equal(settings_text(*state, "store.directory"), "/var/lib/x");
    assert_true(settings_number(*state, "store.budget") == INT64_C(8) << 30);
    assert_int_equal(settings_number(*state, "lease.duration"), 30000);
    assert_int_equal(settings_number(*state, "attempt.limit"), 5);
    assert_false(settings_switch(*state, "http.enabled"));
    assert_string_equal(settings_origin(*state, "log.format"), "default");
}

static void a_file_sets_values_of_every_kind(void **state)
{
    struct error err = {0};
    assert_ok(read_text(state,
                        "# a comment\n\n"
                        "  store.directory = /srv/tin tức   # behind a blank\r\n"
                        "store.budget=512MiB\n"
                        "\tlease.duration\t=\t2m\n"
                        "attempt.limit = -1\n"
                        "log.format = \"json\"\n"
                        "http.enabled = on",
                        &err),
              err);
    assert_string_equal(settings_text(*state, "store.directory"), "/srv/tin tức");
    assert_int_equal(settings_number(*state, "store.budget"), 512 << 20);
    assert_int_equal(settings_number(*state, "lease.duration"), 120000);
    assert_int_equal(settings_number(*state, "attempt.limit"), -1);
    assert_string_equal(settings_text(*state, "log.format"), "json");
    assert_true(settings_switch(*state, "http.enabled"));
    assert_string_equal(settings_origin(*state, "store.budget"), "test.conf:4");
}

static void quotes_keep_blanks_and_marks(void **state)
{
    struct error err = {0};
    assert_ok(read_text(state, "store.directory = \" a # \\\"b\\\" \\\\ \" # comment", &err), err);
    assert_string_equal(settings_text(*state, "store.directory"), " a # \"b\" \\ ");
}

static void an_empty_value_is_a_value(void **state)
{
    struct error err = {0};
    assert_ok(read_text(state, "store.directory =", &err), err);
    assert_string_equal(settings_text(*state, "store.directory"), "");
}

static void an_unknown_name_is_refused_with_the_nearest(void **state)
{
    struct error err = {0};
    assert_refused(read_text(state, "\nlease.durration = 5s", &err), STATUS_INVALID, err,
                   "test.conf:2: \"lease.durration\" is no setting of newsloom-test: did you mean "
                   "\"lease.duration\"?");
    assert_refused(settings_assign(*state, "colour=red", "--set", &err), STATUS_INVALID, err,
                   "--help-config");
}

static void a_value_out_of_bounds_names_the_bounds(void **state)
{
    struct error err = {0};
    assert_refused(settings_assign(*state, "lease.duration=2h", "--set", &err), STATUS_INVALID, err,
                   "--set: lease.duration = \"2h\" is out of bounds: use 1s to 1h");
    assert_refused(settings_assign(*state, "attempt.limit=101", "--set", &err), STATUS_INVALID, err,
                   "use -1 to 100");
    assert_int_equal(settings_number(*state, "lease.duration"), 30000);
}

static void a_value_of_the_wrong_kind_is_refused(void **state)
{
    static const struct {
        const char *assignment;
        const char *part;
    } cases[] = {
        {"lease.duration=30", "needs a unit"},
        {"lease.duration=thirty", "is no duration"},
        {"lease.duration=99999999999999999999s", "is no duration"},
        {"lease.duration=999999999999999999d", "is no duration"},
        {"store.budget=8GB", "is no size"},
        {"store.budget=-1", "is no size"},
        {"attempt.limit=5x", "is no whole number"},
        {"attempt.limit=", "is no whole number"},
        {"log.format=xml", "is none of text|json"},
        {"log.format=text|json", "is none of"},
        {"log.format=", "is none of"},
        {"http.enabled=yes", "is neither on nor off"},
        {"store.directory=\xff", "is not UTF-8"},
        {"http.enabled", "has no \"=\""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error err = {0};
        assert_refused(settings_assign(*state, cases[i].assignment, "--set", &err), STATUS_INVALID,
                       err, cases[i].part);
    }
}

static void a_name_twice_in_one_file_is_refused(void **state)
{
    struct error err = {0};
    assert_refused(read_text(state, "attempt.limit = 1\nattempt.limit = 2\n", &err), STATUS_INVALID,
                   err, "test.conf:2: attempt.limit is set a second time (before: test.conf:1)");
    assert_ok(read_text(state, "attempt.limit = 3\n", &err), err);
    assert_int_equal(settings_number(*state, "attempt.limit"), 3);
}

static void a_line_that_is_no_setting_is_refused(void **state)
{
    struct error err = {0};
    assert_refused(read_text(state, "[section]\n", &err), STATUS_INVALID, err, "name = value");
    assert_refused(read_text(state, "log.format = \"json\n", &err), STATUS_INVALID, err, "quotes");
    assert_refused(read_text(state, "log.format = \"json\" x\n", &err), STATUS_INVALID, err,
                   "quotes");
    assert_int_equal(settings_read_bytes(*state, "log.format = te\0xt", 18, "x", &err),
                     STATUS_INVALID);
}

static void the_environment_goes_before_the_file(void **state)
{
    struct error err = {0};
    assert_ok(read_text(state, "lease.duration = 10s\nattempt.limit = 9", &err), err);
    assert_int_equal(setenv("NEWSLOOM_LEASE_DURATION", "20s", 1), 0);
    assert_int_equal(setenv("NEWSLOOM_NOT_OURS", "x", 1), 0);
    assert_ok(settings_read_environment(*state, &err), err);
    assert_int_equal(settings_number(*state, "lease.duration"), 20000);
    assert_int_equal(settings_number(*state, "attempt.limit"), 9);
    assert_string_equal(settings_origin(*state, "lease.duration"), "NEWSLOOM_LEASE_DURATION");
    assert_int_equal(setenv("NEWSLOOM_LEASE_DURATION", "soon", 1), 0);
    assert_refused(settings_read_environment(*state, &err), STATUS_INVALID, err,
                   "NEWSLOOM_LEASE_DURATION: lease.duration = \"soon\"");
    assert_int_equal(unsetenv("NEWSLOOM_LEASE_DURATION"), 0);
}

static void a_missing_file_is_not_found(void **state)
{
    struct error err = {0};
    assert_refused(settings_read_file(*state, "/nonexistent/x.conf", &err), STATUS_NOT_FOUND, err,
                   "/nonexistent/x.conf");
    assert_refused(settings_read_file(*state, "/", &err), STATUS_INVALID, err, "cannot read");
}

static void the_sample_uncommented_gives_the_defaults(void **state)
{
    char *sample = NULL;
    PRINTED(sample, out, settings_print_sample(*state, out));
    for (char *at = sample; (at = strstr(at, "\n#")); at++)
        if (at[2] != ' ')
            at[1] = ' ';
    struct error err = {0};
    assert_ok(read_text(state, sample, &err), err);
    assert_true(settings_number(*state, "store.budget") == INT64_C(8) << 30);
    assert_string_not_equal(settings_origin(*state, "http.enabled"), "default");
    free(sample);
}

static void printed_values_name_their_origin(void **state)
{
    struct error err = {0};
    assert_ok(settings_assign(*state, "store.directory= x", "--set", &err), err);
    char *text = NULL;
    PRINTED(text, out, settings_print_values(*state, false, out));
    assert_contains(text, "store.directory = \" x\"  # --set\n");
    assert_contains(text, "log.format = text  # default\n");
    free(text);
    PRINTED(text, out, settings_print_values(*state, true, out));
    assert_contains(text, "\"origin\": \"--set\"");
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, new_settings, free_settings)
    const struct CMUnitTest tests[] = {
        TEST(defaults_have_the_origin_default),
        TEST(a_file_sets_values_of_every_kind),
        TEST(quotes_keep_blanks_and_marks),
        TEST(an_empty_value_is_a_value),
        TEST(an_unknown_name_is_refused_with_the_nearest),
        TEST(a_value_out_of_bounds_names_the_bounds),
        TEST(a_value_of_the_wrong_kind_is_refused),
        TEST(a_name_twice_in_one_file_is_refused),
        TEST(a_line_that_is_no_setting_is_refused),
        TEST(the_environment_goes_before_the_file),
        TEST(a_missing_file_is_not_found),
        TEST(the_sample_uncommented_gives_the_defaults),
        TEST(printed_values_name_their_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
