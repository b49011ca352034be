// SPDX-License-Identifier: Apache-2.0
/*
 * bench_extract - how fast one core turns articles into facts, and how much memory it takes.
 *
 *      bench_extract [--seconds N] FILE|FOLDER ...
 *
 * All articles are read into memory first, then extracted over and over on one thread for at least
 * N seconds (default 5). One line of JSON: per second of CPU time the megabytes (of UTF-8 content),
 * syllables and articles; the largest arena of an article; the peak of the whole process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "worker/extract/extract.h"
#include "worker/extract/intake.h"
#include "worker/extract/knowledge.h"

struct bench {
    struct intake_article **articles;
    size_t count;
    size_t capacity;
    size_t bytes; /* of one round */
    uint64_t syllables;
    uint64_t mentions;
    uint64_t events;
    size_t largest_arena;
};

static bool take(void *context, struct intake_article *article)
{
    struct bench *bench = context;
    if (bench->count == bench->capacity) {
        bench->capacity = bench->capacity ? bench->capacity * 2 : 64;
        bench->articles = memory_resize(bench->articles, bench->capacity, sizeof(article));
    }
    bench->articles[bench->count++] = article;
    bench->bytes += article->input.size;
    return true;
}

static void complain(void *context, const struct error *err)
{
    (void)context;
    (void)fprintf(stderr, "bench_extract: %s\n", err->text);
}

static double cpu_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void extract_one(struct bench *bench, const struct knowledge *knowledge,
                        const struct intake_article *article)
{
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    const struct extract_limits limits = {0};
    struct document document = {0};
    struct error err = {0};
    if (extract_document(knowledge, &article->input, &limits, arena, &document, &err) !=
        STATUS_OK) {
        (void)fprintf(stderr, "bench_extract: %s: %s\n", article->file, err.text);
        return;
    }
    (void)document_extraction(&document, knowledge);
    for (uint32_t i = 0; i < document.token_count; i++)
        bench->syllables += (document.tokens[i].shape & SHAPE_WORD) != 0;
    bench->mentions += document.mention_count;
    bench->events += document.event_count;
    if (arena_used(arena) > bench->largest_arena)
        bench->largest_arena = arena_used(arena);
}

/* Of this program: getrusage() would count what its parent held before it was started. */
static long peak_memory_kib(void)
{
    long peak = 0;
    char line[128];
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof(line), status))
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtol(line + 6, NULL, 10);
    if (status)
        (void)fclose(status);
    return peak;
}

static void print_figures(const struct bench *bench, size_t rounds, double seconds)
{
    double bytes = (double)bench->bytes * (double)rounds;
    printf("{\"articles\": %zu, \"bytes\": %zu, \"rounds\": %zu, \"cpu_seconds\": %.3f, "
           "\"megabytes_per_second\": %.3f, \"syllables_per_second\": %.0f, "
           "\"articles_per_second\": %.1f, \"mentions_per_article\": %.1f, "
           "\"events_per_article\": %.1f, \"largest_arena_bytes\": %zu, "
           "\"peak_memory_bytes\": %ld}\n",
           bench->count, bench->bytes, rounds, seconds, bytes / 1e6 / seconds,
           (double)bench->syllables / seconds, (double)(bench->count * rounds) / seconds,
           (double)bench->mentions / (double)(bench->count * rounds),
           (double)bench->events / (double)(bench->count * rounds), bench->largest_arena,
           peak_memory_kib() * 1024L);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    double wanted = 5;
    int first = 1;
    arena_keep_memory();
    if (argc > 2 && strcmp(argv[1], "--seconds") == 0) {
        wanted = strtod(argv[2], NULL);
        first = 3;
    }
    const struct intake intake = {.take = take, .complain = complain, .context = &bench};
    for (int i = first; i < argc; i++)
        intake_read(&intake, argv[i]);
    if (!bench.count) {
        (void)fputs("usage: bench_extract [--seconds N] FILE|FOLDER ...\n", stderr);
        return EX_USAGE;
    }
    struct knowledge *knowledge = NULL;
    struct error err = {0};
    if (knowledge_open(NULL, &knowledge, &err) != STATUS_OK) {
        (void)fprintf(stderr, "bench_extract: %s\n", err.text);
        return status_exit_code(err.status);
    }
    size_t rounds = 0;
    double start = cpu_seconds();
    double seconds = 0;
    do {
        for (size_t i = 0; i < bench.count; i++)
            extract_one(&bench, knowledge, bench.articles[i]);
        rounds++;
        seconds = cpu_seconds() - start;
    } while (seconds < wanted);
    print_figures(&bench, rounds, seconds);
    for (size_t i = 0; i < bench.count; i++)
        intake_article_free(&bench.articles[i]);
    free(bench.articles);
    knowledge_close(&knowledge);
    return EX_OK;
}
