// SPDX-License-Identifier: Apache-2.0
#include "client/command/manual.h"

#include <string.h>

#include "client/command/invocation.h"
#include "client/command/verb.h"

/* Text for mdoc: backslashes and a leading dot or quote would be commands. A line break stays one,
 * and an empty line is a new paragraph. */
static void print_text(const char *text, FILE *out)
{
    bool at_start = true;
    for (; *text; text++) {
        if (at_start && (*text == '.' || *text == '\''))
            (void)fputs("\\&", out);
        if (*text == '\n' && at_start)
            (void)fputs(".Pp", out);
        if (*text == '\\')
            (void)fputs("\\e", out);
        else if (*text == '-')
            (void)fputs("\\-", out);
        else if (*text == '`')
            (void)fputs("\\(ga", out);
        else if (*text == '~')
            (void)fputs("\\(ti", out);
        else
            (void)fputc(*text, out);
        at_start = *text == '\n';
    }
    if (!at_start)
        (void)fputc('\n', out);
}

static void print_options(const struct option *options, size_t count, FILE *out)
{
    if (count == 0)
        return;
    (void)fputs(".Bl -tag -width Ds\n", out);
    for (size_t i = 0; i < count; i++) {
        (void)fputs(".It ", out);
        if (options[i].letter)
            (void)fprintf(out, "Fl %c , ", options[i].letter);
        (void)fprintf(out, "Fl Fl %s", options[i].name);
        if (options[i].value)
            (void)fprintf(out, " Ar %s", options[i].value);
        (void)fputc('\n', out);
        print_text(options[i].help, out);
    }
    (void)fputs(".El\n", out);
}

static void print_verb(const struct verb *verb, FILE *out)
{
    (void)fprintf(out, ".Ss newsloom %s %s\n", verb->name, verb->operands);
    char first = verb->purpose[0];
    (void)fputc(first >= 'a' && first <= 'z' ? first - 'a' + 'A' : first, out);
    print_text(verb->purpose + 1, out);
    if (verb->about && *verb->about) {
        (void)fputs(".Pp\n", out);
        print_text(verb->about, out);
    }
    print_options(verb->options, verb->option_count, out);
}

static void print_examples(FILE *out)
{
    (void)fputs(".Sh EXAMPLES\n.Bl -tag -width Ds\n", out);
    for (const struct verb *const *verb = verbs; *verb; verb++) {
        for (size_t i = 0; i < (*verb)->example_count; i++) {
            (void)fputs(".It ", out);
            print_text((*verb)->examples[i].command, out);
            print_text((*verb)->examples[i].says, out);
        }
    }
    (void)fputs(".El\n", out);
}

static const struct {
    int code;
    const char *says;
} exits[] = {
    {0, "all went well"},
    {64, "the command line is wrong"},
    {65, "an article was refused or ended as a dead letter, or an input is wrong"},
    {66, "there is no such file, article, dead letter or cursor"},
    {69, "entries that were asked for are no longer retained (a gap)"},
    {70, "an error of the program, or an answer that makes no sense"},
    {74, "output could not be written"},
    {75, "the broker or the database is away or full: the same call may work later"},
    {78, "a setting is wrong"},
    {130, "interrupted; feed says how to go on"},
};

void manual_print_command(FILE *out)
{
    (void)fputs(".\\\" SPDX-License-Identifier: Apache-2.0\n.Dd $Mdocdate$\n.Dt NEWSLOOM 1\n.Os\n"
                ".Sh NAME\n.Nm newsloom\n"
                ".Nd feed Vietnamese news, follow and search the facts found in it\n"
                ".Sh SYNOPSIS\n.Nm\n.Op Fl Fl config Ar FILE\n.Op Fl Fl set Ar NAME=VALUE\n"
                ".Ar verb\n.Op Ar option ...\n.Op Ar operand ...\n"
                ".Sh DESCRIPTION\n.Nm\nis the command line of a newsloom installation: it submits "
                "articles to the broker,\nreads the event log, watches and steers what runs, and "
                "searches what was stored.\n"
                "A verb that is not listed here is a program called newsloom-verb,\nlooked for "
                "beside\n.Nm\nand in the installation's libexec folder.\n",
                out);
    for (const struct verb *const *verb = verbs; *verb; verb++)
        print_verb(*verb, out);
    (void)fputs(".Ss Options of every verb\n", out);
    print_options(common_options, common_option_count, out);
    (void)fputs(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n", out);
    (void)fputs(".It Ev NEWSLOOM_BROKER_FEED , NEWSLOOM_DATABASE_URL , ...\n"
                "Any setting of\n.Xr newsloom.conf 5 ,\nin upper case, dots as underscores.\n"
                ".El\n.Sh FILES\n.Bl -tag -width Ds\n"
                ".It Pa /etc/newsloom/newsloom.conf\nRead first.\n"
                ".It Pa \\(ti/.config/newsloom/newsloom.conf\nRead next.\n"
                ".It Pa \\(ti/.local/state/newsloom/feed.state\nWhere an interrupted feed "
                "stopped.\n.El\n.Sh EXIT STATUS\n.Bl -tag -width Ds\n",
                out);
    for (size_t i = 0; i < COUNT_OF(exits); i++)
        (void)fprintf(out, ".It %d\n%s.\n", exits[i].code, exits[i].says);
    (void)fputs(".El\n", out);
    print_examples(out);
    (void)fputs(".Sh SEE ALSO\n.Xr newsloom.conf 5 ,\n.Xr newsloom-broker 8 ,\n"
                ".Xr newsloom-worker 8\n",
                out);
}

void manual_print_settings(FILE *out)
{
    (void)fputs(
        ".\\\" SPDX-License-Identifier: Apache-2.0\n.Dd $Mdocdate$\n.Dt NEWSLOOM.CONF 5\n.Os\n"
        ".Sh NAME\n.Nm newsloom.conf\n.Nd settings of the newsloom command line\n"
        ".Sh DESCRIPTION\n"
        "A line is\n.Dq name = value ;\na # begins a comment, and values may stand in double "
        "quotes.\nDurations are written 250ms, 30s, 5m, 2h, 90d; sizes 512, 64KiB, 2MiB, 8GiB.\n"
        ".Pp\n"
        "A value comes from the last of: the default, the file, the environment\n"
        "(NEWSLOOM_ and the name in upper case, dots as underscores), and\n"
        ".Fl Fl set Ar name=value .\n"
        "The daemons read files of the same form; see\n"
        ".Xr newsloom-broker 8\nand\n.Xr newsloom-worker 8 .\n"
        ".Sh SETTINGS\n.Bl -tag -width Ds\n",
        out);
    for (size_t i = 0; i < client_setting_count; i++) {
        const struct setting *setting = &client_settings[i];
        (void)fprintf(out, ".It %s\n", setting->name);
        print_text(setting->help, out);
        if (*setting->fallback)
            (void)fprintf(out, "Default: %s\n", setting->fallback);
    }
    (void)fputs(".El\n.Sh SEE ALSO\n.Xr newsloom 1 ,\n.Xr newsloom-broker 8 ,\n"
                ".Xr newsloom-worker 8\n",
                out);
}
