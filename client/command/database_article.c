// SPDX-License-Identifier: Apache-2.0
#include "client/command/database_article.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/command/database.h"
#include "client/lib/hex.h"
#include "common/url.h"
#include "common/utf8.h"

#define EXTRACTION_MEMORY (64u * 1024 * 1024)
#define DIGITS_MAX        18 /* of a number that fits */

static const char find_by_id[] =
    "SELECT " DATABASE_ARTICLE_COLUMNS ", (SELECT max(n.revision) FROM newsloom.article n"
    " WHERE n.source_id = a.source_id AND n.key = a.key)"
    " FROM newsloom.article a JOIN newsloom.source s USING (source_id)"
    " WHERE a.article_id = $1::bigint";
static const char find_by_key[] =
    "SELECT a.article_id FROM newsloom.source s JOIN newsloom.article a USING (source_id)"
    " WHERE s.name = $1 AND a.key = $2 AND (a.revision = $3::integer OR $3::integer = 0)"
    " ORDER BY a.revision DESC LIMIT 1";
/* A URL's canonical form is a key in whichever source; and a page may have had a key of its own. */
static const char find_by_url[] =
    "SELECT DISTINCT ON (f.source, f.key) f.article_id, f.source || '/' || f.key"
    " FROM (SELECT a.article_id, s.name AS source, a.key, a.revision"
    "       FROM newsloom.source s JOIN newsloom.article a USING (source_id) WHERE a.key = $2"
    "       UNION"
    "       SELECT a.article_id, s.name, a.key, a.revision"
    "       FROM newsloom.article a JOIN newsloom.source s USING (source_id) WHERE a.url = $1) f"
    " WHERE f.revision = $3::integer OR $3::integer = 0"
    " ORDER BY f.source, f.key, f.revision DESC LIMIT 6";
static const char ask_judgements[] =
    "SELECT r.from_entity_id, r.to_entity_id, e.name FROM newsloom.entity_redirect r"
    " JOIN newsloom.entity e ON e.entity_id = r.to_entity_id"
    " WHERE r.undone_at IS NULL AND r.from_entity_id = ANY ($1::uuid[])";

const char *contract_name(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
    return found ? found->name : "?";
}

/* ---- one row ------------------------------------------------------------------------------- */

static char *cell(const PGresult *result, int row, int column)
{
    return text_copy(PQgetvalue(result, row, column));
}

/* Where each code point begins: offsets of facts count them. */
static void index_text(struct database_article *article)
{
    size_t size = strlen(article->text);
    article->offsets = memory_new((size + 1) * sizeof(*article->offsets));
    for (size_t at = 0; at < size; at++)
        if (((unsigned char)article->text[at] & 0xc0) != 0x80)
            article->offsets[article->length++] = at;
    article->offsets[article->length] = size;
}

static enum status unpack(struct database_article *article, const char *hex, struct error *err)
{
    size_t size = 0;
    ProtobufCMessage *message = NULL;
    unsigned char *bytes = PQunescapeBytea((const unsigned char *)hex, &size);
    if (!bytes)
        return error_set(err, STATUS_AGAIN, "could not read an extraction: there is no memory");
    article->arena = arena_new(EXTRACTION_MEMORY);
    struct error cause;
    enum status status = message_unpack(&newsloom__v1__extraction__descriptor, bytes, size,
                                        article->arena, &message, &cause);
    PQfreemem(bytes);
    if (status != STATUS_OK)
        return error_set(err, STATUS_INVALID,
                         "cannot read the facts of article %" PRId64
                         " (`newsloom verify` says what else is wrong): %.90s",
                         article->article_id, cause.text);
    article->found = (const Newsloom__V1__Extraction *)message;
    return STATUS_OK;
}

enum status database_article_of_row(const PGresult *result, int row,
                                    struct database_article *article, struct error *err)
{
    *article = (struct database_article){
        .article_id = strtoll(PQgetvalue(result, row, 0), NULL, 10),
        .source = cell(result, row, 1),
        .key = cell(result, row, 2),
        .revision = (uint32_t)strtoul(PQgetvalue(result, row, 3), NULL, 10),
        .generation = (uint32_t)strtoul(PQgetvalue(result, row, 4), NULL, 10),
        .url = cell(result, row, 5),
        .title = cell(result, row, 6),
        .author = cell(result, row, 7),
        .publisher = cell(result, row, 8),
        .published = cell(result, row, 9),
        .reported_on = cell(result, row, 10),
        .stored_at = cell(result, row, 11),
        .text = cell(result, row, 12),
        .duplicate_of = strtoll(PQgetvalue(result, row, 14), NULL, 10),
    };
    index_text(article);
    enum status status = unpack(article, PQgetvalue(result, row, 13), err);
    if (status != STATUS_OK)
        database_article_done(article);
    else
        article->judgements =
            memory_new((article->found->n_entities + 1) * sizeof(struct judgement));
    return status;
}

void database_article_done(struct database_article *article)
{
    for (size_t i = 0; article->judgements && i < article->found->n_entities; i++) {
        free(article->judgements[i].name);
        free(article->judgements[i].entity_id);
    }
    free(article->judgements);
    char *texts[] = {article->source,    article->key,         article->url,
                     article->title,     article->author,      article->publisher,
                     article->published, article->reported_on, article->stored_at,
                     article->text};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        free(texts[i]);
    free(article->offsets);
    arena_free(&article->arena);
    *article = (struct database_article){0};
}

const char *database_article_part(const struct database_article *article, uint32_t start,
                                  uint32_t end, size_t *ret_size)
{
    size_t first = start < article->length ? start : article->length;
    size_t last = end < article->length ? end : article->length;
    last = last < first ? first : last;
    *ret_size = article->offsets[last] - article->offsets[first];
    return article->text + article->offsets[first];
}

/* ---- finding it ---------------------------------------------------------------------------- */

static enum status take_judgements(PGconn *connection, struct database_article *article,
                                   struct error *err)
{
    const Newsloom__V1__Extraction *found = article->found;
    char *ids = database_ids_new(found->n_entities);
    char uuid[UUID_TEXT_SIZE];
    PGresult *result = NULL;
    for (size_t i = 0; i < found->n_entities; i++)
        if (found->entities[i]->id.len == 16)
            database_ids_add(ids, uuid_text(found->entities[i]->id.data, uuid));
    const char *const parameters[] = {ids};
    enum status status = database_ask(connection, ask_judgements, parameters, 1, &result, err);
    for (int row = 0; status == STATUS_OK && row < PQntuples(result); row++)
        for (size_t i = 0; i < found->n_entities; i++)
            if (found->entities[i]->id.len == 16 && !article->judgements[i].name &&
                strcmp(uuid_text(found->entities[i]->id.data, uuid), PQgetvalue(result, row, 0)) ==
                    0)
                article->judgements[i] =
                    (struct judgement){cell(result, row, 2), cell(result, row, 1)};
    database_clear(&result);
    free(ids);
    return status;
}

static enum status take_by_id(PGconn *connection, const char *id, struct database_article *article,
                              struct error *err)
{
    PGresult *result = NULL;
    const char *const parameters[] = {id};
    enum status status = database_ask(connection, find_by_id, parameters, 1, &result, err);
    if (status == STATUS_OK && PQntuples(result) == 0)
        status = error_set(err, STATUS_NOT_FOUND, "no article with article_id %s is stored", id);
    if (status == STATUS_OK)
        status = database_article_of_row(result, 0, article, err);
    if (status == STATUS_OK) {
        article->newest_revision =
            (uint32_t)strtoul(PQgetvalue(result, 0, DATABASE_ARTICLE_COLUMN_COUNT), NULL, 10);
        status = take_judgements(connection, article, err);
        if (status != STATUS_OK)
            database_article_done(article);
    }
    database_clear(&result);
    return status;
}

static enum status say_several(const PGresult *result, struct error *err)
{
    char *names = text_copy("");
    for (int row = 0; row < PQntuples(result); row++) {
        char *longer = text_format("%s%s%.60s", names, row ? ", " : "", PQgetvalue(result, row, 1));
        free(names);
        names = longer;
    }
    (void)error_set(err, STATUS_INVALID, "several articles have this address: name one, such as %s",
                    names);
    free(names);
    return STATUS_INVALID;
}

static enum status ask_name(PGconn *connection, const char *name, const char *revision,
                            PGresult **ret_result, struct error *err)
{
    if (url_is_http(name)) {
        char *canonical = NULL;
        enum status status = url_canonical(name, &canonical, err);
        const char *const parameters[] = {name, canonical, revision};
        if (status == STATUS_OK)
            status = database_ask(connection, find_by_url, parameters, 3, ret_result, err);
        free(canonical);
        return status;
    }
    const char *slash = strchr(name, '/');
    char *source = slash ? text_format("%.*s", (int)(slash - name), name) : NULL;
    enum status status = STATUS_OK;
    if (!source || !source_is_valid(source) || !slash[1]) {
        status = error_set(err, STATUS_INVALID,
                           "\"%.80s\" is no SOURCE/KEY, URL or article_id of an article", name);
    } else {
        const char *const parameters[] = {source, slash + 1, revision};
        status = database_ask(connection, find_by_key, parameters, 3, ret_result, err);
    }
    free(source);
    return status;
}

enum status database_article_find(PGconn *connection, const char *name, uint32_t revision,
                                  struct database_article *article, struct error *err)
{
    char wanted[16];
    PGresult *result = NULL;
    *article = (struct database_article){0};
    size_t digits = strspn(name, "0123456789");
    if (!utf8_is_clean(name, strlen(name)))
        return error_set(err, STATUS_INVALID, "the article's name is not UTF-8");
    if (digits && digits <= DIGITS_MAX && !name[digits])
        return take_by_id(connection, name, article, err);
    (void)snprintf(wanted, sizeof(wanted), "%" PRIu32, revision);
    enum status status = ask_name(connection, name, wanted, &result, err);
    if (status == STATUS_OK && PQntuples(result) == 0)
        status =
            error_set(err, STATUS_NOT_FOUND,
                      "nothing is stored under \"%.100s\"%s (`newsloom trace` says what became "
                      "of it, `newsloom search` finds by words)",
                      name, revision ? " in this revision" : "");
    if (status == STATUS_OK && PQntuples(result) > 1)
        status = say_several(result, err);
    if (status == STATUS_OK)
        status = take_by_id(connection, PQgetvalue(result, 0, 0), article, err);
    database_clear(&result);
    return status;
}
