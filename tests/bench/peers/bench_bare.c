// SPDX-License-Identifier: Apache-2.0
/*
 * bench_bare - bare_broker under load.h's load: one article a message, no protobuf, no identity.
 *
 * A feeder sends a frame with its article's number and one with the article, and hears the number
 * again when it is on disk; a worker gets both and sends the number back, which comes once more
 * when that is on disk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#include "common/status.h"
#include "tests/bench/peers/load.h"

static void *zmq;

/* Feeders at the port, workers at the next one. */
static void *reach(int port)
{
    char endpoint[64];
    void *socket = zmq_socket(zmq, ZMQ_DEALER);
    int none = 0, timeout_ms = 50;
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(none));
    (void)zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof(none));
    (void)zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof(none));
    (void)zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout_ms, sizeof(timeout_ms));
    (void)snprintf(endpoint, sizeof(endpoint), "tcp://%s:%d", load.host, port);
    ENSURE(zmq_connect(socket, endpoint) == 0);
    return socket;
}

static void prepare(void)
{
    zmq = zmq_ctx_new();
    ENSURE(zmq);
}

static bool hear(void *socket, uint64_t *ret_number)
{
    return zmq_recv(socket, ret_number, sizeof(*ret_number), 0) == sizeof(*ret_number);
}

static void feed(const char *article)
{
    void *socket = reach(load.port);
    uint64_t written = 0, answered = 0, number = 0;
    for (unsigned count = 0; (count = load_claim()) > 0;) {
        for (unsigned i = 0; i < count; i++) {
            written++;
            ENSURE(zmq_send(socket, &written, sizeof(written), ZMQ_SNDMORE) >= 0);
            ENSURE(zmq_send(socket, article, load.size, 0) >= 0);
        }
        while (written - answered + load.batch > load.window)
            answered += hear(socket, &number);
    }
    while (answered < written)
        answered += hear(socket, &number);
    (void)zmq_close(socket);
}

static void work(unsigned worker)
{
    (void)worker;
    void *socket = reach(load.port + 1);
    char *body = memory_new(load.size);
    ENSURE(zmq_send(socket, "", 0, 0) >= 0); /* here I am */
    while (!load_is_over()) {
        uint64_t number = 0;
        if (!hear(socket, &number))
            continue;
        int more = 0;
        size_t size = sizeof(more);
        ENSURE(zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0);
        if (!more) {
            load_settle(1);
            continue;
        }
        ENSURE(zmq_recv(socket, body, load.size, 0) == (int)load.size);
        ENSURE(zmq_send(socket, &number, sizeof(number), 0) >= 0);
    }
    free(body);
    (void)zmq_close(socket);
}

int main(int argc, char **argv)
{
    return load_run(argc, argv, &(struct load_client){prepare, feed, work});
}
