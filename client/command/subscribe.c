// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/cursor_file.h"
#include "client/command/entry_text.h"
#include "client/command/interrupt.h"
#include "client/command/invocation.h"
#include "client/newsloom.h"
#include "common/clock.h"
#include "common/crash.h"

#define PATIENCE_MS   60000
#define TURN_MS       200
#define SAVE_EVERY_MS 1000
#define LIVE_NO_END \
    "the live socket has no cursor: it goes neither with --from, --name, --state nor --until-idle"

struct reading {
    struct invocation *invocation;
    struct newsloom_subscriber *subscriber; /* one of the two */
    struct newsloom_live *live;
    const char *state_path; /* or NULL */
    bool as_json;
    bool until_idle;
    int64_t most; /* 0: without end */
    int64_t patience_ms;
    int64_t shown;
    int64_t heard_ms;
    int64_t saved_ms;
    bool ever_heard;
    bool said_away;
    bool said_overtaken;
    struct newsloom_cursor saved;
};

/* ---- reading ------------------------------------------------------------------------------- */

/* After the output is out of our hands, never before: what a crash loses is shown again. */
static enum status keep_cursor(struct reading *r, bool forced, struct error *err)
{
    struct newsloom_cursor cursor;
    int64_t now_ms = clock_mono_ms();
    if (!r->state_path || !newsloom_subscriber_cursor(r->subscriber, &cursor) ||
        (!forced && now_ms - r->saved_ms < SAVE_EVERY_MS) ||
        memcmp(&cursor, &r->saved, sizeof(cursor)) == 0)
        return STATUS_OK;
    crash_here(CRASH_CLIENT_BEFORE_CURSOR);
    enum status status = cursor_file_write(r->state_path, &cursor, err);
    r->saved = cursor;
    r->saved_ms = now_ms;
    return status;
}

static enum status show(struct reading *r, const struct newsloom_entry *entry, struct error *err)
{
    if (r->as_json)
        entry_print_json(entry, stdout);
    else
        entry_print_text(entry, stdout);
    r->shown++;
    /* One write an entry, so that a pipe's reader sees each as it comes. */
    if (fflush(stdout) != 0)
        return error_set_errno(err, STATUS_BROKEN, "could not write the output");
    if (r->subscriber)
        newsloom_subscriber_acknowledge(r->subscriber, entry->sequence);
    return STATUS_OK;
}

static void heard(struct reading *r)
{
    r->heard_ms = clock_mono_ms();
    r->ever_heard = true;
    r->said_away = false;
}

/* Nothing came: because there is nothing, or because there is no broker? */
static enum status judge_silence(struct reading *r, const struct error *why, struct error *err)
{
    struct newsloom_cursor cursor;
    bool there = r->live ? strstr(why->text, "there is no new") != NULL
                         : newsloom_subscriber_is_streaming(r->subscriber) &&
                               newsloom_subscriber_cursor(r->subscriber, &cursor);
    if (there) {
        heard(r);
        return STATUS_OK;
    }
    int64_t limit_ms = r->patience_ms;
    int64_t first_ms = settings_number(r->invocation->settings, "answer.timeout");
    if (!r->ever_heard && first_ms < limit_ms)
        limit_ms = first_ms;
    if (clock_mono_ms() - r->heard_ms >= limit_ms) {
        if (err)
            *err = *why;
        return STATUS_AGAIN;
    }
    if (r->ever_heard && !r->said_away && clock_mono_ms() - r->heard_ms > 2 * TURN_MS) {
        r->said_away = true;
        (void)fprintf(stderr, "newsloom subscribe: %s; trying on\n", why->text);
    }
    return STATUS_OK;
}

/* Once, and once more after it had caught up. Whoever begins with the earliest knows where it is.
 */
static void warn_of_retention(struct reading *r)
{
    bool nearly = newsloom_subscriber_is_nearly_overtaken(r->subscriber);
    if (nearly && !r->said_overtaken)
        (void)fputs("newsloom subscribe: this reader is nearly as far behind as the log keeps, and "
                    "may miss entries: read faster, or have more kept (retention.log-size and "
                    "retention.log-age of the broker)\n",
                    stderr);
    bool caught_up = newsloom_subscriber_is_caught_up(r->subscriber);
    r->said_overtaken = nearly || (r->said_overtaken && !caught_up);
}

static bool is_done(const struct reading *r)
{
    return (r->most && r->shown >= r->most) ||
           (r->until_idle && newsloom_subscriber_is_caught_up(r->subscriber));
}

static enum status read_entries(struct reading *r, struct error *err)
{
    r->heard_ms = clock_mono_ms();
    while (!interrupt_count()) {
        const struct newsloom_entry *entry = NULL;
        struct error why;
        enum status status = r->live
                                 ? newsloom_live_next(r->live, TURN_MS, &entry, &why)
                                 : newsloom_subscriber_next(r->subscriber, TURN_MS, &entry, &why);
        if (r->subscriber)
            warn_of_retention(r);
        if (status == STATUS_OK) {
            heard(r);
            status = show(r, entry, err);
        } else if (status == STATUS_AGAIN) {
            status = judge_silence(r, &why, err);
        } else {
            *err = why;
        }
        if (status == STATUS_OK && r->subscriber)
            status = keep_cursor(r, false, err);
        if (status != STATUS_OK || is_done(r))
            return status;
    }
    return STATUS_OK;
}

/* ---- how it ends --------------------------------------------------------------------------- */

static int say_gap(struct reading *r, const struct error *err)
{
    char text[NEWSLOOM_CURSOR_TEXT_SIZE];
    const struct newsloom_gap *gap = newsloom_subscriber_gap(r->subscriber);
    if (!gap)
        return complain(r->invocation, err);
    (void)fprintf(stderr,
                  "newsloom subscribe: %s\n"
                  "To start over: take the present state from PostgreSQL, then read what is still "
                  "retained with\n  newsloom subscribe --from %s",
                  gap->text, newsloom_cursor_text(&gap->first, text));
    if (r->state_path)
        (void)fprintf(stderr, " --state %s", r->state_path);
    (void)fputc('\n', stderr);
    return EXIT_GAP;
}

static int finish(struct reading *r, enum status status, const struct error *err)
{
    struct error saving;
    int code = EX_OK;
    if (r->subscriber && keep_cursor(r, true, &saving) != STATUS_OK)
        code = complain(r->invocation, &saving);
    if (status == STATUS_NOT_FOUND && r->subscriber)
        return say_gap(r, err);
    if (status == STATUS_BROKEN && err->os_errno == EPIPE)
        return code; /* the reader of our output had enough */
    if (status != STATUS_OK)
        return complain(r->invocation, err);
    return code;
}

/* ---- the command line ---------------------------------------------------------------------- */

static enum status parse_from(const char *text, struct newsloom_subscription *wish,
                              struct error *err)
{
    if (strcmp(text, "earliest") == 0)
        wish->from = NEWSLOOM_FROM_EARLIEST;
    else if (strcmp(text, "latest") == 0)
        wish->from = NEWSLOOM_FROM_LATEST;
    else
        wish->from = NEWSLOOM_FROM_CURSOR;
    if (wish->from == NEWSLOOM_FROM_CURSOR)
        return newsloom_cursor_parse(text, &wish->cursor, err);
    return STATUS_OK;
}

/* --from wins; then the state file; then the name; else what comes from now on. */
static enum status choose_start(struct reading *r, struct newsloom_subscription *wish,
                                struct error *err)
{
    const char *from = invocation_text(r->invocation, "from");
    wish->from = NEWSLOOM_FROM_LATEST;
    if (from)
        return parse_from(from, wish, err);
    if (r->state_path) {
        enum status status = cursor_file_read(r->state_path, &wish->cursor, err);
        if (status == STATUS_NOT_FOUND)
            wish->from = NEWSLOOM_FROM_EARLIEST; /* a first run: nothing shall be missed */
        else
            wish->from = NEWSLOOM_FROM_CURSOR;
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    if (wish->name)
        wish->from = NEWSLOOM_FROM_NAMED;
    return STATUS_OK;
}

static enum status read_options(struct reading *r, struct newsloom_subscription *wish,
                                struct error *err)
{
    const struct invocation *invocation = r->invocation;
    r->as_json = invocation_has(invocation, "json");
    r->until_idle = invocation_has(invocation, "until-idle");
    r->state_path = invocation_text(invocation, "state");
    wish->name = invocation_text(invocation, "name");
    if (invocation->operand_count)
        return error_set(err, STATUS_INVALID, "subscribe takes no operand");
    if (invocation_has(invocation, "live") &&
        (r->until_idle || r->state_path || wish->name || invocation_has(invocation, "from")))
        return error_set(err, STATUS_INVALID, "%s", LIVE_NO_END);
    enum status status = invocation_number(invocation, "count", &r->most, err);
    if (status == STATUS_OK)
        status = invocation_duration(invocation, "patience", &r->patience_ms, err);
    if (status == STATUS_OK)
        status = choose_start(r, wish, err);
    return status;
}

/* Several --filter are one: fields are joined, values of a field are alternatives. */
static char *join_filters(const struct invocation *invocation)
{
    char *joined = text_copy("");
    for (size_t i = 0; i < invocation->given_count; i++) {
        if (strcmp(invocation->given[i].option->name, "filter") != 0)
            continue;
        char *longer = text_format("%s,%s", joined, invocation->given[i].value);
        free(joined);
        joined = longer;
    }
    return joined;
}

static int run_subscribe(struct invocation *invocation)
{
    struct error err;
    struct reading r = {.invocation = invocation, .patience_ms = PATIENCE_MS};
    struct newsloom_subscription wish = {0};
    bool live = invocation_has(invocation, "live");
    struct newsloom_options options =
        invocation_connect(invocation, live ? "broker.live" : "broker.subscribe");
    if (read_options(&r, &wish, &err) != STATUS_OK)
        return complain_usage(invocation, "%s", err.text);
    r.said_overtaken = wish.from == NEWSLOOM_FROM_EARLIEST;
    char *filter = join_filters(invocation);
    wish.filter = filter;
    enum status status = live ? newsloom_live_open(&r.live, &options, filter, &err)
                              : newsloom_subscriber_open(&r.subscriber, &options, &wish, &err);
    int code = EX_USAGE;
    if (status != STATUS_OK) {
        code = complain(invocation, &err);
    } else {
        interrupt_install();
        status = read_entries(&r, &err);
        code = finish(&r, status, &err);
    }
    newsloom_live_close(&r.live);
    newsloom_subscriber_close(&r.subscriber);
    free(filter);
    return code;
}

static const struct option options[] = {
    {"filter", 'f', "FILTER",
     "field=value,…: type, event, source, entity, kind, copies; see above"},
    {"from", 0, "earliest|latest|CURSOR",
     "a cursor, earliest or latest (latest, unless --state or --name say)"},
    {"name", 0, "NAME", "the broker keeps the cursor under this name and shows its lag"},
    {"state", 0, "FILE", "keep the cursor in this file, and go on from there"},
    {"live", 0, NULL, "the best-effort socket: no cursor, entries may be lost without a word"},
    {"count", 'n', "N", "end after N entries"},
    {"until-idle", 0, NULL, "end when everything that is there was shown"},
    {"patience", 0, "DURATION", "how long to wait for a broker that went away (60s)"},
    {"json", 0, NULL, "one JSON object an entry, with the whole extraction"},
};

static const struct example examples[] = {
    {"newsloom subscribe", "what is stored from now on, a line each"},
    {"newsloom subscribe --from earliest --until-idle --json >log.jsonl", "all that is retained"},
    {"newsloom subscribe --state my.cursor --json | my-program",
     "each entry at least once, in order, over restarts"},
    {"newsloom subscribe --filter event=SIGN,type=LAW", "signings that name a legal document"},
    {"newsloom subscribe --filter copies=no", "no reprints of what was stored before"},
    {"newsloom subscribe --filter source=vov.vn,source=vnexpress.net", "one of two sources"},
};

const struct verb verb_subscribe = {
    .name = "subscribe",
    .purpose = "follow what is stored, in order, from a cursor",
    .operands = "",
    .about =
        "One line an entry of the event log: STORED, REPLACED, WITHDRAWN, DEAD or FORGOTTEN, each "
        "with its\nsequence. Filter fields: type (PERSON, ORGANIZATION, LOCATION, DATE, LAW, "
        "EVENT, "
        "CRIME), event (MEET,\nVISIT, SIGN, ARREST, HANDOVER, APPOINT), source, entity (a UUID, "
        "see "
        "`newsloom search`), kind, copies\n(no: leave out near copies of what was stored before). "
        "All fields must match; of a field given\nseveral times one is enough. FORGOTTEN comes "
        "whatever is asked for, but of the sources only: delete\nwhat you keep of that article.\n\n"
        "A cursor is <log id>:<sequence>. With --state it is saved after the output was written: "
        "after a crash\nentries may come twice, never not at all. When entries between cursor and "
        "log are no longer retained,\nit says so and how to start over, and ends with 69.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_subscribe,
};
