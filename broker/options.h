// SPDX-License-Identifier: Apache-2.0
/*
 * options - the broker's settings table, and its values as the loop reads them.
 *
 * The table is the source of --help-config, the sample file and the manual. Texts are borrowed from
 * the settings, which must outlive the options.
 */
#ifndef BROKER_OPTIONS_H
#define BROKER_OPTIONS_H

#include <stdint.h>

#include "broker/keys.h"
#include "common/settings.h"

struct options {
    const char *listen[SOCKET_COUNT];
    const char *listen_http;
    const char *directory;
    const char *backups; /* empty: in directory */
    uint64_t budget_bytes;
    uint64_t reserve_bytes;
    int64_t key_retention_ms;
    int64_t log_retention_ms;
    uint64_t log_limit_bytes;
    uint64_t article_limit;
    int64_t lease_ms;
    int64_t beat_ms;
    int64_t grace_ms;
    int64_t budget_ms; /* of one extraction */
    int64_t progress_ms;
    unsigned attempt_limit;
    int64_t backoff_first_ms;
    int64_t backoff_limit_ms;
    unsigned backfill_share; /* percent */
    uint64_t queue_limit;    /* articles */
    uint64_t cache_bytes;
    unsigned breaker_failures;
    int64_t breaker_pause_ms;
    unsigned worker_limit;
    unsigned subscriber_limit;
    const char *keys_path; /* empty: no keys */
    const char *key_file;
    bool allow_plaintext;
    struct quotas limits;
    int64_t linger_ms;
};

extern const struct setting options_table[];
extern const size_t options_count;

void options_read(const struct settings *settings, struct options *ret_options);

/* What no single value shows: a reserve above the budget, leases shorter than two beats. */
enum status options_check(const struct settings *settings, struct error *err) MUST_CHECK;

#endif
