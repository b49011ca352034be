// SPDX-License-Identifier: Apache-2.0
#include "client/lib/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add_frame(struct message *message, zmq_msg_t *frame)
{
    if (message->count == MESSAGE_FRAMES_LIMIT) {
        (void)zmq_msg_close(frame);
        return;
    }
    /* An initialised frame must be moved, not copied, by zmq_msg_move: the array grows first. */
    if ((message->count & (message->count - 1)) == 0) {
        size_t capacity = message->count ? 2 * message->count : 1;
        zmq_msg_t *grown = memory_new(capacity * sizeof(*grown));
        for (size_t i = 0; i < message->count; i++) {
            (void)zmq_msg_init(&grown[i]);
            (void)zmq_msg_move(&grown[i], &message->frames[i]);
            (void)zmq_msg_close(&message->frames[i]);
        }
        free(message->frames);
        message->frames = grown;
    }
    zmq_msg_t *place = &message->frames[message->count++];
    (void)zmq_msg_init(place);
    (void)zmq_msg_move(place, frame);
    (void)zmq_msg_close(frame);
}

static enum status read_frames(struct message *message, void *socket, struct error *err)
{
    for (bool more = true; more;) {
        zmq_msg_t frame;
        (void)zmq_msg_init(&frame);
        /* The parts of a message arrive together: only the first can be missing. */
        if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) {
            (void)zmq_msg_close(&frame);
            if (errno == EINTR && message->count)
                continue;
            if (errno == EAGAIN || errno == EINTR)
                return error_set(err, STATUS_AGAIN, "could not receive: there is nothing yet");
            return error_set_errno(err, STATUS_BROKEN, "could not receive from the broker");
        }
        more = zmq_msg_more(&frame);
        add_frame(message, &frame);
    }
    return STATUS_OK;
}

/* The frame of joined payloads, if there are such, is found to be as the envelope says. */
static enum status find_payloads(struct message *message, struct error *err)
{
    size_t frame_count = message->count - message->lead - 1;
    Newsloom__V1__RefusalCode refusal = NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE;
    if (!joined_is_said(message->envelope))
        return STATUS_OK;
    struct payload frame = {NULL, 0};
    if (frame_count > 0) {
        zmq_msg_t *first = &message->frames[message->lead + 1];
        frame = (struct payload){zmq_msg_data(first), zmq_msg_size(first)};
    }
    return joined_split(message->envelope, frame_count, frame, message->joined, &refusal, err);
}

enum status message_receive(struct message *message, void *socket, size_t lead, struct error *err)
{
    message_done(message);
    enum status status = read_frames(message, socket, err);
    if (status == STATUS_OK && (message->count <= lead || message->count == MESSAGE_FRAMES_LIMIT))
        status = error_set(err, STATUS_INVALID, "a message of %zu frames is none of the broker's",
                           message->count);
    if (status == STATUS_OK) {
        Newsloom__V1__RefusalCode refusal = NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE;
        message->arena = arena_new(ENVELOPE_BUDGET);
        status = envelope_unpack(zmq_msg_data(&message->frames[lead]),
                                 zmq_msg_size(&message->frames[lead]), message->arena,
                                 &message->envelope, &refusal, err);
        message->lead = lead;
    }
    if (status == STATUS_OK)
        status = find_payloads(message, err);
    if (status != STATUS_OK)
        message_done(message);
    return status;
}

void message_done(struct message *message)
{
    for (size_t i = 0; i < message->count; i++)
        (void)zmq_msg_close(&message->frames[i]);
    free(message->frames);
    if (message->arena)
        arena_free(&message->arena);
    *message = (struct message){0};
}

size_t message_payload_count(const struct message *message)
{
    return joined_is_said(message->envelope) ? message->envelope->n_payload_sizes
                                             : message->count - message->lead - 1;
}

struct payload message_payload(const struct message *message, size_t index)
{
    if (joined_is_said(message->envelope))
        return message->joined[index];
    zmq_msg_t *frame = &message->frames[message->lead + 1 + index];
    return (struct payload){zmq_msg_data(frame), zmq_msg_size(frame)};
}

static bool send_frame(void *socket, const void *bytes, size_t size, int flags)
{
    int sent = 0;
    do
        sent = zmq_send(socket, size ? bytes : "", size, flags | ZMQ_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

static bool send_joined(void *socket, const struct payload *payloads, size_t count, size_t bytes)
{
    zmq_msg_t frame;
    ENSURE(zmq_msg_init_size(&frame, bytes) == 0);
    joined_fill(zmq_msg_data(&frame), payloads, count);
    int sent = 0;
    do
        sent = zmq_msg_send(&frame, socket, ZMQ_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        (void)zmq_msg_close(&frame);
    return sent >= 0;
}

enum status message_send(void *socket, Newsloom__V1__Envelope *envelope, uint64_t features,
                         const struct payload *payloads, size_t count, struct error *err)
{
    uint8_t packed[ENVELOPE_LIMIT];
    uint32_t sizes[ARTICLES_LIMIT];
    size_t joined = joined_mark(envelope, features, payloads, count, sizes);
    size_t size = newsloom__v1__envelope__get_packed_size(envelope);
    ENSURE(size <= sizeof(packed));
    (void)newsloom__v1__envelope__pack(envelope, packed);
    bool sent = send_frame(socket, packed, size, count ? ZMQ_SNDMORE : 0);
    if (sent && joined)
        sent = send_joined(socket, payloads, count, joined);
    for (size_t i = 0; sent && !joined && i < count; i++)
        sent = send_frame(socket, payloads[i].bytes, payloads[i].size,
                          i + 1 < count ? ZMQ_SNDMORE : 0);
    if (sent)
        return STATUS_OK;
    if (errno == EAGAIN)
        return error_set(err, STATUS_AGAIN, "could not send: the broker is not connected");
    return error_set_errno(err, STATUS_BROKEN, "could not send to the broker");
}
