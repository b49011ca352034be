// SPDX-License-Identifier: Apache-2.0
#include "broker/options.h"

#include <string.h>

#include "common/http.h"
#include "common/quantity.h"

const struct setting options_table[] = {
    {.name = "listen.feed",
     .kind = SETTING_TEXT,
     .fallback = "tcp://127.0.0.1:5811",
     .help = "where feeders submit articles and ask for outcomes"},
    {.name = "listen.work",
     .kind = SETTING_TEXT,
     .fallback = "tcp://127.0.0.1:5812",
     .help = "where workers take articles and report"},
    {.name = "listen.subscribe",
     .kind = SETTING_TEXT,
     .fallback = "tcp://127.0.0.1:5813",
     .help = "where subscribers follow the event log by cursor"},
    {.name = "listen.live",
     .kind = SETTING_TEXT,
     .fallback = "tcp://127.0.0.1:5814",
     .help = "where stored articles are published by topic, best effort"},
    {.name = "listen.operator",
     .kind = SETTING_TEXT,
     .fallback = "tcp://127.0.0.1:5815",
     .help = "where operators ask for status, dead letters, pause, resume and drain"},
    {.name = "listen.http",
     .kind = SETTING_TEXT,
     .fallback = "127.0.0.1:5816",
     .help = "host:port of /metrics, /healthz and /readyz; empty: none"},
    {.name = "store.directory",
     .kind = SETTING_TEXT,
     .fallback = "/var/lib/newsloom",
     .help = "where articles, event log and cursors are kept; one broker a directory"},
    {.name = "store.budget",
     .kind = SETTING_SIZE,
     .fallback = "8GiB",
     .min = 16 * MEBIBYTE,
     .max = 16 * TEBIBYTE,
     .help = "disk space taken at once and never exceeded; beyond it feeders hear RETRY_LATER"},
    {.name = "store.reserve",
     .kind = SETTING_SIZE,
     .fallback = "64MiB",
     .min = MEBIBYTE,
     .max = TEBIBYTE,
     .help = "part of the budget kept free so that what is in flight can always be finished"},
    {.name = "store.backups",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "directory that newsloom backup copies the store into, better on another disk; empty: "
             "backups in store.directory"},
    {.name = "retention.keys",
     .kind = SETTING_DURATION,
     .fallback = "90d",
     .min = SECOND,
     .max = 3650 * DAY,
     .help = "how long an article that has ended is known as a duplicate"},
    {.name = "retention.log-age",
     .kind = SETTING_DURATION,
     .fallback = "30d",
     .min = SECOND,
     .max = 3650 * DAY,
     .help = "how long entries of the event log can be replayed"},
    {.name = "retention.log-size",
     .kind = SETTING_SIZE,
     .fallback = "2GiB",
     .min = MEBIBYTE,
     .max = 16 * TEBIBYTE,
     .help = "and how many bytes of them"},
    {.name = "article.limit",
     .kind = SETTING_SIZE,
     .fallback = "2MiB",
     .min = KIBIBYTE,
     .max = 64 * MEBIBYTE,
     .help = "largest article payload; larger ones are answered TOO_LARGE"},
    {.name = "lease.duration",
     .kind = SETTING_DURATION,
     .fallback = "30s",
     .min = 200 * MILLISECOND,
     .max = HOUR,
     .help = "a worker silent this long loses its articles"},
    {.name = "beat.interval",
     .kind = SETTING_DURATION,
     .fallback = "5s",
     .min = 50 * MILLISECOND,
     .max = 10 * 60 * SECOND,
     .help = "how often workers and subscribers say that they live"},
    {.name = "restart.grace",
     .kind = SETTING_DURATION,
     .fallback = "15s",
     .min = 0,
     .max = HOUR,
     .help = "after a start, how long open articles wait for the worker that may still hold them"},
    {.name = "extraction.budget",
     .kind = SETTING_DURATION,
     .fallback = "20s",
     .min = 100 * MILLISECOND,
     .max = HOUR,
     .help = "workers give up an extraction that runs longer"},
    {.name = "progress.limit",
     .kind = SETTING_DURATION,
     .fallback = "10m",
     .min = SECOND,
     .max = DAY,
     .help = "a worker that holds articles and finishes none for so long loses them; not while it "
             "says that PostgreSQL is away"},
    {.name = "attempt.limit",
     .kind = SETTING_INTEGER,
     .fallback = "5",
     .min = 1,
     .max = 1000,
     .help = "charged attempts after which an article becomes a dead letter"},
    {.name = "backoff.first",
     .kind = SETTING_DURATION,
     .fallback = "1s",
     .min = MILLISECOND,
     .max = HOUR,
     .help = "wait before the second attempt; doubled each time"},
    {.name = "backoff.limit",
     .kind = SETTING_DURATION,
     .fallback = "5m",
     .min = MILLISECOND,
     .max = DAY,
     .help = "longest wait between two attempts"},
    {.name = "backfill.share",
     .kind = SETTING_INTEGER,
     .fallback = "10",
     .min = 1,
     .max = 99,
     .help = "percent of dispatches that BACKFILL keeps however much LIVE is queued"},
    {.name = "queue.limit",
     .kind = SETTING_INTEGER,
     .fallback = "20000000",
     .min = 100,
     .max = 200000000,
     .help = "most open articles (about 60 bytes of memory each); the last tenth is for LIVE"},
    {.name = "cache.size",
     .kind = SETTING_SIZE,
     .fallback = "256MiB",
     .min = 0,
     .max = TEBIBYTE,
     .help = "memory for articles on their way to a worker, half of it for each class"},
    {.name = "breaker.failures",
     .kind = SETTING_INTEGER,
     .fallback = "20",
     .min = 2,
     .max = 100000,
     .help = "failures in a row, none done between, after which a worker is paused"},
    {.name = "breaker.pause",
     .kind = SETTING_DURATION,
     .fallback = "30s",
     .min = 50 * MILLISECOND,
     .max = DAY,
     .help = "how long it is paused before it gets one article to try"},
    {.name = "worker.limit",
     .kind = SETTING_INTEGER,
     .fallback = "1024",
     .min = 1,
     .max = 16384,
     .help = "most workers at a time"},
    {.name = "subscriber.limit",
     .kind = SETTING_INTEGER,
     .fallback = "1024",
     .min = 1,
     .max = 16384,
     .help = "most subscriptions at a time, and most cursor names"},
    {.name = "security.keys",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "file of the public keys that may come in, with roles and quotas; every endpoint then "
             "asks for CURVE; SIGHUP and newsloom reload read it again; empty: no keys"},
    {.name = "security.key-file",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "the broker's own key, made by newsloom keygen and readable by its owner alone"},
    {.name = "security.allow-plaintext",
     .kind = SETTING_SWITCH,
     .fallback = "off",
     .help =
         "listen beyond 127.0.0.0/8, ::1 and ipc:// although there are no keys: whoever reaches "
         "the endpoints may do everything"},
    {.name = "limit.connections",
     .kind = SETTING_INTEGER,
     .fallback = "2048",
     .min = 1,
     .max = 1000000,
     .help = "most connections of one key, and of one address"},
    {.name = "limit.messages",
     .kind = SETTING_INTEGER,
     .fallback = "20000",
     .min = 10,
     .max = 100000000,
     .help = "messages a second of one key, or of one connection without keys; junk counts "
             "elevenfold"},
    {.name = "limit.bytes",
     .kind = SETTING_SIZE,
     .fallback = "1GiB",
     .min = KIBIBYTE,
     .max = TEBIBYTE,
     .help = "bytes a second of the same"},
    {.name = "limit.topics",
     .kind = SETTING_INTEGER,
     .fallback = "1024",
     .min = 1,
     .max = 1000000,
     .help = "most topics of one connection to the live socket"},
    {.name = "limit.replays",
     .kind = SETTING_INTEGER,
     .fallback = "64",
     .min = 1,
     .max = 16384,
     .help = "most subscriptions of one key; without keys subscriber.limit is the only bound"},
    {.name = "limit.outstanding",
     .kind = SETTING_SIZE,
     .fallback = "32MiB",
     .min = MEBIBYTE,
     .max = TEBIBYTE,
     .help = "bytes under way over one connection: a feeder that sends more than this, and more "
             "than two articles, without a whole message is cut off; a subscriber over TCP that "
             "has not taken as much gets nothing more until it has"},
    {.name = "stop.linger",
     .kind = SETTING_DURATION,
     .fallback = "1s",
     .min = 0,
     .max = 60 * SECOND,
     .help = "at the end, how long answers may take to leave; a second signal cuts it short"},
    SETTINGS_OF_LOG,
};
const size_t options_count = COUNT_OF(options_table);

void options_read(const struct settings *settings, struct options *ret_options)
{
    *ret_options = (struct options){
        .listen = {[SOCKET_FEED] = settings_text(settings, "listen.feed"),
                   [SOCKET_WORK] = settings_text(settings, "listen.work"),
                   [SOCKET_SUBSCRIBE] = settings_text(settings, "listen.subscribe"),
                   [SOCKET_LIVE] = settings_text(settings, "listen.live"),
                   [SOCKET_OPERATOR] = settings_text(settings, "listen.operator")},
        .listen_http = settings_text(settings, "listen.http"),
        .directory = settings_text(settings, "store.directory"),
        .backups = settings_text(settings, "store.backups"),
        .budget_bytes = (uint64_t)settings_number(settings, "store.budget"),
        .reserve_bytes = (uint64_t)settings_number(settings, "store.reserve"),
        .key_retention_ms = settings_number(settings, "retention.keys"),
        .log_retention_ms = settings_number(settings, "retention.log-age"),
        .log_limit_bytes = (uint64_t)settings_number(settings, "retention.log-size"),
        .article_limit = (uint64_t)settings_number(settings, "article.limit"),
        .lease_ms = settings_number(settings, "lease.duration"),
        .beat_ms = settings_number(settings, "beat.interval"),
        .grace_ms = settings_number(settings, "restart.grace"),
        .budget_ms = settings_number(settings, "extraction.budget"),
        .progress_ms = settings_number(settings, "progress.limit"),
        .attempt_limit = (unsigned)settings_number(settings, "attempt.limit"),
        .backoff_first_ms = settings_number(settings, "backoff.first"),
        .backoff_limit_ms = settings_number(settings, "backoff.limit"),
        .backfill_share = (unsigned)settings_number(settings, "backfill.share"),
        .queue_limit = (uint64_t)settings_number(settings, "queue.limit"),
        .cache_bytes = (uint64_t)settings_number(settings, "cache.size"),
        .breaker_failures = (unsigned)settings_number(settings, "breaker.failures"),
        .breaker_pause_ms = settings_number(settings, "breaker.pause"),
        .worker_limit = (unsigned)settings_number(settings, "worker.limit"),
        .subscriber_limit = (unsigned)settings_number(settings, "subscriber.limit"),
        .keys_path = settings_text(settings, "security.keys"),
        .key_file = settings_text(settings, "security.key-file"),
        .allow_plaintext = settings_switch(settings, "security.allow-plaintext"),
        .limits = {.connections = (uint64_t)settings_number(settings, "limit.connections"),
                   .messages = (uint64_t)settings_number(settings, "limit.messages"),
                   .bytes = (uint64_t)settings_number(settings, "limit.bytes"),
                   .topics = (uint64_t)settings_number(settings, "limit.topics"),
                   .replays = (uint64_t)settings_number(settings, "limit.replays"),
                   .outstanding = (uint64_t)settings_number(settings, "limit.outstanding")},
        .linger_ms = settings_number(settings, "stop.linger"),
    };
}

/* Only this host can reach it. */
static bool is_loopback(const char *endpoint)
{
    const char *address = endpoint + strlen("tcp://");
    return strncmp(endpoint, "ipc://", 6) == 0 || strncmp(address, "127.", 4) == 0 ||
           strncmp(address, "localhost:", 10) == 0 || strncmp(address, "[::1]:", 6) == 0;
}

static enum status check_exposure(const struct options *options, const char *const *names,
                                  struct error *err)
{
    if ((options->keys_path[0] != 0) != (options->key_file[0] != 0))
        return error_set(err, STATUS_INVALID,
                         "%s is set and %s is not: keys need both, the file of those who may come "
                         "in and the broker's own",
                         options->keys_path[0] ? "security.keys" : "security.key-file",
                         options->keys_path[0] ? "security.key-file" : "security.keys");
    for (size_t i = 0; i < SOCKET_COUNT && !options->keys_path[0]; i++)
        if (!options->allow_plaintext && !is_loopback(options->listen[i]))
            return error_set(err, STATUS_INVALID,
                             "listen.%s is \"%.60s\", which others than this host may reach, and "
                             "there are no keys: set security.keys, or security.allow-plaintext=on "
                             "where the network itself keeps strangers out",
                             names[i], options->listen[i]);
    return STATUS_OK;
}

static enum status check_endpoints(const struct options *options, struct error *err)
{
    static const char *const names[SOCKET_COUNT] = {
        [SOCKET_FEED] = "feed", [SOCKET_WORK] = "work",         [SOCKET_SUBSCRIBE] = "subscribe",
        [SOCKET_LIVE] = "live", [SOCKET_OPERATOR] = "operator",
    };
    for (size_t i = 0; i < SOCKET_COUNT; i++) {
        const char *listen = options->listen[i];
        if (strncmp(listen, "tcp://", 6) != 0 && strncmp(listen, "ipc://", 6) != 0)
            return error_set(err, STATUS_INVALID,
                             "listen.%s is \"%.100s\": write tcp://address:port or ipc://path",
                             names[i], listen);
        for (size_t j = 0; j < i && !strchr(listen, '*'); j++)
            if (strcmp(listen, options->listen[j]) == 0)
                return error_set(err, STATUS_INVALID,
                                 "listen.%s and listen.%s are both \"%.100s\": each needs an "
                                 "endpoint of its own",
                                 names[j], names[i], listen);
    }
    enum status status = check_exposure(options, names, err);
    if (status != STATUS_OK)
        return status;
    struct error form;
    if (http_check_address(options->listen_http, &form) != STATUS_OK)
        return error_set(err, STATUS_INVALID, "listen.http: %s", form.text);
    return STATUS_OK;
}

enum status options_check(const struct settings *settings, struct error *err)
{
    struct options options;
    options_read(settings, &options);
    if (options.reserve_bytes > options.budget_bytes / 2)
        return error_set(err, STATUS_INVALID,
                         "store.reserve is more than half of store.budget: raise the budget or "
                         "lower the reserve");
    if (options.article_limit > (options.budget_bytes - options.reserve_bytes) / 2)
        return error_set(err, STATUS_INVALID,
                         "article.limit is more than half of store.budget without store.reserve: "
                         "the largest articles would be told to come again for ever");
    if (options.lease_ms <= options.beat_ms)
        return error_set(err, STATUS_INVALID,
                         "lease.duration is not longer than beat.interval: every worker would lose "
                         "its articles between two beats");
    if (options.backoff_limit_ms < options.backoff_first_ms)
        return error_set(err, STATUS_INVALID,
                         "backoff.limit is shorter than backoff.first: raise the limit");
    if (!options.directory[0])
        return error_set(err, STATUS_INVALID, "store.directory is empty: name a directory");
    return check_endpoints(&options, err);
}
