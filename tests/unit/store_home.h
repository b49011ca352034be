// SPDX-License-Identifier: Apache-2.0
/*
 * store_home - a store in a directory of its own, and the words in which its tests speak.
 *
 * Each word is one turn of one change and fails the test when the store does not say OK. Times are
 * small numbers: the store never looks at the clock.
 */
#ifndef TESTS_UNIT_STORE_HOME_H
#define TESTS_UNIT_STORE_HOME_H

#include <lmdb.h>

#include "broker/store.h"
#include "tests/support/testing.h"

struct home {
    char directory[64];
    struct store_options options;
    struct store *store;
    struct turn *turn;
};

/* cmocka's setup and teardown; *state is a struct home whose store is open, 16 MiB of it. */
int home_setup(void **state);
int home_teardown(void **state);
void home_open(struct home *home);
void home_close(struct home *home);
void home_reopen(struct home *home);

/* One table of the store's file, while the store is closed, in LMDB's own words. */
struct store_file {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi table;
};
void file_open(struct store_file *file, const struct home *home, const char *table);
void file_close(struct store_file *file); /* what was changed stays */

void submit(struct home *home);

/* The text is the payload; its digest is the article's. */
struct accept_result accept_text(struct home *home, const char *key, const char *text);
struct accept_result accept_bytes(struct home *home, const char *key, const void *bytes,
                                  size_t size);
size_t add_accept(struct home *home, const char *source, const char *key, const char *text);
/* STORED, with the text as its extraction. */
struct settle_result settle_text(struct home *home, uint64_t article_id, const char *content,
                                 const char *extraction);
size_t add_settle(struct home *home, uint64_t article_id, const uint8_t *digest,
                  const char *extraction, int64_t at_ms);
bool attempt(struct home *home, uint64_t article_id, Newsloom__V1__State state, const char *code);
bool retry(struct home *home, uint64_t article_id);
bool withdraw(struct home *home, uint64_t article_id, const char *reason);
void retain(struct home *home, size_t most, int64_t now_ms);

struct store_facts facts_of(const struct home *home);
/* The caller calls stored_article_done(). */
struct stored_article article_of(struct home *home, uint64_t article_id);
Newsloom__V1__State state_of(struct home *home, uint64_t article_id);
void assert_body(struct home *home, uint64_t article_id, const char *text);
void assert_no_body(struct home *home, uint64_t article_id);
/* The kind and article of one entry of the log. */
void assert_entry(struct home *home, uint64_t sequence, Newsloom__V1__EntryKind kind,
                  uint64_t article_id);
size_t open_count(struct home *home);

#define QUEUED    NEWSLOOM__V1__STATE__QUEUED
#define WAITING   NEWSLOOM__V1__STATE__WAITING
#define STORED    NEWSLOOM__V1__STATE__STORED
#define DEAD      NEWSLOOM__V1__STATE__DEAD
#define WITHDRAWN NEWSLOOM__V1__STATE__WITHDRAWN
#define UNKNOWN   NEWSLOOM__V1__STATE__STATE_UNKNOWN
#define ACCEPTED  NEWSLOOM__V1__RECEIPT_CODE__ACCEPTED
#define DUPLICATE NEWSLOOM__V1__RECEIPT_CODE__DUPLICATE

#endif
