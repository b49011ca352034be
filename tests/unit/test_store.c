// SPDX-License-Identifier: Apache-2.0
/* Opening, identity, and the states of an article. */
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/store_home.h"

#define ENTRY_STORED    NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED
#define ENTRY_DEAD      NEWSLOOM__V1__ENTRY_KIND__ENTRY_DEAD
#define ENTRY_WITHDRAWN NEWSLOOM__V1__ENTRY_KIND__ENTRY_WITHDRAWN

/* ---- opening */

static void fresh_store_is_empty(void **state)
{
    struct store_facts facts = facts_of(*state);
    assert_int_equal(facts.boot, 1);
    assert_int_equal(facts.next_article_id, 1);
    assert_int_equal(facts.first_retained, 1);
    assert_int_equal(facts.last_sequence, 0);
    assert_int_equal(facts.dead_count, 0);
    assert_false(facts.full);
}

static void every_open_counts_a_boot_and_keeps_the_log_id(void **state)
{
    struct home *home = *state;
    struct store_facts before = facts_of(home);
    home_reopen(home);
    struct store_facts after = facts_of(home);
    assert_int_equal(after.boot, before.boot + 1);
    assert_memory_equal(after.log_id, before.log_id, sizeof(after.log_id));
}

static void second_broker_on_the_directory_is_refused(void **state)
{
    struct home *home = *state;
    struct store *second = NULL;
    struct error err;
    assert_refused(store_open(&second, &home->options, &err), STATUS_LIMIT, err,
                   "another broker is using it");
    assert_null(second);
}

static void file_is_preallocated_to_the_budget(void **state)
{
    struct home *home = *state;
    char path[128];
    struct stat info;
    (void)snprintf(path, sizeof(path), "%s/data.mdb", home->directory);
    assert_int_equal(stat(path, &info), 0);
    assert_true((uint64_t)info.st_blocks * 512 >= home->options.budget_bytes);
}

/* Changes the format record as another version would have written it. */
static void write_format(struct home *home, const void *bytes, size_t size)
{
    struct store_file file;
    MDB_val key = {.mv_size = 6, .mv_data = (void *)"format"};
    MDB_val value = {.mv_size = size, .mv_data = (void *)bytes};
    file_open(&file, home, "meta");
    assert_int_equal(mdb_put(file.txn, file.table, &key, &value, 0), 0);
    file_close(&file);
}

static void another_format_is_refused(void **state)
{
    struct home *home = *state;
    struct error err;
    home_close(home);
    write_format(home, "\x01\x07\x00\x00\x00", 5);
    assert_refused(store_open(&home->store, &home->options, &err), STATUS_INVALID, err,
                   "its format is 7");
}

static void damaged_format_record_is_refused(void **state)
{
    struct home *home = *state;
    struct error err;
    home_close(home);
    write_format(home, "\x01\x01\x00\x00\x00", 5);
    assert_refused(store_open(&home->store, &home->options, &err), STATUS_INVALID, err, "damaged");
}

static void a_copy_of_the_directory_is_another_log(void **state)
{
    struct home *home = *state;
    char command[512];
    struct store_facts before = facts_of(home);
    struct accept_result accepted = accept_text(home, "a", "text");
    home_close(home);
    (void)snprintf(command, sizeof(command), "cp %s/data.mdb %s/copy && mv %s/copy %s/data.mdb",
                   home->directory, home->directory, home->directory, home->directory);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c,concurrency-mt-unsafe): a test
    home_open(home);
    struct store_facts after = facts_of(home);
    assert_memory_not_equal(after.log_id, before.log_id, sizeof(after.log_id));
    assert_true(after.boot > before.boot + 1);
    assert_body(home, accepted.article_id, "text");
}

static void directory_that_cannot_be_made_is_refused(void **state)
{
    struct home *home = *state;
    struct store_options options = home->options;
    struct store *store = NULL;
    struct error err;
    options.directory = "/dev/null/store";
    assert_refused(store_open(&store, &options, &err), STATUS_INVALID, err, "/dev/null/store");
}

static void reserve_larger_than_half_the_budget_is_refused(void **state)
{
    struct home *home = *state;
    struct store_options options = home->options;
    struct store *store = NULL;
    struct error err;
    options.reserve_bytes = options.budget_bytes;
    assert_refused(store_open(&store, &options, &err), STATUS_INVALID, err, "store.reserve");
}

/* ---- identity */

static void accepted_article_is_there_after_reopening(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "the text");
    assert_int_equal(accepted.code, ACCEPTED);
    assert_int_equal(accepted.revision, 1);
    home_reopen(home);
    assert_body(home, accepted.article_id, "the text");
    struct stored_article article = article_of(home, accepted.article_id);
    assert_string_equal(article.source, "example");
    assert_string_equal(article.key, "a");
    assert_int_equal(article.state, QUEUED);
    assert_int_equal(article.accepted_at_ms, 1000);
    assert_int_equal(article.generation, 1);
    assert_string_equal(article.reason, "");
    stored_article_done(&article);
}

static void same_content_again_is_a_duplicate(void **state)
{
    struct home *home = *state;
    struct accept_result first = accept_text(home, "a", "text");
    struct accept_result second = accept_text(home, "a", "text");
    assert_int_equal(second.code, DUPLICATE);
    assert_int_equal(second.article_id, first.article_id);
    assert_int_equal(second.state, QUEUED);
    assert_int_equal(open_count(home), 1);
}

static void duplicate_of_a_stored_article_says_its_sequence(void **state)
{
    struct home *home = *state;
    struct accept_result first = accept_text(home, "a", "text");
    struct settle_result settled = settle_text(home, first.article_id, "text", "facts");
    struct accept_result second = accept_text(home, "a", "text");
    assert_int_equal(second.code, DUPLICATE);
    assert_int_equal(second.state, STORED);
    assert_int_equal(second.sequence, settled.sequence);
}

static void same_key_other_content_is_a_revision(void **state)
{
    struct home *home = *state;
    struct accept_result first = accept_text(home, "a", "text");
    struct accept_result second = accept_text(home, "a", "text, corrected");
    assert_int_equal(second.code, ACCEPTED);
    assert_int_equal(second.revision, 2);
    assert_true(second.article_id > first.article_id);
    struct stored_article article = article_of(home, first.article_id);
    assert_int_equal(article.newest_revision, 2);
    stored_article_done(&article);
}

static void an_older_revision_sent_again_is_a_duplicate_of_it(void **state)
{
    struct home *home = *state;
    struct accept_result first = accept_text(home, "a", "text");
    (void)accept_text(home, "a", "text, corrected");
    struct accept_result again = accept_text(home, "a", "text");
    assert_int_equal(again.code, DUPLICATE);
    assert_int_equal(again.revision, 1);
    assert_int_equal(again.article_id, first.article_id);
}

static void duplicates_within_one_turn_are_seen(void **state)
{
    struct home *home = *state;
    turn_reset(home->turn);
    size_t first = add_accept(home, "example", "a", "text");
    size_t same = add_accept(home, "example", "a", "text");
    size_t other = add_accept(home, "example", "a", "text, corrected");
    submit(home);
    assert_int_equal(turn_accept_result(home->turn, first)->code, ACCEPTED);
    assert_int_equal(turn_accept_result(home->turn, same)->code, DUPLICATE);
    assert_int_equal(turn_accept_result(home->turn, same)->article_id,
                     turn_accept_result(home->turn, first)->article_id);
    assert_int_equal(turn_accept_result(home->turn, other)->revision, 2);
}

static void two_feeders_same_key_do_not_collide(void **state)
{
    struct home *home = *state;
    turn_reset(home->turn);
    size_t first = add_accept(home, "example", "a", "text");
    size_t second = add_accept(home, "other", "a", "text");
    submit(home);
    assert_int_equal(turn_accept_result(home->turn, first)->code, ACCEPTED);
    assert_int_equal(turn_accept_result(home->turn, second)->code, ACCEPTED);
    assert_int_equal(turn_accept_result(home->turn, second)->revision, 1);
}

static void source_names_outlive_the_process(void **state)
{
    struct home *home = *state;
    assert_int_equal(store_source_id(home->store, "example"), 0);
    (void)accept_text(home, "a", "text");
    uint32_t id = store_source_id(home->store, "example");
    assert_true(id > 0);
    home_reopen(home);
    assert_int_equal(store_source_id(home->store, "example"), id);
    assert_string_equal(store_source_name(home->store, id), "example");
    assert_null(store_source_name(home->store, id + 1));
}

static void article_is_found_by_its_key_and_revision(void **state)
{
    struct home *home = *state;
    struct error err;
    struct stored_article article;
    struct accept_result first = accept_text(home, "a", "text");
    struct accept_result second = accept_text(home, "a", "text, corrected");
    assert_ok(store_find(home->store, "example", "a", 0, &article, &err), err);
    assert_int_equal(article.article_id, second.article_id);
    stored_article_done(&article);
    assert_ok(store_find(home->store, "example", "a", 1, &article, &err), err);
    assert_int_equal(article.article_id, first.article_id);
    stored_article_done(&article);
    assert_refused(store_find(home->store, "example", "b", 0, &article, &err), STATUS_NOT_FOUND,
                   err, "\"b\"");
    assert_refused(store_find(home->store, "example", "a", 3, &article, &err), STATUS_NOT_FOUND,
                   err, "\"a\"");
}

static void large_bodies_come_back_whole(void **state)
{
    static const size_t sizes[] = {1, 2018, 2019, 4079, 4080, 4081, 6100, 300000};
    struct home *home = *state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char key[16];
        char *text = memory_new(sizes[i] + 1);
        for (size_t at = 0; at < sizes[i]; at++)
            text[at] = (char)('a' + (at * 7 + i) % 26);
        (void)snprintf(key, sizeof(key), "key %zu", i);
        struct accept_result accepted = accept_text(home, key, text);
        assert_body(home, accepted.article_id, text);
        free(text);
    }
}

static void put_piece(const struct store_file *file, uint32_t number, const char *bytes,
                      size_t size)
{
    uint8_t name[12] = {[7] = 1, [11] = (uint8_t)number}; /* article 1 */
    MDB_val key = {.mv_size = sizeof(name), .mv_data = name};
    MDB_val value = {.mv_size = size, .mv_data = (void *)bytes};
    assert_int_equal(mdb_put(file->txn, file->table, &key, &value, 0), 0);
}

/* As they were written before they filled a page. */
static void bodies_in_shorter_pieces_come_back_and_go(void **state)
{
    struct home *home = *state;
    struct store_file file;
    MDB_stat stat;
    char text[4501];
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        text[i] = (char)('a' + i % 26);
    text[sizeof(text) - 1] = 0;
    (void)accept_text(home, "a", text);
    home_close(home);
    file_open(&file, home, "body");
    put_piece(&file, 0, text, 2000);
    put_piece(&file, 1, text + 2000, 2000);
    put_piece(&file, 2, text + 4000, 500);
    file_close(&file);
    home_open(home);
    assert_body(home, 1, text);
    assert_int_equal(settle_text(home, 1, text, "facts").state, STORED);
    home_close(home);
    file_open(&file, home, "body");
    assert_int_equal(mdb_stat(file.txn, file.table, &stat), 0);
    assert_int_equal(stat.ms_entries, 0);
    file_close(&file);
    home_open(home);
}

/* ---- ends */

static void settling_stores_and_drops_the_body(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "text");
    struct settle_result settled = settle_text(home, accepted.article_id, "text", "facts");
    assert_int_equal(settled.state, STORED);
    assert_int_equal(settled.sequence, 1);
    assert_true(settled.first);
    assert_int_equal(state_of(home, accepted.article_id), STORED);
    assert_no_body(home, accepted.article_id);
    assert_int_equal(open_count(home), 0);
    assert_entry(home, 1, ENTRY_STORED, accepted.article_id);
}

static void settling_twice_is_one_entry(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "text");
    (void)settle_text(home, accepted.article_id, "text", "facts");
    struct settle_result again = settle_text(home, accepted.article_id, "text", "other facts");
    assert_int_equal(again.state, STORED);
    assert_int_equal(again.sequence, 1);
    assert_false(again.first);
    assert_int_equal(facts_of(home).last_sequence, 1);
}

static void settling_another_articles_digest_is_unknown(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "text");
    struct settle_result settled = settle_text(home, accepted.article_id, "no such", "facts");
    assert_int_equal(settled.state, UNKNOWN);
    assert_false(settled.first);
    assert_int_equal(state_of(home, accepted.article_id), QUEUED);
    assert_int_equal(settle_text(home, 77, "text", "facts").state, UNKNOWN);
}

static void late_done_beats_dead(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "text");
    uint64_t ids[4];
    assert_true(attempt(home, accepted.article_id, DEAD, "CRASHED"));
    struct settle_result settled = settle_text(home, accepted.article_id, "text", "facts");
    assert_true(settled.first);
    assert_int_equal(settled.sequence, 2);
    assert_int_equal(facts_of(home).dead_count, 0);
    assert_int_equal(store_dead(home->store, 0, NULL, NULL, ids, 4), 0);
    assert_entry(home, 1, ENTRY_DEAD, accepted.article_id);
    assert_entry(home, 2, ENTRY_STORED, accepted.article_id);
    assert_no_body(home, accepted.article_id);
}

static void late_done_beats_withdrawn(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "text");
    (void)attempt(home, accepted.article_id, DEAD, "CRASHED");
    (void)withdraw(home, accepted.article_id, "not wanted");
    struct settle_result settled = settle_text(home, accepted.article_id, "text", "facts");
    assert_true(settled.first);
    assert_int_equal(state_of(home, accepted.article_id), STORED);
}

static void failed_attempt_waits_with_its_history(void **state)
{
    struct home *home = *state;
    struct open_article open;
    struct accept_result accepted = accept_text(home, "a", "text");
    assert_true(attempt(home, accepted.article_id, WAITING, "TIMED_OUT"));
    home_reopen(home);
    assert_int_equal(store_open_articles(home->store, 0, &open, 1), 1);
    assert_int_equal(open.state, WAITING);
    assert_int_equal(open.attempts, 1);
    assert_int_equal(open.due_at_ms, 5000);
    struct stored_article article = article_of(home, accepted.article_id);
    assert_int_equal(article.history_count, 1);
    assert_string_equal(article.history[0].worker, "w1");
    assert_string_equal(article.history[0].code, "TIMED_OUT");
    assert_string_equal(article.code, "TIMED_OUT");
    assert_string_equal(article.reason, "the reason");
    stored_article_done(&article);
}

static void history_keeps_the_newest_eight(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "text");
    for (int i = 0; i < 11; i++)
        (void)attempt(home, accepted.article_id, WAITING, "TIMED_OUT");
    struct stored_article article = article_of(home, accepted.article_id);
    assert_int_equal(article.attempts, 11);
    assert_int_equal(article.history_count, 8);
    assert_int_equal(article.history[0].number, 4);
    assert_int_equal(article.history[7].number, 11);
    stored_article_done(&article);
}

static void release_is_free_of_charge(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "text");
    struct attempt_change change = {
        .article_id = accepted.article_id, .state = QUEUED, .suspect = true, .at_ms = 3000};
    turn_reset(home->turn);
    (void)turn_attempt(home->turn, &change);
    submit(home);
    struct stored_article article = article_of(home, accepted.article_id);
    assert_int_equal(article.attempts, 0);
    assert_int_equal(article.history_count, 0);
    assert_true(article.suspect);
    stored_article_done(&article);
}

static void dead_article_keeps_its_body_and_says_why(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "text");
    assert_true(attempt(home, accepted.article_id, DEAD, "INVALID_PAYLOAD"));
    assert_body(home, accepted.article_id, "text");
    assert_int_equal(open_count(home), 0);
    assert_int_equal(facts_of(home).dead_count, 1);
    struct stored_article article = article_of(home, accepted.article_id);
    assert_int_equal(article.state, DEAD);
    assert_int_equal(article.sequence, 1);
    assert_int_equal(article.ended_at_ms, 3000);
    assert_string_equal(article.code, "INVALID_PAYLOAD");
    stored_article_done(&article);
}

static void stale_failure_changes_nothing(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "text");
    (void)settle_text(home, accepted.article_id, "text", "facts");
    assert_false(attempt(home, accepted.article_id, DEAD, "CRASHED"));
    assert_int_equal(state_of(home, accepted.article_id), STORED);
    assert_false(attempt(home, 77, DEAD, "CRASHED"));
}

static void retried_dead_letter_is_queued_with_attempts_forgiven(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "text");
    (void)attempt(home, accepted.article_id, DEAD, "CRASHED");
    assert_true(retry(home, accepted.article_id));
    assert_false(retry(home, accepted.article_id));
    struct stored_article article = article_of(home, accepted.article_id);
    assert_int_equal(article.state, QUEUED);
    assert_int_equal(article.attempts, 0);
    assert_int_equal(article.history_count, 1);
    stored_article_done(&article);
    assert_int_equal(facts_of(home).dead_count, 0);
    assert_int_equal(open_count(home), 1);
}

static void withdrawn_article_leaves_no_body(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "text");
    assert_false(withdraw(home, accepted.article_id, "not wanted"));
    (void)attempt(home, accepted.article_id, DEAD, "CRASHED");
    assert_true(withdraw(home, accepted.article_id, "not wanted"));
    assert_int_equal(state_of(home, accepted.article_id), WITHDRAWN);
    assert_no_body(home, accepted.article_id);
    assert_entry(home, 2, ENTRY_WITHDRAWN, accepted.article_id);
    assert_int_equal(facts_of(home).dead_count, 0);
}

static void dead_key_can_be_repaired(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "text");
    (void)attempt(home, accepted.article_id, DEAD, "CRASHED");
    uint8_t digest[DIGEST_SIZE];
    digest_bytes("text", 4, digest);
    struct accept accept = {.source = "example",
                            .key = "a",
                            .digest = digest,
                            .payload = "text with a better date",
                            .size = 23,
                            .at_ms = 6000};
    turn_reset(home->turn);
    (void)turn_accept(home->turn, &accept);
    submit(home);
    struct accept_result again = *turn_accept_result(home->turn, 0);
    assert_int_equal(again.code, ACCEPTED);
    assert_int_equal(again.article_id, accepted.article_id);
    assert_int_equal(again.revision, 1);
    assert_int_equal(state_of(home, accepted.article_id), QUEUED);
    assert_body(home, accepted.article_id, "text with a better date");
    assert_int_equal(facts_of(home).dead_count, 0);
}

static void withdrawn_key_can_be_submitted_again(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "text");
    (void)attempt(home, accepted.article_id, DEAD, "CRASHED");
    (void)withdraw(home, accepted.article_id, "not wanted");
    struct accept_result again = accept_text(home, "a", "text");
    assert_int_equal(again.code, ACCEPTED);
    assert_int_equal(again.article_id, accepted.article_id);
    assert_body(home, accepted.article_id, "text");
    assert_int_equal(open_count(home), 1);
}

static void dead_letters_are_listed_by_source_and_code(void **state)
{
    struct home *home = *state;
    static const char *const codes[] = {"CRASHED", "TIMED_OUT", "CRASHED_BADLY"};
    uint64_t ids[8];
    turn_reset(home->turn);
    (void)add_accept(home, "example", "a", "text");
    (void)add_accept(home, "example", "b", "text");
    (void)add_accept(home, "other", "c", "text");
    submit(home);
    for (uint64_t id = 1; id <= 3; id++)
        (void)attempt(home, id, DEAD, codes[id - 1]);
    assert_int_equal(store_dead(home->store, 0, NULL, NULL, ids, 8), 3);
    assert_int_equal(store_dead(home->store, 1, "", "", ids, 8), 2);
    assert_int_equal(store_dead(home->store, 0, "example", NULL, ids, 8), 2);
    assert_int_equal(store_dead(home->store, 0, NULL, "CRASHED", ids, 8), 1);
    assert_int_equal(ids[0], 1);
    assert_int_equal(store_dead(home->store, 0, "example", "TIMED_OUT", ids, 8), 1);
    assert_int_equal(ids[0], 2);
    assert_int_equal(store_dead(home->store, 0, "unheard", NULL, ids, 8), 0);
    assert_int_equal(store_dead(home->store, 0, NULL, NULL, ids, 2), 2);
}

static void open_articles_come_in_id_order_page_by_page(void **state)
{
    struct home *home = *state;
    struct open_article articles[2];
    turn_reset(home->turn);
    (void)add_accept(home, "example", "a", "1");
    (void)add_accept(home, "example", "b", "22");
    (void)add_accept(home, "example", "c", "333");
    submit(home);
    assert_int_equal(store_open_articles(home->store, 0, articles, 2), 2);
    assert_int_equal(articles[0].article_id, 1);
    assert_int_equal(articles[1].size, 2);
    assert_int_equal(articles[1].class_, NEWSLOOM__V1__CLASS__BACKFILL);
    assert_int_equal(store_open_articles(home->store, 2, articles, 2), 1);
    assert_int_equal(articles[0].article_id, 3);
    assert_int_equal(store_open_articles(home->store, 3, articles, 2), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)
    const struct CMUnitTest tests[] = {
        TEST(fresh_store_is_empty),
        TEST(every_open_counts_a_boot_and_keeps_the_log_id),
        TEST(second_broker_on_the_directory_is_refused),
        TEST(file_is_preallocated_to_the_budget),
        TEST(another_format_is_refused),
        TEST(damaged_format_record_is_refused),
        TEST(a_copy_of_the_directory_is_another_log),
        TEST(directory_that_cannot_be_made_is_refused),
        TEST(reserve_larger_than_half_the_budget_is_refused),
        TEST(accepted_article_is_there_after_reopening),
        TEST(same_content_again_is_a_duplicate),
        TEST(duplicate_of_a_stored_article_says_its_sequence),
        TEST(same_key_other_content_is_a_revision),
        TEST(an_older_revision_sent_again_is_a_duplicate_of_it),
        TEST(duplicates_within_one_turn_are_seen),
        TEST(two_feeders_same_key_do_not_collide),
        TEST(source_names_outlive_the_process),
        TEST(article_is_found_by_its_key_and_revision),
        TEST(large_bodies_come_back_whole),
        TEST(bodies_in_shorter_pieces_come_back_and_go),
        TEST(settling_stores_and_drops_the_body),
        TEST(settling_twice_is_one_entry),
        TEST(settling_another_articles_digest_is_unknown),
        TEST(late_done_beats_dead),
        TEST(late_done_beats_withdrawn),
        TEST(failed_attempt_waits_with_its_history),
        TEST(history_keeps_the_newest_eight),
        TEST(release_is_free_of_charge),
        TEST(dead_article_keeps_its_body_and_says_why),
        TEST(stale_failure_changes_nothing),
        TEST(retried_dead_letter_is_queued_with_attempts_forgiven),
        TEST(withdrawn_article_leaves_no_body),
        TEST(dead_key_can_be_repaired),
        TEST(withdrawn_key_can_be_submitted_again),
        TEST(dead_letters_are_listed_by_source_and_code),
        TEST(open_articles_come_in_id_order_page_by_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
