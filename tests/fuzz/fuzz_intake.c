// SPDX-License-Identifier: Apache-2.0
/*
 * A file of JSON lines that is to be extracted: each line a sentence about what is wrong with it,
 * or an article whose texts are whole.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/utf8.h"
#include "tests/fuzz/fuzzing.h"
#include "worker/extract/intake.h"

static char path[64];

static void remove_file(void)
{
    (void)unlink(path);
}

static void make_file(void)
{
    (void)snprintf(path, sizeof(path), "%s/newsloom-fuzz-XXXXXX.jsonl",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    int file = mkstemps(path, (int)strlen(".jsonl"));
    ENSURE(file >= 0 && close(file) == 0);
    ENSURE(atexit(remove_file) == 0);
}

static void write_file(const uint8_t *data, size_t size)
{
    int file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    ENSURE(file >= 0 && write(file, data, size) == (ssize_t)size);
    ENSURE(close(file) == 0);
}

static bool is_whole(const char *text)
{
    return utf8_is_clean(text, strlen(text));
}

/* Clean but for U+0000, which a content may hold. */
static bool is_content(const char *bytes, size_t size)
{
    const char *nul = NULL;
    while (size > 0 && (nul = memchr(bytes, '\0', size))) {
        if (!utf8_is_clean(bytes, (size_t)(nul - bytes)))
            return false;
        size -= (size_t)(nul - bytes) + 1;
        bytes = nul + 1;
    }
    return size == 0 || utf8_is_clean(bytes, size);
}

static bool take(void *context, struct intake_article *article)
{
    size_t *lines = context;
    const struct article_input *input = &article->input;
    ENSURE(article->file && is_whole(input->url) && is_whole(input->source) &&
           is_whole(input->title) && is_whole(input->author) && is_whole(input->published) &&
           is_whole(input->fetched) && is_whole(input->language));
    ENSURE(is_content(input->content, input->size));
    (*lines)++;
    intake_article_free(&article);
    return true;
}

static void complain(void *context, const struct error *err)
{
    size_t *lines = context;
    ENSURE(*err->text);
    (*lines)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t lines = 0;
    size_t most = 1;
    const struct intake intake = {.take = take, .complain = complain, .context = &lines};
    if (!*path)
        make_file();
    write_file(data, size);
    for (size_t i = 0; i < size; i++)
        most += data[i] == '\n';
    intake_read(&intake, path);
    ENSURE(lines <= most);
    return 0;
}
