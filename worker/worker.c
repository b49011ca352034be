// SPDX-License-Identifier: Apache-2.0
#include "worker/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/context.h"
#include "common/crash.h"
#include "common/log.h"
#include "common/notify.h"
#include "worker/worker_parts.h"

enum {
    DRAIN_LIMIT_MS = 30000, /* for what was started, after SIGTERM */
    LEAVE_LIMIT_MS = 3000,  /* for settlements, when we cannot go on */
    LINGER_MS = 1000,
    LAST_WORDS_MS = 200,
    WATCH_MS = 100,       /* how often running extractions are looked at */
    IDLE_MS = 500,        /* the longest turn */
    HANG_GRACE_MS = 2000, /* beyond its budget, until a silent extraction is taken for hung */
};

/* ---- making ---- */

static void start_threads(struct worker *worker)
{
    void *theirs = NULL;
    worker->benches = memory_new(worker->options->extract_threads * sizeof *worker->benches);
    for (unsigned i = 0; i < worker->options->extract_threads; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "extract-%u", i);
        note_pair(worker->context, name, &worker->benches[i].socket, &theirs);
        worker->benches[i].extractor =
            extractor_start(theirs, worker->knowledge, worker->options->extract_memory_bytes);
    }
    note_pair(worker->context, "keeper", &worker->keeper_socket, &theirs);
    worker->keeper = keeper_start(theirs, worker->options, worker->counters);
}

struct worker *worker_new(const struct options *options, const struct knowledge *knowledge,
                          struct counters *counters, struct http *http)
{
    struct worker *worker = memory_new(sizeof *worker);
    sigset_t wanted;
    worker->options = options;
    worker->knowledge = knowledge;
    worker->counters = counters;
    worker->http = http;
    (void)sigemptyset(&wanted);
    (void)sigaddset(&wanted, SIGTERM);
    (void)sigaddset(&wanted, SIGINT);
    worker->signals = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    ENSURE(worker->signals >= 0);
    worker->context = zmq_ctx_new();
    ENSURE(worker->context);
    worker->ledger = ledger_new(options->slots);
    worker->mouth = mouth_new(worker->context, options->broker_endpoints, &options->identity);
    worker->arena = arena_new(ENVELOPE_BUDGET);
    random_bytes(worker->session, sizeof worker->session);
    worker->now_ms = clock_mono_ms();
    worker->met_ms = worker->now_ms;
    worker->beat_ms = 1000;
    worker->lease_ms = 30000;
    worker->budget_ms = options->extract_budget_ms;
    worker->hello_ms = worker->now_ms - IDLE_MS;
    counters_set(counters, TALLY_SLOTS, options->slots);
    start_threads(worker);
    return worker;
}

/* ---- the threads ---- */

static void fail_job(struct worker *worker, struct job *job)
{
    static const struct {
        const char *code;
        enum tally tally;
    } rows[] = {{"INVALID_PAYLOAD", TALLY_INVALID},
                {"RESOURCE_LIMIT", TALLY_RESOURCE},
                {"TIMED_OUT", TALLY_TIMED_OUT},
                {"STORAGE_REJECTED", TALLY_REJECTED}};
    char source[LOG_QUOTE_SIZE];
    char key[LOG_QUOTE_SIZE];
    char text[LOG_QUOTE_SIZE];
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].code, job->failure.code) == 0)
            counters_add(worker->counters, rows[i].tally, 1);
    log_warn("article-failed", "article=%" PRIu64 " source=%s key=%s code=%s permanent=%s text=%s",
             job->article_id, log_quote(job->source, source), log_quote(job->key, key),
             job->failure.code, job->failure.permanent ? "yes" : "no",
             log_quote(job->failure.text, text));
    ledger_move(worker->ledger, job, JOB_FAILED, worker->now_ms);
    job_keep_failure(job);
    if (job->abandoned)
        ledger_remove(worker->ledger, job);
}

/* An extraction that ran into a limit says nothing of an earlier attempt: its worker may have died
 * between COMMIT and done, and an article that is stored must not end as dead. */
static bool may_be_stored(const struct job *job)
{
    return !job->abandoned && job->attempt > 1 &&
           (strcmp(job->failure.code, "TIMED_OUT") == 0 ||
            strcmp(job->failure.code, "RESOURCE_LIMIT") == 0);
}

static void look_for_rows(struct worker *worker, struct job *job)
{
    if (!job->work)
        job->work = arena_new(0);
    job->row = (struct article_row){
        .arena = job->work,
        .broker_article_id = job->article_id,
        .source = job->source,
        .key = job->key,
        .revision = job->revision,
        .generation = job->generation,
        .look_only = true,
    };
    memcpy(job->row.content_digest, job->digest, DIGEST_SIZE);
    ledger_move(worker->ledger, job, JOB_STORING, worker->now_ms);
    const struct note note = {.kind = NOTE_JOB, .job = job};
    (void)note_send(worker->keeper_socket, &note);
}

static bool is_foreign(const struct job *job)
{
    return strcmp(job->row.extraction->language, "vi") != 0;
}

static void hear_extractor(struct worker *worker, struct bench *bench)
{
    struct note note;
    if (!note_receive(bench->socket, &note, 0))
        return;
    struct job *job = note.job;
    ENSURE(note.kind == NOTE_JOB && job == bench->job);
    bench->job = NULL;
    counters_add(worker->counters, TALLY_EXTRACT_TIME, (uint64_t)job->extract_us);
    if (job->abandoned && !job->failure.code) {
        job->failure.code = "RELEASED";
        (void)snprintf(job->failure.text, sizeof job->failure.text, "given back while it ran");
    }
    if (job->failure.code) {
        if (may_be_stored(job))
            look_for_rows(worker, job);
        else
            fail_job(worker, job);
        return;
    }
    counters_add(worker->counters, TALLY_EXTRACTED, 1);
    counters_add(worker->counters, TALLY_FOREIGN, is_foreign(job));
    crash_here(CRASH_WORKER_EXTRACTED);
    ledger_move(worker->ledger, job, JOB_STORING, worker->now_ms);
    (void)note_send(worker->keeper_socket, &note);
}

static void hear_stored(struct worker *worker, struct job *job)
{
    if (job->row.end == ROW_ABSENT) {
        fail_job(worker, job);
        return;
    }
    if (job->row.end == ROW_REFUSED) {
        job->failure.code = "STORAGE_REJECTED";
        job->failure.permanent = job->row.permanent;
        (void)snprintf(job->failure.text, sizeof job->failure.text, "%s", job->row.why);
        fail_job(worker, job);
        return;
    }
    job->failure = (struct job_failure){0};
    ledger_move(worker->ledger, job, JOB_DONE, worker->now_ms);
    job_keep_result(job);
    if (job->abandoned)
        ledger_remove(worker->ledger, job);
}

static void leave(struct worker *worker, int exit_code, int64_t patience_ms, const char *reason)
{
    if (!worker->leaving || exit_code != 0)
        worker->exit_code = exit_code;
    worker->leaving = true;
    worker->leave_ms = worker->now_ms + patience_ms;
    worker->leave_reason = reason;
    worker->beaten_ms = 0; /* say at once that nothing more is taken */
}

static void hear_keeper(struct worker *worker)
{
    struct note note;
    char text[LOG_QUOTE_SIZE];
    while (note_receive(worker->keeper_socket, &note, 0)) {
        worker->keeper_known = true;
        switch (note.kind) {
        case NOTE_JOB:
            hear_stored(worker, note.job);
            break;
        case NOTE_READY:
            log_info("database-ready", "blocked_before=%s", worker->blocked ? "yes" : "no");
            worker->blocked = false;
            worker->blocked_reason[0] = 0;
            worker->beaten_ms = 0;
            break;
        case NOTE_BLOCKED:
            log_warn("database-away", "reason=%s: keeping %u articles, taking none",
                     log_quote(note.err.text, text), ledger_count(worker->ledger));
            worker->blocked = true;
            (void)snprintf(worker->blocked_reason, sizeof worker->blocked_reason, "%s",
                           note.err.text);
            worker->beaten_ms = 0;
            if (worker->leaving && worker->leave_ms > worker->now_ms + LEAVE_LIMIT_MS)
                worker->leave_ms = worker->now_ms + LEAVE_LIMIT_MS;
            break;
        case NOTE_BROKEN:
            log_error("database-unfit", "reason=%s: giving back all articles and stopping",
                      log_quote(note.err.text, text));
            conversation_release(worker, true, "the database is not fit");
            leave(worker, EX_CONFIG, LEAVE_LIMIT_MS, "the database is not fit");
            break;
        default:
            ENSURE(note.kind == NOTE_BROKEN); /* a keeper says nothing else */
        }
    }
}

/* Nothing runs that a bad article could harm, so it is never said to have started. */
static void look_at_once(struct worker *worker, struct job *job)
{
    job->failure = (struct job_failure){.code = "WORKER_LOST", .permanent = true};
    (void)snprintf(job->failure.text, sizeof job->failure.text,
                   "no worker came back from any of its attempts, and none had stored it");
    look_for_rows(worker, job);
}

static void give_work(struct worker *worker)
{
    for (unsigned i = 0; i < ledger_count(worker->ledger) && !worker->leaving; i++) {
        struct job *job = ledger_at(worker->ledger, i);
        if (job->look_only && job->state == JOB_WAITING)
            look_at_once(worker, job);
    }
    for (unsigned i = 0; i < worker->options->extract_threads && !worker->leaving; i++) {
        struct bench *bench = &worker->benches[i];
        struct job *job = bench->job ? NULL : ledger_next_waiting(worker->ledger);
        if (!job)
            continue;
        ledger_move(worker->ledger, job, JOB_EXTRACTING, worker->now_ms);
        job->deadline_ms = worker->now_ms + worker->budget_ms;
        job->started = true;
        bench->job = job;
        (void)mouth_started(worker->mouth, job->lease); /* or by the next hello */
        crash_here(CRASH_WORKER_STARTED);
        const struct note note = {.kind = NOTE_JOB, .job = job};
        (void)note_send(bench->socket, &note);
    }
}

/* A thread that does not come back from an article cannot be stopped: give the article up, the
 * others back, and let the supervisor start a fresh process. */
static void watch_extractions(struct worker *worker)
{
    for (unsigned i = 0; i < worker->options->extract_threads; i++) {
        struct job *job = worker->benches[i].job;
        if (!job || job->abandoned ||
            worker->now_ms < job->deadline_ms + worker->budget_ms / 2 + HANG_GRACE_MS)
            continue;
        struct job_failure failure = {.code = "TIMED_OUT"};
        (void)snprintf(failure.text, sizeof failure.text,
                       "the extraction did not end within %" PRId64
                       " ms and does not react to being stopped",
                       worker->now_ms - job->since_ms);
        (void)mouth_failed(worker->mouth, job->lease, job->article_id, &failure);
        job->abandoned = true;
        counters_add(worker->counters, TALLY_TIMED_OUT, 1);
        log_error("extraction-hangs", "article=%" PRIu64 ": giving it up and stopping",
                  job->article_id);
        conversation_release(worker, true, "another article hangs");
        leave(worker, EX_TEMPFAIL, LEAVE_LIMIT_MS, "an extraction hangs");
    }
}

/* ---- the turn and the end ---- */

/* What was started shall end well, unless nobody is there to store it or to hear of it. */
static int64_t drain_patience(const struct worker *worker)
{
    return worker->blocked || !worker->welcomed ? LEAVE_LIMIT_MS : DRAIN_LIMIT_MS;
}

static void hear_signals(struct worker *worker)
{
    struct signalfd_siginfo info;
    while (read(worker->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        worker->signal_count++;
        if (worker->signal_count == 1) {
            log_info("draining", "signal=%u held=%u", info.ssi_signo, ledger_count(worker->ledger));
            notify_stopping();
            leave(worker, 0, drain_patience(worker), "told to stop");
            conversation_release(worker, false, "told to stop");
        } else {
            log_info("hurrying", "held=%u", ledger_count(worker->ledger));
            conversation_release(worker, true, "told to stop at once");
            leave(worker, worker->exit_code, 0, "told to stop at once");
        }
    }
}

static bool may_leave(const struct worker *worker)
{
    if (!worker->leaving)
        return false;
    if (worker->now_ms >= worker->leave_ms)
        return true;
    for (unsigned i = 0; i < ledger_count(worker->ledger); i++)
        if (!ledger_at(worker->ledger, i)->abandoned)
            return false;
    return true;
}

static long turn_length(const struct worker *worker)
{
    int64_t length = IDLE_MS;
    if (worker->welcomed)
        length = worker->beaten_ms + worker->beat_ms - worker->now_ms;
    int64_t most = worker->leaving || ledger_count(worker->ledger) > 0 ? WATCH_MS : IDLE_MS;
    return (long)(length < 0 ? 0 : length < most ? length : most);
}

static void wait_for_news(struct worker *worker)
{
    zmq_pollitem_t items[3 + 64];
    unsigned threads = worker->options->extract_threads;
    ENSURE(threads + 3 <= COUNT_OF(items));
    items[0] = (zmq_pollitem_t){.socket = mouth_socket(worker->mouth), .events = ZMQ_POLLIN};
    items[1] = (zmq_pollitem_t){.socket = worker->keeper_socket, .events = ZMQ_POLLIN};
    items[2] = (zmq_pollitem_t){.fd = worker->signals, .events = ZMQ_POLLIN};
    for (unsigned i = 0; i < threads; i++)
        items[3 + i] = (zmq_pollitem_t){.socket = worker->benches[i].socket, .events = ZMQ_POLLIN};
    (void)zmq_poll(items, (int)(3 + threads), turn_length(worker));
}

static void show_state(struct worker *worker)
{
    counters_set(worker->counters, TALLY_HELD, ledger_count(worker->ledger));
    counters_set(worker->counters, TALLY_STORING, ledger_count_in(worker->ledger, JOB_STORING));
    counters_set(worker->counters, TALLY_UNSETTLED, ledger_count_in(worker->ledger, JOB_DONE));
    counters_set(worker->counters, TALLY_BLOCKED, worker->blocked);
    http_beat(worker->http);
    notify_beat(worker->now_ms);
    const char *reason = worker->leaving         ? worker->leave_reason
                         : !worker->keeper_known ? "PostgreSQL has not answered yet"
                         : worker->blocked       ? worker->blocked_reason
                         : !worker->welcomed     ? "the broker has not answered yet"
                                                 : "";
    http_set_ready(worker->http, !*reason, reason);
}

static void turn(struct worker *worker)
{
    wait_for_news(worker);
    worker->now_ms = clock_mono_ms();
    hear_signals(worker);
    conversation_hear(worker);
    for (unsigned i = 0; i < worker->options->extract_threads; i++)
        hear_extractor(worker, &worker->benches[i]);
    hear_keeper(worker);
    give_work(worker);
    watch_extractions(worker);
    conversation_report(worker);
    conversation_keep_up(worker);
    show_state(worker);
}

/* true: a thread still has a job, and nobody can wait for it. */
static bool stop_threads(struct worker *worker)
{
    struct note note = {.kind = NOTE_STOP};
    bool stuck = worker->blocked || !worker->keeper_known; /* it may be connecting for seconds */
    for (unsigned i = 0; i < worker->options->extract_threads; i++)
        stuck |= worker->benches[i].job != NULL;
    /* a transaction on its way is in doubt anyway, so its end need not be waited for */
    stuck |= ledger_count_in(worker->ledger, JOB_STORING) > 0 && worker->exit_code == 0;
    if (stuck)
        return true;
    for (unsigned i = 0; i < worker->options->extract_threads; i++) {
        (void)note_send(worker->benches[i].socket, &note);
        extractor_join(&worker->benches[i].extractor);
        (void)zmq_close(worker->benches[i].socket);
    }
    (void)note_send(worker->keeper_socket, &note);
    keeper_join(&worker->keeper);
    (void)zmq_close(worker->keeper_socket);
    return false;
}

int worker_run(struct worker **worker_p, bool *ret_stuck)
{
    struct worker *worker = *worker_p;
    bool ready = false;
    while (!may_leave(worker)) {
        turn(worker);
        if (!ready && worker->keeper_known && !worker->leaving) {
            ready = true;
            notify_ready();
        }
    }
    conversation_release(worker, true, worker->leave_reason);
    conversation_report(worker);
    /* a broker whose welcome is still on its way may have sent articles already */
    (void)mouth_goodbye(worker->mouth, worker->leave_reason);
    int exit_code = worker->exit_code;
    log_info("stopped", "reason=\"%s\" unsettled=%u exit=%d", worker->leave_reason,
             ledger_count(worker->ledger), exit_code);
    *ret_stuck = stop_threads(worker);
    mouth_free(&worker->mouth, LINGER_MS);
    if (*ret_stuck) {
        (void)zmq_poll(NULL, 0, LAST_WORDS_MS); /* the context cannot be closed: let it send */
        return exit_code;
    }
    /* who was never welcomed has nothing under way */
    if (!context_end(&worker->context,
                     worker->welcomed ? LINGER_MS + LAST_WORDS_MS : LAST_WORDS_MS)) {
        *ret_stuck = true;
        return exit_code;
    }
    ledger_free(&worker->ledger);
    arena_free(&worker->arena);
    (void)close(worker->signals);
    free(worker->benches);
    free(worker);
    *worker_p = NULL;
    return exit_code;
}
