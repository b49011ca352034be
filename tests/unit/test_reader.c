// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <pthread.h>

#include "broker/reader.h"
#include "tests/support/testing.h"

enum { JOBS = 4, PATIENCE_MS = 10000 };

struct numbered {
    struct job job;
    int number;
    pthread_mutex_t *gate; /* waited for, so that the others gather behind */
};

static int finished[JOBS];
static int finished_count;
static int discarded_count;

static void run(struct job *job, struct store *store)
{
    struct numbered *numbered = (struct numbered *)job;
    (void)store;
    if (numbered->gate) {
        (void)pthread_mutex_lock(numbered->gate);
        (void)pthread_mutex_unlock(numbered->gate);
    }
}

static void finish(struct job *job, struct broker *broker)
{
    (void)broker;
    finished[finished_count++] = ((struct numbered *)job)->number;
}

static void discard(struct job *job)
{
    (void)job;
    discarded_count++;
}

static struct numbered numbered(int number, bool urgent, pthread_mutex_t *gate)
{
    return (struct numbered){
        .job = {.run = run, .finish = finish, .discard = discard, .urgent = urgent},
        .number = number,
        .gate = gate};
}

static void urgent_jobs_go_before_those_that_wait(void **state)
{
    (void)state;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct reader *reader = NULL;
    struct error err;
    struct numbered jobs[JOBS] = {numbered(0, true, &gate), numbered(1, false, NULL),
                                  numbered(2, false, NULL), numbered(3, true, NULL)};
    finished_count = 0;
    (void)pthread_mutex_lock(&gate);
    assert_int_equal(reader_start(&reader, NULL, &err), STATUS_OK);
    for (int i = 0; i < JOBS; i++)
        reader_ask(reader, &jobs[i].job);
    assert_int_equal(reader_pending(reader), JOBS);
    (void)pthread_mutex_unlock(&gate);
    while (finished_count < JOBS) {
        struct pollfd wait = {.fd = reader_fd(reader), .events = POLLIN};
        assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
        reader_collect(reader, NULL);
    }
    static const int expected[JOBS] = {0, 3, 1, 2};
    assert_memory_equal(finished, expected, sizeof(expected));
    assert_int_equal(reader_pending(reader), 0);
    reader_stop(&reader);
    assert_int_equal(discarded_count, 0);
}

static void what_was_not_collected_is_discarded(void **state)
{
    (void)state;
    struct reader *reader = NULL;
    struct error err;
    struct numbered jobs[] = {numbered(0, true, NULL), numbered(1, false, NULL)};
    discarded_count = 0;
    assert_int_equal(reader_start(&reader, NULL, &err), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(jobs); i++)
        reader_ask(reader, &jobs[i].job);
    reader_stop(&reader);
    assert_int_equal(discarded_count, 2);
    assert_null(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urgent_jobs_go_before_those_that_wait),
        cmocka_unit_test(what_was_not_collected_is_discarded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
