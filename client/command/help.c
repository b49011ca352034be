// SPDX-License-Identifier: Apache-2.0
#include "client/command/help.h"

#include <string.h>
#include <sysexits.h>

#include "client/command/completion.h"
#include "client/command/helper.h"
#include "client/command/invocation.h"
#include "client/command/manual.h"
#include "client/newsloom.h"

void help_print_overview(FILE *out)
{
    (void)fputs("newsloom - feed Vietnamese news, follow and search the facts found in it\n\n"
                "usage: newsloom [--config FILE] [--set NAME=VALUE]… VERB [OPTION…] [OPERAND…]\n\n"
                "verbs:\n",
                out);
    for (const struct verb *const *verb = verbs; *verb; verb++)
        (void)fprintf(out, "  %-10s %s\n", (*verb)->name, (*verb)->purpose);
    (void)fputs("\n`newsloom help VERB` explains a verb with examples; `newsloom --version` prints "
                "the version.\n"
                "Settings come from /etc/newsloom/newsloom.conf, then "
                "~/.config/newsloom/newsloom.conf, then NEWSLOOM_*,\n"
                "then --set; `newsloom config` shows every value and where it came from.\n",
                out);
}

static void print_options(const struct option *options, size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        char left[48];
        char letter[8] = "    ";
        if (options[i].letter)
            (void)snprintf(letter, sizeof(letter), "-%c, ", options[i].letter);
        (void)snprintf(left, sizeof(left), "%s--%s%s%s", letter, options[i].name,
                       options[i].value ? " " : "", options[i].value ? options[i].value : "");
        (void)fprintf(out, "  %-26s %s\n", left, options[i].help);
    }
}

void help_print_verb(const struct verb *verb, FILE *out)
{
    (void)fprintf(out, "newsloom %s - %s\n\nusage: newsloom %s [OPTION…]%s%s\n", verb->name,
                  verb->purpose, verb->name, *verb->operands ? " " : "", verb->operands);
    if (verb->about && *verb->about)
        (void)fprintf(out, "\n%s\n", verb->about);
    (void)fputs("\noptions:\n", out);
    print_options(verb->options, verb->option_count, out);
    print_options(common_options, common_option_count, out);
    if (verb->example_count)
        (void)fputs("\nexamples:\n", out);
    for (size_t i = 0; i < verb->example_count; i++)
        (void)fprintf(out, "  %s\n      %s\n", verb->examples[i].command, verb->examples[i].says);
}

/* A helper explains itself; our own table is for the time when it is not installed. */
static void print_verb(const struct invocation *invocation, const struct verb *verb)
{
    char ask[] = "--help";
    char *words[] = {NULL, ask, NULL};
    struct error ignored;
    if (verb->helper && helper_exec(invocation->settings, verb->name, words, &ignored) == STATUS_OK)
        return;
    help_print_verb(verb, stdout);
}

static int run_help(struct invocation *invocation)
{
    if (invocation_has(invocation, "manual")) {
        manual_print_command(stdout);
        return EX_OK;
    }
    if (invocation_has(invocation, "manual-settings")) {
        manual_print_settings(stdout);
        return EX_OK;
    }
    if (invocation_has(invocation, "complete")) {
        completion_print(invocation->operands, invocation->operand_count, stdout);
        return EX_OK;
    }
    const struct verb *verb = NULL;
    if (invocation->operand_count > 1)
        return complain_usage(invocation, "help takes one verb");
    if (invocation->operand_count == 1) {
        verb = verb_find(invocation->operands[0]);
        if (!verb) {
            const char *meant = verb_suggest(invocation->operands[0]);
            return complain_usage(invocation, "there is no verb \"%.60s\"%s%s%s",
                                  invocation->operands[0], meant ? " (is \"" : "",
                                  meant ? meant : "", meant ? "\" meant?)" : "");
        }
    }
    if (verb)
        print_verb(invocation, verb);
    else
        help_print_overview(stdout);
    return EX_OK;
}

static const struct option options[] = {
    {"complete", 0, NULL, "for shells: what may stand for the last of the words behind --"},
    {"manual", 0, NULL, "print newsloom(1) in mdoc"},
    {"manual-settings", 0, NULL, "print newsloom.conf(5) in mdoc"},
};

static const struct example examples[] = {
    {"newsloom help", "lists the verbs"},
    {"newsloom help feed", "explains one of them"},
    {"newsloom help --manual | mandoc -l", "reads the manual page without installing it"},
};

const struct verb verb_help = {
    .name = "help",
    .purpose = "explain a verb",
    .operands = "[VERB]",
    .about = "",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_help,
};
