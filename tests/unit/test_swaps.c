// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <unistd.h>

#include "tests/support/testing.h"
#include "worker/extract/document.h"
#include "worker/model/swaps.h"
#include "worker/model/unaccented.h"

static const char articles[] =
    "= 2019-05-14 one.example\n"
    "T|BẮT [PER TRẦN VĂN BÌNH] TẠI [LOC NGHỆ AN]\n"
    "B|[ORG Công an tỉnh Nghệ An] bắt [PER Trần Văn Bình], quê [LOC Nghệ An].\n"
    "B|[PER Bình] khai đã tới [LOC xã Cẩm Vân] ngày [DATE=2019-05-12 12/5].\n"
    "\n"
    "= 2019-05-14 two.example\n"
    "B|Ông [PER Lê Hữu Thắng] rời [LOC Thanh Hóa] và [LOC xã Phú Lộc].\n"
    "\n"
    "= 2019-05-14 three.example\n"
    "B|Bà [PER Đỗ Thị Nguyệt] về [LOC Quảng Bình] và [LOC xã Tân Hợp].\n"
    "\n"
    "= 2019-05-14 four.example\n"
    "B|[ORG TAND TP Hồ Chí Minh] xử vụ ở [LOC hồ Hố Hô].\n";

struct stage {
    struct corpus *corpus;
    struct knowledge *knowledge;
    struct name_pool *pool;
    struct arena *arena;
};

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    struct error err = {0};
    char path[] = "/tmp/test_swaps.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, articles, strlen(articles)), strlen(articles));
    (void)close(fd);
    assert_ok(corpus_read(path, &stage->corpus, &err), err);
    (void)unlink(path);
    stage->knowledge = knowledge_open_untrained();
    stage->pool = name_pool_new();
    stage->arena = arena_new(0);
    for (uint32_t i = 0; i < stage->corpus->count; i++)
        name_pool_add(stage->pool, &stage->corpus->articles[i], stage->knowledge);
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    name_pool_free(&stage->pool);
    knowledge_close(&stage->knowledge);
    corpus_free(&stage->corpus);
    arena_free(&stage->arena);
    free(stage);
    return 0;
}

static struct corpus_article swap_first(struct stage *stage, uint64_t seed)
{
    return swap_names(stage->pool, &stage->corpus->articles[0], stage->knowledge, &seed,
                      stage->arena);
}

static const char *text_at(struct stage *stage, const struct corpus_article *article,
                           struct span span)
{
    struct text text = text_view(stage->arena, article->text, article->size);
    return arena_text(stage->arena, article->text + text.byte_at[span.start],
                      text.byte_at[span.end] - text.byte_at[span.start]);
}

/* The article as the corpus writes it, marks in brackets. */
static const char *told(struct stage *stage, const struct corpus_article *article)
{
    const char *line = "";
    uint32_t come = 0;
    for (uint32_t i = 0; i < article->annotation_count; i++) {
        struct span span = article->annotations[i].span;
        line = arena_format(stage->arena, "%s%s[%s]", line,
                            text_at(stage, article, (struct span){come, span.start}),
                            text_at(stage, article, span));
        come = span.end;
    }
    struct text text = text_view(stage->arena, article->text, article->size);
    return arena_format(stage->arena, "%s%s", line,
                        text_at(stage, article, (struct span){come, text.length}));
}

static void marks_stand_on_the_names_that_were_given(void **state)
{
    static const struct {
        const char *full;
        const char *loud;
        const char *last;
    } people[] = {
        {"Lê Hữu Thắng", "LÊ HỮU THẮNG", "Thắng"},
        {"Lê Thị Nguyệt", "LÊ THỊ NGUYỆT", "Nguyệt"},
        {"Lê Văn Bình", "LÊ VĂN BÌNH", "Bình"},
        {"Đỗ Hữu Thắng", "ĐỖ HỮU THẮNG", "Thắng"},
        {"Đỗ Thị Nguyệt", "ĐỖ THỊ NGUYỆT", "Nguyệt"},
        {"Đỗ Văn Bình", "ĐỖ VĂN BÌNH", "Bình"},
        {"Trần Hữu Thắng", "TRẦN HỮU THẮNG", "Thắng"},
        {"Trần Thị Nguyệt", "TRẦN THỊ NGUYỆT", "Nguyệt"},
        {"Trần Văn Bình", "TRẦN VĂN BÌNH", "Bình"},
    };
    static const struct {
        const char *name;
        const char *loud;
    } provinces[] = {
        {"Nghệ An", "NGHỆ AN"}, {"Thanh Hóa", "THANH HÓA"}, {"Quảng Bình", "QUẢNG BÌNH"}};
    static const char *const communes[] = {"Cẩm Vân", "Phú Lộc", "Tân Hợp"};
    struct stage *stage = *state;
    unsigned others = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct corpus_article article = swap_first(stage, seed);
        const char *line = told(stage, &article);
        unsigned found = 0;
        for (size_t p = 0; p < COUNT_OF(people); p++)
            for (size_t v = 0; v < COUNT_OF(provinces); v++)
                for (size_t c = 0; c < COUNT_OF(communes); c++)
                    found += strcmp(line, arena_format(stage->arena,
                                                       "BẮT [%s] TẠI [%s]\n"
                                                       "[Công an tỉnh %s] bắt [%s], quê [%s].\n"
                                                       "[%s] khai đã tới [xã %s] ngày [12/5].\n",
                                                       people[p].loud, provinces[v].loud,
                                                       provinces[v].name, people[p].full,
                                                       provinces[v].name, people[p].last,
                                                       communes[c])) == 0;
        if (found != 1)
            fail_msg("not told consistently: %s", line);
        others += strstr(line, "Trần Văn Bình") == NULL && strstr(line, "Nghệ An") == NULL;
    }
    assert_true(others > 10);
}

static void sections_hold_the_same_lines(void **state)
{
    struct stage *stage = *state;
    struct corpus_article article = swap_first(stage, 5);
    assert_int_equal(article.section_count, 3);
    for (uint32_t i = 0; i < article.section_count; i++) {
        const char *line = text_at(stage, &article, article.sections[i].span);
        const char *at = strstr(article.text, line);
        assert_non_null(at);
        assert_true(at == article.text || at[-1] == '\n');
        assert_int_equal(at[strlen(line)], '\n');
    }
}

static void one_seed_gives_the_same_bytes(void **state)
{
    struct stage *stage = *state;
    unsigned different = 0;
    const char *first = swap_first(stage, 0).text;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct corpus_article once = swap_first(stage, seed), again = swap_first(stage, seed);
        assert_string_equal(once.text, again.text);
        assert_memory_equal(once.annotations, again.annotations,
                            once.annotation_count * sizeof(*once.annotations));
        different += strcmp(first, once.text) != 0;
    }
    assert_true(different > 5);
}

static void a_place_is_not_cut_at_a_head_that_begins_it(void **state)
{
    struct stage *stage = *state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        uint64_t random = seed;
        struct corpus_article article = swap_names(stage->pool, &stage->corpus->articles[3],
                                                   stage->knowledge, &random, stage->arena);
        assert_string_equal(told(stage, &article), "[TAND TP Hồ Chí Minh] xử vụ ở [hồ Hố Hô].\n");
    }
}

static void an_article_without_others_stays_as_it_is(void **state)
{
    struct stage *stage = *state;
    struct name_pool *pool = name_pool_new();
    uint64_t seed = 1;
    struct corpus_article article =
        swap_names(pool, &stage->corpus->articles[0], stage->knowledge, &seed, stage->arena);
    assert_string_equal(told(stage, &article), told(stage, &stage->corpus->articles[0]));
    name_pool_free(&pool);
}

static void marks_stay_where_diacritics_leave(void **state)
{
    struct stage *stage = *state;
    struct corpus_article article = unaccented(&stage->corpus->articles[0], stage->arena);
    assert_string_equal(told(stage, &article),
                        "BAT [TRAN VAN BINH] TAI [NGHE AN]\n"
                        "[Cong an tinh Nghe An] bat [Tran Van Binh], que [Nghe An].\n"
                        "[Binh] khai da toi [xa Cam Van] ngay [12/5].\n");
    assert_int_equal(article.size, strlen(article.text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(marks_stand_on_the_names_that_were_given, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(sections_hold_the_same_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_seed_gives_the_same_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_place_is_not_cut_at_a_head_that_begins_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(marks_stay_where_diacritics_leave, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_article_without_others_stays_as_it_is, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
