// SPDX-License-Identifier: Apache-2.0
/* An article that is to be extracted again: the earlier generation cannot come back. */
#include <string.h>

#include "tests/unit/store_home.h"

/* As accept_text(), for a generation of this revision. */
static struct accept_result accept_again(struct home *home, const char *text, uint32_t generation,
                                         uint32_t revision)
{
    uint8_t digest[DIGEST_SIZE];
    digest_bytes(text, strlen(text), digest);
    const struct accept accept = {.source = "example",
                                  .key = "a",
                                  .class_ = NEWSLOOM__V1__CLASS__BACKFILL,
                                  .digest = digest,
                                  .payload = text,
                                  .size = strlen(text),
                                  .at_ms = 2000,
                                  .generation = generation,
                                  .revision = revision};
    turn_reset(home->turn);
    size_t index = turn_accept(home->turn, &accept);
    submit(home);
    return *turn_accept_result(home->turn, index);
}

static void stored_article_is_queued_as_its_next_generation(void **state)
{
    struct home *home = *state;
    struct accept_result first = accept_text(home, "a", "text");
    (void)settle_text(home, first.article_id, "text", "facts");
    struct accept_result again = accept_again(home, "text", 2, 1);
    assert_int_equal(again.code, ACCEPTED);
    assert_true(again.article_id > first.article_id);
    assert_int_equal(again.revision, 1);
    home_reopen(home);
    struct stored_article article = article_of(home, again.article_id);
    assert_int_equal(article.generation, 2);
    assert_int_equal(article.state, QUEUED);
    stored_article_done(&article);
    assert_body(home, again.article_id, "text");
    assert_int_equal(open_count(home), 1);
}

static void late_done_of_the_earlier_generation_settles_nothing(void **state)
{
    struct home *home = *state;
    struct accept_result first = accept_text(home, "a", "text");
    (void)settle_text(home, first.article_id, "text", "facts");
    struct accept_result again = accept_again(home, "text", 2, 1);
    struct settle_result late = settle_text(home, first.article_id, "text", "old facts");
    assert_int_equal(late.state, UNKNOWN);
    assert_int_equal(late.sequence, 0);
    assert_int_equal(state_of(home, again.article_id), QUEUED);
    struct settle_result settled = settle_text(home, again.article_id, "text", "new facts");
    assert_int_equal(settled.sequence, 2);
    assert_int_equal(settle_text(home, first.article_id, "text", "old facts").state, UNKNOWN);
    assert_int_equal(facts_of(home).last_sequence, 2);
}

static void asked_twice_it_is_one_article(void **state)
{
    struct home *home = *state;
    struct accept_result first = accept_text(home, "a", "text");
    (void)settle_text(home, first.article_id, "text", "facts");
    struct accept_result again = accept_again(home, "text", 2, 1);
    struct accept_result twice = accept_again(home, "text", 2, 1);
    assert_int_equal(twice.code, DUPLICATE);
    assert_int_equal(twice.article_id, again.article_id);
    (void)settle_text(home, again.article_id, "text", "new facts");
    twice = accept_again(home, "text", 2, 1);
    assert_int_equal(twice.code, DUPLICATE);
    assert_int_equal(twice.state, STORED);
}

static void what_has_no_end_is_not_superseded(void **state)
{
    struct home *home = *state;
    struct accept_result first = accept_text(home, "a", "text");
    struct accept_result again = accept_again(home, "text", 2, 1);
    assert_int_equal(again.code, DUPLICATE);
    assert_int_equal(again.article_id, first.article_id);
    assert_int_equal(again.state, QUEUED);
}

static void dead_article_is_superseded_with_its_history(void **state)
{
    struct home *home = *state;
    struct accept_result first = accept_text(home, "a", "text");
    assert_true(attempt(home, first.article_id, DEAD, "CRASHED"));
    struct accept_result again = accept_again(home, "text", 2, 1);
    assert_int_equal(again.code, ACCEPTED);
    assert_no_body(home, first.article_id);
    assert_int_equal(facts_of(home).dead_count, 0);
    struct stored_article article = article_of(home, again.article_id);
    assert_int_equal(article.history_count, 0);
    stored_article_done(&article);
}

static void unknown_article_keeps_the_revision_that_it_had(void **state)
{
    struct home *home = *state;
    struct accept_result third = accept_again(home, "text", 5, 3);
    assert_int_equal(third.code, ACCEPTED);
    assert_int_equal(third.revision, 3);
    struct accept_result first = accept_again(home, "text before", 2, 1);
    assert_int_equal(first.revision, 1);
    struct accept_result taken = accept_again(home, "another text", 2, 3);
    assert_int_equal(taken.revision, 4);
    assert_int_equal(accept_text(home, "a", "text, corrected").revision, 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)
    const struct CMUnitTest tests[] = {
        TEST(stored_article_is_queued_as_its_next_generation),
        TEST(late_done_of_the_earlier_generation_settles_nothing),
        TEST(asked_twice_it_is_one_article),
        TEST(what_has_no_end_is_not_superseded),
        TEST(dead_article_is_superseded_with_its_history),
        TEST(unknown_article_keeps_the_revision_that_it_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
