// SPDX-License-Identifier: Apache-2.0
#include "common/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

enum {
    SILENCE_LIMIT_MS = 10000,
    CONNECTION_LIMIT = 64,
    CONNECTION_TIMEOUT_S = 10,
    CONNECTION_MEMORY = 16 * 1024, /* request line and headers */
    REASON_SIZE = 240,
};

struct http {
    struct MHD_Daemon *daemon;
    const struct counters *counters;
    _Atomic int64_t last_beat_ms;
    pthread_mutex_t lock; /* of what follows */
    bool ready;
    char reason[REASON_SIZE];
};

struct answer {
    unsigned code;
    const char *type;
    char *body; /* malloc; handed over to the response */
    size_t size;
};

static void answer_text(struct answer *answer, unsigned code, const char *sentence)
{
    answer->code = code;
    answer->type = "text/plain; charset=utf-8";
    answer->body = text_format("%s\n", sentence);
    answer->size = strlen(answer->body);
}

static void answer_metrics(struct http *http, struct answer *answer)
{
    answer->code = MHD_HTTP_OK;
    answer->type = "text/plain; version=0.0.4; charset=utf-8";
    FILE *out = open_memstream(&answer->body, &answer->size);
    ENSURE(out);
    counters_print(http->counters, out);
    (void)fclose(out);
}

static void answer_health(struct http *http, struct answer *answer)
{
    int64_t silence_ms = clock_mono_ms() - atomic_load(&http->last_beat_ms);
    if (silence_ms <= SILENCE_LIMIT_MS) {
        answer_text(answer, MHD_HTTP_OK, "ok");
        return;
    }
    char sentence[80];
    (void)snprintf(sentence, sizeof(sentence), "the loop last turned %lld seconds ago",
                   (long long)(silence_ms / 1000));
    answer_text(answer, MHD_HTTP_SERVICE_UNAVAILABLE, sentence);
}

static void answer_readiness(struct http *http, struct answer *answer)
{
    (void)pthread_mutex_lock(&http->lock);
    answer_text(answer, http->ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, http->reason);
    (void)pthread_mutex_unlock(&http->lock);
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct answer *answer)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->size, answer->body, MHD_RESPMEM_MUST_FREE);
    ENSURE(response);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
    if (answer->code == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, answer->code, response);
    MHD_destroy_response(response);
    return result;
}

// NOLINTNEXTLINE(readability-function-size): libmicrohttpd's signature
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    (void)version;
    (void)upload;
    struct http *http = context;
    static int seen;
    struct answer answer = {0};
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        if (*upload_size) {
            *upload_size = 0;
            return MHD_YES;
        }
        answer_text(&answer, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are answered here");
        return send_answer(connection, &answer);
    }
    if (!*state || *upload_size) { /* headers read; an answer belongs after the whole request */
        *state = &seen;
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(path, "/metrics") == 0)
        answer_metrics(http, &answer);
    else if (strcmp(path, "/healthz") == 0)
        answer_health(http, &answer);
    else if (strcmp(path, "/readyz") == 0)
        answer_readiness(http, &answer);
    else
        answer_text(&answer, MHD_HTTP_NOT_FOUND, "there is only /metrics, /healthz and /readyz");
    return send_answer(connection, &answer);
}

enum status http_check_address(const char *address, struct error *err)
{
    if (!*address)
        return STATUS_OK;
    const char *colon = strrchr(address, ':');
    bool bracketed = *address == '[';
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    if (!colon || colon == address || (bracketed && colon[-1] != ']') || digits < 1 || digits > 5 ||
        colon[1 + digits] || strtoul(colon + 1, NULL, 10) > 65535)
        return error_set(err, STATUS_INVALID,
                         "cannot listen on \"%.80s\": use host:port such as 127.0.0.1:9310",
                         address);
    return STATUS_OK;
}

/* Splits "127.0.0.1:9310" and "[::1]:9310", resolves numeric and named hosts. */
enum status http_resolve(const char *address, struct addrinfo **ret_found, struct error *err)
{
    enum status form = http_check_address(address, err);
    if (form != STATUS_OK)
        return form;
    const char *colon = strrchr(address, ':');
    bool bracketed = *address == '[';
    char *host = text_format("%.*s", (int)(colon - address) - (bracketed ? 2 : 0),
                             address + (bracketed ? 1 : 0));
    struct addrinfo wanted = {.ai_family = AF_UNSPEC,
                              .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    int code = getaddrinfo(host, colon + 1, &wanted, ret_found);
    free(host);
    if (code != 0)
        return error_set(err, STATUS_INVALID, "cannot listen on \"%.80s\": %.80s", address,
                         gai_strerror(code));
    return STATUS_OK;
}

static void daemon_start(struct http *http, const struct addrinfo *found)
{
    /* its thread must not take the signals that belong to the loop */
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD;
    if (found->ai_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    errno = 0;
    http->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, handle, http, MHD_OPTION_SOCK_ADDR, found->ai_addr,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTION_LIMIT, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)CONNECTION_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_END);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

enum status http_open(struct http **ret_http, const char *address, const struct counters *counters,
                      struct error *err)
{
    if (!*address) {
        *ret_http = NULL;
        return STATUS_OK;
    }
    struct addrinfo *found = NULL;
    enum status status = http_resolve(address, &found, err);
    if (status != STATUS_OK)
        return status;
    struct http *http = memory_new(sizeof(*http));
    http->counters = counters;
    (void)snprintf(http->reason, sizeof(http->reason), "starting");
    (void)pthread_mutex_init(&http->lock, NULL);
    http_beat(http);
    daemon_start(http, found);
    freeaddrinfo(found);
    if (!http->daemon) {
        int os_errno = errno;
        http_close(&http);
        errno = os_errno ? os_errno : EADDRNOTAVAIL;
        return error_set_errno(err, STATUS_INVALID, "cannot listen on \"%.80s\"", address);
    }
    *ret_http = http;
    return STATUS_OK;
}

void http_close(struct http **http_p)
{
    struct http *http = *http_p;
    if (!http)
        return;
    if (http->daemon)
        MHD_stop_daemon(http->daemon);
    (void)pthread_mutex_destroy(&http->lock);
    free(http);
    *http_p = NULL;
}

void http_beat(struct http *http)
{
    if (http)
        atomic_store(&http->last_beat_ms, clock_mono_ms());
}

void http_set_ready(struct http *http, bool ready, const char *reason)
{
    if (!http)
        return;
    (void)pthread_mutex_lock(&http->lock);
    http->ready = ready;
    (void)snprintf(http->reason, sizeof(http->reason), "%s", reason);
    (void)pthread_mutex_unlock(&http->lock);
}

unsigned http_port(const struct http *http)
{
    if (!http)
        return 0;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}
