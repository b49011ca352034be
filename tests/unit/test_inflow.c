// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "broker/inflow.h"
#include "tests/support/testing.h"

static int make_pair(void **state)
{
    static int files[2];
    *state = files;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, files);
}

static int close_pair(void **state)
{
    const int *files = *state;
    (void)close(files[0]);
    return close(files[1]);
}

static void what_is_received_is_counted(void **state)
{
    const int *files = *state;
    char bytes[8] = "";
    uint64_t before = inflow_bytes(files[1]);
    assert_int_equal(send(files[0], "fourteen bytes", 14, 0), 14);
    assert_int_equal(recv(files[1], bytes, sizeof(bytes), 0), sizeof(bytes));
    assert_memory_equal(bytes, "fourteen", sizeof(bytes));
    assert_int_equal(inflow_bytes(files[1]) - before, 8);
    assert_int_equal(recv(files[1], bytes, sizeof(bytes), MSG_PEEK), 6);
    assert_int_equal(inflow_bytes(files[1]) - before, 8);
    assert_int_equal(recv(files[1], bytes, sizeof(bytes), 0), 6);
    assert_int_equal(inflow_bytes(files[1]) - before, 14);
}

static void what_fails_counts_nothing_and_keeps_its_reason(void **state)
{
    const int *files = *state;
    char byte = 0;
    uint64_t before = inflow_bytes(files[1]);
    assert_int_equal(recv(files[1], &byte, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(recv(-1, &byte, 1, 0), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(inflow_bytes(files[1]), before);
    assert_int_equal(inflow_bytes(-1), 0);
}

/* The one that counts: libzmq reads through it, here over ipc://. */
static void zeromq_is_counted(void **state)
{
    (void)state;
    char endpoint[256] = "";
    size_t size = sizeof(endpoint);
    void *context = zmq_ctx_new();
    void *reader = zmq_socket(context, ZMQ_PULL);
    void *writer = zmq_socket(context, ZMQ_PUSH);
    zmq_msg_t message;
    assert_int_equal(zmq_bind(reader, "ipc://*"), 0);
    assert_int_equal(zmq_getsockopt(reader, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
    assert_int_equal(zmq_connect(writer, endpoint), 0);
    assert_int_equal(zmq_send(writer, endpoint, sizeof(endpoint), 0), sizeof(endpoint));
    assert_int_equal(zmq_msg_init(&message), 0);
    assert_int_equal(zmq_msg_recv(&message, reader, 0), sizeof(endpoint));
    assert_true(inflow_bytes(zmq_msg_get(&message, ZMQ_SRCFD)) > sizeof(endpoint));
    assert_int_equal(zmq_msg_close(&message), 0);
    assert_int_equal(zmq_close(writer), 0);
    assert_int_equal(zmq_close(reader), 0);
    assert_int_equal(zmq_ctx_term(context), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_received_is_counted, make_pair, close_pair),
        cmocka_unit_test_setup_teardown(what_fails_counts_nothing_and_keeps_its_reason, make_pair,
                                        close_pair),
        cmocka_unit_test(zeromq_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
