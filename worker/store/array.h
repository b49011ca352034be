// SPDX-License-Identifier: Apache-2.0
/*
 * array - one column of many rows, as a PostgreSQL array in binary form.
 *
 * A set of rows goes into one statement as unnest($1, $2, …), one array a column. Binary form needs
 * no quoting and keeps bytes as they are. An array is filled, bound as a parameter, cleared and
 * filled again; its memory stays.
 */
#ifndef WORKER_STORE_ARRAY_H
#define WORKER_STORE_ARRAY_H

#include <stddef.h>
#include <stdint.h>

/* Oids of pg_type.dat that never change. */
enum pg_type {
    PG_BYTEA = 17,
    PG_INT8 = 20,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_UUID = 2950,
    PG_INT4_ARRAY = 1007,
    PG_TEXT_ARRAY = 1009,
    PG_INT8_ARRAY = 1016,
    PG_UUID_ARRAY = 2951,
};

struct array {
    unsigned char *bytes;
    size_t size;
    size_t room;
    enum pg_type element;
    uint32_t count;
};

void array_clear(struct array *array, enum pg_type element);
void array_done(struct array *array);

void array_add_null(struct array *array);
void array_add_int4(struct array *array, int32_t value);
void array_add_int8(struct array *array, int64_t value);
void array_add_bytes(struct array *array, const void *bytes, size_t size);
void array_add_text(struct array *array, const char *text); /* NULL adds a null */

/* Write the head; the array may then be bound. */
void array_finish(struct array *array);

#endif
