// SPDX-License-Identifier: Apache-2.0
/*
 * bare_broker - the least that hands articles on and has each on disk before it says so: what
 * libzmq and a disk allow when nothing else is promised.
 *
 *      bare_broker PORT FILE
 *
 * One thread; ROUTERs for feeders (PORT) and workers (PORT + 1). A turn takes what has come, writes
 * it to a log of fixed size that was filled with zeros before, syncs once, then answers feeders,
 * gives articles to workers in turn, at most 128 each, and tells them what of theirs is settled.
 * Nothing is read back after a crash, nobody's death is noticed, nothing is ever given twice.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zmq.h>

#include "common/status.h"
#include "tests/bench/peers/load.h"

enum {
    LOG_SIZE = 512 * 1024 * 1024,
    ZEROS = 1024 * 1024,
    TURN_MOST = 1024, /* messages of one socket in one turn */
    PEERS_MOST = 64,
    QUEUE_MOST = 1 << 20,
    ID_MOST = 16,
};

struct peer {
    uint8_t id[ID_MOST];
    size_t size;
    unsigned held;
};

/* An article on its way: waiting in the queue until it is sent. */
struct item {
    struct peer feeder;
    uint64_t number;
    zmq_msg_t body;
};

static struct {
    void *feed, *work;
    int log;
    off_t at;
    struct item *queue; /* a ring */
    uint64_t first, end;
    struct peer workers[PEERS_MOST];
    unsigned worker_count, next_worker;
    struct {
        unsigned worker;
        uint64_t number;
    } settled[TURN_MOST];
    unsigned settled_count;
} b;

static void *bind_to(void *zmq, int port)
{
    char endpoint[64];
    void *socket = zmq_socket(zmq, ZMQ_ROUTER);
    int none = 0;
    (void)zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof(none));
    (void)zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof(none));
    (void)snprintf(endpoint, sizeof(endpoint), "tcp://127.0.0.1:%d", port);
    ENSURE(zmq_bind(socket, endpoint) == 0);
    return socket;
}

/* A log that never grows: a sync writes data, not the file's size. */
static int open_log(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    char *zeros = memory_new(ZEROS);
    ENSURE(fd >= 0);
    for (off_t at = 0; at < LOG_SIZE; at += ZEROS)
        ENSURE(pwrite(fd, zeros, ZEROS, at) == ZEROS);
    ENSURE(fsync(fd) == 0);
    free(zeros);
    return fd;
}

static void log_write(const void *head, size_t head_size, const void *body, size_t body_size)
{
    struct iovec pieces[] = {{(void *)(uintptr_t)head, head_size},
                             {(void *)(uintptr_t)body, body_size}};
    size_t size = head_size + body_size;
    if (b.at + (off_t)size > LOG_SIZE)
        b.at = 0;
    ENSURE(pwritev(b.log, pieces, body_size ? 2 : 1, b.at) == (ssize_t)size);
    b.at += (off_t)size;
}

static bool take_sender(void *socket, struct peer *ret_peer)
{
    int size = zmq_recv(socket, ret_peer->id, sizeof(ret_peer->id), ZMQ_DONTWAIT);
    ret_peer->size = size > 0 ? (size_t)size : 0;
    ret_peer->held = 0;
    return size > 0;
}

static unsigned take_articles(void)
{
    unsigned count = 0;
    struct peer feeder;
    while (count < TURN_MOST && b.end - b.first < QUEUE_MOST && take_sender(b.feed, &feeder)) {
        struct item *item = &b.queue[b.end++ % QUEUE_MOST];
        item->feeder = feeder;
        ENSURE(zmq_recv(b.feed, &item->number, sizeof(item->number), 0) == sizeof(item->number));
        ENSURE(zmq_msg_init(&item->body) == 0 && zmq_msg_recv(&item->body, b.feed, 0) >= 0);
        log_write(&item->number, sizeof(item->number), zmq_msg_data(&item->body),
                  zmq_msg_size(&item->body));
        count++;
    }
    return count;
}

static unsigned worker_of(const struct peer *peer)
{
    unsigned at = 0;
    while (at < b.worker_count && memcmp(b.workers[at].id, peer->id, peer->size) != 0)
        at++;
    if (at == b.worker_count) {
        ENSURE(at < PEERS_MOST);
        b.workers[b.worker_count++] = *peer;
    }
    return at;
}

static void take_results(void)
{
    struct peer peer;
    b.settled_count = 0;
    while (b.settled_count < TURN_MOST && take_sender(b.work, &peer)) {
        uint64_t number = 0;
        unsigned worker = worker_of(&peer);
        if (zmq_recv(b.work, &number, sizeof(number), 0) != sizeof(number))
            continue; /* it only said that it is there */
        log_write(&number, sizeof(number), NULL, 0);
        b.settled[b.settled_count].worker = worker;
        b.settled[b.settled_count++].number = number;
    }
}

static void say(void *socket, const struct peer *peer, uint64_t number, bool more)
{
    ENSURE(zmq_send(socket, peer->id, peer->size, ZMQ_SNDMORE) >= 0);
    ENSURE(zmq_send(socket, &number, sizeof(number), more ? ZMQ_SNDMORE : 0) >= 0);
}

static void give_articles(void)
{
    for (unsigned full = 0; b.first < b.end && full < b.worker_count;) {
        struct peer *worker = &b.workers[b.next_worker++ % b.worker_count];
        if (worker->held == LOAD_SLOTS) {
            full++;
            continue;
        }
        full = 0;
        worker->held++;
        struct item *item = &b.queue[b.first % QUEUE_MOST];
        say(b.work, worker, b.first++, true);
        ENSURE(zmq_msg_send(&item->body, b.work, 0) >= 0);
    }
}

static void turn(void)
{
    zmq_pollitem_t items[] = {{b.feed, 0, ZMQ_POLLIN, 0}, {b.work, 0, ZMQ_POLLIN, 0}};
    ENSURE(zmq_poll(items, 2, -1) >= 0);
    unsigned taken = take_articles();
    take_results();
    if (taken || b.settled_count)
        ENSURE(fdatasync(b.log) == 0);
    for (uint64_t i = b.end - taken; i < b.end; i++) {
        const struct item *item = &b.queue[i % QUEUE_MOST];
        say(b.feed, &item->feeder, item->number, false);
    }
    for (unsigned i = 0; i < b.settled_count; i++) {
        struct peer *worker = &b.workers[b.settled[i].worker];
        worker->held--;
        say(b.work, worker, b.settled[i].number, false);
    }
    give_articles();
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: bare_broker PORT FILE\n");
        return EXIT_FAILURE;
    }
    void *zmq = zmq_ctx_new();
    int port = (int)strtol(argv[1], NULL, 10);
    b.log = open_log(argv[2]);
    b.queue = memory_new(QUEUE_MOST * sizeof(*b.queue));
    b.feed = bind_to(zmq, port);
    b.work = bind_to(zmq, port + 1);
    (void)puts("ready");
    (void)fflush(stdout);
    for (;;)
        turn();
}
