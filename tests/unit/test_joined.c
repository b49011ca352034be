// SPDX-License-Identifier: Apache-2.0
#include "proto/joined.h"
#include "tests/support/testing.h"

enum { TAKES_JOINED = NEWSLOOM__V1__FEATURE__JOINED_PAYLOADS };

static struct error err;
static Newsloom__V1__RefusalCode refusal;
static struct payload found[ARTICLES_LIMIT];
static char bytes[JOINED_LIMIT + 1];

/* The frame of bytes, taken apart as these sizes say. */
static enum status split(uint32_t *sizes, size_t count, size_t frame_count, size_t frame_size)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    envelope.payload_sizes = sizes;
    envelope.n_payload_sizes = count;
    struct payload frame = {bytes, frame_size};
    return joined_split(&envelope, frame_count, frame, found, &refusal, &err);
}

static void what_is_joined_is_taken_apart_again(void **state)
{
    (void)state;
    static const struct payload payloads[] = {{"một", 4}, {NULL, 0}, {"hai ba", 6}};
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    uint32_t sizes[ARTICLES_LIMIT];
    assert_false(joined_is_said(&envelope));
    size_t size = joined_mark(&envelope, TAKES_JOINED, payloads, 3, sizes);
    assert_int_equal(size, 10);
    assert_true(joined_is_said(&envelope));
    joined_fill(bytes, payloads, 3);
    struct payload frame = {bytes, size};
    assert_ok(joined_split(&envelope, 1, frame, found, &refusal, &err), err);
    assert_int_equal(refusal, NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(found[i].size, payloads[i].size);
        assert_true(found[i].size == 0 ||
                    memcmp(found[i].bytes, payloads[i].bytes, found[i].size) == 0);
    }
}

static size_t mark(uint64_t features, size_t count, size_t size, const char *key)
{
    struct payload payloads[ARTICLES_LIMIT + 1];
    uint32_t sizes[ARTICLES_LIMIT];
    Newsloom__V1__OutcomeRequest body = NEWSLOOM__V1__OUTCOME_REQUEST__INIT;
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_OUTCOME_REQUEST;
    envelope.outcome_request = &body;
    body.key = (char *)(uintptr_t)key;
    for (size_t i = 0; i < count; i++)
        payloads[i] = (struct payload){bytes, size};
    size_t joined = joined_mark(&envelope, features, payloads, count, sizes);
    assert_true((joined > 0) == joined_is_said(&envelope));
    assert_true(newsloom__v1__envelope__get_packed_size(&envelope) <= ENVELOPE_LIMIT);
    return joined;
}

static void payloads_stay_apart_unless_they_may_go_joined(void **state)
{
    (void)state;
    assert_int_equal(mark(TAKES_JOINED, 2, 4096, ""), 8192);
    assert_int_equal(mark(0, 2, 4096, ""), 0);
    assert_int_equal(mark(~(uint64_t)TAKES_JOINED, 2, 4096, ""), 0);
    assert_int_equal(mark(TAKES_JOINED, 0, 0, ""), 0);
    assert_int_equal(mark(TAKES_JOINED, 1, 4096, ""), 0);
    assert_int_equal(mark(TAKES_JOINED, ARTICLES_LIMIT, 1, ""), ARTICLES_LIMIT);
    assert_int_equal(mark(TAKES_JOINED, ARTICLES_LIMIT + 1, 1, ""), 0);
    assert_int_equal(mark(TAKES_JOINED, 2, 0, ""), 0);
    assert_int_equal(mark(TAKES_JOINED, 2, JOINED_LIMIT / 2, ""), JOINED_LIMIT);
    assert_int_equal(mark(TAKES_JOINED, 2, JOINED_LIMIT / 2 + 1, ""), 0);
    assert_int_equal(mark(TAKES_JOINED, 2, SIZE_MAX, ""), 0);
    assert_int_equal(mark(TAKES_JOINED, 3, SIZE_MAX / 2 + 1, ""), 0);
}

static void envelope_keeps_its_limit_with_the_sizes_in_it(void **state)
{
    (void)state;
    char key[ENVELOPE_LIMIT] = "";
    size_t joined = 0;
    size_t apart = 0;
    memset(key, 'k', ENVELOPE_LIMIT - 120);
    for (size_t length = ENVELOPE_LIMIT - 120; length < ENVELOPE_LIMIT - 12; length++) {
        key[length] = 'k';
        if (mark(TAKES_JOINED, ARTICLES_LIMIT, 4096, key) > 0)
            joined++;
        else
            apart++;
    }
    assert_true(joined > 0 && apart > 0);
    assert_true(apart <= (size_t)(JOINED_SIZE_BYTES * ARTICLES_LIMIT + 4));
}

static void sizes_that_are_not_the_frames_are_refused(void **state)
{
    (void)state;
    uint32_t sizes[ARTICLES_LIMIT] = {4, 6};
    assert_ok(split(sizes, 2, 1, 10), err);
    assert_ptr_equal(found[1].bytes, bytes + 4);
    static const size_t wrong[] = {0, 4, 9, 11};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_refused(split(sizes, 2, 1, wrong[i]), STATUS_INVALID, err, "are 10 bytes");
        assert_int_equal(refusal, NEWSLOOM__V1__REFUSAL_CODE__SIZE_MISMATCH);
    }
}

static void sizes_whose_sum_wraps_are_refused(void **state)
{
    (void)state;
    uint32_t sizes[ARTICLES_LIMIT] = {UINT32_MAX, 11}; /* 10, were it of 32 bits */
    assert_refused(split(sizes, 2, 1, 10), STATUS_INVALID, err, "4294967306");
    assert_int_equal(refusal, NEWSLOOM__V1__REFUSAL_CODE__SIZE_MISMATCH);
    for (size_t i = 0; i < ARTICLES_LIMIT; i++)
        sizes[i] = UINT32_MAX;
    assert_refused(split(sizes, ARTICLES_LIMIT, 1, 10), STATUS_INVALID, err, "137438953440");
}

static void payloads_of_no_bytes_are_taken(void **state)
{
    (void)state;
    uint32_t sizes[ARTICLES_LIMIT] = {0};
    assert_ok(split(sizes, 2, 1, 0), err);
    assert_int_equal(found[0].size + found[1].size, 0);
    sizes[1] = 5;
    assert_ok(split(sizes, 3, 1, 5), err);
    assert_int_equal(found[0].size + found[2].size, 0);
    assert_int_equal(found[1].size, 5);
}

static void too_many_payloads_or_frames_are_refused(void **state)
{
    (void)state;
    uint32_t sizes[ARTICLES_LIMIT + 1] = {10};
    assert_ok(split(sizes, ARTICLES_LIMIT, 1, 10), err);
    assert_refused(split(sizes, ARTICLES_LIMIT + 1, 1, 10), STATUS_INVALID, err, "33 payloads");
    assert_int_equal(refusal, NEWSLOOM__V1__REFUSAL_CODE__FRAME_COUNT);
    assert_refused(split(sizes, 2, 0, 0), STATUS_INVALID, err, "here are 0");
    assert_refused(split(sizes, 2, 2, 10), STATUS_INVALID, err, "here are 2");
    assert_int_equal(refusal, NEWSLOOM__V1__REFUSAL_CODE__FRAME_COUNT);
}

static void frame_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    uint32_t sizes[ARTICLES_LIMIT] = {JOINED_LIMIT, 0};
    assert_ok(split(sizes, 2, 1, JOINED_LIMIT), err);
    sizes[1] = 1;
    assert_refused(split(sizes, 2, 1, JOINED_LIMIT + 1), STATUS_INVALID, err, "at most 262144");
    assert_int_equal(refusal, NEWSLOOM__V1__REFUSAL_CODE__TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_joined_is_taken_apart_again),
        cmocka_unit_test(payloads_stay_apart_unless_they_may_go_joined),
        cmocka_unit_test(envelope_keeps_its_limit_with_the_sizes_in_it),
        cmocka_unit_test(sizes_that_are_not_the_frames_are_refused),
        cmocka_unit_test(sizes_whose_sum_wraps_are_refused),
        cmocka_unit_test(payloads_of_no_bytes_are_taken),
        cmocka_unit_test(too_many_payloads_or_frames_are_refused),
        cmocka_unit_test(frame_beyond_the_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
