// SPDX-License-Identifier: Apache-2.0
/*
 * bench_storage - facts to PostgreSQL on one connection, against a bare COPY of the same rows.
 *
 * usage: bench_storage --database URL [--from NUMBER --articles COUNT] FILE…
 *
 * Each file is extracted once, untimed; its facts are then stored again and again under new keys.
 * The COPY goes into tables of the same columns and indexes, one after the other, in one
 * transaction: what PostgreSQL itself takes for these rows. One JSON object a case.
 *
 * With --articles so many are stored instead, numbered on from --from, in batches of 64, and each
 * names others: entity r of a million is named as often as 1/r (Zipf). So tables grow as they do in
 * years of news.
 */
#include <getopt.h>
#include <libpq-fe.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "worker/extractor.h"
#include "worker/store/schema.h"
#include "worker/store/storage.h"

enum { MEMORY = 256 * 1024 * 1024, SAMPLES = 64, LARGEST_BATCH = 64, ENTITIES = 1000000 };

static const char *const tables[] = {"source", "article",        "mention", "role",
                                     "event",  "event_argument", "entity",  "entity_alias"};

static void give_up(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_storage: %s: %s\n", what, why);
    exit(1); // NOLINT(concurrency-mt-unsafe): one thread
}

/* ---- articles ---- */

static void read_sample(const char *path, struct job *job)
{
    static char bytes[1 << 20];
    Newsloom__V1__Article article = NEWSLOOM__V1__ARTICLE__INIT;
    FILE *file = fopen(path, "rbe");
    if (!file)
        give_up(path, "cannot be read");
    article.content.len = fread(bytes, 1, sizeof bytes, file);
    article.content.data = (uint8_t *)bytes;
    (void)fclose(file);
    digest_content("", bytes, article.content.len, job->digest);
    job->deadline_ms = INT64_MAX;
    job->revision = 1;
    job->generation = 1;
    (void)snprintf(job->source, sizeof job->source, "bench");
    (void)snprintf(job->key, sizeof job->key, "bench");
    (void)zmq_msg_init_size(&job->payload, newsloom__v1__article__get_packed_size(&article));
    (void)newsloom__v1__article__pack(&article, zmq_msg_data(&job->payload));
}

struct press {
    struct job *samples;
    size_t sample_count;
    uint64_t printed;
    bool names_others; /* not always those of the samples */
};

/* Nearly every article of a day is an original: no address and no sketch is like another. */
static void make_original(struct article_row *row, uint64_t number)
{
    Newsloom__V1__Extraction *x = arena_copy(row->arena, row->extraction, sizeof *x);
    x->url =
        arena_format(row->arena, "https://tin.example/bench-%llu.html", (unsigned long long)number);
    x->bands = arena_copy(row->arena, x->bands, x->n_bands * sizeof *x->bands);
    for (size_t i = 0; i < x->n_bands; i++)
        x->bands[i] = (number * x->n_bands + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x->sketch = x->n_bands ? x->bands[0] : 0;
    row->extraction = x;
}

/* splitmix64, of Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t scatter(uint64_t number)
{
    number += UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
    return number ^ number >> 31;
}

/* Evenly spread over the logarithm: rank r with a probability of about 1/r. */
static uint64_t zipf(uint64_t chance)
{
    double even = (double)(chance >> 11) * 0x1p-53;
    return (uint64_t)pow(ENTITIES, even);
}

static bool is_among(const uint64_t *ranks, size_t count, uint64_t rank)
{
    for (size_t i = 0; i < count; i++)
        if (ranks[i] == rank)
            return true;
    return false;
}

static void name_others(struct article_row *row, uint64_t number)
{
    Newsloom__V1__Extraction *x = arena_copy(row->arena, row->extraction, sizeof *x);
    x->entities = arena_take(row->arena, x->n_entities + 1, sizeof(struct Newsloom__V1__Entity *));
    uint64_t *ranks = arena_take(row->arena, x->n_entities + 1, sizeof *ranks);
    for (size_t i = 0; i < x->n_entities; i++) {
        Newsloom__V1__Entity *entity =
            arena_copy(row->arena, row->extraction->entities[i], sizeof *entity);
        uint64_t rank = zipf(scatter(number << 8 | i));
        while (is_among(ranks, i, rank))
            rank++;
        ranks[i] = rank;
        uint64_t id[] = {scatter(rank), scatter(~rank)};
        entity->id.data = arena_copy(row->arena, id, sizeof id);
        entity->id.len = sizeof id;
        entity->name = arena_format(row->arena, "Tên %llu", (unsigned long long)rank);
        entity->canonical_key = arena_format(row->arena, "ten %llu", (unsigned long long)rank);
        x->entities[i] = entity;
    }
    row->extraction = x;
}

/* The facts of a sample under a key of their own. */
static void print_article(struct press *press, struct article_row *row, struct arena *arena)
{
    struct error err;
    uint64_t number = press->printed++;
    *row = press->samples[number % press->sample_count].row;
    row->arena = arena;
    row->key = arena_format(arena, "bench-%llu", (unsigned long long)number);
    row->broker_article_id = number;
    memcpy(row->content_digest, &number, sizeof number);
    make_original(row, number);
    if (press->names_others)
        name_others(row, number);
    if (row_pack(row, &err) != STATUS_OK)
        give_up("pack", err.text);
}

/* ---- cases ---- */

static double store_articles(const char *database, struct press *press, size_t count, size_t batch)
{
    struct storage *storage = storage_new(database, "bench", STORAGE_TIMEOUT_MS);
    struct arena *arena = arena_new(0);
    struct error err;
    int64_t spent_us = 0;
    if (storage_open(storage, &err) != STATUS_OK)
        give_up("connect", err.text);
    for (size_t done = 0; done < count; done += batch) {
        struct article_row rows[LARGEST_BATCH];
        struct article_row *list[LARGEST_BATCH];
        arena_reset(arena);
        for (size_t i = 0; i < batch; i++) {
            print_article(press, &rows[i], arena);
            list[i] = &rows[i];
        }
        int64_t begin_us = clock_mono_us();
        if (storage_save(storage, list, batch, &err) != STATUS_OK)
            give_up("store", err.text);
        spent_us += clock_mono_us() - begin_us;
        for (size_t i = 0; i < batch; i++)
            if (rows[i].end != ROW_STORED)
                give_up("store", "an article was not stored");
    }
    storage_free(&storage);
    arena_free(&arena);
    return (double)spent_us / 1e6;
}

static void run(PGconn *connection, const char *sql)
{
    struct error err;
    if (pg_run(connection, sql, NULL, &err) != STATUS_OK)
        give_up(sql, err.text);
}

struct chunk {
    char *bytes;
    size_t size;
};

static void copy_out(PGconn *connection, const char *table, struct chunk *ret_chunk)
{
    char text[256];
    char *row = NULL;
    int size = 0;
    FILE *out = open_memstream(&ret_chunk->bytes, &ret_chunk->size);
    (void)snprintf(text, sizeof text, "COPY newsloom.%s TO STDOUT (FORMAT binary)", table);
    PQclear(PQexec(connection, text));
    while ((size = PQgetCopyData(connection, &row, 0)) > 0) {
        (void)fwrite(row, 1, (size_t)size, out);
        PQfreemem(row);
    }
    for (PGresult *result = NULL; (result = PQgetResult(connection)) != NULL;)
        PQclear(result);
    (void)fclose(out);
}

static void copy_in(PGconn *connection, const char *table, const struct chunk *chunk)
{
    enum { PIECE = 64 * 1024 };
    char text[256];
    (void)snprintf(text, sizeof text, "COPY bench.%s FROM STDIN (FORMAT binary)", table);
    PQclear(PQexec(connection, text));
    for (size_t at = 0; at < chunk->size; at += PIECE) {
        size_t size = chunk->size - at < PIECE ? chunk->size - at : PIECE;
        if (PQputCopyData(connection, chunk->bytes + at, (int)size) != 1)
            give_up(text, PQerrorMessage(connection));
    }
    PGresult *result = NULL;
    (void)PQputCopyEnd(connection, NULL);
    result = PQgetResult(connection);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        give_up(text, PQresultErrorMessage(result));
    PQclear(result);
    PQclear(PQgetResult(connection));
}

/* Seconds that PostgreSQL takes for all rows that stand in the tables now. */
static double copy_same_rows(const char *database)
{
    CLEANUP(pg_connection_finish) PGconn *connection = PQconnectdb(database);
    struct chunk chunks[COUNT_OF(tables)] = {0};
    run(connection, "SET client_min_messages = warning; CREATE SCHEMA bench");
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        char text[256];
        copy_out(connection, tables[i], &chunks[i]);
        (void)snprintf(text, sizeof text, "CREATE TABLE bench.%s (LIKE newsloom.%s INCLUDING ALL)",
                       tables[i], tables[i]);
        run(connection, text);
    }
    int64_t begin_us = clock_mono_us();
    run(connection, "BEGIN");
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        copy_in(connection, tables[i], &chunks[i]);
    run(connection, "COMMIT");
    int64_t end_us = clock_mono_us();
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        free(chunks[i].bytes);
    run(connection, "DROP SCHEMA bench CASCADE");
    return (double)(end_us - begin_us) / 1e6;
}

struct options {
    const char *database;
    uint64_t from;
    size_t articles; /* 0: the cases of the table */
};

static void read_options(int argc, char **argv, struct options *options)
{
    static const struct option longs[] = {{"database", required_argument, NULL, 'd'},
                                          {"from", required_argument, NULL, 'f'},
                                          {"articles", required_argument, NULL, 'n'},
                                          {0}};
    int option = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (option == 'd')
            options->database = optarg;
        else if (option == 'f')
            options->from = strtoull(optarg, NULL, 10);
        else if (option == 'n')
            options->articles = strtoull(optarg, NULL, 10) / LARGEST_BATCH * LARGEST_BATCH;
        else
            give_up("usage", "bench_storage --database URL [--from NUMBER --articles COUNT] FILE…");
    }
    if (!options->database || optind == argc)
        give_up("usage", "bench_storage --database URL [--from NUMBER --articles COUNT] FILE…");
}

static void read_samples(struct press *press, const struct knowledge *knowledge, char **paths)
{
    for (; *paths && press->sample_count < SAMPLES; paths++) {
        struct job *job = &press->samples[press->sample_count++];
        read_sample(*paths, job);
        extractor_work(knowledge, MEMORY, job);
        if (job->failure.code)
            give_up(*paths, job->failure.text);
    }
}

static void grow(const struct options *options, struct press *press)
{
    press->names_others = true;
    press->printed = options->from;
    double seconds = store_articles(options->database, press, options->articles, LARGEST_BATCH);
    (void)printf("{\"articles\": %zu, \"articles_per_second\": %.0f}\n", options->articles,
                 (double)options->articles / seconds);
}

static void compare(const char *database, struct press *press)
{
    static const struct {
        size_t batch;
        size_t count;
    } cases[] = {{64, 2048}, {16, 1024}, {1, 256}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        double seconds = store_articles(database, press, cases[i].count, cases[i].batch);
        (void)printf("{\"batch\": %zu, \"articles\": %zu, \"articles_per_second\": %.0f",
                     cases[i].batch, cases[i].count, (double)cases[i].count / seconds);
        if (i == 0) { /* the tables hold the rows of this case and nothing else */
            double copy = copy_same_rows(database);
            (void)printf(", \"copy_articles_per_second\": %.0f, \"ratio_to_copy\": %.2f",
                         (double)cases[i].count / copy, copy / seconds);
        }
        (void)printf("}\n");
        (void)fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    static struct job samples[SAMPLES];
    struct press press = {.samples = samples};
    struct options options = {0};
    struct knowledge *knowledge = NULL;
    struct error err = {0};
    read_options(argc, argv, &options);
    if (knowledge_open(NULL, &knowledge, &err) != STATUS_OK)
        give_up("model", err.text);
    read_samples(&press, knowledge, argv + optind);
    if (options.articles > 0)
        grow(&options, &press);
    else
        compare(options.database, &press);
    for (size_t i = 0; i < press.sample_count; i++) {
        (void)zmq_msg_close(&samples[i].payload);
        arena_free(&samples[i].intake);
        arena_free(&samples[i].work);
    }
    knowledge_close(&knowledge);
    return 0;
}
