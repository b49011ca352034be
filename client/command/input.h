// SPDX-License-Identifier: Apache-2.0
/*
 * input - articles from .txt, .html, .jsonl, .csv, .warc, .rss and .atom files, folders of them,
 * addresses of feeds, and standard input; files may be packed (.gz, .xz, .zst).
 *
 * Folders are walked in the order of their names, so that a run can be taken up again at a place.
 * Standard input ("-") and files of any other name hold JSON lines. An input that is wrong is an
 * item too: with the sentence, the file and the line, and the next call goes on after it.
 *
 * Keys: a record names its own (key or url); a .txt or .html file has its path within the folder
 * that was named, or its file name, without .gz and the like, unless defaults name one.
 *
 * Ownership: an item lives until the next call.
 */
#ifndef CLIENT_COMMAND_INPUT_H
#define CLIENT_COMMAND_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "client/newsloom.h"
#include "common/status.h"

#define INPUT_LABELS_MAX 64
#define INPUT_RSS        "rss:" /* before the address or file of an RSS or Atom feed */

struct input_defaults {
    const char *source;
    const char *fetched; /* of an article that does not say it; NULL: not known */
    const char *key;     /* of a single file */
    const char *url;
    const char *key_field; /* of a JSON line; NULL: "key" */
    const char *url_field;
    enum newsloom_class article_class;
    uint64_t article_limit;
};

struct input_item {
    struct newsloom_article article;
    struct newsloom_label labels[INPUT_LABELS_MAX];
    const char *file;
    uint64_t line;       /* or number of the record (records.h); 0: the whole file */
    const char *refusal; /* the code that the broker would give, when the item is wrong */
};

struct input;

/* NOT_FOUND names what is not there. */
enum status input_open(struct input **ret_input, const char *const *paths, size_t count,
                       const struct input_defaults *defaults, struct error *err) MUST_CHECK;
void input_close(struct input **input_p);

/* Pass by everything up to and including this place of an earlier run; NOT_FOUND when the file is
 * no longer among the inputs. */
enum status input_skip(struct input *input, const char *file, uint64_t line,
                       struct error *err) MUST_CHECK;

/* true when input_next() need not wait for a writer; waits at most timeout_ms itself. */
bool input_is_ready(struct input *input, int64_t timeout_ms);

/* OK: an article. INVALID: a wrong one, go on. NOT_FOUND: the end. */
enum status input_next(struct input *input, const struct input_item **ret_item,
                       struct error *err) MUST_CHECK;

/* Responses of WARC files that are no pages: another status, another type. */
uint64_t input_passed_by(const struct input *input);

/* Bytes read so far, and in all; 0 in all when that is not known. */
void input_progress(const struct input *input, uint64_t *ret_done, uint64_t *ret_total);

#endif
