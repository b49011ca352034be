// SPDX-License-Identifier: Apache-2.0
/*
 * pages - articles submitted again, made of what their rows keep of the page.
 *
 * They go as BACKFILL, so that they take nothing from what comes in live.
 */
#ifndef RECOVERY_PAGES_H
#define RECOVERY_PAGES_H

#include "recovery/session.h"

/* What pages_submit() reads, as the first columns of a question with binary results; a is the row
 * of newsloom.article. published only where the feeder named it: from the page a worker reads it
 * again. */
#define PAGE_COLUMNS                                                                             \
    "a.url, a.title, a.author,"                                                                  \
    " CASE WHEN a.published_origin = 'FEEDER' THEN a.published ELSE '' END,"                     \
    " coalesce(to_char(a.fetched_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '')," \
    " a.language, a.content_type, a.charset, a.trace_id, a.labels::text, a.content_digest,"      \
    " a.content"
enum { PAGE_COLUMN_COUNT = 12 };

struct pages {
    struct session *session;
    struct newsloom_feeder *feeder;

    uint64_t accepted;
    uint64_t open;    /* duplicates that have no end yet */
    uint64_t ended;   /* duplicates that have one */
    uint64_t refused; /* told */
};

struct page_name {
    const char *source;
    const char *key;
    uint32_t revision;
    uint32_t generation; /* 0: as usual; else extract it again as this one */
};

/* INVALID: endpoints that are none. */
enum status pages_open(struct pages *pages, struct session *session, struct error *err) MUST_CHECK;
void pages_close(struct pages *pages);

/* NOT_FOUND: it can never be submitted, err says why. AGAIN: the broker is away. */
enum status pages_submit(struct pages *pages, const struct page_name *name, const PGresult *result,
                         int at, struct error *err) MUST_CHECK;
/* Every receipt is in. AGAIN: the broker is away; what has no receipt may be submitted again. */
enum status pages_finish(struct pages *pages, struct error *err) MUST_CHECK;

#endif
