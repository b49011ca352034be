// SPDX-License-Identifier: Apache-2.0
/*
 * options - the worker's settings, one table, and what they mean as numbers.
 */
#ifndef WORKER_OPTIONS_H
#define WORKER_OPTIONS_H

#include "common/curve.h"
#include "common/settings.h"

extern const struct setting worker_options_table[];
extern const size_t worker_options_count;

struct options {
    const char *broker_endpoints;   /* comma-separated */
    struct curve_identity identity; /* by worker_identity() */
    const char *database_url;
    int64_t database_timeout_ms;
    const char *worker_name; /* never empty */
    unsigned slots;
    unsigned extract_threads;
    const char *extract_model; /* "": the one beside the program */
    int64_t extract_budget_ms;
    size_t extract_memory_bytes;
    size_t batch_articles;
    int64_t batch_delay_ms;
    const char *listen_http;
};

/* Texts are borrowed from settings; name_buffer holds a default name. */
#define OPTIONS_NAME_SIZE 65
struct options worker_options_read(const struct settings *settings,
                                   char name_buffer[OPTIONS_NAME_SIZE]);

/* The keys, of which the options keep none until somebody puts them there. */
enum status worker_identity(const struct settings *settings, struct curve_identity *ret_identity,
                            struct error *err) MUST_CHECK;

/* What no single value shows: a name or endpoint that is none. */
enum status worker_options_check(const struct settings *settings, struct error *err) MUST_CHECK;

#endif
