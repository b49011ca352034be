// SPDX-License-Identifier: Apache-2.0
#include "broker/subscribers.h"
#include "tests/support/testing.h"

static uint8_t log_id[16] = "0123456789abcde";
static uint8_t other_log[16] = "fedcba987654321";

static struct store_facts facts(uint64_t first_retained, uint64_t last)
{
    struct store_facts facts = {.first_retained = first_retained, .last_sequence = last};
    memcpy(facts.log_id, log_id, sizeof(log_id));
    return facts;
}

static Newsloom__V1__Subscribe from(Newsloom__V1__From from, uint8_t *log, uint64_t after)
{
    Newsloom__V1__Subscribe wanted = NEWSLOOM__V1__SUBSCRIBE__INIT;
    wanted.from = from;
    wanted.log_id.data = log;
    wanted.log_id.len = log ? sizeof(log_id) : 0;
    wanted.after = after;
    return wanted;
}

static void cursor_within_the_log_goes_on_there(void **state)
{
    (void)state;
    struct store_facts now = facts(5, 9);
    uint64_t after = 0;
    for (uint64_t at = 4; at <= 9; at++) { /* 4: the first retained comes next */
        Newsloom__V1__Subscribe wanted = from(NEWSLOOM__V1__FROM__FROM_CURSOR, log_id, at);
        assert_int_equal(subscribers_start(&now, &wanted, NULL, &after), START_OK);
        assert_int_equal(after, at);
    }
}

static void cursor_that_cannot_go_on_is_a_gap(void **state)
{
    (void)state;
    struct store_facts now = facts(5, 9);
    uint64_t after = 0;
    Newsloom__V1__Subscribe gone = from(NEWSLOOM__V1__FROM__FROM_CURSOR, log_id, 3);
    Newsloom__V1__Subscribe ahead = from(NEWSLOOM__V1__FROM__FROM_CURSOR, log_id, 10);
    Newsloom__V1__Subscribe other = from(NEWSLOOM__V1__FROM__FROM_CURSOR, other_log, 7);
    Newsloom__V1__Subscribe none = from(NEWSLOOM__V1__FROM__FROM_CURSOR, NULL, 7);
    assert_int_equal(subscribers_start(&now, &gone, NULL, &after), START_GONE);
    assert_int_equal(subscribers_start(&now, &ahead, NULL, &after), START_AHEAD);
    assert_int_equal(subscribers_start(&now, &other, NULL, &after), START_OTHER_LOG);
    assert_int_equal(subscribers_start(&now, &none, NULL, &after), START_OTHER_LOG);
}

static void earliest_and_latest_always_work(void **state)
{
    (void)state;
    struct store_facts now = facts(5, 9);
    struct store_facts empty = facts(1, 0);
    uint64_t after = 77;
    Newsloom__V1__Subscribe earliest = from(NEWSLOOM__V1__FROM__FROM_EARLIEST, NULL, 0);
    Newsloom__V1__Subscribe latest = from(NEWSLOOM__V1__FROM__FROM_LATEST, NULL, 0);
    assert_int_equal(subscribers_start(&now, &earliest, NULL, &after), START_OK);
    assert_int_equal(after, 4);
    assert_int_equal(subscribers_start(&now, &latest, NULL, &after), START_OK);
    assert_int_equal(after, 9);
    assert_int_equal(subscribers_start(&empty, &earliest, NULL, &after), START_OK);
    assert_int_equal(after, 0);
}

static void name_goes_on_where_it_was_acknowledged(void **state)
{
    (void)state;
    struct store_facts now = facts(5, 9);
    struct named kept = {.acknowledged = 6};
    struct named late = {.acknowledged = 2};
    uint64_t after = 0;
    Newsloom__V1__Subscribe wanted = from(NEWSLOOM__V1__FROM__FROM_NAMED, NULL, 0);
    assert_int_equal(subscribers_start(&now, &wanted, &kept, &after), START_OK);
    assert_int_equal(after, 6);
    assert_int_equal(subscribers_start(&now, &wanted, &late, &after), START_GONE);
    assert_int_equal(subscribers_start(&now, &wanted, NULL, &after), START_OK);
    assert_int_equal(after, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursor_within_the_log_goes_on_there),
        cmocka_unit_test(cursor_that_cannot_go_on_is_a_gap),
        cmocka_unit_test(earliest_and_latest_always_work),
        cmocka_unit_test(name_goes_on_where_it_was_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
