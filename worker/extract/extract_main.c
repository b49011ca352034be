// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/instant.h"
#include "worker/extract/extract.h"
#include "worker/extract/intake.h"
#include "worker/extract/knowledge.h"
#include "worker/extract/report.h"

enum { BATCH = 64, MOST_JOBS = 64 };

static const size_t memory_limit = (size_t)256 << 20;

static const char usage[] =
    "usage: newsloom extract [--format text|json] [--explain] [--fetched TIME] [--jobs N]\n"
    "                        [--model FILE] FILE|FOLDER|-…\n"
    "\n"
    "Find persons, organisations, places, dates, laws, events and crimes in Vietnamese news\n"
    "articles and print them. Needs no broker and no database.\n"
    "\n"
    "  FILE.txt     one article, plain text in UTF-8\n"
    "  FILE.html    one article as a web page\n"
    "  FILE.jsonl   one article a line: {\"text\": ...} or {\"html\": ...}, and optionally file, "
    "url,\n"
    "               source, title, author, published, fetched, language\n"
    "  FOLDER       every such file in it and below\n"
    "  -            standard input: JSON lines when it begins with {, else one plain text\n"
    "\n"
    "  -f, --format text   the article with its mentions marked, in colour on a terminal "
    "(default)\n"
    "  -f, --format json   one line of JSON an article, offsets in Unicode code points\n"
    "  -e, --explain       say why each line was judged title, body or junk, and for each mention\n"
    "                      which features spoke for it and which against\n"
    "  -F, --fetched TIME  when articles were fetched that do not say it: a day or an instant, "
    "such\n"
    "                      as 2017-05-10 or 2017-05-10T08:00+07:00; dates without a year are told\n"
    "                      by it, where no publication date is known\n"
    "  -j, --jobs N        extract on N threads; the output is the same (default 1)\n"
    "  -m, --model FILE    the tagger's model (default: the one installed with newsloom)\n"
    "  -h, --help          print this and exit\n"
    "  -V, --version       print the version and exit\n"
    "\n"
    "Exit status: 0 all articles were extracted; 64 wrong usage; 65 an article cannot be read;\n"
    "66 a file or the model cannot be opened; 75 an article needs more memory than allowed. What "
    "can be\n"
    "extracted is printed in any case; what cannot is named on standard error.\n"
    "\n"
    "examples:\n"
    "  newsloom extract article.txt\n"
    "  newsloom extract --explain article.txt\n"
    "  newsloom extract --fetched 2017-05-10 dump.jsonl\n"
    "  newsloom extract --format json --jobs 2 crawl/ > found.jsonl\n"
    "  curl -s URL | jq -Rs '{html: .}' -c | newsloom extract -\n";

struct options {
    bool is_json;
    bool in_colour;
    bool explain;
    unsigned jobs;
    char fetched[INSTANT_TEXT_SIZE]; /* of articles that do not say it; "": not known */
    const char *model;               /* NULL: the one beside this program */
};

/* One article of a batch: what came in, what goes out. */
struct work {
    struct intake_article *article;
    char *output;
    size_t output_size;
    struct error err;
};

struct run {
    struct options options;
    struct knowledge *knowledge;
    struct work batch[BATCH];
    size_t count;
    atomic_size_t next;
    int exit_code;    /* of the first failure */
    int output_errno; /* why the first write failed */
};

static void note_failure(struct run *run, const struct error *err)
{
    (void)fprintf(stderr, "newsloom extract: %s\n", err->text);
    if (run->exit_code == EX_OK)
        run->exit_code = status_exit_code(err->status);
}

static void extract_one(const struct run *run, struct work *work)
{
    const struct extract_limits limits = {.memory_bytes = memory_limit,
                                          .explain = run->options.explain};
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = {0};
    if (extract_document(run->knowledge, &work->article->input, &limits, arena, &document,
                         &work->err) != STATUS_OK)
        return;
    FILE *out = open_memstream(&work->output, &work->output_size);
    ENSURE(out);
    if (run->options.is_json)
        report_json(&document, work->article->file, out);
    else
        report_text(&document, work->article->file, run->options.in_colour, out);
    ENSURE(fclose(out) == 0);
}

static void *extract_some(void *context)
{
    struct run *run = context;
    size_t index = 0;
    while ((index = atomic_fetch_add(&run->next, 1)) < run->count)
        extract_one(run, &run->batch[index]);
    return NULL;
}

/* The batch on all threads, then its output in the order of the input. */
static void flush_batch(struct run *run)
{
    pthread_t threads[MOST_JOBS];
    unsigned started = 0;
    atomic_store(&run->next, 0);
    while (started + 1 < run->options.jobs && started + 1 < run->count &&
           pthread_create(&threads[started], NULL, extract_some, run) == 0)
        started++;
    (void)extract_some(run);
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL);
    for (size_t i = 0; i < run->count; i++) {
        struct work *work = &run->batch[i];
        if (work->output) {
            if (fwrite(work->output, 1, work->output_size, stdout) != work->output_size &&
                !run->output_errno)
                run->output_errno = errno;
        } else {
            struct error err = {0};
            (void)error_set(&err, work->err.status, "%.80s: %.150s", work->article->file,
                            work->err.text);
            note_failure(run, &err);
        }
        free(work->output);
        intake_article_free(&work->article);
        *work = (struct work){0};
    }
    run->count = 0;
    if (fflush(stdout) != 0 && !run->output_errno)
        run->output_errno = errno;
}

static bool take(void *context, struct intake_article *article)
{
    struct run *run = context;
    if (!article->input.fetched[0])
        article->input.fetched = run->options.fetched;
    run->batch[run->count++].article = article;
    if (run->count == BATCH || run->options.jobs == 1)
        flush_batch(run);
    return !run->output_errno;
}

static void complain(void *context, const struct error *err)
{
    note_failure(context, err);
}

static bool parse_jobs(const char *text, unsigned *ret_jobs)
{
    char *end = NULL;
    long jobs = strtol(text, &end, 10);
    if (end == text || *end || jobs < 1 || jobs > MOST_JOBS)
        return false;
    *ret_jobs = (unsigned)jobs;
    return true;
}

/* One option and its value; false when it is wrong, and then that was said. */
static bool take_option(int option, const char *value, struct options *options)
{
    struct error err;
    switch (option) {
    case 'e':
        options->explain = true;
        return true;
    case 'f':
        options->is_json = strcmp(value, "json") == 0;
        if (options->is_json || strcmp(value, "text") == 0)
            return true;
        (void)fprintf(stderr, "newsloom extract: --format is text or json, not \"%s\"\n", value);
        return false;
    case 'F':
        if (instant_read_fetched(value, options->fetched, &err) == STATUS_OK)
            return true;
        (void)fprintf(stderr, "newsloom extract: --fetched %s\n", err.text);
        return false;
    case 'j':
        if (parse_jobs(value, &options->jobs))
            return true;
        (void)fprintf(stderr, "newsloom extract: --jobs is a number from 1 to %d\n", MOST_JOBS);
        return false;
    case 'm':
        options->model = value;
        return true;
    default:
        return false; /* getopt has said why */
    }
}

/* EX_OK to go on, -1 to end well, else the exit status. */
static int parse_options(int argc, char **argv, struct options *ret_options)
{
    static const struct option table[] = {
        {"explain", no_argument, NULL, 'e'},      {"fetched", required_argument, NULL, 'F'},
        {"format", required_argument, NULL, 'f'}, {"jobs", required_argument, NULL, 'j'},
        {"model", required_argument, NULL, 'm'},  {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},      {NULL, 0, NULL, 0},
    };
    *ret_options = (struct options){.jobs = 1};
    int option = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread is started
    while ((option = getopt_long(argc, argv, "eF:f:j:m:hV", table, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(usage, stdout);
            return -1;
        }
        if (option == 'V') {
            (void)printf("newsloom-extract %s\n", NEWSLOOM_VERSION);
            return -1;
        }
        if (!take_option(option, optarg, ret_options))
            return EX_USAGE;
    }
    return EX_OK;
}

int main(int argc, char **argv)
{
    struct run run = {0};
    int parsed = parse_options(argc, argv, &run.options);
    if (parsed == EX_OK && optind == argc) {
        (void)fputs("newsloom extract: name a file, a folder or - (--help says more)\n", stderr);
        return EX_USAGE;
    }
    if (parsed != EX_OK)
        return parsed < 0 ? EX_OK : parsed;
    arena_keep_memory();
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread is started
    run.options.in_colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    struct error err = {0};
    if (knowledge_open(run.options.model, &run.knowledge, &err) != STATUS_OK) {
        note_failure(&run, &err);
        return run.exit_code;
    }
    const struct intake intake = {.take = take, .complain = complain, .context = &run};
    for (int i = optind; i < argc; i++)
        intake_read(&intake, argv[i]);
    flush_batch(&run);
    knowledge_close(&run.knowledge);
    if (fflush(stdout) != 0 && !run.output_errno)
        run.output_errno = errno;
    if (run.output_errno) {
        /* A reader that has seen enough, such as head, is no news. */
        if (run.output_errno != EPIPE)
            (void)fprintf(stderr, "newsloom extract: could not write the output: %s\n",
                          strerror(run.output_errno)); // NOLINT(concurrency-mt-unsafe): one thread
        return EX_IOERR;
    }
    return run.exit_code;
}
