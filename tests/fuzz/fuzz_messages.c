// SPDX-License-Identifier: Apache-2.0
/*
 * Every message of the contract by itself, of the type that the first byte chooses: whatever is
 * reachable from the three that travel, so a new one is found without a line here.
 */
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/payload.h"

enum { TYPES_MOST = 128 };

static const ProtobufCMessageDescriptor *types[TYPES_MOST];
static size_t type_count;

static bool is_known(const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; i < type_count; i++)
        if (types[i] == type)
            return true;
    return false;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the .proto files
static void collect(const ProtobufCMessageDescriptor *type)
{
    if (is_known(type))
        return;
    ENSURE(type_count < TYPES_MOST);
    types[type_count++] = type;
    for (unsigned i = 0; i < type->n_fields; i++)
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
            collect(type->fields[i].descriptor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (type_count == 0) {
        collect(&newsloom__v1__envelope__descriptor);
        collect(&newsloom__v1__article__descriptor);
        collect(&newsloom__v1__extraction__descriptor);
    }
    if (size > 0)
        payload_claims(types[*data % type_count], data + 1, size - 1);
    return 0;
}
