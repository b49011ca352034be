// SPDX-License-Identifier: Apache-2.0
/*
 * zap - the judgement on one handshake, by the rules of ZAP 1.0 (ZeroMQ RFC 27).
 *
 * ZeroMQ asks at inproc://zeromq.zap.01 before it lets a peer in; the domain of the question is the
 * name of the socket. Let in is who proved with CURVE to hold a key of the table that is not
 * revoked and has the socket's role. The answer's User-Id is the public key's text: the only thing
 * about a peer that is believed later, for the peer itself cannot set it.
 *
 * A function of its input: the thread that calls it is in broker/door.h.
 */
#ifndef BROKER_ZAP_H
#define BROKER_ZAP_H

#include "broker/keys.h"

#define ZAP_ENDPOINT      "inproc://zeromq.zap.01"
#define ZAP_FRAMES_MOST   16
#define ADDRESS_TEXT_SIZE 64

enum zap_frame {
    ZAP_VERSION,
    ZAP_REQUEST,
    ZAP_DOMAIN,
    ZAP_ADDRESS,
    ZAP_IDENTITY,
    ZAP_MECHANISM,
    ZAP_CREDENTIALS,
    ZAP_CURVE_FRAMES
};

struct zap_bytes {
    const void *data;
    size_t size;
};

struct zap_answer {
    const char *code;                 /* "200", "400" or "500" */
    const char *text;                 /* why not */
    char address[ADDRESS_TEXT_SIZE];  /* for the log */
    char user_id[CURVE_TEXT_SIZE];    /* empty unless 200 */
    enum socket_name socket;          /* SOCKET_COUNT: it named none of ours */
    const struct key *key;            /* NULL: nobody's */
    char public_key[CURVE_TEXT_SIZE]; /* what was shown, for the log; may be empty */
};

/* keys NULL: nobody is let in. */
void zap_judge(const struct zap_bytes *frames, size_t count, const struct keys *keys,
               struct zap_answer *ret_answer);

#endif
