// SPDX-License-Identifier: Apache-2.0
/* A question at the door, as frames of [length byte][bytes]: let in only with a key of the table,
 * not revoked, whose role is that of the socket, and then under the key's own text. */
#include <string.h>

#include "broker/zap.h"
#include "tests/fuzz/fuzzing.h"

static const char table[] =
    "one feeder 6161616161616161616161616161616161616161616161616161616161616161\n"
    "two worker 6262626262626262626262626262626262626262626262626262626262626262 revoked\n"
    "all feeder,worker,subscriber,operator "
    "6363636363636363636363636363636363636363636363636363636363636363\n";

static void is_rightly_let_in(const struct zap_answer *answer, const struct zap_bytes *frames,
                              size_t count)
{
    const char *why = NULL;
    ENSURE(count == ZAP_CURVE_FRAMES && answer->key && answer->socket < SOCKET_COUNT);
    ENSURE(key_may(answer->key, answer->socket, &why));
    ENSURE(strcmp(answer->user_id, answer->key->text) == 0);
    ENSURE(memcmp(frames[ZAP_CREDENTIALS].data, answer->key->public_key, CURVE_KEY_SIZE) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zap_bytes frames[ZAP_FRAMES_MOST];
    struct zap_answer answer;
    struct keys *keys = NULL;
    struct error err;
    size_t count = 0;
    ENSURE(keys_read_bytes(&keys, table, sizeof(table) - 1, "keys", &err) == STATUS_OK);
    for (size_t at = 0; at < size && count < ZAP_FRAMES_MOST;) {
        size_t length = data[at++];
        length = length < size - at ? length : size - at;
        frames[count++] = (struct zap_bytes){data + at, length};
        at += length;
    }
    zap_judge(frames, count, keys, &answer);
    ENSURE(strlen(answer.code) == 3 && strlen(answer.address) < ADDRESS_TEXT_SIZE);
    if (answer.code[0] == '2')
        is_rightly_let_in(&answer, frames, count);
    else
        ENSURE(!answer.user_id[0] && answer.text[0]);
    zap_judge(frames, count, NULL, &answer);
    ENSURE(answer.code[0] != '2');
    keys_free(&keys);
    return 0;
}
