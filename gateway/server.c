// SPDX-License-Identifier: Apache-2.0
#include "gateway/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "gateway/articles.h"
#include "gateway/connections.h"
#include "gateway/request.h"
#include "gateway/routes.h"

enum {
    CONNECTION_MEMORY = 32 * 1024, /* request line and headers */
    STALL_S = 30,                  /* nothing sent or taken for so long ends a connection */
    STREAM_BLOCK = 32 * 1024,
    LOOK_MS = 20,
};

struct server {
    struct gateway *gateway;
    struct MHD_Daemon *daemon;
    struct connections *connections;
    bool is_local; /* TCP without tokens: only local names are answered */
};

static struct connection_slot *slot_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context;
}

/* ---- the head ------------------------------------------------------------------------------ */

/* A page of another site whose name was pointed at 127.0.0.1 speaks of itself in Host. */
static bool check_host(const struct server *server, struct request *request)
{
    const char *host = request_header(request, MHD_HTTP_HEADER_HOST);
    if (!server->is_local || (host && listener_host_is_local(host)))
        return true;
    answer_problem(&request->answer, PROBLEM_WRONG_HOST,
                   "the Host field names no local host: use 127.0.0.1, [::1] or localhost, or give "
                   "the gateway tokens (security.tokens)");
    return false;
}

static bool check_token(struct gateway *gateway, struct request *request)
{
    const char *authorization = request_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
    if (request->route->roles == 0)
        return true;
    unsigned roles = tokens_judge(gateway->tokens, authorization);
    request->roles = roles;
    if (roles & request->route->roles)
        return true;
    gateway_tally(gateway, TALLY_TURNED_AWAY);
    if (roles) {
        answer_problem(&request->answer, PROBLEM_WRONG_ROLE,
                       "the token is known, and its roles do not allow this");
        return false;
    }
    answer_header(&request->answer, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                  "Bearer realm=\"newsloom\", Basic realm=\"newsloom\", charset=\"UTF-8\"");
    answer_problem(&request->answer, PROBLEM_NO_TOKEN,
                   authorization ? "the token is not known here"
                                 : "send Authorization: Bearer and a token");
    return false;
}

static void read_head(struct server *server, struct request *request)
{
    struct gateway *gateway = server->gateway;
    struct error err;
    enum status status = target_parse(&request->target, request->raw_target, &err);
    if (status != STATUS_OK) {
        answer_problem(&request->answer, PROBLEM_BAD_ADDRESS, "%s", err.text);
        return;
    }
    if (!check_host(server, request))
        return;
    routes_find(request);
    if (!request->route || !check_token(gateway, request))
        return;
    if (target_knows_only(&request->target, request->route->parameters, &err) != STATUS_OK)
        answer_problem(&request->answer, PROBLEM_BAD_ADDRESS, "%s", err.text);
    else if (strcmp(request->method, MHD_HTTP_METHOD_POST) == 0)
        articles_begin(gateway, request);
}

/* ---- the body ------------------------------------------------------------------------------ */

static void refuse_body(struct request *request, enum status status, const struct error *err)
{
    enum problem problem = status == STATUS_LIMIT   ? PROBLEM_TOO_LARGE
                           : status == STATUS_AGAIN ? PROBLEM_UNAVAILABLE
                                                    : PROBLEM_BAD_BODY;
    if (status == STATUS_AGAIN)
        answer_header(&request->answer, MHD_HTTP_HEADER_RETRY_AFTER, "%d", 1);
    answer_problem(&request->answer, problem, "%s", err->text);
    size_t received = request->body.received;
    body_done(&request->body); /* its memory is for others, however long the rest takes */
    request->body.received = received;
    request->is_refused = true;
}

/* What comes behind a refusal is read, so that the client comes to read the answer, but not without
 * end; false: cut it off. */
static bool read_body(struct server *server, struct request *request, const char *bytes,
                      size_t size)
{
    struct error err;
    if (request->is_refused || !request->body.limit) {
        request->body.received += size;
        return request->body.received <= 2 * server->gateway->options->body_limit;
    }
    enum status status = body_add(&request->body, bytes, size, &err);
    if (status != STATUS_OK)
        refuse_body(request, status, &err);
    return true;
}

/* ---- the answer ---------------------------------------------------------------------------- */

static void tally_answer(struct gateway *gateway, unsigned status)
{
    gateway_tally(gateway, status < 400   ? TALLY_REQUESTS_OK
                           : status < 500 ? TALLY_REQUESTS_WRONG
                                          : TALLY_REQUESTS_FAILED);
}

static ssize_t read_stream(void *context, uint64_t position, char *buffer, size_t size)
{
    struct answer *stream = context;
    (void)position;
    ssize_t read = stream->read(stream->stream, buffer, size);
    return read > 0 ? read : MHD_CONTENT_READER_END_OF_STREAM;
}

static void close_stream(void *context)
{
    struct answer *stream = context;
    answer_done(stream);
    free(stream);
}

static struct MHD_Response *make_response(struct answer *answer)
{
    struct MHD_Response *response = NULL;
    if (answer->stream) {
        struct answer *stream = memory_new(sizeof(*stream));
        stream->stream = answer->stream;
        stream->read = answer->read;
        stream->close = answer->close;
        answer->stream = NULL;
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream,
                                                     stream, close_stream);
    } else {
        response =
            MHD_create_response_from_buffer(answer->size, answer->body, MHD_RESPMEM_MUST_FREE);
        answer->body = NULL;
    }
    ENSURE(response);
    return response;
}

static void add_headers(struct MHD_Response *response, const struct answer *answer)
{
    static const char *const always[][2] = {
        {"X-Content-Type-Options", "nosniff"},
        {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
        {"Referrer-Policy", "no-referrer"},
    };
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
    for (size_t i = 0; i < COUNT_OF(always); i++)
        (void)MHD_add_response_header(response, always[i][0], always[i][1]);
    for (size_t i = 0; i < answer->header_count; i++)
        (void)MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
}

/* A stream may be quiet for as long as a heartbeat is not due. */
static unsigned quiet_s(const struct gateway *gateway)
{
    return (unsigned)(gateway->options->heartbeat_ms / 1000) + 1;
}

static enum MHD_Result give(struct server *server, struct request *request)
{
    struct answer *answer = &request->answer;
    if (answer->status == 0)
        answer_problem(answer, PROBLEM_BROKEN, "this request has no answer");
    tally_answer(server->gateway, answer->status);
    connections_enter(server->connections, slot_of(request->connection), CONNECTION_ANSWER);
    if (answer->stream)
        (void)MHD_set_connection_option(request->connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                        STALL_S + quiet_s(server->gateway));
    struct MHD_Response *response = make_response(answer);
    add_headers(response, answer);
    enum MHD_Result result = MHD_queue_response(request->connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

static void answer_request(struct server *server, struct request *request)
{
    struct error err;
    connections_enter(server->connections, slot_of(request->connection), CONNECTION_ANSWER);
    enum status status = body_end(&request->body, &err);
    if (status != STATUS_OK)
        refuse_body(request, status, &err);
    else
        request->route->answer(server->gateway, request);
}

/* ---- libmicrohttpd's calls ----------------------------------------------------------------- */

/* The first call of a request; what it gives is *state of the next. */
static void *begin_request(void *context, const char *uri, struct MHD_Connection *connection)
{
    (void)context;
    struct request *request = memory_new(sizeof(*request));
    request->connection = connection;
    request->raw_target = text_copy(uri);
    return request;
}

// NOLINTNEXTLINE(readability-function-size): libmicrohttpd's signature
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    struct server *server = context;
    struct request *request = *state;
    (void)path;
    (void)version;
    if (!request->is_begun) {
        request->is_begun = true;
        request->method = method;
        connections_enter(server->connections, slot_of(connection), CONNECTION_BODY);
        read_head(server, request);
        return request->answer.status ? give(server, request) : MHD_YES;
    }
    if (*upload_size > 0) {
        bool goes_on = read_body(server, request, upload, *upload_size);
        *upload_size = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    if (request->answer.status == 0)
        answer_request(server, request);
    return give(server, request);
}

static void end_request(void *context, struct MHD_Connection *connection, void **state,
                        enum MHD_RequestTerminationCode code)
{
    struct server *server = context;
    struct request *request = *state;
    (void)code;
    if (!request)
        return;
    connections_enter(server->connections, slot_of(connection), CONNECTION_HEAD);
    answer_done(&request->answer);
    body_done(&request->body);
    target_done(&request->target);
    free(request->raw_target);
    free(request);
    *state = NULL;
}

static void note_connection(void *context, struct MHD_Connection *connection, void **slot_p,
                            enum MHD_ConnectionNotificationCode code)
{
    struct server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        const int vanished_ms = STALL_S * 1000; /* no error if it is no TCP */
        (void)setsockopt(info->connect_fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &vanished_ms,
                         sizeof(vanished_ms));
        *slot_p = connections_add(server->connections, info->connect_fd);
    } else if (*slot_p) {
        connections_remove(server->connections, (struct connection_slot **)slot_p);
    }
}

/* Addresses are decoded by target.c, which is stricter. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

/* ---- life ---------------------------------------------------------------------------------- */

static void start(struct server *server, int file)
{
    const struct options *options = server->gateway->options;
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all); /* signals belong to the loop */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    errno = 0;
    server->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
            MHD_USE_ITC,
        0, NULL, NULL, handle, server, MHD_OPTION_LISTEN_SOCKET, file, MHD_OPTION_CONNECTION_LIMIT,
        options->connection_limit, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)STALL_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_NOTIFY_CONNECTION,
        note_connection, server, MHD_OPTION_NOTIFY_COMPLETED, end_request, server,
        MHD_OPTION_URI_LOG_CALLBACK, begin_request, server, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, server, MHD_OPTION_END);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

enum status server_open(struct server **ret_server, struct gateway *gateway,
                        const struct listener *listener, struct error *err)
{
    struct server *server = memory_new(sizeof(*server));
    server->gateway = gateway;
    server->is_local = !listener->path && !tokens_are_asked(gateway->tokens);
    server->connections = connections_new();
    start(server, listener->file);
    if (!server->daemon) {
        int os_errno = errno;
        connections_free(&server->connections);
        free(server);
        errno = os_errno;
        return error_set_errno(err, STATUS_BROKEN, "could not start the HTTP server");
    }
    *ret_server = server;
    return STATUS_OK;
}

void server_tick(struct server *server)
{
    struct gateway *gateway = server->gateway;
    struct connections_cut cut = connections_cut_late(
        server->connections, gateway->options->header_ms, gateway->options->body_ms);
    counters_add(gateway->counters, TALLY_CUT_HEADER, cut.heads);
    counters_add(gateway->counters, TALLY_CUT_BODY, cut.bodies);
    counters_set(gateway->counters, TALLY_CONNECTIONS, connections_count(server->connections));
    counters_set(gateway->counters, TALLY_BODY_BYTES, atomic_load(&gateway->budget.used));
    counters_set(gateway->counters, TALLY_STREAMS, atomic_load(&gateway->streams));
}

void server_close(struct server **server_p, int64_t linger_ms)
{
    struct server *server = *server_p;
    if (!server)
        return;
    (void)MHD_quiesce_daemon(server->daemon); /* the listener closes its file itself */
    int64_t until_ms = clock_mono_ms() + linger_ms;
    while (connections_count_busy(server->connections) > 0 && clock_mono_ms() < until_ms)
        (void)poll(NULL, 0, LOOK_MS);
    MHD_stop_daemon(server->daemon);
    connections_free(&server->connections);
    free(server);
    *server_p = NULL;
}
