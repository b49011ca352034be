// SPDX-License-Identifier: Apache-2.0
/*
 * bench_redis - Redis Streams under the load that bench_broker makes: producers with a bounded
 * window of unanswered entries, consumers of one group that only acknowledge and delete.
 *
 *      bench_redis --host ADDRESS --port PORT [--articles N] [--size BYTES] [--feeders N]
 *                  [--workers N] [--batch N] [--window N]
 *
 * A batch is so many XADD in one write; a producer hears answers when its window is full. A
 * consumer reads up to 128 entries (XREADGROUP), then acknowledges and deletes them with one XACK
 * and one XDEL, whose answers it reads before it counts them done. Prints one JSON object.
 */
#include <getopt.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/status.h"

enum { SLOTS = 128, ARGUMENTS_MOST = SLOTS + 3 };

static struct {
    const char *host;
    int port;
    uint64_t articles;
    size_t size;
    unsigned feeders;
    unsigned workers;
    unsigned batch;
    unsigned window;
} options = {.host = "127.0.0.1",
             .articles = 100000,
             .size = 4096,
             .feeders = 2,
             .workers = 2,
             .batch = 16,
             .window = 1024};

static atomic_uint_fast64_t next_article;
static atomic_uint_fast64_t settled;
static atomic_int_fast64_t last_settled_us;

static redisContext *reach(void)
{
    redisContext *redis = redisConnect(options.host, options.port);
    if (!redis || redis->err) {
        (void)fprintf(stderr, "bench_redis: %s\n", redis ? redis->errstr : "no memory");
        exit(EXIT_FAILURE); // NOLINT(concurrency-mt-unsafe): nothing else runs yet
    }
    return redis;
}

/* The next answer, which must be none of an error. */
static redisReply *answer(redisContext *redis)
{
    void *reply = NULL;
    ENSURE(redisGetReply(redis, &reply) == REDIS_OK && reply);
    ENSURE(((redisReply *)reply)->type != REDIS_REPLY_ERROR);
    return reply;
}

static void hear(redisContext *redis)
{
    freeReplyObject(answer(redis));
}

static void send_words(redisContext *redis, size_t count, const char **words, const size_t *sizes)
{
    ENSURE(redisAppendCommandArgv(redis, (int)count, words, sizes) == REDIS_OK);
}

/* ---- producers */

static void *feeder_run(void *unused)
{
    (void)unused;
    redisContext *redis = reach();
    char *payload = memory_new(options.size);
    memset(payload, 'a', options.size);
    const char *words[] = {"XADD", "jobs", "*", "payload", payload};
    const size_t sizes[] = {4, 4, 1, 7, options.size};
    unsigned unanswered = 0;
    for (uint64_t first = 0;
         (first = atomic_fetch_add(&next_article, options.batch)) < options.articles;) {
        for (uint64_t i = 0; i < options.batch && first + i < options.articles; i++) {
            send_words(redis, COUNT_OF(words), words, sizes);
            unanswered++;
        }
        for (int done = 0; !done;)
            ENSURE(redisBufferWrite(redis, &done) == REDIS_OK);
        for (; unanswered + options.batch > options.window; unanswered--)
            hear(redis);
    }
    for (; unanswered > 0; unanswered--)
        hear(redis);
    free(payload);
    redisFree(redis);
    return NULL;
}

/* ---- consumers */

static void acknowledge(redisContext *redis, const redisReply *entries)
{
    const char *words[ARGUMENTS_MOST] = {"XACK", "jobs", "workers"};
    size_t sizes[ARGUMENTS_MOST] = {4, 4, 7};
    ENSURE(entries->elements <= SLOTS);
    for (size_t i = 0; i < entries->elements; i++) {
        const redisReply *id = entries->element[i]->element[0];
        words[3 + i] = id->str;
        sizes[3 + i] = id->len;
    }
    send_words(redis, 3 + entries->elements, words, sizes);
    words[1] = "XDEL";
    sizes[1] = 4;
    words[2] = "jobs";
    sizes[2] = 4;
    send_words(redis, 2 + entries->elements, words + 1, sizes + 1);
    hear(redis);
    hear(redis);
    atomic_fetch_add(&settled, entries->elements);
    atomic_store(&last_settled_us, clock_mono_us());
}

static void *worker_run(void *number)
{
    redisContext *redis = reach();
    char name[32];
    (void)snprintf(name, sizeof(name), "worker-%u", *(unsigned *)number);
    while (atomic_load(&settled) < options.articles) {
        ENSURE(redisAppendCommand(redis,
                                  "XREADGROUP GROUP workers %s COUNT %d BLOCK 50 STREAMS jobs >",
                                  name, SLOTS) == REDIS_OK);
        redisReply *reply = answer(redis);
        if (reply->type == REDIS_REPLY_ARRAY)
            acknowledge(redis, reply->element[0]->element[1]);
        freeReplyObject(reply);
    }
    redisFree(redis);
    return NULL;
}

static void make_group(void)
{
    redisContext *redis = reach();
    ENSURE(redisAppendCommand(redis, "XGROUP CREATE jobs workers 0 MKSTREAM") == REDIS_OK);
    hear(redis);
    redisFree(redis);
}

/* ---- */

static bool read_options(int argc, char **argv)
{
    static const struct option names[] = {
        {"host", required_argument, NULL, 'h'},
        {"port", required_argument, NULL, 'p'},
        {"articles", required_argument, NULL, 'n'},
        {"size", required_argument, NULL, 's'},
        {"feeders", required_argument, NULL, 'F'},
        {"workers", required_argument, NULL, 'W'},
        {"batch", required_argument, NULL, 'b'},
        {"window", required_argument, NULL, 'o'},
        {NULL, 0, NULL, 0},
    };
    int option = 0;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) { // NOLINT: one thread
        unsigned long number = optarg ? strtoul(optarg, NULL, 10) : 0;
        switch (option) {
        case 'h':
            options.host = optarg;
            break;
        case 'p':
            options.port = (int)number;
            break;
        case 'n':
            options.articles = number;
            break;
        case 's':
            options.size = number;
            break;
        case 'F':
            options.feeders = (unsigned)number;
            break;
        case 'W':
            options.workers = (unsigned)number;
            break;
        case 'b':
            options.batch = (unsigned)number;
            break;
        case 'o':
            options.window = (unsigned)number;
            break;
        default:
            return false;
        }
    }
    return options.port > 0 && options.batch > 0 && options.window >= options.batch;
}

int main(int argc, char **argv)
{
    enum { THREADS_MOST = 64 };
    static pthread_t threads[2 * THREADS_MOST];
    static unsigned numbers[THREADS_MOST];
    if (!read_options(argc, argv) || options.feeders > THREADS_MOST ||
        options.workers > THREADS_MOST)
        return EXIT_FAILURE;
    make_group();
    int64_t begin_us = clock_mono_us();
    size_t count = 0;
    for (unsigned i = 0; i < options.workers; i++) {
        numbers[i] = i;
        ENSURE(pthread_create(&threads[count++], NULL, worker_run, &numbers[i]) == 0);
    }
    for (unsigned i = 0; i < options.feeders; i++)
        ENSURE(pthread_create(&threads[count++], NULL, feeder_run, NULL) == 0);
    while (count > 0)
        ENSURE(pthread_join(threads[--count], NULL) == 0);
    double seconds = (double)(atomic_load(&last_settled_us) - begin_us) / 1e6;
    (void)printf("{\"articles\": %" PRIu64 ", \"size\": %zu, \"feeders\": %u, \"workers\": %u, "
                 "\"seconds\": %.2f, \"articles_per_second\": %.0f}\n",
                 options.articles, options.size, options.feeders, options.workers, seconds,
                 (double)options.articles / seconds);
    return EXIT_SUCCESS;
}
