// SPDX-License-Identifier: Apache-2.0
/*
 * load - the load of the benchmarks: what bench_broker does to newsloom, for another queue: feeders
 * with a bounded window of unanswered articles, workers that only acknowledge.
 *
 *      bench_PEER --port PORT [--host ADDRESS] [--articles N] [--size BYTES] [--feeders N]
 *                 [--workers N] [--batch N] [--window N]
 *
 * A peer brings a client: how one connection feeds and how one works. load_run() starts so many
 * threads of each and prints one JSON object: articles a second from the first submit to the last
 * acknowledgement that the server answered.
 */
#ifndef TESTS_BENCH_PEERS_LOAD_H
#define TESTS_BENCH_PEERS_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOAD_SLOTS = 128 }; /* articles that a worker may hold */

struct load {
    const char *host;
    int port;
    uint64_t articles;
    size_t size;      /* bytes of an article */
    unsigned feeders; /* threads, each with a connection of its own */
    unsigned workers;
    unsigned batch;  /* articles of one write */
    unsigned window; /* unanswered articles of a feeder */
};

extern struct load load;

/* For getopt_long(): the options that say how large the load is, bench_broker's too. */
#define LOAD_OPTIONS                                                                          \
    {"articles", required_argument, NULL, 'n'}, {"size", required_argument, NULL, 's'},       \
        {"feeders", required_argument, NULL, 'F'}, {"workers", required_argument, NULL, 'W'}, \
        {"batch", required_argument, NULL, 'b'},                                              \
    {                                                                                         \
        "window", required_argument, NULL, 'o'                                                \
    }

/* Take one of them; false: it is none, or no number that can be. */
bool load_option(int option, const char *text);

/* Do they fit together? */
bool load_is_right(void);

struct load_client {
    void (*prepare)(void); /* once, before all; may be NULL */
    void (*feed)(const char *article);
    void (*work)(unsigned number);
};

int load_run(int argc, char **argv, const struct load_client *client);

/* How many articles this feeder is to write next, at most a batch; 0: all are taken. */
unsigned load_claim(void);

/* The server has answered that so many are acknowledged and gone. */
void load_settle(uint64_t count);

/* All of them: a worker may stop. */
bool load_is_over(void);

/* Say what the peer answered instead, and end. */
_Noreturn void load_fail(const char *what, const char *answer);

#endif
