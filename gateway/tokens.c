// SPDX-License-Identifier: Apache-2.0
#include "gateway/tokens.h"

#include <pthread.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum {
    FILE_LIMIT = 1024 * 1024,
    TOKENS_LIMIT = 4096,
    TOKEN_LIMIT = 512, /* bytes of one */
    NAME_LIMIT = 64,
    WORDS = 3,
};

struct token {
    uint8_t digest[crypto_hash_sha256_BYTES];
    unsigned roles;
};

struct table {
    struct token *list;
    size_t count;
};

struct tokens {
    char *path;
    pthread_mutex_t lock; /* of the table */
    struct table table;
};

struct word {
    const char *text;
    size_t length;
};

/* ---- the file ------------------------------------------------------------------------------ */

/* The words of a line up to a comment; WORDS + 1 means more. */
static size_t split(const char *line, size_t length, struct word words[WORDS])
{
    size_t count = 0;
    const char *end = line + length;
    for (const char *at = line; at < end;) {
        size_t blank = strspn(at, " \t\r");
        blank = blank < (size_t)(end - at) ? blank : (size_t)(end - at);
        at += blank;
        if (at == end || *at == '#')
            break;
        if (count == WORDS)
            return WORDS + 1;
        size_t word = 0;
        while (at + word < end && !strchr(" \t\r", at[word]))
            word++;
        words[count++] = (struct word){at, word};
        at += word;
    }
    return count;
}

static unsigned parse_roles(struct word word)
{
    static const struct {
        const char *name;
        unsigned role;
    } names[] = {{"feeder", TOKEN_FEEDER}, {"reader", TOKEN_READER}};
    unsigned roles = 0;
    const char *end = word.text + word.length;
    for (const char *at = word.text; at <= end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t length = (size_t)((comma ? comma : end) - at);
        unsigned role = 0;
        for (size_t i = 0; i < COUNT_OF(names); i++)
            if (strlen(names[i].name) == length && memcmp(names[i].name, at, length) == 0)
                role = names[i].role;
        if (!role)
            return 0;
        roles |= role;
        at += length + 1;
    }
    return roles;
}

static const char *parse_line(const struct word words[WORDS], size_t count, struct token *ret_token)
{
    size_t size = 0;
    if (count != WORDS)
        return "a line is: name, roles, SHA-256 of the token";
    if (words[0].length > NAME_LIMIT)
        return "the name is longer than 64 bytes";
    ret_token->roles = parse_roles(words[1]);
    if (!ret_token->roles)
        return "the roles are feeder, reader, or both with a comma between";
    if (words[2].length != 2 * sizeof(ret_token->digest) ||
        sodium_hex2bin(ret_token->digest, sizeof(ret_token->digest), words[2].text, words[2].length,
                       NULL, &size, NULL) != 0 ||
        size != sizeof(ret_token->digest))
        return "the third word is no SHA-256, which has 64 hexadecimal digits: printf %s TOKEN | "
               "sha256sum";
    return NULL;
}

/* bytes are followed by a zero byte. */
static enum status parse(const char *bytes, size_t size, const char *path, struct table *ret_table,
                         struct error *err)
{
    struct table table = {.list = memory_new(TOKENS_LIMIT * sizeof(struct token))};
    const char *wrong = memchr(bytes, '\0', size) ? "it holds a zero byte" : NULL;
    unsigned number = 0;
    for (const char *at = bytes; !wrong && at < bytes + size;) {
        const char *newline = memchr(at, '\n', (size_t)(bytes + size - at));
        size_t length = newline ? (size_t)(newline - at) : (size_t)(bytes + size - at);
        struct word words[WORDS];
        size_t count = split(at, length, words);
        number++;
        at += length + 1;
        if (count == 0)
            continue;
        if (table.count == TOKENS_LIMIT)
            wrong = "there are more than 4096 tokens";
        else
            wrong = parse_line(words, count, &table.list[table.count++]);
    }
    if (!wrong && table.count == 0)
        wrong = "it names no token, so that nobody could come in";
    if (!wrong) {
        *ret_table = table;
        return STATUS_OK;
    }
    free(table.list);
    return error_set(err, STATUS_INVALID, "%.100s:%u: %s", path, number, wrong);
}

static enum status read_file(const char *path, struct table *ret_table, struct error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set_errno(err, STATUS_INVALID, "cannot read security.tokens, \"%.120s\"",
                               path);
    struct stat about;
    if (fstat(fileno(file), &about) != 0 || (about.st_mode & (S_IWGRP | S_IWOTH))) {
        (void)fclose(file);
        return error_set(
            err, STATUS_INVALID,
            "security.tokens, \"%.120s\", can be written by others than its owner, who "
            "could let anybody in: chmod go-w",
            path);
    }
    char *bytes = memory_new(FILE_LIMIT + 2);
    size_t size = fread(bytes, 1, FILE_LIMIT + 1, file);
    enum status status = STATUS_OK;
    if (ferror(file))
        status =
            error_set_errno(err, STATUS_INVALID, "cannot read security.tokens, \"%.120s\"", path);
    else if (size > FILE_LIMIT)
        status = error_set(err, STATUS_INVALID, "security.tokens, \"%.120s\", is larger than 1 MiB",
                           path);
    else
        status = parse(bytes, size, path, ret_table, err);
    (void)fclose(file);
    free(bytes);
    return status;
}

enum status tokens_check_bytes(const char *bytes, size_t size, const char *path, struct error *err)
{
    struct table table;
    char *copy = memory_new(size + 1);
    memcpy(copy, bytes, size);
    enum status status = parse(copy, size, path, &table, err);
    if (status == STATUS_OK)
        free(table.list);
    free(copy);
    return status;
}

/* ---- judging ------------------------------------------------------------------------------- */

/* After "user:"; 0: it is no such thing. */
static size_t decode_basic(const char *text, char *ret_token)
{
    char plain[TOKEN_LIMIT + NAME_LIMIT + 2];
    size_t size = 0;
    if (sodium_base642bin((unsigned char *)plain, sizeof(plain), text, strlen(text), NULL, &size,
                          NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return 0;
    const char *colon = memchr(plain, ':', size);
    size_t length = colon ? (size_t)(plain + size - colon) - 1 : 0;
    if (length == 0 || length > TOKEN_LIMIT)
        return 0;
    memcpy(ret_token, colon + 1, length);
    sodium_memzero(plain, sizeof(plain));
    return length;
}

static size_t find_token(const char *authorization, char *ret_token)
{
    static const char bearer[] = "Bearer ";
    static const char basic[] = "Basic ";
    if (strncasecmp(authorization, basic, strlen(basic)) == 0)
        return decode_basic(authorization + strlen(basic), ret_token);
    if (strncasecmp(authorization, bearer, strlen(bearer)) != 0)
        return 0;
    const char *text = authorization + strlen(bearer);
    size_t length = strlen(text);
    if (length > TOKEN_LIMIT)
        return 0;
    // NOLINTNEXTLINE(bugprone-not-null-terminated-result): the length says where it ends
    memcpy(ret_token, text, length);
    return length;
}

unsigned tokens_judge(struct tokens *tokens, const char *authorization)
{
    char token[TOKEN_LIMIT];
    uint8_t digest[crypto_hash_sha256_BYTES];
    unsigned roles = 0;
    if (!tokens_are_asked(tokens))
        return TOKEN_FEEDER | TOKEN_READER;
    size_t length = authorization ? find_token(authorization, token) : 0;
    if (length == 0)
        return 0;
    (void)crypto_hash_sha256(digest, (const unsigned char *)token, length);
    sodium_memzero(token, sizeof(token));
    (void)pthread_mutex_lock(&tokens->lock);
    for (size_t i = 0; i < tokens->table.count; i++)
        if (sodium_memcmp(digest, tokens->table.list[i].digest, sizeof(digest)) == 0)
            roles |= tokens->table.list[i].roles;
    (void)pthread_mutex_unlock(&tokens->lock);
    return roles;
}

/* ---- life ---------------------------------------------------------------------------------- */

enum status tokens_open(struct tokens **ret_tokens, const char *path, struct error *err)
{
    struct tokens *tokens = memory_new(sizeof(*tokens));
    tokens->path = text_copy(path);
    (void)pthread_mutex_init(&tokens->lock, NULL);
    enum status status = tokens_reload(tokens, err);
    if (status != STATUS_OK)
        tokens_close(&tokens);
    else
        *ret_tokens = tokens;
    return status;
}

void tokens_close(struct tokens **tokens_p)
{
    struct tokens *tokens = *tokens_p;
    if (!tokens)
        return;
    (void)pthread_mutex_destroy(&tokens->lock);
    free(tokens->table.list);
    free(tokens->path);
    free(tokens);
    *tokens_p = NULL;
}

enum status tokens_reload(struct tokens *tokens, struct error *err)
{
    struct table table;
    if (!tokens_are_asked(tokens))
        return STATUS_OK;
    enum status status = read_file(tokens->path, &table, err);
    if (status != STATUS_OK)
        return status;
    (void)pthread_mutex_lock(&tokens->lock);
    struct token *old = tokens->table.list;
    tokens->table = table;
    (void)pthread_mutex_unlock(&tokens->lock);
    free(old);
    return STATUS_OK;
}

bool tokens_are_asked(const struct tokens *tokens)
{
    return *tokens->path != '\0';
}

size_t tokens_count(struct tokens *tokens)
{
    (void)pthread_mutex_lock(&tokens->lock);
    size_t count = tokens->table.count;
    (void)pthread_mutex_unlock(&tokens->lock);
    return count;
}
