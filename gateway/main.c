// SPDX-License-Identifier: Apache-2.0
/*
 * newsloom-gateway - the broker and the database for those who speak HTTP.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/program.h"
#include "gateway/gateway.h"
#include "gateway/listener.h"
#include "gateway/server.h"

enum { TURN_MS = 250 };

static const struct program program = {
    /* count is filled by main */
    .name = "newsloom-gateway",
    .purpose = "takes articles and serves events by HTTP, for those who do not speak ZeroMQ",
    .examples = "  newsloom-gateway\n"
                "  newsloom-gateway --set listen.api=unix:/run/newsloom/api "
                "--set database.url=postgresql:///news\n"
                "  newsloom-gateway --config /etc/newsloom/gateway.conf --check\n",
    .table = gateway_options_table,
    .counters = gateway_tallies_table,
    .counter_count = TALLY_COUNT,
    .check = gateway_options_check,
};

static int open_signals(void)
{
    sigset_t wanted;
    (void)sigemptyset(&wanted);
    (void)sigaddset(&wanted, SIGTERM);
    (void)sigaddset(&wanted, SIGINT);
    (void)sigaddset(&wanted, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void reload_tokens(struct gateway *gateway)
{
    struct error err;
    char text[LOG_QUOTE_SIZE];
    if (tokens_reload(gateway->tokens, &err) == STATUS_OK)
        log_info("tokens-read", "count=%zu", tokens_count(gateway->tokens));
    else
        log_error("tokens-wrong", "reason=%s: those of before stand", log_quote(err.text, text));
}

/* Until a signal says to stop. */
static void turn_until_told(struct gateway *gateway, struct server *server, int signals)
{
    struct pollfd wait = {.fd = signals, .events = POLLIN};
    struct signalfd_siginfo signal_info;
    for (;;) {
        int64_t now_ms = clock_mono_ms();
        atomic_store(&gateway->beat_ms, now_ms);
        notify_beat(now_ms);
        server_tick(server);
        if (poll(&wait, 1, TURN_MS) <= 0 ||
            read(signals, &signal_info, sizeof(signal_info)) != sizeof(signal_info))
            continue;
        if (signal_info.ssi_signo != SIGHUP)
            return;
        reload_tokens(gateway);
    }
}

static enum status serve(struct gateway *gateway, const struct listener *listener, int signals,
                         struct error *err)
{
    struct server *server = NULL;
    atomic_store(&gateway->beat_ms, clock_mono_ms());
    enum status status = server_open(&server, gateway, listener, err);
    if (status != STATUS_OK)
        return status;
    log_info("listening", "api=%s tokens=%zu version=%s broker=%s", listener->name,
             tokens_count(gateway->tokens), NEWSLOOM_VERSION, gateway->options->feed.endpoints);
    notify_ready();
    turn_until_told(gateway, server, signals);
    notify_stopping();
    atomic_store(&gateway->is_stopping, true);
    server_close(&server, gateway->options->linger_ms);
    return STATUS_OK;
}

static enum status run(const struct options *options, struct error *err)
{
    struct gateway gateway = {.options = options, .budget = {.limit = options->memory_limit}};
    struct listener listener = {.file = -1};
    int signals = open_signals();
    enum status status = tokens_open(&gateway.tokens, options->tokens_path, err);
    if (status == STATUS_OK)
        status = listener_open(&listener, options->listen, err);
    if (status == STATUS_OK) {
        gateway.counters = counters_new(gateway_tallies_table, TALLY_COUNT);
        gateway.feeders = feeders_new(&options->feed, options->submission_limit);
        gateway.idempotency = idempotency_new();
        gateway.overview = overview_new(options);
        status = serve(&gateway, &listener, signals, err);
        overview_free(&gateway.overview);
        feeders_free(&gateway.feeders);
        idempotency_free(&gateway.idempotency);
        counters_free(&gateway.counters);
    }
    listener_close(&listener);
    tokens_close(&gateway.tokens);
    (void)close(signals);
    return status;
}

int main(int argc, char **argv)
{
    struct settings *settings = NULL;
    struct error err;
    int exit_code = -1;
    struct program self = program;
    self.count = gateway_options_count;
    if (program_settings(&self, argc, argv, &settings, &exit_code, &err) != STATUS_OK ||
        exit_code >= 0)
        return exit_code;
    struct options options;
    gateway_options_read(settings, &options);
    enum status status = run(&options, &err);
    exit_code = EX_OK;
    if (status != STATUS_OK) {
        char text[LOG_QUOTE_SIZE];
        log_error("cannot-start", "reason=%s", log_quote(err.text, text));
        exit_code = status == STATUS_INVALID ? EX_CONFIG : status_exit_code(status);
    } else {
        log_info("stopped", "code=0");
    }
    settings_free(&settings);
    return exit_code;
}
