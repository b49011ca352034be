// SPDX-License-Identifier: Apache-2.0
/*
 * counters - one documented table a program, read as Prometheus text.
 *
 * A counter only grows; a gauge is set. Help says what to do when the figure is out of line. A
 * label set, where a metric has several rows, is part of the row: {"newsloom_backlog_seconds",
 * "class=\"live\"", …}. Adding and reading are atomic and may happen from any thread.
 */
#ifndef COMMON_COUNTERS_H
#define COMMON_COUNTERS_H

#include <stdint.h>
#include <stdio.h>

enum counter_kind {
    COUNTER_TOTAL,
    COUNTER_GAUGE,         /* an unsigned integer */
    COUNTER_GAUGE_SECONDS, /* kept in milliseconds, printed in seconds */
    COUNTER_TOTAL_SECONDS, /* kept in microseconds, printed in seconds */
};

struct counter {
    const char *name;
    const char *labels; /* or NULL */
    enum counter_kind kind;
    const char *help;
};

struct counters;

/* table is borrowed and must outlive the counters; rows are addressed by their index. */
struct counters *counters_new(const struct counter *table, size_t count);
void counters_free(struct counters **counters_p);

void counters_add(struct counters *counters, size_t row, uint64_t amount);
void counters_set(struct counters *counters, size_t row, uint64_t value);
uint64_t counters_get(const struct counters *counters, size_t row);
size_t counters_count(const struct counters *counters);
const struct counter *counters_row(const struct counters *counters, size_t row);

/* Prometheus text exposition format 0.0.4: HELP and TYPE once a metric. */
void counters_print(const struct counters *counters, FILE *out);
/* The table as Markdown rows, for docs/operations.md. */
void counters_print_table(const struct counters *counters, FILE *out);

#endif
