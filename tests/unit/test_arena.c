// SPDX-License-Identifier: Apache-2.0
#include "common/arena.h"
#include "tests/support/testing.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    for (size_t size = 0; size < 300; size++) {
        char *memory = arena_take(arena, 1, size);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xff, size);
    }
    arena_free(&arena);
    assert_null(arena);
    arena_free(&arena);
}

static void a_text_ends_where_memory_was_used_before(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    memset(arena_room(arena, 16, 16), 'x', 256);
    arena_reset(arena);
    assert_int_equal(strlen(arena_text(arena, "abc", 3)), 3);
    assert_memory_equal(arena_copy(arena, "defg", 4), "defg", 4);
    assert_int_equal((uintptr_t)arena_room(arena, 3, 1) % _Alignof(max_align_t), 0);
    assert_int_equal(*(char *)arena_take(arena, 1, 1), 0);
    arena_free(&arena);
}

static void a_block_larger_than_any_is_given(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    char *large = arena_take(arena, 3, 1 << 20);
    large[(3 << 20) - 1] = 'x';
    assert_string_equal(arena_text(arena, "sau đó", 8), "sau đó");
    arena_free(&arena);
}

static void the_budget_is_kept_and_stays_spent(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024);
    assert_non_null(arena_try(arena, 512));
    assert_null(arena_try(arena, 513));
    assert_true(arena_is_spent(arena));
    assert_null(arena_try(arena, 1));
    assert_true(arena_used(arena) <= 1024);
    arena_reset(arena);
    assert_false(arena_is_spent(arena));
    assert_non_null(arena_try(arena, 1024));
    assert_null(arena_try(arena, SIZE_MAX));
    arena_free(&arena);
}

static void many_small_pieces_count_their_rounding(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    while (arena_try(arena, 1))
        ;
    assert_true(arena_used(arena) <= 64 * 1024 + _Alignof(max_align_t));
    arena_free(&arena);
}

static void memory_after_a_reset_is_zeroed(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    for (int i = 0; i < 4; i++)
        memset(arena_take(arena, 1, 50000), 0xff, 50000);
    arena_reset(arena);
    assert_int_equal(arena_used(arena), 0);
    const char *memory = arena_take(arena, 1, 60000);
    for (size_t i = 0; i < 60000; i++)
        assert_int_equal(memory[i], 0);
    arena_free(&arena);
}

static void copies_and_formats_are_ended_by_nul(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    assert_string_equal(arena_text(arena, "abcdef", 3), "abc");
    assert_string_equal(arena_text(arena, NULL, 0), "");
    assert_string_equal(arena_format(arena, "%s-%d", "điều", 7), "điều-7");
    assert_memory_equal(arena_copy(arena, "a\0b", 3), "a\0b", 3);
    arena_free(&arena);
}

static void what_was_not_given_out_is_poisoned(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    struct arena *arena = arena_new(0);
    for (int round = 0; round < 2; round++) {
        char *memory = arena_take(arena, 1, 13);
        char *next = arena_take(arena, 1, 16);
        assert_null(__asan_region_is_poisoned(memory, 13));
        assert_true(__asan_address_is_poisoned(memory + 13));
        assert_true(__asan_address_is_poisoned(next - 1));
        assert_true(__asan_address_is_poisoned(next + 16));
        arena_reset(arena);
        assert_true(__asan_address_is_poisoned(memory));
    }
    arena_free(&arena);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(a_text_ends_where_memory_was_used_before),
        cmocka_unit_test(a_block_larger_than_any_is_given),
        cmocka_unit_test(the_budget_is_kept_and_stays_spent),
        cmocka_unit_test(many_small_pieces_count_their_rounding),
        cmocka_unit_test(memory_after_a_reset_is_zeroed),
        cmocka_unit_test(copies_and_formats_are_ended_by_nul),
        cmocka_unit_test(what_was_not_given_out_is_poisoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
