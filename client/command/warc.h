// SPDX-License-Identifier: Apache-2.0
/*
 * warc - the pages in a WARC file (ISO 28500, versions 1.0 and 1.1), record by record.
 *
 * A page is the body of a response record with status 200 and a type of HTML. What it was packed
 * in is undone: chunks, gzip and deflate. Everything is bounded: heads to 64 KiB, pages to a limit;
 * what is damaged ends the file, for nothing says where the next record begins.
 *
 * Ownership: owns the descriptor; a page lives until the next call.
 */
#ifndef CLIENT_COMMAND_WARC_H
#define CLIENT_COMMAND_WARC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/status.h"

struct warc_page {
    uint64_t record; /* its number in the file, from one */
    const char *url;
    const char *date;    /* of the fetch, as the record has it; may be empty */
    const char *charset; /* as HTTP said; may be empty */
    const char *body;
    size_t size;
};

struct warc;

struct warc *warc_open(int fd, size_t limit);
void warc_close(struct warc **warc_p); /* NULL-safe */
bool warc_is_ready(const struct warc *warc, int64_t timeout_ms);

/* AGAIN: the record is no page. INVALID: it is a page that cannot be had, or the file is damaged,
 * and the next call gives the end. NOT_FOUND: the end. */
enum status warc_next(struct warc *warc, struct warc_page *ret_page, struct error *err) MUST_CHECK;

uint64_t warc_record(const struct warc *warc);    /* number of the record that was read last */
uint64_t warc_offset(const struct warc *warc);    /* bytes of the file that were taken */
uint64_t warc_passed_by(const struct warc *warc); /* responses that are no pages */

#endif
