// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/command/feed.h"
#include "client/command/print.h"
#include "common/clock.h"

/* File names need not be UTF-8; JSON is. */
static void set_text(json_t *object, const char *name, const char *text)
{
    json_t *value = text ? json_string(text) : NULL;
    if (text)
        (void)json_object_set_new(object, name, value ? value : json_string("(not UTF-8)"));
}

static json_t *line_of(const char *file, uint64_t line, const struct newsloom_article *identity)
{
    json_t *value = json_object();
    set_text(value, "file", file);
    (void)json_object_set_new(value, "line", json_integer((json_int_t)line));
    set_text(value, "source", identity->source);
    set_text(value, "key", identity->key);
    set_text(value, "url", identity->url);
    return value;
}

/* "file:12" or "file" */
static void print_place(const char *file, uint64_t line, FILE *out)
{
    if (line)
        (void)fprintf(out, "%s:%" PRIu64, file, line);
    else
        (void)fputs(file, out);
}

/* Each at once: what stands in the file is so, however the run ends. */
static void note_failure(struct feed *feed, json_t *value, const char *code, const char *text)
{
    if (feed->failures) {
        set_text(value, "code", code);
        set_text(value, "text", text);
        json_print_line(&value, feed->failures);
        if (fflush(feed->failures) != 0 && feed->failure.status == STATUS_OK)
            (void)error_set_errno(&feed->failure, STATUS_AGAIN,
                                  "could not write the file of --failures");
    }
    if (value)
        json_decref(value);
}

void feed_say_refused(struct feed *feed, const struct input_item *item, const char *code,
                      const char *text)
{
    feed->refused++;
    progress_clear(&feed->progress);
    (void)fputs("newsloom feed: ", stderr);
    print_place(item->file, item->line, stderr);
    char *said = text_in_columns(text, SIZE_MAX); /* it may quote what came in */
    (void)fprintf(stderr, ": refused (%s): %s\n", code, said);
    free(said);
    note_failure(feed, line_of(item->file, item->line, &item->article), code, text);
    if (!feed->as_json)
        return;
    json_t *value = line_of(item->file, item->line, &item->article);
    (void)json_object_set_new(value, "receipt", json_string("REFUSED"));
    (void)json_object_set_new(value, "refusal", json_string(code));
    (void)json_object_set_new(value, "text", json_string(text));
    json_print_line(&value, stdout);
}

static const char *receipt_name(enum newsloom_receipt_code code)
{
    if (code == NEWSLOOM_ACCEPTED)
        return "ACCEPTED";
    return code == NEWSLOOM_DUPLICATE ? "DUPLICATE" : "REFUSED";
}

static void print_flight(const struct flight *flight, const struct newsloom_receipt *receipt,
                         const struct newsloom_outcome *outcome)
{
    const struct newsloom_article identity = {
        .source = flight->source, .key = flight->key, .url = flight->url};
    json_t *value = line_of(flight->file, flight->line, &identity);
    enum newsloom_state state = outcome ? outcome->state : receipt->state;
    uint64_t sequence = outcome ? outcome->sequence : receipt->sequence;
    (void)json_object_set_new(value, "receipt", json_string(receipt_name(receipt->code)));
    (void)json_object_set_new(value, "article_id", json_integer((json_int_t)receipt->article_id));
    (void)json_object_set_new(value, "revision", json_integer(receipt->revision));
    (void)json_object_set_new(value, "state", json_string(newsloom_state_name(state)));
    (void)json_object_set_new(value, "sequence", json_integer((json_int_t)sequence));
    if (outcome && outcome->reason && *outcome->reason)
        (void)json_object_set_new(value, "reason", json_string(outcome->reason));
    json_print_line(&value, stdout);
}

/* With --wait an article has one line, when it ends. */
void feed_say_receipt(struct feed *feed, const struct flight *flight,
                      const struct newsloom_receipt *receipt)
{
    if (receipt->code == NEWSLOOM_REFUSED) {
        const struct input_item item = {
            .file = flight->file,
            .line = flight->line,
            .article = {.source = flight->source, .key = flight->key, .url = flight->url}};
        feed_say_refused(feed, &item, receipt->refusal, receipt->text);
        return;
    }
    /* A repeat of what we sent ourselves was accepted the first time. */
    if (receipt->code == NEWSLOOM_ACCEPTED || receipt->resent)
        feed->accepted++;
    else
        feed->duplicate++;
    if (feed->as_json && !feed->wait)
        print_flight(flight, receipt, NULL);
}

void feed_say_end(struct feed *feed, const struct flight *flight,
                  const struct newsloom_outcome *outcome)
{
    if (outcome->state == NEWSLOOM_STATE_STORED)
        feed->stored++;
    else if (outcome->state == NEWSLOOM_STATE_DEAD)
        feed->dead++;
    else if (outcome->state == NEWSLOOM_STATE_WITHDRAWN)
        feed->withdrawn++;
    else
        feed->unknown++;
    if (feed->as_json)
        print_flight(flight, &flight->receipt, outcome);
    if (outcome->state == NEWSLOOM_STATE_STORED)
        return;
    const struct newsloom_article identity = {
        .source = flight->source, .key = flight->key, .url = flight->url};
    note_failure(feed, line_of(flight->file, flight->line, &identity),
                 newsloom_state_name(outcome->state), outcome->reason);
    progress_clear(&feed->progress);
    (void)fputs("newsloom feed: ", stderr);
    print_place(flight->file, flight->line, stderr);
    (void)fprintf(stderr, ": %s%s%s\n", newsloom_state_name(outcome->state),
                  outcome->reason && *outcome->reason ? ": " : "",
                  outcome->reason ? outcome->reason : "");
}

void feed_say_summary(const struct feed *feed)
{
    FILE *out = feed->as_json ? stderr : stdout;
    double seconds = (double)(clock_mono_ms() - feed->progress.start_ms) / 1000.0;
    uint64_t articles = feed->accepted + feed->duplicate + feed->refused;
    (void)fprintf(out,
                  "%" PRIu64 " article%s in %.1f s: %" PRIu64 " accepted, %" PRIu64
                  " known already, %" PRIu64 " refused",
                  articles, articles == 1 ? "" : "s", seconds, feed->accepted, feed->duplicate,
                  feed->refused);
    if (feed->wait)
        (void)fprintf(out, "; %" PRIu64 " stored, %" PRIu64 " dead, %" PRIu64 " withdrawn",
                      feed->stored, feed->dead, feed->withdrawn);
    if (feed->unknown)
        (void)fprintf(out, ", %" PRIu64 " no longer known to the broker", feed->unknown);
    if (feed->input && input_passed_by(feed->input))
        (void)fprintf(out, "; %" PRIu64 " responses passed by: no pages (text/html, status 200)",
                      input_passed_by(feed->input));
    (void)fputc('\n', out);
}

void feed_draw(struct feed *feed, bool forced)
{
    uint64_t done = 0;
    uint64_t total = 0;
    uint64_t receipts = feed->accepted + feed->duplicate + feed->refused;
    input_progress(feed->input, &done, &total);
    double share = total ? (double)done / (double)total : -1;
    /* What was read but is not finished counts for what it is: not done. */
    if (share >= 0 && feed->read)
        share *= 1.0 - (double)feed->flights.count / (double)(feed->read + 1);
    const char *note = NULL;
    if (feed->said_away)
        note = "waiting for the broker";
    else if (newsloom_feeder_is_held(feed->feeder))
        note = "held back by the broker";
    else if (feed->wait && newsloom_feeder_pending(feed->feeder) == 0 && feed->flights.count)
        note = "waiting for ends";
    uint64_t finished = feed->read - feed->flights.count;
    const struct progress_figures figures = {share, feed->wait ? finished : receipts, note, NULL};
    progress_draw(&feed->progress, &figures, forced);
}
