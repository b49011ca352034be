// SPDX-License-Identifier: Apache-2.0
/*
 * tallies - the broker's counters: which there are, and what each means.
 */
#ifndef BROKER_TALLIES_H
#define BROKER_TALLIES_H

#include "common/counters.h"

/* X(row, metric, labels, kind, help); rows of one metric stand together and share its help. */
#define TALLIES(X)                                                                                 \
    X(SUBMITTED, "newsloom_articles_submitted_total", NULL, TOTAL,                                 \
      "Articles that feeders submitted, whatever the receipt.")                                    \
    X(ACCEPTED, "newsloom_receipts_total", "code=\"accepted\"", TOTAL, TALLIED_RECEIPTS)           \
    X(DUPLICATE, "newsloom_receipts_total", "code=\"duplicate\"", TOTAL, TALLIED_RECEIPTS)         \
    X(RETRY_LATER, "newsloom_receipts_total", "code=\"retry_later\"", TOTAL, TALLIED_RECEIPTS)     \
    X(REFUSED, "newsloom_receipts_total", "code=\"refused\"", TOTAL, TALLIED_RECEIPTS)             \
    X(REFUSED_BAD_ENVELOPE, "newsloom_refusals_total", "code=\"BAD_ENVELOPE\"", TOTAL,             \
      TALLIED_REFUSALS)                                                                            \
    X(REFUSED_PROTOCOL, "newsloom_refusals_total", "code=\"UNSUPPORTED_PROTOCOL\"", TOTAL,         \
      TALLIED_REFUSALS)                                                                            \
    X(REFUSED_UNEXPECTED, "newsloom_refusals_total", "code=\"UNEXPECTED_MESSAGE\"", TOTAL,         \
      TALLIED_REFUSALS)                                                                            \
    X(REFUSED_FRAMES, "newsloom_refusals_total", "code=\"FRAME_COUNT\"", TOTAL, TALLIED_REFUSALS)  \
    X(REFUSED_LARGE, "newsloom_refusals_total", "code=\"TOO_LARGE\"", TOTAL, TALLIED_REFUSALS)     \
    X(REFUSED_EMPTY, "newsloom_refusals_total", "code=\"EMPTY\"", TOTAL, TALLIED_REFUSALS)         \
    X(REFUSED_OTHER, "newsloom_refusals_total", "code=\"other\"", TOTAL, TALLIED_REFUSALS)         \
    X(REFUSED_NOT_ALLOWED, "newsloom_refusals_total", "code=\"NOT_ALLOWED\"", TOTAL,               \
      TALLIED_REFUSALS)                                                                            \
    X(REFUSED_LIMITED, "newsloom_refusals_total", "code=\"LIMITED\"", TOTAL, TALLIED_REFUSALS)     \
    X(DROPPED_LIMITED, "newsloom_messages_dropped_total", NULL, TOTAL,                             \
      "Messages beyond limit.messages or limit.bytes whose sender had just been told so.")         \
    X(LET_IN, "newsloom_handshakes_total", "verdict=\"let_in\"", TOTAL, TALLIED_HANDSHAKES)        \
    X(TURNED_UNKNOWN, "newsloom_handshakes_total", "verdict=\"unknown\"", TOTAL,                   \
      TALLIED_HANDSHAKES)                                                                          \
    X(TURNED_REVOKED, "newsloom_handshakes_total", "verdict=\"revoked\"", TOTAL,                   \
      TALLIED_HANDSHAKES)                                                                          \
    X(TURNED_ROLE, "newsloom_handshakes_total", "verdict=\"role\"", TOTAL, TALLIED_HANDSHAKES)     \
    X(TURNED_BROKEN, "newsloom_handshakes_total", "verdict=\"failed\"", TOTAL, TALLIED_HANDSHAKES) \
    X(CUT, "newsloom_connections_cut_total", NULL, TOTAL,                                          \
      "Connections ended by the broker: too many, too fast, or a revoked key; see the log.")       \
    X(STORED, "newsloom_articles_ended_total", "end=\"stored\"", TOTAL, TALLIED_ENDS)              \
    X(DEAD, "newsloom_articles_ended_total", "end=\"dead\"", TOTAL, TALLIED_ENDS)                  \
    X(WITHDRAWN, "newsloom_articles_ended_total", "end=\"withdrawn\"", TOTAL, TALLIED_ENDS)        \
    X(FORGOTTEN, "newsloom_articles_ended_total", "end=\"forgotten\"", TOTAL, TALLIED_ENDS)        \
    X(DISPATCHED, "newsloom_articles_dispatched_total", NULL, TOTAL,                               \
      "Leases given to workers; far above the ends: articles come back, see the log.")             \
    X(COLD, "newsloom_bodies_read_total", NULL, TOTAL,                                             \
      "Articles read back from disk before dispatch; grows with a backlog.")                       \
    X(DONE_AGAIN, "newsloom_done_again_total", NULL, TOTAL,                                        \
      "Results of articles that had ended already; they got the same sequence.")                   \
    X(DONE_UNKNOWN, "newsloom_done_unknown_total", NULL, TOTAL,                                    \
      "Results of articles that this store does not know: a worker of another broker?")            \
    X(FAILED, "newsloom_attempts_failed_total", NULL, TOTAL,                                       \
      "Attempts that workers reported failed.")                                                    \
    X(FAILED_STALE, "newsloom_failed_stale_total", NULL, TOTAL,                                    \
      "Failures reported under a lease that was not current; ignored.")                            \
    X(RELEASED, "newsloom_leases_released_total", NULL, TOTAL,                                     \
      "Leases that workers gave back free of charge.")                                             \
    X(HEALED, "newsloom_leases_healed_total", NULL, TOTAL,                                         \
      "Dispatches that never arrived and were taken back after two beats.")                        \
    X(ADOPTED, "newsloom_leases_adopted_total", NULL, TOTAL,                                       \
      "Leases that workers still held when the broker came back.")                                 \
    X(EXPIRED, "newsloom_leases_expired_total", NULL, TOTAL,                                       \
      "Leases of workers that fell silent or were replaced; look at those workers.")               \
    X(HELLO_FIRST, "newsloom_hello_first_total", NULL, TOTAL,                                      \
      "Messages of sessions that the broker did not know; some at every restart.")                 \
    X(BREAKER, "newsloom_breaker_opened_total", NULL, TOTAL,                                       \
      "Times a worker was paused because nothing but failures came from it.")                      \
    X(JOINED_IN, "newsloom_messages_joined_total", "way=\"in\"", TOTAL, TALLIED_JOINED)            \
    X(JOINED_OUT, "newsloom_messages_joined_total", "way=\"out\"", TOTAL, TALLIED_JOINED)          \
    X(SEND_BLOCKED, "newsloom_sends_refused_total", NULL, TOTAL,                                   \
      "Messages dropped because their receiver had gone or did not read; all of them heal.")       \
    X(BATCHES, "newsloom_batches_sent_total", NULL, TOTAL, "Batches sent to subscribers.")         \
    X(GAPS, "newsloom_gaps_sent_total", NULL, TOTAL,                                               \
      "Subscribers told that their cursor is of another log or no longer retained.")               \
    X(TURNS, "newsloom_turns_total", NULL, TOTAL, "Turns of the loop.")                            \
    X(COMMITS, "newsloom_commits_total", NULL, TOTAL, "Turns that changed the store.")             \
    X(STORE_FULL, "newsloom_store_full_total", NULL, TOTAL,                                        \
      "Turns whose articles found no room: raise store.budget or add workers.")                    \
    X(TIME_TAKE, "newsloom_turn_seconds_total", "step=\"take\"", TOTAL_SECONDS, TALLIED_TIME)      \
    X(TIME_HEAR, "newsloom_turn_seconds_total", "step=\"hear\"", TOTAL_SECONDS, TALLIED_TIME)      \
    X(TIME_RECLAIM, "newsloom_turn_seconds_total", "step=\"reclaim\"", TOTAL_SECONDS,              \
      TALLIED_TIME)                                                                                \
    X(TIME_COMMIT, "newsloom_turn_seconds_total", "step=\"commit\"", TOTAL_SECONDS, TALLIED_TIME)  \
    X(TIME_ANSWER, "newsloom_turn_seconds_total", "step=\"answer\"", TOTAL_SECONDS, TALLIED_TIME)  \
    X(TIME_LOAD, "newsloom_turn_seconds_total", "step=\"load\"", TOTAL_SECONDS, TALLIED_TIME)      \
    X(TIME_DISPATCH, "newsloom_turn_seconds_total", "step=\"dispatch\"", TOTAL_SECONDS,            \
      TALLIED_TIME)                                                                                \
    X(TIME_SERVE, "newsloom_turn_seconds_total", "step=\"serve\"", TOTAL_SECONDS, TALLIED_TIME)    \
    X(QUEUED_LIVE, "newsloom_queued", "class=\"live\"", GAUGE, TALLIED_QUEUED)                     \
    X(QUEUED_BACKFILL, "newsloom_queued", "class=\"backfill\"", GAUGE, TALLIED_QUEUED)             \
    X(UNLOADED, "newsloom_unloaded", NULL, GAUGE,                                                  \
      "Open articles that are not in the queue yet: the broker has just started.")                 \
    X(WAITING_LIVE, "newsloom_waiting", "class=\"live\"", GAUGE, TALLIED_WAITING)                  \
    X(WAITING_BACKFILL, "newsloom_waiting", "class=\"backfill\"", GAUGE, TALLIED_WAITING)          \
    X(LEASED, "newsloom_leased", NULL, GAUGE, "Articles that workers hold.")                       \
    X(DEAD_LETTERS, "newsloom_dead_letters", NULL, GAUGE,                                          \
      "Dead letters kept: see `newsloom dead list`.")                                              \
    X(BACKLOG_LIVE, "newsloom_backlog_seconds", "class=\"live\"", GAUGE_SECONDS, TALLIED_BACKLOG)  \
    X(BACKLOG_BACKFILL, "newsloom_backlog_seconds", "class=\"backfill\"", GAUGE_SECONDS,           \
      TALLIED_BACKLOG)                                                                             \
    X(OLDEST_LIVE, "newsloom_oldest_queued_seconds", "class=\"live\"", GAUGE_SECONDS,              \
      TALLIED_OLDEST)                                                                              \
    X(OLDEST_BACKFILL, "newsloom_oldest_queued_seconds", "class=\"backfill\"", GAUGE_SECONDS,      \
      TALLIED_OLDEST)                                                                              \
    X(WORKERS, "newsloom_workers", "state=\"all\"", GAUGE, TALLIED_WORKERS)                        \
    X(WORKERS_BLOCKED, "newsloom_workers", "state=\"blocked\"", GAUGE, TALLIED_WORKERS)            \
    X(WORKERS_PAUSED, "newsloom_workers", "state=\"paused\"", GAUGE, TALLIED_WORKERS)              \
    X(SLOTS_TOTAL, "newsloom_slots", "state=\"total\"", GAUGE, TALLIED_SLOTS)                      \
    X(SLOTS_BUSY, "newsloom_slots", "state=\"busy\"", GAUGE, TALLIED_SLOTS)                        \
    X(SLOTS_BLOCKED, "newsloom_slots", "state=\"blocked\"", GAUGE, TALLIED_SLOTS)                  \
    X(SUBSCRIBERS, "newsloom_subscribers", NULL, GAUGE, "Subscriptions.")                          \
    X(LAG, "newsloom_subscriber_lag_entries", NULL, GAUGE,                                         \
      "Entries that the slowest connected subscription has not acknowledged.")                     \
    X(LAST_SEQUENCE, "newsloom_log_last_sequence", NULL, GAUGE, "Newest sequence of the log.")     \
    X(FIRST_SEQUENCE, "newsloom_log_first_sequence", NULL, GAUGE,                                  \
      "Oldest sequence that can be replayed.")                                                     \
    X(CONNECTIONS_FEED, "newsloom_connections", "socket=\"feed\"", GAUGE, TALLIED_CONNECTIONS)     \
    X(CONNECTIONS_WORK, "newsloom_connections", "socket=\"work\"", GAUGE, TALLIED_CONNECTIONS)     \
    X(CONNECTIONS_SUBSCRIBE, "newsloom_connections", "socket=\"subscribe\"", GAUGE,                \
      TALLIED_CONNECTIONS)                                                                         \
    X(CONNECTIONS_LIVE, "newsloom_connections", "socket=\"live\"", GAUGE, TALLIED_CONNECTIONS)     \
    X(CONNECTIONS_OPERATOR, "newsloom_connections", "socket=\"operator\"", GAUGE,                  \
      TALLIED_CONNECTIONS)                                                                         \
    X(KEYS, "newsloom_keys", NULL, GAUGE, "Keys that may come in; 0 without security.keys.")       \
    X(STORE_USED, "newsloom_store_used_bytes", NULL, GAUGE,                                        \
      "Of the budget; near it feeders hear RETRY_LATER.")                                          \
    X(STORE_BUDGET, "newsloom_store_budget_bytes", NULL, GAUGE, "The setting store.budget.")       \
    X(CACHE_USED, "newsloom_cache_used_bytes", NULL, GAUGE,                                        \
      "Memory held by articles on their way to a worker.")

#define TALLIED_RECEIPTS "Receipts by code; retry_later grows while the store or the queue is full."
#define TALLIED_REFUSALS "Refusals by code, of whole messages and of articles: look at the peers."
#define TALLIED_ENDS     "Articles by the end they came to; look at dead letters when dead grows."
#define TALLIED_JOINED   "Messages whose payloads came, or went, joined in one frame."
#define TALLIED_TIME     "Time spent in each step of the turn; commit is the disk, beside the others."
#define TALLIED_QUEUED   "Articles that wait for a worker."
#define TALLIED_WAITING  "Articles that wait for their next attempt."
#define TALLIED_BACKLOG  "Queued over the rate of ends of the last minute; scale workers by it."
#define TALLIED_OLDEST   "Age of the oldest queued article."
#define TALLIED_WORKERS  "Workers by state; blocked: their database is away; paused: by the breaker."
#define TALLIED_HANDSHAKES                                                                    \
    "Handshakes with keys by verdict; all but let_in growing: a wrong key, or someone tries " \
    "doors."
#define TALLIED_CONNECTIONS "Connections that stand, by socket."
#define TALLIED_SLOTS \
    "Articles that workers can hold, do hold, and cannot because they are blocked."

enum tally {
#define X(row, metric, labels, kind, help) TALLY_##row,
    TALLIES(X)
#undef X
        TALLY_COUNT
};

extern const struct counter tallies_table[];

#endif
