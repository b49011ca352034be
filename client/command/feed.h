// SPDX-License-Identifier: Apache-2.0
/*
 * feed - one run of `newsloom feed`: what its files share.
 *
 * feed.c reads the command line and drives; feed_report.c says what became of each article;
 * feed_follow.c waits for ends.
 */
#ifndef CLIENT_COMMAND_FEED_H
#define CLIENT_COMMAND_FEED_H

#include "client/command/feed_state.h"
#include "client/command/flights.h"
#include "client/command/input.h"
#include "client/command/invocation.h"
#include "client/command/progress.h"
#include "client/newsloom.h"

struct feed {
    struct invocation *invocation;
    struct input *input;
    struct newsloom_feeder *feeder;
    struct flights flights;
    struct progress progress;
    struct feed_state state;
    char *resumed_file; /* where the earlier run stopped */
    char *state_path;
    bool state_asked; /* --state or --resume: written as it goes, not only when stopped early */
    int64_t saved_ms;
    FILE *failures; /* JSON lines about what was refused or died; NULL: nobody asked */
    bool as_json;
    bool wait;
    int64_t patience_ms;
    int64_t moved_ms; /* when something last moved */
    bool ever_moved;
    bool said_away;
    struct error failure; /* why the run ends early; OK: it does not */

    uint64_t read;
    uint64_t accepted;
    uint64_t duplicate;
    uint64_t refused;
    uint64_t stored;
    uint64_t dead;
    uint64_t withdrawn;
    uint64_t unknown; /* the broker no longer knows it */
};

/* feed_report.c */
void feed_say_refused(struct feed *feed, const struct input_item *item, const char *code,
                      const char *text);
void feed_say_receipt(struct feed *feed, const struct flight *flight,
                      const struct newsloom_receipt *receipt);
void feed_say_end(struct feed *feed, const struct flight *flight,
                  const struct newsloom_outcome *outcome);
void feed_say_summary(const struct feed *feed);
void feed_draw(struct feed *feed, bool forced);

/* feed_follow.c: asks once round for the ends of those that have a receipt; true when one ended. */
bool feed_follow(struct feed *feed);

/* feed.c: something moved, or nothing did for this reason; false: patience is over. */
void feed_moved(struct feed *feed);
bool feed_stuck(struct feed *feed, const struct error *err);

#endif
