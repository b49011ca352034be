// SPDX-License-Identifier: Apache-2.0
/* A configuration file: refused with a sentence, or read; and what --show-config then prints is a
 * configuration file with the same values. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/settings.h"
#include "common/utf8.h"
#include "tests/fuzz/fuzzing.h"

static const struct setting table[] = {
    {"a.text", SETTING_TEXT, "x", 0, 0, NULL, "any text"},
    {"a.size", SETTING_SIZE, "8GiB", 0, INT64_MAX, NULL, "any size"},
    {"a.duration", SETTING_DURATION, "30s", 0, INT64_MAX, NULL, "any duration"},
    {"a.number", SETTING_INTEGER, "5", INT64_MIN, INT64_MAX, NULL, "any number"},
    {"a.choice", SETTING_CHOICE, "text", 0, 0, "text|json", "one of two"},
    {"a.switch", SETTING_SWITCH, "off", 0, 0, NULL, "on or off"},
};

static char *values_of(const struct settings *settings)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ENSURE(out);
    settings_print_values(settings, false, out);
    (void)fclose(out);
    return text;
}

static void is_the_same_again(const struct settings *settings)
{
    struct settings *again = settings_new("fuzz", table, COUNT_OF(table));
    struct error err;
    char *printed = values_of(settings);
    ENSURE(utf8_is_clean(printed, strlen(printed)));
    ENSURE(settings_read_bytes(again, printed, strlen(printed), "again", &err) == STATUS_OK);
    ENSURE(strcmp(settings_text(settings, "a.text"), settings_text(again, "a.text")) == 0);
    ENSURE(settings_number(settings, "a.size") == settings_number(again, "a.size"));
    ENSURE(settings_number(settings, "a.duration") == settings_number(again, "a.duration"));
    ENSURE(settings_number(settings, "a.number") == settings_number(again, "a.number"));
    ENSURE(settings_switch(settings, "a.switch") == settings_switch(again, "a.switch"));
    free(printed);
    settings_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings *settings = settings_new("fuzz", table, COUNT_OF(table));
    struct error err = {.status = STATUS_OK};
    enum status status = settings_read_bytes(settings, (const char *)data, size, "fuzz.conf", &err);
    ENSURE(status == STATUS_OK || (status == STATUS_INVALID && *err.text));
    if (status == STATUS_OK)
        is_the_same_again(settings);
    settings_free(&settings);
    return 0;
}
