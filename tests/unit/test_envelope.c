// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "proto/envelope.h"
#include "tests/support/testing.h"

/* Each test has an arena of the size that the programs use, and the refusal of the last call. */
static struct arena *arena;
static Newsloom__V1__RefusalCode refusal;
static struct error err;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_new(ENVELOPE_BUDGET);
    err = (struct error){0};
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static enum status unpack(const void *bytes, size_t size, Newsloom__V1__Envelope **ret_envelope)
{
    return envelope_unpack(bytes, size, arena, ret_envelope, &refusal, &err);
}

static enum status unpack_text(const char *bytes, size_t size)
{
    Newsloom__V1__Envelope *envelope = NULL;
    return unpack(bytes, size, &envelope);
}

/* A packed envelope with this OutcomeRequest. */
static void *outcome_request(const char *source, const char *key, size_t *ret_size)
{
    Newsloom__V1__OutcomeRequest request = NEWSLOOM__V1__OUTCOME_REQUEST__INIT;
    request.source = (char *)(uintptr_t)source;
    request.key = (char *)(uintptr_t)key;
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    envelope.protocol = protocol_oldest;
    envelope.request = 77;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_OUTCOME_REQUEST;
    envelope.outcome_request = &request;
    return message_pack(&envelope.base, arena, ret_size);
}

static void what_is_packed_is_unpacked(void **state)
{
    (void)state;
    size_t size = 0;
    const void *bytes = outcome_request("vov", "vov.vn/điều", &size);
    Newsloom__V1__Envelope *envelope = NULL;
    assert_ok(unpack(bytes, size, &envelope), err);
    assert_int_equal(refusal, NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE);
    assert_int_equal(envelope->request, 77);
    assert_int_equal(envelope->body_case, NEWSLOOM__V1__ENVELOPE__BODY_OUTCOME_REQUEST);
    assert_string_equal(envelope->outcome_request->key, "vov.vn/điều");
    assert_string_equal(envelope->outcome_request->url, "");
}

static void an_envelope_of_no_bytes_or_too_many_is_refused(void **state)
{
    (void)state;
    static const char zeros[ENVELOPE_LIMIT + 1];
    assert_refused(unpack_text(zeros, 0), STATUS_INVALID, err, "has 0");
    assert_int_equal(refusal, NEWSLOOM__V1__REFUSAL_CODE__BAD_ENVELOPE);
    assert_refused(unpack_text(zeros, sizeof(zeros)), STATUS_INVALID, err, "4096");
}

static void an_envelope_of_exactly_the_limit_is_taken(void **state)
{
    (void)state;
    static char key[ENVELOPE_LIMIT];
    memset(key, 'k', sizeof(key) - 1);
    size_t size = ENVELOPE_LIMIT + 1;
    for (size_t length = ENVELOPE_LIMIT - 1; size > ENVELOPE_LIMIT; length--) {
        key[length] = '\0';
        (void)outcome_request("s", key, &size);
        arena_reset(arena);
    }
    char bytes[ENVELOPE_LIMIT];
    memcpy(bytes, outcome_request("s", key, &size), size);
    assert_int_equal(size, ENVELOPE_LIMIT);
    arena_reset(arena);
    assert_ok(unpack_text(bytes, size), err);
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    size_t size = 0;
    const char *bytes = outcome_request("vov", "vov.vn/a", &size);
    for (size_t cut = 0; cut < size; cut++) {
        char *exact = memory_copy(bytes, cut); /* its own allocation: a read beyond is seen */
        assert_int_equal(unpack_text(exact, cut), STATUS_INVALID);
        free(exact);
        assert_true(strlen(err.text) > 10);
    }
}

static void a_protocol_of_another_time_has_its_own_refusal(void **state)
{
    (void)state;
    assert_refused(unpack_text("\x08\x02\xe2\x03\x00", 5), STATUS_INVALID, err, "protocol 2");
    assert_int_equal(refusal, NEWSLOOM__V1__REFUSAL_CODE__UNSUPPORTED_PROTOCOL);
    assert_refused(unpack_text("\xe2\x03\x00", 3), STATUS_INVALID, err, "protocol 0");
    assert_int_equal(refusal, NEWSLOOM__V1__REFUSAL_CODE__UNSUPPORTED_PROTOCOL);
}

static void an_unknown_body_is_refused(void **state)
{
    (void)state;
    assert_refused(unpack_text("\x08\x01", 2), STATUS_INVALID, err, "no body");
    assert_int_equal(refusal, NEWSLOOM__V1__REFUSAL_CODE__BAD_ENVELOPE);
    assert_refused(unpack_text("\x08\x01\xa2\x06\x00", 5), STATUS_INVALID, err, "no body");
}

static void nul_in_a_text_is_refused_by_name(void **state)
{
    (void)state;
    /* protocol 1, outcome_request (12) { source (1) = "a\0b" } */
    assert_refused(unpack_text("\x08\x01\x62\x05\x0a\x03"
                               "a\0b",
                               9),
                   STATUS_INVALID, err, "\"source\" contains a NUL");
    /* the same with the length written in five bytes, which protobuf-c takes */
    assert_refused(unpack_text("\x08\x01\x62\x09\x0a\x83\x80\x80\x80\x00"
                               "a\0b",
                               13),
                   STATUS_INVALID, err, "\"source\" contains a NUL");
}

static void a_text_that_is_no_utf8_is_refused_by_name(void **state)
{
    (void)state;
    assert_refused(unpack_text("\x08\x01\x62\x04\x12\x02\xc3\x28", 8), STATUS_INVALID, err,
                   "\"key\" is not UTF-8");
    /* repeated: subscribe (40) { filter (4) { sources (3) = "a", "\xff" } } */
    assert_refused(unpack_text("\x08\x01\xc2\x02\x08\x22\x06\x1a\x01"
                               "a\x1a\x01\xff",
                               13),
                   STATUS_INVALID, err, "\"sources\" is not UTF-8");
}

static void an_enum_value_that_nobody_knows_is_refused_by_name(void **state)
{
    (void)state;
    /* control_request (64) { verb (1) = 9 } */
    assert_refused(unpack_text("\x08\x01\x82\x04\x02\x08\x09", 7), STATUS_INVALID, err,
                   "\"verb\" holds 9");
    /* repeated and packed: subscribe { filter { entity_types (1) = 1, 99 } } */
    assert_refused(unpack_text("\x08\x01\xc2\x02\x06\x22\x04\x0a\x02\x01\x63", 11), STATUS_INVALID,
                   err, "\"entity_types\" holds 99");
    assert_ok(unpack_text("\x08\x01\x82\x04\x02\x08\x03", 7), err);
}

static void a_frame_of_empty_messages_stays_in_the_budget(void **state)
{
    (void)state;
    /* submit (10) with as many empty submissions as fit: two bytes each, hundreds unpacked */
    char bytes[ENVELOPE_LIMIT] = {0x08, 0x01, 0x52, (char)0xfa, 0x1f};
    size_t size = 5 + 0xffa - 0xffa % 2;
    bytes[3] = (char)0xf4;
    size = 5 + 0xff4;
    for (size_t at = 5; at < size; at += 2)
        bytes[at] = 0x0a;
    assert_true(size <= ENVELOPE_LIMIT);
    assert_refused(unpack_text(bytes, size), STATUS_INVALID, err, "more memory than allowed");
    assert_true(arena_used(arena) <= ENVELOPE_BUDGET + 64);
}

static void a_payload_of_empty_messages_stays_in_its_budget(void **state)
{
    (void)state;
    size_t size = 1 << 20;
    char *bytes = memory_new(size);
    for (size_t at = 0; at < size; at += 2)
        bytes[at] = 0x52; /* labels (10), empty */
    struct arena *small = arena_new(4u << 20);
    ProtobufCMessage *message = NULL;
    assert_refused(
        message_unpack(&newsloom__v1__article__descriptor, bytes, size, small, &message, &err),
        STATUS_INVALID, err, "more memory than allowed");
    assert_null(message);
    arena_free(&small);
    free(bytes);
}

static void an_empty_payload_is_a_message_of_defaults(void **state)
{
    (void)state;
    ProtobufCMessage *message = NULL;
    assert_ok(message_unpack(&newsloom__v1__article__descriptor, NULL, 0, arena, &message, &err),
              err);
    assert_string_equal(((Newsloom__V1__Article *)message)->title, "");
}

static void content_may_hold_any_byte(void **state)
{
    (void)state;
    Newsloom__V1__Article article = NEWSLOOM__V1__ARTICLE__INIT;
    static uint8_t content[256];
    for (size_t i = 0; i < sizeof(content); i++)
        content[i] = (uint8_t)i;
    article.content = (ProtobufCBinaryData){sizeof(content), content};
    size_t size = 0;
    const void *bytes = message_pack(&article.base, arena, &size);
    ProtobufCMessage *message = NULL;
    assert_ok(
        message_unpack(&newsloom__v1__article__descriptor, bytes, size, arena, &message, &err),
        err);
    const Newsloom__V1__Article *back = (Newsloom__V1__Article *)message;
    assert_int_equal(back->content.len, sizeof(content));
    assert_memory_equal(back->content.data, content, sizeof(content));
}

static void sources_have_a_small_alphabet(void **state)
{
    (void)state;
    assert_true(source_is_valid("vov.vn"));
    assert_true(source_is_valid("a_b-c.0"));
    assert_false(source_is_valid(""));
    assert_false(source_is_valid("Vov"));
    assert_false(source_is_valid("a b"));
    assert_false(source_is_valid("a/b"));
    assert_false(source_is_valid("điện"));
    char name[SOURCE_LIMIT + 2];
    memset(name, 'a', sizeof(name) - 1);
    name[SOURCE_LIMIT + 1] = '\0';
    assert_false(source_is_valid(name));
    name[SOURCE_LIMIT] = '\0';
    assert_true(source_is_valid(name));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_arena, free_arena)
    const struct CMUnitTest tests[] = {
        TEST(what_is_packed_is_unpacked),
        TEST(an_envelope_of_no_bytes_or_too_many_is_refused),
        TEST(an_envelope_of_exactly_the_limit_is_taken),
        TEST(every_cut_is_refused),
        TEST(a_protocol_of_another_time_has_its_own_refusal),
        TEST(an_unknown_body_is_refused),
        TEST(nul_in_a_text_is_refused_by_name),
        TEST(a_text_that_is_no_utf8_is_refused_by_name),
        TEST(an_enum_value_that_nobody_knows_is_refused_by_name),
        TEST(a_frame_of_empty_messages_stays_in_the_budget),
        TEST(a_payload_of_empty_messages_stays_in_its_budget),
        TEST(an_empty_payload_is_a_message_of_defaults),
        TEST(content_may_hold_any_byte),
        TEST(sources_have_a_small_alphabet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
