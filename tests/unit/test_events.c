// SPDX-License-Identifier: Apache-2.0
#include "tests/support/testing.h"
#include "tests/unit/finding.h"

#define ARREST  NEWSLOOM__V1__EVENT_TYPE__ARREST
#define MEET    NEWSLOOM__V1__EVENT_TYPE__MEET
#define SIGN    NEWSLOOM__V1__EVENT_TYPE__SIGN
#define VISIT   NEWSLOOM__V1__EVENT_TYPE__VISIT
#define APPOINT NEWSLOOM__V1__EVENT_TYPE__APPOINT

static const struct event *only_event(const struct document *document)
{
    assert_int_equal(document->event_count, 1);
    return &document->events[0];
}

static const char *argument_text(const struct document *document, const struct event *event,
                                 Newsloom__V1__ArgumentRole role)
{
    for (uint32_t i = 0; i < event->argument_count; i++)
        if (event->arguments[i].role == role)
            return event->arguments[i].value[0] ? event->arguments[i].value
                                                : document_text(document, event->arguments[i].span);
    return "";
}

static void an_arrest_has_its_actor_its_object_its_day_and_number(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document =
        find_all(arena, "Ngày 3/4, Công an tỉnh Nam Định đã bắt giữ Phan Văn Tèo.");
    const struct event *event = only_event(&document);
    assert_int_equal(event->type, ARREST);
    assert_int_equal(event->modality, NEWSLOOM__V1__MODALITY__HAPPENED);
    assert_string_equal(argument_text(&document, event, NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR),
                        "Công an tỉnh Nam Định");
    assert_string_equal(argument_text(&document, event, NEWSLOOM__V1__ARGUMENT_ROLE__RECIPIENT),
                        "Phan Văn Tèo");
    assert_string_equal(argument_text(&document, event, NEWSLOOM__V1__ARGUMENT_ROLE__AT_DATE),
                        "2020-04-03");
    assert_string_equal(argument_text(&document, event, NEWSLOOM__V1__ARGUMENT_ROLE__NUMBER), "1");
}

static void a_passive_turns_the_roles_round(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = find_all(arena, "Phan Văn Tèo bị Công an tỉnh Nam Định bắt giữ.");
    const struct event *event = only_event(&document);
    assert_string_equal(argument_text(&document, event, NEWSLOOM__V1__ARGUMENT_ROLE__RECIPIENT),
                        "Phan Văn Tèo");
}

static void what_is_demanded_or_denied_has_not_happened(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_int_equal(find_all(arena, "Công an tỉnh đề nghị bắt giữ Phan Văn Tèo.").event_count, 0);
    assert_int_equal(find_all(arena, "Công an tỉnh chưa bắt được Phan Văn Tèo.").event_count, 0);
}

static void a_plan_with_a_day_is_planned(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document =
        find_all(arena, "Thủ tướng Lý Văn Đạm sẽ thăm chính thức Ba Lan từ ngày 5 đến 7/6/2020.");
    const struct event *event = only_event(&document);
    assert_int_equal(event->type, VISIT);
    assert_int_equal(event->modality, NEWSLOOM__V1__MODALITY__PLANNED);
    assert_string_equal(argument_text(&document, event, NEWSLOOM__V1__ARGUMENT_ROLE__PLACE),
                        "Ba Lan");
}

static void a_signature_needs_a_document(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document =
        find_all(arena, "Bộ Y tế Việt Nam đã ký Hiệp định về đào tạo bác sĩ.");
    assert_int_equal(only_event(&document)->type, SIGN);
    assert_int_equal(find_all(arena, "Bà Lò Thị Inh ký vào sổ.").event_count, 0);
}

static void a_meeting_names_both_sides(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document =
        find_all(arena, "Chiều nay, ông Lý Văn Đạm đã hội đàm với ông Karol Zbigniew.");
    const struct event *event = only_event(&document);
    assert_int_equal(event->type, MEET);
    assert_string_equal(argument_text(&document, event, NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR),
                        "Lý Văn Đạm");
    assert_string_equal(argument_text(&document, event, NEWSLOOM__V1__ARGUMENT_ROLE__RECIPIENT),
                        "Karol Zbigniew");
}

static void the_mode_tells_appointed_from_dismissed(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document up = find_all(arena, "Tổng thống Karol Zbigniew đã bổ nhiệm ông Lech Nowak.");
    assert_int_equal(only_event(&up)->type, APPOINT);
    assert_int_equal(only_event(&up)->mode, NEWSLOOM__V1__EVENT_MODE__APPOINTED);
    struct document down =
        find_all(arena, "Tổng thống Karol Zbigniew đã cách chức ông Lech Nowak.");
    assert_int_equal(only_event(&down)->mode, NEWSLOOM__V1__EVENT_MODE__DISMISSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arrest_has_its_actor_its_object_its_day_and_number),
        cmocka_unit_test(a_passive_turns_the_roles_round),
        cmocka_unit_test(what_is_demanded_or_denied_has_not_happened),
        cmocka_unit_test(a_plan_with_a_day_is_planned),
        cmocka_unit_test(a_signature_needs_a_document),
        cmocka_unit_test(a_meeting_names_both_sides),
        cmocka_unit_test(the_mode_tells_appointed_from_dismissed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
