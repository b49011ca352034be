// SPDX-License-Identifier: Apache-2.0
#include "broker/leases.h"
#include "tests/support/testing.h"

static void ids_of_two_boots_differ(void **state)
{
    (void)state;
    struct lease_list list = {0};
    struct leases *first = leases_new(1);
    struct leases *second = leases_new(2);
    struct lease *old = leases_grant(first, 10, NULL, &list);
    struct lease *new = leases_grant(second, 10, NULL, &(struct lease_list){0});
    assert_int_not_equal(old->id, new->id);
    assert_int_equal(old->id >> LEASE_BOOT_SHIFT, 1);
    leases_free(&first);
    leases_free(&second);
}

static void only_leases_of_earlier_boots_are_adopted(void **state)
{
    (void)state;
    struct lease_list list = {0};
    struct leases *leases = leases_new(3);
    assert_null(leases_adopt(leases, UINT64_C(3) << LEASE_BOOT_SHIFT | 9, 1, NULL, &list));
    assert_null(leases_adopt(leases, UINT64_C(9) << LEASE_BOOT_SHIFT | 9, 1, NULL, &list));
    assert_null(leases_adopt(leases, 9, 1, NULL, &list));
    assert_non_null(leases_adopt(leases, UINT64_C(2) << LEASE_BOOT_SHIFT | 9, 1, NULL, &list));
    assert_null(leases_adopt(leases, UINT64_C(2) << LEASE_BOOT_SHIFT | 9, 1, NULL, &list));
    assert_int_equal(leases_count(leases), 1);
    leases_free(&leases);
}

static void many_are_found_and_ended_in_any_order(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static uint64_t ids[COUNT];
    struct lease_list list = {0};
    struct leases *leases = leases_new(1);
    for (size_t i = 0; i < COUNT; i++)
        ids[i] = leases_grant(leases, i, NULL, &list)->id;
    assert_int_equal(list.count, COUNT);
    for (size_t i = 0; i < COUNT; i += 2)
        leases_end(leases, leases_find(leases, ids[i]), &list);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(leases_find(leases, ids[i]) != NULL, i % 2);
    while (list.first)
        leases_end(leases, list.first, &list);
    assert_int_equal(leases_count(leases), 0);
    assert_int_equal(list.count, 0);
    leases_free(&leases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_two_boots_differ),
        cmocka_unit_test(only_leases_of_earlier_boots_are_adopted),
        cmocka_unit_test(many_are_found_and_ended_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
