// SPDX-License-Identifier: Apache-2.0
/*
 * options - the gateway's settings table, and its values as the requests read them.
 *
 * The table is the source of --help-config, the sample file and the manual. Texts are borrowed from
 * the settings, which must outlive the options.
 */
#ifndef GATEWAY_OPTIONS_H
#define GATEWAY_OPTIONS_H

#include <stdint.h>

#include "client/newsloom.h"
#include "common/settings.h"

struct options {
    const char *listen;
    const char *tokens_path; /* empty: no tokens */
    struct newsloom_options feed;
    struct newsloom_options subscribe;
    struct newsloom_options operate;
    const char *database_url; /* empty: none */
    int64_t receipt_ms;       /* the longest that a request waits for receipts */
    int64_t header_ms;
    int64_t body_ms;
    int64_t heartbeat_ms;
    int64_t linger_ms;
    unsigned connection_limit;
    unsigned stream_limit;
    unsigned submission_limit;
    unsigned question_limit;
    uint64_t body_limit;
    uint64_t memory_limit;
};

extern const struct setting gateway_options_table[];
extern const size_t gateway_options_count;

void gateway_options_read(const struct settings *settings, struct options *ret_options);

/* What no single value shows: an address beyond loopback without tokens, a key without the other.
 */
enum status gateway_options_check(const struct settings *settings, struct error *err) MUST_CHECK;

#endif
