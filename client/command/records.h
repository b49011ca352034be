// SPDX-License-Identifier: Apache-2.0
/*
 * records - articles one after the other in one file: JSON lines, CSV with a header line, or WARC.
 *
 * A record that is wrong is told with its sentence, and the next call goes on after it. Packed
 * files are unpacked. Ownership: owns the descriptor and what items point into, until the next
 * call.
 */
#ifndef CLIENT_COMMAND_RECORDS_H
#define CLIENT_COMMAND_RECORDS_H

#include "client/command/input.h"

enum record_format { RECORDS_LINES, RECORDS_CSV, RECORDS_WARC };

struct records;

struct records *records_open(enum record_format format, int fd,
                             const struct input_defaults *defaults);
void records_close(struct records **records_p); /* NULL-safe */

/* true when records_next() need not wait for a writer; waits at most timeout_ms itself. */
bool records_are_ready(struct records *records, int64_t timeout_ms);

/* Fills item's article and line: of a JSON line its number, of a CSV row the line that it begins
 * on, of a WARC the number of its record. AGAIN: there was nothing to feed in it (a blank line, a
 * record of another kind). INVALID: it is wrong. NOT_FOUND: the end. */
enum status records_next(struct records *records, struct input_item *item,
                         struct error *err) MUST_CHECK;
/* Passes by everything up to and including this place. */
void records_skip(struct records *records, uint64_t line);

uint64_t records_offset(const struct records *records);    /* bytes of the file that were taken */
uint64_t records_passed_by(const struct records *records); /* responses that are no pages */

#endif
