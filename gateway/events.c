// SPDX-License-Identifier: Apache-2.0
#include "gateway/events.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/quantity.h"
#include "gateway/event_stream.h"

#define TURN_MS       50
#define RETRY_AFTER_S 5
#define TYPE_SSE      "text/event-stream"
#define TYPE_LINES    "application/x-ndjson"

static const char *const filter_fields[] = {"type", "event", "source", "entity", "kind", "copies"};

const char *const events_parameters[] = {"after",  "follow", "form", "limit",  "type", "event",
                                         "source", "entity", "kind", "copies", NULL};

/* ---- what is asked ------------------------------------------------------------------------- */

static bool choose_form(struct request *request, struct event_wish *wish)
{
    const char *accept = request_header(request, MHD_HTTP_HEADER_ACCEPT);
    wish->form.is_sse = accept && strcasestr(accept, TYPE_SSE);
    wish->follows = wish->form.is_sse;
    if (!accept || wish->form.is_sse || strcasestr(accept, TYPE_LINES) || strstr(accept, "*/*") ||
        strcasestr(accept, "application/*"))
        return true;
    answer_problem(&request->answer, PROBLEM_NOT_ACCEPTABLE,
                   "events come as " TYPE_SSE " or as " TYPE_LINES);
    return false;
}

/* One of two words, or left as it is. */
static enum status read_choice(const struct target *target, const char *name, const char *no,
                               const char *yes, bool *value, struct error *err)
{
    const char *text = target_value(target, name);
    if (text && strcmp(text, yes) != 0 && strcmp(text, no) != 0)
        return error_set(err, STATUS_INVALID, "%s is %s or %s, not \"%.40s\"", name, no, yes, text);
    if (text)
        *value = strcmp(text, yes) == 0;
    return STATUS_OK;
}

static enum status read_wish(struct request *request, struct event_wish *wish, struct error *err)
{
    const struct target *target = &request->target;
    enum status status = read_choice(target, "follow", "no", "yes", &wish->follows, err);
    if (status == STATUS_OK)
        status = read_choice(target, "form", "newsloom", "cloudevents", &wish->form.is_cloud, err);
    if (status == STATUS_OK)
        status = target_number(target, "limit", 1, INT_MAX, &wish->limit, err);
    return status;
}

static bool is_filter_field(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(filter_fields); i++)
        if (strcmp(filter_fields[i], name) == 0)
            return true;
    return false;
}

/* "type=PERSON,event=SIGN"; the caller frees it. */
static enum status join_filter(const struct target *target, char **ret_filter, struct error *err)
{
    char *filter = text_copy("");
    for (size_t i = 0; i < target->count; i++) {
        const struct target_parameter *parameter = &target->parameters[i];
        if (!is_filter_field(parameter->name))
            continue;
        if (!*parameter->value || strpbrk(parameter->value, ",=")) {
            free(filter);
            return error_set(err, STATUS_INVALID,
                             "%s has one value; for several it is given several times",
                             parameter->name);
        }
        char *longer =
            text_format("%s%s%s=%s", filter, *filter ? "," : "", parameter->name, parameter->value);
        free(filter);
        filter = longer;
    }
    *ret_filter = filter;
    return STATUS_OK;
}

/* *ret_bare: a sequence alone, of whatever log there is. */
static enum status read_after(const struct request *request, struct newsloom_subscription *wish,
                              bool *ret_bare, struct error *err)
{
    const char *after = request_header(request, "Last-Event-ID");
    int64_t sequence = 0;
    *ret_bare = false;
    if (!after || !*after)
        after = target_value(&request->target, "after");
    wish->from = NEWSLOOM_FROM_CURSOR;
    if (!after || strcmp(after, "earliest") == 0)
        wish->from = NEWSLOOM_FROM_EARLIEST;
    else if (strcmp(after, "latest") == 0)
        wish->from = NEWSLOOM_FROM_LATEST;
    else if (strchr(after, ':'))
        return newsloom_cursor_parse(after, &wish->cursor, err);
    else if (quantity_parse_integer(after, &sequence, NULL) == STATUS_OK)
        *ret_bare = true;
    else
        return error_set(err, STATUS_INVALID,
                         "after is earliest, latest, a sequence, or <log id>:<sequence>, not "
                         "\"%.60s\"",
                         after);
    wish->cursor.sequence = (uint64_t)sequence;
    return STATUS_OK;
}

/* ---- subscribing --------------------------------------------------------------------------- */

/* Until the subscription is in force. AGAIN: not in time. */
static enum status wait_until_streaming(const struct gateway *gateway,
                                        struct newsloom_subscriber *subscriber,
                                        const struct newsloom_entry **ret_entry, struct error *err)
{
    int64_t until_ms = clock_mono_ms() + gateway->options->subscribe.answer_timeout_ms;
    enum status status = STATUS_AGAIN;
    *ret_entry = NULL;
    while (status == STATUS_AGAIN && clock_mono_ms() < until_ms) {
        status = newsloom_subscriber_next(subscriber, TURN_MS, ret_entry, err);
        if (status == STATUS_AGAIN && newsloom_subscriber_is_streaming(subscriber))
            return STATUS_OK;
    }
    return status;
}

/* A sequence alone: which log is there? */
static enum status ask_log(const struct gateway *gateway, uint8_t ret_log_id[16], struct error *err)
{
    const struct newsloom_subscription wish = {.from = NEWSLOOM_FROM_LATEST};
    struct newsloom_subscriber *subscriber = NULL;
    const struct newsloom_entry *entry = NULL;
    struct newsloom_cursor cursor;
    enum status status =
        newsloom_subscriber_open(&subscriber, &gateway->options->subscribe, &wish, err);
    if (status == STATUS_OK)
        status = wait_until_streaming(gateway, subscriber, &entry, err);
    if (status == STATUS_OK && newsloom_subscriber_cursor(subscriber, &cursor))
        memcpy(ret_log_id, cursor.log_id, sizeof(cursor.log_id));
    newsloom_subscriber_close(&subscriber);
    return status;
}

static void answer_gap(struct request *request, const struct newsloom_gap *gap)
{
    char first[NEWSLOOM_CURSOR_TEXT_SIZE];
    json_t *value = problem_new(PROBLEM_CURSOR_GONE, gap->text);
    (void)newsloom_cursor_text(&gap->first, first);
    (void)json_object_set_new(value, "first", json_string(first));
    (void)json_object_set_new(value, "last", json_integer((json_int_t)gap->last));
    (void)json_object_set_new(value, "other_log", json_boolean(gap->other_log));
    answer_give_problem(&request->answer, PROBLEM_CURSOR_GONE, &value);
}

static void answer_failure(struct request *request, const struct newsloom_subscriber *subscriber,
                           enum status status, const struct error *err)
{
    const struct newsloom_gap *gap = subscriber ? newsloom_subscriber_gap(subscriber) : NULL;
    if (gap) {
        answer_gap(request, gap);
    } else if (status == STATUS_INVALID) {
        answer_problem(&request->answer, PROBLEM_NOT_ALLOWED, "%s", err->text);
    } else {
        answer_header(&request->answer, MHD_HTTP_HEADER_RETRY_AFTER, "%d", RETRY_AFTER_S);
        answer_problem(&request->answer, PROBLEM_UNAVAILABLE, "%s", err->text);
    }
}

static void start_stream(struct gateway *gateway, struct request *request,
                         const struct event_wish *wish, struct newsloom_subscriber **subscriber_p,
                         const struct newsloom_entry *first)
{
    struct answer *answer = &request->answer;
    answer->stream = event_stream_new(gateway, wish, subscriber_p, first);
    answer->read = event_stream_read;
    answer->close = event_stream_close;
    answer->status = MHD_HTTP_OK;
    answer->type = wish->form.is_sse ? TYPE_SSE : TYPE_LINES;
    answer_header(answer, "X-Accel-Buffering", "no"); /* nginx would keep events back */
}

static void subscribe(struct gateway *gateway, struct request *request,
                      const struct event_wish *wish, struct newsloom_subscription *subscription,
                      bool is_bare)
{
    struct newsloom_subscriber *subscriber = NULL;
    const struct newsloom_entry *first = NULL;
    struct error err;
    enum status status = is_bare ? ask_log(gateway, subscription->cursor.log_id, &err) : STATUS_OK;
    if (status == STATUS_OK)
        status =
            newsloom_subscriber_open(&subscriber, &gateway->options->subscribe, subscription, &err);
    if (status == STATUS_INVALID) { /* the filter: nothing else was checked yet */
        answer_problem(&request->answer, PROBLEM_BAD_ADDRESS, "%s", err.text);
        return;
    }
    if (status == STATUS_OK)
        status = wait_until_streaming(gateway, subscriber, &first, &err);
    if (status == STATUS_OK)
        start_stream(gateway, request, wish, &subscriber, first);
    else
        answer_failure(request, subscriber, status, &err);
    newsloom_subscriber_close(&subscriber);
}

void events_get(struct gateway *gateway, struct request *request)
{
    struct event_wish wish = {0};
    struct newsloom_subscription subscription = {0};
    struct error err;
    char *filter = NULL;
    bool is_bare = false;
    if (!choose_form(request, &wish))
        return;
    if (read_wish(request, &wish, &err) != STATUS_OK ||
        read_after(request, &subscription, &is_bare, &err) != STATUS_OK ||
        join_filter(&request->target, &filter, &err) != STATUS_OK) {
        answer_problem(&request->answer, PROBLEM_BAD_ADDRESS, "%s", err.text);
        return;
    }
    subscription.filter = filter;
    if (atomic_fetch_add(&gateway->streams, 1) >= gateway->options->stream_limit) {
        answer_header(&request->answer, MHD_HTTP_HEADER_RETRY_AFTER, "%d", RETRY_AFTER_S);
        answer_problem(&request->answer, PROBLEM_UNAVAILABLE,
                       "%u streams of events are open, and no more may be (limit.streams)",
                       gateway->options->stream_limit);
    } else {
        subscribe(gateway, request, &wish, &subscription, is_bare);
    }
    if (!request->answer.stream)
        (void)atomic_fetch_sub(&gateway->streams, 1);
    free(filter);
}
