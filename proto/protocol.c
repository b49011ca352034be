// SPDX-License-Identifier: Apache-2.0
#include "proto/envelope.h"

/* Alone in this file, so that tests can link programs of another version. */
const uint32_t protocol_oldest = 1;
const uint32_t protocol_newest = 1;
const uint64_t features_here = NEWSLOOM__V1__FEATURE__JOINED_PAYLOADS;
