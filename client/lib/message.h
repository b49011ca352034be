// SPDX-License-Identifier: Apache-2.0
/*
 * message - the frames of one message from the broker, its envelope unpacked.
 *
 * Ownership: a message owns its frames and an arena that its envelope lives in; message_done()
 * gives both back and may be called on a zeroed message.
 */
#ifndef CLIENT_LIB_MESSAGE_H
#define CLIENT_LIB_MESSAGE_H

#include <zmq.h>

#include "common/arena.h"
#include "common/status.h"
#include "proto/joined.h"

#define MESSAGE_FRAMES_LIMIT 4096 /* more are read and dropped: the message is then BROKEN */

struct message {
    zmq_msg_t *frames;
    size_t count;
    struct arena *arena;
    Newsloom__V1__Envelope *envelope;
    size_t lead;
    struct payload joined[ARTICLES_LIMIT]; /* within one frame, when the envelope says so */
};

/* AGAIN: nothing there. INVALID: something came that is no message; it was dropped. The envelope is
 * frame number lead; a SUB socket has its topic before it. */
enum status message_receive(struct message *message, void *socket, size_t lead,
                            struct error *err) MUST_CHECK;
void message_done(struct message *message);

/* The payloads, a frame each or joined; index counts from 0. They live as long as the message. */
size_t message_payload_count(const struct message *message);
struct payload message_payload(const struct message *message, size_t index);

/* To a broker with these features: joined when it takes that and the payloads may go so, which
 * joined_is_said() tells afterwards. AGAIN: nobody is connected, nothing was sent. */
enum status message_send(void *socket, Newsloom__V1__Envelope *envelope, uint64_t features,
                         const struct payload *payloads, size_t count,
                         struct error *err) MUST_CHECK;

#endif
