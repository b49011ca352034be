// SPDX-License-Identifier: Apache-2.0
#include "client/command/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/command/print.h"
#include "common/clock.h"

#define DRAW_EVERY_MS 100
#define SETTLE_MS     1000 /* before, a rate means nothing */
#define BAR_COLUMNS   24
#define LINE_FALLBACK 80

void progress_init(struct progress *progress, bool wanted)
{
    *progress = (struct progress){
        .shown = wanted && isatty(STDERR_FILENO),
        .start_ms = clock_mono_ms(),
    };
}

static size_t terminal_columns(void)
{
    struct winsize size = {0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 10)
        return size.ws_col - 1u;
    return LINE_FALLBACK - 1;
}

static void bar_text(double share, char bar[BAR_COLUMNS + 1])
{
    int full = (int)(share * BAR_COLUMNS);
    for (int i = 0; i < BAR_COLUMNS; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR_COLUMNS] = '\0';
}

void progress_draw(struct progress *progress, const struct progress_figures *figures, bool forced)
{
    char line[256];
    char eta[SHORT_TEXT_SIZE] = "";
    char bar[BAR_COLUMNS + 1];
    int64_t now_ms = clock_mono_ms();
    if (!progress->shown || (!forced && now_ms - progress->drawn_ms < DRAW_EVERY_MS))
        return;
    progress->drawn_ms = now_ms;
    double spent_ms = (double)(now_ms - progress->start_ms + 1);
    double rate = (double)figures->done * 1000.0 / spent_ms;
    const char *unit = figures->unit ? figures->unit : "articles";
    const char *note = figures->note ? figures->note : "";
    if (figures->share < 0) {
        (void)snprintf(line, sizeof(line), "%" PRIu64 " %s  %.0f/s  %s", figures->done, unit, rate,
                       note);
    } else {
        double share = figures->share > 1 ? 1 : figures->share;
        bar_text(share, bar);
        if (share > 0 && spent_ms > SETTLE_MS)
            (void)duration_short((uint64_t)(spent_ms * (1 - share) / share), eta);
        (void)snprintf(line, sizeof(line), "[%s] %3.0f %%  %" PRIu64 " %s  %.0f/s  ETA %s  %s", bar,
                       100 * share, figures->done, unit, rate, *eta ? eta : "-", note);
    }
    (void)fprintf(stderr, "\r%.*s\033[K", (int)terminal_columns(), line);
    (void)fflush(stderr);
    progress->drawn = true;
}

void progress_clear(struct progress *progress)
{
    if (progress->drawn)
        (void)fputs("\r\033[K", stderr);
    progress->drawn = false;
}
