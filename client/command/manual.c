// SPDX-License-Identifier: Apache-2.0
#include "client/command/manual.h"

#include <string.h>

#include "client/command/invocation.h"
#include "client/command/verb.h"

#define LINE_COLUMNS 76
#define INDENT       2 /* of lines that stand as they are, in the table of verbs */

/* One word; a backslash, and a dot or quote at the start of a line, would be commands. */
static size_t print_word(const char *word, size_t length, bool at_start, FILE *out)
{
    if (at_start && (*word == '.' || *word == '\''))
        (void)fputs("\\&", out);
    for (size_t i = 0; i < length; i++) {
        switch (word[i]) {
        case '\\':
            (void)fputs("\\e", out);
            break;
        case '-':
            (void)fputs("\\-", out);
            break;
        case '`':
            (void)fputs("\\(ga", out);
            break;
        case '~':
            (void)fputs("\\(ti", out);
            break;
        default:
            (void)fputc(word[i], out);
        }
    }
    return length;
}

/* Filled text: a new line for every sentence, and before a line gets too long. */
static void print_words(const char *text, size_t length, FILE *out)
{
    size_t column = 0;
    for (size_t at = 0; at < length;) {
        size_t word = strcspn(text + at, " \n");
        if (column && column + word > LINE_COLUMNS) {
            (void)fputc('\n', out);
            column = 0;
        }
        if (column)
            (void)fputc(' ', out);
        column += 1 + print_word(text + at, word, column == 0, out);
        bool ends = word > 1 && strchr(".!?:;", text[at + word - 1]);
        at += word;
        at += strspn(text + at, " \n");
        if (ends || at >= length) {
            (void)fputc('\n', out);
            column = 0;
        }
    }
}

static void print_literal(const char *line, size_t length, FILE *out)
{
    (void)print_word(line, length, true, out);
    (void)fputc('\n', out);
}

/* A paragraph as far as it goes, so that its lines are filled anew. */
static const char *print_paragraph(const char *text, FILE *out)
{
    const char *end = strstr(text, "\n\n");
    print_words(text, end ? (size_t)(end - text) : strlen(text), out);
    if (end && end[2] != ' ')
        (void)fputs(".Pp\n", out);
    return end ? end + 2 : text + strlen(text);
}

/* Lines that are indented stand as they are. */
static const char *print_lines(const char *text, FILE *out)
{
    (void)fputs(".Bd -literal -offset indent\n", out);
    while (*text == ' ') {
        size_t indent = strspn(text, " ");
        text += indent < INDENT ? indent : INDENT; /* what stands deeper stays deeper */
        size_t length = strcspn(text, "\n");
        print_literal(text, length, out);
        text += length + (text[length] == '\n');
    }
    (void)fputs(".Ed\n.Pp\n", out);
    return text + (*text == '\n');
}

/* Paragraphs are parted by empty lines. */
static void print_text(const char *text, FILE *out)
{
    while (*text)
        text = *text == ' ' ? print_lines(text, out) : print_paragraph(text, out);
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
    (void)fprintf(out, ".Ss newsloom %s%s%s\\&\n", verb->name, *verb->operands ? " " : "",
                  verb->operands);
    char first = verb->purpose[0];
    (void)fprintf(out, "%c%s.\n", first >= 'a' && first <= 'z' ? first - 'a' + 'A' : first,
                  verb->purpose + 1);
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
            (void)fputs(".It Li ", out);
            print_literal((*verb)->examples[i].command, strlen((*verb)->examples[i].command), out);
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
    (void)fputs(
        ".\\\" SPDX-License-Identifier: Apache-2.0\n.Dd March 1, 2026\n.Dt NEWSLOOM 1\n.Os\n"
        ".Sh NAME\n.Nm newsloom\n"
        ".Nd feed Vietnamese news, follow and search the facts found in it\n"
        ".Sh SYNOPSIS\n.Nm\n.Op Fl Fl config Ar FILE\n.Op Fl Fl set Ar NAME=VALUE\n"
        ".Ar verb\n.Op Ar option ...\n.Op Ar operand ...\n"
        ".Sh DESCRIPTION\n.Nm\nis the command line of a newsloom installation:\n"
        "it submits articles to the broker,\nreads the event log, watches and steers what runs, "
        "and "
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
        ".\\\" SPDX-License-Identifier: Apache-2.0\n.Dd March 1, 2026\n.Dt NEWSLOOM.CONF 5\n.Os\n"
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
            (void)fprintf(out, ".Pp\nDefault: %s\n", setting->fallback);
    }
    (void)fputs(".El\n.Sh SEE ALSO\n.Xr newsloom 1 ,\n.Xr newsloom-broker 8 ,\n"
                ".Xr newsloom-worker 8\n",
                out);
}
