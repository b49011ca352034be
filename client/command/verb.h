// SPDX-License-Identifier: Apache-2.0
/*
 * verb - what `newsloom` can do: one table, from which its help, manual page and completion come.
 *
 * To add a verb: write its file, define its struct verb there, name it here and in verbs.c. A verb
 * that is not in the table is a program called newsloom-<verb> (helper.h).
 */
#ifndef CLIENT_COMMAND_VERB_H
#define CLIENT_COMMAND_VERB_H

#include <stdbool.h>
#include <stddef.h>

struct invocation;

struct option {
    const char *name;  /* without the dashes */
    char letter;       /* or 0 */
    const char *value; /* what it takes, such as "FILE"; NULL: nothing */
    const char *help;  /* one line */
};

struct example {
    const char *command;
    const char *says; /* one line */
};

struct verb {
    const char *name;
    const char *purpose;  /* one line, lower case, without a full stop */
    const char *operands; /* "[FILE|FOLDER|-]…" */
    const char *about;    /* paragraphs; each line as it shall stand */
    const struct option *options;
    size_t option_count;
    const struct example *examples;
    size_t example_count;
    const char *helper;                        /* this verb's program, or NULL when run is set */
    int (*run)(struct invocation *invocation); /* gives the exit code */
    bool takes_wrong_settings;                 /* run tells itself of settings_error */
};

extern const struct verb verb_backup;
extern const struct verb verb_config;
extern const struct verb verb_dead;
extern const struct verb verb_doctor;
extern const struct verb verb_drain;
extern const struct verb verb_export;
extern const struct verb verb_extract;
extern const struct verb verb_feed;
extern const struct verb verb_forget;
extern const struct verb verb_graph;
extern const struct verb verb_help;
extern const struct verb verb_keygen;
extern const struct verb verb_migrate;
extern const struct verb verb_pause;
extern const struct verb verb_reload;
extern const struct verb verb_repair;
extern const struct verb verb_reextract;
extern const struct verb verb_resume;
extern const struct verb verb_rss;
extern const struct verb verb_search;
extern const struct verb verb_show;
extern const struct verb verb_status;
extern const struct verb verb_subscribe;
extern const struct verb verb_timeline;
extern const struct verb verb_trace;
extern const struct verb verb_verify;

/* In the order that help lists them; ended by NULL. */
extern const struct verb *const verbs[];

/* What newsloom itself takes without a verb. */
extern const struct option program_options[];
extern const size_t program_option_count;
/* Every verb takes these as well, before its name or after it. */
extern const struct option common_options[];
extern const size_t common_option_count;

const struct verb *verb_find(const char *name);
/* The verb that was probably meant, or NULL. */
const char *verb_suggest(const char *name);

#endif
