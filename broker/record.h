// SPDX-License-Identifier: Apache-2.0
/*
 * record - what stands on the broker's disk, byte by byte.
 *
 * Every record begins with its version; integers are little-endian and of fixed width; texts carry
 * their length and hold no NUL. Bytes that come from the disk are hostile until a decode function
 * said true: it checks the version, every length, every enum and that nothing is left over, and
 * never reads past the end. Keys are big-endian, so that their order as bytes is their order as
 * numbers.
 *
 * Ownership: texts of a decoded record point into the bytes that were given. Encoding cuts texts at
 * their limit (at a UTF-8 boundary) and needs a buffer of the record's limit.
 */
#ifndef BROKER_RECORD_H
#define BROKER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"

/* Of the whole directory: a store of another format is refused. It stands alone in its file, so
 * that tests can link a broker of another one. */
extern const uint32_t store_format;
#define FORMAT_TAKEN_OVER 1 /* an earlier one, whose stores become ours when they are opened */

#define RECORD_KEY_LIMIT    1024
#define RECORD_CODE_LIMIT   32
#define RECORD_REASON_LIMIT 240
#define RECORD_WORKER_LIMIT 64
#define RECORD_TOPICS_LIMIT 4096

#define ARTICLE_RECORD_LIMIT (128 + RECORD_KEY_LIMIT + RECORD_CODE_LIMIT + RECORD_REASON_LIMIT)
#define ENTRY_RECORD_LIMIT \
    (96 + RECORD_KEY_LIMIT + RECORD_CODE_LIMIT + RECORD_REASON_LIMIT + RECORD_TOPICS_LIMIT)
#define ATTEMPT_RECORD_LIMIT  (32 + RECORD_WORKER_LIMIT + RECORD_CODE_LIMIT + RECORD_REASON_LIMIT)
#define OPEN_RECORD_SIZE      32
#define STATE_RECORD_SIZE     53
#define FORMAT_RECORD_SIZE    49
#define IDENTITY_RECORD_SIZE  17
#define IDENTITY_HEAD_SIZE    8 /* of a content digest */
#define CURSOR_RECORD_SIZE    17
#define TOMBSTONE_RECORD_SIZE 17
#define DEAD_RECORD_LIMIT     (8 + RECORD_CODE_LIMIT)

struct record_text {
    const char *bytes; /* not terminated; NULL only when empty */
    size_t size;
};

struct record_text record_text(const char *text); /* NULL gives an empty one */
/* Its beginning of at most limit bytes that does not cut a UTF-8 sequence. */
struct record_text record_text_cut(struct record_text text, size_t limit);

/* Which directory this is. */
struct format_record {
    uint32_t format;
    uint64_t boot;
    uint8_t log_id[16];
    uint64_t inode;      /* of the data file: another one means that this is a copy */
    uint64_t page_size;  /* of the engine when it was made */
    uint32_t chunk_size; /* the longest piece of a body or an extraction */
};

/* The counters of the store, rewritten with every turn. */
struct state_record {
    uint64_t next_article_id;
    uint64_t last_sequence;
    uint64_t first_retained;
    uint64_t log_bytes;
    uint64_t dead_count;
    uint32_t next_source_id;
    uint64_t filed_through; /* articles up to this one have their identity in its table */
};

struct article_record {
    uint32_t source_id;
    uint8_t class_;
    uint8_t state;
    bool suspect;
    uint32_t revision;
    uint32_t generation;
    uint8_t digest[DIGEST_SIZE];
    uint32_t size;
    uint32_t attempts; /* charged */
    uint32_t tries;    /* all that stand or stood in the history */
    uint64_t sequence;
    int64_t accepted_at_ms;
    int64_t ended_at_ms;
    int64_t due_at_ms;
    int64_t retire_from_ms; /* its place in the index of ended articles; 0: not in it */
    struct record_text key;
    struct record_text code;
    struct record_text reason;
};

/* What the queue needs at start: 32 bytes, scanned by the million. */
struct open_record {
    uint32_t source_id;
    uint32_t size;
    uint8_t class_;
    uint8_t state;
    bool suspect;
    uint16_t attempts;
    int64_t accepted_at_ms;
    int64_t due_at_ms;
};

struct attempt_entry {
    int64_t at_ms;
    bool charged;
    struct record_text worker;
    struct record_text code;
    struct record_text text;
};

struct entry_record {
    uint8_t kind;
    int64_t stored_at_ms;
    uint64_t article_id;
    uint32_t source_id;
    uint32_t revision;
    uint8_t extraction_digest[DIGEST_SIZE]; /* FORGOTTEN: the identity's hash, then zero */
    uint32_t size;                          /* of the extraction */
    struct record_text key;
    struct record_text reason;
    struct record_text topics; /* a packed Topics; may hold any byte */
};

/* One revision of an identity. */
struct identity_record {
    uint64_t article_id;
    uint8_t digest_head[8]; /* of the content digest: spares reading most articles */
};

struct cursor_record {
    uint64_t sequence;
    int64_t at_ms;
};

struct dead_record {
    uint32_t source_id;
    struct record_text code;
};

/* Of an identity that was forgotten: no word of it. */
struct tombstone_record {
    uint64_t sequence; /* of the entry that told subscribers last */
    int64_t at_ms;
};

size_t format_record_encode(const struct format_record *record, uint8_t *buffer);
bool format_record_decode(struct format_record *record, const void *bytes, size_t size);
size_t state_record_encode(const struct state_record *record, uint8_t *buffer);
bool state_record_decode(struct state_record *record, const void *bytes, size_t size);
/* As a store of FORMAT_TAKEN_OVER has it: its identities were filed at once. */
bool state_record_take_over(struct state_record *record, const void *bytes, size_t size);
size_t article_record_encode(const struct article_record *record, uint8_t *buffer);
bool article_record_decode(struct article_record *record, const void *bytes, size_t size);
size_t open_record_encode(const struct open_record *record, uint8_t *buffer);
bool open_record_decode(struct open_record *record, const void *bytes, size_t size);
size_t attempt_entry_encode(const struct attempt_entry *record, uint8_t *buffer);
bool attempt_entry_decode(struct attempt_entry *record, const void *bytes, size_t size);
size_t entry_record_encode(const struct entry_record *record, uint8_t *buffer);
bool entry_record_decode(struct entry_record *record, const void *bytes, size_t size);
size_t identity_record_encode(const struct identity_record *record, uint8_t *buffer);
bool identity_record_decode(struct identity_record *record, const void *bytes, size_t size);
size_t cursor_record_encode(const struct cursor_record *record, uint8_t *buffer);
bool cursor_record_decode(struct cursor_record *record, const void *bytes, size_t size);
size_t dead_record_encode(const struct dead_record *record, uint8_t *buffer);
bool dead_record_decode(struct dead_record *record, const void *bytes, size_t size);
size_t tombstone_record_encode(const struct tombstone_record *record, uint8_t *buffer);
bool tombstone_record_decode(struct tombstone_record *record, const void *bytes, size_t size);

/* Big-endian parts of keys. */
void key_put_u16(uint8_t *at, uint16_t value);
void key_put_u32(uint8_t *at, uint32_t value);
void key_put_u64(uint8_t *at, uint64_t value);
uint32_t key_get_u32(const uint8_t *at);
uint64_t key_get_u64(const uint8_t *at);

#endif
