// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sysexits.h>

#include "common/status.h"
#include "tests/support/testing.h"

static void an_error_holds_one_sentence(void **state)
{
    (void)state;
    struct error err = {.os_errno = 5};
    assert_int_equal(error_set(&err, STATUS_LIMIT, "could not queue %d: full", 7), STATUS_LIMIT);
    assert_string_equal(err.text, "could not queue 7: full");
    assert_int_equal(err.os_errno, 0);
    assert_int_equal(error_set(NULL, STATUS_AGAIN, "nobody listens"), STATUS_AGAIN);
}

static void the_reason_of_the_system_is_appended(void **state)
{
    (void)state;
    struct error err = {0};
    errno = ENOENT;
    assert_int_equal(error_set_errno(&err, STATUS_INVALID, "cannot open \"x\""), STATUS_INVALID);
    assert_string_equal(err.text, "cannot open \"x\": No such file or directory");
    assert_int_equal(err.os_errno, ENOENT);
}

static void a_long_sentence_is_cut(void **state)
{
    (void)state;
    struct error err = {0};
    char text[1000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    (void)error_set(&err, STATUS_INVALID, "%s", text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    errno = EIO;
    (void)error_set_errno(&err, STATUS_INVALID, "%s", text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void every_status_has_name_text_and_exit_code(void **state)
{
    (void)state;
    for (int status = STATUS_OK; status <= STATUS_BROKEN; status++) {
        assert_string_not_equal(status_name((enum status)status), "?");
        assert_string_not_equal(status_text((enum status)status), "?");
    }
    assert_int_equal(status_exit_code(STATUS_OK), EX_OK);
    assert_int_equal(status_exit_code(STATUS_AGAIN), EX_TEMPFAIL);
    assert_int_equal(status_exit_code(STATUS_INVALID), EX_DATAERR);
    assert_int_equal(status_exit_code(STATUS_LIMIT), EX_TEMPFAIL);
    assert_int_equal(status_exit_code(STATUS_NOT_FOUND), EX_NOINPUT);
    assert_int_equal(status_exit_code(STATUS_BROKEN), EX_SOFTWARE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_holds_one_sentence),
        cmocka_unit_test(the_reason_of_the_system_is_appended),
        cmocka_unit_test(a_long_sentence_is_cut),
        cmocka_unit_test(every_status_has_name_text_and_exit_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
