// SPDX-License-Identifier: Apache-2.0
#include "broker/door.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "broker/tallies.h"
#include "broker/visitors.h"
#include "broker/zap.h"
#include "common/clock.h"
#include "common/log.h"

enum { EVENT_SIZE = 6, FRAME_LIMIT = 512, FEW_FILES = 256, HEARD_FILES = 65536, LOOK_MS = 100 };

/* While somebody came or was cut off a moment ago the door looks more often, as far as that costs a
 * twentieth of a core. */
enum { ALERT_MS = 10000, ALERT_LOOK_MS = 5, LOOKS_A_MS = 50 };

struct door {
    void *context;
    struct counters *counters;
    void *zap; /* NULL: no keys */
    void *monitors[SOCKET_COUNT];
    pthread_mutex_t mutex; /* guards keys */
    const struct keys *keys;
    pthread_t thread;
    bool is_running;
    uint64_t silence_limits[SOCKET_COUNT];
    _Atomic uint32_t heard[HEARD_FILES]; /* whole messages by file; two files may share one */
    struct visitors *visitors;           /* the thread's own, as all below */
    int64_t looked_ms;
    int64_t alert_ms; /* when somebody came, or was cut off for a message without end */
    char endpoints[SOCKET_COUNT][FRAME_LIMIT];
    struct log_gate refused_gate;
    struct log_gate broken_gate;
    struct log_gate cut_gate;
    struct log_gate full_gate;
};

static void count(struct door *door, enum tally row)
{
    counters_add(door->counters, row, 1);
}

/* ---- handshakes ---- */

static enum tally tally_of(const struct zap_answer *answer)
{
    if (answer->code[0] == '2')
        return TALLY_LET_IN;
    if (!answer->key)
        return TALLY_TURNED_UNKNOWN;
    return answer->key->is_revoked ? TALLY_TURNED_REVOKED : TALLY_TURNED_ROLE;
}

static void log_refused(struct door *door, const struct zap_answer *answer)
{
    char address[LOG_QUOTE_SIZE];
    if (!log_gate_open(&door->refused_gate))
        return;
    log_warn("handshake-refused",
             "socket=%s address=%s name=%s key=%s reason=\"%s\" suppressed=%llu: not let in",
             answer->socket < SOCKET_COUNT ? sockets_name(answer->socket) : "none",
             log_quote(answer->address, address), answer->key ? answer->key->name : "unknown",
             answer->public_key, answer->text, door->refused_gate.suppressed);
}

static size_t receive_question(struct door *door, zmq_msg_t *frames)
{
    size_t received = 0;
    for (bool more = true; more;) {
        zmq_msg_t frame;
        ENSURE(zmq_msg_init(&frame) == 0);
        if (zmq_msg_recv(&frame, door->zap, ZMQ_DONTWAIT) < 0) {
            (void)zmq_msg_close(&frame);
            return received;
        }
        more = zmq_msg_more(&frame);
        if (received < ZAP_FRAMES_MOST)
            frames[received++] = frame;
        else
            (void)zmq_msg_close(&frame);
    }
    return received;
}

static void send_verdict(struct door *door, const struct zap_bytes *request,
                         const struct zap_answer *answer)
{
    const struct zap_bytes out[] = {
        {"1.0", 3},
        *request,
        {answer->code, strlen(answer->code)},
        {answer->text, strlen(answer->text)},
        {answer->user_id, strlen(answer->user_id)},
        {"", 0}, /* no metadata */
    };
    for (size_t i = 0; i < COUNT_OF(out); i++)
        if (zmq_send(door->zap, out[i].data, out[i].size,
                     ZMQ_DONTWAIT | (i + 1 < COUNT_OF(out) ? ZMQ_SNDMORE : 0)) < 0)
            return; /* who asked has gone */
}

/* False: nobody asks. */
static bool answer_handshake(struct door *door)
{
    zmq_msg_t frames[ZAP_FRAMES_MOST];
    struct zap_bytes bytes[ZAP_FRAMES_MOST] = {0};
    struct zap_bytes request = {"", 0};
    struct zap_answer answer;
    size_t received = receive_question(door, frames);
    if (received == 0)
        return false;
    for (size_t i = 0; i < received; i++)
        bytes[i] = (struct zap_bytes){zmq_msg_data(&frames[i]), zmq_msg_size(&frames[i])};
    if (received > ZAP_REQUEST)
        request = bytes[ZAP_REQUEST];
    (void)pthread_mutex_lock(&door->mutex);
    zap_judge(bytes, received, door->keys, &answer);
    count(door, tally_of(&answer));
    if (answer.code[0] != '2')
        log_refused(door, &answer);
    (void)pthread_mutex_unlock(&door->mutex);
    send_verdict(door, &request, &answer);
    for (size_t i = 0; i < received; i++)
        (void)zmq_msg_close(&frames[i]);
    return true;
}

/* ---- connections ---- */

void door_cut(int file, const char *endpoint)
{
    struct sockaddr_storage bound = {0};
    socklen_t size = sizeof(bound);
    const char *colon = strrchr(endpoint, ':');
    if (file < 0 || !colon || getsockname(file, (struct sockaddr *)&bound, &size) != 0)
        return;
    /* the file may be another's by now: what listens elsewhere is left alone */
    unsigned port = 0;
    bool is_ours = false;
    if (bound.ss_family == AF_INET)
        port = ntohs(((const struct sockaddr_in *)&bound)->sin_port);
    else if (bound.ss_family == AF_INET6)
        port = ntohs(((const struct sockaddr_in6 *)&bound)->sin6_port);
    else if (bound.ss_family == AF_UNIX)
        is_ours = strcmp(((const struct sockaddr_un *)&bound)->sun_path,
                         endpoint + strlen("ipc://")) == 0;
    if (is_ours || (port != 0 && port == strtoul(colon + 1, NULL, 10)))
        (void)shutdown(file, SHUT_RDWR);
}

static void cut(struct door *door, enum socket_name name, int file, const char *why)
{
    count(door, TALLY_CUT);
    if (log_gate_open(&door->cut_gate))
        log_warn("connection-cut", "socket=%s reason=\"%s\" suppressed=%llu: it was shut",
                 sockets_name(name), why, door->cut_gate.suppressed);
    door_cut(file, door->endpoints[name]);
}

static int64_t look_ms(const struct door *door, int64_t now_ms)
{
    uint64_t count = 0;
    if (now_ms - door->alert_ms > ALERT_MS)
        return LOOK_MS;
    for (unsigned name = 0; name < SOCKET_COUNT; name++)
        count += visitors_count(door->visitors, name);
    uint64_t cost_ms = count / LOOKS_A_MS;
    return cost_ms < ALERT_LOOK_MS ? ALERT_LOOK_MS : cost_ms < LOOK_MS ? (int64_t)cost_ms : LOOK_MS;
}

static void cut_endless(struct door *door, enum socket_name name, int file, int64_t now_ms)
{
    door->alert_ms = now_ms;
    cut(door, name, file, "it sends a message without end");
}

/* Ten times a second, and on alert more often. */
static void look_for_endless(struct door *door)
{
    int64_t now_ms = clock_mono_ms();
    if (now_ms - door->looked_ms < look_ms(door, now_ms))
        return;
    door->looked_ms = now_ms;
    for (int file = visitors_next(door->visitors, 0); file >= 0;
         file = visitors_next(door->visitors, file + 1)) {
        enum socket_name name = (enum socket_name)visitors_socket(door->visitors, file);
        uint32_t heard =
            atomic_load_explicit(&door->heard[file % HEARD_FILES], memory_order_relaxed);
        if (name != SOCKET_LIVE &&
            visitors_unheard_bytes(door->visitors, file, heard) > door->silence_limits[name])
            cut_endless(door, name, file, now_ms);
    }
}

void door_heard(struct door *door, int file)
{
    if (file >= 0)
        atomic_fetch_add_explicit(&door->heard[file % HEARD_FILES], 1, memory_order_relaxed);
}

static void hear_accepted(struct door *door, enum socket_name name, int file)
{
    const char *why = visitors_add(door->visitors, file, (unsigned)name);
    door->alert_ms = clock_mono_ms();
    if (why)
        cut(door, name, file, why);
}

static void hear_broken(struct door *door, enum socket_name name, unsigned event, unsigned value)
{
    count(door, TALLY_TURNED_BROKEN);
    if (log_gate_open(&door->broken_gate))
        log_warn("handshake-failed",
                 "socket=%s reason=\"%s\" detail=%#x suppressed=%llu: not let in",
                 sockets_name(name),
                 event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
                     ? "it does not speak our protocol, or has another server key"
                     : "it went away or fell silent in the handshake",
                 value, door->broken_gate.suppressed);
}

static void hear_event(struct door *door, enum socket_name name, unsigned event, unsigned value)
{
    switch (event) {
    case ZMQ_EVENT_ACCEPTED:
        hear_accepted(door, name, (int)value);
        break;
    case ZMQ_EVENT_DISCONNECTED:
        visitors_remove(door->visitors, (int)value);
        break;
    case ZMQ_EVENT_ACCEPT_FAILED:
        count(door, TALLY_CUT);
        if (log_gate_open(&door->full_gate))
            log_warn("accept-failed", "socket=%s reason=\"%s\": its peer tries again",
                     sockets_name(name), zmq_strerror((int)value));
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        hear_broken(door, name, event, value);
        break;
    default:
        break;
    }
    counters_set(door->counters, TALLY_CONNECTIONS_FEED + (size_t)name,
                 visitors_count(door->visitors, (unsigned)name));
}

/* False: nothing happened. */
static bool read_monitor(struct door *door, enum socket_name name)
{
    uint8_t frame[EVENT_SIZE] = {0};
    uint16_t event = 0;
    uint32_t value = 0;
    if (zmq_recv(door->monitors[name], frame, sizeof(frame), ZMQ_DONTWAIT) < 0)
        return false;
    memcpy(&event, frame, sizeof(event));
    memcpy(&value, frame + sizeof(event), sizeof(value));
    /* the second frame is the endpoint as it was really bound */
    int size = zmq_recv(door->monitors[name], door->endpoints[name], FRAME_LIMIT - 1, ZMQ_DONTWAIT);
    door->endpoints[name][size > 0 && size < FRAME_LIMIT ? size : 0] = '\0';
    hear_event(door, name, event, value);
    return true;
}

/* ---- the thread ---- */

static void close_sockets(struct door *door)
{
    for (size_t i = 0; i < SOCKET_COUNT; i++)
        if (door->monitors[i])
            (void)zmq_close(door->monitors[i]);
    if (door->zap)
        (void)zmq_close(door->zap);
}

static void *stand(void *argument)
{
    struct door *door = argument;
    zmq_pollitem_t items[SOCKET_COUNT + 1];
    size_t watched = 0;
    for (; watched < SOCKET_COUNT; watched++)
        items[watched] = (zmq_pollitem_t){.socket = door->monitors[watched], .events = ZMQ_POLLIN};
    if (door->zap)
        items[watched++] = (zmq_pollitem_t){.socket = door->zap, .events = ZMQ_POLLIN};
    while (zmq_poll(items, (int)watched, look_ms(door, clock_mono_ms())) >= 0 || errno == EINTR) {
        look_for_endless(door);
        while (door->zap && answer_handshake(door)) {
        }
        for (int name = 0; name < SOCKET_COUNT; name++)
            while (read_monitor(door, (enum socket_name)name)) {
            }
    }
    close_sockets(door); /* ETERM: the context is being shut down */
    return NULL;
}

enum status door_open(struct door **ret_door, void *context, const struct door_options *options,
                      struct error *err)
{
    struct door *door = memory_new(sizeof(*door));
    struct rlimit files = {.rlim_cur = FEW_FILES};
    (void)getrlimit(RLIMIT_NOFILE, &files);
    door->context = context;
    door->counters = options->counters;
    door->keys = options->keys;
    memcpy(door->silence_limits, options->silence_limits, sizeof(door->silence_limits));
    door->visitors = visitors_new(options->connection_limit, files.rlim_cur / 2);
    (void)pthread_mutex_init(&door->mutex, NULL);
    *ret_door = door;
    if (!door->keys)
        return STATUS_OK;
    int linger = 0;
    door->zap = zmq_socket(context, ZMQ_REP);
    if (!door->zap || zmq_setsockopt(door->zap, ZMQ_LINGER, &linger, sizeof(linger)) != 0 ||
        zmq_bind(door->zap, ZAP_ENDPOINT) != 0)
        return error_set(err, STATUS_BROKEN, "could not bind %s: %s", ZAP_ENDPOINT,
                         zmq_strerror(errno));
    return STATUS_OK;
}

enum status door_watch(struct door *door, void *handle, enum socket_name name, struct error *err)
{
    const int events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_DISCONNECTED |
                       ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
    char endpoint[32];
    int unbounded = 0; /* a full monitor would stop ZeroMQ's own thread */
    int linger = 0;
    (void)snprintf(endpoint, sizeof(endpoint), "inproc://door-%s", sockets_name(name));
    void *monitor = zmq_socket(door->context, ZMQ_PAIR);
    door->monitors[name] = monitor;
    if (!monitor || zmq_socket_monitor(handle, endpoint, events) != 0 ||
        zmq_setsockopt(monitor, ZMQ_RCVHWM, &unbounded, sizeof(unbounded)) != 0 ||
        zmq_setsockopt(monitor, ZMQ_LINGER, &linger, sizeof(linger)) != 0 ||
        zmq_connect(monitor, endpoint) != 0)
        return error_set(err, STATUS_BROKEN, "could not watch the %s socket: %s",
                         sockets_name(name), zmq_strerror(errno));
    return STATUS_OK;
}

enum status door_start(struct door *door, struct error *err)
{
    errno = pthread_create(&door->thread, NULL, stand, door);
    if (errno)
        return error_set_errno(err, STATUS_BROKEN, "could not start the door's thread");
    door->is_running = true;
    return STATUS_OK;
}

void door_change_keys(struct door *door, const struct keys *keys)
{
    (void)pthread_mutex_lock(&door->mutex);
    door->keys = keys;
    (void)pthread_mutex_unlock(&door->mutex);
}

void door_close(struct door **door_p)
{
    struct door *door = *door_p;
    if (!door)
        return;
    if (door->is_running)
        (void)pthread_join(door->thread, NULL);
    else
        close_sockets(door);
    visitors_free(&door->visitors);
    (void)pthread_mutex_destroy(&door->mutex);
    free(door);
    *door_p = NULL;
}
