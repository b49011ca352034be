// SPDX-License-Identifier: Apache-2.0
#include "gateway/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *slug;
    unsigned status;
    const char *title;
} problems[PROBLEM_COUNT] = {
#define X(name, slug, status, title) [PROBLEM_##name] = {slug, status, title},
    PROBLEM_MAP(X)
#undef X
};

static char *format_text(const char *format, va_list arguments)
{
    char *text = NULL;
    ENSURE(vasprintf(&text, format, arguments) >= 0);
    return text;
}

void answer_header(struct answer *answer, const char *name, const char *format, ...)
{
    va_list arguments;
    ENSURE(answer->header_count < ANSWER_HEADERS);
    va_start(arguments, format);
    answer->headers[answer->header_count].value = format_text(format, arguments);
    va_end(arguments);
    answer->headers[answer->header_count++].name = name;
}

void answer_bytes(struct answer *answer, unsigned status, const char *type, char **body_p,
                  size_t size)
{
    free(answer->body);
    answer->status = status;
    answer->type = type;
    answer->body = *body_p;
    answer->size = size;
    *body_p = NULL;
}

void answer_text(struct answer *answer, unsigned status, const char *sentence)
{
    char *body = text_format("%s\n", sentence);
    answer_bytes(answer, status, "text/plain; charset=utf-8", &body, strlen(body));
}

static void give_json(struct answer *answer, unsigned status, const char *type, json_t **value_p)
{
    char *compact = json_dumps(*value_p, JSON_COMPACT | JSON_PRESERVE_ORDER);
    ENSURE(compact);
    char *body = text_format("%s\n", compact);
    free(compact);
    answer_bytes(answer, status, type, &body, strlen(body));
    json_decref(*value_p);
    *value_p = NULL;
}

void answer_json(struct answer *answer, unsigned status, json_t **value_p)
{
    give_json(answer, status, "application/json", value_p);
}

unsigned problem_status(enum problem problem)
{
    return problems[problem].status;
}

/* detail may hold a piece of what was sent, cut anywhere: what is no UTF-8 is not shown. */
json_t *problem_new(enum problem problem, const char *detail)
{
    char type[64];
    (void)snprintf(type, sizeof(type), "urn:newsloom:problem:%s", problems[problem].slug);
    json_t *text = json_string(detail);
    return json_pack("{ss ss sI so}", "type", type, "title", problems[problem].title, "status",
                     (json_int_t)problems[problem].status, "detail",
                     text ? text : json_string(problems[problem].title));
}

void answer_give_problem(struct answer *answer, enum problem problem, json_t **value_p)
{
    give_json(answer, problems[problem].status, "application/problem+json", value_p);
}

void answer_problem(struct answer *answer, enum problem problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *detail = format_text(format, arguments);
    va_end(arguments);
    json_t *value = problem_new(problem, detail);
    answer_give_problem(answer, problem, &value);
    free(detail);
}

void answer_done(struct answer *answer)
{
    for (size_t i = 0; i < answer->header_count; i++)
        free(answer->headers[i].value);
    if (answer->stream)
        answer->close(answer->stream);
    free(answer->body);
    *answer = (struct answer){0};
}
