// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "client/command/verb.h"
#include "common/compiler.h"

#define NAME_MAX_LENGTH 24 /* of what is compared; longer is no misspelling */

const struct verb *const verbs[] = {
    &verb_feed,    &verb_rss,     &verb_subscribe, &verb_status,   &verb_trace,
    &verb_dead,    &verb_forget,  &verb_pause,     &verb_resume,   &verb_drain,
    &verb_reload,  &verb_backup,  &verb_verify,    &verb_repair,   &verb_reextract,
    &verb_search,  &verb_show,    &verb_graph,     &verb_timeline, &verb_export,
    &verb_extract, &verb_migrate, &verb_keygen,    &verb_config,   &verb_doctor,
    &verb_help,    NULL,
};

const struct option program_options[] = {
    {"version", 'V', NULL, "print the version"},
    {"print-config", 0, NULL, "print a commented sample configuration"},
    {"help-config", 0, NULL, "explain every setting"},
    {"crash-points", 0, NULL, "list the points that NEWSLOOM_CRASH_AT may name"},
};
const size_t program_option_count = COUNT_OF(program_options);

const struct option common_options[] = {
    {"config", 0, "FILE", "read FILE instead of the usual configuration files"},
    {"set", 0, "NAME=VALUE", "set one setting; may be given several times"},
    {"help", 'h', NULL, "show this help"},
};
const size_t common_option_count = COUNT_OF(common_options);

const struct verb *verb_find(const char *name)
{
    for (const struct verb *const *verb = verbs; *verb; verb++)
        if (strcmp((*verb)->name, name) == 0)
            return *verb;
    return NULL;
}

/* Letters to change, add, drop or swap with their neighbour (optimal string alignment). */
static unsigned distance(const char *a, const char *b)
{
    unsigned table[NAME_MAX_LENGTH + 1][NAME_MAX_LENGTH + 1];
    size_t a_length = strnlen(a, NAME_MAX_LENGTH);
    size_t b_length = strnlen(b, NAME_MAX_LENGTH);
    for (size_t i = 0; i <= a_length; i++)
        table[i][0] = (unsigned)i;
    for (size_t j = 0; j <= b_length; j++)
        table[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        for (size_t j = 1; j <= b_length; j++) {
            unsigned best = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (table[i - 1][j] + 1 < best)
                best = table[i - 1][j] + 1;
            if (table[i][j - 1] + 1 < best)
                best = table[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                table[i - 2][j - 2] + 1 < best)
                best = table[i - 2][j - 2] + 1;
            table[i][j] = best;
        }
    }
    return table[a_length][b_length];
}

const char *verb_suggest(const char *name)
{
    const char *nearest = NULL;
    unsigned least = strlen(name) > 4 ? 4 : 3; /* further away is another word */
    for (const struct verb *const *verb = verbs; *verb; verb++) {
        unsigned far = distance(name, (*verb)->name);
        if (strncmp(name, (*verb)->name, strlen(name)) == 0)
            far = 1; /* an abbreviation */
        if (far < least) {
            least = far;
            nearest = (*verb)->name;
        }
    }
    return nearest;
}
