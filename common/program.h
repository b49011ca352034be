// SPDX-License-Identifier: Apache-2.0
/*
 * program - the command line that both daemons share, from argv to checked settings.
 *
 *   --config FILE  --set NAME=VALUE (repeatable)  --check  --show-config [--json]
 *   --help  --help-config  --print-config  --version  --crash-points  --metrics
 *
 * Settings come from the defaults, then FILE, then NEWSLOOM_*, then --set. What is wrong is said in
 * one sentence on stderr before anything is opened; the exit code is EX_USAGE for the command line
 * and EX_CONFIG for the configuration.
 */
#ifndef COMMON_PROGRAM_H
#define COMMON_PROGRAM_H

#include "common/counters.h"
#include "common/settings.h"
#include "common/status.h"

struct program {
    const char *name;     /* "newsloom-broker" */
    const char *purpose;  /* one line, without a full stop */
    const char *examples; /* lines for --help, each ended by \n and indented by two blanks */
    const struct setting *table;
    size_t count;
    const struct counter *counters; /* for --metrics; may be NULL */
    size_t counter_count;
    const char *crash_program; /* whose points --crash-points lists; NULL: none */
    /* what no single value shows, such as a budget below a reserve; may be NULL */
    enum status (*check)(const struct settings *settings, struct error *err);
};

/*
 * Call first in main. *ret_exit is -1 when the program should go on with *ret_settings, whose
 * log.level and log.format (both must be in the table) are in force; otherwise everything was said
 * or printed and main returns *ret_exit. Crash points are armed on return. The status is OK unless
 * something was wrong; err then holds the sentence that stands on stderr already.
 */
enum status program_settings(const struct program *program, int argc, char **argv,
                             struct settings **ret_settings, int *ret_exit,
                             struct error *err) MUST_CHECK;

#endif
