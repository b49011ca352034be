// SPDX-License-Identifier: Apache-2.0
#include "proto/envelope.h"

#include <string.h>

#include "common/utf8.h"

static void *budgeted_alloc(void *arena, size_t size)
{
    return arena_try(arena, size);
}

static void budgeted_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

static enum status check_message(const ProtobufCMessage *message, struct error *err);

/* value points at the field's storage: a char *, an int, a ProtobufCMessage * or a bytes struct. */
// NOLINTNEXTLINE(misc-no-recursion): as deep as the .proto files
static enum status check_value(const ProtobufCFieldDescriptor *field, const void *value,
                               struct error *err)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(const char *const *)value;
        if (text && !utf8_is_clean(text, strlen(text)))
            return error_set(err, STATUS_INVALID, "field \"%s\" is not UTF-8", field->name);
        return STATUS_OK;
    }
    case PROTOBUF_C_TYPE_ENUM:
        if (!protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *)value))
            return error_set(err, STATUS_INVALID, "field \"%s\" holds %d, which is no value of it",
                             field->name, *(const int *)value);
        return STATUS_OK;
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *inner = *(const ProtobufCMessage *const *)value;
        return inner ? check_message(inner, err) : STATUS_OK;
    }
    default:
        return STATUS_OK;
    }
}

static size_t value_size(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_ENUM ? sizeof(int) : sizeof(void *);
}

static bool is_worth_checking(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_ENUM ||
           field->type == PROTOBUF_C_TYPE_MESSAGE;
}

/* The contract has no recursive message, so the depth is that of the .proto files. */
// NOLINTNEXTLINE(misc-no-recursion)
static enum status check_message(const ProtobufCMessage *message, struct error *err)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const char *base = (const char *)message;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (!is_worth_checking(field))
            continue;
        const char *value = base + field->offset;
        size_t count = 1;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            count = *(const size_t *)(base + field->quantifier_offset);
            value = *(const char *const *)value;
        } else if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
            count = *(const unsigned *)(base + field->quantifier_offset) == field->id;
        }
        for (size_t at = 0; at < count; at++) {
            enum status status = check_value(field, value + at * value_size(field), err);
            if (status != STATUS_OK)
                return status;
        }
    }
    return STATUS_OK;
}

/* ---- the wire: what protobuf-c lets pass ---- */

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LENGTH = 2, WIRE_FIXED32 = 5 };
enum { FIELD_NUMBER_LIMIT = (1 << 29) - 1 };

struct wire_field {
    uint64_t number;
    enum wire_type type;
    const uint8_t *bytes; /* of WIRE_LENGTH */
    uint64_t size;
};

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool read_field(const uint8_t **at, const uint8_t *end, struct wire_field *ret_field)
{
    uint64_t tag = 0;
    uint64_t size = 0;
    if (!read_varint(at, end, &tag))
        return false;
    *ret_field = (struct wire_field){.number = tag >> 3, .type = (enum wire_type)(tag & 7)};
    if (ret_field->number == 0 || ret_field->number > FIELD_NUMBER_LIMIT)
        return false;
    switch (ret_field->type) {
    case WIRE_VARINT:
        return read_varint(at, end, &size);
    case WIRE_FIXED64:
        size = 8;
        break;
    case WIRE_FIXED32:
        size = 4;
        break;
    case WIRE_LENGTH:
        if (read_varint(at, end, &size))
            break;
        return false;
    default: /* groups, which nobody sends any more */
        return false;
    }
    if (size > (uint64_t)(end - *at))
        return false;
    ret_field->bytes = *at;
    ret_field->size = size;
    *at += size;
    return true;
}

/*
 * protobuf-c ends a string at its first NUL and takes field numbers that no protobuf knows: both
 * are found in the bytes themselves. Whatever else is wrong with them is left to protobuf-c.
 */
// NOLINTNEXTLINE(misc-no-recursion): as deep as the .proto files
static enum status check_wire(const ProtobufCMessageDescriptor *type, const uint8_t *at,
                              const uint8_t *end, struct error *err)
{
    struct wire_field found;
    while (at < end) {
        if (!read_field(&at, end, &found))
            return error_set(err, STATUS_INVALID, "the bytes are no %s message", type->short_name);
        const ProtobufCFieldDescriptor *field =
            found.type == WIRE_LENGTH
                ? protobuf_c_message_descriptor_get_field(type, (unsigned)found.number)
                : NULL;
        if (!field)
            continue;
        if (field->type == PROTOBUF_C_TYPE_STRING && memchr(found.bytes, 0, found.size))
            return error_set(err, STATUS_INVALID, "field \"%s\" contains a NUL character",
                             field->name);
        enum status status = STATUS_OK;
        if (field->type == PROTOBUF_C_TYPE_MESSAGE)
            status = check_wire(field->descriptor, found.bytes, found.bytes + found.size, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status message_unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t size,
                           struct arena *arena, ProtobufCMessage **ret_message, struct error *err)
{
    static const uint8_t nothing[1];
    const uint8_t *data = size ? bytes : nothing;
    enum status status = check_wire(type, data, data + size, err);
    if (status != STATUS_OK)
        return status;
    ProtobufCAllocator allocator = {budgeted_alloc, budgeted_free, arena};
    ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, size, data);
    if (!message && arena_is_spent(arena))
        return error_set(err, STATUS_INVALID,
                         "a %s of %zu bytes unpacks to more memory than allowed", type->short_name,
                         size);
    if (!message)
        return error_set(err, STATUS_INVALID, "%zu bytes are no %s message", size,
                         type->short_name);
    status = check_message(message, err);
    if (status == STATUS_OK)
        *ret_message = message;
    return status;
}

enum status envelope_unpack(const void *bytes, size_t size, struct arena *arena,
                            Newsloom__V1__Envelope **ret_envelope,
                            Newsloom__V1__RefusalCode *ret_refusal, struct error *err)
{
    *ret_refusal = NEWSLOOM__V1__REFUSAL_CODE__BAD_ENVELOPE;
    if (size == 0 || size > ENVELOPE_LIMIT)
        return error_set(err, STATUS_INVALID, "an envelope is 1 to %d bytes, this frame has %zu",
                         ENVELOPE_LIMIT, size);
    ProtobufCMessage *message = NULL;
    enum status status =
        message_unpack(&newsloom__v1__envelope__descriptor, bytes, size, arena, &message, err);
    if (status != STATUS_OK)
        return status;
    Newsloom__V1__Envelope *envelope = (Newsloom__V1__Envelope *)message;
    *ret_envelope = envelope;
    bool is_ours = envelope->protocol >= protocol_oldest && envelope->protocol <= protocol_newest;
    bool is_refusal = envelope->body_case == NEWSLOOM__V1__ENVELOPE__BODY_REFUSAL;
    if (envelope->protocol == 0 || !(is_ours || is_refusal)) {
        *ret_refusal = NEWSLOOM__V1__REFUSAL_CODE__UNSUPPORTED_PROTOCOL;
        return error_set(err, STATUS_INVALID, "protocol %u is not spoken here: use %u to %u",
                         envelope->protocol, protocol_oldest, protocol_newest);
    }
    if (envelope->body_case == NEWSLOOM__V1__ENVELOPE__BODY__NOT_SET)
        return error_set(err, STATUS_INVALID, "the envelope has no body that protocol %u knows",
                         protocol_newest);
    *ret_refusal = NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE;
    return STATUS_OK;
}

void *message_pack(const ProtobufCMessage *message, struct arena *arena, size_t *ret_size)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    void *bytes = arena_take(arena, 1, size);
    *ret_size = protobuf_c_message_pack(message, bytes);
    return bytes;
}

bool source_is_valid(const char *source)
{
    size_t length = strlen(source);
    return length >= 1 && length <= SOURCE_LIMIT &&
           strspn(source, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}
