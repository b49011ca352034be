// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/program.h"
#include "tests/support/testing.h"

static const struct setting table[] = {
    {"store.budget", SETTING_SIZE, "8GiB", 1, INT64_MAX, NULL, "most bytes on disk"},
    {"store.reserve", SETTING_SIZE, "64MiB", 1, INT64_MAX, NULL, "of it for ends"},
    {"log.level", SETTING_CHOICE, "info", 0, 0, "error|warn|info|debug", "what is logged"},
    {"log.format", SETTING_CHOICE, "text", 0, 0, "text|json", "form of a log line"},
};

static enum status check(const struct settings *settings, struct error *err)
{
    if (settings_number(settings, "store.budget") > settings_number(settings, "store.reserve"))
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "store.budget must be above store.reserve");
}

static const struct program program = {
    .name = "newsloom-test",
    .purpose = "shows what a command line is",
    .examples = "  newsloom-test --check\n",
    .table = table,
    .count = COUNT_OF(table),
    .crash_program = "broker",
    .check = check,
};

static char printed[16384]; /* stdout and stderr of the last call */
static int exit_code;
static struct settings *settings;
static struct error err;

/* arguments end with NULL. */
static enum status run(const char *const *arguments)
{
    char *argv[12] = {(char *)(uintptr_t) "newsloom-test"};
    int argc = 1;
    for (; *arguments; arguments++)
        argv[argc++] = (char *)(uintptr_t)*arguments;
    int paper = memfd_create("printed", MFD_CLOEXEC);
    (void)fflush(stdout);
    int kept[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    assert_int_equal(dup2(paper, STDOUT_FILENO), STDOUT_FILENO);
    assert_int_equal(dup2(paper, STDERR_FILENO), STDERR_FILENO);
    settings_free(&settings);
    enum status status = program_settings(&program, argc, argv, &settings, &exit_code, &err);
    (void)fflush(stdout);
    assert_int_equal(dup2(kept[0], STDOUT_FILENO), STDOUT_FILENO);
    assert_int_equal(dup2(kept[1], STDERR_FILENO), STDERR_FILENO);
    (void)close(kept[0]);
    (void)close(kept[1]);
    ssize_t size = pread(paper, printed, sizeof(printed) - 1, 0);
    assert_true(size >= 0);
    printed[size] = '\0';
    (void)close(paper);
    return status;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static int free_settings(void **state)
{
    (void)state;
    settings_free(&settings);
    return 0;
}

static void the_last_origin_counts(void **state)
{
    (void)state;
    char path[] = "/tmp/newsloom-program-XXXXXX";
    int file = mkstemp(path);
    static const char text[] = "store.budget = 1GiB\nstore.reserve = 2MiB\nlog.level = warn\n";
    assert_int_equal(write(file, text, sizeof(text) - 1), sizeof(text) - 1);
    assert_int_equal(close(file), 0);
    assert_int_equal(setenv("NEWSLOOM_STORE_RESERVE", "3MiB", 1), 0);
    assert_int_equal(setenv("NEWSLOOM_LOG_LEVEL", "error", 1), 0);
    enum status status = RUN("--config", path, "--set=log.level=debug", "--set", "log.format=json");
    assert_int_equal(unsetenv("NEWSLOOM_STORE_RESERVE"), 0);
    assert_int_equal(unsetenv("NEWSLOOM_LOG_LEVEL"), 0);
    assert_int_equal(unlink(path), 0);
    assert_ok(status, err);
    assert_int_equal(exit_code, -1);
    assert_int_equal(settings_number(settings, "store.budget"), 1 << 30);
    assert_int_equal(settings_number(settings, "store.reserve"), 3 << 20);
    assert_string_equal(settings_text(settings, "log.level"), "debug");
    assert_string_equal(printed, "");
}

static void a_wrong_command_line_is_a_usage_error(void **state)
{
    (void)state;
    static const struct {
        const char *argument;
        const char *part;
    } cases[] = {
        {"--colour", "\"--colour\" is no option"},
        {"file", "\"file\" is no option"},
        {"--config", "needs a FILE"},
        {"--set", "needs a NAME=VALUE"},
        {"--check=yes", "takes no value"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_refused(RUN(cases[i].argument), STATUS_INVALID, err, cases[i].part);
        assert_int_equal(exit_code, EX_USAGE);
        assert_contains(printed, "newsloom-test: ");
        assert_null(settings);
    }
}

static void a_wrong_configuration_is_a_configuration_error(void **state)
{
    (void)state;
    assert_refused(RUN("--set", "store.budget=0"), STATUS_INVALID, err, "out of bounds");
    assert_int_equal(exit_code, EX_CONFIG);
    assert_refused(RUN("--check", "--set", "store.budget=1KiB"), STATUS_INVALID, err,
                   "must be above");
    assert_int_equal(exit_code, EX_CONFIG);
    assert_refused(RUN("--config", "/nonexistent/a.conf"), STATUS_NOT_FOUND, err, "a.conf");
    assert_int_equal(exit_code, EX_CONFIG);
    assert_contains(printed, "/nonexistent/a.conf");
}

static void questions_are_answered_without_a_configuration(void **state)
{
    (void)state;
    static const struct {
        const char *argument;
        const char *part;
    } cases[] = {
        {"--help", "newsloom-test --check\n"},
        {"-h", "--print-config"},
        {"--version", "newsloom-test 0."},
        {"--help-config", "most bytes on disk"},
        {"--print-config", "#log.level = info\n"},
        {"--crash-points", "BROKER_AFTER_COMMIT"},
        {"--check", ""},
        {"--show-config", "store.budget = 8GiB"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_ok(RUN(cases[i].argument), err);
        assert_int_equal(exit_code, EX_OK);
        assert_contains(printed, cases[i].part);
        assert_null(settings);
    }
    assert_ok(RUN("--show-config", "--json"), err);
    assert_contains(printed, "\"value\": \"8GiB\"");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, free_settings)
    const struct CMUnitTest tests[] = {
        TEST(the_last_origin_counts),
        TEST(a_wrong_command_line_is_a_usage_error),
        TEST(a_wrong_configuration_is_a_configuration_error),
        TEST(questions_are_answered_without_a_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
