// SPDX-License-Identifier: Apache-2.0
#include "tests/support/testing.h"
#include "tests/unit/finding.h"

static const struct entity *entity_named(const struct document *document, const char *name)
{
    for (uint32_t i = 0; i < document->entity_count; i++)
        if (strcmp(document->entities[i].name, name) == 0)
            return &document->entities[i];
    fail_msg("no entity is called \"%s\"", name);
    return NULL;
}

static void a_short_form_joins_its_full_name(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document =
        find_all(arena, "Ông Vi Văn Chớp về làng. Hôm sau ông Chớp đi chợ, ông Chớp mua gà.");
    const struct entity *person = entity_named(&document, "Vi Văn Chớp");
    assert_int_equal(person->mention_count, 3);
    assert_int_equal(person->resolution, NEWSLOOM__V1__RESOLUTION__RESOLUTION_RULE);
}

static void an_abbreviation_joins_the_body_before_its_bracket(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document =
        find_all(arena, "Công ty cổ phần Gạch Sao Mai (GSMX) vay tiền. Sau đó GSMX phá sản.");
    assert_int_equal(entity_named(&document, "Công ty cổ phần Gạch Sao Mai")->mention_count, 3);
}

static void a_place_has_its_code_with_and_without_head_word(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = find_all(arena, "Tỉnh Nghệ An mưa to. Ở Nghệ An gió mạnh.");
    const struct entity *place = entity_named(&document, "Nghệ An");
    assert_int_equal(place->mention_count, 2);
    assert_string_equal(place->country, "VN");
    assert_string_equal(place->code, "VN-22");
    assert_int_equal(place->resolution, NEWSLOOM__V1__RESOLUTION__RESOLUTION_TABLE);
}

static void an_id_is_a_uuid_of_version_8(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = find_all(arena, "Họ ở Nghệ An.");
    const uint8_t *id = entity_named(&document, "Nghệ An")->id;
    assert_int_equal(id[6] & 0xF0, 0x80);
    assert_int_equal(id[8] & 0xC0, 0x80);
}

static void the_same_place_has_one_id_in_every_article(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document one = find_all(arena, "Trời mưa ở Nghệ An.");
    struct document other = find_all(arena, "Tỉnh Nghệ An có đường mới.");
    assert_memory_equal(entity_named(&one, "Nghệ An")->id, entity_named(&other, "Nghệ An")->id, 16);
}

static void two_people_of_one_name_are_not_one(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document one = find_all(arena, "Ông Trần Văn Bưởi bán cá.");
    struct document other = find_all(arena, "Ông Trần Văn Bưởi dạy học.");
    assert_memory_not_equal(entity_named(&one, "Trần Văn Bưởi")->id,
                            entity_named(&other, "Trần Văn Bưởi")->id, 16);
}

static void a_post_joins_a_person_across_articles(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document one = find_all(arena, "Giám đốc Công ty Gạch Sao Mai Trần Văn Bưởi nói.");
    struct document other =
        find_all(arena, "Ông Trần Văn Bưởi, Giám đốc Công ty Gạch Sao Mai, vắng mặt.");
    assert_memory_equal(entity_named(&one, "Trần Văn Bưởi")->id,
                        entity_named(&other, "Trần Văn Bưởi")->id, 16);
}

static void a_short_body_belongs_to_its_article(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document one = find_all(arena, "Cán bộ của Công an tỉnh đến nhà.");
    struct document other = find_all(arena, "Cán bộ của Công an tỉnh họp.");
    assert_memory_not_equal(entity_named(&one, "Công an tỉnh")->id,
                            entity_named(&other, "Công an tỉnh")->id, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_form_joins_its_full_name),
        cmocka_unit_test(an_abbreviation_joins_the_body_before_its_bracket),
        cmocka_unit_test(a_place_has_its_code_with_and_without_head_word),
        cmocka_unit_test(an_id_is_a_uuid_of_version_8),
        cmocka_unit_test(the_same_place_has_one_id_in_every_article),
        cmocka_unit_test(two_people_of_one_name_are_not_one),
        cmocka_unit_test(a_post_joins_a_person_across_articles),
        cmocka_unit_test(a_short_body_belongs_to_its_article),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
