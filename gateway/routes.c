// SPDX-License-Identifier: Apache-2.0
#include "gateway/routes.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "gateway/articles.h"
#include "gateway/assets.h"
#include "gateway/events.h"
#include "gateway/page.h"
#include "gateway/reads.h"

#define HEALTHY_MS 10000

static const char *const no_parameters[] = {NULL};

static void get_health(struct gateway *gateway, struct request *request)
{
    int64_t silence_ms = clock_mono_ms() - atomic_load(&gateway->beat_ms);
    if (silence_ms <= HEALTHY_MS)
        answer_text(&request->answer, MHD_HTTP_OK, "ok");
    else
        answer_problem(&request->answer, PROBLEM_UNAVAILABLE,
                       "the loop last turned %lld seconds ago", (long long)(silence_ms / 1000));
}

static void get_metrics(struct gateway *gateway, struct request *request)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ENSURE(out);
    counters_print(gateway->counters, out);
    (void)fclose(out);
    answer_bytes(&request->answer, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", &text,
                 size);
}

static void get_ready(struct gateway *gateway, struct request *request)
{
    struct error err;
    if (overview_is_ready(gateway->overview, &err) == STATUS_OK)
        answer_text(&request->answer, MHD_HTTP_OK, "ready");
    else
        answer_problem(&request->answer, PROBLEM_UNAVAILABLE, "%s", err.text);
}

static void get_status(struct gateway *gateway, struct request *request)
{
    json_t *status = overview_json(gateway->overview);
    answer_json(&request->answer, MHD_HTTP_OK, &status);
}

static void get_openapi(struct gateway *gateway, struct request *request)
{
    (void)gateway;
    char *copy = memory_copy(asset_openapi, asset_openapi_size);
    answer_bytes(&request->answer, MHD_HTTP_OK, "application/json", &copy, asset_openapi_size);
}

static void get_page(struct gateway *gateway, struct request *request)
{
    char policy[PAGE_POLICY_SIZE];
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ENSURE(out);
    json_t *status = overview_json(gateway->overview);
    page_print(status, out);
    json_decref(status);
    (void)fclose(out);
    answer_header(&request->answer, "Content-Security-Policy", "%s", page_policy(policy));
    answer_bytes(&request->answer, MHD_HTTP_OK, "text/html; charset=utf-8", &text, size);
}

static const struct route routes[] = {
    {"GET", "/", TOKEN_READER, no_parameters, get_page},
    {"GET", "/readyz", 0, no_parameters, get_ready},
    {"GET", "/v1/openapi.json", 0, no_parameters, get_openapi},
    {"GET", "/v1/status", TOKEN_READER, no_parameters, get_status},
    {"GET", "/healthz", 0, no_parameters, get_health},
    {"GET", "/metrics", TOKEN_READER, no_parameters, get_metrics},
    {"GET", "/v1/articles/", TOKEN_READER | TOKEN_FEEDER, article_parameters, article_get},
    {"GET", "/v1/entities", TOKEN_READER, entities_parameters, entities_get},
    {"GET", "/v1/events", TOKEN_READER, events_parameters, events_get},
    {"POST", "/v1/articles", TOKEN_FEEDER, articles_parameters, articles_post},
};

static bool path_fits(const struct route *route, const char *path)
{
    size_t length = strlen(route->path);
    bool is_prefix = length > 1 && route->path[length - 1] == '/';
    return is_prefix ? strncmp(route->path, path, length) == 0 && path[length]
                     : strcmp(route->path, path) == 0;
}

void routes_find(struct request *request)
{
    const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
    const struct route *other = NULL;
    for (size_t i = 0; i < COUNT_OF(routes); i++) {
        const struct route *route = &routes[i];
        if (!path_fits(route, request->target.path))
            continue;
        other = route;
        if (strcmp(route->method, method) != 0)
            continue;
        request->route = route;
        request->rest = request->target.path + strlen(route->path);
        return;
    }
    if (!other) {
        answer_problem(&request->answer, PROBLEM_NOT_FOUND,
                       "there is nothing at this address; /v1/openapi.json lists what there is");
        return;
    }
    bool gets = strcmp(other->method, "GET") == 0;
    answer_header(&request->answer, MHD_HTTP_HEADER_ALLOW, "%s",
                  gets ? "GET, HEAD" : other->method);
    answer_problem(&request->answer, PROBLEM_WRONG_METHOD, "this address takes %s",
                   gets ? "GET and HEAD" : other->method);
}
