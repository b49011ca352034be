// SPDX-License-Identifier: Apache-2.0
#include "tests/support/testing.h"
#include "tests/unit/finding.h"

/* "name | rank | post; post" of every role, joined by "/". */
static const char *roles_of(struct arena *arena, const char *text)
{
    struct document document = find_all(arena, text);
    const char *out = "";
    for (uint32_t i = 0; i < document.role_count; i++) {
        const struct role *role = &document.roles[i];
        out = arena_format(arena, "%s%s%s | %s |", out, i ? "/" : "",
                           document.entities[role->person - 1].name, role->rank);
        for (uint32_t k = 0; k < role->position_count; k++)
            out = arena_format(arena, "%s%s %s", out, k ? ";" : "", role->positions[k]);
    }
    return out;
}

static const struct {
    const char *text;
    const char *roles;
} cases[] = {
    {"Trung tá Lý Văn Đạm đến sớm.", "Lý Văn Đạm | Trung tá |"},
    {"Ông Lý Văn Đạm, Giám đốc Sở Xây dựng Hà Nội, trả lời.",
     "Lý Văn Đạm |  | Giám đốc Sở Xây dựng Hà Nội"},
    {"Tổng thống Ba Lan Karol Zbigniew đến thăm.", "Karol Zbigniew |  | Tổng thống Ba Lan"},
    {"Bà Lò Thị Inh (nguyên Chủ tịch UBND tỉnh Sơn La) vắng mặt.",
     "Lò Thị Inh |  | nguyên Chủ tịch UBND tỉnh Sơn La"},
    {"Ông Lý Văn Đạm, Thứ trưởng Bộ Y tế, Thượng tướng Vi Văn Chớp cùng dự.",
     "Lý Văn Đạm |  | Thứ trưởng Bộ Y tế/Vi Văn Chớp | Thượng tướng |"},
    {"Bà Lò Thị Inh đi chợ.", ""},
    {"Ông nói Tướng James Okello đã rời thủ đô.", "James Okello | Tướng |"},
    {"Tướng Ahmad Zaki, Tư lệnh quân đội nước này, từ chức.",
     "Ahmad Zaki | Tướng | Tư lệnh quân đội"},
};

static void ranks_and_posts_go_to_their_persons(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new(0);
        assert_string_equal(roles_of(arena, cases[i].text), cases[i].roles);
    }
}

static void a_post_in_two_wordings_stays_once(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(
        roles_of(arena, "Thứ trưởng Bộ Y tế Lý Văn Đạm đến. Sau đó Thứ trưởng Lý Văn Đạm về."),
        "Lý Văn Đạm |  | Thứ trưởng Bộ Y tế");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_and_posts_go_to_their_persons),
        cmocka_unit_test(a_post_in_two_wordings_stays_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
