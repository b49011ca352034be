// SPDX-License-Identifier: Apache-2.0
/*
 * invocation - one call of one verb: its options, operands and settings.
 *
 * Ownership: points into argv, which must live as long.
 */
#ifndef CLIENT_COMMAND_INVOCATION_H
#define CLIENT_COMMAND_INVOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/command/verb.h"
#include "client/newsloom.h"
#include "common/settings.h"
#include "common/status.h"

#define INVOCATION_OPTIONS_MAX 64

struct given {
    const struct option *option;
    const char *value;
};

struct invocation {
    const struct verb *verb;
    const struct option *options; /* beside the common ones */
    size_t option_count;
    struct settings *settings;
    struct error settings_error; /* why they could not be read, for a verb that tells it itself */
    struct given given[INVOCATION_OPTIONS_MAX];
    size_t given_count;
    const char **operands;
    size_t operand_count;
};

/* Reads argv up to the verb (when verb is NULL), or all that
 * stands after it. *ret_used is how many were read. INVALID is a usage error. */
enum status invocation_parse(struct invocation *invocation, int argc, char **argv, int *ret_used,
                             struct error *err) MUST_CHECK;
void invocation_done(struct invocation *invocation);

/* Default files, environment, --config and --set. */
enum status invocation_load_settings(struct invocation *invocation, struct error *err) MUST_CHECK;

bool invocation_has(const struct invocation *invocation, const char *option);
/* The value that was given last, or NULL. */
const char *invocation_text(const struct invocation *invocation, const char *option);
/* The one that was given as number at, from 0; NULL when fewer were. */
const char *invocation_text_at(const struct invocation *invocation, const char *option, size_t at);
/* A day, YYYY-MM-DD; *ret_day is NULL when the option was not given. */
enum status invocation_day(const struct invocation *invocation, const char *option,
                           const char **ret_day, struct error *err) MUST_CHECK;
/* A whole number, a duration or a size; *ret_value is left alone when the option was not given. */
enum status invocation_number(const struct invocation *invocation, const char *option,
                              int64_t *ret_value, struct error *err) MUST_CHECK;
enum status invocation_duration(const struct invocation *invocation, const char *option,
                                int64_t *ret_ms, struct error *err) MUST_CHECK;
enum status invocation_size(const struct invocation *invocation, const char *option,
                            int64_t *ret_bytes, struct error *err) MUST_CHECK;

/* All of a call of invocation->verb but its name: words are read, its help printed when it is asked
 * for, settings loaded, then run. Returns the exit code. */
int invocation_run(struct invocation *invocation, int (*run)(struct invocation *), int argc,
                   char **argv);
/* What every main() of the command line begins with, and the one of a helper: a program of its own
 * whose options and help stand in the table of verbs under this name. */
void invocation_begin_program(void);
/* And what it ends with: output that did not arrive is said, and no success. */
int invocation_end_program(int code);
int invocation_helper_main(const char *verb, int (*run)(struct invocation *), int argc,
                           char **argv);

/* To the socket that this setting names. */
struct newsloom_options invocation_connect(const struct invocation *invocation,
                                           const char *setting);

/* The settings of the command line itself. */
extern const struct setting client_settings[];
extern const size_t client_setting_count;

/* Exit codes beside those of status_exit_code(). */
#define EXIT_GAP         69  /* EX_UNAVAILABLE: what was asked for is no longer retained */
#define EXIT_INTERRUPTED 130 /* as a shell reports SIGINT */

/* "newsloom feed: <sentence>" on stderr; returns the exit code that fits. */
int complain(const struct invocation *invocation, const struct error *err);
/* The same for a wrong command line, with the way to its help: EX_USAGE. */
int complain_usage(const struct invocation *invocation, const char *format, ...) PRINTF(2, 3);

#endif
