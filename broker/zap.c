// SPDX-License-Identifier: Apache-2.0
#include "broker/zap.h"

#include <string.h>

static bool says(const struct zap_bytes *frame, const char *text)
{
    return frame->size == strlen(text) && memcmp(frame->data, text, frame->size) == 0;
}

static enum socket_name socket_of(const struct zap_bytes *domain)
{
    for (int name = 0; name < SOCKET_COUNT; name++)
        if (says(domain, sockets_name((enum socket_name)name)))
            return (enum socket_name)name;
    return SOCKET_COUNT;
}

static void refuse(struct zap_answer *answer, const char *code, const char *text)
{
    answer->code = code;
    answer->text = text;
}

void zap_judge(const struct zap_bytes *frames, size_t count, const struct keys *keys,
               struct zap_answer *ret_answer)
{
    const char *why = "";
    *ret_answer = (struct zap_answer){.socket = SOCKET_COUNT};
    if (count <= ZAP_MECHANISM || !says(&frames[ZAP_VERSION], "1.0")) {
        refuse(ret_answer, "500", "the question is not ZAP 1.0");
        return;
    }
    ret_answer->socket = socket_of(&frames[ZAP_DOMAIN]);
    size_t length = frames[ZAP_ADDRESS].size;
    if (length >= sizeof(ret_answer->address))
        length = sizeof(ret_answer->address) - 1;
    if (length > 0)
        memcpy(ret_answer->address, frames[ZAP_ADDRESS].data, length);
    if (!says(&frames[ZAP_MECHANISM], "CURVE") || count != ZAP_CURVE_FRAMES ||
        frames[ZAP_CREDENTIALS].size != CURVE_KEY_SIZE) {
        refuse(ret_answer, "400", "the peer did not show a CURVE key");
        return;
    }
    (void)curve_key_text(frames[ZAP_CREDENTIALS].data, ret_answer->public_key);
    if (ret_answer->socket == SOCKET_COUNT) {
        refuse(ret_answer, "400", "there is no such socket");
        return;
    }
    ret_answer->key = keys ? keys_find(keys, frames[ZAP_CREDENTIALS].data) : NULL;
    if (!key_may(ret_answer->key, ret_answer->socket, &why)) {
        refuse(ret_answer, "400", why);
        return;
    }
    ENSURE(ret_answer->key); /* nobody's key has no role */
    ret_answer->code = "200";
    ret_answer->text = "";
    memcpy(ret_answer->user_id, ret_answer->key->text, sizeof(ret_answer->user_id));
}
