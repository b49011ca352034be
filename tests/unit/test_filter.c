// SPDX-License-Identifier: Apache-2.0
#include "broker/filter.h"
#include "tests/support/testing.h"

static Newsloom__V1__EntityType entity_types[] = {NEWSLOOM__V1__ENTITY_TYPE__PERSON,
                                                  NEWSLOOM__V1__ENTITY_TYPE__LAW};
static Newsloom__V1__EventType event_types[] = {NEWSLOOM__V1__EVENT_TYPE__SIGN};
static uint64_t entities[] = {UINT64_MAX, 5, 3};

static char source[] = "vov.vn";

static Newsloom__V1__Topics topics = {
    .base = PROTOBUF_C_MESSAGE_INIT(&newsloom__v1__topics__descriptor),
    .n_entity_types = COUNT_OF(entity_types),
    .entity_types = entity_types,
    .n_event_types = COUNT_OF(event_types),
    .event_types = event_types,
    .n_entities = COUNT_OF(entities),
    .entities = entities,
};

static struct log_entry stored = {
    .kind = NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED, .source = source, .topics = &topics};
static struct log_entry dead = {.kind = NEWSLOOM__V1__ENTRY_KIND__ENTRY_DEAD, .source = source};

static bool matches(const Newsloom__V1__Filter *wanted, const struct log_entry *entry)
{
    struct filter *filter = filter_new(wanted);
    bool answer = filter_matches(filter, entry);
    filter_drop(&filter);
    assert_null(filter);
    return answer;
}

static void without_fields_everything_matches(void **state)
{
    (void)state;
    Newsloom__V1__Filter wanted = NEWSLOOM__V1__FILTER__INIT;
    assert_true(matches(NULL, &stored));
    assert_true(matches(NULL, &dead));
    assert_true(matches(&wanted, &dead));
}

static void one_value_within_a_field_is_enough(void **state)
{
    (void)state;
    Newsloom__V1__Filter wanted = NEWSLOOM__V1__FILTER__INIT;
    Newsloom__V1__EntityType types[] = {NEWSLOOM__V1__ENTITY_TYPE__CRIME,
                                        NEWSLOOM__V1__ENTITY_TYPE__LAW};
    wanted.entity_types = types;
    wanted.n_entity_types = 1;
    assert_false(matches(&wanted, &stored));
    wanted.n_entity_types = 2;
    assert_true(matches(&wanted, &stored));
    assert_false(matches(&wanted, &dead));
}

static void originals_leave_out_copies_and_nothing_else(void **state)
{
    (void)state;
    Newsloom__V1__Filter wanted = NEWSLOOM__V1__FILTER__INIT;
    Newsloom__V1__Topics of_copy = topics;
    struct log_entry copy = stored;
    of_copy.duplicate = true;
    copy.topics = &of_copy;
    assert_true(matches(&wanted, &copy));
    wanted.originals = true;
    assert_false(matches(&wanted, &copy));
    assert_true(matches(&wanted, &stored));
    assert_true(matches(&wanted, &dead));
}

static void all_fields_must_match(void **state)
{
    (void)state;
    Newsloom__V1__Filter wanted = NEWSLOOM__V1__FILTER__INIT;
    Newsloom__V1__EventType events[] = {NEWSLOOM__V1__EVENT_TYPE__SIGN};
    char other[] = "tuoitre.vn";
    char *sources[] = {other, source};
    wanted.event_types = events;
    wanted.n_event_types = 1;
    wanted.sources = sources;
    wanted.n_sources = 1;
    assert_false(matches(&wanted, &stored));
    wanted.n_sources = 2;
    assert_true(matches(&wanted, &stored));
}

static void entities_match_by_id_and_every_entity_matches_all(void **state)
{
    (void)state;
    Newsloom__V1__Filter wanted = NEWSLOOM__V1__FILTER__INIT;
    uint64_t ids[] = {9, UINT64_MAX};
    wanted.entities = ids;
    wanted.n_entities = 1;
    assert_false(matches(&wanted, &stored));
    wanted.n_entities = 2;
    assert_true(matches(&wanted, &stored));
    Newsloom__V1__Topics many = NEWSLOOM__V1__TOPICS__INIT;
    many.every_entity = true;
    struct log_entry crowded = stored;
    crowded.topics = &many;
    wanted.n_entities = 1;
    assert_true(matches(&wanted, &crowded));
}

static void kinds_choose_the_ends(void **state)
{
    (void)state;
    Newsloom__V1__Filter wanted = NEWSLOOM__V1__FILTER__INIT;
    Newsloom__V1__EntryKind kinds[] = {NEWSLOOM__V1__ENTRY_KIND__ENTRY_DEAD};
    wanted.kinds = kinds;
    wanted.n_kinds = 1;
    assert_true(matches(&wanted, &dead));
    assert_false(matches(&wanted, &stored));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_fields_everything_matches),
        cmocka_unit_test(one_value_within_a_field_is_enough),
        cmocka_unit_test(originals_leave_out_copies_and_nothing_else),
        cmocka_unit_test(all_fields_must_match),
        cmocka_unit_test(entities_match_by_id_and_every_entity_matches_all),
        cmocka_unit_test(kinds_choose_the_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
