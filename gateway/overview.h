// SPDX-License-Identifier: Apache-2.0
/*
 * overview - how the broker is: asked every few seconds on a thread of its own, for whoever looks.
 *
 * However many look at the page or at /v1/status, the broker is asked once. Rates are kept a minute
 * each for an hour, since the gateway started; a minute in which the broker could not be asked is
 * missing, not zero. Thread-safe.
 */
#ifndef GATEWAY_OVERVIEW_H
#define GATEWAY_OVERVIEW_H

#include <jansson.h>
#include <stdbool.h>

#include "common/status.h"
#include "gateway/options.h"

struct overview;

/* options are borrowed. Without broker.operator nothing is asked. */
struct overview *overview_new(const struct options *options);
void overview_free(struct overview **overview_p);

/*
 * {"version", "asked_at", "away", "broker", "rates", "latest", "cursor"}: away is a sentence, or
 * null when the last question was answered; broker is what `newsloom status --json` prints, less
 * counters and sessions; rates are [{"at", "stored", "accepted"}], oldest first; latest are the
 * newest entries of the log, newest first, and cursor where they end. The caller owns it.
 */
json_t *overview_json(struct overview *overview);

/* OK, or AGAIN with the sentence: the broker does not answer. */
enum status overview_is_ready(struct overview *overview, struct error *err) MUST_CHECK;

#endif
