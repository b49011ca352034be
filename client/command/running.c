// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/help.h"
#include "client/command/invocation.h"
#include "common/crash.h"

int invocation_run(struct invocation *invocation, int (*run)(struct invocation *), int argc,
                   char **argv)
{
    struct error err;
    int used = 0;
    const struct verb *verb = invocation->verb;
    invocation->options = verb->options;
    invocation->option_count = verb->option_count;
    if (invocation_parse(invocation, argc, argv, &used, &err) != STATUS_OK)
        return complain_usage(invocation, "%s", err.text);
    if (invocation_has(invocation, "help")) {
        help_print_verb(verb, stdout);
        return EX_OK;
    }
    if (invocation_load_settings(invocation, &err) != STATUS_OK) {
        if (!verb->takes_wrong_settings) {
            (void)complain(invocation, &err);
            return EX_CONFIG;
        }
        invocation->settings_error = err;
    }
    return run(invocation);
}

void invocation_begin_program(void)
{
    crash_init();
    /* Widths of what we print: our output is UTF-8 always. */
    (void)setlocale(LC_CTYPE, "C.UTF-8"); // NOLINT(concurrency-mt-unsafe): before the first thread
    (void)signal(SIGPIPE, SIG_IGN);       /* a closed pipe is a failed write, and is said */
}

int invocation_helper_main(const char *verb, int (*run)(struct invocation *), int argc, char **argv)
{
    invocation_begin_program();
    struct invocation invocation = {.verb = verb_find(verb)};
    ENSURE(invocation.verb);
    int code = invocation_run(&invocation, run, argc - 1, argv + 1);
    invocation_done(&invocation);
    return invocation_end_program(code);
}

int invocation_end_program(int code)
{
    bool lost = ferror(stdout) != 0; /* of an earlier write: its reason is gone */
    errno = 0;
    if (fflush(stdout) == 0 && !lost)
        return code;
    (void)fprintf(stderr, "newsloom: could not write all of standard output%s%s\n",
                  errno ? ": " : "", errno ? strerror(errno) : ""); // NOLINT(concurrency-mt-unsafe)
    return code == EX_OK ? EX_IOERR : code;
}
