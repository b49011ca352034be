// SPDX-License-Identifier: Apache-2.0
/*
 * bench_broker - a running broker under feeders and workers that only acknowledge.
 *
 * Feeders submit articles of one size, a few a message, with a bounded window of unanswered ones;
 * workers answer every dispatch with Started and Done at once. Prints one JSON object: articles a
 * second from the first submit to the last settlement, the broker's CPU time an article, and the
 * latencies from submit to receipt and from submit to settled.
 *
 *      bench_broker --feed ENDPOINT --work ENDPOINT --pid BROKER [--articles N] [--size BYTES]
 *                   [--feeders N] [--workers N] [--batch N] [--window N] [--phase all|fill|drain]
 *                   [--wait-ms N]
 *
 * --phase fill only feeds; --phase drain only works until nothing comes for two seconds.
 */
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/digest.h"
#include "proto/joined.h"
#include "tests/bench/peers/load.h"

typedef Newsloom__V1__Envelope envelope_type;

static struct {
    const char *feed;
    const char *work;
    const char *phase;
    long pid;
    long wait_ms; /* a worker takes so long for each article */
} options = {.phase = "all"};

enum { IDLE_MS = 2000, DEADLINE_MS = 300000 };

static void *zmq;
static atomic_uint_fast64_t next_article;
static atomic_uint_fast64_t receipts;
static atomic_uint_fast64_t settled;
static atomic_uint_fast64_t refused;
static atomic_int_fast64_t last_settled_us;
static int64_t *submitted_us;
static uint32_t *receipt_us; /* since submit */
static uint32_t *settled_us;
static uint8_t run_id[4];
static char bench_name[] = "bench";

static void *connect_to(const char *endpoint)
{
    void *socket = zmq_socket(zmq, ZMQ_DEALER);
    int linger = 0;
    int hwm = 0;
    int timeout = 100;
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
    (void)zmq_setsockopt(socket, ZMQ_SNDHWM, &hwm, sizeof(hwm));
    (void)zmq_setsockopt(socket, ZMQ_RCVHWM, &hwm, sizeof(hwm));
    (void)zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout, sizeof(timeout));
    ENSURE(zmq_connect(socket, endpoint) == 0);
    return socket;
}

static void send_envelope(void *socket, struct arena *arena, envelope_type *envelope, bool more)
{
    size_t size = 0;
    envelope->protocol = protocol_oldest;
    void *bytes = message_pack(&envelope->base, arena, &size);
    ENSURE(size <= ENVELOPE_LIMIT);
    ENSURE(zmq_send(socket, bytes, size, more ? ZMQ_SNDMORE : 0) >= 0);
}

static void send_payloads(void *socket, struct arena *arena, envelope_type *envelope,
                          uint64_t features, const struct payload *payloads, size_t count)
{
    uint32_t sizes[ARTICLES_LIMIT];
    envelope->protocol = protocol_oldest;
    size_t bytes = joined_mark(envelope, features, payloads, count, sizes);
    send_envelope(socket, arena, envelope, true);
    if (bytes > 0) {
        zmq_msg_t frame;
        ENSURE(zmq_msg_init_size(&frame, bytes) == 0);
        joined_fill(zmq_msg_data(&frame), payloads, count);
        ENSURE(zmq_msg_send(&frame, socket, 0) >= 0);
        return;
    }
    for (size_t i = 0; i < count; i++)
        ENSURE(zmq_send(socket, payloads[i].bytes, payloads[i].size,
                        i + 1 < count ? ZMQ_SNDMORE : 0) >= 0);
}

/* The next message's envelope, its payload frames dropped; NULL when none came in time. */
static envelope_type *receive(void *socket, struct arena *arena)
{
    zmq_msg_t frame;
    (void)zmq_msg_init(&frame);
    if (zmq_msg_recv(&frame, socket, 0) < 0)
        return NULL;
    envelope_type *envelope = NULL;
    Newsloom__V1__RefusalCode refusal;
    struct error err;
    if (envelope_unpack(zmq_msg_data(&frame), zmq_msg_size(&frame), arena, &envelope, &refusal,
                        &err) != STATUS_OK) {
        (void)fprintf(stderr, "bench_broker: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
    while (zmq_msg_more(&frame))
        ENSURE(zmq_msg_recv(&frame, socket, 0) >= 0);
    (void)zmq_msg_close(&frame);
    return envelope;
}

/* ---- feeders
 * --------------------------------------------------------------------------------------- */

struct feeder {
    void *socket;
    struct arena *arena;
    char *payload;
    uint64_t features;          /* of the broker, from its first receipts on */
    uint64_t *first_of_request; /* by request number modulo window */
    uint64_t request;
    uint64_t outstanding;
};

static void submit(struct feeder *f)
{
    uint64_t first = atomic_fetch_add(&next_article, load.batch);
    if (first >= load.articles)
        return;
    uint64_t count = load.articles - first;
    if (count > load.batch)
        count = load.batch;
    arena_reset(f->arena);
    Newsloom__V1__Submission rows[ARTICLES_LIMIT];
    Newsloom__V1__Submission *pointers[ARTICLES_LIMIT];
    uint8_t digest[DIGEST_SIZE];
    digest_content("", f->payload, load.size, digest);
    for (uint64_t i = 0; i < count; i++) {
        newsloom__v1__submission__init(&rows[i]);
        rows[i].source = bench_name;
        rows[i].key = arena_format(f->arena, "%02x%02x%02x%02x-%" PRIu64, run_id[0], run_id[1],
                                   run_id[2], run_id[3], first + i);
        rows[i].class_ = NEWSLOOM__V1__CLASS__LIVE;
        rows[i].digest = (ProtobufCBinaryData){DIGEST_SIZE, digest};
        rows[i].size = load.size;
        pointers[i] = &rows[i];
    }
    Newsloom__V1__Submit body;
    newsloom__v1__submit__init(&body);
    body.articles = pointers;
    body.n_articles = count;
    envelope_type envelope;
    newsloom__v1__envelope__init(&envelope);
    envelope.request = ++f->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_SUBMIT;
    envelope.submit = &body;
    f->first_of_request[f->request % load.window] = first;
    int64_t now = clock_mono_us();
    for (uint64_t i = 0; i < count; i++)
        submitted_us[first + i] = now;
    struct payload payloads[ARTICLES_LIMIT];
    for (uint64_t i = 0; i < count; i++)
        payloads[i] = (struct payload){f->payload, load.size};
    send_payloads(f->socket, f->arena, &envelope, f->features, payloads, count);
    f->outstanding += count;
}

static void take_receipts(struct feeder *f)
{
    arena_reset(f->arena);
    envelope_type *envelope = receive(f->socket, f->arena);
    if (!envelope)
        return;
    ENSURE(envelope->body_case == NEWSLOOM__V1__ENVELOPE__BODY_RECEIPTS);
    int64_t now = clock_mono_us();
    const Newsloom__V1__Receipts *body = envelope->receipts;
    uint64_t first = f->first_of_request[envelope->request % load.window] + body->first;
    for (size_t i = 0; i < body->n_receipts; i++) {
        if (body->receipts[i]->code != NEWSLOOM__V1__RECEIPT_CODE__ACCEPTED)
            atomic_fetch_add(&refused, 1);
        receipt_us[first + i] = (uint32_t)(now - submitted_us[first + i]);
    }
    f->outstanding -= body->n_receipts;
    f->features = body->features;
    atomic_fetch_add(&receipts, body->n_receipts);
}

static void *feeder_run(void *unused)
{
    (void)unused;
    struct feeder f = {.socket = connect_to(options.feed), .arena = arena_new(0)};
    f.payload = memory_new(load.size);
    f.first_of_request = memory_new(load.window * sizeof(*f.first_of_request));
    for (size_t i = 0; i < load.size; i++)
        f.payload[i] = (char)('a' + i % 26);
    while (atomic_load(&next_article) < load.articles || f.outstanding > 0) {
        while (f.outstanding + load.batch <= load.window &&
               atomic_load(&next_article) < load.articles)
            submit(&f);
        take_receipts(&f);
    }
    free(f.first_of_request);
    free(f.payload);
    arena_free(&f.arena);
    (void)zmq_close(f.socket);
    return NULL;
}

/* ---- workers
 * --------------------------------------------------------------------------------------- */

struct worker {
    void *socket;
    struct arena *arena;
    uint8_t session[16];
    uint64_t held[LOAD_SLOTS];
    uint64_t keys[LOAD_SLOTS]; /* article number of each */
    size_t held_count;
    uint64_t features; /* of the broker */
    uint64_t beat_ms;
    int64_t next_beat_ms;
};

static void say_hello(struct worker *w)
{
    Newsloom__V1__Hello body;
    newsloom__v1__hello__init(&body);
    body.protocol_min = body.protocol_max = protocol_oldest;
    body.session = (ProtobufCBinaryData){sizeof(w->session), w->session};
    body.worker = bench_name;
    body.slots = LOAD_SLOTS;
    body.features = features_here;
    envelope_type envelope;
    newsloom__v1__envelope__init(&envelope);
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_HELLO;
    envelope.hello = &body;
    send_envelope(w->socket, w->arena, &envelope, false);
}

static void say_beat(struct worker *w)
{
    Newsloom__V1__Beat body;
    newsloom__v1__beat__init(&body);
    body.free_slots = (uint32_t)(LOAD_SLOTS - w->held_count);
    body.leases = w->held;
    body.n_leases = w->held_count;
    envelope_type envelope;
    newsloom__v1__envelope__init(&envelope);
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_BEAT;
    envelope.beat = &body;
    send_envelope(w->socket, w->arena, &envelope, false);
    w->next_beat_ms = clock_mono_ms() + (int64_t)w->beat_ms;
}

static uint64_t article_number(const char *key)
{
    char mine[16];
    (void)snprintf(mine, sizeof(mine), "%02x%02x%02x%02x-", run_id[0], run_id[1], run_id[2],
                   run_id[3]);
    return strncmp(key, mine, strlen(mine)) == 0 ? strtoull(key + strlen(mine), NULL, 10)
                                                 : UINT64_MAX;
}

static void acknowledge(struct worker *w, const Newsloom__V1__Dispatch *dispatch)
{
    static uint8_t extraction[] = {0x0a, 0x05, 'b', 'e', 'n', 'c', 'h'};
    static uint8_t digest[DIGEST_SIZE];
    static atomic_bool digested;
    if (!atomic_exchange(&digested, true))
        digest_bytes(extraction, sizeof(extraction), digest);
    Newsloom__V1__Result rows[ARTICLES_LIMIT];
    Newsloom__V1__Result *pointers[ARTICLES_LIMIT];
    Newsloom__V1__Topics topics;
    newsloom__v1__topics__init(&topics);
    size_t count = dispatch->n_jobs;
    ENSURE(count <= ARTICLES_LIMIT && w->held_count + count <= LOAD_SLOTS);
    for (size_t i = 0; i < count; i++) {
        const Newsloom__V1__Job *job = dispatch->jobs[i];
        newsloom__v1__result__init(&rows[i]);
        rows[i].lease = job->lease;
        rows[i].article_id = job->article_id;
        rows[i].digest = job->digest;
        rows[i].kind = NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED;
        rows[i].extraction_digest = (ProtobufCBinaryData){DIGEST_SIZE, digest};
        rows[i].topics = &topics;
        rows[i].size = sizeof(extraction);
        pointers[i] = &rows[i];
        w->held[w->held_count] = job->lease;
        w->keys[w->held_count++] = article_number(job->key);
    }
    envelope_type envelope;
    newsloom__v1__envelope__init(&envelope);
    Newsloom__V1__Done body;
    newsloom__v1__done__init(&body);
    body.results = pointers;
    body.n_results = count;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_DONE;
    envelope.done = &body;
    struct payload payloads[ARTICLES_LIMIT];
    for (size_t i = 0; i < count; i++)
        payloads[i] = (struct payload){extraction, sizeof(extraction)};
    send_payloads(w->socket, w->arena, &envelope, w->features, payloads, count);
}

static void take_settlements(struct worker *w, const Newsloom__V1__Settled *body)
{
    int64_t now = clock_mono_us();
    for (size_t i = 0; i < body->n_settlements; i++) {
        for (size_t at = 0; at < w->held_count; at++) {
            if (w->held[at] != body->settlements[i]->lease)
                continue;
            if (w->keys[at] < load.articles)
                settled_us[w->keys[at]] = (uint32_t)(now - submitted_us[w->keys[at]]);
            w->held[at] = w->held[--w->held_count];
            w->keys[at] = w->keys[w->held_count];
            atomic_fetch_add(&settled, 1);
            atomic_store(&last_settled_us, now);
            break;
        }
    }
}

static void *worker_run(void *unused)
{
    (void)unused;
    struct worker w = {.socket = connect_to(options.work), .arena = arena_new(0), .beat_ms = 1000};
    random_bytes(w.session, sizeof(w.session));
    bool drain = strcmp(options.phase, "drain") == 0;
    say_hello(&w);
    while (drain ? clock_mono_us() - atomic_load(&last_settled_us) < IDLE_MS * 1000
                 : atomic_load(&settled) < load.articles) {
        arena_reset(w.arena);
        envelope_type *envelope = receive(w.socket, w.arena);
        if (!envelope) {
            say_beat(&w);
            continue;
        }
        switch (envelope->body_case) {
        case NEWSLOOM__V1__ENVELOPE__BODY_WELCOME:
            w.beat_ms = envelope->welcome->beat_ms;
            w.features = envelope->welcome->features;
            say_beat(&w);
            break;
        case NEWSLOOM__V1__ENVELOPE__BODY_HELLO_FIRST:
            say_hello(&w);
            break;
        case NEWSLOOM__V1__ENVELOPE__BODY_DISPATCH:
            if (options.wait_ms > 0)
                (void)zmq_poll(NULL, 0, options.wait_ms * (long)envelope->dispatch->n_jobs);
            acknowledge(&w, envelope->dispatch);
            break;
        case NEWSLOOM__V1__ENVELOPE__BODY_SETTLED:
            take_settlements(&w, envelope->settled);
            say_beat(&w);
            break;
        default:
            break;
        }
        if (clock_mono_ms() >= w.next_beat_ms)
            say_beat(&w);
    }
    arena_free(&w.arena);
    (void)zmq_close(w.socket);
    return NULL;
}

/* ---- figures
 * --------------------------------------------------------------------------------------- */

static double cpu_seconds(long pid)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    unsigned long user = 0;
    unsigned long system = 0;
    int read = fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                      &user, &system);
    (void)fclose(file);
    return read == 2 ? (double)(user + system) / (double)sysconf(_SC_CLK_TCK) : 0;
}

static int by_value(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static double percentile_ms(uint32_t *values, uint64_t count, unsigned percent)
{
    qsort(values, count, sizeof(*values), by_value);
    return count ? values[(count - 1) * percent / 100] / 1000.0 : 0;
}

static void read_options(int argc, char **argv)
{
    static const struct option longs[] = {
        {"feed", required_argument, NULL, 'f'},
        {"work", required_argument, NULL, 'w'},
        {"pid", required_argument, NULL, 'p'},
        {"phase", required_argument, NULL, 'P'},
        {"wait-ms", required_argument, NULL, 'm'},
        LOAD_OPTIONS,
        {NULL, 0, NULL, 0},
    };
    int option = 0;
    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (option == 'f')
            options.feed = optarg;
        else if (option == 'w')
            options.work = optarg;
        else if (option == 'P')
            options.phase = optarg;
        else if (option == 'p')
            options.pid = strtol(optarg, NULL, 10);
        else if (option == 'm')
            options.wait_ms = strtol(optarg, NULL, 10);
        else if (!load_option(option, optarg))
            exit(EXIT_FAILURE);
    }
    ENSURE(options.feed && options.work && load_is_right() && load.batch <= ARTICLES_LIMIT);
}

static void print_figures(double seconds, double cpu, uint64_t count)
{
    bool fill = strcmp(options.phase, "fill") == 0;
    bool drain = strcmp(options.phase, "drain") == 0;
    printf("{\"phase\": \"%s\", \"articles\": %" PRIu64
           ", \"size\": %zu, \"feeders\": %u, \"workers\": %u, "
           "\"batch\": %u, \"window\": %u, \"not_accepted\": %" PRIuFAST64
           ", \"articles_per_second\": %.0f, \"broker_cpu_us_per_article\": %.1f",
           options.phase, count, load.size, load.feeders, load.workers, load.batch, load.window,
           atomic_load(&refused), (double)count / seconds, cpu * 1e6 / (double)count);
    if (!drain)
        printf(", \"receipt_p50_ms\": %.2f, \"receipt_p99_ms\": %.2f",
               percentile_ms(receipt_us, load.articles, 50),
               percentile_ms(receipt_us, load.articles, 99));
    if (!fill && !drain)
        printf(", \"settled_p50_ms\": %.2f, \"settled_p99_ms\": %.2f",
               percentile_ms(settled_us, load.articles, 50),
               percentile_ms(settled_us, load.articles, 99));
    printf("}\n");
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    bool fill = strcmp(options.phase, "fill") == 0;
    bool drain = strcmp(options.phase, "drain") == 0;
    random_bytes(run_id, sizeof(run_id));
    zmq = zmq_ctx_new();
    submitted_us = memory_new(load.articles * sizeof(*submitted_us));
    receipt_us = memory_new(load.articles * sizeof(*receipt_us));
    settled_us = memory_new(load.articles * sizeof(*settled_us));
    (void)alarm(DEADLINE_MS / 1000); /* a run that hangs ends */

    pthread_t threads[128];
    size_t count = 0;
    unsigned feeders = drain ? 0 : load.feeders;
    unsigned workers = fill ? 0 : load.workers;
    ENSURE(feeders + workers <= COUNT_OF(threads));
    double cpu = cpu_seconds(options.pid);
    int64_t begin = clock_mono_us();
    atomic_store(&last_settled_us, begin);
    for (unsigned i = 0; i < workers; i++)
        ENSURE(pthread_create(&threads[count++], NULL, worker_run, NULL) == 0);
    for (unsigned i = 0; i < feeders; i++)
        ENSURE(pthread_create(&threads[count++], NULL, feeder_run, NULL) == 0);
    while (count > 0)
        (void)pthread_join(threads[--count], NULL);
    int64_t end = fill ? clock_mono_us() : atomic_load(&last_settled_us);
    print_figures((double)(end - begin) / 1e6, cpu_seconds(options.pid) - cpu,
                  drain ? atomic_load(&settled) : load.articles);
    free(settled_us);
    free(receipt_us);
    free(submitted_us);
    (void)zmq_ctx_term(zmq);
    return EXIT_SUCCESS;
}
