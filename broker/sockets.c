// SPDX-License-Identifier: Apache-2.0
#include "broker/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/door.h"
#include "common/digest.h"

enum {
    ENDPOINT_SIZE = 256,
    HANDSHAKE_MS = 5000,
    KERNEL_BYTES = 16 * 1024 * 1024,
    /* each of ours, its monitor and that of ours, and the one of ZAP */
    SOCKETS_IN_ALL = 3 * SOCKET_COUNT + 1,
};

/* One row a socket; high-water marks count messages. */
static const struct {
    const char *name;
    int type;
    int receive_hwm;
    int send_hwm;
} rows[SOCKET_COUNT] = {
    [SOCKET_FEED] = {"feed", ZMQ_ROUTER, 64, 1000},         /* receipts are small */
    [SOCKET_WORK] = {"work", ZMQ_ROUTER, 256, 1000},        /* dispatches are bounded by slots */
    [SOCKET_SUBSCRIBE] = {"subscribe", ZMQ_ROUTER, 64, 16}, /* batches carry extractions */
    /* drops beyond it; with a receive mark of 1 no topic would come in through CURVE */
    [SOCKET_LIVE] = {"live", ZMQ_XPUB, 64, 1000},
    [SOCKET_OPERATOR] = {"operator", ZMQ_ROUTER, 16, 64},
};

/* zmq.h names it only for programs that ask for its drafts, but the library has had it since 4.3.
 */
#define ZMQ_ZAP_ENFORCE_DOMAIN_OPTION 93

struct sockets {
    void *context;
    struct door *door;
    void *handles[SOCKET_COUNT];
    char endpoints[SOCKET_COUNT][ENDPOINT_SIZE];
    bool was_listened_to; /* somebody was granted a topic */
};

bool peer_is(const struct peer *peer, const struct peer *other)
{
    return peer->size == other->size && memcmp(peer->id, other->id, peer->size) == 0;
}

struct message *message_new(void)
{
    struct message *message = memory_new(sizeof(*message));
    message->arena = arena_new(ENVELOPE_BUDGET);
    ENSURE(zmq_msg_init(&message->envelope) == 0);
    return message;
}

void message_clear(struct message *message)
{
    for (size_t i = 0; i < message->frame_count; i++)
        ENSURE(zmq_msg_close(&message->frames[i]) == 0);
    ENSURE(zmq_msg_close(&message->envelope) == 0);
    ENSURE(zmq_msg_init(&message->envelope) == 0);
    message->frame_count = 0;
    message->payload_count = 0;
    message->excess = 0;
    message->next = NULL;
    message->visit = (struct visit){.file = -1};
    arena_reset(message->arena);
}

void message_free(struct message **message_p)
{
    struct message *message = *message_p;
    if (!message)
        return;
    message_clear(message);
    ENSURE(zmq_msg_close(&message->envelope) == 0);
    arena_free(&message->arena);
    free(message);
    *message_p = NULL;
}

size_t message_bytes(const struct message *message)
{
    size_t bytes = zmq_msg_size(&message->envelope);
    for (size_t i = 0; i < message->frame_count; i++)
        bytes += zmq_msg_size(&message->frames[i]);
    return bytes;
}

enum status message_split(struct message *message, const Newsloom__V1__Envelope *envelope,
                          Newsloom__V1__RefusalCode *ret_refusal, struct error *err)
{
    zmq_msg_t *frames = message->frames;
    if (joined_is_said(envelope)) {
        struct payload frame = {NULL, 0};
        if (message->frame_count > 0)
            frame = (struct payload){zmq_msg_data(&frames[0]), zmq_msg_size(&frames[0])};
        enum status status = joined_split(envelope, message->frame_count + message->excess, frame,
                                          message->payloads, ret_refusal, err);
        if (status == STATUS_OK)
            message->payload_count = envelope->n_payload_sizes;
        return status;
    }
    for (size_t i = 0; i < message->frame_count; i++)
        message->payloads[i] = (struct payload){zmq_msg_data(&frames[i]), zmq_msg_size(&frames[i])};
    message->payload_count = message->frame_count;
    return STATUS_OK;
}

void message_lend(struct message *message, size_t at, zmq_msg_t *ret_frame)
{
    const struct payload *payload = &message->payloads[at];
    if (message->payload_count == message->frame_count) {
        ENSURE(zmq_msg_init(ret_frame) == 0);
        ENSURE(zmq_msg_copy(ret_frame, &message->frames[at]) == 0);
        return;
    }
    ENSURE(zmq_msg_init_size(ret_frame, payload->size) == 0);
    if (payload->size > 0)
        memcpy(zmq_msg_data(ret_frame), payload->bytes, payload->size);
}

static bool set_int(void *handle, int option, int value)
{
    return zmq_setsockopt(handle, option, &value, sizeof(value)) == 0;
}

static int64_t frame_limit_of(enum socket_name name, const struct sockets_options *options)
{
    int64_t frame_limit = (int64_t)(2 * options->payload_limit);
    if (frame_limit < 2 * (int64_t)JOINED_LIMIT)
        frame_limit = 2 * (int64_t)JOINED_LIMIT;
    if (name == SOCKET_WORK && frame_limit < 2 * (int64_t)EXTRACTION_LIMIT)
        frame_limit = 2 * (int64_t)EXTRACTION_LIMIT;
    if (name == SOCKET_SUBSCRIBE || name == SOCKET_OPERATOR || name == SOCKET_LIVE)
        frame_limit = 2 * ENVELOPE_LIMIT; /* nothing but envelopes comes in */
    return frame_limit;
}

/* What a peer that is well may have under way before a whole message of it is heard. A feeder is
 * told so (limit.outstanding); of others the largest message that could be accepted, and what the
 * kernel may hold. */
static uint64_t silence_limit_of(enum socket_name name, const struct sockets_options *options)
{
    uint64_t least = (uint64_t)frame_limit_of(name, options);
    if (name == SOCKET_FEED)
        return options->outstanding_limit > least ? options->outstanding_limit : least;
    return (ARTICLES_LIMIT + 1) * (uint64_t)frame_limit_of(name, options) / 2 + KERNEL_BYTES;
}

static bool set_options(void *handle, enum socket_name name, const struct sockets_options *options)
{
    int64_t frame_limit = frame_limit_of(name, options);
    bool is_router = rows[name].type == ZMQ_ROUTER;
    return set_int(handle, ZMQ_LINGER, 0) && set_int(handle, ZMQ_SNDTIMEO, 0) &&
           set_int(handle, ZMQ_SNDHWM, rows[name].send_hwm) &&
           set_int(handle, ZMQ_RCVHWM, rows[name].receive_hwm) &&
           set_int(handle, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) &&
           set_int(handle, ZMQ_HEARTBEAT_IVL, options->beat_ms) &&
           set_int(handle, ZMQ_HEARTBEAT_TIMEOUT, 3 * options->beat_ms) &&
           set_int(handle, ZMQ_TCP_MAXRT, 3 * options->beat_ms) &&
           (name != SOCKET_LIVE || set_int(handle, ZMQ_XPUB_MANUAL, 1)) &&
           set_int(handle, ZMQ_IPV6, strchr(options->listen[name], '[') != NULL) &&
           (!is_router || set_int(handle, ZMQ_ROUTER_MANDATORY, 1)) &&
           zmq_setsockopt(handle, ZMQ_MAXMSGSIZE, &frame_limit, sizeof(frame_limit)) == 0;
}

/* ZAP's domain is the socket's name; no answer from ZAP is a refusal. */
static bool set_keys(void *handle, enum socket_name name, const struct sockets_options *options)
{
    const char *domain = rows[name].name;
    return set_int(handle, ZMQ_CURVE_SERVER, 1) &&
           set_int(handle, ZMQ_ZAP_ENFORCE_DOMAIN_OPTION, 1) &&
           zmq_setsockopt(handle, ZMQ_CURVE_SECRETKEY, options->own->secret_key, CURVE_KEY_SIZE) ==
               0 &&
           zmq_setsockopt(handle, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) == 0;
}

static enum status bind_one(struct sockets *sockets, enum socket_name name,
                            const struct sockets_options *options, struct error *err)
{
    const char *endpoint = options->listen[name];
    void *handle = zmq_socket(sockets->context, rows[name].type);
    if (!handle)
        return error_set(err, STATUS_BROKEN, "could not make the %s socket: %s", rows[name].name,
                         zmq_strerror(errno));
    sockets->handles[name] = handle;
    if (!set_options(handle, name, options) || (options->keys && !set_keys(handle, name, options)))
        return error_set(err, STATUS_BROKEN, "could not set up the %s socket: %s", rows[name].name,
                         zmq_strerror(errno));
    if (door_watch(sockets->door, handle, name, err) != STATUS_OK)
        return STATUS_BROKEN;
    if (zmq_bind(handle, endpoint) != 0)
        return error_set(err, STATUS_INVALID,
                         "could not listen on \"%s\": %s: choose another with listen.%s", endpoint,
                         zmq_strerror(errno), rows[name].name);
    size_t size = ENDPOINT_SIZE;
    if (zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, sockets->endpoints[name], &size) != 0)
        return error_set(err, STATUS_BROKEN, "could not ask where the %s socket listens: %s",
                         rows[name].name, zmq_strerror(errno));
    return STATUS_OK;
}

enum status sockets_open(struct sockets **ret_sockets, const struct sockets_options *options,
                         struct error *err)
{
    struct sockets *sockets = memory_new(sizeof(*sockets));
    sockets->context = zmq_ctx_new();
    ENSURE(sockets->context);
    ENSURE(zmq_ctx_set(sockets->context, ZMQ_MAX_SOCKETS, SOCKETS_IN_ALL) == 0);
    struct door_options door = {.keys = options->keys,
                                .connection_limit = options->connection_limit,
                                .counters = options->counters};
    for (int name = 0; name < SOCKET_COUNT; name++)
        door.silence_limits[name] = silence_limit_of((enum socket_name)name, options);
    enum status status = door_open(&sockets->door, sockets->context, &door, err);
    for (int name = 0; status == STATUS_OK && name < SOCKET_COUNT; name++) {
        /* a ROUTER numbers its peers from a random() that nobody may predict */
        unsigned seed = 0;
        random_bytes(&seed, sizeof(seed));
        srandom(seed);
        status = bind_one(sockets, (enum socket_name)name, options, err);
    }
    if (status == STATUS_OK)
        status = door_start(sockets->door, err);
    if (status == STATUS_OK)
        *ret_sockets = sockets;
    else
        sockets_close(&sockets, 0);
    return status;
}

void sockets_close(struct sockets **sockets_p, int linger_ms)
{
    struct sockets *sockets = *sockets_p;
    if (!sockets)
        return;
    for (int name = 0; name < SOCKET_COUNT; name++) {
        if (!sockets->handles[name])
            continue;
        (void)set_int(sockets->handles[name], ZMQ_LINGER, linger_ms);
        (void)zmq_close(sockets->handles[name]);
    }
    (void)zmq_ctx_shutdown(sockets->context); /* the door's thread ends; what lingers may leave */
    door_close(&sockets->door);
    while (zmq_ctx_term(sockets->context) != 0 && errno == EINTR) {
    }
    free(sockets);
    *sockets_p = NULL;
}

void *sockets_handle(const struct sockets *sockets, enum socket_name name)
{
    return sockets->handles[name];
}

const char *sockets_endpoint(const struct sockets *sockets, enum socket_name name)
{
    return sockets->endpoints[name];
}

const char *sockets_name(enum socket_name name)
{
    return rows[name].name;
}

static bool receive_frame(void *handle, zmq_msg_t *frame)
{
    while (zmq_msg_recv(frame, handle, ZMQ_DONTWAIT) < 0) {
        if (errno != EINTR)
            return false;
    }
    return true;
}

static void receive_payloads(void *handle, struct message *message)
{
    bool more = zmq_msg_more(&message->envelope);
    while (more) {
        zmq_msg_t frame;
        ENSURE(zmq_msg_init(&frame) == 0);
        if (!receive_frame(handle, &frame)) {
            (void)zmq_msg_close(&frame);
            return;
        }
        more = zmq_msg_more(&frame);
        if (message->frame_count == ARTICLES_LIMIT) {
            message->excess++;
            (void)zmq_msg_close(&frame);
        } else {
            message->frames[message->frame_count++] = frame;
        }
    }
}

static void note_visit(struct message *message)
{
    /* only with ZAP is User-Id not the peer's own word: the guard asks for it with keys alone */
    message->visit.user_id = zmq_msg_gets(&message->envelope, "User-Id");
    message->visit.file = zmq_msg_get(&message->envelope, ZMQ_SRCFD);
}

bool sockets_receive(struct sockets *sockets, enum socket_name name, struct message *message)
{
    void *handle = sockets->handles[name];
    zmq_msg_t *frame = &message->envelope;
    if (!receive_frame(handle, frame))
        return false;
    size_t size = zmq_msg_size(frame);
    ENSURE(size <= PEER_LIMIT);
    message->peer.size = (uint8_t)size;
    memcpy(message->peer.id, zmq_msg_data(frame), size);
    if (!zmq_msg_more(frame) || !receive_frame(handle, frame)) {
        message_clear(message); /* nothing after the routing id: an envelope of no bytes */
        return true;
    }
    note_visit(message);
    receive_payloads(handle, message);
    door_heard(sockets->door, message->visit.file);
    return true;
}

bool sockets_hear_topic(struct sockets *sockets, struct message *message)
{
    zmq_msg_t *frame = &message->envelope;
    while (receive_frame(sockets->handles[SOCKET_LIVE], frame)) {
        const uint8_t *bytes = zmq_msg_data(frame);
        if (zmq_msg_size(frame) > 0 && bytes[0] <= 1) {
            note_visit(message);
            message->visit.is_leaving = bytes[0] == 0;
            return true;
        }
    }
    return false;
}

void sockets_grant_topic(struct sockets *sockets, const struct message *message)
{
    const uint8_t *bytes = zmq_msg_data((zmq_msg_t *)&message->envelope);
    size_t size = zmq_msg_size(&message->envelope);
    sockets->was_listened_to = true;
    (void)zmq_setsockopt(sockets->handles[SOCKET_LIVE],
                         message->visit.is_leaving ? ZMQ_UNSUBSCRIBE : ZMQ_SUBSCRIBE, bytes + 1,
                         size - 1);
}

bool sockets_were_listened_to(const struct sockets *sockets)
{
    return sockets->was_listened_to;
}

void sockets_cut(const struct sockets *sockets, enum socket_name name, int file)
{
    door_cut(file, sockets->endpoints[name]);
}

void sockets_change_keys(struct sockets *sockets, const struct keys *keys)
{
    door_change_keys(sockets->door, keys);
}

static bool send_frame(void *handle, zmq_msg_t *frame, bool more)
{
    while (zmq_msg_send(frame, handle, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) < 0) {
        if (errno != EINTR)
            return false;
    }
    return true;
}

static bool send_bytes(void *handle, const void *bytes, size_t size, bool more)
{
    while (zmq_send(handle, bytes, size, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) < 0) {
        if (errno != EINTR)
            return false;
    }
    return true;
}

size_t sockets_join(Newsloom__V1__Envelope *envelope, uint64_t features, zmq_msg_t *payloads,
                    size_t count, uint32_t sizes[ARTICLES_LIMIT])
{
    struct payload list[ARTICLES_LIMIT];
    if (count > ARTICLES_LIMIT)
        return count;
    for (size_t i = 0; i < count; i++)
        list[i] = (struct payload){zmq_msg_data(&payloads[i]), zmq_msg_size(&payloads[i])};
    size_t bytes = joined_mark(envelope, features, list, count, sizes);
    if (bytes == 0)
        return count;
    zmq_msg_t frame;
    ENSURE(zmq_msg_init_size(&frame, bytes) == 0);
    joined_fill(zmq_msg_data(&frame), list, count);
    ENSURE(zmq_msg_move(&payloads[0], &frame) == 0);
    ENSURE(zmq_msg_close(&frame) == 0);
    return 1;
}

enum sent sockets_send(struct sockets *sockets, enum socket_name name, const struct peer *peer,
                       const Newsloom__V1__Envelope *envelope, zmq_msg_t *payloads, size_t count)
{
    void *handle = sockets->handles[name];
    /* only the first frame can be refused: a ROUTER that took it takes the message */
    if (!send_bytes(handle, peer->id, peer->size, true))
        return errno == EAGAIN ? SENT_BLOCKED : SENT_GONE;
    uint8_t bytes[2 * ENVELOPE_LIMIT];
    size_t size = protobuf_c_message_get_packed_size(&envelope->base);
    ENSURE(size <= sizeof(bytes));
    (void)protobuf_c_message_pack(&envelope->base, bytes);
    ENSURE(send_bytes(handle, bytes, size, count > 0));
    for (size_t i = 0; i < count; i++)
        ENSURE(send_frame(handle, &payloads[i], i + 1 < count));
    return SENT;
}

void sockets_publish(struct sockets *sockets, const char *topic, zmq_msg_t *envelope,
                     zmq_msg_t *payload)
{
    void *handle = sockets->handles[SOCKET_LIVE];
    zmq_msg_t frames[2];
    ENSURE(zmq_msg_init(&frames[0]) == 0 && zmq_msg_init(&frames[1]) == 0);
    ENSURE(zmq_msg_copy(&frames[0], envelope) == 0 && zmq_msg_copy(&frames[1], payload) == 0);
    if (send_bytes(handle, topic, strlen(topic), true) && send_frame(handle, &frames[0], true) &&
        send_frame(handle, &frames[1], false))
        return;
    (void)zmq_msg_close(&frames[0]); /* harmless on one that was sent */
    (void)zmq_msg_close(&frames[1]);
}
