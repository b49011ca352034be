// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/crash.h"
#include "tests/support/testing.h"

enum { PASSES = 3 };

/* How a child ends that passes BROKER_AFTER_COMMIT three times with this NEWSLOOM_CRASH_AT. */
static int end_of_child(const char *wish, int *ret_passed)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)setenv("NEWSLOOM_CRASH_AT", wish, 1);
        (void)freopen("/dev/null", "w", stderr);
        crash_init();
        for (int i = 0; i < PASSES; i++) {
            crash_here(CRASH_BROKER_BEFORE_COMMIT);
            crash_here(CRASH_BROKER_AFTER_COMMIT);
            if (write(ends[1], "x", 1) != 1)
                _exit(EX_IOERR);
        }
        _exit(EX_OK);
    }
    (void)close(ends[1]);
    char byte = 0;
    for (*ret_passed = 0; read(ends[0], &byte, 1) == 1;)
        (*ret_passed)++;
    (void)close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void without_a_wish_nothing_happens(void **state)
{
    (void)state;
    int passed = 0;
    int status = end_of_child("", &passed);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EX_OK);
    assert_int_equal(passed, PASSES);
}

static void the_first_pass_kills(void **state)
{
    (void)state;
    int passed = 0;
    int status = end_of_child("BROKER_AFTER_COMMIT", &passed);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(passed, 0);
}

static void the_third_pass_kills(void **state)
{
    (void)state;
    int passed = 0;
    int status = end_of_child("BROKER_AFTER_COMMIT:3", &passed);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(passed, 2);
}

static void another_point_does_not(void **state)
{
    (void)state;
    int passed = 0;
    int status = end_of_child("WORKER_TAKEN", &passed);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EX_OK);
}

static void an_unknown_point_is_a_usage_error(void **state)
{
    (void)state;
    int passed = 0;
    int status = end_of_child("NOWHERE", &passed);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EX_USAGE);
    assert_int_equal(passed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_wish_nothing_happens),
        cmocka_unit_test(the_first_pass_kills),
        cmocka_unit_test(the_third_pass_kills),
        cmocka_unit_test(another_point_does_not),
        cmocka_unit_test(an_unknown_point_is_a_usage_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
