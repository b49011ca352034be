// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/peers/load.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/status.h"

struct load load = {.host = "127.0.0.1",
                    .articles = 100000,
                    .size = 4096,
                    .feeders = 2,
                    .workers = 2,
                    .batch = 16,
                    .window = 1024};

static const struct load_client *client;
static char *article;
static atomic_uint_fast64_t claimed;
static atomic_uint_fast64_t settled;
static atomic_int_fast64_t last_settled_us;

unsigned load_claim(void)
{
    uint64_t first = atomic_fetch_add(&claimed, load.batch);
    if (first >= load.articles)
        return 0;
    uint64_t left = load.articles - first;
    return left < load.batch ? (unsigned)left : load.batch;
}

void load_settle(uint64_t count)
{
    atomic_fetch_add(&settled, count);
    atomic_store(&last_settled_us, clock_mono_us());
}

bool load_is_over(void)
{
    return atomic_load(&settled) >= load.articles;
}

void load_fail(const char *what, const char *answer)
{
    (void)fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, answer);
    _Exit(EXIT_FAILURE);
}

static void *feeder_run(void *unused)
{
    (void)unused;
    client->feed(article);
    return NULL;
}

static void *worker_run(void *number)
{
    client->work(*(unsigned *)number);
    return NULL;
}

static bool read_number(const char *text, unsigned most, unsigned *ret_number)
{
    char *end = NULL;
    unsigned long number = strtoul(text, &end, 10);
    *ret_number = (unsigned)number;
    return *text && !*end && number > 0 && number <= most;
}

bool load_option(int option, const char *text)
{
    enum { MOST = 100000000 };
    unsigned number = 0;
    if (option == '?' || !read_number(text, MOST, &number))
        return false;
    switch (option) {
    case 'n':
        load.articles = number;
        return true;
    case 's':
        load.size = number;
        return true;
    case 'F':
        load.feeders = number;
        return true;
    case 'W':
        load.workers = number;
        return true;
    case 'b':
        load.batch = number;
        return true;
    case 'o':
        load.window = number;
        return true;
    default:
        return false;
    }
}

bool load_is_right(void)
{
    enum { PEERS_MOST = 64 };
    return load.window >= load.batch && load.feeders <= PEERS_MOST && load.workers <= PEERS_MOST;
}

static bool read_options(int argc, char **argv)
{
    static const struct option names[] = {
        {"host", required_argument, NULL, 'h'},
        {"port", required_argument, NULL, 'p'},
        LOAD_OPTIONS,
        {NULL, 0, NULL, 0},
    };
    int option = 0;
    unsigned port = 0;
    bool is_right = true;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) { // NOLINT: one thread
        if (option == 'h')
            load.host = optarg;
        else if (option == 'p')
            is_right = is_right && read_number(optarg, UINT16_MAX, &port);
        else
            is_right = load_option(option, optarg) && is_right;
    }
    load.port = (int)port;
    return is_right && port > 0 && load_is_right();
}

int load_run(int argc, char **argv, const struct load_client *peer)
{
    if (!read_options(argc, argv)) {
        (void)fprintf(stderr, "%s: wrong options, load.h has them\n",
                      program_invocation_short_name);
        return EXIT_FAILURE;
    }
    client = peer;
    article = memory_new(load.size + 1);
    for (size_t i = 0; i < load.size; i++)
        article[i] = (char)('a' + i % 26);
    if (client->prepare)
        client->prepare();
    pthread_t *threads = memory_new((load.feeders + load.workers) * sizeof(*threads));
    unsigned *numbers = memory_new(load.workers * sizeof(*numbers));
    size_t count = 0;
    int64_t begin_us = clock_mono_us();
    for (unsigned i = 0; i < load.workers; i++) {
        numbers[i] = i;
        ENSURE(pthread_create(&threads[count++], NULL, worker_run, &numbers[i]) == 0);
    }
    for (unsigned i = 0; i < load.feeders; i++)
        ENSURE(pthread_create(&threads[count++], NULL, feeder_run, NULL) == 0);
    while (count > 0)
        ENSURE(pthread_join(threads[--count], NULL) == 0);
    double seconds = (double)(atomic_load(&last_settled_us) - begin_us) / 1e6;
    (void)printf("{\"articles\": %" PRIu64 ", \"size\": %zu, \"feeders\": %u, \"workers\": %u, "
                 "\"seconds\": %.2f, \"articles_per_second\": %.0f}\n",
                 load.articles, load.size, load.feeders, load.workers, seconds,
                 (double)load.articles / seconds);
    free(numbers);
    free(threads);
    free(article);
    return EXIT_SUCCESS;
}
