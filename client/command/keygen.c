// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/invocation.h"
#include "common/curve.h"

#define NAME_LIMIT 64

static bool name_is_valid(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(name);
    return length > 0 && length <= NAME_LIMIT && strspn(name, allowed) == length &&
           name[0] != '.' && name[0] != '-';
}

static bool roles_are_valid(const char *roles)
{
    static const char *const known[] = {"feeder", "worker", "subscriber", "operator"};
    for (const char *at = roles;; at++) {
        size_t length = strcspn(at, ",");
        bool found = false;
        for (size_t i = 0; i < COUNT_OF(known); i++)
            found = found || (strlen(known[i]) == length && strncmp(known[i], at, length) == 0);
        if (!found)
            return false;
        at += length;
        if (!*at)
            return true;
    }
}

static int make_key(const struct invocation *invocation, const char *path, const char *roles)
{
    const char *name = invocation->operands[0];
    char text[CURVE_TEXT_SIZE];
    struct curve_pair pair;
    struct error err;
    curve_pair_make(&pair);
    enum status status = curve_file_write(path, name, &pair, &err);
    (void)curve_key_text(pair.public_key, text);
    curve_pair_forget(&pair);
    if (status != STATUS_OK)
        return complain(invocation, &err);
    if (roles)
        (void)printf("%s %s %s\n", name, roles, text);
    else
        (void)printf("%s\n", text);
    (void)fprintf(stderr,
                  roles ? "the secret key is in %s: keep it there; the line is for the broker's "
                          "keys file\n"
                        : "the secret key is in %s: keep it there; clients need the line as "
                          "broker.server-key\n",
                  path);
    return EX_OK;
}

static int run_keygen(struct invocation *invocation)
{
    const char *roles = invocation_text(invocation, "role");
    const char *output = invocation_text(invocation, "output");
    if (invocation->operand_count != 1)
        return complain_usage(invocation, "keygen takes one name");
    const char *name = invocation->operands[0];
    if (!name_is_valid(name))
        return complain_usage(invocation,
                              "a name is 1 to 64 letters of a-z A-Z 0-9 . _ - and begins with "
                              "none of . -");
    if (roles && !roles_are_valid(roles))
        return complain_usage(invocation,
                              "--role \"%.60s\": the roles are feeder, worker, subscriber and "
                              "operator, separated by commas",
                              roles);
    char *path = output ? text_copy(output) : text_format("%s.key", name);
    int code = make_key(invocation, path, roles);
    free(path);
    return code;
}

static const struct option options[] = {
    {"role", 'r', "ROLE,…", "feeder, worker, subscriber, operator; without it: a broker's own key"},
    {"output", 'o', "FILE", "write the secret key there (NAME.key)"},
};

static const struct example examples[] = {
    {"newsloom keygen broker", "the broker's own key: security.key-file there, and the line that "
                               "its clients need"},
    {"newsloom keygen crawler-1 --role feeder >>/etc/newsloom/keys",
     "a feeder's key, and its line in the keys file; then newsloom reload"},
};

const struct verb verb_keygen = {
    .name = "keygen",
    .purpose = "make a key for a broker or for one of its clients",
    .operands = "NAME",
    .about =
        "Writes the pair to a file that only its owner can read and prints the public key: as a\n"
        "line of the broker's keys file when roles are given. A file that exists is never\n"
        "written over. The secret key never leaves its file.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_keygen,
};
