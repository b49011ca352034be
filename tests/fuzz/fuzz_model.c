// SPDX-License-Identifier: Apache-2.0
/* A model file: refused with a sentence, or every lookup stays within its rows. The digest is made
 * right first: bounds must hold against whoever can compute one. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzzing.h"
#include "worker/extract/tagger_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tagger_model model;
    struct error err = {0};
    uint8_t *bytes = memory_copy(data, size ? size : 1);
    if (size >= sizeof(struct tagger_header)) {
        struct tagger_header *header = (struct tagger_header *)(void *)bytes;
        memcpy(header->magic, TAGGER_MAGIC, sizeof(header->magic));
        header->version = TAGGER_VERSION;
        header->labels = LABEL_COUNT;
        tagger_model_digest(bytes, size, header->digest);
    }
    enum status status = tagger_model_read(bytes, size, &model, &err);
    ENSURE(status == STATUS_OK || (status == STATUS_INVALID && *err.text));
    for (uint32_t i = 0; status == STATUS_OK && i < 4096; i++)
        ENSURE(tagger_model_row(&model, i * 0x9E3779B1U) < model.header->rows);
    free(bytes);
    return 0;
}
