// SPDX-License-Identifier: Apache-2.0
#include "gateway/target.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/quantity.h"
#include "common/utf8.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place: decoding only shortens. */
static enum status decode(char *text, bool is_query, struct error *err)
{
    char *to = text;
    for (const char *at = text; *at; at++) {
        if (is_query && *at == '+') {
            *to++ = ' ';
        } else if (*at == '%') {
            int high = hex_digit(at[1]);
            int low = high < 0 ? -1 : hex_digit(at[2]);
            if (low < 0)
                return error_set(err, STATUS_INVALID,
                                 "\"%.20s\" is no escape: it is %% and two hexadecimal digits", at);
            *to++ = (char)(high << 4 | low);
            at += 2;
        } else {
            *to++ = *at;
        }
    }
    *to = '\0';
    if (!utf8_is_clean(text, (size_t)(to - text)))
        return error_set(err, STATUS_INVALID, "the address is not UTF-8 without U+0000");
    return STATUS_OK;
}

/* Cuts text at the first `at`; what follows, or NULL. */
static char *cut(char *text, char at)
{
    char *place = strchr(text, at);
    if (!place)
        return NULL;
    *place = '\0';
    return place + 1;
}

static enum status parse_parameters(struct target *target, char *query, struct error *err)
{
    static const char empty[] = "";
    while (query) {
        char *next = cut(query, '&');
        char *value = cut(query, '=');
        if (!*query && !value) { /* "a=1&&b=2" */
            query = next;
            continue;
        }
        if (target->count == TARGET_PARAMETERS)
            return error_set(err, STATUS_INVALID, "there are more than %d parameters",
                             TARGET_PARAMETERS);
        enum status status = decode(query, true, err);
        if (status == STATUS_OK && value)
            status = decode(value, true, err);
        if (status != STATUS_OK)
            return status;
        target->parameters[target->count++] =
            (struct target_parameter){query, value ? value : empty};
        query = next;
    }
    return STATUS_OK;
}

enum status target_parse(struct target *ret_target, const char *raw, struct error *err)
{
    *ret_target = (struct target){.path = ""};
    if (strlen(raw) > TARGET_LIMIT)
        return error_set(err, STATUS_LIMIT, "the address is longer than %d bytes", TARGET_LIMIT);
    if (*raw != '/')
        return error_set(err, STATUS_INVALID, "the address does not begin with a slash");
    ret_target->text = text_copy(raw);
    char *query = cut(ret_target->text, '?');
    ret_target->path = ret_target->text;
    enum status status = decode(ret_target->text, false, err);
    return status == STATUS_OK ? parse_parameters(ret_target, query, err) : status;
}

void target_done(struct target *target)
{
    text_free(&target->text);
    target->count = 0;
}

const char *target_value(const struct target *target, const char *name)
{
    for (size_t i = 0; i < target->count; i++)
        if (strcmp(target->parameters[i].name, name) == 0)
            return target->parameters[i].value;
    return NULL;
}

enum status target_knows_only(const struct target *target, const char *const *names,
                              struct error *err)
{
    for (size_t i = 0; i < target->count; i++) {
        const char *const *name = names;
        while (*name && strcmp(*name, target->parameters[i].name) != 0)
            name++;
        if (!*name)
            return error_set(err, STATUS_INVALID, "there is no parameter \"%.60s\" here",
                             target->parameters[i].name);
    }
    return STATUS_OK;
}

enum status target_number(const struct target *target, const char *name, long min, long max,
                          long *ret_value, struct error *err)
{
    const char *text = target_value(target, name);
    int64_t value = 0;
    if (!text)
        return STATUS_OK;
    if (quantity_parse_integer(text, &value, NULL) != STATUS_OK || value < min || value > max)
        return error_set(err, STATUS_INVALID, "%s is a whole number from %ld to %ld, not \"%.40s\"",
                         name, min, max, text);
    *ret_value = (long)value;
    return STATUS_OK;
}
