// SPDX-License-Identifier: Apache-2.0
/*
 * The dates of a text, alone, and the moments that feeders and pages give. Every date is a span of
 * the text and ISO 8601 of days that the calendar knows, or "?"; what is read of a moment is one.
 */
#include <string.h>

#include "tests/fuzz/fuzzing.h"
#include "worker/extract/dates.h"
#include "worker/extract/decode.h"
#include "worker/extract/document.h"
#include "worker/extract/sections.h"
#include "worker/extract/sentences.h"
#include "worker/extract/tokens.h"

enum { BUDGET = 16 << 20, MOMENT_ROOM = 40 };

static void check_day(const char *text)
{
    struct moment moment = MOMENT_NONE;
    if (text && *text)
        ENSURE(moment_parse(text, &moment) && moment.day > 0);
}

static void check_date(const struct document *document, const struct mention *mention)
{
    ENSURE(mention->span.start < mention->span.end);
    ENSURE(mention->span.end <= document->text.length);
    ENSURE(mention->value && *mention->value);
    ENSURE(strspn(mention->value, "0123456789-:T/?") == strlen(mention->value));
    check_day(mention->date_from);
    check_day(mention->date_to);
    if (mention->date_from && *mention->date_from && mention->date_to && *mention->date_to)
        ENSURE(strlen(mention->date_from) == strlen(mention->date_to));
}

static void check_moment(const uint8_t *data, size_t size)
{
    char text[MOMENT_ROOM] = "";
    struct moment moment = MOMENT_NONE;
    size_t length = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
    if (length)
        memcpy(text, data, length);
    if (moment_parse(text, &moment) || moment_parse_local(text, &moment)) {
        ENSURE(moment.month <= 12 && moment.day <= 31);
        struct moment again = moment_of_day(moment_first_day(moment));
        ENSURE(moment.day == 0 || (again.month == moment.month && again.day == moment.day));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(BUDGET);
    struct article_input input = ARTICLE_INPUT_INIT;
    struct decoded decoded = {0};
    struct error err = {.status = STATUS_OK};
    input.content = data;
    input.size = size;
    check_moment(data, size);
    if (decode_bytes(data, size, "utf-8", arena, &decoded, &err) == STATUS_OK) {
        struct document document = {.arena = arena,
                                    .input = arena_copy(arena, &input, sizeof(input)),
                                    .title = "",
                                    .author = "",
                                    .published = size % 2 ? "2024-02-29" : "",
                                    .language = "vi"};
        document.text = text_view(arena, decoded.bytes, decoded.size);
        sections_find(&document);
        sentences_find(&document);
        tokens_find(&document);
        dates_find(&document);
        for (uint32_t i = 0; i < document.mention_count; i++)
            check_date(&document, &document.mentions[i]);
    }
    arena_free(&arena);
    return 0;
}
