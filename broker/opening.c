// SPDX-License-Identifier: Apache-2.0
#include "broker/opening.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "broker/backups.h"
#include "broker/committer.h"
#include "broker/loading.h"
#include "broker/subscribers.h"
#include "common/clock.h"

enum { STORE_READERS = 4, HEARTBEAT_MS = 5000 };

static enum status catch_signals(struct broker *b, struct error *err)
{
    sigset_t wanted;
    (void)sigemptyset(&wanted);
    (void)sigaddset(&wanted, SIGTERM);
    (void)sigaddset(&wanted, SIGINT);
    (void)sigaddset(&wanted, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &wanted, NULL) != 0)
        return error_set_errno(err, STATUS_BROKEN, "could not block signals");
    (void)signal(SIGPIPE, SIG_IGN);
    b->signal_fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (b->signal_fd < 0)
        return error_set_errno(err, STATUS_BROKEN, "could not catch signals");
    return STATUS_OK;
}

/* Connections are files; silent ones must not use up the few that a shell allows. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static enum status open_store(struct broker *b, struct error *err)
{
    struct store_options options = {.directory = b->options.directory,
                                    .budget_bytes = b->options.budget_bytes,
                                    .reserve_bytes = b->options.reserve_bytes,
                                    .key_retention_ms = b->options.key_retention_ms,
                                    .log_retention_ms = b->options.log_retention_ms,
                                    .log_limit_bytes = b->options.log_limit_bytes,
                                    .readers = STORE_READERS};
    enum status status = store_open(&b->store, &options, err);
    if (status == STATUS_OK)
        store_facts(b->store, &b->facts);
    return status;
}

static enum status open_sockets(struct broker *b, struct error *err)
{
    struct curve_pair own = {0};
    struct sockets_options options = {.payload_limit = b->options.article_limit,
                                      .beat_ms = HEARTBEAT_MS,
                                      .connection_limit = b->options.limits.connections,
                                      .outstanding_limit = b->options.limits.outstanding,
                                      .counters = b->counters};
    enum status status = STATUS_OK;
    if (b->options.keys_path[0])
        status = keys_read_file(&b->keys, b->options.keys_path, err);
    if (b->keys)
        status = curve_file_read(b->options.key_file, &own, err);
    b->guard = guard_new(b->keys, &b->options.limits);
    options.keys = b->keys;
    options.own = &own;
    memcpy(options.listen, b->options.listen, sizeof(options.listen));
    if (status == STATUS_OK)
        status = sockets_open(&b->sockets, &options, err);
    curve_pair_forget(&own);
    return status == STATUS_NOT_FOUND ? STATUS_INVALID : status;
}

static void print_endpoints(const struct broker *b, FILE *out)
{
    for (int name = 0; name < SOCKET_COUNT; name++)
        (void)fprintf(out, "%s=%s\n", sockets_name((enum socket_name)name),
                      sockets_endpoint(b->sockets, (enum socket_name)name));
    const char *colon = strrchr(b->options.listen_http, ':');
    if (b->http && colon)
        (void)fprintf(out, "http=%.*s:%u\n", (int)(colon - b->options.listen_http),
                      b->options.listen_http, http_port(b->http));
}

/* For people and scripts that asked for any port. A disk that others have filled must not keep us
 * from starting: the log says the same. */
static void write_endpoints(const struct broker *b)
{
    char *path = text_format("%s/%s", b->options.directory, ENDPOINTS_FILE);
    char *draft = text_format("%s.new", path);
    FILE *out = fopen(draft, "we");
    bool written = out != NULL;
    if (out) {
        print_endpoints(b, out);
        written = fclose(out) == 0 && rename(draft, path) == 0;
    }
    if (!written) {
        struct error err = {0};
        (void)error_set_errno(&err, STATUS_AGAIN, "could not write \"%s\"", path);
        (void)unlink(draft);
        (void)unlink(path); /* what it says is of an earlier start */
        log_warn("endpoints-unwritten", "reason=\"%s\": going on without the file", err.text);
    }
    text_free(&path);
    text_free(&draft);
}

static void log_listening(const struct broker *b)
{
    if (b->keys)
        log_info("keys-read", "keys=%zu file=%s", keys_count(b->keys), b->options.keys_path);
    log_info("listening", "feed=%s work=%s subscribe=%s live=%s operator=%s boot=%" PRIu64,
             sockets_endpoint(b->sockets, SOCKET_FEED), sockets_endpoint(b->sockets, SOCKET_WORK),
             sockets_endpoint(b->sockets, SOCKET_SUBSCRIBE),
             sockets_endpoint(b->sockets, SOCKET_LIVE),
             sockets_endpoint(b->sockets, SOCKET_OPERATOR), b->facts.boot);
}

static void make_parts(struct broker *b)
{
    for (size_t i = 0; i < COUNT_OF(b->batches); i++)
        b->batches[i] = (struct batch){
            .turn = turn_new(), .arena = arena_new(0), .answers_end = &b->batches[i].answers};
    b->batch = &b->batches[0];
    b->queue = queue_new(b->options.backfill_share);
    b->workers = workers_new(b->options.worker_limit);
    b->counters = counters_new(tallies_table, TALLY_COUNT);
    b->bodies.limit_bytes = b->options.cache_bytes / 2;
    b->feed_is_dry = b->work_is_dry = b->others_are_dry = true;
    b->wall_ms = clock_wall_ms();
    b->mono_ms = clock_mono_ms();
    b->loop_ms = b->mono_ms;
    b->interval_due_ms = b->mono_ms;
    random_bytes(&b->random, sizeof(b->random));
    b->random |= 1; /* xorshift stays at zero */
}

/* When something was last accepted or appended to the log. */
static int64_t newest_time(const struct broker *b)
{
    struct stored_article article;
    struct log_entry entry;
    int64_t newest_ms = 0;
    uint64_t scanned = 0;
    size_t count = 0;
    if (store_article(b->store, b->facts.next_article_id - 1, &article, NULL) == STATUS_OK) {
        newest_ms = article.accepted_at_ms;
        stored_article_done(&article);
    }
    if (b->facts.last_sequence > 0 &&
        store_log(b->store, b->facts.last_sequence - 1, 1, 1, 0, NULL, NULL, &entry, &count,
                  &scanned, NULL) == STATUS_OK &&
        count > 0) {
        newest_ms = entry.stored_at_ms > newest_ms ? entry.stored_at_ms : newest_ms;
        log_entry_done(&entry);
    }
    return newest_ms;
}

static void open_calendar(struct broker *b)
{
    calendar_open(&b->calendar, b->wall_ms, b->mono_ms, newest_time(b));
    b->wall_ms = b->started_at_ms = b->calendar.now_ms;
}

static enum status open_parts(struct broker *b, struct error *err)
{
    enum status status = catch_signals(b, err);
    if (status == STATUS_OK)
        status = open_store(b, err);
    if (status == STATUS_OK)
        status = open_sockets(b, err);
    if (status == STATUS_OK)
        status = http_open(&b->http, b->options.listen_http, b->counters, err);
    if (status == STATUS_OK)
        status = reader_start(&b->reader, b->store, err);
    if (status == STATUS_OK)
        status = committer_start(&b->committer, b->store, err);
    if (status != STATUS_OK)
        return status;
    open_calendar(b);
    b->backups = backups_new(b->store, b->options.directory, b->options.backups);
    b->leases = leases_new(b->facts.boot);
    b->handouts = handouts_open(b->options.directory, b->facts.boot);
    b->subscribers = subscribers_new(b->store, b->options.subscriber_limit);
    loading_begin(b);
    write_endpoints(b);
    log_listening(b);
    return STATUS_OK;
}

enum status broker_open(struct broker **ret_broker, const struct settings *settings,
                        struct error *err)
{
    struct broker *b = memory_new(sizeof(*b));
    b->signal_fd = -1;
    options_read(settings, &b->options);
    raise_file_limit();
    make_parts(b);
    enum status status = open_parts(b, err);
    if (status == STATUS_OK)
        *ret_broker = b;
    else
        broker_close(&b);
    return status;
}

static void free_items(struct broker *b)
{
    struct item *(*const lines[])(struct queue *) = {queue_next, queue_next_suspect,
                                                     queue_next_ready, queue_next_ready_suspect};
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        for (struct item *item = lines[i](b->queue); item; item = lines[i](b->queue))
            body_drop(&b->bodies, item);
}

static void free_messages(struct message *messages)
{
    while (messages) {
        struct message *message = messages;
        messages = message->next;
        message_free(&message);
    }
}

static void free_batches(struct broker *b)
{
    for (size_t i = 0; i < COUNT_OF(b->batches); i++) {
        turn_free(&b->batches[i].turn);
        free_messages(b->batches[i].kept);
        arena_free(&b->batches[i].arena);
    }
}

void broker_close(struct broker **broker_p)
{
    struct broker *b = *broker_p;
    if (!b)
        return;
    backups_free(&b->backups);
    reader_stop(&b->reader);
    committer_stop(&b->committer);
    http_close(&b->http);
    free_batches(b);
    drop_forgettings(b);
    free_messages(b->spare);
    free_items(b);
    queue_free(&b->queue);
    leases_free(&b->leases);
    handouts_close(&b->handouts);
    workers_free(&b->workers);
    subscribers_free(&b->subscribers);
    sockets_close(&b->sockets, b->signals > 1 ? 0 : (int)b->options.linger_ms);
    guard_free(&b->guard);
    keys_free(&b->keys);
    store_close(&b->store);
    counters_free(&b->counters);
    if (b->signal_fd >= 0)
        (void)close(b->signal_fd);
    free(b);
    *broker_p = NULL;
}
