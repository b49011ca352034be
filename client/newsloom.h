// SPDX-License-Identifier: Apache-2.0
/*
 * newsloom - feed articles to a newsloom broker, and follow what was extracted from them.
 *
 * Three objects, each over one connection of its own:
 *
 *      feeder      submits articles and says what became of each
 *      subscriber  reads the event log in order, from a cursor, and misses nothing that is retained
 *      live        listens to the best-effort socket: no cursor, no promise, no state
 *
 * What the library promises
 *   - No call blocks for ever: each takes a time in milliseconds, or keeps to that of its options.
 *   - An article handed to newsloom_feeder_submit() is kept until its receipt was read. A lost
 *     message, a reset connection or a restarted broker makes it go out again; RETRY_LATER is
 *     honoured with a growing, randomised pause. The receipt ACCEPTED means: on the broker's disk.
 *   - Sizes and names are checked before anything is sent; what can never be taken is refused at
 *     once, with the sentence that the broker would give.
 *   - A subscriber sees every retained entry that its filter matches, in order, without a hole.
 *     A lost message or a restarted broker makes it take up again where its reader stands; entries
 *     that are gone are said (NOT_FOUND and newsloom_subscriber_gap()). After a crash the reader
 *     sees again what it had not saved as handled: at least once, in order.
 *
 * Errors: a fallible function returns enum status and fills the caller's struct error with one
 * finished sentence (common/status.h). AGAIN means that the same call may work later. Without
 * memory the process is aborted, with a sentence on standard error.
 *
 * Ownership: _open() gives an object that _close() frees and sets to NULL; _close(NULL) is fine.
 * Everything passed in is copied. Everything handed out belongs to the object and is valid until
 * the next call on it.
 *
 * Threading: an object belongs to one thread at a time. Different objects are independent; each has
 * its own ZeroMQ context, so nothing is shared and fork() before _open() is fine.
 *
 *      struct newsloom_options to = {.endpoints = "tcp://127.0.0.1:5811"};
 *      struct newsloom_article article = {.source = "example", .url = "https://example.org/1",
 *                                         .content = text, .size = strlen(text)};
 *      newsloom_feeder_open(&feeder, &to, on_receipt, NULL, &err);
 *      newsloom_feeder_submit(feeder, &article, NULL, &err);
 *      while (newsloom_feeder_pending(feeder) > 0)
 *          if (newsloom_feeder_run(feeder, 1000, &err) != STATUS_OK)
 *              … err.text says why nothing moved; calling again goes on …
 *      newsloom_feeder_close(&feeder);
 */
#ifndef NEWSLOOM_H
#define NEWSLOOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/status.h"

/* ---- connecting ---------------------------------------------------------------------------- */

struct newsloom_options {
    const char *endpoints;     /* comma-separated; the next one is tried when one stays silent */
    int64_t answer_timeout_ms; /* 0: 5,000; how long one request may wait for its answer */
    uint64_t payload_limit;    /* 0: 2 MiB; set it to the broker's article.limit if that differs */
    const char *server_key;    /* the broker's public key, hexadecimal or Z85; empty: no keys */
    const char *key_file;      /* one's own, made by newsloom keygen; with server_key only */
};

/* ---- feeding ------------------------------------------------------------------------------- */

enum newsloom_class {
    NEWSLOOM_CLASS_LIVE = 1,     /* goes first */
    NEWSLOOM_CLASS_BACKFILL = 2, /* has a guaranteed share, see backfill.share of the broker */
};

enum newsloom_state {
    NEWSLOOM_STATE_UNKNOWN,
    NEWSLOOM_STATE_QUEUED,
    NEWSLOOM_STATE_LEASED,    /* a worker holds it */
    NEWSLOOM_STATE_WAITING,   /* for its next attempt */
    NEWSLOOM_STATE_STORED,    /* an end: in PostgreSQL and in the event log */
    NEWSLOOM_STATE_DEAD,      /* an end, until an operator retries it or it is submitted again */
    NEWSLOOM_STATE_WITHDRAWN, /* an end: an operator dropped it */
    NEWSLOOM_STATE_FORGOTTEN, /* an end: an operator had it forgotten; nothing else is known of it
                               */
};

/* Lower case: "queued", "stored", … */
const char *newsloom_state_name(enum newsloom_state state);
bool newsloom_state_is_end(enum newsloom_state state);

struct newsloom_label {
    const char *name;
    const char *value;
};

/* A text may be NULL where it may be empty. */
struct newsloom_article {
    const char *source;                /* 1 to 64 bytes of a-z 0-9 . _ - */
    const char *key;                   /* at most 512 bytes; empty: the canonical form of url */
    const char *url;                   /* at most 2,048 bytes */
    enum newsloom_class article_class; /* 0: LIVE */
    const char *title;
    const char *author;
    const char *published;    /* RFC 3339 date or date-time */
    const char *fetched;      /* RFC 3339 date-time */
    const char *language;     /* BCP 47 */
    const char *content_type; /* "text/plain" (also when empty) or "text/html" */
    const char *charset;
    const void *content;
    size_t size;
    const struct newsloom_label *labels;
    size_t label_count;
    const char *trace_id;
    uint32_t
        generation;    /* 0: as usual. 2 or more, with an operator's key: extract again what was
                          extracted as an earlier one; DUPLICATE: it has no end, or has this one */
    uint32_t revision; /* with generation: the article's, should the broker not know it */
};

enum newsloom_receipt_code {
    NEWSLOOM_ACCEPTED = 1,  /* on disk */
    NEWSLOOM_DUPLICATE = 2, /* known with this very content; state tells where it is */
    NEWSLOOM_REFUSED = 4,   /* sending the same again cannot help */
};

struct newsloom_receipt {
    enum newsloom_receipt_code code;
    uint64_t article_id;
    uint32_t revision; /* 1, or more when this identity was seen with other content before */
    enum newsloom_state state;
    uint64_t sequence;   /* of the log entry, when state is an end */
    bool resent;         /* it went out more than once: DUPLICATE may be this very submission */
    const char *refusal; /* "TOO_LARGE", …; empty unless REFUSED */
    const char *text;    /* one sentence; may be empty */
};

/* Called from newsloom_feeder_run() and newsloom_feeder_outcome() only; tag is what was given to
 * _submit(). It may call newsloom_feeder_submit(), nothing else of this feeder. */
typedef void newsloom_on_receipt(void *context, void *tag, const struct newsloom_receipt *receipt);

struct newsloom_feeder;

/* Opens without talking to anyone: INVALID only for endpoints that are none. */
enum status newsloom_feeder_open(struct newsloom_feeder **ret_feeder,
                                 const struct newsloom_options *options,
                                 newsloom_on_receipt *on_receipt, void *context,
                                 struct error *err) MUST_CHECK;
/* Articles without a receipt are forgotten here; whether the broker has them is not known. */
void newsloom_feeder_close(struct newsloom_feeder **feeder_p);

/* Takes one article into the window; nothing is sent before newsloom_feeder_run(). INVALID: it can
 * never be taken, err says why and newsloom_feeder_refusal() names the code. LIMIT: the window (512
 * articles or 16 MiB) is full, run first. */
enum status newsloom_feeder_submit(struct newsloom_feeder *feeder,
                                   const struct newsloom_article *article, void *tag,
                                   struct error *err) MUST_CHECK;
const char *newsloom_feeder_refusal(const struct newsloom_feeder *feeder);

/* Sends what waits and reads receipts. OK: at least one receipt was handed over, or nothing is
 * pending. AGAIN: nothing came within timeout_ms; err says whether the broker was out of reach,
 * silent, or asked to wait. */
enum status newsloom_feeder_run(struct newsloom_feeder *feeder, int64_t timeout_ms,
                                struct error *err) MUST_CHECK;

size_t newsloom_feeder_pending(const struct newsloom_feeder *feeder);
/* The broker's RETRY_LATER so far, and whether its pause is running now. */
uint64_t newsloom_feeder_retries(const struct newsloom_feeder *feeder);
bool newsloom_feeder_is_held(const struct newsloom_feeder *feeder);
/* What is left of that pause; 0: there is none. */
int64_t newsloom_feeder_held_ms(const struct newsloom_feeder *feeder);
/* Forgets what is pending, as _close() does; the connection stays, and late receipts are dropped.
 */
void newsloom_feeder_abandon(struct newsloom_feeder *feeder);

#define NEWSLOOM_ATTEMPTS_KEPT 8

struct newsloom_attempt {
    uint32_t number;
    const char *worker;
    int64_t at_ms; /* milliseconds since 1970-01-01T00:00Z, as all *at_ms */
    bool charged;
    const char *code;
    const char *text;
};

struct newsloom_outcome {
    const char *source;
    const char *key;
    uint32_t revision;
    uint32_t newest_revision; /* larger than revision: a correction came later */
    uint64_t article_id;
    enum newsloom_class article_class;
    enum newsloom_state state;
    int64_t accepted_at_ms;
    int64_t ended_at_ms; /* 0: not yet */
    int64_t due_at_ms;   /* WAITING: when it is tried again */
    uint64_t sequence;   /* of the log entry of its end */
    uint32_t attempts_charged;
    struct newsloom_attempt attempts[NEWSLOOM_ATTEMPTS_KEPT]; /* the newest */
    size_t attempt_count;
    const char *reason; /* DEAD: code and sentence of the last failure */
};

/* What became of an article, by key or (when key is empty) by url; revision 0: the newest.
 * NOT_FOUND: the broker does not know it, or no longer. AGAIN: no answer within the time-out. */
enum status newsloom_feeder_outcome(struct newsloom_feeder *feeder,
                                    const struct newsloom_article *identity, uint32_t revision,
                                    const struct newsloom_outcome **ret_outcome,
                                    struct error *err) MUST_CHECK;

/* ---- subscribing --------------------------------------------------------------------------- */

/* Where a reader stands: everything up to sequence was handled. log_id tells one log from another:
 * it is made with the log, and anew when a broker's store is restored. */
struct newsloom_cursor {
    uint8_t log_id[16];
    uint64_t sequence;
};

#define NEWSLOOM_CURSOR_TEXT_SIZE 64
/* "<log id in hex>:<sequence>", and back. */
const char *newsloom_cursor_text(const struct newsloom_cursor *cursor,
                                 char buffer[NEWSLOOM_CURSOR_TEXT_SIZE]);
enum status newsloom_cursor_parse(const char *text, struct newsloom_cursor *ret_cursor,
                                  struct error *err) MUST_CHECK;

enum newsloom_from {
    NEWSLOOM_FROM_CURSOR,
    NEWSLOOM_FROM_EARLIEST, /* what is still retained */
    NEWSLOOM_FROM_LATEST,   /* only what comes from now on */
    NEWSLOOM_FROM_NAMED,    /* the cursor that the broker keeps under name; EARLIEST at first */
};

struct newsloom_subscription {
    enum newsloom_from from;
    struct newsloom_cursor cursor; /* with FROM_CURSOR */
    const char *name;   /* 1 to 64 bytes: the broker keeps the cursor and shows its lag; or empty */
    const char *filter; /* "type=PERSON,event=SIGN,source=…,entity=<uuid>,kind=STORED,copies=no"; or
                           empty */
    uint64_t window;    /* 0: 256; entries that may be under way */
};

enum newsloom_entry_kind {
    NEWSLOOM_ENTRY_STORED = 1,
    NEWSLOOM_ENTRY_REPLACED = 2, /* a newer revision or generation took the place of an older */
    NEWSLOOM_ENTRY_WITHDRAWN = 3,
    NEWSLOOM_ENTRY_DEAD = 4,
    NEWSLOOM_ENTRY_FORGOTTEN =
        5, /* delete every revision; comes whatever the filter, but sources */
};

/* "STORED", "REPLACED", … */
const char *newsloom_entry_kind_name(enum newsloom_entry_kind kind);

/* BLAKE2b-128 of source, a zero byte, key, a zero byte. */
#define NEWSLOOM_IDENTITY_SIZE 16

struct newsloom_entry {
    uint64_t sequence;
    enum newsloom_entry_kind kind;
    int64_t stored_at_ms;
    uint64_t article_id;
    const char *source;
    const char *key;
    uint32_t revision;
    const char *reason;      /* DEAD and WITHDRAWN */
    const uint8_t *identity; /* FORGOTTEN, which has no key: its NEWSLOOM_IDENTITY_SIZE bytes */
    const void *extraction;  /* a packed newsloom.v1.Extraction (proto/extraction.proto) */
    size_t extraction_size;  /* 0 for entries without one */
};

struct newsloom_gap {
    struct newsloom_cursor first; /* subscribe from here to read all that is still there */
    uint64_t last;
    bool other_log; /* the cursor belongs to another log */
    const char *text;
};

struct newsloom_subscriber;

/* Filters: all named fields must match; within a field (given several times) one is enough.
 * INVALID: endpoints, name or filter are none. */
enum status newsloom_subscriber_open(struct newsloom_subscriber **ret_subscriber,
                                     const struct newsloom_options *options,
                                     const struct newsloom_subscription *subscription,
                                     struct error *err) MUST_CHECK;
/* Tells the broker goodbye; the last acknowledgement goes with it. */
void newsloom_subscriber_close(struct newsloom_subscriber **subscriber_p);

/* The next entry. AGAIN: none within timeout_ms (newsloom_subscriber_is_caught_up() tells whether
 * there is none, or no broker). NOT_FOUND: entries between cursor and log are gone, see _gap();
 * every later call says so too. INVALID: the broker refused the subscription. Call it at least once
 * a second, or the broker may take the reader for gone (which heals with the next call). */
enum status newsloom_subscriber_next(struct newsloom_subscriber *subscriber, int64_t timeout_ms,
                                     const struct newsloom_entry **ret_entry,
                                     struct error *err) MUST_CHECK;

/* Everything up to this sequence was handled: moves the cursor, and with a name the broker's too.
 */
void newsloom_subscriber_acknowledge(struct newsloom_subscriber *subscriber, uint64_t sequence);

/* Save this, after what it covers was handled. It also moves over entries that the filter passed
 * by. false: the broker has not answered yet, there is no cursor. */
bool newsloom_subscriber_cursor(const struct newsloom_subscriber *subscriber,
                                struct newsloom_cursor *ret_cursor);
/* A subscription is in force: when nothing comes there is nothing. */
bool newsloom_subscriber_is_streaming(const struct newsloom_subscriber *subscriber);
/* Every entry that the broker has told of was handed over. */
bool newsloom_subscriber_is_caught_up(const struct newsloom_subscriber *subscriber);
/* The newest sequence that the broker told of. */
uint64_t newsloom_subscriber_last(const struct newsloom_subscriber *subscriber);
/* Retention is at work, and more than nine tenths of what it keeps are still to be handled: unless
 * the reader gets faster, or more is kept (retention.log-age, retention.log-size of the broker),
 * entries are lost to it. Whoever began with the earliest is there at first, too. */
bool newsloom_subscriber_is_nearly_overtaken(const struct newsloom_subscriber *subscriber);
const struct newsloom_gap *newsloom_subscriber_gap(const struct newsloom_subscriber *subscriber);

/* ---- the live socket ----------------------------------------------------------------------- */

struct newsloom_live;

/* filter as above. Entries come when they are stored, each at most once; a slow reader or a lost
 * connection loses some without a word. The sequence numbers tell. */
enum status newsloom_live_open(struct newsloom_live **ret_live,
                               const struct newsloom_options *options, const char *filter,
                               struct error *err) MUST_CHECK;
void newsloom_live_close(struct newsloom_live **live_p);
enum status newsloom_live_next(struct newsloom_live *live, int64_t timeout_ms,
                               const struct newsloom_entry **ret_entry,
                               struct error *err) MUST_CHECK;

/* "0.1.0" */
const char *newsloom_version(void);

#endif
