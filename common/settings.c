// SPDX-License-Identifier: Apache-2.0
#include "common/settings.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/quantity.h"
#include "common/utf8.h"

enum { FILE_LIMIT = 1024 * 1024, VALUE_LIMIT = 4096 };

struct value {
    char *text;     /* as it was given */
    char *origin;   /* NULL: the default */
    int64_t number; /* of numbers, and of switches 0 or 1 */
    size_t round;   /* of the file that gave it, so that a second line of it is noticed */
};

struct settings {
    const char *program;
    const struct setting *table;
    size_t count;
    size_t files;
    struct value *values;
};

static bool choices_have(const char *choices, const char *text)
{
    size_t length = strlen(text);
    for (const char *at = choices; length && at; at = strchr(at, '|')) {
        at += *at == '|';
        if (strcspn(at, "|") == length && strncmp(at, text, length) == 0)
            return true;
    }
    return false;
}

static const char *number_text(const struct setting *setting, int64_t number,
                               char buffer[QUANTITY_TEXT_SIZE])
{
    if (setting->kind == SETTING_DURATION)
        return quantity_duration_text(number, buffer);
    if (setting->kind == SETTING_SIZE)
        return quantity_size_text(number, buffer);
    (void)snprintf(buffer, QUANTITY_TEXT_SIZE, "%lld", (long long)number);
    return buffer;
}

static enum status parse_number(const struct setting *setting, const char *text,
                                int64_t *ret_number, struct error *err)
{
    enum status status = STATUS_OK;
    if (setting->kind == SETTING_DURATION)
        status = quantity_parse_duration(text, ret_number, err);
    else if (setting->kind == SETTING_SIZE)
        status = quantity_parse_size(text, ret_number, err);
    else
        status = quantity_parse_integer(text, ret_number, err);
    if (status != STATUS_OK)
        return status;
    if (*ret_number >= setting->min && *ret_number <= setting->max)
        return STATUS_OK;
    char least[QUANTITY_TEXT_SIZE];
    char most[QUANTITY_TEXT_SIZE];
    return error_set(err, STATUS_INVALID, "is out of bounds: use %s to %s",
                     number_text(setting, setting->min, least),
                     number_text(setting, setting->max, most));
}

/* The error is the end of a sentence that begins with the value. */
static enum status parse_value(const struct setting *setting, const char *text, int64_t *ret_number,
                               struct error *err)
{
    *ret_number = 0;
    size_t length = strlen(text);
    if (length > VALUE_LIMIT)
        return error_set(err, STATUS_INVALID, "is longer than %d bytes", VALUE_LIMIT);
    if (!utf8_is_clean(text, length))
        return error_set(err, STATUS_INVALID, "is not UTF-8");
    switch (setting->kind) {
    case SETTING_TEXT:
        return STATUS_OK;
    case SETTING_CHOICE:
        if (choices_have(setting->choices, text))
            return STATUS_OK;
        return error_set(err, STATUS_INVALID, "is none of %s", setting->choices);
    case SETTING_SWITCH:
        *ret_number = strcmp(text, "on") == 0;
        if (*ret_number || strcmp(text, "off") == 0)
            return STATUS_OK;
        return error_set(err, STATUS_INVALID, "is neither on nor off");
    case SETTING_INTEGER:
    case SETTING_DURATION:
    case SETTING_SIZE:
        break;
    }
    return parse_number(setting, text, ret_number, err);
}

struct settings *settings_new(const char *program, const struct setting *table, size_t count)
{
    struct settings *settings = memory_new(sizeof(*settings));
    *settings = (struct settings){.program = program, .table = table, .count = count};
    settings->values = memory_new(count * sizeof(*settings->values));
    for (size_t i = 0; i < count; i++) {
        struct value *value = &settings->values[i];
        value->text = text_copy(table[i].fallback);
        ENSURE(parse_value(&table[i], value->text, &value->number, NULL) == STATUS_OK);
    }
    return settings;
}

void settings_free(struct settings **settings_p)
{
    struct settings *settings = *settings_p;
    if (!settings)
        return;
    for (size_t i = 0; i < settings->count; i++) {
        free(settings->values[i].text);
        free(settings->values[i].origin);
    }
    free(settings->values);
    free(settings);
    *settings_p = NULL;
}

/* ---- changing ---- */

/* How many letters two names differ by, position by position from the nearer end; enough to guess
 * what a misspelt name meant. */
static size_t difference(const char *a, const char *b)
{
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    size_t shorter = a_length < b_length ? a_length : b_length;
    size_t longer = a_length < b_length ? b_length : a_length;
    size_t front = 0;
    while (front < shorter && a[front] == b[front])
        front++;
    size_t back = 0;
    while (back < shorter - front && a[a_length - 1 - back] == b[b_length - 1 - back])
        back++;
    return longer - front - back;
}

static enum status unknown_name(const struct settings *settings, const char *name,
                                const char *origin, struct error *err)
{
    const char *nearest = NULL;
    size_t least = 4;
    for (size_t i = 0; i < settings->count; i++) {
        size_t distance = difference(settings->table[i].name, name);
        if (distance < least) {
            least = distance;
            nearest = settings->table[i].name;
        }
    }
    if (nearest)
        return error_set(err, STATUS_INVALID,
                         "%.80s: \"%.60s\" is no setting of %s: did you mean \"%s\"?", origin, name,
                         settings->program, nearest);
    return error_set(err, STATUS_INVALID,
                     "%.80s: \"%.60s\" is no setting of %s: %s --help-config lists them", origin,
                     name, settings->program, settings->program);
}

static bool find(const struct settings *settings, const char *name, size_t *ret_index)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (strcmp(settings->table[i].name, name) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

static enum status assign(struct settings *settings, size_t index, const char *text,
                          const char *origin, struct error *err)
{
    struct value *value = &settings->values[index];
    struct error reason;
    int64_t number = 0;
    enum status status = parse_value(&settings->table[index], text, &number, &reason);
    if (status != STATUS_OK)
        return error_set(err, status, "%.80s: %s = \"%.40s\" %.90s", origin,
                         settings->table[index].name, text, reason.text);
    free(value->text);
    free(value->origin);
    *value = (struct value){.text = text_copy(text), .origin = text_copy(origin), .number = number};
    return STATUS_OK;
}

enum status settings_assign(struct settings *settings, const char *assignment, const char *origin,
                            struct error *err)
{
    const char *equals = strchr(assignment, '=');
    if (!equals)
        return error_set(err, STATUS_INVALID, "%s: \"%.60s\" has no \"=\": use name=value", origin,
                         assignment);
    char *name = text_format("%.*s", (int)(equals - assignment), assignment);
    size_t index = 0;
    enum status status = find(settings, name, &index)
                             ? assign(settings, index, equals + 1, origin, err)
                             : unknown_name(settings, name, origin, err);
    free(name);
    return status;
}

enum status settings_read_environment(struct settings *settings, struct error *err)
{
    for (size_t i = 0; i < settings->count; i++) {
        char *name = text_format("NEWSLOOM_%s", settings->table[i].name);
        for (char *at = name; *at; at++)
            *at = (char)(*at == '.' || *at == '-' ? '_' : toupper((unsigned char)*at));
        const char *text = getenv(name); // NOLINT(concurrency-mt-unsafe): before the first thread
        enum status status = text ? assign(settings, i, text, name, err) : STATUS_OK;
        free(name);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* ---- the file ---- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static char *skip_blanks(char *at)
{
    while (is_blank(*at))
        at++;
    return at;
}

/* Ends the value that begins at `at`, in place; false when there is more than one. */
static bool end_plain_value(char *at)
{
    char *end = at;
    for (; *at && !(*at == '#' && is_blank(at[-1])); at++)
        if (!is_blank(*at))
            end = at + 1;
    *end = '\0';
    return true;
}

/* The same for one in quotes, of which `at` is the first letter. */
static bool end_quoted_value(char *at)
{
    char *to = at;
    for (; *at && *at != '"'; at++) {
        if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
            at++;
        *to++ = *at;
    }
    if (*at != '"')
        return false;
    at = skip_blanks(at + 1);
    *to = '\0';
    return !*at || *at == '#';
}

/* line is changed. */
static enum status read_line(struct settings *settings, char *line, const char *origin,
                             struct error *err)
{
    char *name = skip_blanks(line);
    if (!*name || *name == '#')
        return STATUS_OK;
    char *name_end = name + strcspn(name, "= \t\r");
    char *equals = skip_blanks(name_end);
    if (*equals != '=')
        return error_set(err, STATUS_INVALID, "%.80s: expected \"name = value\", found \"%.60s\"",
                         origin, name);
    char *value = skip_blanks(equals + 1);
    *name_end = '\0';
    bool quoted = *value == '"';
    value += quoted;
    /* *name_end may be where "=" was, so that even an empty value has a byte before it */
    if (!(quoted ? end_quoted_value(value) : end_plain_value(value)))
        return error_set(err, STATUS_INVALID, "%.80s: the quotes of %.60s do not end the value",
                         origin, name);
    size_t index = 0;
    if (!find(settings, name, &index))
        return unknown_name(settings, name, origin, err);
    if (settings->values[index].round == settings->files)
        return error_set(err, STATUS_INVALID, "%.80s: %s is set a second time (before: %.80s)",
                         origin, name, settings->values[index].origin);
    enum status status = assign(settings, index, value, origin, err);
    if (status == STATUS_OK)
        settings->values[index].round = settings->files;
    return status;
}

enum status settings_read_bytes(struct settings *settings, const char *bytes, size_t size,
                                const char *path, struct error *err)
{
    if (size > FILE_LIMIT)
        return error_set(err, STATUS_INVALID, "cannot read \"%.120s\": it has more than %d bytes",
                         path, FILE_LIMIT);
    settings->files++;
    enum status status = STATUS_OK;
    const char *end = size ? bytes + size : bytes;
    for (unsigned number = 1; status == STATUS_OK && bytes < end; number++) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t length = (size_t)((newline ? newline : end) - bytes);
        char *origin = text_format("%.*s:%u", 120, path, number);
        if (!utf8_is_clean(bytes, length)) {
            status = error_set(err, STATUS_INVALID, "%.80s: the line is not UTF-8 text", origin);
        } else {
            char *line = memory_new(length + 1);
            memcpy(line, bytes, length);
            status = read_line(settings, line, origin, err);
            free(line);
        }
        free(origin);
        bytes += length + (newline ? 1 : 0);
    }
    return status;
}

enum status settings_read_file(struct settings *settings, const char *path, struct error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_INVALID,
                               "cannot read the configuration file \"%.120s\"", path);
    char *bytes = memory_new(FILE_LIMIT + 1);
    errno = 0;
    size_t size = fread(bytes, 1, FILE_LIMIT + 1, file);
    enum status status =
        ferror(file) ? error_set_errno(err, STATUS_INVALID,
                                       "cannot read the configuration file \"%.120s\"", path)
                     : settings_read_bytes(settings, bytes, size, path, err);
    (void)fclose(file);
    free(bytes);
    return status;
}

/* ---- asking ---- */

static const struct value *known(const struct settings *settings, const char *name,
                                 unsigned kinds_allowed)
{
    size_t index = 0;
    ENSURE(find(settings, name, &index));
    ENSURE(kinds_allowed & (1U << settings->table[index].kind));
    return &settings->values[index];
}

const char *settings_text(const struct settings *settings, const char *name)
{
    return known(settings, name, 1U << SETTING_TEXT | 1U << SETTING_CHOICE)->text;
}

int64_t settings_number(const struct settings *settings, const char *name)
{
    return known(settings, name,
                 1U << SETTING_INTEGER | 1U << SETTING_DURATION | 1U << SETTING_SIZE)
        ->number;
}

bool settings_switch(const struct settings *settings, const char *name)
{
    return known(settings, name, 1U << SETTING_SWITCH)->number != 0;
}

const char *settings_origin(const struct settings *settings, const char *name)
{
    const struct value *value = known(settings, name, ~0U);
    return value->origin ? value->origin : "default";
}

/* ---- printing ---- */

static void print_kind(const struct setting *setting, FILE *out)
{
    static const char *const kinds[] = {
        [SETTING_TEXT] = "text",         [SETTING_INTEGER] = "whole number",
        [SETTING_DURATION] = "duration", [SETTING_SIZE] = "size",
        [SETTING_SWITCH] = "on or off",  [SETTING_CHOICE] = "one of",
    };
    char least[QUANTITY_TEXT_SIZE];
    char most[QUANTITY_TEXT_SIZE];
    (void)fputs(kinds[setting->kind], out);
    if (setting->kind == SETTING_CHOICE)
        (void)fprintf(out, " %s", setting->choices);
    else if (setting->kind != SETTING_TEXT && setting->kind != SETTING_SWITCH)
        (void)fprintf(out, ", %s to %s", number_text(setting, setting->min, least),
                      number_text(setting, setting->max, most));
}

/* A value as a file may hold it. */
static void print_value(const char *text, FILE *out)
{
    bool plain =
        *text && !strpbrk(text, "\"#\\") && !is_blank(*text) && !is_blank(text[strlen(text) - 1]);
    if (plain) {
        (void)fputs(text, out);
        return;
    }
    (void)fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

void settings_print_sample(const struct settings *settings, FILE *out)
{
    (void)fprintf(
        out,
        "# SPDX-License-Identifier: Apache-2.0\n"
        "# Configuration of %s, printed by %s --print-config.\n"
        "# Every line shows a default: uncomment what you change. NEWSLOOM_<NAME> in the\n"
        "# environment and --set name=value on the command line go before this file.\n",
        settings->program, settings->program);
    for (size_t i = 0; i < settings->count; i++) {
        const struct setting *setting = &settings->table[i];
        (void)fprintf(out, "\n# %s (", setting->help);
        print_kind(setting, out);
        (void)fprintf(out, ")\n#%s = ", setting->name);
        print_value(setting->fallback, out);
        (void)fputc('\n', out);
    }
}

void settings_print_help(const struct settings *settings, FILE *out)
{
    for (size_t i = 0; i < settings->count; i++) {
        const struct setting *setting = &settings->table[i];
        (void)fprintf(out, "%s = ", setting->name);
        print_value(setting->fallback, out);
        (void)fputs("\n    ", out);
        print_kind(setting, out);
        (void)fprintf(out, "\n    %s\n", setting->help);
    }
}

static void print_json(const struct settings *settings, FILE *out)
{
    json_t *all = json_object();
    for (size_t i = 0; i < settings->count; i++) {
        const struct value *value = &settings->values[i];
        (void)json_object_set_new(all, settings->table[i].name,
                                  json_pack("{ssss}", "value", value->text, "origin",
                                            value->origin ? value->origin : "default"));
    }
    (void)json_dumpf(all, out, JSON_INDENT(2));
    (void)fputc('\n', out);
    json_decref(all);
}

void settings_print_values(const struct settings *settings, bool as_json, FILE *out)
{
    if (as_json) {
        print_json(settings, out);
        return;
    }
    for (size_t i = 0; i < settings->count; i++) {
        const struct value *value = &settings->values[i];
        (void)fprintf(out, "%s = ", settings->table[i].name);
        print_value(value->text, out);
        (void)fprintf(out, "  # %s\n", value->origin ? value->origin : "default");
    }
}
