// SPDX-License-Identifier: Apache-2.0
#include "recovery/log_walk.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/command/interrupt.h"
#include "common/arena.h"
#include "common/clock.h"
#include "proto/envelope.h"

#define BATCH_ENTRIES 128
#define BATCH_BYTES   (8u * 1024 * 1024) /* of extractions; bounds memory */
#define LOOK_MS       500

struct reading {
    struct log_walk *walk;
    struct newsloom_subscriber *subscriber;
    struct arena *arena;
    struct logged batch[BATCH_ENTRIES];
    size_t count;
    size_t bytes;
    uint64_t before; /* the sequence that was read last; 0: none yet */
};

/* ---- judging ---- */

static struct row_counts counts_of(const Newsloom__V1__Extraction *extraction)
{
    struct row_counts counts = {.mentions = (int64_t)extraction->n_mentions,
                                .roles = (int64_t)extraction->n_roles,
                                .events = (int64_t)extraction->n_events};
    for (size_t i = 0; i < extraction->n_events; i++)
        counts.arguments += (int64_t)extraction->events[i]->n_arguments;
    return counts;
}

static bool are_same_counts(const struct row_counts *a, const struct row_counts *b)
{
    return a->mentions == b->mentions && a->roles == b->roles && a->events == b->events &&
           a->arguments == b->arguments;
}

static enum verdict judge(const struct logged *logged)
{
    uint8_t sha256[ROW_SHA256_SIZE];
    const struct row_facts *row = &logged->row;
    struct row_counts counts = counts_of(logged->extraction);
    if (!row->is_there)
        return VERDICT_MISSING;
    if (row->generation != logged->extraction->generation)
        return row->generation > logged->extraction->generation ? VERDICT_LATER : VERDICT_OLDER;
    (void)crypto_hash_sha256(sha256, logged->packed, logged->size);
    if (memcmp(row->extraction_digest, logged->digest, DIGEST_SIZE) != 0 ||
        memcmp(row->sha256, sha256, sizeof(sha256)) != 0)
        return VERDICT_DIFFERENT;
    return are_same_counts(&row->counts, &counts) ? VERDICT_SAME : VERDICT_TORN;
}

static enum status end_batch(struct reading *r, struct error *err)
{
    const Newsloom__V1__Extraction *extractions[BATCH_ENTRIES];
    struct row_facts facts[BATCH_ENTRIES];
    struct log_walk *walk = r->walk;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < r->count; i++)
        extractions[i] = r->batch[i].extraction;
    if (r->count > 0)
        status = row_facts_ask(walk->session->database, extractions, r->count, facts, err);
    for (size_t i = 0; status == STATUS_OK && i < r->count; i++) {
        r->batch[i].row = facts[i];
        r->batch[i].verdict = judge(&r->batch[i]);
        walk->verdicts[r->batch[i].verdict]++;
    }
    if (status == STATUS_OK && r->count > 0)
        status = walk->on_batch(walk->context, r->batch, r->count, err);
    r->count = 0;
    r->bytes = 0;
    arena_reset(r->arena);
    return status;
}

/* ---- reading ---- */

static enum status add(struct reading *r, const struct newsloom_entry *entry, struct error *err)
{
    struct log_walk *walk = r->walk;
    ProtobufCMessage *message = NULL;
    if (entry->kind != NEWSLOOM_ENTRY_STORED && entry->kind != NEWSLOOM_ENTRY_REPLACED)
        return STATUS_OK;
    if (entry->extraction_size == 0) {
        walk->bare++;
        return STATUS_OK;
    }
    struct logged *logged = &r->batch[r->count];
    void *packed = arena_copy(r->arena, entry->extraction, entry->extraction_size);
    enum status status = message_unpack(&newsloom__v1__extraction__descriptor, packed,
                                        entry->extraction_size, r->arena, &message, err);
    if (status != STATUS_OK)
        return error_set(err, STATUS_INVALID, "entry %" PRIu64 " holds no extraction",
                         entry->sequence);
    *logged = (struct logged){.sequence = entry->sequence,
                              .stored_at_ms = entry->stored_at_ms,
                              .broker_article_id = entry->article_id,
                              .extraction = (Newsloom__V1__Extraction *)message,
                              .packed = packed,
                              .size = entry->extraction_size,
                              .arena = r->arena};
    digest_bytes(packed, logged->size, logged->digest);
    r->count++;
    r->bytes += logged->size;
    return r->count == BATCH_ENTRIES || r->bytes >= BATCH_BYTES ? end_batch(r, err) : STATUS_OK;
}

static void count_entry(struct reading *r, const struct newsloom_entry *entry)
{
    struct log_walk *walk = r->walk;
    const struct session *session = walk->session;
    uint64_t all = session->last_sequence - session->first_retained + 1;
    if (r->before && entry->sequence > r->before + 1)
        walk->gaps += entry->sequence - r->before - 1;
    if (!walk->first_at_ms)
        walk->first_at_ms = entry->stored_at_ms;
    r->before = entry->sequence;
    walk->entries++;
    session_progress(walk->session, (double)walk->entries / (double)all, walk->entries, "entries",
                     walk->note);
}

static enum status read_entries(struct reading *r, struct error *err)
{
    const struct session *session = r->walk->session;
    int64_t patience_ms = settings_number(session->invocation->settings, "answer.timeout");
    int64_t heard_ms = clock_mono_ms();
    while (r->before < session->last_sequence) {
        const struct newsloom_entry *entry = NULL;
        if (interrupt_count())
            return error_set(err, STATUS_AGAIN, "interrupted");
        enum status status = newsloom_subscriber_next(r->subscriber, LOOK_MS, &entry, err);
        if (status == STATUS_AGAIN && clock_mono_ms() - heard_ms < patience_ms)
            continue;
        if (status != STATUS_OK)
            return status;
        count_entry(r, entry);
        status = add(r, entry, err);
        if (status != STATUS_OK)
            return status;
        newsloom_subscriber_acknowledge(r->subscriber, r->before); /* which ends the entry */
        heard_ms = clock_mono_ms();
    }
    return end_batch(r, err);
}

enum status log_walk_run(struct log_walk *walk, struct error *err)
{
    struct session *session = walk->session;
    struct newsloom_options options = invocation_connect(session->invocation, "broker.subscribe");
    const struct newsloom_subscription subscription = {.from = NEWSLOOM_FROM_EARLIEST};
    if (session->first_retained > session->last_sequence)
        return STATUS_OK;
    struct reading *r = memory_new(sizeof(*r));
    r->walk = walk;
    r->arena = arena_new(0);
    enum status status = newsloom_subscriber_open(&r->subscriber, &options, &subscription, err);
    if (status == STATUS_OK)
        status = read_entries(r, err);
    newsloom_subscriber_close(&r->subscriber);
    arena_free(&r->arena);
    free(r);
    return status;
}
