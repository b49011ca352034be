// SPDX-License-Identifier: Apache-2.0
#include "proto/envelope.h"

const uint32_t protocol_oldest = NEXT_PROTOCOL_OLDEST;
const uint32_t protocol_newest = NEXT_PROTOCOL_NEWEST;
const uint64_t features_here = NEXT_FEATURES;
