// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <stdatomic.h>

#include "tests/support/testing.h"
#include "tests/unit/reading.h"
#include "worker/extract/extract.h"
#include "worker/extract/knowledge.h"

static const char article[] =
    "Công an huyện Mẫu Sơn bắt nhóm trộm xe\n"
    "20/12/2016\n"
    "Ngày 19/12, Đại tá Trần Văn Mẫu, Trưởng Công an huyện Mẫu Sơn, cho biết đơn vị vừa bắt giữ ba "
    "đối tượng về hành vi trộm cắp tài sản.\n"
    "Theo ông Mẫu, từ ngày 1 đến ngày 15/12, các đối tượng đã lấy trộm bảy chiếc xe máy tại thành "
    "phố Hà Nội và tỉnh Lạng Sơn rồi mang sang huyện bên bán.\n"
    "Cơ quan Cảnh sát điều tra Công an huyện Mẫu Sơn đang tiếp tục điều tra, làm rõ vụ việc theo "
    "quy định của Bộ luật Hình sự.\n"
    "Minh An\n";

struct packed {
    uint8_t *bytes;
    size_t size;
};

static struct packed extract_packed(const struct knowledge *knowledge, const char *text)
{
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct article_input input = plain_input(text);
    const struct extract_limits limits = {0};
    struct document document = {0};
    struct error err = {0};
    assert_ok(extract_document(knowledge, &input, &limits, arena, &document, &err), err);
    Newsloom__V1__Extraction *extraction = document_extraction(&document, knowledge);
    struct packed packed = {.size = newsloom__v1__extraction__get_packed_size(extraction)};
    packed.bytes = memory_new(packed.size);
    assert_int_equal(newsloom__v1__extraction__pack(extraction, packed.bytes), packed.size);
    return packed;
}

static void same_article_gives_the_same_bytes(void **state)
{
    struct packed first = extract_packed(*state, article);
    struct packed second = extract_packed(*state, article);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
    free(first.bytes);
    free(second.bytes);
}

enum { THREADS = 4, ROUNDS = 25 };

struct race {
    const struct knowledge *knowledge;
    struct packed expected;
    atomic_int differences;
};

static void *extract_often(void *context)
{
    struct race *race = context;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct packed packed = extract_packed(race->knowledge, article);
        bool is_same = packed.size == race->expected.size &&
                       memcmp(packed.bytes, race->expected.bytes, packed.size) == 0;
        atomic_fetch_add(&race->differences, !is_same);
        free(packed.bytes);
    }
    return NULL;
}

static void four_threads_agree_with_one(void **state)
{
    struct race race = {.knowledge = *state, .expected = extract_packed(*state, article)};
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, extract_often, &race), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&race.differences), 0);
    free(race.expected.bytes);
}

static void every_offset_lies_in_the_text(void **state)
{
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct article_input input = plain_input(article);
    const struct extract_limits limits = {0};
    struct document document = {0};
    struct error err = {0};
    assert_ok(extract_document(*state, &input, &limits, arena, &document, &err), err);
    assert_true(document.mention_count > 0);
    uint32_t last = 0;
    for (uint32_t i = 0; i < document.mention_count; i++) {
        struct span span = document.mentions[i].span;
        assert_true(span.start >= last);
        assert_true(span.start < span.end);
        assert_true(span.end <= document.text.length);
        last = span.start;
    }
}

/* One refusal a row: what is wrong with the input, and what the sentence must name. */
static void wrong_input_is_refused_by_field(void **state)
{
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    const struct extract_limits limits = {.text_length = 50};
    struct document document = {0};
    struct error err = {0};
    struct article_input input = plain_input(article);
    assert_refused(extract_document(*state, &input, &limits, arena, &document, &err),
                   STATUS_INVALID, err, "content: ");
    const struct extract_limits none = {0};
    input.content_type = "application/pdf";
    assert_refused(extract_document(*state, &input, &none, arena, &document, &err), STATUS_INVALID,
                   err, "content_type: ");
    input = plain_input(article);
    input.charset = "klingon";
    assert_refused(extract_document(*state, &input, &none, arena, &document, &err), STATUS_INVALID,
                   err, "charset: ");
    input = plain_input(article);
    input.published = "12/20/2016";
    assert_refused(extract_document(*state, &input, &none, arena, &document, &err), STATUS_INVALID,
                   err, "published: ");
}

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

static void extraction_stops_when_told(void **state)
{
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct article_input input = plain_input(article);
    const struct extract_limits limits = {.should_stop = stop_at_once};
    struct document document = {0};
    struct error err = {0};
    assert_int_equal(extract_document(*state, &input, &limits, arena, &document, &err),
                     STATUS_AGAIN);
}

static void memory_has_a_limit(void **state)
{
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct article_input input = plain_input(article);
    const struct extract_limits limits = {.memory_bytes = 48 * 1024};
    struct document document = {0};
    struct error err = {0};
    assert_int_equal(extract_document(*state, &input, &limits, arena, &document, &err),
                     STATUS_LIMIT);
}

static void foreign_text_is_told_and_left(void **state)
{
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct article_input input =
        plain_input("The minister of transport opened the new bridge across the river on Monday "
                    "morning, saying that it would shorten the journey by forty minutes.\n");
    const struct extract_limits limits = {0};
    struct document document = {0};
    struct error err = {0};
    assert_ok(extract_document(*state, &input, &limits, arena, &document, &err), err);
    assert_string_equal(document.language, "en");
    assert_int_equal(document.page_kind, NEWSLOOM__V1__PAGE_KIND__PAGE_KIND_OTHER);
    assert_int_equal(document.mention_count, 0);
}

static void publisher_is_the_by_line_or_the_owner_of_the_domain(void **state)
{
    static const struct {
        const char *url;
        const char *source;
        const char *publisher;
    } rows[] = {
        {"https://m.VOV.vn/tin/1.html", "x", "VOV"},
        {"", "vov.vn", "VOV"},
        {"https://nobody.example/vov.vn", "vov.vn", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new(0);
        struct article_input input = plain_input(article);
        const struct extract_limits limits = {0};
        struct document document = {0};
        struct error err = {0};
        input.url = rows[i].url;
        input.source = rows[i].source;
        assert_ok(extract_document(*state, &input, &limits, arena, &document, &err), err);
        assert_string_equal(document.publisher, rows[i].publisher);
    }
}

static void languages_are_guessed(void **state)
{
    static const struct {
        const char *language;
        const char *text;
    } rows[] = {
        {"fr", "Le ministre des transports a ouvert le nouveau pont sur la rivière, qui est "
               "attendu dans une ville."},
        {"de", "Der Minister hat die neue Brücke über den Fluss eröffnet und das ist nicht von der "
               "Stadt bezahlt."},
        {"zh", "部长星期一上午为新的大桥揭幕，并表示它将缩短四十分钟的路程。"},
        {"ja", "大臣は月曜日の朝に新しい橋を開通させ、所要時間が短縮されると述べた。"},
        {"lo", "ລັດຖະມົນຕີ ໄດ້ ເປີດ ຂົວ ໃໝ່ ຂ້າມ ແມ່ນ້ຳ ໃນ ຕອນເຊົ້າ ວັນຈັນ"},
        {"und", "Xyzzy plugh frotz gnusto rezrov blorb krill zifmia vaxum yomin swanzo"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new(0);
        struct article_input input = plain_input(rows[i].text);
        const struct extract_limits limits = {0};
        struct document document = {0};
        struct error err = {0};
        assert_ok(extract_document(*state, &input, &limits, arena, &document, &err), err);
        assert_string_equal(document.language, rows[i].language);
        assert_int_equal(document.mention_count, 0);
    }
}

static void text_without_diacritics_is_still_vietnamese(void **state)
{
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct article_input input =
        plain_input("Nguoi dan trong lang da cung nhau sua lai con duong bi sat lo sau tran lu lon "
                    "hoi tuan truoc, ai cung vui ve.\n");
    const struct extract_limits limits = {0};
    struct document document = {0};
    struct error err = {0};
    assert_ok(extract_document(*state, &input, &limits, arena, &document, &err), err);
    assert_string_equal(document.language, "vi");
}

static unsigned bits_apart(uint64_t a, uint64_t b)
{
    return (unsigned)__builtin_popcountll(a ^ b);
}

static uint64_t sketch_of(const struct knowledge *knowledge, const char *text)
{
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct article_input input = plain_input(text);
    const struct extract_limits limits = {0};
    struct document document = {0};
    struct error err = {0};
    assert_ok(extract_document(knowledge, &input, &limits, arena, &document, &err), err);
    return document.sketch.bits;
}

static void near_copies_have_near_sketches(void **state)
{
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    const char *copy =
        arena_format(arena, "Trang chủ\nThời sự\n%s\nTin liên quan\nTin khác\n", article);
    const char *other = "Giá rau ở chợ tăng mạnh\nSau đợt mưa kéo dài, giá nhiều loại rau xanh tại "
                        "các chợ đã tăng gần gấp đôi, người mua lẫn người bán đều than thở.\n";
    uint64_t sketch = sketch_of(*state, article);
    assert_true(bits_apart(sketch, sketch_of(*state, copy)) <= 3);
    assert_true(bits_apart(sketch, sketch_of(*state, other)) >= 12);
}

static int open_knowledge(void **state)
{
    struct error err = {0};
    assert_ok(knowledge_open(NULL, (struct knowledge **)state, &err), err);
    return 0;
}

static int close_knowledge(void **state)
{
    struct knowledge *knowledge = *state;
    knowledge_close(&knowledge);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_article_gives_the_same_bytes),
        cmocka_unit_test(four_threads_agree_with_one),
        cmocka_unit_test(every_offset_lies_in_the_text),
        cmocka_unit_test(wrong_input_is_refused_by_field),
        cmocka_unit_test(extraction_stops_when_told),
        cmocka_unit_test(memory_has_a_limit),
        cmocka_unit_test(foreign_text_is_told_and_left),
        cmocka_unit_test(publisher_is_the_by_line_or_the_owner_of_the_domain),
        cmocka_unit_test(languages_are_guessed),
        cmocka_unit_test(text_without_diacritics_is_still_vietnamese),
        cmocka_unit_test(near_copies_have_near_sketches),
    };
    return cmocka_run_group_tests(tests, open_knowledge, close_knowledge);
}
