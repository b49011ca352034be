// SPDX-License-Identifier: Apache-2.0
/*
 * tallies - the gateway's figures: one documented table (newsloom-gateway --metrics).
 */
#ifndef GATEWAY_TALLIES_H
#define GATEWAY_TALLIES_H

#include "common/counters.h"

/* row, metric, labels, kind, help */
#define TALLIES(X)                                                                                 \
    X(CONNECTIONS, "newsloom_gateway_connections", NULL, GAUGE,                                    \
      "open connections; limit.connections bounds them")                                           \
    X(BODY_BYTES, "newsloom_gateway_body_bytes", NULL, GAUGE,                                      \
      "memory of the bodies of requests; limit.memory bounds it, and beyond it requests are "      \
      "answered 503")                                                                              \
    X(CUT_HEADER, "newsloom_gateway_cut_total", "what=\"head\"", TOTAL,                            \
      "connections closed because a request did not come in time (header.timeout, body.timeout); " \
      "many at once: somebody holds connections open")                                             \
    X(CUT_BODY, "newsloom_gateway_cut_total", "what=\"body\"", TOTAL, "the same")                  \
    X(REQUESTS_OK, "newsloom_gateway_requests_total", "status=\"2xx\"", TOTAL,                     \
      "requests by the hundred of their status; 4xx that grow: a client is wrong, see the log of " \
      "the proxy; 5xx: the broker or PostgreSQL is away")                                          \
    X(REQUESTS_WRONG, "newsloom_gateway_requests_total", "status=\"4xx\"", TOTAL, "the same")      \
    X(REQUESTS_FAILED, "newsloom_gateway_requests_total", "status=\"5xx\"", TOTAL, "the same")     \
    X(TURNED_AWAY, "newsloom_gateway_turned_away_total", NULL, TOTAL,                              \
      "requests without a known token, or with one that does not allow it")                        \
    X(STREAMS, "newsloom_gateway_streams", NULL, GAUGE,                                            \
      "open streams of events; limit.streams bounds them")                                         \
    X(EVENTS, "newsloom_gateway_events_total", NULL, TOTAL,                                        \
      "entries of the event log that were sent")                                                   \
    X(ACCEPTED, "newsloom_gateway_articles_total", "receipt=\"accepted\"", TOTAL,                  \
      "articles by receipt; later: the broker was full or busy and the client was told to wait")   \
    X(DUPLICATE, "newsloom_gateway_articles_total", "receipt=\"duplicate\"", TOTAL, "the same")    \
    X(REFUSED, "newsloom_gateway_articles_total", "receipt=\"refused\"", TOTAL, "the same")        \
    X(LATER, "newsloom_gateway_articles_total", "receipt=\"later\"", TOTAL, "the same")            \
    X(UNKNOWN, "newsloom_gateway_articles_total", "receipt=\"unknown\"", TOTAL,                    \
      "no receipt in time: the broker is away or very slow")

enum tally {
#define X(row, metric, labels, kind, help) TALLY_##row,
    TALLIES(X)
#undef X
        TALLY_COUNT,
};

extern const struct counter gateway_tallies_table[TALLY_COUNT];

#endif
