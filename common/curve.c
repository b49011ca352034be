// SPDX-License-Identifier: Apache-2.0
#include "common/curve.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { Z85_LENGTH = 40, Z85_GROUP = 5, FILE_LIMIT = 4096 };

/* ---- text ---- */

/* Five letters are four bytes, the most significant first (ZeroMQ RFC 32). */
static bool parse_z85(const char *text, uint8_t ret_key[CURVE_KEY_SIZE])
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  ".-:+=^!/*?&<>()[]{}@%$#";
    for (size_t at = 0; at < Z85_LENGTH; at += Z85_GROUP) {
        uint64_t value = 0;
        for (size_t i = 0; i < Z85_GROUP; i++) {
            const char *letter = text[at + i] ? strchr(letters, text[at + i]) : NULL;
            if (!letter)
                return false;
            value = value * (sizeof(letters) - 1) + (uint64_t)(letter - letters);
        }
        if (value > UINT32_MAX)
            return false;
        for (size_t i = 0; i < sizeof(uint32_t); i++)
            *ret_key++ = (uint8_t)(value >> (8 * (sizeof(uint32_t) - 1 - i)));
    }
    return true;
}

bool curve_key_parse(const char *text, size_t length, uint8_t ret_key[CURVE_KEY_SIZE])
{
    size_t size = 0;
    if (length == Z85_LENGTH)
        return parse_z85(text, ret_key);
    return length == CURVE_TEXT_SIZE - 1 &&
           sodium_hex2bin(ret_key, CURVE_KEY_SIZE, text, length, NULL, &size, NULL) == 0 &&
           size == CURVE_KEY_SIZE;
}

const char *curve_key_text(const uint8_t key[CURVE_KEY_SIZE], char buffer[CURVE_TEXT_SIZE])
{
    return sodium_bin2hex(buffer, CURVE_TEXT_SIZE, key, CURVE_KEY_SIZE);
}

/* ---- pairs ---- */

void curve_pair_make(struct curve_pair *ret_pair)
{
    ENSURE(sodium_init() >= 0);
    ENSURE(crypto_box_keypair(ret_pair->public_key, ret_pair->secret_key) == 0);
}

void curve_pair_forget(struct curve_pair *pair)
{
    sodium_memzero(pair, sizeof(*pair));
}

/* ---- files ---- */

static enum status write_all(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return STATUS_AGAIN;
        bytes += written;
        size -= (size_t)written;
    }
    return fsync(file) == 0 ? STATUS_OK : STATUS_AGAIN;
}

enum status curve_file_write(const char *path, const char *name, const struct curve_pair *pair,
                             struct error *err)
{
    char content[FILE_LIMIT];
    char public_text[CURVE_TEXT_SIZE];
    char secret_text[CURVE_TEXT_SIZE];
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (file < 0 && errno == EEXIST)
        return error_set(err, STATUS_INVALID,
                         "\"%s\" exists and is not written over: remove it, or name another", path);
    if (file < 0)
        return error_set_errno(err, STATUS_AGAIN, "could not write \"%s\"", path);
    int length = snprintf(
        content, sizeof(content),
        "# the secret key of \"%.64s\": whoever reads this file is %.64s\npublic %s\nsecret %s\n",
        name, name, curve_key_text(pair->public_key, public_text),
        curve_key_text(pair->secret_key, secret_text));
    enum status status = fchmod(file, S_IRUSR | S_IWUSR) == 0 ? STATUS_OK : STATUS_AGAIN;
    if (status == STATUS_OK)
        status = write_all(file, content, (size_t)length);
    if (status != STATUS_OK) {
        (void)error_set_errno(err, status, "could not write \"%s\"", path);
        (void)unlink(path); /* half a key is none */
    }
    (void)close(file);
    sodium_memzero(content, sizeof(content));
    sodium_memzero(secret_text, sizeof(secret_text));
    return status;
}

static enum status check_mode(int file, const char *path, struct error *err)
{
    struct stat facts;
    if (fstat(file, &facts) != 0)
        return error_set_errno(err, STATUS_AGAIN, "could not look at \"%s\"", path);
    if (!S_ISREG(facts.st_mode))
        return error_set(err, STATUS_INVALID, "the key file \"%s\" is no file", path);
    if (facts.st_mode & (S_IRWXG | S_IRWXO))
        return error_set(err, STATUS_INVALID,
                         "the key file \"%s\" is open to others than its owner (mode %04o): make "
                         "it 0600, and a new key if others may have read it",
                         path, (unsigned)(facts.st_mode & ALLPERMS));
    return STATUS_OK;
}

/* The key that stands behind the word at the beginning of a line. */
static bool find_key(const char *content, const char *word, uint8_t ret_key[CURVE_KEY_SIZE])
{
    for (const char *line = content; *line;) {
        size_t length = strcspn(line, "\n");
        size_t head = strlen(word);
        if (length > head && strncmp(line, word, head) == 0 && line[head] == ' ')
            return curve_key_parse(line + head + 1, length - head - 1, ret_key);
        line += length + (line[length] == '\n');
    }
    return false;
}

static enum status parse_pair(const char *content, const char *path, struct curve_pair *ret_pair,
                              struct error *err)
{
    uint8_t derived[CURVE_KEY_SIZE];
    if (!find_key(content, "public", ret_pair->public_key) ||
        !find_key(content, "secret", ret_pair->secret_key))
        return error_set(err, STATUS_INVALID,
                         "\"%s\" is no key file: it has no line \"public KEY\" or no line \"secret "
                         "KEY\"; newsloom keygen makes one",
                         path);
    if (crypto_scalarmult_base(derived, ret_pair->secret_key) != 0 ||
        sodium_memcmp(derived, ret_pair->public_key, sizeof(derived)) != 0)
        return error_set(err, STATUS_INVALID,
                         "the two keys in \"%s\" do not belong together: take the file as "
                         "newsloom keygen made it",
                         path);
    return STATUS_OK;
}

enum status curve_file_read(const char *path, struct curve_pair *ret_pair, struct error *err)
{
    char content[FILE_LIMIT];
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return error_set_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_INVALID,
                               "cannot read the key file \"%s\"", path);
    enum status status = check_mode(file, path, err);
    if (status == STATUS_OK) {
        ssize_t size = read(file, content, sizeof(content) - 1);
        content[size > 0 ? size : 0] = '\0';
        status = size < 0 ? error_set_errno(err, STATUS_INVALID, "cannot read \"%s\"", path)
                          : parse_pair(content, path, ret_pair, err);
    }
    (void)close(file);
    sodium_memzero(content, sizeof(content));
    if (status != STATUS_OK)
        curve_pair_forget(ret_pair);
    return status;
}

/* ---- clients ---- */

enum status curve_identity_load(const char *server_key, const char *key_file,
                                struct curve_identity *ret_identity, struct error *err)
{
    bool has_server = server_key && *server_key;
    bool has_file = key_file && *key_file;
    *ret_identity = (struct curve_identity){.is_set = has_server && has_file};
    if (has_server != has_file)
        return error_set(err, STATUS_INVALID,
                         "%s is set and %s is not: a broker with keys needs "
                         "both, one without keys neither",
                         has_server ? "broker.server-key" : "security.key-file",
                         has_server ? "security.key-file" : "broker.server-key");
    if (!has_server)
        return STATUS_OK;
    if (!curve_key_parse(server_key, strlen(server_key), ret_identity->server_key))
        return error_set(err, STATUS_INVALID,
                         "broker.server-key is no key: 64 hexadecimal digits or 40 letters of Z85, "
                         "as newsloom keygen printed for the broker");
    return curve_file_read(key_file, &ret_identity->own, err);
}

void curve_identity_forget(struct curve_identity *identity)
{
    sodium_memzero(identity, sizeof(*identity));
}
