// SPDX-License-Identifier: Apache-2.0
#include "common/arena.h"
#include "tests/support/testing.h"
#include "worker/payload.h"

/* An article that is fine; each test spoils one field. */
struct piece {
    Newsloom__V1__Article article;
    uint8_t digest[DIGEST_SIZE];
    struct arena *arena;
    struct payload payload;
    struct error err;
};

static char *lend(const char *text)
{
    return (char *)(uintptr_t)text;
}

static void set_content(struct piece *piece, const char *content)
{
    piece->article.content.data = (uint8_t *)lend(content);
    piece->article.content.len = strlen(content);
}

static int make(void **state)
{
    struct piece *piece = memory_new(sizeof *piece);
    newsloom__v1__article__init(&piece->article);
    piece->article.url = lend("https://tin.example/1");
    piece->article.title = lend("Một bản tin");
    piece->article.published = lend("2026-03-01");
    piece->article.fetched = lend("2026-03-01T08:00:00+07:00");
    set_content(piece, "Nội dung.");
    piece->arena = arena_new(1 << 20);
    *state = piece;
    return 0;
}

static int unmake(void **state)
{
    struct piece *piece = *state;
    arena_free(&piece->arena);
    free(piece);
    return 0;
}

static enum status open_piece(struct piece *piece)
{
    uint8_t bytes[16384];
    size_t size = newsloom__v1__article__get_packed_size(&piece->article);
    assert_true(size <= sizeof bytes);
    (void)newsloom__v1__article__pack(&piece->article, bytes);
    digest_content(piece->article.title, piece->article.content.data, piece->article.content.len,
                   piece->digest);
    return payload_open(bytes, size, piece->digest, piece->arena, &piece->payload, &piece->err);
}

static void sound_article_is_taken_whole(void **state)
{
    struct piece *piece = *state;
    Newsloom__V1__Label label = NEWSLOOM__V1__LABEL__INIT;
    Newsloom__V1__Label *labels[] = {&label};
    label.name = lend("mục");
    label.value = lend("\"pháp luật\"");
    piece->article.labels = labels;
    piece->article.n_labels = 1;
    assert_ok(open_piece(piece), piece->err);
    assert_string_equal(piece->payload.input.title, "Một bản tin");
    assert_string_equal(piece->payload.labels, "{\"mục\":\"\\\"pháp luật\\\"\"}");
    assert_int_equal(piece->payload.input.size, strlen("Nội dung."));
}

static void wrong_field_is_named(void **state)
{
    struct piece *piece = *state;
    static char long_url[2050];
    memset(long_url, 'a', sizeof long_url - 1);
    const struct {
        char **field;
        const char *value;
        const char *part;
    } rows[] = {
        {&piece->article.published, "hôm qua", "published: "},
        {&piece->article.published, "2026-02-30", "published: "},
        {&piece->article.fetched, "2026-03-01", "fetched: "},
        {&piece->article.content_type, "application/pdf", "content_type: "},
        {&piece->article.url, long_url, "url: "},
        {&piece->article.title, "\xc3\x28", "title"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *before = *rows[i].field;
        *rows[i].field = lend(rows[i].value);
        assert_refused(open_piece(piece), STATUS_INVALID, piece->err, rows[i].part);
        *rows[i].field = before;
    }
}

static void empty_content_is_refused(void **state)
{
    struct piece *piece = *state;
    set_content(piece, "");
    assert_refused(open_piece(piece), STATUS_INVALID, piece->err, "content: it is empty");
}

static void content_must_be_what_the_envelope_named(void **state)
{
    struct piece *piece = *state;
    uint8_t bytes[4096];
    uint8_t other[DIGEST_SIZE] = {1};
    size_t size = newsloom__v1__article__pack(&piece->article, bytes);
    assert_refused(payload_open(bytes, size, other, piece->arena, &piece->payload, &piece->err),
                   STATUS_INVALID, piece->err, "content: its digest");
}

static void bytes_that_are_no_article_are_refused(void **state)
{
    struct piece *piece = *state;
    assert_int_equal(
        payload_open("\xff\xff\xff", 3, piece->digest, piece->arena, &piece->payload, &piece->err),
        STATUS_INVALID);
}

static void payload_of_empty_labels_stays_within_its_budget(void **state)
{
    struct piece *piece = *state;
    enum { SIZE = 200000 };
    uint8_t *bytes = memory_new(SIZE);
    for (size_t i = 0; i + 1 < SIZE; i += 2)
        bytes[i] = 0x52; /* labels, of length 0 */
    struct arena *arena = arena_new(payload_budget(SIZE));
    assert_int_equal(payload_open(bytes, SIZE, piece->digest, arena, &piece->payload, &piece->err),
                     STATUS_INVALID);
    assert_true(arena_used(arena) <= payload_budget(SIZE));
    arena_free(&arena);
    free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sound_article_is_taken_whole),
        TEST(wrong_field_is_named),
        TEST(empty_content_is_refused),
        TEST(content_must_be_what_the_envelope_named),
        TEST(bytes_that_are_no_article_are_refused),
        TEST(payload_of_empty_labels_stays_within_its_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
