// SPDX-License-Identifier: Apache-2.0
/*
 * bench_rabbitmq - a RabbitMQ quorum queue under load.h's load, by librabbitmq.
 *
 * A feeder publishes persistent messages on a channel with publisher confirms, as many unconfirmed
 * as its window; a worker has a prefetch of 128 and acknowledges what it holds with one multiple
 * ack. basic.ack has no answer, so an article counts as settled when its ack was written.
 */
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdlib.h>

#include "common/status.h"
#include "tests/bench/peers/load.h"

enum { CHANNEL = 1, WAIT_US = 50000 };

static const char queue[] = "jobs";

static void expect_normal(const amqp_rpc_reply_t *reply, const char *what)
{
    if (reply->reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION)
        load_fail(what, amqp_error_string2(reply->library_error));
    if (reply->reply_type != AMQP_RESPONSE_NORMAL)
        load_fail(what, "refused by the server");
}

static void check(amqp_connection_state_t connection, const char *what)
{
    amqp_rpc_reply_t reply = amqp_get_rpc_reply(connection);
    expect_normal(&reply, what);
}

static bool is_timeout(const amqp_rpc_reply_t *reply)
{
    return reply->reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
           reply->library_error == AMQP_STATUS_TIMEOUT;
}

static amqp_connection_state_t reach(void)
{
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);
    int code = amqp_socket_open(socket, load.host, load.port);
    if (code)
        load_fail("connect", amqp_error_string2(code));
    amqp_rpc_reply_t reply = amqp_login(connection, "/", 0, AMQP_DEFAULT_FRAME_SIZE, 0,
                                        AMQP_SASL_METHOD_PLAIN, "guest", "guest");
    expect_normal(&reply, "login");
    amqp_channel_open(connection, CHANNEL);
    check(connection, "channel");
    return connection;
}

static void leave(amqp_connection_state_t connection)
{
    (void)amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
    (void)amqp_destroy_connection(connection);
}

static void prepare(void)
{
    amqp_connection_state_t connection = reach();
    amqp_table_entry_t type = {.key = amqp_cstring_bytes("x-queue-type"),
                               .value = {.kind = AMQP_FIELD_KIND_UTF8}};
    type.value.value.bytes = amqp_cstring_bytes("quorum");
    amqp_table_t arguments = {.num_entries = 1, .entries = &type};
    amqp_queue_declare(connection, CHANNEL, amqp_cstring_bytes(queue), 0, 1, 0, 0, arguments);
    check(connection, "declare");
    leave(connection);
}

/* What the server has confirmed; single confirms may overtake each other. */
struct confirms {
    uint64_t through; /* this and all before */
    bool *beyond;     /* of those behind it, by number modulo room */
    uint64_t room;
};

static void note_confirm(struct confirms *confirms, uint64_t number, bool is_multiple)
{
    while (is_multiple && confirms->through < number)
        confirms->beyond[++confirms->through % confirms->room] = false;
    if (!is_multiple)
        confirms->beyond[number % confirms->room] = true;
    while (confirms->beyond[(confirms->through + 1) % confirms->room])
        confirms->beyond[++confirms->through % confirms->room] = false;
}

static void hear_confirm(amqp_connection_state_t connection, struct confirms *confirms)
{
    amqp_frame_t frame;
    int code = amqp_simple_wait_frame(connection, &frame);
    if (code)
        load_fail("confirm", amqp_error_string2(code));
    if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
        load_fail("confirm", "something else came");
    const amqp_basic_ack_t *ack = frame.payload.method.decoded;
    note_confirm(confirms, ack->delivery_tag, ack->multiple);
    amqp_maybe_release_buffers(connection);
}

static void feed(const char *article)
{
    amqp_connection_state_t connection = reach();
    amqp_confirm_select(connection, CHANNEL);
    check(connection, "confirm.select");
    amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
                                          .delivery_mode = AMQP_DELIVERY_PERSISTENT};
    amqp_bytes_t body = {load.size, (void *)(uintptr_t)article};
    struct confirms confirms = {.room = 2ULL * load.window};
    confirms.beyond = memory_new(confirms.room * sizeof(*confirms.beyond));
    uint64_t written = 0;
    for (unsigned count = 0; (count = load_claim()) > 0;) {
        for (unsigned i = 0; i < count; i++) {
            int code = amqp_basic_publish(connection, CHANNEL, amqp_empty_bytes,
                                          amqp_cstring_bytes(queue), 0, 0, &properties, body);
            if (code)
                load_fail("publish", amqp_error_string2(code));
        }
        written += count;
        while (written - confirms.through + load.batch > load.window)
            hear_confirm(connection, &confirms);
    }
    while (confirms.through < written)
        hear_confirm(connection, &confirms);
    free(confirms.beyond);
    leave(connection);
}

static bool take(amqp_connection_state_t connection, bool may_wait, uint64_t *ret_tag)
{
    struct timeval wait = {.tv_usec = may_wait ? WAIT_US : 0};
    amqp_envelope_t envelope;
    amqp_maybe_release_buffers(connection);
    amqp_rpc_reply_t reply = amqp_consume_message(connection, &envelope, &wait, 0);
    if (is_timeout(&reply))
        return false;
    expect_normal(&reply, "consume");
    ENSURE(envelope.message.body.len == load.size);
    *ret_tag = envelope.delivery_tag;
    amqp_destroy_envelope(&envelope);
    return true;
}

static void work(unsigned number)
{
    (void)number;
    amqp_connection_state_t connection = reach();
    amqp_basic_qos(connection, CHANNEL, 0, LOAD_SLOTS, 0);
    check(connection, "qos");
    amqp_basic_consume(connection, CHANNEL, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0,
                       amqp_empty_table);
    check(connection, "consume");
    while (!load_is_over()) {
        uint64_t tag = 0;
        unsigned held = 0;
        while (held < LOAD_SLOTS / 2 && take(connection, held == 0, &tag))
            held++;
        if (!held)
            continue;
        int code = amqp_basic_ack(connection, CHANNEL, tag, 1);
        if (code)
            load_fail("ack", amqp_error_string2(code));
        load_settle(held);
    }
    leave(connection);
}

int main(int argc, char **argv)
{
    return load_run(argc, argv, &(struct load_client){prepare, feed, work});
}
