// SPDX-License-Identifier: Apache-2.0
/*
 * keys - who may come in: the keys file as a table from public key to name, roles and quotas.
 *
 *      # name      roles              public key   what else
 *      crawler-1   feeder             3c1f…        messages=500 bytes=8MiB
 *      hanoi-2     worker             77e0…
 *      desk        subscriber,feeder  0b9d…        revoked
 *
 * One line a key; # at the beginning or after a blank begins a comment. A name is 1 to 64 letters
 * of a-z A-Z 0-9 . _ -, and names and keys stand once. What is wrong is one sentence with file and
 * line, and nothing of the file counts. A quota that is not given is that of the limit.* settings.
 *
 * A table never changes; a changed file is a new table. Reading it is safe from any thread.
 */
#ifndef BROKER_KEYS_H
#define BROKER_KEYS_H

#include "broker/sockets.h"
#include "common/curve.h"

#define KEY_NAME_LIMIT  64
#define KEYS_LIMIT      65536
#define KEYS_FILE_LIMIT (16 * 1024 * 1024)

enum role { ROLE_FEEDER = 1, ROLE_WORKER = 2, ROLE_SUBSCRIBER = 4, ROLE_OPERATOR = 8 };

/* Zero: as the settings say. */
struct quotas {
    uint64_t connections;
    uint64_t messages;    /* a second */
    uint64_t bytes;       /* a second */
    uint64_t topics;      /* of one connection to the live socket */
    uint64_t replays;     /* subscriptions to the log at a time */
    uint64_t outstanding; /* bytes on the way to one connection that it has not taken */
};

struct key {
    uint8_t public_key[CURVE_KEY_SIZE];
    char text[CURVE_TEXT_SIZE]; /* of it: the User-Id of its connections */
    char name[KEY_NAME_LIMIT + 1];
    unsigned roles;
    bool is_revoked;
    struct quotas quotas;
    unsigned line;
};

struct keys;

/* INVALID names file, line and what is wrong with it. */
enum status keys_read_bytes(struct keys **ret_keys, const char *bytes, size_t size,
                            const char *path, struct error *err) MUST_CHECK;
enum status keys_read_file(struct keys **ret_keys, const char *path, struct error *err) MUST_CHECK;
void keys_free(struct keys **keys_p);

size_t keys_count(const struct keys *keys);
const struct key *keys_at(const struct keys *keys, size_t index);
/* NULL: nobody's. */
const struct key *keys_find(const struct keys *keys, const uint8_t public_key[CURVE_KEY_SIZE]);
/* By User-Id. */
const struct key *keys_find_text(const struct keys *keys, const char *text);

/* Whether this key, which may be NULL, may speak on this socket; *ret_why says why not. */
bool key_may(const struct key *key, enum socket_name socket, const char **ret_why);
/* 0: there is no such role. */
unsigned role_parse(const char *text, size_t length);

#endif
