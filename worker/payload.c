// SPDX-License-Identifier: Apache-2.0
#include "worker/payload.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/instant.h"
#include "common/url.h"
#include "proto/envelope.h"

size_t payload_budget(size_t size)
{
    return 4 * size + 256 * 1024;
}

static enum status check_length(const char *field, const char *text, size_t limit,
                                struct error *err)
{
    size_t length = strlen(text);
    if (length > limit)
        return error_set(err, STATUS_INVALID, "%s: %zu bytes, the limit is %zu", field, length,
                         limit);
    return STATUS_OK;
}

static enum status check_lengths(const Newsloom__V1__Article *article, struct error *err)
{
    const struct {
        const char *field;
        const char *text;
        size_t limit;
    } rows[] = {
        {"url", article->url, URL_LIMIT},
        {"title", article->title, PAYLOAD_TITLE_LIMIT},
        {"author", article->author, PAYLOAD_AUTHOR_LIMIT},
        {"published", article->published, PAYLOAD_SHORT_LIMIT},
        {"fetched", article->fetched, PAYLOAD_SHORT_LIMIT},
        {"language", article->language, PAYLOAD_SHORT_LIMIT},
        {"content_type", article->content_type, PAYLOAD_SHORT_LIMIT},
        {"charset", article->charset, PAYLOAD_SHORT_LIMIT},
        {"trace_id", article->trace_id, PAYLOAD_SHORT_LIMIT},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum status status = check_length(rows[i].field, rows[i].text, rows[i].limit, err);
        if (status != STATUS_OK)
            return status;
    }
    if (article->n_labels > PAYLOAD_LABELS_LIMIT)
        return error_set(err, STATUS_INVALID, "labels: %zu of them, the limit is %d",
                         article->n_labels, PAYLOAD_LABELS_LIMIT);
    for (size_t i = 0; i < article->n_labels; i++) {
        enum status status =
            check_length("labels", article->labels[i]->name, PAYLOAD_SHORT_LIMIT, err);
        if (status == STATUS_OK)
            status = check_length("labels", article->labels[i]->value, PAYLOAD_TITLE_LIMIT, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status check_dates(const Newsloom__V1__Article *article, struct error *err)
{
    struct instant instant;
    if (*article->published && !instant_parse(article->published, &instant))
        return error_set(err, STATUS_INVALID,
                         "published: \"%.40s\" is no RFC 3339 date or date-time",
                         article->published);
    if (*article->fetched && (!instant_parse(article->fetched, &instant) || !instant.time[0]))
        return error_set(err, STATUS_INVALID, "fetched: \"%.40s\" is no RFC 3339 date-time",
                         article->fetched);
    return STATUS_OK;
}

static enum status check_content(const Newsloom__V1__Article *article,
                                 const uint8_t digest[DIGEST_SIZE], struct error *err)
{
    if (article->content.len == 0)
        return error_set(err, STATUS_INVALID, "content: it is empty");
    size_t type_length = strcspn(article->content_type, "; ");
    if (type_length > 0 &&
        (type_length != 10 || strncasecmp(article->content_type, "text/plain", 10) != 0) &&
        (type_length != 9 || strncasecmp(article->content_type, "text/html", 9) != 0))
        return error_set(err, STATUS_INVALID,
                         "content_type: \"%.60s\" is neither text/plain nor text/html",
                         article->content_type);
    uint8_t real[DIGEST_SIZE];
    digest_content(article->title, article->content.data, article->content.len, real);
    if (memcmp(real, digest, DIGEST_SIZE) != 0)
        return error_set(err, STATUS_INVALID,
                         "content: its digest is not the one that the envelope named");
    return STATUS_OK;
}

/* NULL: the arena's budget is spent. */
static const char *labels_json(const Newsloom__V1__Article *article, struct arena *arena)
{
    json_t *object = json_object();
    for (size_t i = 0; i < article->n_labels; i++)
        (void)json_object_set_new(object, article->labels[i]->name,
                                  json_string(article->labels[i]->value));
    char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
    ENSURE(text);
    size_t size = strlen(text) + 1;
    char *copy = arena_try(arena, size);
    if (copy)
        memcpy(copy, text, size);
    free(text);
    json_decref(object);
    return copy;
}

enum status payload_open(const void *bytes, size_t size, const uint8_t digest[DIGEST_SIZE],
                         struct arena *arena, struct payload *ret_payload, struct error *err)
{
    ProtobufCMessage *message = NULL;
    enum status status =
        message_unpack(&newsloom__v1__article__descriptor, bytes, size, arena, &message, err);
    if (status != STATUS_OK)
        return status;
    const Newsloom__V1__Article *article = (const Newsloom__V1__Article *)message;
    status = check_lengths(article, err);
    if (status == STATUS_OK)
        status = check_dates(article, err);
    if (status == STATUS_OK)
        status = check_content(article, digest, err);
    if (status != STATUS_OK)
        return status;
    const char *labels = labels_json(article, arena);
    if (!labels)
        return error_set(err, STATUS_INVALID, "labels: they take too much memory");
    *ret_payload = (struct payload){
        .article = article,
        .input = {.url = article->url,
                  .source = "",
                  .title = article->title,
                  .author = article->author,
                  .published = article->published,
                  .fetched = article->fetched,
                  .language = article->language,
                  .content_type = article->content_type,
                  .charset = article->charset,
                  .content = article->content.data,
                  .size = article->content.len},
        .labels = labels,
    };
    return STATUS_OK;
}
