// SPDX-License-Identifier: Apache-2.0
#include "common/counters.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/status.h"

struct counters {
    const struct counter *table;
    size_t count;
    _Atomic uint64_t values[];
};

struct counters *counters_new(const struct counter *table, size_t count)
{
    struct counters *counters = memory_new(sizeof(*counters) + count * sizeof(uint64_t));
    counters->table = table;
    counters->count = count;
    for (size_t i = 0; i < count; i++)
        atomic_init(&counters->values[i], 0);
    return counters;
}

void counters_free(struct counters **counters_p)
{
    free(*counters_p);
    *counters_p = NULL;
}

void counters_add(struct counters *counters, size_t row, uint64_t amount)
{
    ENSURE(row < counters->count);
    atomic_fetch_add_explicit(&counters->values[row], amount, memory_order_relaxed);
}

void counters_set(struct counters *counters, size_t row, uint64_t value)
{
    ENSURE(row < counters->count);
    atomic_store_explicit(&counters->values[row], value, memory_order_relaxed);
}

uint64_t counters_get(const struct counters *counters, size_t row)
{
    ENSURE(row < counters->count);
    return atomic_load_explicit(&counters->values[row], memory_order_relaxed);
}

size_t counters_count(const struct counters *counters)
{
    return counters->count;
}

const struct counter *counters_row(const struct counters *counters, size_t row)
{
    ENSURE(row < counters->count);
    return &counters->table[row];
}

static bool is_total(const struct counter *row)
{
    return row->kind == COUNTER_TOTAL || row->kind == COUNTER_TOTAL_SECONDS;
}

/* Rows of one metric need not stand together in the table; in the output they must. */
static bool seen_before(const struct counters *counters, size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (strcmp(counters->table[i].name, counters->table[row].name) == 0)
            return true;
    return false;
}

static void print_row(const struct counters *counters, size_t index, FILE *out)
{
    const struct counter *row = &counters->table[index];
    uint64_t value = counters_get(counters, index);
    (void)fputs(row->name, out);
    if (row->labels)
        (void)fprintf(out, "{%s}", row->labels);
    switch (row->kind) {
    case COUNTER_TOTAL:
    case COUNTER_GAUGE:
        (void)fprintf(out, " %" PRIu64 "\n", value);
        return;
    case COUNTER_GAUGE_SECONDS:
        (void)fprintf(out, " %" PRIu64 ".%03" PRIu64 "\n", value / 1000, value % 1000);
        return;
    case COUNTER_TOTAL_SECONDS:
        (void)fprintf(out, " %" PRIu64 ".%06" PRIu64 "\n", value / 1000000, value % 1000000);
        return;
    }
}

void counters_print(const struct counters *counters, FILE *out)
{
    for (size_t i = 0; i < counters->count; i++) {
        const struct counter *row = &counters->table[i];
        if (seen_before(counters, i))
            continue;
        (void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                      is_total(row) ? "counter" : "gauge");
        for (size_t j = i; j < counters->count; j++)
            if (strcmp(counters->table[j].name, row->name) == 0)
                print_row(counters, j, out);
    }
}

void counters_print_table(const struct counters *counters, FILE *out)
{
    (void)fputs("| metric | labels | kind | what it says and what to do |\n"
                "| --- | --- | --- | --- |\n",
                out);
    for (size_t i = 0; i < counters->count; i++) {
        const struct counter *row = &counters->table[i];
        (void)fprintf(out, "| `%s` | %s%s%s | %s | %s |\n", row->name, row->labels ? "`" : "",
                      row->labels ? row->labels : "", row->labels ? "`" : "",
                      is_total(row) ? "counter" : "gauge", row->help);
    }
}
