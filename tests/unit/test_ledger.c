// SPDX-License-Identifier: Apache-2.0
#include "tests/support/testing.h"
#include "worker/ledger.h"
#include "worker/topics.h"

enum { SLOTS = 3 };

static uint8_t digest[DIGEST_SIZE];

static enum status add(struct ledger *ledger, uint64_t lease, struct error *err)
{
    Newsloom__V1__Job wire = NEWSLOOM__V1__JOB__INIT;
    zmq_msg_t payload;
    (void)zmq_msg_init_size(&payload, 10);
    memset(zmq_msg_data(&payload), 'x', 10);
    wire.lease = lease;
    wire.article_id = lease + 100;
    wire.source = (char *)(uintptr_t) "source";
    wire.key = (char *)(uintptr_t) "key";
    wire.digest.data = digest;
    wire.digest.len = DIGEST_SIZE;
    enum status status = ledger_add(ledger, &wire, &payload, 1, err);
    (void)zmq_msg_close(&payload);
    return status;
}

static int make(void **state)
{
    *state = ledger_new(SLOTS);
    return 0;
}

static int unmake(void **state)
{
    ledger_free((struct ledger **)state);
    return 0;
}

static void jobs_wait_in_the_order_of_arrival(void **state)
{
    struct error err;
    assert_ok(add(*state, 7, &err), err);
    assert_ok(add(*state, 5, &err), err);
    assert_int_equal(ledger_next_waiting(*state)->lease, 7);
    ledger_move(*state, ledger_find(*state, 7), JOB_EXTRACTING, 2);
    assert_int_equal(ledger_next_waiting(*state)->lease, 5);
    assert_int_equal(ledger_count_in(*state, JOB_WAITING), 1);
    ledger_move(*state, ledger_find(*state, 7), JOB_STORING, 3);
    ledger_move(*state, ledger_find(*state, 7), JOB_DONE, 3);
}

static void lease_is_held_once(void **state)
{
    struct error err;
    assert_ok(add(*state, 7, &err), err);
    assert_refused(add(*state, 7, &err), STATUS_INVALID, err, "held already");
}

static void slots_are_the_bound(void **state)
{
    struct error err;
    for (uint64_t lease = 1; lease <= SLOTS; lease++)
        assert_ok(add(*state, lease, &err), err);
    assert_refused(add(*state, 9, &err), STATUS_LIMIT, err, "slots");
    ledger_remove(*state, ledger_find(*state, 2));
    assert_ok(add(*state, 9, &err), err);
    assert_int_equal(ledger_count(*state), SLOTS);
}

static void result_is_kept_until_it_is_settled(void **state)
{
    struct error err;
    assert_ok(add(*state, 7, &err), err);
    struct job *job = ledger_find(*state, 7);
    Newsloom__V1__Extraction extraction = NEWSLOOM__V1__EXTRACTION__INIT;
    ledger_move(*state, job, JOB_EXTRACTING, 2);
    job->work = arena_new(0);
    job->row = (struct article_row){.arena = job->work,
                                    .extraction = &extraction,
                                    .packed = "bytes",
                                    .packed_size = 5,
                                    .packed_digest = {9}};
    ledger_move(*state, job, JOB_STORING, 3);
    ledger_move(*state, job, JOB_DONE, 4);
    job_keep_result(job);
    assert_null(job->work);
    assert_int_equal(zmq_msg_size(&job->payload), 0);
    assert_memory_equal(job->packed, "bytes", 5);
    assert_int_equal(job->result->article_id, 107);
    assert_int_equal(job->result->kind, NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED);
    assert_int_equal(job->result->extraction_digest.data[0], 9);
    assert_ptr_equal(ledger_find(*state, 7), job);
}

static void topics_are_sorted_and_unique(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    Newsloom__V1__Extraction extraction = NEWSLOOM__V1__EXTRACTION__INIT;
    Newsloom__V1__Entity entities[3];
    Newsloom__V1__Entity *list[3];
    uint8_t ids[3][16] = {{2}, {1}, {2, 0, 0, 0, 0, 0, 0, 0, 5}};
    for (size_t i = 0; i < 3; i++) {
        newsloom__v1__entity__init(&entities[i]);
        entities[i].id.data = ids[i];
        entities[i].id.len = 16;
        list[i] = &entities[i];
    }
    extraction.n_entities = 3;
    extraction.entities = list;
    Newsloom__V1__Topics *topics = topics_of(&extraction, arena);
    assert_int_equal(topics->n_entities, 2);
    assert_int_equal(topics->entities[0], UINT64_C(1) << 56);
    assert_int_equal(topics->entities[1], UINT64_C(2) << 56);
    assert_false(topics->every_entity);
    arena_free(&arena);
}

static void too_many_entities_are_said_to_be_all(void **state)
{
    (void)state;
    enum { COUNT = TOPIC_ENTITY_LIMIT + 1 };
    struct arena *arena = arena_new(0);
    Newsloom__V1__Extraction extraction = NEWSLOOM__V1__EXTRACTION__INIT;
    extraction.entities = arena_take(arena, COUNT, sizeof *extraction.entities);
    extraction.n_entities = COUNT;
    for (size_t i = 0; i < COUNT; i++) {
        Newsloom__V1__Entity *entity = arena_take(arena, 1, sizeof *entity);
        newsloom__v1__entity__init(entity);
        entity->id.data = arena_take(arena, 1, 16);
        entity->id.len = 16;
        entity->id.data[0] = (uint8_t)(i >> 8);
        entity->id.data[1] = (uint8_t)i;
        extraction.entities[i] = entity;
    }
    Newsloom__V1__Topics *topics = topics_of(&extraction, arena);
    assert_true(topics->every_entity);
    assert_int_equal(topics->n_entities, 0);
    arena_free(&arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(jobs_wait_in_the_order_of_arrival),
        TEST(lease_is_held_once),
        TEST(slots_are_the_bound),
        TEST(result_is_kept_until_it_is_settled),
        TEST(topics_are_sorted_and_unique),
        TEST(too_many_entities_are_said_to_be_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
