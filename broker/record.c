// SPDX-License-Identifier: Apache-2.0
#include "broker/record.h"

#include <string.h>

#include "common/status.h"

#include "wire.pb-c.h"

#define RECORD_VERSION 1

/* A place in a buffer that is written, or in bytes that are read. */
struct writer {
    uint8_t *bytes;
    size_t used;
};

struct reader {
    const uint8_t *bytes;
    size_t left;
    bool bad; /* once true, everything that is read is zero */
};

/* ---- writing */

static struct writer writer_at(uint8_t *buffer)
{
    buffer[0] = RECORD_VERSION;
    return (struct writer){.bytes = buffer, .used = 1};
}

static void put_number(struct writer *w, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++)
        w->bytes[w->used++] = (uint8_t)(value >> (8 * i));
}

static void put_bytes(struct writer *w, const void *bytes, size_t size)
{
    if (size)
        memcpy(w->bytes + w->used, bytes, size);
    w->used += size;
}

static void put_text(struct writer *w, struct record_text text, size_t limit)
{
    struct record_text cut = record_text_cut(text, limit);
    put_number(w, cut.size, 2);
    put_bytes(w, cut.bytes, cut.size);
}

/* ---- reading */

static struct reader reader_of(const void *bytes, size_t size)
{
    struct reader r = {.bytes = bytes, .left = size};
    if (size == 0 || r.bytes[0] != RECORD_VERSION) {
        r.bad = true;
        return r;
    }
    r.bytes++;
    r.left--;
    return r;
}

static const uint8_t *take(struct reader *r, size_t size)
{
    if (r->bad || r->left < size) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *at = r->bytes;
    r->bytes += size;
    r->left -= size;
    return at;
}

static uint64_t get_number(struct reader *r, size_t width)
{
    const uint8_t *at = take(r, width);
    uint64_t value = 0;
    for (size_t i = 0; at && i < width; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static uint32_t get_u32(struct reader *r)
{
    return (uint32_t)get_number(r, 4);
}

static bool get_bool(struct reader *r)
{
    uint64_t value = get_number(r, 1);
    if (value > 1)
        r->bad = true;
    return value == 1;
}

static void get_bytes(struct reader *r, void *ret_bytes, size_t size)
{
    const uint8_t *at = take(r, size);
    if (at)
        memcpy(ret_bytes, at, size);
    else
        memset(ret_bytes, 0, size);
}

static struct record_text get_blob(struct reader *r, size_t limit)
{
    size_t size = (size_t)get_number(r, 2);
    if (size > limit)
        r->bad = true;
    const uint8_t *at = take(r, size);
    if (!at || size == 0)
        return (struct record_text){0};
    return (struct record_text){.bytes = (const char *)at, .size = size};
}

static struct record_text get_text(struct reader *r, size_t limit)
{
    struct record_text text = get_blob(r, limit);
    if (text.size && memchr(text.bytes, 0, text.size))
        r->bad = true;
    return text;
}

static uint8_t get_enum(struct reader *r, int first, int last)
{
    uint64_t value = get_number(r, 1);
    if (value < (uint64_t)first || value > (uint64_t)last)
        r->bad = true;
    return (uint8_t)value;
}

static bool is_whole(const struct reader *r)
{
    return !r->bad && r->left == 0;
}

/* ---- records */

struct record_text record_text(const char *text)
{
    if (!text || !*text)
        return (struct record_text){0};
    return (struct record_text){.bytes = text, .size = strlen(text)};
}

struct record_text record_text_cut(struct record_text text, size_t limit)
{
    if (text.size <= limit)
        return text;
    size_t size = limit;
    while (size > 0 && ((uint8_t)text.bytes[size] & 0xC0) == 0x80)
        size--;
    return (struct record_text){.bytes = size ? text.bytes : NULL, .size = size};
}

size_t format_record_encode(const struct format_record *record, uint8_t *buffer)
{
    struct writer w = writer_at(buffer);
    put_number(&w, record->format, 4);
    put_number(&w, record->boot, 8);
    put_bytes(&w, record->log_id, sizeof(record->log_id));
    put_number(&w, record->inode, 8);
    put_number(&w, record->page_size, 8);
    put_number(&w, record->chunk_size, 4);
    return w.used;
}

bool format_record_decode(struct format_record *record, const void *bytes, size_t size)
{
    struct reader r = reader_of(bytes, size);
    record->format = get_u32(&r);
    record->boot = get_number(&r, 8);
    get_bytes(&r, record->log_id, sizeof(record->log_id));
    record->inode = get_number(&r, 8);
    record->page_size = get_number(&r, 8);
    record->chunk_size = get_u32(&r);
    return is_whole(&r);
}

size_t state_record_encode(const struct state_record *record, uint8_t *buffer)
{
    struct writer w = writer_at(buffer);
    put_number(&w, record->next_article_id, 8);
    put_number(&w, record->last_sequence, 8);
    put_number(&w, record->first_retained, 8);
    put_number(&w, record->log_bytes, 8);
    put_number(&w, record->dead_count, 8);
    put_number(&w, record->next_source_id, 4);
    put_number(&w, record->filed_through, 8);
    return w.used;
}

static struct reader read_counters(struct state_record *record, const void *bytes, size_t size)
{
    struct reader r = reader_of(bytes, size);
    record->next_article_id = get_number(&r, 8);
    record->last_sequence = get_number(&r, 8);
    record->first_retained = get_number(&r, 8);
    record->log_bytes = get_number(&r, 8);
    record->dead_count = get_number(&r, 8);
    record->next_source_id = get_u32(&r);
    return r;
}

static bool is_possible(const struct state_record *record)
{
    return record->first_retained > 0 && record->first_retained <= record->last_sequence + 1 &&
           record->next_article_id > record->filed_through && record->next_source_id > 0;
}

bool state_record_decode(struct state_record *record, const void *bytes, size_t size)
{
    struct reader r = read_counters(record, bytes, size);
    record->filed_through = get_number(&r, 8);
    return is_whole(&r) && is_possible(record);
}

bool state_record_take_over(struct state_record *record, const void *bytes, size_t size)
{
    struct reader r = read_counters(record, bytes, size);
    record->filed_through = record->next_article_id - 1;
    return is_whole(&r) && is_possible(record);
}

static uint8_t get_state(struct reader *r)
{
    uint8_t state = get_enum(r, NEWSLOOM__V1__STATE__QUEUED, NEWSLOOM__V1__STATE__WITHDRAWN);
    if (state == NEWSLOOM__V1__STATE__LEASED)
        r->bad = true; /* leases live in memory only */
    return state;
}

size_t article_record_encode(const struct article_record *record, uint8_t *buffer)
{
    struct writer w = writer_at(buffer);
    put_number(&w, record->source_id, 4);
    put_number(&w, record->class_, 1);
    put_number(&w, record->state, 1);
    put_number(&w, record->suspect, 1);
    put_number(&w, record->revision, 4);
    put_number(&w, record->generation, 4);
    put_bytes(&w, record->digest, DIGEST_SIZE);
    put_number(&w, record->size, 4);
    put_number(&w, record->attempts, 4);
    put_number(&w, record->tries, 4);
    put_number(&w, record->sequence, 8);
    put_number(&w, (uint64_t)record->accepted_at_ms, 8);
    put_number(&w, (uint64_t)record->ended_at_ms, 8);
    put_number(&w, (uint64_t)record->due_at_ms, 8);
    put_number(&w, (uint64_t)record->retire_from_ms, 8);
    put_text(&w, record->key, RECORD_KEY_LIMIT);
    put_text(&w, record->code, RECORD_CODE_LIMIT);
    put_text(&w, record->reason, RECORD_REASON_LIMIT);
    return w.used;
}

bool article_record_decode(struct article_record *record, const void *bytes, size_t size)
{
    struct reader r = reader_of(bytes, size);
    record->source_id = get_u32(&r);
    record->class_ = get_enum(&r, NEWSLOOM__V1__CLASS__LIVE, NEWSLOOM__V1__CLASS__BACKFILL);
    record->state = get_state(&r);
    record->suspect = get_bool(&r);
    record->revision = get_u32(&r);
    record->generation = get_u32(&r);
    get_bytes(&r, record->digest, DIGEST_SIZE);
    record->size = get_u32(&r);
    record->attempts = get_u32(&r);
    record->tries = get_u32(&r);
    record->sequence = get_number(&r, 8);
    record->accepted_at_ms = (int64_t)get_number(&r, 8);
    record->ended_at_ms = (int64_t)get_number(&r, 8);
    record->due_at_ms = (int64_t)get_number(&r, 8);
    record->retire_from_ms = (int64_t)get_number(&r, 8);
    record->key = get_text(&r, RECORD_KEY_LIMIT);
    record->code = get_text(&r, RECORD_CODE_LIMIT);
    record->reason = get_text(&r, RECORD_REASON_LIMIT);
    return is_whole(&r);
}

size_t open_record_encode(const struct open_record *record, uint8_t *buffer)
{
    struct writer w = writer_at(buffer);
    put_number(&w, record->class_, 1);
    put_number(&w, record->state, 1);
    put_number(&w, record->suspect, 1);
    put_number(&w, record->source_id, 4);
    put_number(&w, record->size, 4);
    put_number(&w, record->attempts, 2);
    put_number(&w, (uint64_t)record->accepted_at_ms, 8);
    put_number(&w, (uint64_t)record->due_at_ms, 8);
    put_number(&w, 0, 2); /* room for what comes */
    return w.used;
}

bool open_record_decode(struct open_record *record, const void *bytes, size_t size)
{
    struct reader r = reader_of(bytes, size);
    record->class_ = get_enum(&r, NEWSLOOM__V1__CLASS__LIVE, NEWSLOOM__V1__CLASS__BACKFILL);
    record->state = get_state(&r);
    record->suspect = get_bool(&r);
    record->source_id = get_u32(&r);
    record->size = get_u32(&r);
    record->attempts = (uint16_t)get_number(&r, 2);
    record->accepted_at_ms = (int64_t)get_number(&r, 8);
    record->due_at_ms = (int64_t)get_number(&r, 8);
    if (get_number(&r, 2) != 0)
        r.bad = true;
    return is_whole(&r) && (record->state == NEWSLOOM__V1__STATE__QUEUED ||
                            record->state == NEWSLOOM__V1__STATE__WAITING);
}

size_t attempt_entry_encode(const struct attempt_entry *record, uint8_t *buffer)
{
    struct writer w = writer_at(buffer);
    put_number(&w, (uint64_t)record->at_ms, 8);
    put_number(&w, record->charged, 1);
    put_text(&w, record->worker, RECORD_WORKER_LIMIT);
    put_text(&w, record->code, RECORD_CODE_LIMIT);
    put_text(&w, record->text, RECORD_REASON_LIMIT);
    return w.used;
}

bool attempt_entry_decode(struct attempt_entry *record, const void *bytes, size_t size)
{
    struct reader r = reader_of(bytes, size);
    record->at_ms = (int64_t)get_number(&r, 8);
    record->charged = get_bool(&r);
    record->worker = get_text(&r, RECORD_WORKER_LIMIT);
    record->code = get_text(&r, RECORD_CODE_LIMIT);
    record->text = get_text(&r, RECORD_REASON_LIMIT);
    return is_whole(&r);
}

size_t entry_record_encode(const struct entry_record *record, uint8_t *buffer)
{
    struct writer w = writer_at(buffer);
    ENSURE(record->topics.size <= RECORD_TOPICS_LIMIT);
    put_number(&w, record->kind, 1);
    put_number(&w, (uint64_t)record->stored_at_ms, 8);
    put_number(&w, record->article_id, 8);
    put_number(&w, record->source_id, 4);
    put_number(&w, record->revision, 4);
    put_bytes(&w, record->extraction_digest, DIGEST_SIZE);
    put_number(&w, record->size, 4);
    put_text(&w, record->key, RECORD_KEY_LIMIT);
    put_text(&w, record->reason, RECORD_CODE_LIMIT + RECORD_REASON_LIMIT);
    put_number(&w, record->topics.size, 2);
    put_bytes(&w, record->topics.bytes, record->topics.size);
    return w.used;
}

bool entry_record_decode(struct entry_record *record, const void *bytes, size_t size)
{
    struct reader r = reader_of(bytes, size);
    record->kind = get_enum(&r, NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED,
                            NEWSLOOM__V1__ENTRY_KIND__ENTRY_FORGOTTEN);
    record->stored_at_ms = (int64_t)get_number(&r, 8);
    record->article_id = get_number(&r, 8);
    record->source_id = get_u32(&r);
    record->revision = get_u32(&r);
    get_bytes(&r, record->extraction_digest, DIGEST_SIZE);
    record->size = get_u32(&r);
    record->key = get_text(&r, RECORD_KEY_LIMIT);
    record->reason = get_text(&r, RECORD_CODE_LIMIT + RECORD_REASON_LIMIT);
    record->topics = get_blob(&r, RECORD_TOPICS_LIMIT);
    return is_whole(&r);
}

size_t identity_record_encode(const struct identity_record *record, uint8_t *buffer)
{
    struct writer w = writer_at(buffer);
    put_number(&w, record->article_id, 8);
    put_bytes(&w, record->digest_head, sizeof(record->digest_head));
    return w.used;
}

bool identity_record_decode(struct identity_record *record, const void *bytes, size_t size)
{
    struct reader r = reader_of(bytes, size);
    record->article_id = get_number(&r, 8);
    get_bytes(&r, record->digest_head, sizeof(record->digest_head));
    return is_whole(&r);
}

size_t cursor_record_encode(const struct cursor_record *record, uint8_t *buffer)
{
    struct writer w = writer_at(buffer);
    put_number(&w, record->sequence, 8);
    put_number(&w, (uint64_t)record->at_ms, 8);
    return w.used;
}

bool cursor_record_decode(struct cursor_record *record, const void *bytes, size_t size)
{
    struct reader r = reader_of(bytes, size);
    record->sequence = get_number(&r, 8);
    record->at_ms = (int64_t)get_number(&r, 8);
    return is_whole(&r);
}

size_t dead_record_encode(const struct dead_record *record, uint8_t *buffer)
{
    struct writer w = writer_at(buffer);
    put_number(&w, record->source_id, 4);
    put_text(&w, record->code, RECORD_CODE_LIMIT);
    return w.used;
}

bool dead_record_decode(struct dead_record *record, const void *bytes, size_t size)
{
    struct reader r = reader_of(bytes, size);
    record->source_id = get_u32(&r);
    record->code = get_text(&r, RECORD_CODE_LIMIT);
    return is_whole(&r);
}

size_t tombstone_record_encode(const struct tombstone_record *record, uint8_t *buffer)
{
    struct writer w = writer_at(buffer);
    put_number(&w, record->sequence, 8);
    put_number(&w, (uint64_t)record->at_ms, 8);
    return w.used;
}

bool tombstone_record_decode(struct tombstone_record *record, const void *bytes, size_t size)
{
    struct reader r = reader_of(bytes, size);
    record->sequence = get_number(&r, 8);
    record->at_ms = (int64_t)get_number(&r, 8);
    return is_whole(&r);
}

/* ---- keys */

void key_put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void key_put_u32(uint8_t *at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

void key_put_u64(uint8_t *at, uint64_t value)
{
    for (size_t i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> (56 - 8 * i));
}

uint32_t key_get_u32(const uint8_t *at)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++)
        value = value << 8 | at[i];
    return value;
}

uint64_t key_get_u64(const uint8_t *at)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | at[i];
    return value;
}
