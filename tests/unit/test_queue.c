// SPDX-License-Identifier: Apache-2.0
#include "broker/queue.h"
#include "tests/support/testing.h"

#define EVERYONE UINT64_C(1000000)

static int make_queue(void **state)
{
    *state = queue_new(10);
    return 0;
}

static int free_queue(void **state)
{
    struct queue *queue = *state;
    queue_free(&queue);
    return queue != NULL;
}

static struct item article(uint64_t id, uint32_t source, enum queue_class class_)
{
    return (struct item){
        .article_id = id, .source_id = source, .class_ = class_, .accepted_at_ms = (int64_t)id};
}

static struct item *put(struct queue *queue, uint64_t id, uint32_t source, enum queue_class class_)
{
    struct item wanted = article(id, source, class_);
    return queue_add(queue, &wanted, ITEM_QUEUED, 0);
}

static uint64_t lease_next(struct queue *queue)
{
    struct item *item = queue_next(queue);
    if (!item)
        return 0;
    queue_move(queue, item, ITEM_LEASED);
    return item->article_id;
}

static void one_source_is_first_in_first_out(void **state)
{
    struct queue *queue = *state;
    for (uint64_t id = 1; id <= 5; id++)
        put(queue, id, 7, QUEUE_LIVE);
    for (uint64_t id = 1; id <= 5; id++)
        assert_int_equal(lease_next(queue), id);
    assert_int_equal(lease_next(queue), 0);
}

static void same_article_is_not_queued_twice(void **state)
{
    struct queue *queue = *state;
    assert_non_null(put(queue, 1, 7, QUEUE_LIVE));
    assert_null(put(queue, 1, 7, QUEUE_LIVE));
    assert_int_equal(queue_size(queue), 1);
}

static void sources_take_turns(void **state)
{
    struct queue *queue = *state;
    for (uint64_t id = 1; id <= 100; id++)
        put(queue, id, 1, QUEUE_LIVE);
    put(queue, 200, 2, QUEUE_LIVE);
    put(queue, 300, 3, QUEUE_LIVE);
    uint64_t seen[3] = {lease_next(queue), lease_next(queue), lease_next(queue)};
    assert_int_equal(seen[0], 1);
    assert_int_equal(seen[1], 200);
    assert_int_equal(seen[2], 300);
}

static void backfill_keeps_its_share(void **state)
{
    struct queue *queue = *state;
    for (uint64_t id = 1; id <= 1000; id++) {
        put(queue, id, 1, QUEUE_LIVE);
        put(queue, EVERYONE + id, 1, QUEUE_BACKFILL);
    }
    unsigned backfill = 0;
    for (unsigned i = 0; i < 500; i++)
        backfill += lease_next(queue) > EVERYONE;
    assert_in_range(backfill, 50, 65);
}

static void backfill_gets_everything_when_live_has_nothing(void **state)
{
    struct queue *queue = *state;
    put(queue, 1, 1, QUEUE_BACKFILL);
    put(queue, 2, 1, QUEUE_BACKFILL);
    assert_int_equal(lease_next(queue), 1);
    assert_int_equal(lease_next(queue), 2);
}

static void returned_article_goes_out_before_later_ones(void **state)
{
    struct queue *queue = *state;
    struct item *first = put(queue, 1, 1, QUEUE_LIVE);
    put(queue, 2, 1, QUEUE_LIVE);
    assert_int_equal(lease_next(queue), 1);
    queue_return(queue, first);
    assert_int_equal(lease_next(queue), 1);
}

static void removed_article_never_goes_out(void **state)
{
    struct queue *queue = *state;
    for (uint64_t id = 1; id <= 4; id++)
        put(queue, id, 1, QUEUE_LIVE);
    queue_remove(queue, queue_find(queue, 1));
    queue_remove(queue, queue_find(queue, 3));
    assert_null(queue_find(queue, 3));
    put(queue, 5, 2, QUEUE_LIVE); /* takes no place that still stands in a line */
    assert_int_equal(queue_count(queue, QUEUE_LIVE, ITEM_QUEUED), 3);
    uint64_t sum = 0;
    for (unsigned i = 0; i < 3; i++)
        sum += lease_next(queue);
    assert_int_equal(sum, 2 + 4 + 5);
    assert_int_equal(lease_next(queue), 0);
}

static void waiting_article_wakes_when_due_and_not_before(void **state)
{
    struct queue *queue = *state;
    for (uint64_t id = 1; id <= 3; id++) {
        struct item *item = put(queue, id, 1, QUEUE_LIVE);
        assert_int_equal(lease_next(queue), id);
        queue_wait(queue, item, 100 * (int64_t)(4 - id)); /* the last is due first */
    }
    assert_int_equal(queue_next_due(queue), 100);
    assert_int_equal(queue_wake(queue, 99, 10), 0);
    assert_int_equal(queue_wake(queue, 200, 10), 2);
    assert_int_equal(lease_next(queue), 3);
    assert_int_equal(lease_next(queue), 2);
    assert_int_equal(queue_count(queue, QUEUE_LIVE, ITEM_WAITING), 1);
}

static void waiting_article_that_ended_does_not_wake(void **state)
{
    struct queue *queue = *state;
    struct item wanted = article(1, 1, QUEUE_LIVE);
    queue_remove(queue, queue_add(queue, &wanted, ITEM_WAITING, 5));
    (void)queue_wake(queue, 100, 10);
    assert_int_equal(lease_next(queue), 0);
    assert_int_equal(queue_size(queue), 0);
}

static void suspects_stand_apart(void **state)
{
    struct queue *queue = *state;
    struct item wanted = article(1, 1, QUEUE_LIVE);
    wanted.suspect = true;
    (void)queue_add(queue, &wanted, ITEM_QUEUED, 0);
    put(queue, 2, 1, QUEUE_LIVE);
    assert_int_equal(queue_suspects(queue), 1);
    assert_int_equal(lease_next(queue), 2);
    assert_int_equal(lease_next(queue), 0);
    struct item *suspect = queue_next_suspect(queue);
    assert_int_equal(suspect->article_id, 1);
    queue_move(queue, suspect, ITEM_FETCHING);
    assert_int_equal(queue_suspects(queue), 0);
    queue_move(queue, suspect, ITEM_READY);
    assert_null(queue_next_ready(queue));
    assert_ptr_equal(queue_next_ready_suspect(queue), suspect);
}

static void held_articles_are_released_in_slices(void **state)
{
    struct queue *queue = *state;
    for (uint64_t id = 1; id <= 10; id++) {
        struct item wanted = article(id, 1, QUEUE_LIVE);
        (void)queue_add(queue, &wanted, ITEM_HELD, 0);
    }
    assert_int_equal(lease_next(queue), 0);
    queue_move(queue, queue_find(queue, 4), ITEM_LEASED); /* its worker still holds it */
    assert_true(queue_release_held(queue, 6));
    assert_false(queue_release_held(queue, 6));
    unsigned count = 0;
    for (uint64_t id = lease_next(queue); id; id = lease_next(queue), count++)
        assert_int_not_equal(id, 4);
    assert_int_equal(count, 9);
}

static void oldest_is_that_of_the_heads(void **state)
{
    struct queue *queue = *state;
    assert_int_equal(queue_oldest(queue, QUEUE_LIVE), INT64_MAX);
    put(queue, 20, 1, QUEUE_LIVE);
    put(queue, 10, 2, QUEUE_LIVE);
    put(queue, 15, 2, QUEUE_LIVE);
    assert_int_equal(queue_oldest(queue, QUEUE_LIVE), 10);
    queue_remove(queue, queue_find(queue, 10));
    assert_int_equal(queue_oldest(queue, QUEUE_LIVE), 15);
}

/* Random changes against a plain array of states. */
static void random_life_keeps_index_and_counts(void **state)
{
    enum { IDS = 5000, STEPS = 200000 };
    struct queue *queue = *state;
    static uint8_t model[IDS + 1];
    uint32_t random = 12345;
    size_t size = 0;
    for (unsigned step = 0; step < STEPS; step++) {
        random = random * 1664525 + 1013904223;
        uint64_t id = 1 + (random >> 8) % IDS;
        struct item *item = queue_find(queue, id);
        assert_int_equal(item != NULL, model[id] != ITEM_GONE);
        if (!item) {
            put(queue, id, (uint32_t)id % 300, id % 3 ? QUEUE_LIVE : QUEUE_BACKFILL);
            model[id] = ITEM_QUEUED;
            size++;
        } else if (random % 3 == 0) {
            queue_remove(queue, item);
            model[id] = ITEM_GONE;
            size--;
        } else if (item->state == ITEM_LEASED) {
            queue_return(queue, item);
            model[id] = ITEM_QUEUED;
        } else {
            uint64_t next = lease_next(queue);
            assert_int_equal(model[next], ITEM_QUEUED);
            model[next] = ITEM_LEASED;
        }
        assert_int_equal(queue_size(queue), size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_source_is_first_in_first_out, make_queue, free_queue),
        cmocka_unit_test_setup_teardown(same_article_is_not_queued_twice, make_queue, free_queue),
        cmocka_unit_test_setup_teardown(sources_take_turns, make_queue, free_queue),
        cmocka_unit_test_setup_teardown(backfill_keeps_its_share, make_queue, free_queue),
        cmocka_unit_test_setup_teardown(backfill_gets_everything_when_live_has_nothing, make_queue,
                                        free_queue),
        cmocka_unit_test_setup_teardown(returned_article_goes_out_before_later_ones, make_queue,
                                        free_queue),
        cmocka_unit_test_setup_teardown(removed_article_never_goes_out, make_queue, free_queue),
        cmocka_unit_test_setup_teardown(waiting_article_wakes_when_due_and_not_before, make_queue,
                                        free_queue),
        cmocka_unit_test_setup_teardown(waiting_article_that_ended_does_not_wake, make_queue,
                                        free_queue),
        cmocka_unit_test_setup_teardown(suspects_stand_apart, make_queue, free_queue),
        cmocka_unit_test_setup_teardown(held_articles_are_released_in_slices, make_queue,
                                        free_queue),
        cmocka_unit_test_setup_teardown(oldest_is_that_of_the_heads, make_queue, free_queue),
        cmocka_unit_test_setup_teardown(random_life_keeps_index_and_counts, make_queue, free_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
