// SPDX-License-Identifier: Apache-2.0
/*
 * What the gateway reads of a request before anything is asked of the broker: the address in its
 * first line, then the body, packed or not, in pieces; and a file of tokens. What is taken is clean
 * text within its limits, and all memory is given back.
 */
#include <string.h>

#include "common/utf8.h"
#include "gateway/body.h"
#include "gateway/listener.h"
#include "gateway/target.h"
#include "gateway/tokens.h"
#include "tests/fuzz/fuzzing.h"

enum { BODY_LIMIT = 32 * 1024, MEMORY = 64 * 1024 };

static void read_address(const char *raw)
{
    struct target target;
    struct error err;
    long limit = 7;
    static const char *const known[] = {"after", "limit", NULL};
    enum status status = target_parse(&target, raw, &err);
    if (status == STATUS_OK) {
        ENSURE(target.path[0] == '/' && utf8_is_clean(target.path, strlen(target.path)));
        ENSURE(target.count <= TARGET_PARAMETERS);
        for (size_t i = 0; i < target.count; i++) {
            ENSURE(utf8_is_clean(target.parameters[i].name, strlen(target.parameters[i].name)));
            ENSURE(utf8_is_clean(target.parameters[i].value, strlen(target.parameters[i].value)));
        }
        if (target_knows_only(&target, known, &err) == STATUS_OK)
            for (size_t i = 0; i < target.count; i++)
                ENSURE(target_value(&target, target.parameters[i].name));
        if (target_number(&target, "limit", 1, 100, &limit, &err) == STATUS_OK)
            ENSURE(limit >= 1 && limit <= 100);
    }
    target_done(&target);
    (void)listener_host_is_local(raw);
}

static void read_body(bool is_packed, const uint8_t *bytes, size_t size, size_t piece)
{
    struct body_budget budget = {.limit = MEMORY};
    struct body body;
    struct error err;
    enum status status = STATUS_OK;
    body_begin(&body, is_packed, BODY_LIMIT, &budget);
    for (size_t at = 0; status == STATUS_OK && at < size; at += piece)
        status = body_add(&body, bytes + at, size - at < piece ? size - at : piece, &err);
    if (status == STATUS_OK)
        status = body_end(&body, &err);
    if (status == STATUS_OK) {
        ENSURE(body.size <= BODY_LIMIT && (!body.bytes || body.bytes[body.size] == '\0'));
        ENSURE(is_packed || (body.size == size && (!size || !memcmp(body.bytes, bytes, size))));
    }
    ENSURE(budget.used <= MEMORY);
    body_done(&body);
    ENSURE(budget.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
    size_t length = newline ? (size_t)(newline - data) : size;
    char *address = memory_new(length + 1);
    if (length)
        memcpy(address, data, length);
    read_address(address);
    text_free(&address);
    size_t rest = newline ? length + 1 : size;
    size_t piece = size ? (size_t)data[size - 1] + 1 : 1;
    if (rest < size) {
        read_body(false, data + rest, size - rest, piece);
        read_body(true, data + rest, size - rest, piece);
        if (tokens_check_bytes((const char *)data + rest, size - rest, "tokens", &err) != STATUS_OK)
            ENSURE(err.status == STATUS_INVALID && err.text[0]);
    }
    return 0;
}
