// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/knowledge.h"

#include <stdlib.h>

struct knowledge {
    uint8_t digest[DIGEST_SIZE];
};

struct knowledge *knowledge_open(void)
{
    struct knowledge *knowledge = memory_new(sizeof(*knowledge));
    digest_bytes("", 0, knowledge->digest);
    return knowledge;
}

void knowledge_close(struct knowledge **knowledge_p)
{
    free(*knowledge_p);
    *knowledge_p = NULL;
}

const uint8_t *knowledge_digest(const struct knowledge *knowledge)
{
    return knowledge->digest;
}
