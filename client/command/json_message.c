// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/command/print.h"
#include "client/lib/hex.h"
#include "common/compiler.h"
#include "common/status.h"
#include "proto/envelope.h"

static json_t *json_of_bytes(const ProtobufCFieldDescriptor *field,
                             const ProtobufCMessageDescriptor *type,
                             const ProtobufCBinaryData *bytes)
{
    /* An Entity's id is the uuid that PostgreSQL shows. */
    if (type == &newsloom__v1__entity__descriptor && strcmp(field->name, "id") == 0 &&
        bytes->len == 16) {
        char uuid[UUID_TEXT_SIZE];
        return json_string(uuid_text(bytes->data, uuid));
    }
    char *hex = memory_new(2 * bytes->len + 1);
    (void)hex_text(bytes->data, bytes->len, hex);
    json_t *value = json_string(hex);
    free(hex);
    return value;
}

static json_t *json_of_enum(const ProtobufCEnumDescriptor *type, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);
    return value ? json_string(value->name) : json_integer(number);
}

static json_t *json_of_fixed64(uint64_t number)
{
    char text[17];
    (void)snprintf(text, sizeof(text), "%016" PRIx64, number);
    return json_string(text);
}

/* value points at the field's storage, or at one element of a repeated field. */
// NOLINTNEXTLINE(misc-no-recursion): as deep as the .proto files
static json_t *json_of_value(const ProtobufCFieldDescriptor *field,
                             const ProtobufCMessageDescriptor *type, const void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
        return json_integer(*(const uint32_t *)value);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_INT64:
        return json_integer((json_int_t) * (const int64_t *)value);
    case PROTOBUF_C_TYPE_FIXED64:
        return json_of_fixed64(*(const uint64_t *)value);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)value);
    case PROTOBUF_C_TYPE_ENUM:
        return json_of_enum(field->descriptor, *(const int *)value);
    case PROTOBUF_C_TYPE_STRING:
        return json_string(*(const char *const *)value);
    case PROTOBUF_C_TYPE_BYTES:
        return json_of_bytes(field, type, value);
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *inner = *(const ProtobufCMessage *const *)value;
        return inner ? json_of_message(inner) : json_null();
    }
    default: /* the contract uses no other type */
        return json_null();
    }
}

static size_t element_size(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(int);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    default:
        return sizeof(uint64_t);
    }
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the .proto files
json_t *json_of_message(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const char *base = (const char *)message;
    json_t *object = json_object();
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const char *value = base + field->offset;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            (void)json_object_set_new(object, field->name, json_of_value(field, type, value));
            continue;
        }
        size_t count = *(const size_t *)(base + field->quantifier_offset);
        const char *elements = *(const char *const *)value;
        json_t *list = json_array();
        for (size_t at = 0; at < count; at++)
            (void)json_array_append_new(
                list, json_of_value(field, type, elements + at * element_size(field)));
        (void)json_object_set_new(object, field->name, list);
    }
    return object;
}

void json_print_line(json_t **value_p, FILE *out)
{
    (void)json_dumpf(*value_p, out, JSON_COMPACT | JSON_PRESERVE_ORDER);
    (void)fputc('\n', out);
    json_decref(*value_p);
    *value_p = NULL;
}
