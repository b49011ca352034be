// SPDX-License-Identifier: Apache-2.0
#include "worker/options.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "common/http.h"
#include "common/quantity.h"
#include "common/utf8.h"
#include "proto/envelope.h"

const struct setting worker_options_table[] = {
    {.name = "broker.endpoint",
     .kind = SETTING_TEXT,
     .fallback = "tcp://127.0.0.1:5812",
     .help = "the broker's work socket; several, separated by commas, are tried in turn"},
    SETTING_OF_SERVER_KEY,
    {.name = "security.key-file",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "the worker's own key, made by newsloom keygen and readable by its owner alone"},
    {.name = "database.url",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "libpq connection string or URI; empty: libpq's own environment ($PGHOST, …)"},
    {.name = "database.timeout",
     .kind = SETTING_DURATION,
     .fallback = "60s",
     .min = 3 * SECOND,
     .max = 3600 * SECOND,
     .help = "a server that says nothing for so long is given up, and what was under way is looked "
             "up over another connection; a statement may take two thirds of it, waiting for a "
             "lock one third"},
    {.name = "worker.name",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "a name for people in status and logs; empty: host:pid"},
    {.name = "worker.slots",
     .kind = SETTING_INTEGER,
     .fallback = "16",
     .min = 1,
     .max = SLOTS_LIMIT,
     .help = "articles held at once, from dispatch to settlement; more hide the way to the broker "
             "and to PostgreSQL, and fill larger batches"},
    {.name = "extract.threads",
     .kind = SETTING_INTEGER,
     .fallback = "1",
     .min = 1,
     .max = 64,
     .help = "threads that extract; as many as cores that this worker shall use"},
    {.name = "extract.model",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "the tagger's model; empty: the one that is installed with newsloom"},
    {.name = "extract.budget",
     .kind = SETTING_DURATION,
     .fallback = "20s",
     .min = 100,
     .max = 3600 * SECOND,
     .help = "an extraction that runs longer is given up; keep it below the broker's "
             "extraction.budget"},
    {.name = "extract.memory",
     .kind = SETTING_SIZE,
     .fallback = "256MiB",
     .min = MEBIBYTE,
     .max = 64 * 1024 * MEBIBYTE,
     .help = "memory that the extraction of one article may take; an article that needs more is a "
             "dead letter"},
    {.name = "batch.articles",
     .kind = SETTING_INTEGER,
     .fallback = "64",
     .min = 1,
     .max = SLOTS_LIMIT,
     .help = "most articles of one transaction"},
    {.name = "batch.delay",
     .kind = SETTING_DURATION,
     .fallback = "20ms",
     .min = 0,
     .max = 60 * SECOND,
     .help = "how long an extracted article waits for others to share its transaction"},
    {.name = "listen.http",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "host:port of /metrics, /healthz and /readyz; port 0 takes a free one; empty: none"},
    SETTINGS_OF_LOG,
};
const size_t worker_options_count = COUNT_OF(worker_options_table);

static void default_name(char name_buffer[OPTIONS_NAME_SIZE])
{
    char host[HOST_NAME_MAX + 1] = "worker";
    if (gethostname(host, sizeof host - 1) != 0)
        memcpy(host, "worker", sizeof "worker");
    (void)snprintf(name_buffer, OPTIONS_NAME_SIZE, "%.50s:%ld", host, (long)getpid());
}

struct options worker_options_read(const struct settings *settings,
                                   char name_buffer[OPTIONS_NAME_SIZE])
{
    struct options options = {
        .broker_endpoints = settings_text(settings, "broker.endpoint"),
        .database_url = settings_text(settings, "database.url"),
        .database_timeout_ms = settings_number(settings, "database.timeout"),
        .worker_name = settings_text(settings, "worker.name"),
        .slots = (unsigned)settings_number(settings, "worker.slots"),
        .extract_threads = (unsigned)settings_number(settings, "extract.threads"),
        .extract_model = settings_text(settings, "extract.model"),
        .extract_budget_ms = settings_number(settings, "extract.budget"),
        .extract_memory_bytes = (size_t)settings_number(settings, "extract.memory"),
        .batch_articles = (size_t)settings_number(settings, "batch.articles"),
        .batch_delay_ms = settings_number(settings, "batch.delay"),
        .listen_http = settings_text(settings, "listen.http"),
    };
    if (!*options.worker_name) {
        default_name(name_buffer);
        options.worker_name = name_buffer;
    }
    return options;
}

enum status worker_identity(const struct settings *settings, struct curve_identity *ret_identity,
                            struct error *err)
{
    return curve_identity_load(settings_text(settings, "broker.server-key"),
                               settings_text(settings, "security.key-file"), ret_identity, err);
}

enum status worker_options_check(const struct settings *settings, struct error *err)
{
    const char *name = settings_text(settings, "worker.name");
    if (strlen(name) > WORKER_NAME_LIMIT || !utf8_is_clean(name, strlen(name)))
        return error_set(err, STATUS_INVALID, "worker.name is UTF-8 of at most %d bytes",
                         WORKER_NAME_LIMIT);
    const char *at = settings_text(settings, "broker.endpoint");
    do {
        at += strspn(at, ", ");
        if (strncmp(at, "tcp://", 6) != 0 && strncmp(at, "ipc://", 6) != 0)
            return error_set(err, STATUS_INVALID,
                             "broker.endpoint is a list such as tcp://127.0.0.1:5812 or "
                             "ipc:///run/newsloom/work, not \"%.80s\"",
                             at);
        at += strcspn(at, ",");
    } while (at[strspn(at, ", ")]);
    struct curve_identity identity;
    enum status keys = worker_identity(settings, &identity, err);
    curve_identity_forget(&identity);
    if (keys != STATUS_OK)
        return STATUS_INVALID;
    struct error form;
    if (http_check_address(settings_text(settings, "listen.http"), &form) != STATUS_OK)
        return error_set(err, STATUS_INVALID, "listen.http: %s", form.text);
    return STATUS_OK;
}
