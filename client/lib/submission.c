// SPDX-License-Identifier: Apache-2.0
#include "client/lib/submission.h"

#include <stdlib.h>
#include <string.h>

#include "common/url.h"
#include "common/utf8.h"

#define FIELDS_SIZE 80 /* digest, class, sizes, tags and lengths of one Submission, rounded up */

static bool is_given(const char *text)
{
    return text && *text;
}

enum status identity_check(const char *source, const char *key, const char *url,
                           Newsloom__V1__RefusalCode *ret_code, struct error *err)
{
    *ret_code = NEWSLOOM__V1__REFUSAL_CODE__BAD_SOURCE;
    if (!is_given(source) || !source_is_valid(source))
        return error_set(err, STATUS_INVALID,
                         "the source \"%.80s\" is none: 1 to %d characters of a-z 0-9 . _ -",
                         source ? source : "", SOURCE_LIMIT);
    *ret_code = NEWSLOOM__V1__REFUSAL_CODE__BAD_KEY;
    if (is_given(key)) {
        if (strlen(key) > KEY_LIMIT)
            return error_set(err, STATUS_INVALID, "the key is %zu bytes long, the limit is %d",
                             strlen(key), KEY_LIMIT);
        if (!utf8_is_clean(key, strlen(key)))
            return error_set(err, STATUS_INVALID, "the key is not UTF-8");
        return STATUS_OK;
    }
    if (!is_given(url))
        return error_set(err, STATUS_INVALID, "the article has neither a key nor a URL");
    char *canonical = NULL;
    enum status status = url_canonical(url, &canonical, err);
    free(canonical);
    return status;
}

/* Every text of the payload: the worker would dead-letter the article for these. */
static enum status check_texts(const struct newsloom_article *article, struct error *err)
{
    const struct {
        const char *name;
        const char *text;
    } fields[] = {
        {"url", article->url},           {"title", article->title},
        {"author", article->author},     {"published", article->published},
        {"fetched", article->fetched},   {"language", article->language},
        {"charset", article->charset},   {"content_type", article->content_type},
        {"trace_id", article->trace_id},
    };
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (fields[i].text && !utf8_is_clean(fields[i].text, strlen(fields[i].text)))
            return error_set(err, STATUS_INVALID, "the field \"%s\" is not UTF-8", fields[i].name);
    for (size_t i = 0; i < article->label_count; i++)
        if (!utf8_is_clean(article->labels[i].name, strlen(article->labels[i].name)) ||
            !utf8_is_clean(article->labels[i].value, strlen(article->labels[i].value)))
            return error_set(err, STATUS_INVALID, "a label is not UTF-8");
    return STATUS_OK;
}

static char *text_or_empty(const char *text)
{
    /* protobuf-c's fields are not const; packing only reads them. */
    return (char *)(text ? text : "");
}

static uint8_t *pack_article(const struct newsloom_article *article, size_t *ret_size)
{
    Newsloom__V1__Article packed = NEWSLOOM__V1__ARTICLE__INIT;
    Newsloom__V1__Label *labels = memory_new((article->label_count + 1) * sizeof(*labels));
    Newsloom__V1__Label **label_list = memory_new((article->label_count + 1) * sizeof(*label_list));
    for (size_t i = 0; i < article->label_count; i++) {
        newsloom__v1__label__init(&labels[i]);
        labels[i].name = text_or_empty(article->labels[i].name);
        labels[i].value = text_or_empty(article->labels[i].value);
        label_list[i] = &labels[i];
    }
    packed.url = text_or_empty(article->url);
    packed.title = text_or_empty(article->title);
    packed.author = text_or_empty(article->author);
    packed.published = text_or_empty(article->published);
    packed.fetched = text_or_empty(article->fetched);
    packed.language = text_or_empty(article->language);
    packed.content_type = text_or_empty(article->content_type);
    packed.charset = text_or_empty(article->charset);
    packed.trace_id = text_or_empty(article->trace_id);
    packed.content.data = (uint8_t *)(uintptr_t)article->content;
    packed.content.len = article->size;
    packed.labels = label_list;
    packed.n_labels = article->label_count;
    *ret_size = newsloom__v1__article__get_packed_size(&packed);
    uint8_t *bytes = memory_new(*ret_size);
    (void)newsloom__v1__article__pack(&packed, bytes);
    free(label_list);
    free(labels);
    return bytes;
}

static enum status check_size(uint64_t size, uint64_t limit, Newsloom__V1__RefusalCode *ret_code,
                              struct error *err)
{
    *ret_code = NEWSLOOM__V1__REFUSAL_CODE__TOO_LARGE;
    if (size > limit)
        return error_set(err, STATUS_INVALID,
                         "the article takes %llu bytes, the limit is %llu (article.limit)",
                         (unsigned long long)size, (unsigned long long)limit);
    return STATUS_OK;
}

static enum status check_article(const struct newsloom_article *article, uint64_t payload_limit,
                                 Newsloom__V1__RefusalCode *ret_code, struct error *err)
{
    enum status status = identity_check(article->source, article->key, article->url, ret_code, err);
    if (status != STATUS_OK)
        return status;
    *ret_code = NEWSLOOM__V1__REFUSAL_CODE__BAD_CLASS;
    if ((unsigned)article->article_class > NEWSLOOM_CLASS_BACKFILL)
        return error_set(err, STATUS_INVALID, "%d is no class of an article",
                         (int)article->article_class);
    *ret_code = NEWSLOOM__V1__REFUSAL_CODE__EMPTY;
    if (article->size == 0)
        return error_set(err, STATUS_INVALID, "the article is empty");
    /* Refused before it is copied. */
    status = check_size(article->size, payload_limit, ret_code, err);
    if (status != STATUS_OK)
        return status;
    *ret_code = NEWSLOOM__V1__REFUSAL_CODE__INVALID_PAYLOAD;
    return check_texts(article, err);
}

enum status submission_new(struct submission **ret_submission,
                           const struct newsloom_article *article, uint64_t payload_limit,
                           Newsloom__V1__RefusalCode *ret_code, struct error *err)
{
    enum status status = check_article(article, payload_limit, ret_code, err);
    if (status != STATUS_OK)
        return status;
    struct submission *s = memory_new(sizeof(*s));
    s->payload = pack_article(article, &s->size);
    status = check_size(s->size, payload_limit, ret_code, err);
    if (status != STATUS_OK) {
        submission_free(&s);
        return status;
    }
    s->source = text_copy(article->source);
    s->key = is_given(article->key) ? text_copy(article->key) : NULL;
    s->url = s->key ? NULL : text_copy(article->url);
    s->article_class = article->article_class == NEWSLOOM_CLASS_BACKFILL
                           ? NEWSLOOM__V1__CLASS__BACKFILL
                           : NEWSLOOM__V1__CLASS__LIVE;
    s->generation = article->generation;
    s->revision = article->revision;
    digest_content(article->title, article->content, article->size, s->digest);
    *ret_code = NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE;
    *ret_submission = s;
    return STATUS_OK;
}

void submission_free(struct submission **submission_p)
{
    struct submission *s = *submission_p;
    if (!s)
        return;
    free(s->source);
    free(s->key);
    free(s->url);
    free(s->payload);
    free(s);
    *submission_p = NULL;
}

size_t submission_envelope_size(const struct submission *s)
{
    return FIELDS_SIZE + strlen(s->source) + (s->key ? strlen(s->key) : strlen(s->url));
}
