// SPDX-License-Identifier: Apache-2.0
#include "common/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/compiler.h"

static const struct {
    const char *name;
    const char *program;
    const char *text;
} points[] = {
#define X(name_, program_, text_) {#name_, program_, text_},
    CRASH_POINTS(X)
#undef X
};

static int armed = -1;
static atomic_long passes_left;

void crash_init(void)
{
    const char *wish =
        getenv("NEWSLOOM_CRASH_AT"); // NOLINT(concurrency-mt-unsafe): before the first thread
    if (!wish || !*wish)
        return;
    const char *colon = strchr(wish, ':');
    size_t length = colon ? (size_t)(colon - wish) : strlen(wish);
    long count = colon ? strtol(colon + 1, NULL, 10) : 1;
    for (size_t i = 0; i < COUNT_OF(points); i++) {
        if (strlen(points[i].name) == length && strncmp(points[i].name, wish, length) == 0) {
            atomic_store(&passes_left, count > 0 ? count : 1);
            armed = (int)i;
            return;
        }
    }
    (void)fprintf(stderr, "NEWSLOOM_CRASH_AT names no crash point: %s\n", wish);
    _exit(EX_USAGE);
}

void crash_here(enum crash_point point)
{
    if (armed != (int)point)
        return;
    if (atomic_fetch_sub(&passes_left, 1) == 1)
        (void)raise(SIGKILL);
}

void crash_print_points(FILE *out, const char *program)
{
    for (size_t i = 0; i < COUNT_OF(points); i++)
        if (strcmp(points[i].program, program) == 0)
            (void)fprintf(out, "%-28s %s\n", points[i].name, points[i].text);
}
