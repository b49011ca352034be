// SPDX-License-Identifier: Apache-2.0
/*
 * feed_state - where a feed stopped, in a file: everything up to a place has its receipt (or, with
 * --wait, its end).
 *
 * The file is one JSON object, written whole to a temporary name, synced and renamed, so that it is
 * always the old one or the new one.
 */
#ifndef CLIENT_COMMAND_FEED_STATE_H
#define CLIENT_COMMAND_FEED_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/status.h"

struct feed_state {
    char **inputs; /* as they were named, in their order */
    size_t input_count;
    char *source; /* NULL: each line names its own */
    char *article_class;
    char *fetched; /* NULL: each article says it, or nobody knows */
    char *key_field;
    char *url_field;
    char *file; /* NULL: nothing yet */
    uint64_t line;
    uint64_t fed; /* articles with a receipt or a refusal */
    bool complete;
};

/* NOT_FOUND: no such file; INVALID: it is no such state. */
enum status feed_state_read(struct feed_state *state, const char *path,
                            struct error *err) MUST_CHECK;
enum status feed_state_write(const struct feed_state *state, const char *path,
                             struct error *err) MUST_CHECK;
void feed_state_done(struct feed_state *state);

/* $XDG_STATE_HOME/newsloom/feed.state, the folder made; NULL when there is no home. The caller's to
 * free. */
char *feed_state_default_path(void);

/* The same for any small file. */
enum status file_replace(const char *path, const char *text, struct error *err) MUST_CHECK;

#endif
