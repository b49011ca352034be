// SPDX-License-Identifier: Apache-2.0
#include "broker/record.h"

const uint32_t store_format = 2;
