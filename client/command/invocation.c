// SPDX-License-Identifier: Apache-2.0
#include "client/command/invocation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/instant.h"
#include "common/quantity.h"

#define SYSTEM_FILE "/etc/newsloom/newsloom.conf"

const struct setting client_settings[] = {
    {.name = "broker.feed",
     .kind = SETTING_TEXT,
     .fallback = "tcp://127.0.0.1:5811",
     .help = "where feed, trace, repair and reextract reach the broker; several, separated by "
             "commas, are "
             "tried in turn"},
    {.name = "broker.subscribe",
     .kind = SETTING_TEXT,
     .fallback = "tcp://127.0.0.1:5813",
     .help = "where subscribe, verify and repair reach the broker"},
    {.name = "broker.live",
     .kind = SETTING_TEXT,
     .fallback = "tcp://127.0.0.1:5814",
     .help = "where subscribe --live listens"},
    {.name = "broker.operator",
     .kind = SETTING_TEXT,
     .fallback = "tcp://127.0.0.1:5815",
     .help =
         "where status, dead, forget, pause, resume, drain, backup, verify, repair and reextract "
         "reach the broker"},
    SETTING_OF_SERVER_KEY,
    {.name = "security.key-file",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "one's own key, made by newsloom keygen and readable by its owner alone"},
    {.name = "database.url",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help =
         "PostgreSQL for search, show, graph, timeline, export, trace, forget, verify, repair and "
         "reextract, as a URI or "
         "key=value; empty: "
         "libpq's own environment"},
    {.name = "answer.timeout",
     .kind = SETTING_DURATION,
     .fallback = "5s",
     .min = 50,
     .max = 600000,
     .help = "how long one request waits for the broker's answer"},
    {.name = "article.limit",
     .kind = SETTING_SIZE,
     .fallback = "2MiB",
     .min = 1024,
     .max = 64 << 20,
     .help =
         "larger articles are refused before they are sent; the broker has its own article.limit"},
};
const size_t client_setting_count = COUNT_OF(client_settings);

/* ---- the command line ---------------------------------------------------------------------- */

static const struct option *find_in(const struct option *options, size_t count, const char *name,
                                    size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (length == 1
                ? options[i].letter == *name
                : strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0)
            return &options[i];
    return NULL;
}

static enum status add_given(struct invocation *invocation, const struct option *option,
                             const char *value, struct error *err)
{
    if (invocation->given_count == INVOCATION_OPTIONS_MAX)
        return error_set(err, STATUS_INVALID, "more than %d options are given",
                         INVOCATION_OPTIONS_MAX);
    invocation->given[invocation->given_count++] = (struct given){option, value};
    return STATUS_OK;
}

/* One option at argv[*at], its value possibly in the next word. */
static enum status parse_option(struct invocation *invocation, char **argv, int *at,
                                struct error *err)
{
    const char *word = argv[*at];
    bool is_long = word[1] == '-';
    const char *name = word + (is_long ? 2 : 1);
    const char *equals = is_long ? strchr(name, '=') : NULL;
    size_t length = is_long ? (equals ? (size_t)(equals - name) : strlen(name)) : 1;
    const struct option *option = NULL;
    if (is_long ? length > 1 : name[1] == '\0') {
        option = find_in(invocation->options, invocation->option_count, name, length);
        if (!option)
            option = find_in(common_options, common_option_count, name, length);
    }
    if (!option)
        return error_set(err, STATUS_INVALID, "there is no option \"%.60s\"", word);
    const char *value = equals ? equals + 1 : NULL;
    if (!option->value && value)
        return error_set(err, STATUS_INVALID, "--%s takes no value", option->name);
    if (option->value && !value) {
        value = argv[*at + 1];
        if (!value)
            return error_set(err, STATUS_INVALID, "--%s needs a value: %s", option->name,
                             option->value);
        ++*at;
    }
    return add_given(invocation, option, value, err);
}

enum status invocation_parse(struct invocation *invocation, int argc, char **argv, int *ret_used,
                             struct error *err)
{
    bool options_end = false;
    int at = 0;
    invocation->operands =
        memory_resize(invocation->operands, (size_t)argc + 1, sizeof(*invocation->operands));
    enum status status = STATUS_OK;
    for (; at < argc && status == STATUS_OK; at++) {
        const char *word = argv[at];
        if (!options_end && strcmp(word, "--") == 0)
            options_end = true;
        else if (!options_end && word[0] == '-' && word[1])
            status = parse_option(invocation, argv, &at, err);
        else if (invocation->verb)
            invocation->operands[invocation->operand_count++] = word;
        else
            break; /* this is the verb */
    }
    *ret_used = at;
    return status;
}

void invocation_done(struct invocation *invocation)
{
    free(invocation->operands);
    if (invocation->settings)
        settings_free(&invocation->settings);
    *invocation = (struct invocation){0};
}

bool invocation_has(const struct invocation *invocation, const char *option)
{
    for (size_t i = 0; i < invocation->given_count; i++)
        if (strcmp(invocation->given[i].option->name, option) == 0)
            return true;
    return false;
}

const char *invocation_text(const struct invocation *invocation, const char *option)
{
    for (size_t i = invocation->given_count; i-- > 0;)
        if (strcmp(invocation->given[i].option->name, option) == 0)
            return invocation->given[i].value;
    return NULL;
}

const char *invocation_text_at(const struct invocation *invocation, const char *option, size_t at)
{
    for (size_t i = 0; i < invocation->given_count; i++)
        if (strcmp(invocation->given[i].option->name, option) == 0 && at-- == 0)
            return invocation->given[i].value;
    return NULL;
}

enum status invocation_day(const struct invocation *invocation, const char *option,
                           const char **ret_day, struct error *err)
{
    struct instant instant;
    const char *text = invocation_text(invocation, option);
    *ret_day = text;
    if (text && (!instant_parse(text, &instant) || *instant.time))
        return error_set(err, STATUS_INVALID, "--%s \"%.40s\" is no day such as 2026-03-01", option,
                         text);
    return STATUS_OK;
}

static enum status explain_value(const char *option, const char *text, enum status status,
                                 const struct error *cause, struct error *err)
{
    if (status == STATUS_OK)
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "--%s \"%.40s\": %s", option, text, cause->text);
}

enum status invocation_number(const struct invocation *invocation, const char *option,
                              int64_t *ret_value, struct error *err)
{
    struct error cause;
    const char *text = invocation_text(invocation, option);
    if (!text)
        return STATUS_OK;
    return explain_value(option, text, quantity_parse_integer(text, ret_value, &cause), &cause,
                         err);
}

enum status invocation_duration(const struct invocation *invocation, const char *option,
                                int64_t *ret_ms, struct error *err)
{
    struct error cause;
    const char *text = invocation_text(invocation, option);
    if (!text)
        return STATUS_OK;
    return explain_value(option, text, quantity_parse_duration(text, ret_ms, &cause), &cause, err);
}

enum status invocation_size(const struct invocation *invocation, const char *option,
                            int64_t *ret_bytes, struct error *err)
{
    struct error cause;
    const char *text = invocation_text(invocation, option);
    if (!text)
        return STATUS_OK;
    return explain_value(option, text, quantity_parse_size(text, ret_bytes, &cause), &cause, err);
}

/* ---- settings ------------------------------------------------------------------------------ */

static enum status read_if_there(struct settings *settings, const char *path, struct error *err)
{
    enum status status = settings_read_file(settings, path, err);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status read_usual_files(struct settings *settings, struct error *err)
{
    enum status status = read_if_there(settings, SYSTEM_FILE, err);
    if (status != STATUS_OK)
        return status;
    const char *base = getenv("XDG_CONFIG_HOME"); // NOLINT(concurrency-mt-unsafe): one thread
    const char *home = getenv("HOME");            // NOLINT(concurrency-mt-unsafe)
    char *path = NULL;
    if (base && *base)
        path = text_format("%s/newsloom/newsloom.conf", base);
    else if (home && *home)
        path = text_format("%s/.config/newsloom/newsloom.conf", home);
    if (path)
        status = read_if_there(settings, path, err);
    free(path);
    return status;
}

enum status invocation_load_settings(struct invocation *invocation, struct error *err)
{
    invocation->settings = settings_new("newsloom", client_settings, client_setting_count);
    const char *file = invocation_text(invocation, "config");
    enum status status = file ? settings_read_file(invocation->settings, file, err)
                              : read_usual_files(invocation->settings, err);
    if (status == STATUS_OK)
        status = settings_read_environment(invocation->settings, err);
    for (size_t i = 0; status == STATUS_OK && i < invocation->given_count; i++)
        if (strcmp(invocation->given[i].option->name, "set") == 0)
            status =
                settings_assign(invocation->settings, invocation->given[i].value, "--set", err);
    return status;
}

struct newsloom_options invocation_connect(const struct invocation *invocation, const char *setting)
{
    return (struct newsloom_options){
        .endpoints = settings_text(invocation->settings, setting),
        .answer_timeout_ms = settings_number(invocation->settings, "answer.timeout"),
        .payload_limit = (uint64_t)settings_number(invocation->settings, "article.limit"),
        .server_key = settings_text(invocation->settings, "broker.server-key"),
        .key_file = settings_text(invocation->settings, "security.key-file"),
    };
}

/* ---- complaints ---------------------------------------------------------------------------- */

int complain(const struct invocation *invocation, const struct error *err)
{
    (void)fprintf(stderr, "newsloom%s%s: %s\n", invocation->verb ? " " : "",
                  invocation->verb ? invocation->verb->name : "", err->text);
    return status_exit_code(err->status);
}

int complain_usage(const struct invocation *invocation, const char *format, ...)
{
    const char *verb = invocation->verb ? invocation->verb->name : "";
    const char *blank = invocation->verb ? " " : "";
    va_list arguments;
    va_start(arguments, format);
    (void)fprintf(stderr, "newsloom%s%s: ", blank, verb);
    (void)vfprintf(stderr, format, arguments); // NOLINT(clang-analyzer-valist.Uninitialized): it is
    (void)fprintf(stderr, "; `newsloom help%s%s` shows what there is\n", blank, verb);
    va_end(arguments);
    return EX_USAGE;
}
