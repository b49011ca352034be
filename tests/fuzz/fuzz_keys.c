// SPDX-License-Identifier: Apache-2.0
/* The keys file: refused with file, line and sentence, or a table in which every key finds itself,
 * by its bytes and by its text, and has a name and a role. */
#include <string.h>

#include "broker/keys.h"
#include "tests/fuzz/fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct keys *keys = NULL;
    struct error err = {.status = STATUS_OK};
    enum status status = keys_read_bytes(&keys, (const char *)data, size, "keys", &err);
    ENSURE(status == STATUS_OK || status == STATUS_INVALID);
    ENSURE(status == STATUS_OK || strncmp(err.text, "keys:", 5) == 0);
    for (size_t i = 0; status == STATUS_OK && i < keys_count(keys); i++) {
        const struct key *key = keys_at(keys, i);
        const char *why = NULL;
        ENSURE(key->name[0] && strlen(key->name) <= KEY_NAME_LIMIT && key->roles);
        ENSURE(keys_find(keys, key->public_key) == key);
        ENSURE(keys_find_text(keys, key->text) == key);
        bool may = false;
        for (int name = 0; name < SOCKET_COUNT; name++)
            may = key_may(key, (enum socket_name)name, &why) || may;
        ENSURE(may == !key->is_revoked);
    }
    keys_free(&keys);
    return 0;
}
