// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/help.h"
#include "client/command/helper.h"
#include "client/command/invocation.h"
#include "client/newsloom.h"
#include "common/crash.h"

static int unknown_verb(const struct invocation *invocation, const char *name)
{
    const char *meant = verb_suggest(name);
    if (meant)
        return complain_usage(invocation, "there is no verb \"%.60s\" (is \"%s\" meant?)", name,
                              meant);
    return complain_usage(invocation, "there is no verb \"%.60s\"", name);
}

/* A helper has options of its own: it gets every word, and our settings in its environment. */
static int run_helper(struct invocation *invocation, const char *name, char **argv)
{
    struct error err;
    if (invocation_load_settings(invocation, &err) != STATUS_OK) {
        (void)complain(invocation, &err);
        return EX_CONFIG;
    }
    enum status status = helper_exec(invocation->settings, name, argv, &err);
    if (status == STATUS_NOT_FOUND && !verb_find(name))
        return unknown_verb(invocation, name);
    return complain(invocation, &err);
}

/* As the daemons have them; the sample is that of `newsloom config --sample`. */
static int print_settings(struct invocation *invocation)
{
    struct error err;
    if (invocation_load_settings(invocation, &err) != STATUS_OK) {
        (void)complain(invocation, &err);
        return EX_CONFIG;
    }
    if (invocation_has(invocation, "help-config"))
        settings_print_help(invocation->settings, stdout);
    else
        settings_print_sample(invocation->settings, stdout);
    return EX_OK;
}

static int run(struct invocation *invocation, int argc, char **argv)
{
    struct error err;
    int used = 0;
    invocation->options = program_options;
    invocation->option_count = program_option_count;
    if (invocation_parse(invocation, argc - 1, argv + 1, &used, &err) != STATUS_OK)
        return complain_usage(invocation, "%s", err.text);
    if (invocation_has(invocation, "version")) {
        (void)printf("newsloom %s\n", newsloom_version());
        return EX_OK;
    }
    if (invocation_has(invocation, "crash-points")) {
        crash_print_points(stdout, "client");
        return EX_OK;
    }
    if (invocation_has(invocation, "print-config") || invocation_has(invocation, "help-config"))
        return print_settings(invocation);
    int at = 1 + used;
    if (at >= argc) {
        bool asked = invocation_has(invocation, "help");
        help_print_overview(asked ? stdout : stderr);
        return asked ? EX_OK : EX_USAGE;
    }
    const struct verb *verb = verb_find(argv[at]);
    if (!verb || !verb->run)
        return run_helper(invocation, argv[at], argv + at);
    invocation->verb = verb;
    return invocation_run(invocation, verb->run, argc - at - 1, argv + at + 1);
}

int main(int argc, char **argv)
{
    invocation_begin_program();
    struct invocation invocation = {0};
    int code = run(&invocation, argc, argv);
    invocation_done(&invocation);
    return invocation_end_program(code);
}
