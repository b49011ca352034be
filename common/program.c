// SPDX-License-Identifier: Apache-2.0
#include "common/program.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/crash.h"
#include "common/log.h"

enum option {
    OPTION_CONFIG,
    OPTION_SET,
    OPTION_CHECK,
    OPTION_SHOW_CONFIG,
    OPTION_JSON,
    OPTION_HELP,
    OPTION_HELP_CONFIG,
    OPTION_PRINT_CONFIG,
    OPTION_METRICS,
    OPTION_VERSION,
    OPTION_CRASH_POINTS,
    OPTION_COUNT,
};

static const struct {
    const char *name;
    const char *value; /* what --help calls it; NULL: takes none */
    const char *help;
} options[OPTION_COUNT] = {
    [OPTION_CONFIG] = {"--config", "FILE", "read the configuration from FILE"},
    [OPTION_SET] = {"--set", "NAME=VALUE", "set one value; may be repeated"},
    [OPTION_CHECK] = {"--check", NULL, "check the configuration and exit"},
    [OPTION_SHOW_CONFIG] = {"--show-config", NULL, "print every value and where it came from"},
    [OPTION_JSON] = {"--json", NULL, "with --show-config: as JSON"},
    [OPTION_HELP] = {"--help", NULL, "print this text"},
    [OPTION_HELP_CONFIG] = {"--help-config", NULL, "explain every setting"},
    [OPTION_PRINT_CONFIG] = {"--print-config", NULL, "print a commented sample configuration"},
    [OPTION_METRICS] = {"--metrics", NULL, "explain every figure of /metrics"},
    [OPTION_VERSION] = {"--version", NULL, "print the version"},
    [OPTION_CRASH_POINTS] = {"--crash-points", NULL, "list where NEWSLOOM_CRASH_AT can strike"},
};

struct command_line {
    bool given[OPTION_COUNT];
    const char *config;
    const char **assignments; /* borrowed from argv; room for argc of them */
    size_t assignment_count;
};

/* Which option an argument is; *ret_value is what follows its "=", or NULL. */
static bool find_option(const char *argument, enum option *ret_option, const char **ret_value)
{
    size_t length = strcspn(argument, "=");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strlen(options[i].name) != length || strncmp(options[i].name, argument, length) != 0)
            continue;
        *ret_option = (enum option)i;
        *ret_value = argument[length] ? argument + length + 1 : NULL;
        return true;
    }
    *ret_option = OPTION_HELP;
    *ret_value = NULL;
    return strcmp(argument, "-h") == 0;
}

/* *ret_taken is how many arguments the option at `rest` takes up. */
static enum status parse_option(char *const *rest, struct command_line *line, int *ret_taken,
                                struct error *err)
{
    enum option option = OPTION_HELP;
    const char *value = NULL;
    *ret_taken = 1;
    if (!find_option(rest[0], &option, &value))
        return error_set(err, STATUS_INVALID,
                         "\"%.60s\" is no option: --help lists them (settings are changed by --set "
                         "name=value)",
                         rest[0]);
    if (value && !options[option].value)
        return error_set(err, STATUS_INVALID, "%s takes no value", options[option].name);
    if (!value && options[option].value) {
        value = rest[1];
        *ret_taken = 2;
        if (!value)
            return error_set(err, STATUS_INVALID, "%s needs a %s after it", options[option].name,
                             options[option].value);
    }
    if (option == OPTION_CONFIG && line->config)
        return error_set(err, STATUS_INVALID, "--config stands twice: one file is read");
    line->given[option] = true;
    if (option == OPTION_CONFIG)
        line->config = value;
    if (option == OPTION_SET)
        line->assignments[line->assignment_count++] = value;
    return STATUS_OK;
}

static enum status parse_arguments(int argc, char **argv, struct command_line *line,
                                   struct error *err)
{
    enum status status = STATUS_OK;
    int taken = 0;
    for (int i = 1; status == STATUS_OK && i < argc; i += taken)
        status = parse_option(argv + i, line, &taken, err);
    return status;
}

static void print_help(const struct program *program)
{
    (void)printf("%s - %s\n\nusage: %s [--config FILE] [--set NAME=VALUE]...\n\n", program->name,
                 program->purpose, program->name);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if ((i == OPTION_METRICS && !program->counters) ||
            (i == OPTION_CRASH_POINTS && !program->crash_program))
            continue;
        char name[40];
        (void)snprintf(name, sizeof(name), "%s%s%s", options[i].name, options[i].value ? " " : "",
                       options[i].value ? options[i].value : "");
        (void)printf("  %-20s %s\n", name, options[i].help);
    }
    (void)printf(
        "\nSettings come from their defaults, the file, NEWSLOOM_<NAME> in the environment\n"
        "and --set; the last of these counts.\n");
    if (program->examples)
        (void)printf("\nexamples:\n%s", program->examples);
}

static void print_metrics(const struct program *program)
{
    if (!program->counters)
        return;
    struct counters *counters = counters_new(program->counters, program->counter_count);
    counters_print_table(counters, stdout);
    counters_free(&counters);
}

/* What needs no configuration; false: nothing of it was asked for. */
static bool answer_question(const struct program *program, const struct command_line *line)
{
    if (line->given[OPTION_HELP]) {
        print_help(program);
    } else if (line->given[OPTION_VERSION]) {
        (void)printf("%s %s\n", program->name, NEWSLOOM_VERSION);
    } else if (line->given[OPTION_CRASH_POINTS]) {
        if (program->crash_program)
            crash_print_points(stdout, program->crash_program);
    } else if (line->given[OPTION_METRICS]) {
        print_metrics(program);
    } else if (line->given[OPTION_HELP_CONFIG] || line->given[OPTION_PRINT_CONFIG]) {
        struct settings *defaults = settings_new(program->name, program->table, program->count);
        if (line->given[OPTION_HELP_CONFIG])
            settings_print_help(defaults, stdout);
        else
            settings_print_sample(defaults, stdout);
        settings_free(&defaults);
    } else {
        return false;
    }
    return true;
}

static enum status gather(const struct program *program, const struct command_line *line,
                          struct settings *settings, struct error *err)
{
    enum status status = STATUS_OK;
    if (line->config)
        status = settings_read_file(settings, line->config, err);
    if (status == STATUS_OK)
        status = settings_read_environment(settings, err);
    for (size_t i = 0; status == STATUS_OK && i < line->assignment_count; i++)
        status = settings_assign(settings, line->assignments[i], "--set", err);
    if (status == STATUS_OK && program->check)
        status = program->check(settings, err);
    return status;
}

static enum status open_log(const struct program *program, const struct settings *settings,
                            struct error *err)
{
    enum log_level level = LOG_LEVEL_INFO;
    enum status status = log_level_parse(settings_text(settings, "log.level"), &level, err);
    if (status == STATUS_OK)
        log_open(program->name, level,
                 strcmp(settings_text(settings, "log.format"), "json") == 0 ? LOG_FORMAT_JSON
                                                                            : LOG_FORMAT_TEXT);
    return status;
}

/* What was printed has to have arrived: `--print-config >file` on a full disk is a failure. */
static int printed(const struct program *program)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EX_OK;
    (void)fprintf(stderr, "%s: could not write to the standard output\n", program->name);
    return EX_IOERR;
}

static enum status refuse(const struct program *program, const struct error *err, int code,
                          int *ret_exit)
{
    (void)fprintf(stderr, "%s: %s\n", program->name, err->text);
    *ret_exit = code;
    return err->status;
}

enum status program_settings(const struct program *program, int argc, char **argv,
                             struct settings **ret_settings, int *ret_exit, struct error *err)
{
    struct error reason = {.status = STATUS_OK};
    struct error *sentence = err ? err : &reason;
    struct command_line line = {.assignments = memory_new((size_t)(argc + 1) * sizeof(char *))};
    struct settings *settings = settings_new(program->name, program->table, program->count);
    *ret_exit = -1;
    crash_init();

    int code = EX_USAGE;
    enum status status = parse_arguments(argc, argv, &line, sentence);
    if (status == STATUS_OK && answer_question(program, &line)) {
        *ret_exit = printed(program);
    } else if (status == STATUS_OK) {
        code = EX_CONFIG;
        status = gather(program, &line, settings, sentence);
        if (status == STATUS_OK)
            status = open_log(program, settings, sentence);
    }
    if (status != STATUS_OK)
        (void)refuse(program, sentence, code, ret_exit);
    else if (*ret_exit == -1 && line.given[OPTION_SHOW_CONFIG])
        settings_print_values(settings, line.given[OPTION_JSON], stdout);
    if (status == STATUS_OK && (line.given[OPTION_SHOW_CONFIG] || line.given[OPTION_CHECK]))
        *ret_exit = printed(program);
    free(line.assignments);
    if (*ret_exit == -1)
        *ret_settings = settings;
    else
        settings_free(&settings);
    return status;
}
