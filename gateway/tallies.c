// SPDX-License-Identifier: Apache-2.0
#include "gateway/tallies.h"

#include <stddef.h>

const struct counter gateway_tallies_table[TALLY_COUNT] = {
#define X(row, metric, labels, kind, help) [TALLY_##row] = {metric, labels, COUNTER_##kind, help},
    TALLIES(X)
#undef X
};
