// SPDX-License-Identifier: Apache-2.0
/*
 * store - what the broker keeps: articles, their states and histories, the event log, cursors.
 *
 * The loop collects a turn's changes in a struct turn (a list of logical changes, nothing of any
 * engine) and submits it; the store makes all of them durable with one sync, or none. Article ids,
 * revisions and sequences are assigned inside the commit and stand in the turn afterwards. Nothing
 * may be answered or dispatched before store_submit() said OK.
 *
 *      turn_new -> turn_accept / turn_settle / … -> store_submit -> read the results -> turn_reset
 *
 * Answers of store_submit():
 *
 *   OK      durable
 *   LIMIT   FULL: no room for the accepted articles; nothing of this turn was kept. Submit the turn
 *           again without its accepts (turn_drop_accepts): settling always has room reserved. For a
 *           turn without accepts, only when a reader from outside (a backup) holds every page:
 *           nothing was kept, the same turn may go through later.
 *   BROKEN  EIO or another fault after which nothing can be promised (a second engine also answers
 *           this when it is fenced): stop, say why, restart. Every later turn is answered so.
 *
 * A full store makes room in the slices of turn_retention(), which then go below the configured
 * ages: submit one every turn or second while store_facts() says full.
 *
 * On disk an article is QUEUED, WAITING, DEAD, DONE (stored) or WITHDRAWN. Leases live in memory.
 *
 * Reads return owned bytes copied inside one short read transaction; none hands out a pointer into
 * the engine. Reads are thread-safe; turns belong to one thread at a time, the
 * committer's or the loop's. A second process on the same directory is refused (LIMIT) while the
 * first lives.
 *
 * Bodies and extractions are kept in pieces of at most a page: whole ones make a turn 40 to 80
 * times slower after an out-of-order drain (docs/decisions/).
 */
#ifndef BROKER_STORE_H
#define BROKER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/status.h"

#include "wire.pb-c.h"

struct store;
struct turn;

struct store_options {
    const char *directory;    /* created with mode 0700 when it does not exist */
    uint64_t budget_bytes;    /* of the preallocated file */
    uint64_t reserve_bytes;   /* of it, kept free for settling what is in flight */
    int64_t key_retention_ms; /* how long an ended identity is remembered */
    int64_t log_retention_ms; /* how long entries are kept */
    uint64_t log_limit_bytes; /* and how much of them */
    unsigned readers;         /* threads that may read at the same time */
    uint32_t file_after;      /* identities that gather in memory before they are filed; 0: as
                                 many as the store's size makes worth it */
};

enum status store_open(struct store **ret_store, const struct store_options *options,
                       struct error *err) MUST_CHECK;
void store_close(struct store **store_p);

struct store_facts {
    uint8_t log_id[16];
    uint64_t boot; /* counted at every open */
    uint64_t next_article_id;
    uint64_t first_retained; /* sequence; last + 1 when the log is empty */
    uint64_t last_sequence;  /* 0: nothing yet */
    uint64_t used_bytes;
    uint64_t budget_bytes;
    uint64_t log_bytes;
    uint64_t dead_count;
    bool full;            /* accepts are refused until room is made */
    bool tight;           /* half of the reserve is gone too: start nothing more until it is back */
    uint64_t forgettings; /* turns that took something out */
    uint64_t scrubbed;    /* so many of them have left no byte in the file */
};
void store_facts(const struct store *store, struct store_facts *ret_facts);

/* ---- a turn
 * ---------------------------------------------------------------------------------------- */

/* Everything pointed to is borrowed until turn_reset(): the payload stays where ZeroMQ put it. */
struct accept {
    const char *source;
    const char *key;
    Newsloom__V1__Class class_; /* LIVE or BACKFILL */
    const uint8_t *digest;      /* DIGEST_SIZE */
    const void *payload;
    size_t size;
    int64_t at_ms;
    uint32_t generation; /* 0: as usual; else this identity and digest is to be extracted again:
                            what has an end of an earlier generation is superseded */
    uint32_t revision;   /* with generation: the article's, when the store does not know it */
};

struct accept_result {
    Newsloom__V1__ReceiptCode code; /* ACCEPTED, DUPLICATE, or REFUSED: it was forgotten */
    uint64_t article_id;
    uint32_t revision;
    uint32_t generation;
    Newsloom__V1__State state; /* of a duplicate: QUEUED, WAITING, STORED, … */
    uint64_t sequence;         /* of a duplicate's end */
};

struct settle {
    uint64_t article_id;
    const uint8_t *digest;        /* the job's content digest; another article's is not settled */
    Newsloom__V1__EntryKind kind; /* STORED or REPLACED */
    const Newsloom__V1__Topics *topics;
    const uint8_t *extraction_digest; /* DIGEST_SIZE */
    const void *extraction;
    size_t size;
    const char *worker;
    int64_t at_ms;
};

struct settle_result {
    Newsloom__V1__State state; /* STORED; UNKNOWN: no such article */
    uint64_t sequence;
    bool first; /* this call appended the entry; false: it was settled before */
};

/* What the end of an attempt, or its being given back, changes. */
struct attempt_change {
    uint64_t article_id;
    Newsloom__V1__State state; /* QUEUED, WAITING or DEAD */
    int64_t due_at_ms;         /* WAITING */
    bool charged;              /* counts against max_attempts */
    bool suspect;              /* go out alone until cleared */
    const char *worker;
    const char *code;
    const char *text;
    int64_t at_ms;
};

/*
 * Forgetting: every revision of an article leaves every table, entries of the log that held
 * something of it keep their sequence and nothing else, one ENTRY_FORGOTTEN is appended for each
 * revision (one in all when none is known), and a tombstone refuses it from then on. Bounded: when
 * the result is not finished, submit the same again. The caller has found the entries that stand up
 * to scanned_through (store_log with a filter of its own); what was appended since is looked at
 * here. What leaves the tables is still in the file until store_scrub_* went over it.
 */
#define FORGET_ARTICLES 8  /* of one turn at most */
#define IDENTITY_SIZE   16 /* the hash that stands for source and key */

struct forget_result {
    uint64_t article_ids[FORGET_ARTICLES]; /* that were taken out */
    size_t articles;
    size_t looked; /* how many of the sequences are done */
    uint64_t entries;
    uint64_t sequence; /* of the newest ENTRY_FORGOTTEN */
    bool finished;
};

struct forget {
    const char *source;
    const char *key;
    const uint64_t *sequences;
    size_t count;
    uint64_t scanned_through;
    int64_t at_ms;
    struct forget_result *ret_result; /* counts after the commit only */
};

struct turn *turn_new(void);
void turn_free(struct turn **turn_p);
void turn_reset(struct turn *turn);
bool turn_is_empty(const struct turn *turn);
size_t turn_count(const struct turn *turn); /* of its changes, dropped ones too */

/* Each returns the index under which its result is read after the commit. */
size_t turn_accept(struct turn *turn, const struct accept *accept);
size_t turn_settle(struct turn *turn, const struct settle *settle);
/* DEAD appends an ENTRY_DEAD to the log. An article that is settled already is left alone. */
size_t turn_attempt(struct turn *turn, const struct attempt_change *change);
/* DEAD -> QUEUED with its attempts forgiven, or DEAD -> WITHDRAWN with an entry. */
size_t turn_retry(struct turn *turn, uint64_t article_id, int64_t at_ms);
size_t turn_withdraw(struct turn *turn, uint64_t article_id, const char *reason, int64_t at_ms);
void turn_forget(struct turn *turn, const struct forget *forget);
/* Takes the tombstone away. */
size_t turn_unforget(struct turn *turn, const char *source, const char *key);
void turn_cursor(struct turn *turn, const char *name, uint64_t sequence, int64_t at_ms);
/* One bounded slice of retention: at most `most` log entries and `most` ended keys. */
void turn_retention(struct turn *turn, size_t most, int64_t now_ms);
/* Forget the accepts; everything else stays. Indices of the others keep their meaning. */
void turn_drop_accepts(struct turn *turn);

const struct accept_result *turn_accept_result(const struct turn *turn, size_t index);
const struct settle_result *turn_settle_result(const struct turn *turn, size_t index);
/* Whether the attempt, retry or withdrawal found its article in a state that it could change, and
 * whether there was a tombstone to take away. */
bool turn_changed(const struct turn *turn, size_t index);

enum status store_submit(struct store *store, struct turn *turn, struct error *err) MUST_CHECK;

/* ---- scrubbing
 * ---------------------------------------------------------------------------------------- */

/*
 * LMDB frees pages and leaves their bytes; it also leaves bytes between the records of pages that
 * live on, and hands page buffers from one transaction to the next. So after a forgetting, also one
 * before a restart, while facts say that scrubbed is less than forgettings:
 *
 *      wash (loop) -> walk (reader) -> zero (loop) -> scrubbed
 *
 * wash   every buffer that LMDB keeps is filled with zeros
 * walk   every page in use, through one snapshot: what lies between its records is zeroed
 * zero   every page that was free in that snapshot, and what lies behind the last: zeroed, as far
 *        as no reader from outside (a backup) still looks at it; then it waits for that one
 *
 * store_scrub() is called on the loop's thread between turns, store_scrub_walk() on any one other
 * while it answered SCRUB_WALK, each bounded. INVALID: the file is not as this code knows it;
 * nothing that is free was touched.
 */
enum scrub { SCRUB_OVER, SCRUB_GOES_ON, SCRUB_WALK, SCRUB_WAITS };
enum status store_scrub(struct store *store, enum scrub *ret_next, struct error *err) MUST_CHECK;
void store_scrub_walk(struct store *store);

/* ---- reading
 * ---------------------------------------------------------------------------------------- */

/* An open article as the queue needs it: small, fixed size, in id order (used at start). */
struct open_article {
    uint64_t article_id;
    uint32_t source_id; /* see store_source_name */
    uint32_t size;
    Newsloom__V1__Class class_;
    Newsloom__V1__State state; /* QUEUED or WAITING */
    uint16_t attempts;         /* charged */
    bool suspect;
    int64_t accepted_at_ms;
    int64_t due_at_ms;
};

/* Up to `most` open articles with an id above `after`; returns how many. */
size_t store_open_articles(struct store *store, uint64_t after, struct open_article *ret_articles,
                           size_t most);
uint64_t store_open_count(struct store *store);
/* The name behind a source id, valid for the store's life; and the id of a name (assigned at the
 * first accept; 0: never seen). */
const char *store_source_name(struct store *store, uint32_t source_id);
uint32_t store_source_id(struct store *store, const char *source);

struct stored_article {
    uint64_t article_id;
    char *source;
    char *key;
    uint32_t revision;
    uint32_t generation;
    Newsloom__V1__Class class_;
    Newsloom__V1__State state; /* QUEUED, WAITING, STORED, DEAD, WITHDRAWN */
    uint8_t digest[DIGEST_SIZE];
    uint64_t size;
    int64_t accepted_at_ms;
    int64_t ended_at_ms;
    int64_t due_at_ms;
    uint32_t attempts; /* charged */
    bool suspect;
    uint64_t sequence;
    uint32_t newest_revision;
    char *code;   /* of the last failure; never NULL */
    char *reason; /* its sentence; never NULL */
    struct attempt_record {
        uint32_t number;
        char *worker;
        int64_t at_ms;
        bool charged;
        char *code;
        char *text;
    } history[8]; /* the newest, oldest first */
    size_t history_count;
};
void stored_article_done(struct stored_article *article);

enum status store_article(struct store *store, uint64_t article_id,
                          struct stored_article *ret_article, struct error *err) MUST_CHECK;
/* revision 0: the newest. */
enum status store_find(struct store *store, const char *source, const char *key, uint32_t revision,
                       struct stored_article *ret_article, struct error *err) MUST_CHECK;

/* The payload of an open or dead article; the bytes are the caller's to free(). */
enum status store_body(struct store *store, uint64_t article_id, void **ret_bytes, size_t *ret_size,
                       struct error *err) MUST_CHECK;

/* Dead letters by id above `after`, optionally of one source or code; at most `most`; ids only. */
size_t store_dead(struct store *store, uint64_t after, const char *source, const char *code,
                  uint64_t *ret_ids, size_t most);

struct tombstone {
    uint64_t sequence; /* of the newest ENTRY_FORGOTTEN */
    int64_t at_ms;
};
/* NOT_FOUND: it was not forgotten. */
enum status store_tombstone(struct store *store, const char *source, const char *key,
                            struct tombstone *ret_tombstone, struct error *err) MUST_CHECK;

struct log_entry {
    uint64_t sequence;
    Newsloom__V1__EntryKind kind;
    uint32_t revision;
    int64_t stored_at_ms;
    uint64_t article_id;
    char *source;
    char *key;
    uint8_t extraction_digest[DIGEST_SIZE]; /* FORGOTTEN: the identity in its first half */
    Newsloom__V1__Topics *topics;           /* while wanted() is asked; NULL when there are none */
    char *reason;
    void *extraction; /* NULL unless it was asked for */
    size_t size;
};
void log_entry_done(struct log_entry *entry);

/*
 * Entries with a sequence above `after`, in order, until `most` were read or their extractions
 * exceed `most_bytes` (at least one is given). wanted(entry, context) is asked which of them to
 * give and sees sequence, kind, source, key, size and topics; NULL: all. *ret_scanned is the last
 * sequence that was looked at: the caller goes on from there. NOT_FOUND when after + 1 is no longer
 * retained.
 */
enum status store_log(struct store *store, uint64_t after, size_t most_scanned, size_t most,
                      size_t most_bytes, bool (*wanted)(const struct log_entry *, void *context),
                      void *context, struct log_entry *ret_entries, size_t *ret_count,
                      uint64_t *ret_scanned, struct error *err) MUST_CHECK;

struct cursor {
    char name[72];
    uint64_t sequence;
    int64_t at_ms;
};
/* NOT_FOUND when no such name was ever registered. */
enum status store_cursor(struct store *store, const char *name, struct cursor *ret_cursor,
                         struct error *err) MUST_CHECK;
/* Names above `after` in order. */
size_t store_cursors(struct store *store, const char *after, struct cursor *ret_cursors,
                     size_t most);

#endif
