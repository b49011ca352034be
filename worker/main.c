// SPDX-License-Identifier: Apache-2.0
/*
 * newsloom-worker - takes articles, extracts, stores, reports.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/log.h"
#include "common/program.h"
#include "worker/tallies.h"
#include "worker/worker.h"

static const struct program program = {
    /* count is filled by main */
    .name = "newsloom-worker",
    .purpose = "takes articles from a broker, extracts facts, stores them in PostgreSQL",
    .examples = "  newsloom-worker --set database.url=postgresql:///news\n"
                "  newsloom-worker --config /etc/newsloom/worker.conf --check\n"
                "  NEWSLOOM_BROKER_ENDPOINT=tcp://10.0.0.5:5812 newsloom-worker\n",
    .table = worker_options_table,
    .counters = worker_tallies_table,
    .counter_count = TALLY_COUNT,
    .crash_program = "worker",
    .check = worker_options_check,
};

static void block_signals(void)
{
    sigset_t wanted;
    (void)sigemptyset(&wanted);
    (void)sigaddset(&wanted, SIGTERM);
    (void)sigaddset(&wanted, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static void say_start(const struct options *options, const struct knowledge *knowledge,
                      const struct http *http)
{
    char name[LOG_QUOTE_SIZE];
    char hex[DIGEST_HEX_SIZE];
    const char *colon = strrchr(options->listen_http, ':');
    int host = colon ? (int)(colon - options->listen_http) : 0;
    log_info("started", "name=%s version=%s slots=%u threads=%u model=%.16s broker=%s%s%.*s%s%.0u",
             log_quote(options->worker_name, name), NEWSLOOM_VERSION, options->slots,
             options->extract_threads, digest_hex(knowledge_digest(knowledge), hex),
             options->broker_endpoints, http ? " http=" : "", host, options->listen_http,
             http ? ":" : "", http_port(http));
}

static int run(const struct settings *settings)
{
    char name_buffer[OPTIONS_NAME_SIZE];
    struct options options = worker_options_read(settings, name_buffer);
    struct counters *counters = counters_new(worker_tallies_table, TALLY_COUNT);
    struct knowledge *knowledge = NULL;
    struct http *http = NULL;
    struct error err;
    bool stuck = false;
    int exit_code;
    block_signals();
    if (worker_identity(settings, &options.identity, &err) == STATUS_OK &&
        knowledge_open(options.extract_model, &knowledge, &err) == STATUS_OK &&
        http_open(&http, options.listen_http, counters, &err) == STATUS_OK) {
        say_start(&options, knowledge, http);
        struct worker *worker = worker_new(&options, knowledge, counters, http);
        exit_code = worker_run(&worker, &stuck);
    } else {
        char text[LOG_QUOTE_SIZE];
        log_error("cannot-start", "reason=%s", log_quote(err.text, text));
        exit_code = status_exit_code(err.status);
    }
    if (stuck)
        _exit(exit_code); /* a thread hangs; nothing that it uses may be freed */
    http_close(&http);
    knowledge_close(&knowledge);
    counters_free(&counters);
    return exit_code;
}

int main(int argc, char **argv)
{
    struct settings *settings = NULL;
    struct error err;
    int exit_code = -1;
    struct program self = program;
    self.count = worker_options_count;
    if (program_settings(&self, argc, argv, &settings, &exit_code, &err) != STATUS_OK ||
        exit_code >= 0)
        return exit_code;
    arena_keep_memory();
    exit_code = run(settings);
    settings_free(&settings);
    return exit_code;
}
