// SPDX-License-Identifier: Apache-2.0
/*
 * log - one event a line on stderr.
 *
 * A line is a journald level prefix, a stable id and key=value pairs, or one JSON object. Only
 * main.c, the loops and control.c log; modules return errors. INFO: an operator may care. WARN: the
 * line says what we do next. ERROR: we give something up. Article bodies never appear.
 *
 * Values written with %s that came from outside go through log_quote(). Thread-safe: a line is one
 * write.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/compiler.h"
#include "common/status.h"

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Call once before the first thread starts. The program name stands in JSON lines. */
void log_open(const char *program, enum log_level level, enum log_format format);

/* "error", "warn", "info", "debug"; INVALID with a sentence otherwise. */
enum status log_level_parse(const char *text, enum log_level *ret_level,
                            struct error *err) MUST_CHECK;

/* format gives key=value pairs separated by one space; a value with spaces is quoted "…". */
void log_event(enum log_level level, const char *id, const char *format, ...) PRINTF(3, 4);

#define log_error(id, ...) log_event(LOG_LEVEL_ERROR, id, __VA_ARGS__)
#define log_warn(id, ...)  log_event(LOG_LEVEL_WARN, id, __VA_ARGS__)
#define log_info(id, ...)  log_event(LOG_LEVEL_INFO, id, __VA_ARGS__)
#define log_debug(id, ...) log_event(LOG_LEVEL_DEBUG, id, __VA_ARGS__)

/* text as a quoted value: quotes and backslashes escaped, control characters and bytes that are no
 * UTF-8 replaced, cut between two letters at the buffer's end; returns buffer. */
#define LOG_QUOTE_SIZE 512
const char *log_quote(const char *text, char buffer[LOG_QUOTE_SIZE]);

/* true at most once a second for each gate: for events that a peer can cause at will. */
struct log_gate {
    long long last_second;
    unsigned long long suppressed;
};
int log_gate_open(struct log_gate *gate);

#endif
