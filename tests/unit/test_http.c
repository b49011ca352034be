// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/http.h"
#include "tests/support/testing.h"

static const struct counter table[] = {
    {"newsloom_accepted_total", NULL, COUNTER_TOTAL, "articles accepted"},
};
static struct counters *counters;
static struct http *http;
static struct error err;
static char answer[8192];

static int open_http(void **state)
{
    (void)state;
    counters = counters_new(table, COUNT_OF(table));
    return http_open(&http, "127.0.0.1:0", counters, &err) != STATUS_OK;
}

static int close_http(void **state)
{
    (void)state;
    http_close(&http);
    counters_free(&counters);
    return 0;
}

/* Sends the request and reads until the peer closes. */
static const char *ask(const char *request)
{
    int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)http_port(http)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(peer, (struct sockaddr *)&address, sizeof(address)), 0);
    struct timeval limit = {.tv_sec = 20};
    assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    assert_int_equal(send(peer, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    size_t used = 0;
    ssize_t size = 0;
    while ((size = recv(peer, answer + used, sizeof(answer) - 1 - used, 0)) > 0)
        used += (size_t)size;
    answer[used] = '\0';
    (void)close(peer);
    return answer;
}

#define GET(path) ask("GET " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

static void metrics_are_the_counters_of_now(void **state)
{
    (void)state;
    counters_add(counters, 0, 41);
    assert_contains(GET("/metrics"), "HTTP/1.1 200");
    counters_add(counters, 0, 1);
    assert_contains(GET("/metrics"), "\nnewsloom_accepted_total 42\n");
    assert_contains(answer, "text/plain; version=0.0.4");
}

static void a_beating_loop_is_healthy(void **state)
{
    (void)state;
    http_beat(http);
    assert_contains(GET("/healthz"), "HTTP/1.1 200");
}

static void readiness_says_its_reason(void **state)
{
    (void)state;
    assert_contains(GET("/readyz"), "HTTP/1.1 503");
    assert_contains(answer, "starting\n");
    http_set_ready(http, true, "ready");
    assert_contains(GET("/readyz"), "HTTP/1.1 200");
    http_set_ready(http, false, "PostgreSQL is away");
    assert_contains(GET("/readyz"), "PostgreSQL is away\n");
}

static void other_paths_and_methods_are_refused(void **state)
{
    (void)state;
    assert_contains(GET("/"), "HTTP/1.1 404");
    assert_contains(ask("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                        "Connection: close\r\n\r\nabc"),
                    "HTTP/1.1 405");
    assert_contains(answer, "Allow: GET, HEAD");
    assert_contains(ask("HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                    "HTTP/1.1 200");
    assert_null(strstr(answer, "\r\n\r\nok"));
}

static void an_endless_header_is_cut_off(void **state)
{
    (void)state;
    static char request[64 * 1024];
    memset(request, 'a', sizeof(request) - 1);
    memcpy(request, "GET /", 5);
    int peer_answered = strlen(ask(request)) > 0;
    assert_true(!peer_answered || strstr(answer, "HTTP/1.1 4") || strstr(answer, "HTTP/1.1 5"));
    assert_contains(GET("/healthz"), "HTTP/1.1 200");
}

static void an_empty_address_is_no_listener(void **state)
{
    (void)state;
    struct http *none = NULL;
    assert_ok(http_open(&none, "", counters, &err), err);
    assert_null(none);
    http_beat(none);
    http_set_ready(none, true, "ready");
    assert_int_equal(http_port(none), 0);
    http_close(&none);
}

static void an_address_in_use_or_wrong_is_refused(void **state)
{
    (void)state;
    char address[40];
    struct http *second = NULL;
    (void)snprintf(address, sizeof(address), "127.0.0.1:%u", http_port(http));
    assert_refused(http_open(&second, address, counters, &err), STATUS_INVALID, err, address);
    assert_refused(http_open(&second, "9310", counters, &err), STATUS_INVALID, err, "host:port");
    assert_refused(http_open(&second, "127.0.0.1:http", counters, &err), STATUS_INVALID, err,
                   "127.0.0.1:http");
    assert_null(second);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_http, close_http)
    const struct CMUnitTest tests[] = {
        TEST(metrics_are_the_counters_of_now),
        TEST(a_beating_loop_is_healthy),
        TEST(readiness_says_its_reason),
        TEST(other_paths_and_methods_are_refused),
        TEST(an_endless_header_is_cut_off),
        TEST(an_empty_address_is_no_listener),
        TEST(an_address_in_use_or_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
