// SPDX-License-Identifier: Apache-2.0
/*
 * entry - an Entry of the wire as the library's own struct; its texts stay in the message.
 */
#ifndef CLIENT_LIB_ENTRY_H
#define CLIENT_LIB_ENTRY_H

#include "client/newsloom.h"
#include "proto/envelope.h"

void entry_fill(struct newsloom_entry *entry, const Newsloom__V1__Entry *wire,
                const void *extraction, size_t size);

#endif
