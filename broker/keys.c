// SPDX-License-Identifier: Apache-2.0
#include "broker/keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/quantity.h"

enum { WORD_LIMIT = 160 };

static const struct {
    const char *name;
    unsigned role;
} roles[] = {
    {"feeder", ROLE_FEEDER},
    {"worker", ROLE_WORKER},
    {"subscriber", ROLE_SUBSCRIBER},
    {"operator", ROLE_OPERATOR},
};

static const unsigned role_for[SOCKET_COUNT] = {
    [SOCKET_FEED] = ROLE_FEEDER,          [SOCKET_WORK] = ROLE_WORKER,
    [SOCKET_SUBSCRIBE] = ROLE_SUBSCRIBER, [SOCKET_LIVE] = ROLE_SUBSCRIBER,
    [SOCKET_OPERATOR] = ROLE_OPERATOR,
};

struct keys {
    size_t count;
    struct key *list; /* sorted by public key */
};

/* One line while it is read. */
struct line {
    const char *at;
    const char *end;
    const char *path;
    unsigned number;
};

/* ---- words ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word; false: the line is over, or a comment begins. */
static bool next_word(struct line *line, const char **ret_word, size_t *ret_length)
{
    while (line->at < line->end && is_blank(*line->at))
        line->at++;
    if (line->at == line->end || *line->at == '#')
        return false;
    *ret_word = line->at;
    while (line->at < line->end && !is_blank(*line->at))
        line->at++;
    *ret_length = (size_t)(line->at - *ret_word);
    return true;
}

static enum status complain(const struct line *line, struct error *err, const char *what)
{
    return error_set(err, STATUS_INVALID, "%.100s:%u: %s", line->path, line->number, what);
}

static bool name_is_valid(const char *word, size_t length)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (length > KEY_NAME_LIMIT)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!word[i] || !strchr(allowed, word[i]))
            return false;
    return length > 0;
}

unsigned role_parse(const char *text, size_t length)
{
    for (size_t i = 0; i < COUNT_OF(roles); i++)
        if (strlen(roles[i].name) == length && memcmp(roles[i].name, text, length) == 0)
            return roles[i].role;
    return 0;
}

static bool parse_roles(const char *word, size_t length, unsigned *ret_roles)
{
    *ret_roles = 0;
    for (size_t at = 0; at <= length;) {
        const char *comma = memchr(word + at, ',', length - at);
        size_t part = comma ? (size_t)(comma - word) - at : length - at;
        unsigned role = role_parse(word + at, part);
        if (!role)
            return false;
        *ret_roles |= role;
        at += part + 1;
    }
    return true;
}

/* ---- a line ---- */

/* "messages=500" */
static bool parse_quota(const char *word, size_t length, struct quotas *quotas)
{
    const struct {
        const char *name;
        uint64_t *value;
    } rows[] = {
        {"connections=", &quotas->connections},
        {"messages=", &quotas->messages},
        {"bytes=", &quotas->bytes},
        {"topics=", &quotas->topics},
        {"replays=", &quotas->replays},
        {"outstanding=", &quotas->outstanding},
    };
    char text[WORD_LIMIT];
    for (size_t i = 0; i < COUNT_OF(rows) && length < sizeof(text); i++) {
        size_t head = strlen(rows[i].name);
        int64_t value = 0;
        if (length <= head || strncmp(word, rows[i].name, head) != 0)
            continue;
        memcpy(text, word + head, length - head);
        text[length - head] = '\0';
        bool is_size = rows[i].value == &quotas->bytes || rows[i].value == &quotas->outstanding;
        enum status status = is_size ? quantity_parse_size(text, &value, NULL)
                                     : quantity_parse_integer(text, &value, NULL);
        *rows[i].value = (uint64_t)value;
        return status == STATUS_OK && value > 0 && strlen(text) == length - head;
    }
    return false;
}

static enum status parse_rest(struct line *line, struct key *key, struct error *err)
{
    const char *word = NULL;
    size_t length = 0;
    while (next_word(line, &word, &length)) {
        if (length == strlen("revoked") && memcmp(word, "revoked", length) == 0)
            key->is_revoked = true;
        else if (!parse_quota(word, length, &key->quotas))
            return complain(line, err,
                            "after the key may stand revoked, connections=N, messages=N, "
                            "bytes=SIZE, topics=N, replays=N and outstanding=SIZE, each above "
                            "zero");
    }
    return STATUS_OK;
}

/* STATUS_NOT_FOUND: nothing stands on it. */
static enum status parse_line(struct line *line, struct key *key, struct error *err)
{
    const char *word = NULL;
    size_t length = 0;
    if (!next_word(line, &word, &length))
        return STATUS_NOT_FOUND;
    key->line = line->number;
    if (!name_is_valid(word, length))
        return complain(line, err, "a name is 1 to 64 letters of a-z A-Z 0-9 . _ -");
    memcpy(key->name, word, length);
    if (!next_word(line, &word, &length) || !parse_roles(word, length, &key->roles))
        return complain(line, err,
                        "after the name stand its roles, separated by commas: feeder, worker, "
                        "subscriber, operator");
    if (!next_word(line, &word, &length) || !curve_key_parse(word, length, key->public_key))
        return complain(line, err,
                        "after the roles stands the public key: 64 hexadecimal digits or 40 "
                        "letters of Z85, as newsloom keygen prints it");
    (void)curve_key_text(key->public_key, key->text);
    return parse_rest(line, key, err);
}

/* ---- the table ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct key *)a)->name, ((const struct key *)b)->name);
}

static int by_key(const void *a, const void *b)
{
    return memcmp(((const struct key *)a)->public_key, ((const struct key *)b)->public_key,
                  CURVE_KEY_SIZE);
}

static enum status check_twins(struct keys *keys, int (*compare)(const void *, const void *),
                               const char *what, const char *path, struct error *err)
{
    if (keys->count > 1)
        qsort(keys->list, keys->count, sizeof(*keys->list), compare);
    for (size_t i = 1; i < keys->count; i++) {
        const struct key *a = &keys->list[i - 1];
        const struct key *b = &keys->list[i];
        if (compare(a, b) == 0)
            return error_set(err, STATUS_INVALID,
                             "%.100s:%u: this %s stands on line %u already: each stands once", path,
                             a->line > b->line ? a->line : b->line, what,
                             a->line > b->line ? b->line : a->line);
    }
    return STATUS_OK;
}

static enum status parse_lines(struct keys *keys, const char *bytes, size_t size, const char *path,
                               struct error *err)
{
    const char *end = bytes + size;
    struct line line = {.at = bytes, .path = path};
    size_t room = 0;
    while (line.at < end) {
        const char *newline = memchr(line.at, '\n', (size_t)(end - line.at));
        line.end = newline ? newline : end;
        line.number++;
        struct key key = {0};
        enum status status = parse_line(&line, &key, err);
        if (status == STATUS_OK && keys->count == KEYS_LIMIT)
            status = complain(&line, err, "there are more than 65536 keys");
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
        if (status == STATUS_OK && keys->count == room) {
            room = room ? 2 * room : 16;
            keys->list = memory_resize(keys->list, room, sizeof(key));
        }
        if (status == STATUS_OK)
            keys->list[keys->count++] = key;
        line.at = newline ? newline + 1 : end;
    }
    return STATUS_OK;
}

enum status keys_read_bytes(struct keys **ret_keys, const char *bytes, size_t size,
                            const char *path, struct error *err)
{
    struct keys *keys = memory_new(sizeof(*keys));
    enum status status = parse_lines(keys, bytes, size, path, err);
    if (status == STATUS_OK)
        status = check_twins(keys, by_name, "name", path, err);
    if (status == STATUS_OK)
        status = check_twins(keys, by_key, "key", path, err);
    if (status == STATUS_OK)
        *ret_keys = keys;
    else
        keys_free(&keys);
    return status;
}

enum status keys_read_file(struct keys **ret_keys, const char *path, struct error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set_errno(err, STATUS_INVALID, "cannot read security.keys, \"%s\"", path);
    char *bytes = memory_new(KEYS_FILE_LIMIT + 1);
    size_t size = fread(bytes, 1, KEYS_FILE_LIMIT + 1, file);
    enum status status = STATUS_OK;
    if (ferror(file))
        status = error_set_errno(err, STATUS_INVALID, "cannot read security.keys, \"%s\"", path);
    else if (size > KEYS_FILE_LIMIT)
        status =
            error_set(err, STATUS_INVALID, "security.keys, \"%s\", is larger than 16 MiB", path);
    if (status == STATUS_OK)
        status = keys_read_bytes(ret_keys, bytes, size, path, err);
    (void)fclose(file);
    free(bytes);
    return status;
}

void keys_free(struct keys **keys_p)
{
    if (!*keys_p)
        return;
    free((*keys_p)->list);
    free(*keys_p);
    *keys_p = NULL;
}

size_t keys_count(const struct keys *keys)
{
    return keys->count;
}

const struct key *keys_at(const struct keys *keys, size_t index)
{
    return &keys->list[index];
}

const struct key *keys_find(const struct keys *keys, const uint8_t public_key[CURVE_KEY_SIZE])
{
    struct key wanted;
    if (keys->count == 0)
        return NULL;
    memcpy(wanted.public_key, public_key, CURVE_KEY_SIZE);
    return bsearch(&wanted, keys->list, keys->count, sizeof(wanted), by_key);
}

const struct key *keys_find_text(const struct keys *keys, const char *text)
{
    uint8_t public_key[CURVE_KEY_SIZE];
    if (!text || strlen(text) != CURVE_TEXT_SIZE - 1 ||
        !curve_key_parse(text, CURVE_TEXT_SIZE - 1, public_key))
        return NULL;
    return keys_find(keys, public_key);
}

/* ---- roles ---- */

bool key_may(const struct key *key, enum socket_name socket, const char **ret_why)
{
    if (!key)
        *ret_why = "the key does not stand in the keys file";
    else if (key->is_revoked)
        *ret_why = "the key is revoked";
    else if (!(key->roles & role_for[socket]))
        *ret_why = "the key does not have the role that this socket asks for";
    else
        return true;
    return false;
}
