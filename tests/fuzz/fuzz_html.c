// SPDX-License-Identifier: Apache-2.0
/*
 * A page's markup to its text and what it says about itself. Whatever the bytes: a refusal with a
 * sentence, or clean text of no more lines and bytes than the page could hold, and fields on one
 * line; the same again when read again.
 */
#include <string.h>

#include "common/utf8.h"
#include "tests/fuzz/fuzzing.h"
#include "worker/extract/html.h"

enum { BUDGET = 64 << 20 };

static void check_field(const char *field)
{
    ENSURE(field);
    ENSURE(utf8_is_clean(field, strlen(field)));
}

static void check_page(const struct html_page *page, size_t size)
{
    ENSURE(page->size == strlen(page->bytes));
    ENSURE(page->size <= 3 * size + 64);
    ENSURE(utf8_is_clean(page->bytes, page->size));
    ENSURE(!strstr(page->bytes, "\n\n"));
    check_field(page->title);
    check_field(page->author);
    check_field(page->publisher);
    check_field(page->published);
    check_field(page->window_title);
    ENSURE(!strchr(page->author, '\n') && !strchr(page->title, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct article_input input = ARTICLE_INPUT_INIT;
    input.content_type = "text/html";
    input.content = data;
    input.size = size;
    struct arena *arena = arena_new(BUDGET);
    struct html_page page = {0};
    struct html_page again = {0};
    struct error err = {.status = STATUS_OK};
    enum status status = html_read(&input, arena, &page, &err);
    ENSURE(status == STATUS_OK || (status == STATUS_INVALID && *err.text));
    if (status == STATUS_OK && !arena_is_spent(arena)) {
        check_page(&page, size);
        ENSURE(html_read(&input, arena, &again, &err) == STATUS_OK);
        if (!arena_is_spent(arena))
            ENSURE(strcmp(page.bytes, again.bytes) == 0 && strcmp(page.title, again.title) == 0);
    }
    arena_free(&arena);
    return 0;
}
