// SPDX-License-Identifier: Apache-2.0
/*
 * settings - one table a program: name, kind, default, bounds, unit, help.
 *
 * A value comes from the last of: the default, the configuration file, NEWSLOOM_<NAME> (dots become
 * underscores, upper case), --set name=value. The sample file, --help-config, the manual and
 * `newsloom config` are printed from the same table. A value out of bounds or an unknown key is one
 * sentence that names the origin and the way out.
 *
 * The file is `name = value` a line; # at its beginning or after a blank begins a comment; values
 * may stand in double quotes, in which \" and \\ are a quote and a backslash. A name stands at most
 * once in a file. Durations and sizes are written as common/quantity.h says. Switches: on, off.
 *
 * Ownership: the settings object owns every value; texts it returns live as long as it does. After
 * loading it is only read, from any thread.
 */
#ifndef COMMON_SETTINGS_H
#define COMMON_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/status.h"

enum setting_kind {
    SETTING_TEXT,
    SETTING_INTEGER,
    SETTING_DURATION, /* kept in milliseconds */
    SETTING_SIZE,     /* kept in bytes */
    SETTING_SWITCH,
    SETTING_CHOICE, /* one of choices, separated by | */
};

struct setting {
    const char *name; /* "lease.duration" */
    enum setting_kind kind;
    const char *fallback;
    int64_t min; /* of numbers; ignored for texts */
    int64_t max;
    const char *choices;
    const char *help; /* one line: what it does and what to think of when changing it */
};

/* Rows that stand in the table of more than one program. */
#define SETTINGS_OF_LOG                                                                           \
    {.name = "log.level",                                                                         \
     .kind = SETTING_CHOICE,                                                                      \
     .fallback = "info",                                                                          \
     .choices = "error|warn|info|debug",                                                          \
     .help = "least important event that is logged"},                                             \
    {                                                                                             \
        .name = "log.format", .kind = SETTING_CHOICE, .fallback = "text", .choices = "text|json", \
        .help = "text for people and journald, json for collectors"                               \
    }
#define SETTING_OF_SERVER_KEY                                                                  \
    {                                                                                          \
        .name = "broker.server-key", .kind = SETTING_TEXT, .fallback = "",                     \
        .help = "the broker's public key, as newsloom keygen printed it there; empty: no keys" \
    }

struct settings;

struct settings *settings_new(const char *program, const struct setting *table, size_t count);
void settings_free(struct settings **settings_p);

/* NOT_FOUND when there is no such file; INVALID names file, line, key. */
enum status settings_read_file(struct settings *settings, const char *path,
                               struct error *err) MUST_CHECK;
/* The same for the file's bytes, which need no NUL at the end; path is what errors call them. */
enum status settings_read_bytes(struct settings *settings, const char *bytes, size_t size,
                                const char *path, struct error *err) MUST_CHECK;
/* Keys of the environment that name no setting are left alone: other programs share the prefix. */
enum status settings_read_environment(struct settings *settings, struct error *err) MUST_CHECK;
/* "name=value"; origin such as "--set" is said in errors and by settings_origin(). */
enum status settings_assign(struct settings *settings, const char *assignment, const char *origin,
                            struct error *err) MUST_CHECK;

/* Asking for a name that is not in the table, or by the wrong kind, is a bug. */
const char *settings_text(const struct settings *settings, const char *name);
int64_t settings_number(const struct settings *settings, const char *name);
bool settings_switch(const struct settings *settings, const char *name);
/* "default", "broker.conf:12", "NEWSLOOM_LOG_LEVEL" or what settings_assign() was told. */
const char *settings_origin(const struct settings *settings, const char *name);

void settings_print_sample(const struct settings *settings,
                           FILE *out); /* a commented file of defaults */
void settings_print_help(const struct settings *settings, FILE *out);
void settings_print_values(const struct settings *settings, bool as_json, FILE *out);

#endif
