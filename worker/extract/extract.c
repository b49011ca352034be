// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/extract.h"

#include <string.h>
#include <strings.h>

#include "worker/extract/dates.h"
#include "worker/extract/decode.h"
#include "worker/extract/document.h"
#include "worker/extract/entities.h"
#include "worker/extract/events.h"
#include "worker/extract/html.h"
#include "worker/extract/language.h"
#include "worker/extract/mentions.h"
#include "worker/extract/published.h"
#include "worker/extract/publisher.h"
#include "worker/extract/roles.h"
#include "worker/extract/sections.h"
#include "worker/extract/sentences.h"
#include "worker/extract/sketch.h"
#include "worker/extract/tokens.h"

/* What a byte of content costs at most before the first budget check: its copy, its code point
 * view and three bytes for each that cannot be read. */
enum { DECODING_COST = 24 };

static bool content_type_is(const char *content_type, const char *name)
{
    size_t size = strlen(name);
    return strncasecmp(content_type, name, size) == 0 &&
           (content_type[size] == 0 || content_type[size] == ';' || content_type[size] == ' ');
}

static enum status read_plain(struct document *document, struct error *err)
{
    const struct article_input *input = document->input;
    struct decoded decoded = {0};
    enum status status =
        decode_bytes(input->content, input->size, input->charset, document->arena, &decoded, err);
    if (status != STATUS_OK)
        return status;
    document->text = text_view(document->arena, decoded.bytes, decoded.size);
    document->title = input->title;
    document->author = input->author;
    return STATUS_OK;
}

static enum status read_page(struct document *document, struct error *err)
{
    const struct article_input *input = document->input;
    struct html_page page = {0};
    enum status status = html_read(input, document->arena, &page, err);
    if (status != STATUS_OK)
        return status;
    document->text = text_view(document->arena, page.bytes, page.size);
    document->title = input->title[0] ? input->title : page.title;
    document->author = input->author[0] ? input->author : page.author;
    document->published = page.published;
    document->publisher = page.publisher;
    document->window_title = page.window_title;
    if (page.is_listing)
        document->page_kind = NEWSLOOM__V1__PAGE_KIND__PAGE_KIND_LISTING;
    return STATUS_OK;
}

static enum status read_content(struct document *document, const struct extract_limits *limits,
                                struct error *err)
{
    const struct article_input *input = document->input;
    if (input->size == 0)
        return error_set(err, STATUS_INVALID, "content: is empty");
    if (limits->memory_bytes && input->size > limits->memory_bytes / DECODING_COST)
        return error_set(err, STATUS_LIMIT,
                         "could not read the content: %zu bytes need more than the memory allowed",
                         input->size);
    enum status status = STATUS_OK;
    if (!input->content_type[0] || content_type_is(input->content_type, "text/plain"))
        status = read_plain(document, err);
    else if (content_type_is(input->content_type, "text/html") ||
             content_type_is(input->content_type, "application/xhtml+xml"))
        status = read_page(document, err);
    else
        return error_set(err, STATUS_INVALID,
                         "content_type: \"%.60s\" is neither text/plain nor text/html",
                         input->content_type);
    if (status != STATUS_OK)
        return status;
    if (limits->text_length && document->text.length > limits->text_length)
        return error_set(err, STATUS_INVALID,
                         "content: its text has %u code points, the limit is %u",
                         document->text.length, limits->text_length);
    return STATUS_OK;
}

/* Between two steps: may we go on? */
static enum status check_limits(const struct document *document,
                                const struct extract_limits *limits, struct error *err)
{
    if (limits->should_stop && limits->should_stop(limits->stop_context))
        return error_set(err, STATUS_AGAIN, "could not finish the extraction: told to stop");
    if (arena_is_spent(document->arena) ||
        (limits->memory_bytes && arena_used(document->arena) > limits->memory_bytes))
        return error_set(err, STATUS_LIMIT,
                         "could not finish the extraction: it needs more than %zu bytes of memory",
                         limits->memory_bytes);
    return STATUS_OK;
}

static void step_sections(struct document *document, const struct knowledge *knowledge)
{
    (void)knowledge;
    sections_find(document);
}

static void step_sentences(struct document *document, const struct knowledge *knowledge)
{
    (void)knowledge;
    sentences_find(document);
}

static void step_tokens(struct document *document, const struct knowledge *knowledge)
{
    (void)knowledge;
    tokens_find(document);
    language_find(document);
    sketch_find(document);
    bool has_words = document->token_count > 0; /* a listing has none, its language is not known */
    if (has_words && strcmp(document->language, "vi") != 0)
        document->page_kind = NEWSLOOM__V1__PAGE_KIND__PAGE_KIND_OTHER;
}

static void step_dates(struct document *document, const struct knowledge *knowledge)
{
    (void)knowledge;
    dates_find(document);
}

/* Order the mentions, and drop the dates inside longer names ("Tuyên bố … đến năm 2025"). */
static void step_order(struct document *document, const struct knowledge *knowledge)
{
    (void)knowledge;
    document_sort_mentions(document);
    uint32_t kept = 0;
    uint32_t name_end = 0;
    for (uint32_t i = 0; i < document->mention_count; i++) {
        const struct mention *mention = &document->mentions[i];
        bool is_date = mention->type == NEWSLOOM__V1__ENTITY_TYPE__DATE;
        if (is_date && mention->span.end <= name_end)
            continue;
        if (!is_date && mention->span.end > name_end)
            name_end = mention->span.end;
        document->mentions[kept++] = *mention;
    }
    document->mention_count = kept;
}

static void step_publisher(struct document *document, const struct knowledge *knowledge)
{
    (void)knowledge;
    publisher_find(document);
}

typedef void (*extract_step)(struct document *document, const struct knowledge *knowledge);

static const extract_step reading_steps[] = {step_sections, step_sentences, step_tokens};
static const extract_step finding_steps[] = {
    step_dates, mentions_find, step_order, step_publisher, entities_join, roles_find, events_find};

static enum status run_steps(struct document *document, const struct knowledge *knowledge,
                             const struct extract_limits *limits, bool is_finding,
                             struct error *err)
{
    const extract_step *steps = is_finding ? finding_steps : reading_steps;
    size_t count = is_finding ? COUNT_OF(finding_steps) : COUNT_OF(reading_steps);
    for (size_t i = 0; i < count; i++) {
        enum status status = check_limits(document, limits, err);
        if (status != STATUS_OK)
            return status;
        steps[i](document, knowledge);
    }
    return check_limits(document, limits, err);
}

enum status extract_document(const struct knowledge *knowledge, const struct article_input *input,
                             const struct extract_limits *limits, struct arena *arena,
                             struct document *ret_document, struct error *err)
{
    struct document document = {.arena = arena,
                                .input = input,
                                .title = "",
                                .author = "",
                                .published = "",
                                .publisher = "",
                                .explain = limits->explain,
                                .window_title = "",
                                .language = "und"};
    enum status status = read_content(&document, limits, err);
    if (status != STATUS_OK)
        return status;
    status = run_steps(&document, knowledge, limits, false, err);
    if (status != STATUS_OK)
        return status;
    status = published_find(&document, err);
    if (status != STATUS_OK)
        return status;
    bool has_prose = document.page_kind == NEWSLOOM__V1__PAGE_KIND__PAGE_KIND_ARTICLE;
    if (has_prose)
        status = run_steps(&document, knowledge, limits, true, err);
    if (status != STATUS_OK)
        return status;
    *ret_document = document;
    return STATUS_OK;
}
