// SPDX-License-Identifier: Apache-2.0
/*
 * packed_extractions MODEL FILE… - the extractions of the articles in these files (intake.h) as
 * they would be stored, one behind the other, each behind a line with its size.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "worker/extract/extract.h"
#include "worker/extract/intake.h"
#include "worker/extract/knowledge.h"

static bool print_packed(void *context, struct intake_article *article)
{
    const struct knowledge *knowledge = context;
    const struct extract_limits limits = {.memory_bytes = (size_t)256 << 20};
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = {0};
    struct error err;
    if (extract_document(knowledge, &article->input, &limits, arena, &document, &err) ==
        STATUS_OK) {
        Newsloom__V1__Extraction *extraction = document_extraction(&document, knowledge);
        size_t size = newsloom__v1__extraction__get_packed_size(extraction);
        void *bytes = arena_take(arena, 1, size);
        (void)newsloom__v1__extraction__pack(extraction, bytes);
        (void)printf("%s %zu\n", article->file, size);
        (void)fwrite(bytes, 1, size, stdout);
    } else {
        (void)printf("%s: %s\n", article->file, err.text);
    }
    intake_article_free(&article);
    return true;
}

static void complain(void *context, const struct error *err)
{
    (void)context;
    (void)fprintf(stderr, "packed_extractions: %s\n", err->text);
    exit(EX_NOINPUT); // NOLINT(concurrency-mt-unsafe): one thread
}

int main(int argc, char **argv)
{
    struct knowledge *knowledge = NULL;
    struct error err;
    if (argc < 3)
        return EX_USAGE;
    if (knowledge_open(argv[1], &knowledge, &err) != STATUS_OK) {
        (void)fprintf(stderr, "packed_extractions: %s\n", err.text);
        return status_exit_code(err.status);
    }
    const struct intake intake = {.take = print_packed, .complain = complain, .context = knowledge};
    for (int i = 2; i < argc; i++)
        intake_read(&intake, argv[i]);
    knowledge_close(&knowledge);
    return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}
