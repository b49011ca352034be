// SPDX-License-Identifier: Apache-2.0
/*
 * store_engine - what the files of the LMDB store share. Nobody else includes it.
 *
 *   store.c            one turn as one transaction, facts
 *   store_open.c       open and close: lock, format, room
 *   store_apply.c      what each logical change does to the tables
 *   store_article.c    an article's record and the indexes its state puts it into
 *   store_identity.c   (source, key) -> revisions -> articles
 *   store_unfiled.c    the newest of them, in memory until they are filed in their table
 *   store_log.c        the event log: append, delete, read
 *   store_heads.c      what filters look at of its newest entries, in memory
 *   store_chunks.c     bodies and extractions in pieces of at most a page
 *   store_dead.c       the index of dead letters by source and code
 *   store_forget.c     forgetting on demand: everything of an identity goes, a tombstone stays
 *   store_scrub.c      and its bytes leave the file
 *   store_pages.c      the file as pages: what of it nothing uses any more
 *   store_retention.c  what is forgotten, and when
 *   store_room.c       how much is used, when the store is full
 *   store_read.c       questions
 *   store_sources.c    source names and their ids, in memory
 *   store_check.c      does it fit together
 *   store_backup.c     a copy that is whole or not there; store_copy.c: its bytes, under a guard
 *
 * Inside, a function answers LMDB's codes (0, MDB_NOTFOUND, MDB_MAP_FULL, MDB_CORRUPTED for a
 * record that does not decode, an errno); the edge turns them into enum status. Tables:
 *
 *   meta        "format", "state", "scrub" (while one is due)
 *   source      id                        -> name
 *   article     id                        -> article_record
 *   open        id                        -> open_record (QUEUED and WAITING)
 *   body        id, chunk                 -> bytes (QUEUED, WAITING, DEAD)
 *   identity    hash, revision            -> identity_record, of articles up to the state's
 *                                            filed_through at least
 *   attempt     id, number                -> attempt_entry, the newest eight
 *   dead        'a' id | 's' source id | 'c' code id  -> dead_record
 *   ended       time, id                  -> nothing (STORED, DEAD, WITHDRAWN)
 *   log         sequence                  -> entry_record
 *   extraction  sequence, chunk           -> bytes
 *   cursor      name                      -> cursor_record
 *   forgotten   hash of an identity       -> tombstone_record, kept for ever
 */
#ifndef BROKER_STORE_ENGINE_H
#define BROKER_STORE_ENGINE_H

#include <lmdb.h>
#include <pthread.h>

#include "broker/record.h"
#include "broker/store.h"
#include "broker/turn.h"

#define CHUNK_SIZE      4080 /* fills a page of 4,096 bytes */
#define HISTORY_LIMIT   8
#define SOURCE_ID_LIMIT (1u << 24) /* their names are all in memory */

#define TABLES(X)               \
    X(META, "meta")             \
    X(SOURCE, "source")         \
    X(ARTICLE, "article")       \
    X(OPEN, "open")             \
    X(BODY, "body")             \
    X(IDENTITY, "identity")     \
    X(ATTEMPT, "attempt")       \
    X(DEAD, "dead")             \
    X(ENDED, "ended")           \
    X(LOG, "log")               \
    X(EXTRACTION, "extraction") \
    X(CURSOR, "cursor")         \
    X(FORGOTTEN, "forgotten")

enum table {
#define X(name, text) TABLE_##name,
    TABLES(X)
#undef X
        TABLE_COUNT
};

struct heads;
struct sources;
struct scrubbing;
struct unfiled;

/* Pages: used, and the two lines between which the store is full or no longer. */
struct room {
    uint64_t page_size;
    uint64_t pages;        /* of the budget */
    uint64_t map_pages;    /* of the file; more than the budget's when that was lowered */
    uint64_t tight_pages;  /* at or above: half of the reserve is gone */
    uint64_t full_pages;   /* at or above: full */
    uint64_t resume_pages; /* below: no longer full */
    uint64_t held_pages;   /* free, but an open reader may still look at them */
    size_t held_since;     /* the transactions whose freed pages those are */
    size_t held_through;
};

struct store {
    struct store_options options;
    char *directory;
    int lock_fd;
    MDB_env *env;
    MDB_dbi tables[TABLE_COUNT];
    struct sources *sources;
    struct unfiled *unfiled;
    struct heads *heads;
    struct room room;
    int64_t readers_checked_ms;
    struct scrubbing *scrubbing; /* NULL: none is under way */
    pthread_mutex_t mutex;       /* guards what follows */
    struct store_facts facts;
    bool broken;
    struct error broken_error;
};

/* One write transaction. What it changes in memory is published after the commit only. */
struct commit {
    struct store *store;
    MDB_txn *txn;
    MDB_cursor *cursors[TABLE_COUNT]; /* opened when first needed; LMDB closes them with the txn */
    struct state_record state;
    uint32_t filed;         /* see store_unfiled.c */
    bool full;              /* accepts are refused */
    bool is_counted;        /* the pages in use, when accepts alone came after the count: */
    uint64_t counted_pages; /* at most so many */
    bool forgot;            /* something was, so that the file is to be scrubbed */
    uint32_t *new_sources;  /* ids that become durable with it */
    size_t new_source_count;
};

/* An article's record with the bytes its texts point into. */
struct article_slot {
    struct article_record record;
    uint8_t bytes[ARTICLE_RECORD_LIMIT];
};

/* ---- store.c */
/* The sentence for an engine code; anything but a full or reader-starved engine breaks the store.
 */
enum status store_failed(struct store *store, int code, const char *could_not, struct error *err);
int table_get(MDB_txn *txn, MDB_dbi table, const void *key, size_t key_size, MDB_val *ret_value);
/* Within a transaction that writes, each table has one cursor: what is next to what was touched
 * last is found without a descent. The value is good until the next change. */
int commit_get(struct commit *commit, enum table table, const void *key, size_t key_size,
               MDB_val *ret_value);
/* MDB_CORRUPTED: it was there and must not have been, it was not there and must have been. */
int commit_put(struct commit *commit, enum table table, MDB_val key, MDB_val value, unsigned flags);
int commit_delete(struct commit *commit, enum table table, const void *key, size_t key_size);
/* The table's cursor, at no place that could be relied on; not to be closed. */
int commit_cursor(struct commit *commit, enum table table, MDB_cursor **ret_cursor);
MDB_val bytes_of(const void *bytes, size_t size);
const char *engine_text(int code);
void commit_publish(const struct commit *commit);
void store_publish_room(struct store *store, uint64_t used_pages, bool full);
/* A transaction of one's own, outside of turns. change NULL: none, but what was freed grows older.
 */
int store_change(struct store *store, int (*change)(struct commit *commit));
int commit_save_state(struct commit *commit);
int state_load(MDB_txn *txn, const struct store *store, struct state_record *ret_state);

/* ---- store_apply.c */
int commit_apply(struct commit *commit, struct change *change);
int commit_source_id(struct commit *commit, const char *source, uint32_t *ret_id);

/* ---- store_article.c */
int article_load(MDB_txn *txn, MDB_dbi table, uint64_t id, struct article_slot *ret_slot);
/* The same as this transaction has it. */
int commit_article(struct commit *commit, uint64_t id, struct article_slot *ret_slot);
int article_save(struct commit *commit, uint64_t id, const struct article_record *record,
                 unsigned flags);
/* From one record to the next: indexes and body follow the state, the new record is saved.
 * MDB_CORRUPTED for a move that there is not. */
int article_move(struct commit *commit, uint64_t id, const struct article_record *was,
                 struct article_record *now);
/* Out of every index that its state puts it into; a dead one's body goes too. */
int article_leave(struct commit *commit, uint64_t id, const struct article_record *record);
int article_enter(struct commit *commit, uint64_t id, const struct article_record *record,
                  unsigned flags);
bool article_has_body(uint8_t state);

/* ---- store_identity.c */
struct identity {
    uint8_t hash[IDENTITY_SIZE];
    uint32_t newest_revision; /* 0: never seen */
    uint64_t newest_id;
    uint32_t same_revision; /* the one with the digest that was asked for; 0: none */
    uint64_t same_id;
};
/* digest NULL: only the newest. */
int identity_find(MDB_txn *txn, const struct store *store, const char *source, const char *key,
                  const uint8_t *digest, struct identity *ret_identity);
int identity_put(struct commit *commit, const struct identity *identity, uint32_t revision,
                 uint64_t article_id, const uint8_t *digest);
int identity_delete(struct commit *commit, const struct identity *identity, uint32_t revision);
/* Whether a revision below this one is still kept. */
int identity_has_older(MDB_txn *txn, const struct store *store, const struct identity *identity,
                       uint32_t revision, bool *ret_has);
int identity_revision(MDB_txn *txn, const struct store *store, const struct identity *identity,
                      uint32_t revision, uint64_t *ret_id);

/* The hash that stands for source and key. */
void identity_hash(const char *source, const char *key, uint8_t ret_hash[IDENTITY_SIZE]);

/*
 * ---- store_unfiled.c
 *
 * A hash is a random place: each new identity would have a page of its own rewritten with its turn.
 * So the newest wait in memory until there are many, and are filed in the order of their hashes, a
 * slice a turn; the article table, which holds the same facts, gives them back at a start. Whoever
 * looks for an identity looks here first, then into the table. Thread-safe; what changes something
 * is of the thread that commits.
 */
struct unfiled_identity {
    uint8_t hash[IDENTITY_SIZE];
    uint8_t digest_head[8];
    uint64_t article_id;
    uint32_t revision;
};
struct unfiled *unfiled_new(void);
void unfiled_free(struct unfiled **unfiled_p);
/* What stands in the article table behind filed_through; at a start. */
int unfiled_load(struct store *store, MDB_txn *txn, uint64_t filed_through);
void unfiled_add(struct unfiled *unfiled, size_t txn, const struct unfiled_identity *identity);
/* Whether it was there. */
bool unfiled_remove(struct unfiled *unfiled, size_t txn, const uint8_t *hash, uint32_t revision);
/* Those of this hash that the transaction may see, the newest first, until look() says false. */
void unfiled_walk(struct unfiled *unfiled, size_t txn, const uint8_t *hash,
                  bool (*look)(const struct unfiled_identity *identity, void *context),
                  void *context);
/* Around each turn: before its changes, after them (so many of which are accepts), and when it is
 * durable; or when it was undone. */
void unfiled_begin(struct commit *commit);
int unfiled_file(struct commit *commit, size_t accepts);
void unfiled_committed(const struct commit *commit, size_t txn);
void unfiled_undo(struct unfiled *unfiled, size_t txn);
/* Into the table. */
int identity_file(struct commit *commit, const struct unfiled_identity *unfiled);

/* ---- store_article.c, again */
/* Everything of this article: record, indexes, body, history, its place in the identity. */
int article_remove(struct commit *commit, uint64_t id, const struct article_record *record,
                   const struct identity *identity);

/* ---- store_forget.c */
int forget_apply(struct commit *commit, const struct forget *forget);
int unforget_apply(struct commit *commit, struct change *change);
/* MDB_NOTFOUND: it was not forgotten. */
int tombstone_find(MDB_txn *txn, const struct store *store, const struct identity *identity,
                   struct tombstone_record *ret_tombstone);

/* ---- store_log.c */
/* Append an entry for the article; sets record->sequence. */
int log_append(struct commit *commit, uint64_t article_id, struct article_record *record,
               struct entry_record *entry, const void *extraction);
int log_delete_first(struct commit *commit);
/* The entry keeps its sequence, and becomes an ENTRY_FORGOTTEN, if it is of this identity and not
 * one already; *ret_bytes is what was taken, or 0. */
int log_erase(struct commit *commit, uint64_t sequence, const struct entry_record *erased,
              struct record_text key, uint64_t *ret_bytes);
int log_first(const struct commit *commit, struct entry_record *ret_entry);

/*
 * ---- store_heads.c
 *
 * A thousand subscriptions look at each new entry: what they look at is read and unpacked once. A
 * head is a struct log_entry with sequence, kind, size, source (borrowed), key and topics; a place
 * that holds another sequence, or none, is filled by whoever looks. Thread-safe.
 */
struct heads *heads_new(void);
void heads_free(struct heads **heads_p);
/* Until heads_give_back() they are the caller's. False: somebody else's, or not what this snapshot
 * shows; the caller reads for itself. */
bool heads_take(struct heads *heads, size_t txn);
void heads_give_back(struct heads *heads);
struct log_entry *heads_place(struct heads *heads, uint64_t sequence);
/* Before a transaction is committed that changes what entries say. */
void heads_forget(struct heads *heads, size_t txn);
void head_done(struct log_entry *head);

/* ---- store_chunks.c */
int chunks_put(struct commit *commit, enum table table, uint64_t id, struct record_text bytes,
               unsigned flags);
int chunks_delete(struct commit *commit, enum table table, uint64_t id, size_t size);
/* *ret_bytes is freed with free(). */
int chunks_read(MDB_txn *txn, MDB_dbi table, uint64_t id, size_t size, void **ret_bytes);

/* ---- store_dead.c */
int dead_put(struct commit *commit, uint64_t id, const struct article_record *record);
int dead_delete(struct commit *commit, uint64_t id, const struct article_record *record);

/* ---- store_retention.c */
/* force: an emergency slice, which makes room whatever the ages say. */
int retention_apply(struct commit *commit, size_t most, int64_t now_ms, bool force);

/* ---- store_room.c */
void room_init(struct room *room, uint64_t page_size, const struct store_options *options,
               uint64_t map_bytes);
uint64_t room_used_pages(const struct store *store, MDB_txn *txn);
/* Adds what transactions after *through have freed, and moves it; in a reading transaction only. */
int room_add_freed(MDB_txn *txn, size_t *through, uint64_t *pages);
/* Counts the pages that open readers hold; before a transaction begins. */
int room_count_held(struct store *store);
/* Whether forgetting would help: what is used, not what readers hold, is over the line. */
bool room_is_over(const struct store *store, MDB_txn *txn);
/* Whether the store is full, seen from inside this transaction, given whether it was. */
bool room_is_full(const struct store *store, MDB_txn *txn, bool was_full);
/* 0, or MDB_MAP_FULL when so many bytes more are not to be accepted. */
int room_for(struct commit *commit, size_t size);

/* The oldest snapshot that is open; SIZE_MAX: none. */
size_t room_oldest_reader(const struct store *store);

/* ---- store_scrub.c */
/* One is due since before this start. */
int scrub_load(struct store *store, MDB_txn *txn);
void scrub_close(struct store *store);

/* ---- store_pages.c: thread-safe as long as one thread at a time has the walk */
struct bits; /* one a page */
struct bits *bits_new(uint64_t count);
void bits_free(struct bits **bits_p);
uint64_t bits_count(const struct bits *bits); /* as given to bits_new() */
void bits_set(struct bits *bits, uint64_t at, bool is_set);
bool bits_has(const struct bits *bits, uint64_t at);

struct walk;
/* Over the pages of this snapshot, whose list of free pages it reads at once. It must have been
 * begun on the thread that writes, between transactions. EINVAL: the file is not as we know it. */
int walk_new(struct walk **ret_walk, const struct store *store, MDB_txn *txn);
void walk_free(struct walk **walk_p);
/* Zeroes what lies between the records of up to `most` pages. */
int walk_on(struct walk *walk, size_t most, bool *ret_over);
/* After the last: the pages that were free. EINVAL when free and used do not make up the file. */
int walk_take_free(struct walk *walk, struct bits **ret_free);
/* The pages that are free in this snapshot; and of them, unless ret_safe is NULL, those that no
 * snapshot from `oldest` on may look at. */
int pages_free(MDB_txn *txn, size_t oldest, struct bits *ret_free, struct bits *ret_safe);
/* Makes these bytes of the file zero if they are not. */
int file_zero(int file, uint64_t from, size_t size, bool *ret_written);

/* ---- store_sources.c: thread-safe */
struct sources *sources_new(void);
void sources_free(struct sources **sources_p);
void sources_load(struct sources *sources, uint32_t id, const char *name); /* from the disk */
uint32_t sources_give_id(struct sources *sources, const char *name, bool *ret_durable);
void sources_set_durable(struct sources *sources, uint32_t id);
const char *sources_name(struct sources *sources, uint32_t id);
/* 0: not on the disk */
uint32_t sources_id(struct sources *sources, const char *name);

/* ---- store_read.c */
enum status read_begin(struct store *store, MDB_txn **ret_txn, struct error *err) MUST_CHECK;
char *text_of(struct record_text text);

#endif
