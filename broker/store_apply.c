// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "broker/store_engine.h"

#define QUEUED    NEWSLOOM__V1__STATE__QUEUED
#define STORED    NEWSLOOM__V1__STATE__STORED
#define DEAD      NEWSLOOM__V1__STATE__DEAD
#define WITHDRAWN NEWSLOOM__V1__STATE__WITHDRAWN

/* ---- accept */

static bool is_new_source(const struct commit *commit, uint32_t id)
{
    for (size_t i = 0; i < commit->new_source_count; i++)
        if (commit->new_sources[i] == id)
            return false;
    return true;
}

int commit_source_id(struct commit *commit, const char *source, uint32_t *ret_id)
{
    uint8_t key[4];
    bool durable;
    *ret_id = sources_give_id(commit->store->sources, source, &durable);
    if (durable || !is_new_source(commit, *ret_id))
        return 0;
    if (*ret_id > SOURCE_ID_LIMIT)
        return MDB_MAP_FULL;
    key_put_u32(key, *ret_id);
    int code = commit_put(commit, TABLE_SOURCE, bytes_of(key, sizeof(key)),
                          bytes_of(source, strlen(source)), MDB_NOOVERWRITE);
    if (code)
        return code;
    commit->new_sources = memory_resize(commit->new_sources, commit->new_source_count + 1,
                                        sizeof(*commit->new_sources));
    commit->new_sources[commit->new_source_count++] = *ret_id;
    if (commit->state.next_source_id <= *ret_id)
        commit->state.next_source_id = *ret_id + 1;
    return 0;
}

static uint8_t class_of(const struct accept *accept)
{
    return accept->class_ == NEWSLOOM__V1__CLASS__BACKFILL ? NEWSLOOM__V1__CLASS__BACKFILL
                                                           : NEWSLOOM__V1__CLASS__LIVE;
}

static struct record_text payload_of(const struct accept *accept)
{
    return (struct record_text){.bytes = accept->payload, .size = accept->size};
}

static int accept_as(struct commit *commit, const struct accept *accept,
                     const struct identity *identity, uint32_t revision,
                     struct accept_result *ret_result)
{
    uint64_t id = commit->state.next_article_id;
    struct article_record record = {
        .class_ = class_of(accept),
        .state = QUEUED,
        .revision = revision,
        .generation = accept->generation ? accept->generation : 1,
        .size = (uint32_t)accept->size,
        .accepted_at_ms = accept->at_ms,
        .key = record_text(accept->key),
    };
    memcpy(record.digest, accept->digest, DIGEST_SIZE);
    int code = room_for(commit, accept->size);
    if (!code)
        code = commit_source_id(commit, accept->source, &record.source_id);
    if (!code)
        code = article_save(commit, id, &record, MDB_APPEND);
    if (!code)
        code = article_enter(commit, id, &record, MDB_APPEND);
    if (!code)
        code = chunks_put(commit, TABLE_BODY, id, payload_of(accept), MDB_APPEND);
    if (!code)
        code = identity_put(commit, identity, record.revision, id, accept->digest);
    if (code)
        return code;
    commit->state.next_article_id++;
    *ret_result = (struct accept_result){.code = NEWSLOOM__V1__RECEIPT_CODE__ACCEPTED,
                                         .article_id = id,
                                         .revision = record.revision,
                                         .generation = record.generation,
                                         .state = QUEUED};
    return 0;
}

static int accept_new(struct commit *commit, const struct accept *accept,
                      const struct identity *identity, struct accept_result *ret_result)
{
    uint64_t id;
    uint32_t revision = identity->newest_revision + 1;
    if (accept->generation && accept->revision) {
        int code = identity_revision(commit->txn, commit->store, identity, accept->revision, &id);
        if (code && code != MDB_NOTFOUND)
            return code;
        if (code == MDB_NOTFOUND)
            revision = accept->revision;
    }
    return accept_as(commit, accept, identity, revision, ret_result);
}

/* A later generation is another article under the same identity and revision: whoever still holds
 * the earlier one speaks of an id that is gone, and cannot settle this one with its facts. */
static int accept_superseding(struct commit *commit, const struct accept *accept,
                              const struct identity *identity, const struct article_record *was,
                              struct accept_result *ret_result)
{
    uint32_t revision = was->revision;
    int code = article_remove(commit, identity->same_id, was, identity);
    return code ? code : accept_as(commit, accept, identity, revision, ret_result);
}

/* A dead or withdrawn article comes again: its payload is replaced, for the same title and content
 * may carry other metadata, and that may be what was wrong. */
static int accept_revived(struct commit *commit, const struct accept *accept, uint64_t id,
                          const struct article_record *was)
{
    struct article_record now = *was;
    now.state = QUEUED;
    now.class_ = class_of(accept);
    now.size = (uint32_t)accept->size;
    now.attempts = 0;
    now.sequence = 0;
    now.accepted_at_ms = accept->at_ms;
    now.ended_at_ms = 0;
    now.due_at_ms = 0;
    now.code = (struct record_text){0};
    now.reason = (struct record_text){0};
    int code = room_for(commit, accept->size);
    if (!code && article_has_body(was->state))
        code = chunks_delete(commit, TABLE_BODY, id, was->size);
    if (!code)
        code = chunks_put(commit, TABLE_BODY, id, payload_of(accept), 0);
    if (!code)
        code = article_move(commit, id, was, &now);
    return code;
}

static bool is_end(uint8_t state)
{
    return state == STORED || state == DEAD || state == WITHDRAWN;
}

static int accept_known(struct commit *commit, const struct accept *accept,
                        const struct identity *identity, struct accept_result *ret_result)
{
    struct article_slot slot;
    int code = commit_article(commit, identity->same_id, &slot);
    if (code)
        return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
    *ret_result = (struct accept_result){
        .code = NEWSLOOM__V1__RECEIPT_CODE__DUPLICATE,
        .article_id = identity->same_id,
        .revision = identity->same_revision,
        .generation = slot.record.generation,
        .state = (Newsloom__V1__State)slot.record.state,
        .sequence = slot.record.sequence,
    };
    if (accept->generation > slot.record.generation && is_end(slot.record.state))
        return accept_superseding(commit, accept, identity, &slot.record, ret_result);
    if (slot.record.state != DEAD && slot.record.state != WITHDRAWN)
        return 0;
    code = accept_revived(commit, accept, identity->same_id, &slot.record);
    ret_result->code = NEWSLOOM__V1__RECEIPT_CODE__ACCEPTED;
    ret_result->state = QUEUED;
    ret_result->sequence = 0;
    return code;
}

static int apply_accept(struct commit *commit, struct change *change)
{
    const struct accept *accept = &change->accept;
    struct identity identity;
    int code = identity_find(commit->txn, commit->store, accept->source, accept->key,
                             accept->digest, &identity);
    if (code)
        return code;
    struct tombstone_record tombstone;
    code = tombstone_find(commit->txn, commit->store, &identity, &tombstone);
    if (code != MDB_NOTFOUND) {
        change->accepted = (struct accept_result){
            .code = NEWSLOOM__V1__RECEIPT_CODE__REFUSED,
            .state = NEWSLOOM__V1__STATE__FORGOTTEN,
        };
        return code;
    }
    if (identity.same_revision)
        return accept_known(commit, accept, &identity, &change->accepted);
    return accept_new(commit, accept, &identity, &change->accepted);
}

/* ---- settle */

static Newsloom__V1__EntryKind kind_of(const struct settle *settle,
                                       const struct article_record *record)
{
    if (settle->kind == NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED ||
        settle->kind == NEWSLOOM__V1__ENTRY_KIND__ENTRY_REPLACED)
        return settle->kind;
    return record->revision > 1 ? NEWSLOOM__V1__ENTRY_KIND__ENTRY_REPLACED
                                : NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED;
}

/* Topics that do not fit are replaced by "every entity": filters then let the entry through. */
static void *pack_topics(const Newsloom__V1__Topics *topics, size_t *ret_size)
{
    Newsloom__V1__Topics brief = NEWSLOOM__V1__TOPICS__INIT;
    *ret_size = 0;
    if (!topics)
        return NULL;
    if (newsloom__v1__topics__get_packed_size(topics) > RECORD_TOPICS_LIMIT) {
        brief.every_entity = true;
        topics = &brief;
    }
    *ret_size = newsloom__v1__topics__get_packed_size(topics);
    if (*ret_size == 0)
        return NULL;
    void *bytes = memory_new(*ret_size);
    (void)newsloom__v1__topics__pack(topics, bytes);
    return bytes;
}

static int append_settled(struct commit *commit, const struct settle *settle,
                          struct article_record *record)
{
    size_t topics_size;
    void *topics = pack_topics(settle->topics, &topics_size);
    struct entry_record entry = {
        .kind = (uint8_t)kind_of(settle, record),
        .stored_at_ms = settle->at_ms,
        .size = (uint32_t)settle->size,
        .topics = {.bytes = topics, .size = topics_size},
    };
    if (settle->extraction_digest)
        memcpy(entry.extraction_digest, settle->extraction_digest, DIGEST_SIZE);
    int code = log_append(commit, settle->article_id, record, &entry, settle->extraction);
    free(topics);
    return code;
}

static int apply_settle(struct commit *commit, struct change *change)
{
    const struct settle *settle = &change->settle;
    struct article_slot slot;
    change->settled.state = NEWSLOOM__V1__STATE__STATE_UNKNOWN;
    int code = commit_article(commit, settle->article_id, &slot);
    if (code)
        return code == MDB_NOTFOUND ? 0 : code;
    if (memcmp(slot.record.digest, settle->digest, DIGEST_SIZE) != 0)
        return 0;
    struct article_record now = slot.record;
    if (now.state != STORED) {
        now.state = STORED;
        now.ended_at_ms = settle->at_ms;
        now.due_at_ms = 0;
        now.suspect = false;
        now.code = (struct record_text){0};
        now.reason = (struct record_text){0};
        change->settled.first = true;
        code = append_settled(commit, settle, &now);
        if (!code)
            code = article_move(commit, settle->article_id, &slot.record, &now);
    }
    change->settled.state = STORED;
    change->settled.sequence = now.sequence;
    return code;
}

/* ---- attempts and what operators do */

static void attempt_key(uint8_t key[12], uint64_t id, uint32_t number)
{
    key_put_u64(key, id);
    key_put_u32(key + 8, number);
}

static int record_attempt(struct commit *commit, const struct attempt_change *attempt,
                          struct article_record *record)
{
    uint8_t key[12];
    uint8_t buffer[ATTEMPT_RECORD_LIMIT];
    struct attempt_entry entry = {
        .at_ms = attempt->at_ms,
        .charged = attempt->charged,
        .worker = record_text(attempt->worker),
        .code = record_text(attempt->code),
        .text = record_text(attempt->text),
    };
    record->tries++;
    attempt_key(key, attempt->article_id, record->tries);
    size_t size = attempt_entry_encode(&entry, buffer);
    int code =
        commit_put(commit, TABLE_ATTEMPT, bytes_of(key, sizeof(key)), bytes_of(buffer, size), 0);
    if (code || record->tries <= HISTORY_LIMIT)
        return code;
    attempt_key(key, attempt->article_id, record->tries - HISTORY_LIMIT);
    return commit_delete(commit, TABLE_ATTEMPT, key, sizeof(key));
}

static int append_end(struct commit *commit, uint64_t id, struct article_record *record,
                      Newsloom__V1__EntryKind kind)
{
    char *reason = record->reason.size
                       ? text_format("%.*s: %.*s", (int)record->code.size, record->code.bytes,
                                     (int)record->reason.size, record->reason.bytes)
                       : text_of(record->code);
    if (kind == NEWSLOOM__V1__ENTRY_KIND__ENTRY_WITHDRAWN) {
        free(reason);
        reason = text_of(record->reason);
    }
    struct entry_record entry = {
        .kind = (uint8_t)kind,
        .stored_at_ms = record->ended_at_ms,
        .reason = record_text(reason),
    };
    int code = log_append(commit, id, record, &entry, NULL);
    free(reason);
    return code;
}

static int apply_attempt(struct commit *commit, struct change *change)
{
    const struct attempt_change *attempt = &change->attempt;
    struct article_slot slot;
    int code = commit_article(commit, attempt->article_id, &slot);
    if (code)
        return code == MDB_NOTFOUND ? 0 : code;
    if (is_end(slot.record.state))
        return 0; /* a late word about an old lease */
    struct article_record now = slot.record;
    bool has_code = attempt->code && *attempt->code;
    now.state = (uint8_t)attempt->state;
    now.due_at_ms = attempt->state == NEWSLOOM__V1__STATE__WAITING ? attempt->due_at_ms : 0;
    now.suspect = attempt->suspect;
    now.attempts += attempt->charged;
    if (has_code) {
        now.code = record_text_cut(record_text(attempt->code), RECORD_CODE_LIMIT);
        now.reason = record_text_cut(record_text(attempt->text), RECORD_REASON_LIMIT);
    }
    if (attempt->charged || has_code)
        code = record_attempt(commit, attempt, &now);
    if (!code && now.state == DEAD) {
        now.ended_at_ms = attempt->at_ms;
        code = append_end(commit, attempt->article_id, &now, NEWSLOOM__V1__ENTRY_KIND__ENTRY_DEAD);
    }
    if (!code)
        code = article_move(commit, attempt->article_id, &slot.record, &now);
    change->changed = !code;
    return code;
}

static int apply_operator(struct commit *commit, struct change *change)
{
    uint64_t id = change->operator_.article_id;
    struct article_slot slot;
    int code = commit_article(commit, id, &slot);
    if (code)
        return code == MDB_NOTFOUND ? 0 : code;
    if (slot.record.state != DEAD)
        return 0;
    struct article_record now = slot.record;
    if (change->kind == CHANGE_RETRY) {
        now.state = QUEUED;
        now.attempts = 0;
        now.sequence = 0;
        now.ended_at_ms = 0;
    } else {
        const char *reason = change->operator_.reason;
        now.state = WITHDRAWN;
        now.ended_at_ms = change->operator_.at_ms;
        now.code = record_text("WITHDRAWN");
        now.reason = record_text_cut(record_text(reason), RECORD_REASON_LIMIT);
        code = append_end(commit, id, &now, NEWSLOOM__V1__ENTRY_KIND__ENTRY_WITHDRAWN);
    }
    if (!code)
        code = article_move(commit, id, &slot.record, &now);
    change->changed = !code;
    return code;
}

/* ---- cursors */

static int apply_cursor(struct commit *commit, const struct cursor *cursor)
{
    struct cursor_record record = {.sequence = cursor->sequence, .at_ms = cursor->at_ms};
    uint8_t buffer[CURSOR_RECORD_SIZE];
    size_t size = cursor_record_encode(&record, buffer);
    return commit_put(commit, TABLE_CURSOR, bytes_of(cursor->name, strlen(cursor->name)),
                      bytes_of(buffer, size), 0);
}

int commit_apply(struct commit *commit, struct change *change)
{
    commit->is_counted = commit->is_counted && change->kind == CHANGE_ACCEPT;
    switch (change->kind) {
    case CHANGE_ACCEPT:
        return apply_accept(commit, change);
    case CHANGE_SETTLE:
        return apply_settle(commit, change);
    case CHANGE_ATTEMPT:
        return apply_attempt(commit, change);
    case CHANGE_RETRY:
    case CHANGE_WITHDRAW:
        return apply_operator(commit, change);
    case CHANGE_FORGET:
        return forget_apply(commit, &change->forget);
    case CHANGE_UNFORGET:
        return unforget_apply(commit, change);
    case CHANGE_CURSOR:
        return apply_cursor(commit, &change->cursor);
    case CHANGE_RETENTION:
        return retention_apply(commit, change->retention.most, change->retention.now_ms, false);
    }
    return MDB_CORRUPTED;
}
