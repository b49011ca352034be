// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/store_home.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#define MIB ((uint64_t)1 << 20)

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

int home_setup(void **state)
{
    struct home *home = memory_new(sizeof(*home));
    (void)snprintf(home->directory, sizeof(home->directory), "/tmp/newsloom-store-XXXXXX");
    assert_non_null(mkdtemp(home->directory));
    home->options = (struct store_options){
        .directory = home->directory,
        .budget_bytes = 16 * MIB,
        .reserve_bytes = 4 * MIB,
        .key_retention_ms = 90000,
        .log_retention_ms = 30000,
        .log_limit_bytes = 8 * MIB,
        .readers = 4,
        .file_after = 1, /* with the next turn */
    };
    home->turn = turn_new();
    home_open(home);
    *state = home;
    return 0;
}

int home_teardown(void **state)
{
    struct home *home = *state;
    turn_free(&home->turn);
    store_close(&home->store);
    (void)nftw(home->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(home);
    return 0;
}

void home_open(struct home *home)
{
    struct error err;
    assert_ok(store_open(&home->store, &home->options, &err), err);
}

void home_close(struct home *home)
{
    store_close(&home->store);
}

void home_reopen(struct home *home)
{
    home_close(home);
    home_open(home);
}

void file_open(struct store_file *file, const struct home *home, const char *table)
{
    assert_int_equal(mdb_env_create(&file->env), 0);
    assert_int_equal(mdb_env_set_maxdbs(file->env, 16), 0);
    assert_int_equal(mdb_env_open(file->env, home->directory, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(file->env, NULL, 0, &file->txn), 0);
    assert_int_equal(mdb_dbi_open(file->txn, table, MDB_CREATE, &file->table), 0);
}

void file_close(struct store_file *file)
{
    assert_int_equal(mdb_txn_commit(file->txn), 0);
    mdb_env_close(file->env);
}

void submit(struct home *home)
{
    struct error err;
    assert_ok(store_submit(home->store, home->turn, &err), err);
}

struct accept_result accept_bytes(struct home *home, const char *key, const void *bytes,
                                  size_t size)
{
    uint8_t digest[DIGEST_SIZE];
    digest_bytes(bytes, size, digest);
    struct accept accept = {.source = "example",
                            .key = key,
                            .class_ = NEWSLOOM__V1__CLASS__LIVE,
                            .digest = digest,
                            .payload = bytes,
                            .size = size,
                            .at_ms = 1000};
    turn_reset(home->turn);
    size_t index = turn_accept(home->turn, &accept);
    submit(home);
    return *turn_accept_result(home->turn, index);
}

struct accept_result accept_text(struct home *home, const char *key, const char *text)
{
    return accept_bytes(home, key, text, strlen(text));
}

size_t add_accept(struct home *home, const char *source, const char *key, const char *text)
{
    static uint8_t digests[64][DIGEST_SIZE]; /* borrowed by the turn */
    static size_t next;
    uint8_t *digest = digests[next++ % COUNT_OF(digests)];
    digest_bytes(text, strlen(text), digest);
    struct accept accept = {.source = source,
                            .key = key,
                            .class_ = NEWSLOOM__V1__CLASS__BACKFILL,
                            .digest = digest,
                            .payload = text,
                            .size = strlen(text),
                            .at_ms = 1000};
    return turn_accept(home->turn, &accept);
}

size_t add_settle(struct home *home, uint64_t article_id, const uint8_t *digest,
                  const char *extraction, int64_t at_ms)
{
    struct settle settle = {.article_id = article_id,
                            .digest = digest,
                            .kind = NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED,
                            .extraction_digest = digest,
                            .extraction = extraction,
                            .size = strlen(extraction),
                            .worker = "w1",
                            .at_ms = at_ms};
    return turn_settle(home->turn, &settle);
}

struct settle_result settle_text(struct home *home, uint64_t article_id, const char *content,
                                 const char *extraction)
{
    uint8_t digest[DIGEST_SIZE];
    digest_bytes(content, strlen(content), digest);
    turn_reset(home->turn);
    size_t index = add_settle(home, article_id, digest, extraction, 2000);
    submit(home);
    return *turn_settle_result(home->turn, index);
}

bool attempt(struct home *home, uint64_t article_id, Newsloom__V1__State state, const char *code)
{
    struct attempt_change change = {.article_id = article_id,
                                    .state = state,
                                    .due_at_ms = 5000,
                                    .charged = true,
                                    .worker = "w1",
                                    .code = code,
                                    .text = "the reason",
                                    .at_ms = 3000};
    turn_reset(home->turn);
    size_t index = turn_attempt(home->turn, &change);
    submit(home);
    return turn_changed(home->turn, index);
}

bool retry(struct home *home, uint64_t article_id)
{
    turn_reset(home->turn);
    size_t index = turn_retry(home->turn, article_id, 4000);
    submit(home);
    return turn_changed(home->turn, index);
}

bool withdraw(struct home *home, uint64_t article_id, const char *reason)
{
    turn_reset(home->turn);
    size_t index = turn_withdraw(home->turn, article_id, reason, 4000);
    submit(home);
    return turn_changed(home->turn, index);
}

void retain(struct home *home, size_t most, int64_t now_ms)
{
    turn_reset(home->turn);
    turn_retention(home->turn, most, now_ms);
    submit(home);
}

struct store_facts facts_of(const struct home *home)
{
    struct store_facts facts;
    store_facts(home->store, &facts);
    return facts;
}

struct stored_article article_of(struct home *home, uint64_t article_id)
{
    struct error err;
    struct stored_article article;
    assert_ok(store_article(home->store, article_id, &article, &err), err);
    return article;
}

Newsloom__V1__State state_of(struct home *home, uint64_t article_id)
{
    struct stored_article article = article_of(home, article_id);
    Newsloom__V1__State state = article.state;
    stored_article_done(&article);
    return state;
}

void assert_body(struct home *home, uint64_t article_id, const char *text)
{
    struct error err;
    void *bytes = NULL;
    size_t size = 0;
    assert_ok(store_body(home->store, article_id, &bytes, &size, &err), err);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(bytes, text, size);
    free(bytes);
}

void assert_no_body(struct home *home, uint64_t article_id)
{
    struct error err;
    void *bytes = NULL;
    size_t size = 0;
    assert_refused(store_body(home->store, article_id, &bytes, &size, &err), STATUS_NOT_FOUND, err,
                   "no body");
}

void assert_entry(struct home *home, uint64_t sequence, Newsloom__V1__EntryKind kind,
                  uint64_t article_id)
{
    struct error err;
    struct log_entry entry;
    size_t count = 0;
    uint64_t scanned = 0;
    assert_ok(store_log(home->store, sequence - 1, 1, 1, SIZE_MAX, NULL, NULL, &entry, &count,
                        &scanned, &err),
              err);
    assert_int_equal(count, 1);
    assert_int_equal(entry.sequence, sequence);
    assert_int_equal(entry.kind, kind);
    assert_int_equal(entry.article_id, article_id);
    log_entry_done(&entry);
}

size_t open_count(struct home *home)
{
    struct open_article articles[64];
    size_t count = 0;
    size_t got;
    uint64_t after = 0;
    while ((got = store_open_articles(home->store, after, articles, COUNT_OF(articles))) > 0) {
        count += got;
        after = articles[got - 1].article_id;
    }
    return count;
}
