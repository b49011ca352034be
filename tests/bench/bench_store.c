// SPDX-License-Identifier: Apache-2.0
/*
 * bench_store - what a turn of the store costs, alone on this disk.
 *
 * usage: bench_store [--fill MIB] [--open COUNT] [--directory DIR]
 *
 *   turn    N accepts of one body size, or N settles, in a fresh store: median and 99th percentile
 *   refill  the same turn of accepts after --fill MiB (default 256) of articles were stored and
 * then settled in random order, against the fresh one scan    opening a store with --open (default
 * 1000000) queued articles and listing them
 *
 * Prints a table on stderr and one JSON object a row on stdout.
 */
#include <ftw.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "broker/store.h"
#include "common/clock.h"

#define MOST_ROUNDS 200
#define MOST_TURN   256
#define MOST_BODY   (100 * 1024)
#define KEY_ROOM    24

struct bench {
    char directory[256];
    struct store *store;
    struct turn *turn;
    uint64_t next; /* number of the next article; ids are the same, from 1 */
    char *body;
};

struct times {
    int64_t us[MOST_ROUNDS];
    size_t count;
};

static void check(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    (void)fprintf(stderr, "bench_store: %s\n", err->text);
    exit(status_exit_code(status)); // NOLINT(concurrency-mt-unsafe): one thread
}

/* ---- the store */

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void open_store(struct bench *bench)
{
    struct error err;
    struct store_options options = {
        .directory = bench->directory,
        .budget_bytes = (uint64_t)4 << 30,
        .reserve_bytes = (uint64_t)64 << 20,
        .key_retention_ms = INT64_MAX / 2,
        .log_retention_ms = INT64_MAX / 2,
        .log_limit_bytes = UINT64_MAX,
        .readers = 2,
    };
    check(store_open(&bench->store, &options, &err), &err);
}

static void begin(struct bench *bench, const char *where)
{
    struct error err;
    (void)snprintf(bench->directory, sizeof(bench->directory), "%s/newsloom-bench-XXXXXX", where);
    if (!mkdtemp(bench->directory))
        check(error_set_errno(&err, STATUS_INVALID, "could not make \"%s\"", bench->directory),
              &err);
    bench->turn = turn_new();
    bench->next = 1;
    bench->body = memory_new(MOST_BODY);
    random_bytes(bench->body, MOST_BODY);
    open_store(bench);
}

static void end(struct bench *bench)
{
    store_close(&bench->store);
    turn_free(&bench->turn);
    free(bench->body);
    (void)nftw(bench->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void digest_of(uint64_t number, uint8_t digest[DIGEST_SIZE])
{
    digest_bytes(&number, sizeof(number), digest);
}

/* One turn of so many accepts; how long store_submit() took. */
static int64_t accept_turn(struct bench *bench, size_t count, size_t body_size)
{
    static char keys[MOST_TURN][KEY_ROOM];
    static uint8_t digests[MOST_TURN][DIGEST_SIZE];
    struct error err;
    turn_reset(bench->turn);
    for (size_t i = 0; i < count; i++) {
        uint64_t number = bench->next++;
        (void)snprintf(keys[i], KEY_ROOM, "article-%" PRIu64, number);
        digest_of(number, digests[i]);
        struct accept accept = {.source = "bench",
                                .key = keys[i],
                                .class_ = NEWSLOOM__V1__CLASS__LIVE,
                                .digest = digests[i],
                                .payload = bench->body,
                                .size = body_size,
                                .at_ms = 1000};
        (void)turn_accept(bench->turn, &accept);
    }
    int64_t start_us = clock_mono_us();
    check(store_submit(bench->store, bench->turn, &err), &err);
    return clock_mono_us() - start_us;
}

static int64_t settle_turn(struct bench *bench, const uint64_t *ids, size_t count, size_t size)
{
    static uint8_t digests[MOST_TURN][DIGEST_SIZE];
    struct error err;
    turn_reset(bench->turn);
    for (size_t i = 0; i < count; i++) {
        digest_of(ids[i], digests[i]);
        struct settle settle = {.article_id = ids[i],
                                .digest = digests[i],
                                .kind = NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED,
                                .extraction_digest = digests[i],
                                .extraction = bench->body,
                                .size = size,
                                .worker = "bench",
                                .at_ms = 2000};
        (void)turn_settle(bench->turn, &settle);
    }
    int64_t start_us = clock_mono_us();
    check(store_submit(bench->store, bench->turn, &err), &err);
    return clock_mono_us() - start_us;
}

/* ---- figures */

static int by_time(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static int64_t median(struct times *times)
{
    qsort(times->us, times->count, sizeof(times->us[0]), by_time);
    return times->us[times->count / 2];
}

static void report(const char *what, size_t changes, size_t body_size, struct times *times)
{
    int64_t half_us = median(times);
    int64_t worst_us = times->us[times->count * 99 / 100];
    double each_us = (double)half_us / (double)changes;
    (void)fprintf(
        stderr, "%-24s %4zu x %6zu bytes  median %8.2f ms  p99 %8.2f ms  %8.0f articles/s\n", what,
        changes, body_size, (double)half_us / 1000, (double)worst_us / 1000, 1e6 / each_us);
    (void)printf("{\"bench\": \"store\", \"what\": \"%s\", \"changes\": %zu, \"body_bytes\": %zu, "
                 "\"median_us\": %" PRId64 ", \"p99_us\": %" PRId64
                 ", \"articles_per_second\": %.0f}\n",
                 what, changes, body_size, half_us, worst_us, 1e6 / each_us);
}

static void measure_turns(const char *where, size_t changes, size_t body_size)
{
    struct bench bench = {0};
    struct times accepts = {.count = changes < 100 ? MOST_ROUNDS : 60};
    struct times settles = {.count = accepts.count};
    uint64_t ids[MOST_TURN];
    begin(&bench, where);
    for (size_t i = 0; i < accepts.count; i++)
        accepts.us[i] = accept_turn(&bench, changes, body_size);
    for (size_t i = 0; i < settles.count; i++) {
        for (size_t j = 0; j < changes; j++)
            ids[j] = i * changes + j + 1;
        settles.us[i] = settle_turn(&bench, ids, changes, body_size / 2);
    }
    report("accept", changes, body_size, &accepts);
    report("settle", changes, body_size, &settles);
    end(&bench);
}

static void shuffle(uint64_t *ids, size_t count)
{
    uint64_t chance = 42;
    for (size_t i = count; i > 1; i--) {
        chance = chance * 6364136223846793005u + 1442695040888963407u;
        size_t other = (size_t)((chance >> 33) % i);
        uint64_t id = ids[i - 1];
        ids[i - 1] = ids[other];
        ids[other] = id;
    }
}

static void measure_refill(const char *where, uint64_t fill_bytes, size_t changes, size_t body_size)
{
    struct bench bench = {0};
    struct times fresh = {.count = 100};
    struct times drain = {0};
    struct times again = {.count = 100};
    begin(&bench, where);
    for (size_t i = 0; i < fresh.count; i++)
        fresh.us[i] = accept_turn(&bench, changes, body_size);
    while ((bench.next - 1) * body_size < fill_bytes)
        (void)accept_turn(&bench, changes, body_size);
    size_t count = (size_t)bench.next - 1;
    uint64_t *ids = memory_new(count * sizeof(*ids));
    for (size_t i = 0; i < count; i++)
        ids[i] = i + 1;
    shuffle(ids, count);
    for (size_t at = 0; at + changes <= count; at += changes) {
        int64_t us = settle_turn(&bench, ids + at, changes, 1500);
        drain.us[at / changes % MOST_ROUNDS] = us;
        drain.count += drain.count < MOST_ROUNDS;
    }
    for (size_t i = 0; i < again.count; i++)
        again.us[i] = accept_turn(&bench, changes, body_size);
    report("accept, fresh", changes, body_size, &fresh);
    report("settle, out of order", changes, body_size, &drain);
    report("accept, after the drain", changes, body_size, &again);
    double ratio = (double)median(&again) / (double)median(&fresh);
    (void)fprintf(stderr,
                  "%-24s %4zu x %6zu bytes  %.2f times a fresh turn (%zu articles drained)\n",
                  "refill", changes, body_size, ratio, count);
    (void)printf(
        "{\"bench\": \"store\", \"what\": \"refill\", \"changes\": %zu, \"body_bytes\": %zu, "
        "\"ratio_to_fresh\": %.2f, \"drained\": %zu}\n",
        changes, body_size, ratio, count);
    free(ids);
    end(&bench);
}

static void measure_scan(const char *where, size_t count)
{
    static struct open_article page[4096];
    struct bench bench = {0};
    size_t seen = 0;
    size_t got;
    uint64_t after = 0;
    begin(&bench, where);
    while (bench.next <= count)
        (void)accept_turn(&bench, MOST_TURN, 200);
    store_close(&bench.store);
    int64_t start_us = clock_mono_us();
    open_store(&bench);
    int64_t opened_us = clock_mono_us();
    while ((got = store_open_articles(bench.store, after, page, COUNT_OF(page))) > 0) {
        seen += got;
        after = page[got - 1].article_id;
    }
    int64_t end_us = clock_mono_us();
    struct store_facts facts;
    store_facts(bench.store, &facts);
    (void)fprintf(stderr,
                  "%-24s %zu open articles: opened in %.1f ms, listed in %.1f ms, %" PRIu64
                  " MiB used\n",
                  "start", seen, (double)(opened_us - start_us) / 1000,
                  (double)(end_us - opened_us) / 1000, facts.used_bytes >> 20);
    (void)printf("{\"bench\": \"store\", \"what\": \"start\", \"open\": %zu, \"open_us\": %" PRId64
                 ", \"scan_us\": %" PRId64 ", \"used_bytes\": %" PRIu64 "}\n",
                 seen, opened_us - start_us, end_us - opened_us, facts.used_bytes);
    end(&bench);
}

int main(int argc, char **argv)
{
    static const struct option names[] = {
        {"fill", required_argument, NULL, 'f'},
        {"open", required_argument, NULL, 'o'},
        {"directory", required_argument, NULL, 'd'},
        {0},
    };
    static const size_t turns[] = {1, 16, 256};
    const char *directory = ".";
    uint64_t fill_mib = 256;
    size_t open_count = 1000000;
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) { // NOLINT: one thread
        if (option == 'f')
            fill_mib = strtoull(optarg, NULL, 10);
        else if (option == 'o')
            open_count = strtoul(optarg, NULL, 10);
        else if (option == 'd')
            directory = optarg;
        else
            return EX_USAGE;
    }
    for (size_t i = 0; i < COUNT_OF(turns); i++)
        measure_turns(directory, turns[i], 4096);
    if (fill_mib > 0) {
        measure_refill(directory, fill_mib << 20, 16, 4096);
        measure_refill(directory, fill_mib << 20, 20, MOST_BODY);
    }
    if (open_count > 0)
        measure_scan(directory, open_count);
    return 0;
}
