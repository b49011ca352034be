// SPDX-License-Identifier: Apache-2.0
#include "client/command/feed.h"
#include "client/command/interrupt.h"

#define ASKED_A_ROUND 64

static void end_flight(struct feed *feed, struct flight *flight,
                       const struct newsloom_outcome *outcome)
{
    feed_say_end(feed, flight, outcome);
    feed_moved(feed);
    flight->finished = true; /* swept after the round */
}

/* true: this one has ended. */
static bool ask(struct feed *feed, struct flight *flight)
{
    struct error err;
    const struct newsloom_outcome *outcome = NULL;
    const struct newsloom_article identity = {
        .source = flight->source, .key = flight->key, .url = flight->url};
    enum status status =
        newsloom_feeder_outcome(feed->feeder, &identity, flight->receipt.revision, &outcome, &err);
    if (status == STATUS_OK) {
        feed->said_away = false;
        feed->moved_ms = 0; /* it answers: an article may take its time */
    }
    if (status == STATUS_OK && newsloom_state_is_end(outcome->state)) {
        end_flight(feed, flight, outcome);
        return true;
    }
    if (status == STATUS_NOT_FOUND || status == STATUS_INVALID) {
        const struct newsloom_outcome gone = {.state = NEWSLOOM_STATE_UNKNOWN, .reason = err.text};
        end_flight(feed, flight, &gone);
        return true;
    }
    if (status != STATUS_OK && !feed_stuck(feed, &err))
        feed->failure = err;
    return false;
}

bool feed_follow(struct feed *feed)
{
    bool any = false;
    size_t asked = 0;
    for (struct flight *flight = feed->flights.first; flight && asked < ASKED_A_ROUND;
         flight = flight->next) {
        if (!flight->landed || flight->finished)
            continue;
        asked++;
        any = ask(feed, flight) || any;
        if (feed->failure.status != STATUS_OK || interrupt_count())
            break;
    }
    flights_sweep(&feed->flights);
    return any;
}
