// SPDX-License-Identifier: Apache-2.0
#include "gateway/articles.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/command/print.h"
#include "gateway/submission_job.h"

#define LINES_LIMIT     10000
#define IDEMPOTENCY_KEY "Idempotency-Key"
#define KEY_LIMIT       255

const char *const articles_parameters[] = {"source", "class", NULL};

/* ---- the head ------------------------------------------------------------------------------ */

static bool is_media_type(const char *value, const char *type)
{
    size_t length = strcspn(value, "; \t");
    return strlen(type) == length && strncasecmp(value, type, length) == 0;
}

static bool is_lines(const struct request *request)
{
    static const char *const types[] = {"application/x-ndjson", "application/ndjson",
                                        "application/jsonl", "application/x-jsonlines"};
    const char *type = request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
    for (size_t i = 0; type && i < COUNT_OF(types); i++)
        if (is_media_type(type, types[i]))
            return true;
    return false;
}

/* A page of another site can have a browser send forms and plain text here, but no JSON unless it
 * is asked first (CORS), which is never answered: so the type is a guard too. */
static bool check_type(struct request *request)
{
    const char *type = request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (is_lines(request) || (type && is_media_type(type, "application/json")))
        return true;
    answer_header(&request->answer, MHD_HTTP_HEADER_ACCEPT, "%s",
                  "application/json, application/x-ndjson");
    answer_problem(&request->answer, PROBLEM_WRONG_TYPE,
                   "the Content-Type is application/json for one article, application/x-ndjson for "
                   "a line each");
    return false;
}

static bool check_encoding(struct request *request, bool *ret_packed)
{
    const char *encoding = request_header(request, MHD_HTTP_HEADER_CONTENT_ENCODING);
    *ret_packed = encoding && strcasecmp(encoding, "gzip") == 0;
    if (!encoding || *ret_packed || strcasecmp(encoding, "identity") == 0)
        return true;
    answer_header(&request->answer, MHD_HTTP_HEADER_ACCEPT_ENCODING, "gzip");
    answer_problem(&request->answer, PROBLEM_WRONG_TYPE,
                   "the Content-Encoding is gzip, or there is none");
    return false;
}

static bool check_size(struct gateway *gateway, struct request *request)
{
    const char *length = request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (!length || strtoull(length, NULL, 10) <= gateway->options->body_limit)
        return true;
    answer_problem(&request->answer, PROBLEM_TOO_LARGE,
                   "the body has more than %" PRIu64 " bytes: send fewer lines at a time",
                   gateway->options->body_limit);
    return false;
}

static bool check_parameters(struct request *request)
{
    const char *class = target_value(&request->target, "class");
    if (!class || strcmp(class, "live") == 0 || strcmp(class, "backfill") == 0)
        return true;
    answer_problem(&request->answer, PROBLEM_BAD_ADDRESS, "class is live or backfill");
    return false;
}

static bool check_key(struct request *request)
{
    const char *key = request_header(request, IDEMPOTENCY_KEY);
    if (!key || (*key && strlen(key) <= KEY_LIMIT))
        return true;
    answer_problem(&request->answer, PROBLEM_BAD_BODY, IDEMPOTENCY_KEY " has 1 to %d bytes",
                   KEY_LIMIT);
    return false;
}

void articles_begin(struct gateway *gateway, struct request *request)
{
    bool is_packed = false;
    if (check_type(request) && check_encoding(request, &is_packed) &&
        check_size(gateway, request) && check_parameters(request) && check_key(request))
        body_begin(&request->body, is_packed, gateway->options->body_limit, &gateway->budget);
}

/* ---- the answer ---------------------------------------------------------------------------- */

static void say_retry_after(const struct submission_job *job, struct answer *answer)
{
    if (job->is_held)
        answer_header(answer, MHD_HTTP_HEADER_RETRY_AFTER, "%" PRId64, job->retry_after_s);
    else if (job->has_failed)
        answer_header(answer, MHD_HTTP_HEADER_RETRY_AFTER, "%d", 5);
}

static void answer_failure(const struct submission_job *job, const struct submission_item *item,
                           struct answer *answer)
{
    enum problem problem = submission_problem(job, item);
    json_t *said = submission_json(job, item);
    const char *text = json_string_value(json_object_get(said, "text"));
    json_t *value = problem_new(problem, text ? text : "");
    (void)json_object_del(said, "text");
    (void)json_object_update(value, said);
    json_decref(said);
    say_retry_after(job, answer);
    answer_give_problem(answer, problem, &value);
}

static void answer_one(const struct submission_job *job, struct answer *answer)
{
    const struct submission_item *item = &job->items[0];
    if (item->end != SUBMISSION_RECEIVED) {
        answer_failure(job, item, answer);
        return;
    }
    json_t *value = submission_json(job, item);
    if (job->defaults.is_repeat && item->receipt.code == NEWSLOOM_DUPLICATE)
        answer_header(answer, "Idempotency-Replayed", "true");
    answer_json(answer, submission_status(job, item), &value);
}

static bool is_on_disk(const struct submission_item *item)
{
    return item->end == SUBMISSION_RECEIVED;
}

static void answer_lines(const struct submission_job *job, struct answer *answer)
{
    size_t on_disk = 0;
    size_t pending = 0;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ENSURE(out);
    for (size_t i = 0; i < job->count; i++) {
        const struct submission_item *item = &job->items[i];
        json_t *line = json_pack("{sI sI}", "line", (json_int_t)item->line, "status",
                                 (json_int_t)submission_status(job, item));
        json_t *rest = submission_json(job, item);
        (void)json_object_update(line, rest);
        json_decref(rest);
        json_print_line(&line, out);
        on_disk += is_on_disk(item);
        pending += item->end == SUBMISSION_PENDING;
    }
    (void)fclose(out);
    if (pending == job->count) { /* nothing of it came anywhere */
        free(text);
        answer_failure(job, &job->items[0], answer);
        return;
    }
    say_retry_after(job, answer);
    answer_bytes(answer, on_disk == job->count ? 202 : 207, "application/x-ndjson", &text, size);
}

/* ---- the request --------------------------------------------------------------------------- */

static void add_lines(struct submission_job *job, const struct body *body)
{
    uint64_t number = 0;
    const char *end = body->bytes + body->size;
    for (const char *at = body->bytes; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        submission_job_add(job, ++number, at, length);
        at += length + 1;
    }
}

static size_t count_lines(const struct body *body)
{
    size_t lines = 1;
    for (size_t i = 0; i < body->size; i++)
        lines += body->bytes[i] == '\n';
    return lines;
}

static void submit(struct gateway *gateway, struct request *request)
{
    struct submission_job job;
    struct error err;
    const char *class = target_value(&request->target, "class");
    const struct submission_defaults defaults = {
        .source = target_value(&request->target, "source"),
        .article_class =
            class && strcmp(class, "backfill") == 0 ? NEWSLOOM_CLASS_BACKFILL : NEWSLOOM_CLASS_LIVE,
        .is_repeat = request_header(request, IDEMPOTENCY_KEY) != NULL,
    };
    if (submission_job_begin(&job, gateway, &defaults, &err) != STATUS_OK) {
        answer_header(&request->answer, MHD_HTTP_HEADER_RETRY_AFTER, "%d", 1);
        answer_problem(&request->answer, PROBLEM_UNAVAILABLE, "%s", err.text);
        return;
    }
    bool as_lines = is_lines(request);
    if (as_lines)
        add_lines(&job, &request->body);
    else
        submission_job_add(&job, 1, request->body.bytes, request->body.size);
    submission_job_finish(&job);
    if (job.count == 0)
        answer_problem(&request->answer, PROBLEM_BAD_BODY, "the body holds no article");
    else if (as_lines)
        answer_lines(&job, &request->answer);
    else
        answer_one(&job, &request->answer);
    submission_job_done(&job);
}

void articles_post(struct gateway *gateway, struct request *request)
{
    const struct idempotency_request once = {
        .owner = request_header(request, MHD_HTTP_HEADER_AUTHORIZATION),
        .key = request_header(request, IDEMPOTENCY_KEY),
        .what = request->raw_target,
        .bytes = request->body.bytes,
        .size = request->body.size,
    };
    if (request->body.size == 0)
        answer_problem(&request->answer, PROBLEM_BAD_BODY, "the body is empty");
    else if (is_lines(request) && count_lines(&request->body) > LINES_LIMIT + 1)
        answer_problem(&request->answer, PROBLEM_TOO_LARGE,
                       "the body has more than %d lines: send fewer at a time", LINES_LIMIT);
    else if (!idempotency_fits(gateway->idempotency, &once))
        answer_problem(&request->answer, PROBLEM_OTHER_BODY,
                       "this " IDEMPOTENCY_KEY " went with another request: give each its own");
    else
        submit(gateway, request);
    if (request->answer.status < 300)
        idempotency_keep(gateway->idempotency, &once);
}
