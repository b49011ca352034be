// SPDX-License-Identifier: Apache-2.0
#include "gateway/submission_job.h"

#include <stdlib.h>
#include <string.h>

#include "client/command/json_article.h"
#include "common/clock.h"
#include "common/url.h"

#define TURN_MS      200
#define FREE_WAIT_MS 5000 /* for a feeder that others use */
#define VALUES_LIMIT \
    4096 /* of one line of JSON: a parsed value takes far more room than its text */
#define RETRY_AFTER_S 1

enum status submission_job_begin(struct submission_job *job, struct gateway *gateway,
                                 const struct submission_defaults *defaults, struct error *err)
{
    *job = (struct submission_job){.gateway = gateway, .defaults = *defaults};
    enum status status = feeders_take(gateway->feeders, FREE_WAIT_MS, &job->loan, err);
    if (status != STATUS_OK)
        return status;
    job->deadline_ms = clock_mono_ms() + gateway->options->receipt_ms;
    job->retries = newsloom_feeder_retries(job->loan->feeder);
    return STATUS_OK;
}

void submission_job_done(struct submission_job *job)
{
    if (job->loan)
        feeders_give_back(job->gateway->feeders, &job->loan);
    for (size_t i = 0; i < job->count; i++) {
        text_free(&job->items[i].source);
        text_free(&job->items[i].key);
        text_free(&job->items[i].refusal);
        text_free(&job->items[i].text);
    }
    free(job->items);
    job->items = NULL;
    job->count = 0;
}

static void tally_receipt(const struct submission_job *job, const struct newsloom_receipt *receipt)
{
    if (receipt->code == NEWSLOOM_REFUSED)
        gateway_tally(job->gateway, TALLY_REFUSED);
    else if (receipt->code == NEWSLOOM_ACCEPTED || receipt->resent)
        gateway_tally(job->gateway, TALLY_ACCEPTED);
    else
        gateway_tally(job->gateway, TALLY_DUPLICATE);
}

static void on_receipt(void *context, void *tag, const struct newsloom_receipt *receipt)
{
    struct submission_job *job = context;
    struct submission_item *item = &job->items[(uintptr_t)tag - 1];
    item->receipt = *receipt;
    item->receipt.text = item->receipt.refusal = NULL;
    item->end = SUBMISSION_RECEIVED;
    if (receipt->code == NEWSLOOM_REFUSED) {
        item->end = SUBMISSION_REFUSED;
        item->refusal = text_copy(receipt->refusal);
        item->text = text_copy(receipt->text);
    }
    tally_receipt(job, receipt);
}

/* Sends and hears once; false: there is no use in going on. */
static bool turn(struct submission_job *job)
{
    struct newsloom_feeder *feeder = job->loan->feeder;
    struct error err;
    int64_t left_ms = job->deadline_ms - clock_mono_ms();
    job->loan->context = job;
    job->loan->on_receipt = on_receipt;
    if (left_ms < 0)
        left_ms = 0;
    enum status status = newsloom_feeder_run(feeder, left_ms < TURN_MS ? left_ms : TURN_MS, &err);
    if (status == STATUS_OK)
        return true;
    if (newsloom_feeder_retries(feeder) != job->retries) {
        int64_t held_ms = newsloom_feeder_held_ms(feeder);
        job->is_held = true;
        job->retry_after_s = held_ms > 0 ? (held_ms + 999) / 1000 : RETRY_AFTER_S;
        return false;
    }
    if (status == STATUS_AGAIN && left_ms > 0)
        return true;
    job->has_failed = true;
    job->failure = err;
    return false;
}

static bool is_over(const struct submission_job *job)
{
    return job->is_held || job->has_failed;
}

void submission_job_finish(struct submission_job *job)
{
    bool goes_on = !is_over(job);
    while (goes_on && newsloom_feeder_pending(job->loan->feeder) > 0)
        goes_on = turn(job);
    for (size_t i = 0; i < job->count; i++)
        if (job->items[i].end == SUBMISSION_PENDING)
            gateway_tally(job->gateway, job->is_held ? TALLY_LATER : TALLY_UNKNOWN);
}

/* ---- taking -------------------------------------------------------------------------------- */

static struct submission_item *new_item(struct submission_job *job, uint64_t line)
{
    if (job->count == job->capacity) {
        job->capacity = job->capacity ? 2 * job->capacity : 16;
        job->items = memory_resize(job->items, job->capacity, sizeof(*job->items));
    }
    struct submission_item *item = &job->items[job->count++];
    *item = (struct submission_item){.line = line};
    return item;
}

static void refuse(struct submission_job *job, struct submission_item *item,
                   enum submission_end end, const char *code, const char *text)
{
    item->end = end;
    item->refusal = text_copy(code);
    item->text = text_copy(text);
    gateway_tally(job->gateway, TALLY_REFUSED);
}

/* Values that the text has at most, without parsing it: parsed they would take up to fifty times
 * the room of a text that is made for it. */
static size_t count_values(const char *text, size_t length)
{
    size_t values = 1;
    bool in_text = false;
    for (size_t i = 0; i < length; i++) {
        if (in_text && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            in_text = !in_text;
        else if (!in_text && (text[i] == ',' || text[i] == '[' || text[i] == '{'))
            values++;
    }
    return values;
}

static void remember_identity(struct submission_item *item, const struct newsloom_article *article)
{
    item->source = text_copy(article->source);
    if (article->key && *article->key)
        item->key = text_copy(article->key);
    else if (article->url && url_canonical(article->url, &item->key, NULL) != STATUS_OK)
        item->key = NULL;
}

static void submit(struct submission_job *job, struct submission_item *item,
                   const struct newsloom_article *article)
{
    struct error err;
    void *tag = (void *)(uintptr_t)job->count; /* the last item */
    struct newsloom_feeder *feeder = job->loan->feeder;
    enum status status = newsloom_feeder_submit(feeder, article, tag, &err);
    while (status == STATUS_LIMIT && turn(job))
        status = newsloom_feeder_submit(feeder, article, tag, &err);
    if (status == STATUS_INVALID)
        refuse(job, item, SUBMISSION_REFUSED, newsloom_feeder_refusal(feeder), err.text);
}

void submission_job_add(struct submission_job *job, uint64_t line, const char *text, size_t length)
{
    const struct input_defaults names = {0};
    struct json_article json = {0};
    struct error err;
    struct input_item read = {
        .article = {.source = job->defaults.source, .article_class = job->defaults.article_class}};
    if (strspn(text, " \t\r\n") >= length)
        return;
    struct submission_item *item = new_item(job, line);
    enum status status =
        count_values(text, length) > VALUES_LIMIT
            ? error_set(&err, STATUS_INVALID, "it has more than %d values", VALUES_LIMIT)
            : json_article_read(&json, text, length, &names, &read, &err);
    if (status != STATUS_OK) {
        refuse(job, item, SUBMISSION_UNREADABLE, "INVALID_PAYLOAD", err.text);
    } else if (!read.article.source) {
        refuse(job, item, SUBMISSION_REFUSED, "BAD_SOURCE", "it names no source");
    } else {
        remember_identity(item, &read.article);
        if (!is_over(job)) /* else it stays pending: what is held back is sent again as a whole */
            submit(job, item, &read.article);
    }
    json_article_done(&json);
}

/* ---- answering ----------------------------------------------------------------------------- */

enum problem submission_problem(const struct submission_job *job,
                                const struct submission_item *item)
{
    static const struct {
        const char *refusal;
        enum problem problem;
    } rows[] = {
        {"TOO_LARGE", PROBLEM_TOO_LARGE},
        {"WAS_FORGOTTEN", PROBLEM_WAS_FORGOTTEN},
        {"NOT_ALLOWED", PROBLEM_NOT_ALLOWED},
    };
    if (item->end == SUBMISSION_PENDING)
        return job->is_held ? PROBLEM_SLOW_DOWN : PROBLEM_UNAVAILABLE;
    if (item->end == SUBMISSION_UNREADABLE)
        return PROBLEM_BAD_BODY;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].refusal, item->refusal) == 0)
            return rows[i].problem;
    return PROBLEM_REFUSED;
}

/* A repeat of what was sent before (by us, or by a client that says so) has the first receipt. */
static bool is_accepted(const struct submission_job *job, const struct submission_item *item)
{
    return item->receipt.code == NEWSLOOM_ACCEPTED || item->receipt.resent ||
           job->defaults.is_repeat;
}

unsigned submission_status(const struct submission_job *job, const struct submission_item *item)
{
    if (item->end == SUBMISSION_RECEIVED)
        return is_accepted(job, item) ? 202 : 200;
    return problem_status(submission_problem(job, item));
}

static const char *receipt_name(const struct submission_job *job,
                                const struct submission_item *item)
{
    if (item->end == SUBMISSION_RECEIVED)
        return is_accepted(job, item) ? "ACCEPTED" : "DUPLICATE";
    if (item->end == SUBMISSION_PENDING)
        return job->is_held ? "RETRY_LATER" : "UNKNOWN";
    return "REFUSED";
}

static void set_text(json_t *object, const char *name, const char *text)
{
    json_t *value = text ? json_string(text) : NULL;
    if (value)
        (void)json_object_set_new(object, name, value);
}

json_t *submission_json(const struct submission_job *job, const struct submission_item *item)
{
    json_t *value = json_pack("{ss}", "receipt", receipt_name(job, item));
    set_text(value, "source", item->source);
    set_text(value, "key", item->key);
    if (item->end == SUBMISSION_RECEIVED) {
        const struct newsloom_receipt *receipt = &item->receipt;
        (void)json_object_set_new(value, "article_id",
                                  json_integer((json_int_t)receipt->article_id));
        (void)json_object_set_new(value, "revision", json_integer(receipt->revision));
        set_text(value, "state", newsloom_state_name(receipt->state));
        (void)json_object_set_new(value, "sequence", json_integer((json_int_t)receipt->sequence));
    } else if (item->end == SUBMISSION_PENDING) {
        set_text(value, "text",
                 job->is_held ? "the broker asks to wait: nothing was kept, send it again later"
                              : job->failure.text);
    } else {
        set_text(value, "refusal", item->refusal);
        set_text(value, "text", item->text);
    }
    return value;
}
