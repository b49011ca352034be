// SPDX-License-Identifier: Apache-2.0
#include "worker/store/array.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "common/status.h"

/* dimensions, has-null flag, element type, then length and lower bound of the one dimension */
#define HEAD_SIZE 20

static void put4(unsigned char *at, uint32_t value)
{
    value = htobe32(value);
    memcpy(at, &value, sizeof value);
}

static unsigned char *grow(struct array *array, size_t size)
{
    if (array->size + size > array->room) {
        array->room = 2 * (array->size + size);
        array->bytes = memory_resize(array->bytes, array->room, 1);
    }
    unsigned char *at = array->bytes + array->size;
    array->size += size;
    return at;
}

void array_clear(struct array *array, enum pg_type element)
{
    array->element = element;
    array->size = 0;
    array->count = 0;
    memset(grow(array, HEAD_SIZE), 0, HEAD_SIZE);
}

void array_done(struct array *array)
{
    free(array->bytes);
    *array = (struct array){0};
}

void array_add_null(struct array *array)
{
    put4(grow(array, 4), UINT32_MAX);
    put4(array->bytes + 4, 1);
    array->count++;
}

void array_add_int4(struct array *array, int32_t value)
{
    unsigned char *at = grow(array, 8);
    put4(at, 4);
    put4(at + 4, (uint32_t)value);
    array->count++;
}

void array_add_int8(struct array *array, int64_t value)
{
    unsigned char *at = grow(array, 12);
    uint64_t wire = htobe64((uint64_t)value);
    put4(at, 8);
    memcpy(at + 4, &wire, sizeof wire);
    array->count++;
}

void array_add_bytes(struct array *array, const void *bytes, size_t size)
{
    ENSURE(size <= INT32_MAX);
    unsigned char *at = grow(array, 4 + size);
    put4(at, (uint32_t)size);
    if (size)
        memcpy(at + 4, bytes, size);
    array->count++;
}

void array_add_text(struct array *array, const char *text)
{
    if (text)
        array_add_bytes(array, text, strlen(text));
    else
        array_add_null(array);
}

void array_finish(struct array *array)
{
    ENSURE(array->size >= HEAD_SIZE);
    put4(array->bytes, 1);
    put4(array->bytes + 8, (uint32_t)array->element);
    put4(array->bytes + 12, array->count);
    put4(array->bytes + 16, 1);
    if (array->count == 0) { /* an empty array has no dimension */
        put4(array->bytes, 0);
        array->size = 12;
    }
}
