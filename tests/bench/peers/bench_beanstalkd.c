// SPDX-License-Identifier: Apache-2.0
/*
 * bench_beanstalkd - beanstalkd under load.h's load, over its own protocol, which has no batches: a
 * feeder writes a batch of puts at once and reads answers when its window is full, a worker writes
 * several reserves at once and then as many deletes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/status.h"
#include "tests/bench/peers/load.h"

enum { AT_ONCE = 32, HEAD_MOST = 64 };

static FILE *reach(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load.port)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (inet_pton(AF_INET, load.host, &address.sin_addr) != 1 ||
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        load_fail("connect", strerror(errno)); // NOLINT(concurrency-mt-unsafe)
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fdopen(fd, "re");
}

static void write_all(FILE *server, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fileno(server), bytes, size);
        ENSURE(written > 0);
        bytes += written;
        size -= (size_t)written;
    }
}

/* The next line, which must begin so. Returns what follows. */
static const char *expect(FILE *server, const char *beginning, char line[HEAD_MOST])
{
    if (!fgets(line, HEAD_MOST, server))
        load_fail(beginning, "nothing came");
    size_t size = strlen(beginning);
    if (strncmp(line, beginning, size) != 0)
        load_fail(beginning, line);
    return line + size;
}

static void feed(const char *article)
{
    FILE *server = reach();
    char head[HEAD_MOST], line[HEAD_MOST];
    size_t head_size = (size_t)snprintf(head, sizeof(head), "put 0 0 120 %zu\r\n", load.size);
    size_t put_size = head_size + load.size + 2;
    char *puts = memory_new(put_size * load.batch);
    for (unsigned i = 0; i < load.batch; i++) {
        char *put = puts + i * put_size;
        memcpy(put, head, head_size);
        memcpy(put + head_size, article, load.size);
        memcpy(put + head_size + load.size, "\r\n", 2);
    }
    unsigned unanswered = 0;
    for (unsigned count = 0; (count = load_claim()) > 0;) {
        write_all(server, puts, count * put_size);
        for (unanswered += count; unanswered + load.batch > load.window; unanswered--)
            (void)expect(server, "INSERTED ", line);
    }
    for (; unanswered > 0; unanswered--)
        (void)expect(server, "INSERTED ", line);
    free(puts);
    (void)fclose(server);
}

/* One answer to a reserve; false: there was nothing in time. */
static bool take(FILE *server, char *body, uint64_t *ret_id)
{
    char line[HEAD_MOST];
    if (!fgets(line, sizeof(line), server))
        load_fail("reserve", "nothing came");
    if (strcmp(line, "TIMED_OUT\r\n") == 0)
        return false;
    size_t size = 0;
    if (sscanf(line, "RESERVED %" SCNu64 " %zu", ret_id, &size) != 2 || size != load.size) // NOLINT
        load_fail("reserve", line);
    ENSURE(fread(body, 1, load.size + 2, server) == load.size + 2);
    return true;
}

static void work(unsigned number)
{
    (void)number;
    static const char reserve[] = "reserve-with-timeout 0\r\n",
                      wait[] = "reserve-with-timeout 1\r\n";
    FILE *server = reach();
    char *body = memory_new(load.size + 2);
    char words[AT_ONCE * HEAD_MOST], line[HEAD_MOST];
    for (bool is_idle = false; !load_is_over();) {
        uint64_t ids[AT_ONCE];
        unsigned asked = is_idle ? 1 : AT_ONCE, held = 0;
        size_t size = 0;
        for (unsigned i = 0; i < asked; i++, size += sizeof(reserve) - 1)
            memcpy(words + size, is_idle ? wait : reserve, sizeof(reserve) - 1);
        write_all(server, words, size);
        for (unsigned i = 0; i < asked; i++)
            held += take(server, body, &ids[held]);
        is_idle = held == 0;
        size = 0;
        for (unsigned i = 0; i < held; i++)
            size += (size_t)snprintf(words + size, sizeof(words) - size, "delete %" PRIu64 "\r\n",
                                     ids[i]);
        write_all(server, words, size);
        for (unsigned i = 0; i < held; i++)
            (void)expect(server, "DELETED", line);
        if (held)
            load_settle(held);
    }
    free(body);
    (void)fclose(server);
}

int main(int argc, char **argv)
{
    return load_run(argc, argv, &(struct load_client){NULL, feed, work});
}
