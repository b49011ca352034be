// SPDX-License-Identifier: Apache-2.0
#include "broker/guard.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BUCKETS = 1024, SAY_MS = 100, SECOND_MS = 1000 };

/* What a key, or a connection without one, has used up. Amounts are thousandths. */
struct usage {
    int64_t messages; /* left */
    int64_t bytes;    /* left; a large message may take it below zero */
    int64_t filled_ms;
    int64_t said_ms; /* when it heard LIMITED last */
    int64_t second_ms;
    uint64_t lost; /* in that second */
    uint64_t connections;
};

struct connection {
    struct connection *next;
    enum socket_name socket;
    struct peer peer; /* empty on the live socket: there the file is its name */
    int file;
    unsigned port; /* of the peer: the same file with another is another connection */
    const struct key *key;
    struct usage own;
    uint64_t topics;
    uint64_t sent;     /* bytes given to ZeroMQ since nothing was under way */
    uint64_t taken_by; /* what its kernel had taken by then */
    int64_t junk_ms;   /* when the second began in which there was */
    unsigned junk;
};

struct guard {
    const struct keys *keys;
    struct quotas limits;
    struct usage *usage; /* one for each of keys, in its order */
    struct connection *buckets[BUCKETS];
};

struct guard *guard_new(const struct keys *keys, const struct quotas *limits)
{
    struct guard *guard = memory_new(sizeof(*guard));
    guard->keys = keys;
    guard->limits = *limits;
    if (keys)
        guard->usage = memory_new((keys_count(keys) + 1) * sizeof(*guard->usage));
    return guard;
}

void guard_free(struct guard **guard_p)
{
    struct guard *guard = *guard_p;
    if (!guard)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        while (guard->buckets[i]) {
            struct connection *connection = guard->buckets[i];
            guard->buckets[i] = connection->next;
            free(connection);
        }
    }
    free(guard->usage);
    free(guard);
    *guard_p = NULL;
}

/* ---- connections ---- */

/* 0: it is no connection of TCP, or gone. */
static unsigned port_of(int file)
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof(peer);
    if (getpeername(file, (struct sockaddr *)&peer, &size) != 0)
        return 0;
    if (peer.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)&peer)->sin_port);
    if (peer.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&peer)->sin6_port);
    return 1;
}

static size_t bucket_of(enum socket_name socket, const struct peer *peer, int file)
{
    uint32_t hash = 2166136261U ^ (uint32_t)socket; /* FNV-1a */
    for (size_t i = 0; i < peer->size; i++)
        hash = (hash ^ peer->id[i]) * 16777619U;
    if (peer->size == 0)
        hash = (hash ^ (uint32_t)file) * 16777619U;
    return hash % BUCKETS;
}

static struct connection *find(const struct guard *guard, enum socket_name socket,
                               const struct peer *peer, int file)
{
    struct connection *at = guard->buckets[bucket_of(socket, peer, file)];
    while (at && !(at->socket == socket && peer_is(&at->peer, peer) &&
                   (peer->size > 0 || at->file == file)))
        at = at->next;
    return at;
}

static struct usage *usage_of(struct guard *guard, struct connection *connection)
{
    return connection->key ? &guard->usage[connection->key - keys_at(guard->keys, 0)]
                           : &connection->own;
}

static uint64_t limit_of(const struct key *key, uint64_t of_key, uint64_t of_settings)
{
    return key && of_key > 0 ? of_key : of_settings;
}

static bool is_over(const struct connection *connection)
{
    return port_of(connection->file) != connection->port;
}

static void sweep_bucket(struct guard *guard, struct connection **at)
{
    while (*at) {
        struct connection *connection = *at;
        if (!is_over(connection)) {
            at = &connection->next;
            continue;
        }
        usage_of(guard, connection)->connections--;
        *at = connection->next;
        free(connection);
    }
}

void guard_sweep(struct guard *guard)
{
    for (size_t i = 0; i < BUCKETS; i++)
        sweep_bucket(guard, &guard->buckets[i]);
}

static struct connection *add(struct guard *guard, enum socket_name socket, const struct peer *peer,
                              int file, const struct key *key)
{
    struct connection **bucket = &guard->buckets[bucket_of(socket, peer, file)];
    struct connection *connection = memory_new(sizeof(*connection));
    connection->socket = socket;
    connection->peer = *peer;
    connection->file = file;
    connection->port = port_of(file);
    connection->key = key;
    connection->own.messages = (int64_t)guard->limits.messages * SECOND_MS;
    connection->own.bytes = (int64_t)guard->limits.bytes * SECOND_MS;
    connection->next = *bucket;
    *bucket = connection;
    usage_of(guard, connection)->connections++;
    return connection;
}

/* ---- buckets ---- */

static int64_t filled(int64_t left, uint64_t limit, int64_t passed_ms)
{
    int64_t most = (int64_t)limit * SECOND_MS;
    int64_t more = passed_ms < SECOND_MS ? (int64_t)limit * passed_ms : most;
    return left + more < most ? left + more : most;
}

static void fill(const struct guard *guard, const struct key *key, struct usage *usage,
                 int64_t now_ms)
{
    int64_t passed_ms = now_ms - usage->filled_ms;
    usage->filled_ms = now_ms;
    if (passed_ms <= 0)
        return;
    usage->messages =
        filled(usage->messages,
               limit_of(key, key ? key->quotas.messages : 0, guard->limits.messages), passed_ms);
    usage->bytes = filled(
        usage->bytes, limit_of(key, key ? key->quotas.bytes : 0, guard->limits.bytes), passed_ms);
}

/* ---- judging ---- */

static enum verdict rule(struct ruling *ruling, Newsloom__V1__RefusalCode code, const char *text)
{
    ruling->code = code;
    ruling->text = text;
    return VERDICT_REFUSE;
}

static enum verdict limited(const struct guard *guard, struct connection *connection,
                            struct usage *usage, int64_t now_ms, struct ruling *ruling)
{
    if (now_ms - usage->second_ms >= SECOND_MS) {
        usage->second_ms = now_ms;
        usage->lost = 0;
    }
    const struct key *key = connection->key;
    uint64_t patience = limit_of(key, key ? key->quotas.messages : 0, guard->limits.messages);
    ruling->cut = ++usage->lost > patience;
    (void)rule(ruling, NEWSLOOM__V1__REFUSAL_CODE__LIMITED,
               "more messages or bytes a second than limit.messages and limit.bytes allow: send "
               "it again, slower");
    if (usage->said_ms && now_ms - usage->said_ms < SAY_MS)
        return VERDICT_DROP;
    usage->said_ms = now_ms;
    return VERDICT_REFUSE;
}

/* The connection of the message, which may be its first. */
static struct connection *meet(struct guard *guard, enum socket_name socket,
                               const struct message *message, const struct key *key,
                               struct ruling *ruling)
{
    struct connection *connection = find(guard, socket, &message->peer, message->visit.file);
    if (connection && connection->file != message->visit.file) { /* its name came again */
        connection->file = message->visit.file;
        connection->port = port_of(connection->file);
        connection->sent = 0;
        connection->taken_by = 0;
    }
    if (connection && connection->key == key)
        return connection;
    uint64_t limit = limit_of(key, key ? key->quotas.connections : 0, guard->limits.connections);
    if (key && guard->usage[key - keys_at(guard->keys, 0)].connections >= limit) {
        guard_sweep(guard);
        if (guard->usage[key - keys_at(guard->keys, 0)].connections >= limit) {
            ruling->cut = true;
            (void)rule(ruling, NEWSLOOM__V1__REFUSAL_CODE__LIMITED,
                       "this key has as many connections as it may have");
            return NULL;
        }
    }
    if (connection) { /* the table changed, or another took its name */
        usage_of(guard, connection)->connections--;
        connection->key = key;
        usage_of(guard, connection)->connections++;
        return connection;
    }
    return add(guard, socket, &message->peer, message->visit.file, key);
}

static const struct key *key_of(const struct guard *guard, const struct visit *visit)
{
    return guard->keys ? keys_find_text(guard->keys, visit->user_id) : NULL;
}

/* It hears why once; with the next message it is cut off, and ZAP does not let it in again. */
static enum verdict turn_out(struct guard *guard, enum socket_name socket,
                             const struct message *message, const char *why, struct ruling *ruling)
{
    struct connection *connection = find(guard, socket, &message->peer, message->visit.file);
    if (!connection)
        connection = add(guard, socket, &message->peer, message->visit.file, NULL);
    ruling->cut = connection->own.lost++ > 0;
    return rule(ruling, NEWSLOOM__V1__REFUSAL_CODE__NOT_ALLOWED, why);
}

enum verdict guard_judge(struct guard *guard, enum socket_name socket,
                         const struct message *message, int64_t now_ms, struct ruling *ret_ruling)
{
    const char *why = "";
    const struct key *key = key_of(guard, &message->visit);
    *ret_ruling = (struct ruling){.name = key ? key->name : ""};
    if (guard->keys && !key_may(key, socket, &why))
        return turn_out(guard, socket, message, why, ret_ruling);
    struct connection *connection = meet(guard, socket, message, key, ret_ruling);
    if (!connection)
        return VERDICT_REFUSE;
    struct usage *usage = usage_of(guard, connection);
    fill(guard, key, usage, now_ms);
    if (usage->messages <= 0 || usage->bytes <= 0)
        return limited(guard, connection, usage, now_ms, ret_ruling);
    usage->messages -= (int64_t)(1 + message->excess) * SECOND_MS;
    usage->bytes -= (int64_t)message_bytes(message) * SECOND_MS;
    return VERDICT_HEAR;
}

static bool is_junk(Newsloom__V1__RefusalCode code)
{
    return code == NEWSLOOM__V1__REFUSAL_CODE__BAD_ENVELOPE ||
           code == NEWSLOOM__V1__REFUSAL_CODE__UNSUPPORTED_PROTOCOL ||
           code == NEWSLOOM__V1__REFUSAL_CODE__UNEXPECTED_MESSAGE ||
           code == NEWSLOOM__V1__REFUSAL_CODE__FRAME_COUNT;
}

int guard_blame(struct guard *guard, enum socket_name socket, const struct peer *peer,
                Newsloom__V1__RefusalCode code)
{
    struct connection *connection = is_junk(code) ? find(guard, socket, peer, -1) : NULL;
    if (!connection)
        return -1;
    struct usage *usage = usage_of(guard, connection);
    usage->messages -= (int64_t)GUARD_BLAME * SECOND_MS;
    if (usage->filled_ms - connection->junk_ms >= SECOND_MS) {
        connection->junk_ms = usage->filled_ms;
        connection->junk = 0;
    }
    return ++connection->junk > GUARD_PATIENCE ? connection->file : -1;
}

/* ---- keys that change ---- */

void guard_change_keys(struct guard *guard, const struct keys *keys)
{
    struct usage *usage = memory_new((keys_count(keys) + 1) * sizeof(*usage));
    for (size_t i = 0; i < keys_count(guard->keys); i++) {
        const struct key *key = keys_find(keys, keys_at(guard->keys, i)->public_key);
        if (key)
            usage[key - keys_at(keys, 0)] = guard->usage[i];
    }
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct connection *at = guard->buckets[i]; at; at = at->next)
            at->key = at->key ? keys_find(keys, at->key->public_key) : NULL;
    free(guard->usage);
    guard->usage = usage;
    guard->keys = keys;
}

const struct key *guard_key(const struct guard *guard, enum socket_name socket,
                            const struct peer *peer)
{
    const struct connection *connection = find(guard, socket, peer, -1);
    return connection ? connection->key : NULL;
}

bool guard_may_serve(const struct guard *guard, enum socket_name socket, const struct peer *peer)
{
    const char *why = NULL;
    return !guard->keys || key_may(guard_key(guard, socket, peer), socket, &why);
}

/* ---- what is under way to a peer ---- */

void guard_sent(struct guard *guard, enum socket_name socket, const struct peer *peer, size_t bytes)
{
    struct connection *connection = find(guard, socket, peer, -1);
    if (connection)
        connection->sent += bytes;
}

/* Its kernel counts ZeroMQ's framing too: that is left out of account whenever all has arrived. */
bool guard_is_behind(struct guard *guard, enum socket_name socket, const struct peer *peer)
{
    struct connection *connection = find(guard, socket, peer, -1);
    struct tcp_info facts = {0};
    socklen_t size = sizeof(facts);
    if (!connection || getsockopt(connection->file, IPPROTO_TCP, TCP_INFO, &facts, &size) != 0)
        return false;
    uint64_t taken = facts.tcpi_bytes_acked - connection->taken_by;
    if (facts.tcpi_bytes_acked < connection->taken_by || taken >= connection->sent) {
        connection->sent = 0;
        connection->taken_by = facts.tcpi_bytes_acked;
        return false;
    }
    const struct key *key = connection->key;
    return connection->sent - taken >
           limit_of(key, key ? key->quotas.outstanding : 0, guard->limits.outstanding);
}

uint64_t guard_replays(const struct guard *guard, const struct key *key)
{
    return limit_of(key, key ? key->quotas.replays : 0, guard->limits.replays);
}

/* ---- the live socket ---- */

enum verdict guard_topic(struct guard *guard, const struct visit *visit, struct ruling *ret_ruling)
{
    const struct peer nobody = {0};
    const char *why = "";
    const struct key *key = key_of(guard, visit);
    *ret_ruling = (struct ruling){.name = key ? key->name : "", .cut = true};
    if (guard->keys && !key_may(key, SOCKET_LIVE, &why))
        return rule(ret_ruling, NEWSLOOM__V1__REFUSAL_CODE__NOT_ALLOWED, why);
    struct connection *connection = find(guard, SOCKET_LIVE, &nobody, visit->file);
    if (connection && (is_over(connection) || connection->key != key)) {
        guard_sweep(guard);
        connection = find(guard, SOCKET_LIVE, &nobody, visit->file);
    }
    if (!connection)
        connection = add(guard, SOCKET_LIVE, &nobody, visit->file, key);
    uint64_t limit = limit_of(key, key ? key->quotas.topics : 0, guard->limits.topics);
    if (!visit->is_leaving && connection->topics >= limit)
        return rule(ret_ruling, NEWSLOOM__V1__REFUSAL_CODE__LIMITED,
                    "more topics on one connection than limit.topics allows");
    if (!visit->is_leaving)
        connection->topics++;
    else if (connection->topics > 0)
        connection->topics--;
    return VERDICT_HEAR;
}

/* Takes listeners that may not be here any more out of a bucket, up to one that is still open. */
static int take_unwanted(struct connection **at)
{
    const char *why = NULL;
    while (*at) {
        struct connection *connection = *at;
        if (connection->socket != SOCKET_LIVE || key_may(connection->key, SOCKET_LIVE, &why)) {
            at = &connection->next;
            continue;
        }
        int file = is_over(connection) ? -1 : connection->file;
        *at = connection->next;
        free(connection);
        if (file >= 0)
            return file;
    }
    return -1;
}

int guard_unwanted_listener(struct guard *guard)
{
    for (size_t i = 0; guard->keys && i < BUCKETS; i++) {
        int file = take_unwanted(&guard->buckets[i]);
        if (file >= 0)
            return file;
    }
    return -1;
}
