// SPDX-License-Identifier: Apache-2.0
#include "broker/record.h"
#include "tests/support/testing.h"

#include "wire.pb-c.h"

/* One of each kind, encoded; each() lets a test say something about all of them. */
struct sample {
    const char *name;
    uint8_t bytes[ENTRY_RECORD_LIMIT];
    size_t size;
    bool (*decodes)(const void *bytes, size_t size);
};

#define DECODES(kind)                                          \
    static bool decodes_##kind(const void *bytes, size_t size) \
    {                                                          \
        struct kind record;                                    \
        return kind##_decode(&record, bytes, size);            \
    }
DECODES(format_record)
DECODES(state_record)
DECODES(article_record)
DECODES(open_record)
DECODES(attempt_entry)
DECODES(entry_record)
DECODES(identity_record)
DECODES(cursor_record)
DECODES(dead_record)

static struct article_record an_article(void)
{
    struct article_record record = {
        .source_id = 3,
        .class_ = NEWSLOOM__V1__CLASS__BACKFILL,
        .state = NEWSLOOM__V1__STATE__WAITING,
        .suspect = true,
        .revision = 2,
        .generation = 1,
        .size = 4000000000,
        .attempts = 4,
        .tries = 7,
        .sequence = UINT64_MAX,
        .accepted_at_ms = 1700000000000,
        .ended_at_ms = -1,
        .due_at_ms = INT64_MAX,
        .key = record_text("https://example.com/a"),
        .code = record_text("TIMED_OUT"),
        .reason = record_text("quá giờ"),
    };
    memset(record.digest, 0xab, DIGEST_SIZE);
    return record;
}

static size_t samples(struct sample *ret_samples)
{
    struct format_record format = {.format = store_format, .boot = 9};
    struct state_record counters = {
        .next_article_id = 5, .last_sequence = 4, .first_retained = 2, .next_source_id = 1};
    struct article_record article = an_article();
    struct open_record open = {.class_ = NEWSLOOM__V1__CLASS__LIVE,
                               .state = NEWSLOOM__V1__STATE__QUEUED,
                               .attempts = 2,
                               .due_at_ms = 77};
    struct attempt_entry attempt = {.worker = record_text("w"), .charged = true};
    struct entry_record entry = {.kind = NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED,
                                 .topics = {.bytes = "a\0b", .size = 3}};
    struct identity_record identity = {.article_id = 7};
    struct cursor_record cursor = {.sequence = 8};
    struct dead_record dead = {.source_id = 1, .code = record_text("CRASHED")};
    size_t count = 0;
#define SAMPLE(kind, record)                                                 \
    do {                                                                     \
        struct sample *sample = &ret_samples[count++];                       \
        *sample = (struct sample){.name = #kind, .decodes = decodes_##kind}; \
        sample->size = kind##_encode(&(record), sample->bytes);              \
    } while (0)
    SAMPLE(format_record, format);
    SAMPLE(state_record, counters);
    SAMPLE(article_record, article);
    SAMPLE(open_record, open);
    SAMPLE(attempt_entry, attempt);
    SAMPLE(entry_record, entry);
    SAMPLE(identity_record, identity);
    SAMPLE(cursor_record, cursor);
    SAMPLE(dead_record, dead);
    return count;
}

/* A copy of exactly this size, so that the sanitizer sees a read past its end. */
static bool decodes_exactly(const struct sample *sample, const void *bytes, size_t size)
{
    void *copy = memory_copy(bytes, size);
    bool decodes = sample->decodes(copy, size);
    free(copy);
    return decodes;
}

static void article_comes_back_as_it_was(void **state)
{
    uint8_t buffer[ARTICLE_RECORD_LIMIT];
    struct article_record before = an_article();
    struct article_record after;
    (void)state;
    size_t size = article_record_encode(&before, buffer);
    assert_true(article_record_decode(&after, buffer, size));
    assert_int_equal(after.source_id, 3);
    assert_int_equal(after.class_, before.class_);
    assert_int_equal(after.state, before.state);
    assert_true(after.suspect);
    assert_int_equal(after.size, 4000000000);
    assert_int_equal(after.tries, 7);
    assert_true(after.sequence == UINT64_MAX);
    assert_true(after.ended_at_ms == -1);
    assert_true(after.due_at_ms == INT64_MAX);
    assert_memory_equal(after.digest, before.digest, DIGEST_SIZE);
    assert_int_equal(after.key.size, before.key.size);
    assert_memory_equal(after.reason.bytes, before.reason.bytes, before.reason.size);
}

static void open_article_takes_32_bytes(void **state)
{
    uint8_t buffer[OPEN_RECORD_SIZE];
    struct open_record record = {.class_ = 1, .state = 1};
    (void)state;
    assert_int_equal(open_record_encode(&record, buffer), 32);
}

static void numbers_are_little_endian_whatever_the_machine(void **state)
{
    static const uint8_t wanted[CURSOR_RECORD_SIZE] = {
        1, 8, 7, 6, 5, 4, 3, 2, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint8_t buffer[CURSOR_RECORD_SIZE];
    struct cursor_record record = {.sequence = 0x0102030405060708, .at_ms = -1};
    (void)state;
    assert_int_equal(cursor_record_encode(&record, buffer), sizeof(wanted));
    assert_memory_equal(buffer, wanted, sizeof(wanted));
}

static void keys_sort_as_their_numbers(void **state)
{
    uint8_t low[8];
    uint8_t high[8];
    (void)state;
    key_put_u64(low, 255);
    key_put_u64(high, 256);
    assert_true(memcmp(low, high, 8) < 0);
    assert_int_equal(key_get_u64(high), 256);
    key_put_u32(low, 0xfffffffe);
    assert_int_equal(key_get_u32(low), 0xfffffffe);
}

static void every_kind_decodes_what_it_encoded(void **state)
{
    static struct sample all[16];
    size_t count = samples(all);
    (void)state;
    for (size_t i = 0; i < count; i++)
        if (!decodes_exactly(&all[i], all[i].bytes, all[i].size))
            fail_msg("%s", all[i].name);
}

static void every_beginning_of_a_record_is_refused(void **state)
{
    static struct sample all[16];
    size_t count = samples(all);
    (void)state;
    for (size_t i = 0; i < count; i++)
        for (size_t size = 0; size < all[i].size; size++)
            if (decodes_exactly(&all[i], all[i].bytes, size))
                fail_msg("%s of %zu bytes", all[i].name, size);
}

static void one_byte_too_many_is_refused(void **state)
{
    static struct sample all[16];
    size_t count = samples(all);
    (void)state;
    for (size_t i = 0; i < count; i++)
        if (decodes_exactly(&all[i], all[i].bytes, all[i].size + 1))
            fail_msg("%s", all[i].name);
}

static void another_version_is_refused(void **state)
{
    static struct sample all[16];
    size_t count = samples(all);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        all[i].bytes[0]++;
        if (decodes_exactly(&all[i], all[i].bytes, all[i].size))
            fail_msg("%s", all[i].name);
    }
}

static void lease_is_no_state_on_disk(void **state)
{
    uint8_t buffer[ARTICLE_RECORD_LIMIT];
    struct article_record record = an_article();
    (void)state;
    record.state = NEWSLOOM__V1__STATE__LEASED;
    assert_false(article_record_decode(&record, buffer, article_record_encode(&record, buffer)));
}

static void text_with_nul_is_refused_and_topics_with_nul_are_not(void **state)
{
    uint8_t buffer[ENTRY_RECORD_LIMIT];
    struct entry_record record = {.kind = 1, .topics = {.bytes = "\0\0", .size = 2}};
    (void)state;
    assert_true(entry_record_decode(&record, buffer, entry_record_encode(&record, buffer)));
    assert_int_equal(record.topics.size, 2);
    record.key = (struct record_text){.bytes = "a\0b", .size = 3};
    assert_false(entry_record_decode(&record, buffer, entry_record_encode(&record, buffer)));
}

static void long_text_is_cut_between_characters(void **state)
{
    uint8_t buffer[DEAD_RECORD_LIMIT];
    /* 31 letters, then one of two bytes across the limit of 32 */
    struct dead_record record = {.code = record_text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9")};
    (void)state;
    assert_true(dead_record_decode(&record, buffer, dead_record_encode(&record, buffer)));
    assert_int_equal(record.code.size, 31);
}

static void impossible_counters_are_refused(void **state)
{
    uint8_t buffer[STATE_RECORD_SIZE];
    struct state_record record = {
        .next_article_id = 1, .last_sequence = 4, .first_retained = 6, .next_source_id = 1};
    (void)state;
    assert_false(state_record_decode(&record, buffer, state_record_encode(&record, buffer)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(article_comes_back_as_it_was),
        cmocka_unit_test(open_article_takes_32_bytes),
        cmocka_unit_test(numbers_are_little_endian_whatever_the_machine),
        cmocka_unit_test(keys_sort_as_their_numbers),
        cmocka_unit_test(every_kind_decodes_what_it_encoded),
        cmocka_unit_test(every_beginning_of_a_record_is_refused),
        cmocka_unit_test(one_byte_too_many_is_refused),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(lease_is_no_state_on_disk),
        cmocka_unit_test(text_with_nul_is_refused_and_topics_with_nul_are_not),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(impossible_counters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
