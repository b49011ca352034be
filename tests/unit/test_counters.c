// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include "common/counters.h"
#include "tests/support/testing.h"

enum { ACCEPTED, BACKLOG_LIVE, TURN, BACKLOG_BACKFILL, OLDEST, ROW_COUNT };

static const struct counter table[ROW_COUNT] = {
    [ACCEPTED] = {"newsloom_accepted_total", NULL, COUNTER_TOTAL, "articles accepted"},
    [BACKLOG_LIVE] = {"newsloom_backlog", "class=\"live\"", COUNTER_GAUGE, "articles that wait"},
    [TURN] = {"newsloom_turn_seconds_total", NULL, COUNTER_TOTAL_SECONDS, "time in turns"},
    [BACKLOG_BACKFILL] = {"newsloom_backlog", "class=\"backfill\"", COUNTER_GAUGE, "the same"},
    [OLDEST] = {"newsloom_oldest_seconds", NULL, COUNTER_GAUGE_SECONDS, "age of the oldest"},
};

static void rows_of_one_metric_stand_together_under_one_head(void **state)
{
    (void)state;
    struct counters *counters = counters_new(table, ROW_COUNT);
    counters_add(counters, ACCEPTED, 2);
    counters_add(counters, ACCEPTED, 3);
    counters_set(counters, BACKLOG_LIVE, 7);
    counters_add(counters, TURN, 1500001);
    counters_set(counters, OLDEST, 60005);
    char *text = NULL;
    PRINTED(text, out, counters_print(counters, out));
    assert_string_equal(text, "# HELP newsloom_accepted_total articles accepted\n"
                              "# TYPE newsloom_accepted_total counter\n"
                              "newsloom_accepted_total 5\n"
                              "# HELP newsloom_backlog articles that wait\n"
                              "# TYPE newsloom_backlog gauge\n"
                              "newsloom_backlog{class=\"live\"} 7\n"
                              "newsloom_backlog{class=\"backfill\"} 0\n"
                              "# HELP newsloom_turn_seconds_total time in turns\n"
                              "# TYPE newsloom_turn_seconds_total counter\n"
                              "newsloom_turn_seconds_total 1.500001\n"
                              "# HELP newsloom_oldest_seconds age of the oldest\n"
                              "# TYPE newsloom_oldest_seconds gauge\n"
                              "newsloom_oldest_seconds 60.005\n");
    free(text);
    counters_free(&counters);
    assert_null(counters);
}

static void *add_many(void *counters)
{
    for (int i = 0; i < 10000; i++)
        counters_add(counters, ACCEPTED, 1);
    return NULL;
}

static void threads_lose_no_addition(void **state)
{
    (void)state;
    struct counters *counters = counters_new(table, ROW_COUNT);
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, counters), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(counters_get(counters, ACCEPTED), 40000);
    counters_free(&counters);
}

static void the_table_documents_every_row(void **state)
{
    (void)state;
    struct counters *counters = counters_new(table, ROW_COUNT);
    assert_int_equal(counters_count(counters), ROW_COUNT);
    char *text = NULL;
    PRINTED(text, out, counters_print_table(counters, out));
    for (size_t i = 0; i < ROW_COUNT; i++) {
        assert_contains(text, counters_row(counters, i)->name);
        assert_contains(text, counters_row(counters, i)->help);
    }
    free(text);
    counters_free(&counters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_one_metric_stand_together_under_one_head),
        cmocka_unit_test(threads_lose_no_addition),
        cmocka_unit_test(the_table_documents_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
