// SPDX-License-Identifier: Apache-2.0
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "common/utf8.h"
#include "tests/support/testing.h"

/* What a block writes to stderr, as text in `captured`. */
static char captured[8192];
static int pipe_ends[2];
static int kept_stderr;

static void capture_begin(void)
{
    assert_int_equal(pipe(pipe_ends), 0);
    kept_stderr = dup(STDERR_FILENO);
    assert_int_equal(dup2(pipe_ends[1], STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(close(pipe_ends[1]), 0);
}

static void capture_end(void)
{
    assert_int_equal(dup2(kept_stderr, STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(close(kept_stderr), 0);
    size_t used = 0;
    ssize_t size = 0;
    while ((size = read(pipe_ends[0], captured + used, sizeof(captured) - 1 - used)) > 0)
        used += (size_t)size;
    captured[used] = '\0';
    assert_int_equal(close(pipe_ends[0]), 0);
}

static void a_text_line_is_prefix_id_and_pairs(void **state)
{
    (void)state;
    log_open("newsloom-test", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    capture_begin();
    log_warn("lease-expired", "article=%d worker=%s", 7, "w1");
    capture_end();
    assert_string_equal(captured, "<4>lease-expired article=7 worker=w1\n");
}

static void a_level_above_is_silent(void **state)
{
    (void)state;
    log_open("newsloom-test", LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
    capture_begin();
    log_info("hidden", "a=%d", 1);
    log_debug("hidden", "a=%d", 1);
    log_error("shown", "a=%d", 1);
    capture_end();
    assert_string_equal(captured, "<3>shown a=1\n");
}

static void a_json_line_is_one_object(void **state)
{
    (void)state;
    char quoted[LOG_QUOTE_SIZE];
    log_open("newsloom-test", LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    capture_begin();
    log_info("refused", "peer=a1 reason=%s count=3", log_quote("a \"b\" c\\d\nđiều", quoted));
    capture_end();
    json_t *line = json_loads(captured, 0, NULL);
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "event")), "refused");
    assert_string_equal(json_string_value(json_object_get(line, "program")), "newsloom-test");
    assert_string_equal(json_string_value(json_object_get(line, "level")), "info");
    assert_string_equal(json_string_value(json_object_get(line, "peer")), "a1");
    assert_string_equal(json_string_value(json_object_get(line, "reason")), "a \"b\" c\\d điều");
    assert_string_equal(json_string_value(json_object_get(line, "count")), "3");
    json_decref(line);
}

static void a_newline_makes_no_second_line(void **state)
{
    (void)state;
    log_open("newsloom-test", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    capture_begin();
    log_info("odd", "text=%s", "a\n<0>forged b=1\x1b[2J");
    capture_end();
    assert_string_equal(captured, "<6>odd text=a <0>forged b=1 [2J\n");
}

static void an_endless_value_is_cut_to_one_clean_line(void **state)
{
    (void)state;
    static char text[6000];
    for (size_t i = 0; i + 3 < sizeof(text); i += 3)
        memcpy(text + i, "ạ", 3);
    for (int form = LOG_FORMAT_TEXT; form <= LOG_FORMAT_JSON; form++) {
        log_open("newsloom-test", LOG_LEVEL_INFO, (enum log_format)form);
        capture_begin();
        log_info("long", "a=%s", text);
        capture_end();
        assert_true(utf8_is_clean(captured, strlen(captured)));
        assert_ptr_equal(strchr(captured, '\n'), captured + strlen(captured) - 1);
    }
}

static void a_quoted_text_is_cut_between_letters(void **state)
{
    (void)state;
    char text[2 * LOG_QUOTE_SIZE];
    char quoted[LOG_QUOTE_SIZE];
    for (size_t offset = 0; offset < 4; offset++) {
        memset(text, 'a', sizeof(text));
        for (size_t i = offset; i + 4 < sizeof(text); i += 4)
            memcpy(text + i, "\xf0\x9f\x98\x80", 4);
        text[sizeof(text) - 1] = '\0';
        (void)log_quote(text, quoted);
        assert_true(strlen(quoted) < LOG_QUOTE_SIZE);
        assert_true(strlen(quoted) > LOG_QUOTE_SIZE - 10);
        assert_true(utf8_is_clean(quoted, strlen(quoted)));
        assert_int_equal(quoted[strlen(quoted) - 1], '"');
    }
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
    (void)state;
    char quoted[LOG_QUOTE_SIZE];
    assert_string_equal(log_quote("a\xff\xe1\xba"
                                  "b\t",
                                  quoted),
                        "\"a???b \"");
    assert_string_equal(log_quote(NULL, quoted), "\"\"");
}

static void levels_have_four_names(void **state)
{
    (void)state;
    enum log_level level = LOG_LEVEL_INFO;
    struct error err = {0};
    assert_ok(log_level_parse("debug", &level, &err), err);
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_refused(log_level_parse("loud", &level, &err), STATUS_INVALID, err, "use error, warn");
}

static void a_gate_opens_once_a_second(void **state)
{
    (void)state;
    struct log_gate gate = {0};
    int opened = 0;
    for (int i = 0; i < 1000; i++)
        opened += log_gate_open(&gate);
    assert_in_range(opened, 1, 3); /* a second may pass meanwhile */
    assert_true(gate.suppressed >= 997);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_line_is_prefix_id_and_pairs),
        cmocka_unit_test(a_level_above_is_silent),
        cmocka_unit_test(a_json_line_is_one_object),
        cmocka_unit_test(a_newline_makes_no_second_line),
        cmocka_unit_test(an_endless_value_is_cut_to_one_clean_line),
        cmocka_unit_test(a_quoted_text_is_cut_between_letters),
        cmocka_unit_test(bytes_that_are_no_text_are_replaced),
        cmocka_unit_test(levels_have_four_names),
        cmocka_unit_test(a_gate_opens_once_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
