// SPDX-License-Identifier: Apache-2.0
#include "client/command/feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "client/command/interrupt.h"
#include "common/clock.h"
#include "common/crash.h"
#include "common/instant.h"

#define PATIENCE_MS   60000 /* a broker that was there and went away */
#define TURN_MS       200
#define FOLLOW_MS     100
#define SAVE_EVERY_MS 1000
#define LAST_MS       5000 /* for the receipts under way when interrupted */
#define READ_A_TURN   32

/* ---- the state ----------------------------------------------------------------------------- */

static enum status save_state(struct feed *feed, struct error *err)
{
    struct feed_state *state = &feed->state;
    free(state->file);
    state->file = text_copy(feed->flights.file);
    state->line = feed->flights.line;
    state->fed = feed->accepted + feed->duplicate + feed->refused;
    feed->saved_ms = clock_mono_ms();
    return feed_state_write(state, feed->state_path, err);
}

static void save_now_and_then(struct feed *feed)
{
    struct error err;
    if (!feed->state_asked || clock_mono_ms() - feed->saved_ms < SAVE_EVERY_MS)
        return;
    if (save_state(feed, &err) != STATUS_OK)
        feed->failure = err;
}

/* Complete: nothing to go on with. Otherwise the way on is said. */
static int finish_state(struct feed *feed, bool complete, int code)
{
    struct error err;
    feed->state.complete = complete;
    bool got_nowhere = feed->accepted + feed->duplicate + feed->refused == 0;
    if (!feed->state_asked && (complete || got_nowhere))
        return code;
    if (!feed->state_path || save_state(feed, &err) != STATUS_OK) {
        if (feed->state_path)
            (void)complain(feed->invocation, &err);
        return code == EX_OK ? EX_CANTCREAT : code;
    }
    if (!complete)
        (void)fprintf(
            stderr,
            "newsloom feed: go on with: newsloom feed --resume --state %s\n"
            "(articles that were already taken are recognised, nothing is stored twice)\n",
            feed->state_path);
    return code;
}

/* ---- moving -------------------------------------------------------------------------------- */

void feed_moved(struct feed *feed)
{
    feed->moved_ms = clock_mono_ms();
    feed->ever_moved = true;
    feed->said_away = false;
}

/* A first contact has the time of one answer, a broker that went away the whole patience; being
 * asked to wait (RETRY_LATER) is no reason to give up. */
bool feed_stuck(struct feed *feed, const struct error *err)
{
    int64_t now_ms = clock_mono_ms();
    int64_t limit_ms = feed->patience_ms;
    if (!feed->ever_moved) {
        int64_t first_ms = settings_number(feed->invocation->settings, "answer.timeout");
        limit_ms = first_ms < limit_ms ? first_ms : limit_ms;
    }
    if (feed->moved_ms == 0 || newsloom_feeder_is_held(feed->feeder))
        feed->moved_ms = now_ms;
    if (now_ms - feed->moved_ms >= limit_ms)
        return false;
    if (feed->ever_moved && !feed->said_away && !newsloom_feeder_is_held(feed->feeder) &&
        now_ms - feed->moved_ms > 2 * TURN_MS) {
        feed->said_away = true;
        progress_clear(&feed->progress);
        (void)fprintf(stderr, "newsloom feed: %s; trying on\n", err->text);
    }
    return true;
}

static void on_receipt(void *context, void *tag, const struct newsloom_receipt *receipt)
{
    struct feed *feed = context;
    struct flight *flight = tag;
    crash_here(CRASH_CLIENT_AFTER_RECEIPT);
    feed_moved(feed);
    feed_say_receipt(feed, flight, receipt);
    flight->landed = true;
    flight->receipt = *receipt;
    flight->receipt.text = flight->receipt.refusal = NULL;
    if (!feed->wait || receipt->code == NEWSLOOM_REFUSED) {
        flights_finish(&feed->flights, flight);
    } else if (newsloom_state_is_end(receipt->state)) {
        const struct newsloom_outcome outcome = {.state = receipt->state,
                                                 .sequence = receipt->sequence};
        feed_say_end(feed, flight, &outcome);
        flights_finish(&feed->flights, flight);
    }
}

static void refuse_item(struct feed *feed, const struct input_item *item, const char *code,
                        const char *text)
{
    struct flight *flight = flight_new(item);
    flights_add(&feed->flights, flight);
    feed_say_refused(feed, item, code, text);
    flights_finish(&feed->flights, flight);
}

enum reading { READ_ON, READ_LATER, READ_FULL, READ_END };

/* One article from the input into the feeder's window. */
static enum reading take_one(struct feed *feed, struct input_item *pending, bool *has_pending)
{
    struct error err;
    const struct input_item *item = pending;
    if (!*has_pending) {
        enum status status = input_next(feed->input, &item, &err);
        if (status == STATUS_NOT_FOUND)
            return READ_END;
        feed->read++;
        if (status != STATUS_OK) {
            refuse_item(feed, item, item->refusal, err.text);
            return READ_ON;
        }
        if (!item->article.source) {
            refuse_item(feed, item, "BAD_SOURCE", "it names no source: give --source");
            return READ_ON;
        }
        crash_here(CRASH_CLIENT_BEFORE_SUBMIT);
    }
    struct flight *flight = flight_new(item);
    enum status status = newsloom_feeder_submit(feed->feeder, &item->article, flight, &err);
    if (status == STATUS_LIMIT) {
        flight_free(&flight);
        *pending = *item; /* its texts live until the next input_next() */
        if (pending->article.labels)
            pending->article.labels = pending->labels;
        *has_pending = true;
        return READ_FULL;
    }
    *has_pending = false;
    flights_add(&feed->flights, flight);
    if (status != STATUS_OK) {
        feed_say_refused(feed, item, newsloom_feeder_refusal(feed->feeder), err.text);
        flights_finish(&feed->flights, flight);
    }
    return READ_ON;
}

/* Sends and hears once. */
static void turn_feeder(struct feed *feed, int64_t timeout_ms)
{
    struct error err;
    if (newsloom_feeder_pending(feed->feeder) == 0)
        return;
    enum status status = newsloom_feeder_run(feed->feeder, timeout_ms, &err);
    if (status == STATUS_AGAIN && timeout_ms > 0 && !feed_stuck(feed, &err))
        feed->failure = err;
    if (status == STATUS_BROKEN)
        feed->failure = err;
}

/* After every turn: a reader of ours sees results as they come, and a later run what was done. */
static void settle_turn(struct feed *feed)
{
    if (feed->as_json)
        (void)fflush(stdout);
    save_now_and_then(feed);
    feed_draw(feed, false);
}

static bool goes_on(const struct feed *feed)
{
    return !interrupt_count() && feed->failure.status == STATUS_OK;
}

static void read_and_send(struct feed *feed)
{
    struct input_item pending;
    bool has_pending = false;
    enum reading reading = READ_ON;
    while (reading != READ_END && goes_on(feed)) {
        size_t waiting = newsloom_feeder_pending(feed->feeder);
        reading = READ_ON;
        for (size_t i = 0; reading == READ_ON && i < READ_A_TURN; i++) {
            if (!has_pending && !input_is_ready(feed->input, waiting || i ? 0 : TURN_MS))
                reading = READ_LATER;
            else
                reading = take_one(feed, &pending, &has_pending);
        }
        if (newsloom_feeder_pending(feed->feeder) == 0)
            feed->moved_ms = 0; /* nothing is asked of the broker, so it owes nothing */
        turn_feeder(feed, reading == READ_ON ? 0 : TURN_MS / 4);
        settle_turn(feed);
    }
}

static void hear_the_rest(struct feed *feed)
{
    while (newsloom_feeder_pending(feed->feeder) > 0 && goes_on(feed)) {
        turn_feeder(feed, TURN_MS);
        settle_turn(feed);
    }
}

static void follow_to_the_end(struct feed *feed)
{
    feed->moved_ms = 0;
    while (feed->wait && feed->flights.first && goes_on(feed)) {
        if (!feed_follow(feed))
            interrupt_wait(FOLLOW_MS);
        settle_turn(feed);
    }
}

/* Interrupted: what was sent may still get its receipt, so that less is sent again later. */
static void hear_what_is_under_way(struct feed *feed)
{
    struct error err;
    int64_t deadline_ms = clock_mono_ms() + LAST_MS;
    while (newsloom_feeder_pending(feed->feeder) > 0 && clock_mono_ms() < deadline_ms &&
           !newsloom_feeder_is_held(feed->feeder) &&
           newsloom_feeder_run(feed->feeder, TURN_MS, &err) == STATUS_OK)
        continue;
}

static int drive(struct feed *feed)
{
    read_and_send(feed);
    hear_the_rest(feed);
    follow_to_the_end(feed);
    if (interrupt_count() && feed->failure.status == STATUS_OK)
        hear_what_is_under_way(feed);
    feed_draw(feed, true);
    progress_clear(&feed->progress);
    feed_say_summary(feed);
    if (feed->failure.status != STATUS_OK)
        return finish_state(feed, false, complain(feed->invocation, &feed->failure));
    if (interrupt_count()) {
        (void)fputs("newsloom feed: interrupted\n", stderr);
        return finish_state(feed, false, EXIT_INTERRUPTED);
    }
    if (feed->unknown)
        return finish_state(feed, true, EX_NOINPUT);
    return finish_state(feed, true,
                        feed->refused + feed->dead + feed->withdrawn ? EX_DATAERR : EX_OK);
}

/* ---- the command line ---------------------------------------------------------------------- */

static enum status class_parse(const char *text, enum newsloom_class *ret_class, struct error *err)
{
    if (!text || strcmp(text, "live") == 0)
        *ret_class = NEWSLOOM_CLASS_LIVE;
    else if (strcmp(text, "backfill") == 0)
        *ret_class = NEWSLOOM_CLASS_BACKFILL;
    else
        return error_set(err, STATUS_INVALID, "--class is live or backfill, not \"%.40s\"", text);
    return STATUS_OK;
}

static enum status describe_run(struct feed *feed, struct error *err)
{
    const struct invocation *invocation = feed->invocation;
    struct feed_state *state = &feed->state;
    static const char *const only_stdin[] = {"-"};
    const char *const *inputs = invocation->operands;
    size_t count = invocation->operand_count;
    const char *feed_address = NULL;
    if (count == 0 && !invocation_has(invocation, "rss")) {
        inputs = only_stdin;
        count = 1;
    }
    state->inputs = memory_new((count + invocation->given_count + 1) * sizeof(*state->inputs));
    for (size_t i = 0; i < count; i++)
        state->inputs[state->input_count++] = text_copy(inputs[i]);
    for (size_t i = 0; (feed_address = invocation_text_at(invocation, "rss", i)); i++)
        state->inputs[state->input_count++] = text_format(INPUT_RSS "%s", feed_address);
    state->source = text_copy(invocation_text(invocation, "source"));
    state->article_class = text_copy(invocation_text(invocation, "class"));
    state->key_field = text_copy(invocation_text(invocation, "key-field"));
    state->url_field = text_copy(invocation_text(invocation, "url-field"));
    const char *fetched = invocation_text(invocation, "fetched");
    char instant[INSTANT_TEXT_SIZE];
    struct error cause;
    if (!fetched)
        return STATUS_OK;
    if (instant_read_fetched(fetched, instant, &cause) != STATUS_OK)
        return error_set(err, STATUS_INVALID, "--fetched %s", cause.text);
    state->fetched = text_copy(instant);
    return STATUS_OK;
}

/* --resume takes everything from the state; anything else begins anew, but never over a state that
 * still has something to go on with. */
static enum status choose_run(struct feed *feed, struct error *err)
{
    const struct invocation *invocation = feed->invocation;
    const char *path = invocation_text(invocation, "state");
    bool resume = invocation_has(invocation, "resume");
    feed->state_asked = path || resume;
    feed->state_path = path ? text_copy(path) : feed_state_default_path();
    if (resume && (invocation->operand_count || invocation_has(invocation, "rss")))
        return error_set(err, STATUS_INVALID,
                         "--resume takes the inputs from the state: name none");
    if (resume && !feed->state_path)
        return error_set(err, STATUS_INVALID, "there is no home for a state: give --state FILE");
    if (resume)
        return feed_state_read(&feed->state, feed->state_path, err);
    if (path) {
        struct feed_state earlier;
        enum status status = feed_state_read(&earlier, path, err);
        bool open = status == STATUS_OK && !earlier.complete;
        feed_state_done(&earlier);
        if (open)
            return error_set(err, STATUS_INVALID,
                             "the state file %.120s belongs to a run that is not complete: go on "
                             "with --resume, or remove it",
                             path);
        if (status == STATUS_INVALID)
            return status;
    }
    return describe_run(feed, err);
}

static enum status open_input(struct feed *feed, struct error *err)
{
    const struct invocation *invocation = feed->invocation;
    struct feed_state *state = &feed->state;
    struct input_defaults defaults = {
        .source = state->source,
        .fetched = state->fetched,
        .key = invocation_text(invocation, "key"),
        .url = invocation_text(invocation, "url"),
        .key_field = state->key_field,
        .url_field = state->url_field,
        .article_limit = (uint64_t)settings_number(invocation->settings, "article.limit"),
    };
    enum status status = class_parse(state->article_class, &defaults.article_class, err);
    if (status == STATUS_OK)
        status = input_open(&feed->input, (const char *const *)state->inputs, state->input_count,
                            &defaults, err);
    if (status == STATUS_OK && state->file && !state->complete) {
        status = input_skip(feed->input, state->file, state->line, err);
        feed->flights.file = feed->resumed_file = state->file;
        state->file = NULL;
        feed->flights.line = state->line;
    }
    return status;
}

static enum status open_failures(struct feed *feed, struct error *err)
{
    const char *path = invocation_text(feed->invocation, "failures");
    if (!path)
        return STATUS_OK;
    feed->failures = fopen(path, "ae"); /* a resumed run adds to it */
    if (!feed->failures)
        return error_set_errno(err, STATUS_INVALID, "could not open %.150s", path);
    return STATUS_OK;
}

static void feed_done(struct feed *feed)
{
    if (feed->failures)
        (void)fclose(feed->failures);
    newsloom_feeder_close(&feed->feeder);
    flights_done(&feed->flights);
    input_close(&feed->input);
    feed_state_done(&feed->state);
    free(feed->resumed_file);
    free(feed->state_path);
}

static int run_feed(struct invocation *invocation)
{
    struct error err;
    struct feed feed = {.invocation = invocation,
                        .patience_ms = PATIENCE_MS,
                        .as_json = invocation_has(invocation, "json"),
                        .wait = invocation_has(invocation, "wait")};
    struct newsloom_options options = invocation_connect(invocation, "broker.feed");
    int code = EX_OK;
    flights_init(&feed.flights);
    if (invocation->operand_count == 0 && !invocation_has(invocation, "resume") &&
        !invocation_has(invocation, "rss") && isatty(STDIN_FILENO))
        return complain_usage(invocation, "name files or folders, or - for standard input");
    if (invocation_duration(invocation, "patience", &feed.patience_ms, &err) != STATUS_OK)
        return complain_usage(invocation, "%s", err.text);
    enum status status = choose_run(&feed, &err);
    if (status == STATUS_OK && invocation_has(invocation, "resume") && feed.state.complete) {
        (void)puts("the run of this state is complete: there is nothing to go on with");
        feed_done(&feed);
        return EX_OK;
    }
    if (status == STATUS_OK)
        status = open_input(&feed, &err);
    if (status == STATUS_OK)
        status = open_failures(&feed, &err);
    if (status == STATUS_OK)
        status = newsloom_feeder_open(&feed.feeder, &options, on_receipt, &feed, &err);
    if (status != STATUS_OK) {
        code = complain(invocation, &err);
    } else {
        interrupt_install();
        progress_init(&feed.progress, !invocation_has(invocation, "quiet"));
        code = drive(&feed);
    }
    feed_done(&feed);
    return code;
}

static const struct option options[] = {
    {"source", 0, "NAME", "where the articles come from (a-z 0-9 . _ -), unless a line says so"},
    {"rss", 0, "URL|FILE", "what an RSS or Atom feed holds; may be given several times"},
    {"fetched", 0, "TIME", "when articles were fetched that do not say it: a day or an instant"},
    {"class", 0, "live|backfill", "what may wait is backfill; live goes first (live)"},
    {"wait", 'w', NULL, "follow each article to its end: stored, dead or withdrawn"},
    {"key", 0, "KEY", "the key of a single .txt or .html file"},
    {"url", 0, "URL", "the address of a single .txt or .html file, which is also its key"},
    {"key-field", 0, "FIELD", "the field of a JSON line that holds its key (key)"},
    {"url-field", 0, "FIELD", "the field of a JSON line that holds its address (url)"},
    {"state", 0, "FILE", "keep here, once a second, how far everything has its receipt"},
    {"resume", 0, NULL, "go on where the run of the state stopped"},
    {"failures", 0, "FILE",
     "add a JSON line for each that was refused or died: file, line, code, text"},
    {"patience", 0, "DURATION", "how long to wait for a broker that went away (60s)"},
    {"json", 0, NULL, "one JSON object an article on standard output"},
    {"quiet", 'q', NULL, "no progress line"},
};

static const struct example examples[] = {
    {"newsloom feed --source vov.vn crawl/2026-03/", "every article file below it"},
    {"newsloom feed --source vov.vn --wait article.txt", "until it is stored, or known why not"},
    {"crawler | newsloom feed --source vov.vn -", "JSON lines as they come"},
    {"newsloom feed --source vov.vn --fetched 2017-05-10 dump.jsonl",
     "a dump of that day: \"27/4\" is in 2017"},
    {"newsloom feed --source vov.vn --failures bad.jsonl crawl.warc.gz",
     "the pages of a WARC; what was refused, for a program"},
    {"newsloom feed --source vov.vn --rss https://vov.vn/rss/phap-luat.rss",
     "again and again: what is known is not stored twice"},
    {"newsloom feed --class backfill --state years.state archive.jsonl",
     "a long run that can be stopped"},
    {"newsloom feed --resume --state years.state", "and taken up again"},
};

const struct verb verb_feed = {
    .name = "feed",
    .purpose = "submit articles from files, folders or standard input",
    .operands = "[FILE|FOLDER|-]…",
    .about =
        "A .txt or .html file is one article; its key is its path within the folder that was "
        "named, or its\nfile name. Any other file, and standard input, holds one article a "
        "line or record:\n\n"
        "  .warc  the HTML pages with status 200, WARC 1.0 and 1.1\n"
        "  .rss and .atom  what the feed itself holds; --rss fetches one\n"
        "  .csv   with a header line that names the fields (RFC 4180; also ; or tabs)\n"
        "  .jsonl and all else: JSON lines\n\n"
        "Each may be packed with gzip, xz or zstd. Fields of JSON and CSV:\n\n"
        "  text or html (one of them), url, key, source, title, author, published, fetched,\n"
        "  language, labels {\"name\": \"value\"}, trace_id\n\n"
        "The JSON of other tools is read by their names:\n\n"
        "  trafilatura  source (its URL), date, hostname\n"
        "  news-please  maintext, title_page, authors, date_publish, date_download, source_domain\n"
        "  fundus       html.content or plaintext or body, authors, publishing_date, lang\n"
        "  schema.org   NewsArticle: articleBody, headline, author, datePublished, inLanguage\n\n"
        "Each article is kept until the broker's receipt says that it is on disk, and sent again "
        "when that\nis lost; a broker that asks to wait is waited for. What is refused is named "
        "with file, line and\ncode, and the others go on. Ctrl-C hears the receipts under way, "
        "and says how to go on; a second\none ends at once. Without --state an interrupted run "
        "is kept in ~/.local/state/newsloom/feed.state.\n\n"
        "Exit code: 0 all taken (with --wait: all stored), 65 something was refused or died, 75 "
        "the broker was\naway, 130 interrupted.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_feed,
};
