// SPDX-License-Identifier: Apache-2.0
#include "gateway/options.h"

#include "common/curve.h"
#include "common/quantity.h"
#include "gateway/listener.h"

const struct setting gateway_options_table[] = {
    {.name = "listen.api",
     .kind = SETTING_TEXT,
     .fallback = "127.0.0.1:5817",
     .help = "host:port, or unix:/path of a socket; beyond loopback only with security.tokens, and "
             "behind a proxy that speaks TLS"},
    {.name = "security.tokens",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "file of the bearer tokens that may come in: name, roles (feeder, reader), SHA-256; "
             "SIGHUP reads it again; empty: whoever reaches listen.api may do everything"},
    {.name = "broker.feed",
     .kind = SETTING_TEXT,
     .fallback = "tcp://127.0.0.1:5811",
     .help = "where articles are submitted; several, separated by commas, are tried in turn"},
    {.name = "broker.subscribe",
     .kind = SETTING_TEXT,
     .fallback = "tcp://127.0.0.1:5813",
     .help = "where the event log is read"},
    {.name = "broker.operator",
     .kind = SETTING_TEXT,
     .fallback = "tcp://127.0.0.1:5815",
     .help = "where the broker is asked how it is, for /readyz, /v1/status and the page; empty: it "
             "is not asked"},
    SETTING_OF_SERVER_KEY,
    {.name = "security.key-file",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "the gateway's own key, made by newsloom keygen and readable by its owner alone; its "
             "roles are feeder, subscriber and operator"},
    {.name = "database.url",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "PostgreSQL as newsloom_reader, a URI or key=value; empty: none, then what needs it "
             "is answered 503"},
    {.name = "article.limit",
     .kind = SETTING_SIZE,
     .fallback = "2MiB",
     .min = KIBIBYTE,
     .max = 64 * MEBIBYTE,
     .help = "largest article; keep it at the broker's article.limit"},
    {.name = "answer.timeout",
     .kind = SETTING_DURATION,
     .fallback = "5s",
     .min = 50,
     .max = 10 * MINUTE,
     .help = "how long one question to the broker waits for its answer"},
    {.name = "receipt.timeout",
     .kind = SETTING_DURATION,
     .fallback = "30s",
     .min = 100,
     .max = 10 * MINUTE,
     .help =
         "how long a request may wait for all its receipts; keep it below the proxy's time-out"},
    {.name = "header.timeout",
     .kind = SETTING_DURATION,
     .fallback = "10s",
     .min = 100,
     .max = 10 * MINUTE,
     .help = "a connection that has not sent the head of a request within this is closed"},
    {.name = "body.timeout",
     .kind = SETTING_DURATION,
     .fallback = "60s",
     .min = 100,
     .max = 60 * MINUTE,
     .help = "a request whose body is not complete within this is closed"},
    {.name = "heartbeat.interval",
     .kind = SETTING_DURATION,
     .fallback = "15s",
     .min = 100,
     .max = 10 * MINUTE,
     .help = "how often a quiet stream of events says that it lives; below the proxy's time-out"},
    {.name = "limit.connections",
     .kind = SETTING_INTEGER,
     .fallback = "256",
     .min = 2,
     .max = 16384,
     .help = "most connections at a time; each has a thread"},
    {.name = "limit.streams",
     .kind = SETTING_INTEGER,
     .fallback = "64",
     .min = 1,
     .max = 16384,
     .help = "most streams of events at a time, each a subscription; beyond it 503"},
    {.name = "limit.submissions",
     .kind = SETTING_INTEGER,
     .fallback = "8",
     .min = 1,
     .max = 256,
     .help = "most requests at a time that submit articles, each a connection to the broker; "
             "others wait"},
    {.name = "limit.questions",
     .kind = SETTING_INTEGER,
     .fallback = "4",
     .min = 1,
     .max = 256,
     .help = "most questions to PostgreSQL at a time; beyond it 503"},
    {.name = "limit.body",
     .kind = SETTING_SIZE,
     .fallback = "16MiB",
     .min = KIBIBYTE,
     .max = 1024 * MEBIBYTE,
     .help = "largest body of a request, as sent and as unpacked"},
    {.name = "limit.memory",
     .kind = SETTING_SIZE,
     .fallback = "128MiB",
     .min = MEBIBYTE,
     .max = 1024 * 1024 * MEBIBYTE,
     .help = "memory of all bodies together; beyond it 503"},
    {.name = "stop.linger",
     .kind = SETTING_DURATION,
     .fallback = "5s",
     .min = 0,
     .max = MINUTE,
     .help = "at the end, how long requests under way may take"},
    SETTINGS_OF_LOG,
};
const size_t gateway_options_count = COUNT_OF(gateway_options_table);

static struct newsloom_options endpoint(const struct settings *settings, const char *name)
{
    return (struct newsloom_options){
        .endpoints = settings_text(settings, name),
        .answer_timeout_ms = settings_number(settings, "answer.timeout"),
        .payload_limit = (uint64_t)settings_number(settings, "article.limit"),
        .server_key = settings_text(settings, "broker.server-key"),
        .key_file = settings_text(settings, "security.key-file"),
    };
}

void gateway_options_read(const struct settings *settings, struct options *ret_options)
{
    *ret_options = (struct options){
        .listen = settings_text(settings, "listen.api"),
        .tokens_path = settings_text(settings, "security.tokens"),
        .feed = endpoint(settings, "broker.feed"),
        .subscribe = endpoint(settings, "broker.subscribe"),
        .operate = endpoint(settings, "broker.operator"),
        .database_url = settings_text(settings, "database.url"),
        .receipt_ms = settings_number(settings, "receipt.timeout"),
        .header_ms = settings_number(settings, "header.timeout"),
        .body_ms = settings_number(settings, "body.timeout"),
        .heartbeat_ms = settings_number(settings, "heartbeat.interval"),
        .linger_ms = settings_number(settings, "stop.linger"),
        .connection_limit = (unsigned)settings_number(settings, "limit.connections"),
        .stream_limit = (unsigned)settings_number(settings, "limit.streams"),
        .submission_limit = (unsigned)settings_number(settings, "limit.submissions"),
        .question_limit = (unsigned)settings_number(settings, "limit.questions"),
        .body_limit = (uint64_t)settings_number(settings, "limit.body"),
        .memory_limit = (uint64_t)settings_number(settings, "limit.memory"),
    };
}

enum status gateway_options_check(const struct settings *settings, struct error *err)
{
    const char *listen = settings_text(settings, "listen.api");
    struct error why;
    if (listener_check(listen, &why) != STATUS_OK)
        return error_set(err, STATUS_INVALID, "listen.api: %s", why.text);
    if (!*settings_text(settings, "security.tokens") && !listener_is_local(listen))
        return error_set(err, STATUS_INVALID,
                         "listen.api, %.80s, is no loopback address: whoever reaches it could do "
                         "everything; name a file of bearer tokens in security.tokens",
                         listen);
    if (settings_number(settings, "limit.memory") < settings_number(settings, "limit.body"))
        return error_set(err, STATUS_INVALID,
                         "limit.memory is below limit.body: no body of that "
                         "size could be taken");
    struct curve_identity identity;
    enum status keys =
        curve_identity_load(settings_text(settings, "broker.server-key"),
                            settings_text(settings, "security.key-file"), &identity, err);
    curve_identity_forget(&identity);
    return keys == STATUS_OK ? STATUS_OK : STATUS_INVALID;
}
