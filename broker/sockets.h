// SPDX-License-Identifier: Apache-2.0
/*
 * sockets - the broker's five endpoints: bound, bounded, and never blocking.
 *
 * Four ROUTERs and one XPUB. With keys each of them asks for CURVE and lets in whom the door
 * (broker/door.h) lets in; without, everybody. A send is tried once: a peer that has gone or does
 * not read is a result, not a wait. Frames above twice the payload limit disconnect their sender
 * inside ZeroMQ; between one and two times the limit the broker answers TOO_LARGE. Payload frames
 * beyond ARTICLES_LIMIT are read and thrown away one by one, and counted in message->excess.
 *
 * Memory: at most connections x (receive + send high-water marks of the socket's row) x frame limit
 * x (ARTICLES_LIMIT + 1), reached only by peers that send nothing but largest messages and are
 * read by nobody.
 *
 * Not thread-safe: the loop owns the sockets.
 */
#ifndef BROKER_SOCKETS_H
#define BROKER_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <zmq.h>

#include "common/status.h"
#include "proto/joined.h"

enum socket_name {
    SOCKET_FEED,
    SOCKET_WORK,
    SOCKET_SUBSCRIBE,
    SOCKET_LIVE,
    SOCKET_OPERATOR,
    SOCKET_COUNT
};

#define PEER_LIMIT 255

/* A connection, as its ROUTER names it. */
struct peer {
    uint8_t size;
    uint8_t id[PEER_LIMIT];
};
bool peer_is(const struct peer *peer, const struct peer *other);

/* What ZeroMQ itself knows of whom a message came from. */
struct visit {
    const char *user_id; /* what ZAP gave the connection; NULL without keys */
    int file;            /* the connection's; -1: not known */
    bool is_leaving;     /* on the live socket: a topic is taken back */
};

struct message {
    struct message *next; /* for whoever keeps it */
    struct peer peer;
    struct visit visit;  /* lives as long as the envelope */
    struct arena *arena; /* for the unpacked envelope */
    zmq_msg_t envelope;
    zmq_msg_t frames[ARTICLES_LIMIT]; /* what followed it */
    size_t frame_count;
    size_t excess;                           /* frames that were thrown away */
    struct payload payloads[ARTICLES_LIMIT]; /* within the frames, by message_split() */
    size_t payload_count;
};

struct message *message_new(void);
void message_free(struct message **message_p);
void message_clear(struct message *message); /* ready to receive again */
size_t message_bytes(const struct message *message);
/* Finds the payloads, a frame each or joined as the envelope says. INVALID as joined_split(). */
enum status message_split(struct message *message, const Newsloom__V1__Envelope *envelope,
                          Newsloom__V1__RefusalCode *ret_refusal, struct error *err) MUST_CHECK;
/* One of them as a frame of its own, which the caller closes: shared with the message, or a copy of
 * what was joined, so that it does not keep the others in memory. */
void message_lend(struct message *message, size_t at, zmq_msg_t *ret_frame);

struct sockets;
struct keys;
struct curve_pair;
struct counters;

struct sockets_options {
    const char *listen[SOCKET_COUNT];
    uint64_t payload_limit;
    int beat_ms;                  /* of ZeroMQ's own heartbeats */
    const struct keys *keys;      /* NULL: plaintext */
    const struct curve_pair *own; /* the broker's own, with keys */
    uint64_t connection_limit;    /* of one address */
    uint64_t outstanding_limit;   /* bytes of a feeder on the way */
    struct counters *counters;
};

/* Binds all of them. INVALID names the endpoint and the setting that changes it. */
enum status sockets_open(struct sockets **ret_sockets, const struct sockets_options *options,
                         struct error *err) MUST_CHECK;
/* What was sent may still leave for linger_ms. */
void sockets_close(struct sockets **sockets_p, int linger_ms);

/* The ZeroMQ socket, for zmq_poll. */
void *sockets_handle(const struct sockets *sockets, enum socket_name name);
/* What was really bound: "tcp://127.0.0.1:41233". */
const char *sockets_endpoint(const struct sockets *sockets, enum socket_name name);
const char *sockets_name(enum socket_name name); /* "feed" */

/* False: there is nothing to read. */
bool sockets_receive(struct sockets *sockets, enum socket_name name, struct message *message);

enum sent { SENT, SENT_BLOCKED, SENT_GONE };

/* For a peer with these features: when it takes payloads joined and these may go so, the first of
 * them becomes the frame that holds all, and the envelope, otherwise ready, says so with sizes,
 * which it borrows. Returns how many of them to send; all are still the caller's. */
size_t sockets_join(Newsloom__V1__Envelope *envelope, uint64_t features, zmq_msg_t *payloads,
                    size_t count, uint32_t sizes[ARTICLES_LIMIT]);
/* The payloads are taken when the answer is SENT, else they are still the caller's. */
enum sent sockets_send(struct sockets *sockets, enum socket_name name, const struct peer *peer,
                       const Newsloom__V1__Envelope *envelope, zmq_msg_t *payloads, size_t count);
/* The connection over which the message came is ended, whatever it still has to say. */
void sockets_cut(const struct sockets *sockets, enum socket_name name, int file);
/* From now on handshakes are judged by these. */
void sockets_change_keys(struct sockets *sockets, const struct keys *keys);

/* Somebody on the live socket asks for a topic, or takes it back; the topic stands in the message's
 * envelope. False: nobody does. */
bool sockets_hear_topic(struct sockets *sockets, struct message *message);
/* What was heard last shall be so. */
void sockets_grant_topic(struct sockets *sockets, const struct message *message);
/* False: nobody was ever granted one, so nothing need be published. */
bool sockets_were_listened_to(const struct sockets *sockets);
/* The live socket: topic, envelope, payload; the payload is shared, not taken. */
void sockets_publish(struct sockets *sockets, const char *topic, zmq_msg_t *envelope,
                     zmq_msg_t *payload);

#endif
