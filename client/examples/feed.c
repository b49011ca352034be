// SPDX-License-Identifier: Apache-2.0
/*
 * feed - submit one file to a broker and say what became of it.
 *
 *      cc feed.c -o feed $(pkg-config --cflags --libs newsloom)
 *      ./feed tcp://127.0.0.1:5811 example.org https://example.org/1 page.html
 */
#include <newsloom.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE_LIMIT     (2 * 1024 * 1024)
#define RECEIPT_WAIT   1000
#define PATIENCE_TURNS 60

static void on_receipt(void *context, void *tag, const struct newsloom_receipt *receipt)
{
    int *exit_code = context;
    (void)tag;
    if (receipt->code == NEWSLOOM_REFUSED) {
        fprintf(stderr, "refused (%s): %s\n", receipt->refusal, receipt->text);
        *exit_code = EXIT_FAILURE;
        return;
    }
    printf("%s: article %llu, revision %u, %s\n",
           receipt->code == NEWSLOOM_ACCEPTED ? "accepted" : "known already",
           (unsigned long long)receipt->article_id, (unsigned)receipt->revision,
           newsloom_state_name(receipt->state));
}

/* The file's bytes as they are; NULL when it cannot be read or is larger than an article may be. */
static char *read_page(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    char *page = malloc(PAGE_LIMIT);
    *ret_size = file && page ? fread(page, 1, PAGE_LIMIT, file) : 0;
    int whole = file && page && feof(file) && !ferror(file);
    if (file)
        fclose(file);
    if (whole)
        return page;
    free(page);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: feed ENDPOINT SOURCE URL FILE\n");
        return 64;
    }
    struct newsloom_options to = {.endpoints = argv[1]};
    struct newsloom_article article = {
        .source = argv[2], .url = argv[3], .content_type = "text/html"};
    struct newsloom_feeder *feeder = NULL;
    struct newsloom_error err;
    int exit_code = EXIT_SUCCESS;
    char *page = read_page(argv[4], &article.size);
    if (!page) {
        fprintf(stderr, "cannot read %s\n", argv[4]);
        return 66;
    }
    article.content = page;
    if (newsloom_feeder_open(&feeder, &to, on_receipt, &exit_code, &err) != NEWSLOOM_STATUS_OK ||
        newsloom_feeder_submit(feeder, &article, NULL, &err) != NEWSLOOM_STATUS_OK) {
        fprintf(stderr, "%s\n", err.text);
        exit_code = 65;
    }
    /* A broker that is away, or asks to wait, is waited for; the article goes out by itself. */
    for (int turn = 0; exit_code == EXIT_SUCCESS && newsloom_feeder_pending(feeder) > 0; turn++) {
        enum newsloom_status status = newsloom_feeder_run(feeder, RECEIPT_WAIT, &err);
        if (status == NEWSLOOM_STATUS_OK)
            continue;
        if (turn == 0 || turn == PATIENCE_TURNS)
            fprintf(stderr, "%s\n", err.text);
        if (turn == PATIENCE_TURNS || status != NEWSLOOM_STATUS_AGAIN)
            exit_code = 75;
    }
    newsloom_feeder_close(&feeder);
    free(page);
    return exit_code;
}
