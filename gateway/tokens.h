// SPDX-License-Identifier: Apache-2.0
/*
 * tokens - who may come in by HTTP: the file of bearer tokens as a table from digest to roles.
 *
 *      # name      roles          SHA-256 of the token, hexadecimal
 *      crawler-1   feeder         9f86d0…
 *      desk        reader,feeder  60303a…
 *
 * One line a token; # at the beginning or after a blank begins a comment. The file holds digests
 * only: who reads it can come in with none of them. A token is made by `openssl rand -hex 32`, its
 * line by `printf %s TOKEN | sha256sum`. What is wrong is one sentence with file and line, and
 * nothing of the file counts; so it is when others than its owner can write to it.
 *
 * Thread-safe: a request that is judged while the file is read again is judged by one or the other.
 */
#ifndef GATEWAY_TOKENS_H
#define GATEWAY_TOKENS_H

#include <stdbool.h>

#include "common/status.h"

enum token_role {
    TOKEN_FEEDER = 1, /* submits articles, and asks what became of them */
    TOKEN_READER = 2, /* reads events, articles, entities, status and figures */
};

struct tokens;

/* An empty path: there are no tokens, and everybody may do everything. */
enum status tokens_open(struct tokens **ret_tokens, const char *path, struct error *err) MUST_CHECK;
void tokens_close(struct tokens **tokens_p);
/* Reads the file again; when it is wrong the old table stands. */
enum status tokens_reload(struct tokens *tokens, struct error *err) MUST_CHECK;

bool tokens_are_asked(const struct tokens *tokens);
size_t tokens_count(struct tokens *tokens);
/* What the value of an Authorization field (NULL: there was none) allows: "Bearer <token>", or
 * "Basic" with the token as password, which browsers can ask for. 0: nothing. */
unsigned tokens_judge(struct tokens *tokens, const char *authorization);

/* The table that these bytes say, for tests: INVALID names path and line. */
enum status tokens_check_bytes(const char *bytes, size_t size, const char *path,
                               struct error *err) MUST_CHECK;

#endif
