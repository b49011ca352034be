// SPDX-License-Identifier: Apache-2.0
#include <locale.h>
#include <stdio.h>

#include "client/command/print.h"
#include "client/command/verb.h"
#include "client/lib/filter.h"
#include "client/newsloom.h"
#include "tests/support/testing.h"

/* ---- cursors ------------------------------------------------------------------------------- */

static void cursor_is_read_back_as_printed(void **state)
{
    (void)state;
    struct newsloom_cursor cursor = {.sequence = UINT64_MAX};
    struct newsloom_cursor back = {0};
    struct error err;
    char text[NEWSLOOM_CURSOR_TEXT_SIZE];
    for (size_t i = 0; i < sizeof(cursor.log_id); i++)
        cursor.log_id[i] = (uint8_t)(i * 17);
    assert_string_equal(newsloom_cursor_text(&cursor, text),
                        "00112233445566778899aabbccddeeff:18446744073709551615");
    assert_ok(newsloom_cursor_parse(text, &back, &err), err);
    assert_memory_equal(&cursor, &back, sizeof(cursor));
}

static void what_is_no_cursor_is_refused_with_an_example(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        ":",
        "42",
        "earliest",
        "00112233445566778899aabbccddeeff",
        "00112233445566778899aabbccddeeff:",
        "00112233445566778899aabbccddeeff:-1",
        "00112233445566778899aabbccddeeff: 1",
        "00112233445566778899aabbccddeeff:1x",
        "00112233445566778899aabbccddeeff:18446744073709551616",
        "00112233445566778899aabbccddeefg:1",
        "00112233445566778899aabbccddeeff0:1",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct newsloom_cursor cursor = {0};
        struct error err;
        assert_refused(newsloom_cursor_parse(wrong[i], &cursor, &err), STATUS_INVALID, err, ":42");
    }
}

/* ---- filters ------------------------------------------------------------------------------- */

static void filter_takes_every_field_in_any_case(void **state)
{
    (void)state;
    struct filter filter;
    struct error err;
    assert_ok(filter_parse(&filter,
                           "type=organization,type=LAW event=SIGN,source=vov.vn,kind=stored,"
                           "entity=0123456789abcdef0011223344556677",
                           &err),
              err);
    assert_int_equal(filter.type_count, 2);
    assert_int_equal(filter.types[0], NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION);
    assert_int_equal(filter.types[1], NEWSLOOM__V1__ENTITY_TYPE__LAW);
    assert_int_equal(filter.events[0], NEWSLOOM__V1__EVENT_TYPE__SIGN);
    assert_int_equal(filter.kinds[0], NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED);
    assert_string_equal(filter.sources[0], "vov.vn");
    assert_true(filter.entity_topics[0] == UINT64_C(0x0123456789abcdef));
    filter_done(&filter);
}

static void wrong_filter_is_refused_with_what_would_be_right(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } wrong[] = {
        {"PERSON", "field=value"},
        {"typ=PERSON", "type, event, source, entity, kind"},
        {"type=PERSN", "PERSON, ORGANIZATION"},
        {"type=", "PERSON, ORGANIZATION"},
        {"event=WEDDING", "MEET, VISIT"},
        {"source=Has Blank", "a-z 0-9"},
        {"entity=12", "UUID"},
        {"entity=00000000-0000-0000-0000-00000000000g", "UUID"},
        {"kind=LOST", "STORED"},
        {"copies=some", "neither yes nor no"},
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct filter filter;
        struct error err;
        assert_refused(filter_parse(&filter, wrong[i].text, &err), STATUS_INVALID, err,
                       wrong[i].says);
    }
}

static void filter_with_too_many_values_is_refused(void **state)
{
    (void)state;
    char text[4096] = "";
    struct filter filter;
    struct error err;
    for (size_t i = 0; i < FILTER_VALUES_LIMIT; i++)
        (void)strcat(text, "source=a,");
    assert_refused(filter_parse(&filter, text, &err), STATUS_INVALID, err, "more than");
}

static void entity_is_looked_for_in_the_extraction(void **state)
{
    (void)state;
    Newsloom__V1__Extraction x = NEWSLOOM__V1__EXTRACTION__INIT;
    Newsloom__V1__Entity entity = NEWSLOOM__V1__ENTITY__INIT;
    Newsloom__V1__Entity *entities[] = {&entity};
    uint8_t id[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    uint8_t packed[64];
    struct filter filter;
    struct error err;
    entity.id = (ProtobufCBinaryData){.data = id, .len = sizeof(id)};
    x.entities = entities;
    x.n_entities = 1;
    struct newsloom_entry entry = {.source = "a", .extraction = packed};
    entry.extraction_size = newsloom__v1__extraction__pack(&x, packed);
    assert_ok(filter_parse(&filter, "entity=01020304-0506-0708-0900-000000000000", &err), err);
    assert_true(filter_passes(&filter, &entry));
    filter_done(&filter);
    /* The broker sees the first eight bytes only: these are the same. */
    assert_ok(filter_parse(&filter, "entity=01020304-0506-0708-ff00-000000000000", &err), err);
    assert_false(filter_passes(&filter, &entry));
    filter_done(&filter);
}

/* ---- widths -------------------------------------------------------------------------------- */

static void vietnamese_takes_the_columns_that_one_sees(void **state)
{
    (void)state;
    assert_int_equal(text_width("Bộ Công an"), 10);
    assert_int_equal(text_width("Bo\xcc\xa3\xcc\x82"), 2); /* decomposed */
    assert_int_equal(text_width("越南"), 4);
    assert_int_equal(text_width("a\xff"), 2); /* an invalid byte is one column */
}

static void long_text_is_cut_at_a_character_and_says_so(void **state)
{
    (void)state;
    char *text = text_in_columns("Bộ Công an", 5);
    assert_string_equal(text, "Bộ C…");
    free(text);
    text = text_in_columns("Bộ Công an", 10);
    assert_string_equal(text, "Bộ Công an");
    free(text);
}

static void control_characters_never_reach_the_terminal(void **state)
{
    (void)state;
    char *text = text_in_columns("a\033[2Jb\r\n", 20);
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\r'));
    free(text);
}

static void table_lines_up_under_wide_and_narrow_text(void **state)
{
    (void)state;
    static const char *const heads[] = {"name", "n"};
    struct table table;
    char *text = NULL;
    table_init(&table, heads, "lr");
    table_cell(&table, "%s", "Nguyễn");
    table_cell(&table, "%d", 5);
    table_cell(&table, "%s", "x");
    table_cell(&table, "%d", 123);
    PRINTED(text, out, table_print(&table, out));
    assert_string_equal(text, "name      n\nNguyễn    5\nx       123\n");
    free(text);
    table_done(&table);
}

/* ---- verbs --------------------------------------------------------------------------------- */

static void misspelt_verb_is_recognised(void **state)
{
    (void)state;
    assert_string_equal(verb_suggest("fede"), "feed");
    assert_string_equal(verb_suggest("subscirbe"), "subscribe");
    assert_string_equal(verb_suggest("stat"), "status");
    assert_null(verb_suggest("qqqqqqqqq"));
}

static void every_verb_has_help_with_examples(void **state)
{
    (void)state;
    for (const struct verb *const *verb = verbs; *verb; verb++) {
        assert_non_null((*verb)->purpose);
        assert_true((*verb)->example_count > 0);
        assert_true(((*verb)->run != NULL) != ((*verb)->helper != NULL));
        assert_ptr_equal(verb_find((*verb)->name), *verb);
    }
}

static int use_utf8(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursor_is_read_back_as_printed),
        cmocka_unit_test(what_is_no_cursor_is_refused_with_an_example),
        cmocka_unit_test(filter_takes_every_field_in_any_case),
        cmocka_unit_test(wrong_filter_is_refused_with_what_would_be_right),
        cmocka_unit_test(filter_with_too_many_values_is_refused),
        cmocka_unit_test(entity_is_looked_for_in_the_extraction),
        cmocka_unit_test(vietnamese_takes_the_columns_that_one_sees),
        cmocka_unit_test(long_text_is_cut_at_a_character_and_says_so),
        cmocka_unit_test(control_characters_never_reach_the_terminal),
        cmocka_unit_test(table_lines_up_under_wide_and_narrow_text),
        cmocka_unit_test(misspelt_verb_is_recognised),
        cmocka_unit_test(every_verb_has_help_with_examples),
    };
    return cmocka_run_group_tests(tests, use_utf8, NULL);
}
