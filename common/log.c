// SPDX-License-Identifier: Apache-2.0
#include "common/log.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/utf8.h"

static struct {
    const char *program;
    enum log_level level;
    enum log_format format;
} logger = {"newsloom", LOG_LEVEL_INFO, LOG_FORMAT_TEXT};

void log_open(const char *program, enum log_level level, enum log_format format)
{
    logger.program = program;
    logger.level = level;
    logger.format = format;
}

enum status log_level_parse(const char *text, enum log_level *ret_level, struct error *err)
{
    static const struct {
        const char *name;
        enum log_level level;
    } levels[] = {
        {"error", LOG_LEVEL_ERROR},
        {"warn", LOG_LEVEL_WARN},
        {"info", LOG_LEVEL_INFO},
        {"debug", LOG_LEVEL_DEBUG},
    };
    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        if (strcmp(text, levels[i].name) == 0) {
            *ret_level = levels[i].level;
            return STATUS_OK;
        }
    }
    return error_set(err, STATUS_INVALID,
                     "\"%.40s\" is not a log level: use error, warn, info or debug", text);
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARN:
        return "warn";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_DEBUG:
        break;
    }
    return "debug";
}

/* Cut one key=value pair off text; the value's quotes and backslashes are taken away in place. */
static char *next_pair(char *text, char **ret_key, char **ret_value)
{
    char *equals = strchr(text, '=');
    if (!equals)
        return NULL;
    *equals = '\0';
    *ret_key = text;
    char *in = equals + 1;
    char *out = in;
    *ret_value = out;
    bool quoted = *in == '"';
    if (quoted)
        in++;
    while (*in && *in != (quoted ? '"' : ' ')) {
        if (quoted && *in == '\\' && in[1])
            in++;
        *out++ = *in++;
    }
    if (*in)
        in++;
    while (*in == ' ')
        in++;
    *out = '\0';
    return in;
}

/* A line stays one line of UTF-8, whatever was given: a message cut in the middle of a letter, or a
 * value that nobody quoted. */
static void make_clean(char *line)
{
    size_t length = strlen(line);
    bool clean = utf8_is_clean(line, length);
    for (char *at = line; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !clean))
            *at = byte >= 0x80 ? '?' : ' ';
    }
}

static void write_line(const char *line, size_t length)
{
    ssize_t written = write(STDERR_FILENO, line, length);
    (void)written; /* there is nowhere left to report it */
}

static void log_json(enum log_level level, const char *id, char *pairs)
{
    struct timespec now;
    struct tm utc;
    char stamp[40];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    size_t used = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(stamp + used, sizeof(stamp) - used, ".%03ldZ", now.tv_nsec / 1000000);

    json_t *line = json_pack("{ssssssss}", "time", stamp, "level", level_name(level), "program",
                             logger.program, "event", id);
    char *key = NULL;
    char *value = NULL;
    while (line && pairs && *pairs && (pairs = next_pair(pairs, &key, &value)))
        (void)json_object_set_new(line, key, json_string(value));
    char *text = line ? json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(line);
    if (!text)
        return;
    char *whole = text_format("%s\n", text);
    write_line(whole, strlen(whole));
    free(whole);
    free(text);
}

void log_event(enum log_level level, const char *id, const char *format, ...)
{
    if (level > logger.level)
        return;
    char pairs[2048];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(pairs, sizeof(pairs), format, arguments);
    va_end(arguments);
    make_clean(pairs);
    if (logger.format == LOG_FORMAT_JSON) {
        log_json(level, id, pairs);
        return;
    }
    char line[2304];
    int length = snprintf(line, sizeof(line), "<%d>%s %s\n", (int)level, id, pairs);
    if (length > 0)
        write_line(line, (size_t)length < sizeof(line) ? (size_t)length : sizeof(line) - 1);
}

/* How many bytes the letter at text has; 0 when it is none that UTF-8 knows. */
static size_t letter_size(const char *text)
{
    unsigned char lead = (unsigned char)*text;
    size_t size = 1;
    if (lead >= 0xc0)
        size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return strnlen(text, size) == size && utf8_is_clean(text, size) ? size : 0;
}

const char *log_quote(const char *text, char buffer[LOG_QUOTE_SIZE])
{
    enum { TAIL = 2 + 4 }; /* the closing quote, the end, and one letter more with its backslash */
    size_t at = 0;
    buffer[at++] = '"';
    while (text && *text && at < LOG_QUOTE_SIZE - TAIL) {
        unsigned char byte = (unsigned char)*text;
        size_t size = letter_size(text);
        if (byte == '"' || byte == '\\')
            buffer[at++] = '\\';
        if (size == 0 || byte < 0x20 || byte == 0x7f) {
            buffer[at++] = size == 0 ? '?' : ' ';
            text++;
            continue;
        }
        memcpy(buffer + at, text, size);
        at += size;
        text += size;
    }
    buffer[at++] = '"';
    buffer[at] = '\0';
    return buffer;
}

int log_gate_open(struct log_gate *gate)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (gate->last_second == now.tv_sec + 1) {
        gate->suppressed++;
        return 0;
    }
    gate->last_second = now.tv_sec + 1;
    return 1;
}
