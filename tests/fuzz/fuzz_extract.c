// SPDX-License-Identifier: Apache-2.0
/*
 * The whole chain from bytes to facts. A first byte below 16 chooses content type and charset;
 * otherwise the whole input is the content, HTML when it begins with "<". What comes out keeps to
 * the contract: every span within the text and in order, and a message that unpacks again.
 */
#include <string.h>

#include "proto/envelope.h"
#include "tests/fuzz/fuzzing.h"
#include "worker/extract/extract.h"
#include "worker/extract/knowledge.h"

enum { BUDGET = 64 << 20 };

static const struct {
    const char *content_type;
    const char *charset;
} forms[16] = {
    {"text/plain", "utf-8"},  {"text/html", ""},
    {"text/html", "utf-8"},   {"text/html", "utf-16"},
    {"text/html", "x-none"},  {"text/plain", "windows-1258"},
    {"text/plain", "utf-16"}, {"text/html", "windows-1258"},
};

static struct article_input input_from(const uint8_t *data, size_t size)
{
    struct article_input input = ARTICLE_INPUT_INIT;
    input.url = "https://example.vn/tin-tuc/bai-1.html";
    input.source = "example.vn";
    input.published = "2024-03-01T08:00:00+07:00";
    input.content_type = size && *data == '<' ? "text/html" : "";
    input.content = data;
    input.size = size;
    if (size && *data < COUNT_OF(forms)) {
        input.content_type = forms[*data].content_type ? forms[*data].content_type : "";
        input.charset = forms[*data].charset ? forms[*data].charset : "";
        input.content = data + 1;
        input.size = size - 1;
    }
    return input;
}

static void check_span(const struct document *document, struct span span)
{
    ENSURE(span.start <= span.end);
    ENSURE(span.end <= document->text.length);
}

static void check_document(const struct document *document)
{
    for (uint32_t i = 0; i < document->section_count; i++)
        check_span(document, document->sections[i].span);
    for (uint32_t i = 0; i < document->sentence_count; i++) {
        check_span(document, document->sentences[i].span);
        ENSURE(document->sentences[i].section < document->section_count);
    }
    for (uint32_t i = 0; i < document->mention_count; i++) {
        const struct mention *mention = &document->mentions[i];
        check_span(document, mention->span);
        ENSURE(mention->span.start < mention->span.end);
        ENSURE(mention->section < document->section_count);
        ENSURE(mention->sentence < document->sentence_count);
        ENSURE(mention->entity <= document->entity_count);
        ENSURE(i == 0 || document->mentions[i - 1].span.start <= mention->span.start);
    }
    for (uint32_t i = 0; i < document->event_count; i++) {
        const struct event *event = &document->events[i];
        check_span(document, event->trigger);
        for (uint32_t j = 0; j < event->argument_count; j++) {
            check_span(document, event->arguments[j].span);
            ENSURE(event->arguments[j].mention <= document->mention_count);
        }
    }
}

static void check_message(const struct document *document, const struct knowledge *knowledge,
                          struct arena *arena)
{
    Newsloom__V1__Extraction *extraction = document_extraction(document, knowledge);
    struct arena *copies = arena_new(0);
    size_t size = 0;
    const void *bytes = message_pack(&extraction->base, arena, &size);
    ProtobufCMessage *again = NULL;
    struct error err;
    ENSURE(message_unpack(&newsloom__v1__extraction__descriptor, bytes, size, copies, &again,
                          &err) == STATUS_OK);
    arena_free(&copies);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct knowledge *knowledge;
    if (!knowledge)
        ENSURE(knowledge_open(NULL, &knowledge, NULL) == STATUS_OK);
    struct article_input input = input_from(data, size);
    struct extract_limits limits = {.memory_bytes = BUDGET, .text_length = 1 << 20};
    struct arena *arena = arena_new(BUDGET);
    struct document document;
    memset(&document, 0, sizeof(document));
    struct error err = {.status = STATUS_OK};
    enum status status = extract_document(knowledge, &input, &limits, arena, &document, &err);
    ENSURE(status == STATUS_OK ||
           ((status == STATUS_INVALID || status == STATUS_LIMIT) && *err.text));
    if (status == STATUS_OK) {
        check_document(&document);
        check_message(&document, knowledge, arena);
    }
    arena_free(&arena);
    return 0;
}
