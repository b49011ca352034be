// SPDX-License-Identifier: Apache-2.0
/*
 * What somebody sends to the HTTP listener: answered with a status of HTTP, or cut off; never left
 * waiting, and never so that a good request goes without its answer afterwards.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/http.h"
#include "tests/fuzz/fuzzing.h"

enum { PATIENCE_S = 60, ANSWER_SIZE = 4096, GOOD_EACH = 16 };

static const struct counter table[] = {{"fuzzed_total", NULL, COUNTER_TOTAL, "of this target"}};

static struct http *open_listener(void)
{
    struct http *http = NULL;
    struct error err;
    ENSURE(http_open(&http, "127.0.0.1:0", counters_new(table, COUNT_OF(table)), &err) ==
           STATUS_OK);
    http_set_ready(http, true, "ready");
    return http;
}

/* What comes back, up to the end of the connection; at most what has room. */
static size_t ask(const struct http *http, const void *bytes, size_t size,
                  char ret_answer[ANSWER_SIZE])
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_port((struct http *)http)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    char beyond[ANSWER_SIZE];
    size_t count = 0;
    ssize_t got = 0;
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ENSURE(file >= 0 && connect(file, (const struct sockaddr *)&to, sizeof(to)) == 0);
    ENSURE(setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0);
    (void)send(file, bytes, size, MSG_NOSIGNAL); /* it may be cut off before all is said */
    (void)shutdown(file, SHUT_WR);
    while ((got = recv(file, beyond, sizeof(beyond), 0)) > 0) {
        size_t kept = (size_t)got < ANSWER_SIZE - count ? (size_t)got : ANSWER_SIZE - count;
        memcpy(ret_answer + count, beyond, kept);
        count += kept;
    }
    ENSURE(got == 0 || errno != EAGAIN); /* left waiting */
    ENSURE(close(file) == 0);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http *http;
    static unsigned asked;
    static const char good[] = "GET /healthz HTTP/1.0\r\n\r\n";
    char answer[ANSWER_SIZE];
    if (!http)
        http = open_listener();
    http_beat(http);
    size_t count = ask(http, data, size, answer);
    ENSURE(count == 0 || (count > strlen("HTTP/1.1 200") && memcmp(answer, "HTTP/1.", 7) == 0 &&
                          answer[9] >= '1' && answer[9] <= '5'));
    if (asked++ % GOOD_EACH == 0) {
        count = ask(http, good, strlen(good), answer);
        ENSURE(count > strlen("HTTP/1.1 200") && memcmp(answer + 9, "200", 3) == 0);
    }
    return 0;
}
