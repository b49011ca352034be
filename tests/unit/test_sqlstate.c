// SPDX-License-Identifier: Apache-2.0
#include "tests/support/testing.h"
#include "worker/store/sqlstate.h"

static void wrong_data_is_permanent(void **state)
{
    (void)state;
    assert_int_equal(sqlstate_judge("22021"), SQL_PERMANENT);
    assert_int_equal(sqlstate_judge("22P05"), SQL_PERMANENT);
    assert_int_equal(sqlstate_judge("54000"), SQL_PERMANENT);
}

static void races_get_one_more_chance_and_slowness_is_looked_into(void **state)
{
    (void)state;
    assert_int_equal(sqlstate_judge("23505"), SQL_ONCE_MORE);
    assert_int_equal(sqlstate_judge("57014"), SQL_SLOW);
}

static void server_that_is_away_says_nothing_of_the_article(void **state)
{
    (void)state;
    static const char *const away[] = {"",      NULL,    "08006", "25006", "25P03", "40P01",
                                       "40001", "53100", "53300", "55P03", "57P01", "57P03"};
    for (size_t i = 0; i < COUNT_OF(away); i++)
        assert_int_equal(sqlstate_judge(away[i]), SQL_AGAIN);
}

static void unfit_database_stops_the_worker(void **state)
{
    (void)state;
    static const char *const unfit[] = {"42P01", "42501", "28P01", "3D000", "XX000",
                                        "0A000", "21000", "25P02", "P0001"};
    for (size_t i = 0; i < COUNT_OF(unfit); i++)
        assert_int_equal(sqlstate_judge(unfit[i]), SQL_BROKEN);
}

static void status_follows_the_verdict(void **state)
{
    (void)state;
    assert_int_equal(sqlstate_status("22021"), STATUS_INVALID);
    assert_int_equal(sqlstate_status("23505"), STATUS_INVALID);
    assert_int_equal(sqlstate_status("57P01"), STATUS_AGAIN);
    assert_int_equal(sqlstate_status("42P01"), STATUS_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_data_is_permanent),
        cmocka_unit_test(races_get_one_more_chance_and_slowness_is_looked_into),
        cmocka_unit_test(server_that_is_away_says_nothing_of_the_article),
        cmocka_unit_test(unfit_database_stops_the_worker),
        cmocka_unit_test(status_follows_the_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
