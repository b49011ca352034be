// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    payload_claims(&newsloom__v1__extraction__descriptor, data, size);
    return 0;
}
