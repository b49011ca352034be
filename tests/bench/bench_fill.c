// SPDX-License-Identifier: Apache-2.0
/*
 * bench_fill - a store with so many queued articles, made through the store's own interface.
 *
 * usage: bench_fill --directory DIR --budget BYTES [--articles N] [--size BYTES] [--sources N]
 *
 * Sources take turns; every fourth article is BACKFILL. Turns are large, so the disk is synced
 * seldom: what is made is what a broker makes, only faster. Prints one JSON object.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "broker/store.h"
#include "common/clock.h"

enum { TURN_ARTICLES = 8192, NAME_ROOM = 32 };

struct fill {
    struct store *store;
    struct turn *turn;
    char *body;
    size_t size;
    uint64_t sources;
    char (*names)[NAME_ROOM];
    char keys[TURN_ARTICLES][NAME_ROOM];
    uint8_t digests[TURN_ARTICLES][DIGEST_SIZE];
};

static void check(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    (void)fprintf(stderr, "bench_fill: %s\n", err->text);
    exit(status_exit_code(status)); // NOLINT(concurrency-mt-unsafe): one thread
}

static void fill_turn(struct fill *fill, uint64_t first, uint64_t count)
{
    struct error err;
    int64_t now_ms = clock_wall_ms();
    turn_reset(fill->turn);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number = first + i;
        (void)snprintf(fill->keys[i], NAME_ROOM, "queued-%" PRIu64, number);
        digest_bytes(&number, sizeof(number), fill->digests[i]);
        struct accept accept = {.source = fill->names[number % fill->sources],
                                .key = fill->keys[i],
                                .class_ = number % 4 == 3 ? NEWSLOOM__V1__CLASS__BACKFILL
                                                          : NEWSLOOM__V1__CLASS__LIVE,
                                .digest = fill->digests[i],
                                .payload = fill->body,
                                .size = fill->size,
                                .at_ms = now_ms};
        (void)turn_accept(fill->turn, &accept);
    }
    check(store_submit(fill->store, fill->turn, &err), &err);
}

static void fill_store(struct fill *fill, uint64_t articles)
{
    fill->turn = turn_new();
    fill->body = memory_new(fill->size);
    random_bytes(fill->body, fill->size);
    fill->names = memory_new(fill->sources * sizeof(*fill->names));
    for (uint64_t i = 0; i < fill->sources; i++)
        (void)snprintf(fill->names[i], NAME_ROOM, "source-%" PRIu64, i);
    for (uint64_t done = 0; done < articles; done += TURN_ARTICLES)
        fill_turn(fill, done, articles - done < TURN_ARTICLES ? articles - done : TURN_ARTICLES);
    free(fill->names);
    free(fill->body);
    turn_free(&fill->turn);
}

int main(int argc, char **argv)
{
    static const struct option names[] = {
        {"directory", required_argument, NULL, 'd'}, {"budget", required_argument, NULL, 'b'},
        {"articles", required_argument, NULL, 'n'},  {"size", required_argument, NULL, 's'},
        {"sources", required_argument, NULL, 'o'},   {0},
    };
    static struct fill fill = {.size = 256, .sources = 20};
    struct store_options options = {.reserve_bytes = (uint64_t)64 << 20,
                                    .key_retention_ms = INT64_MAX / 2,
                                    .log_retention_ms = INT64_MAX / 2,
                                    .log_limit_bytes = UINT64_MAX,
                                    .readers = 2};
    uint64_t articles = 1000000;
    struct error err;
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) { // NOLINT: one thread
        uint64_t number = optarg ? strtoull(optarg, NULL, 10) : 0;
        if (option == 'd')
            options.directory = optarg;
        else if (option == 'b')
            options.budget_bytes = number;
        else if (option == 'n')
            articles = number;
        else if (option == 's')
            fill.size = number;
        else if (option == 'o')
            fill.sources = number;
        else
            return EX_USAGE;
    }
    if (!options.directory || fill.size == 0 || fill.sources == 0)
        return EX_USAGE;
    int64_t start_ms = clock_mono_ms();
    check(store_open(&fill.store, &options, &err), &err);
    fill_store(&fill, articles);
    struct store_facts facts;
    store_facts(fill.store, &facts);
    store_close(&fill.store);
    (void)printf("{\"articles\": %" PRIu64 ", \"used_bytes\": %" PRIu64 ", \"ms\": %" PRId64 "}\n",
                 articles, facts.used_bytes, clock_mono_ms() - start_ms);
    return EX_OK;
}
