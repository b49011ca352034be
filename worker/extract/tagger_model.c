// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/tagger_model.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUCKET_BITS_MOST = 18 };

_Static_assert((INT64_C(1) * FEATURE_MOST * TAGGER_WEIGHT_MOST + TAGGER_STEP_MOST) *
                       VITERBI_LONGEST <
                   -VITERBI_FORBIDDEN,
               "a sentence may win back what is forbidden");

static const char advice[] = "install newsloom again, or build it, so that model and program fit";

void tagger_model_digest(const void *bytes, size_t size, uint8_t ret_digest[DIGEST_SIZE])
{
    size_t behind = offsetof(struct tagger_header, first);
    digest_bytes((const char *)bytes + behind, size - behind, ret_digest);
}

static size_t size_of(const struct tagger_header *header)
{
    return sizeof(*header) + ((size_t)TAGGER_BUCKET << header->bucket_bits) * sizeof(uint32_t) +
           (size_t)header->rows * sizeof(struct tagger_row);
}

/* Rows that are there, and none of them twice under one mark: a lookup joins all that it finds. */
static bool is_bucket_sound(const uint32_t *bucket, uint32_t rows)
{
    for (unsigned i = 0; i < TAGGER_BUCKET; i++) {
        if ((bucket[i] & 0xffffU) >= rows)
            return false;
        for (unsigned k = 0; k < i; k++)
            if (bucket[i] && bucket[k] && (bucket[i] ^ bucket[k]) < 0x10000U)
                return false;
    }
    return true;
}

/* Scores and slots within their bounds, so that no lookup leaves the file. */
static bool is_sound(const struct tagger_model *model)
{
    const struct tagger_header *header = model->header;
    for (uint32_t i = 0; i < model->slot_count; i += TAGGER_BUCKET)
        if (!is_bucket_sound(&model->slots[i], header->rows))
            return false;
    for (uint32_t i = 0; i < header->rows; i++)
        for (unsigned k = 0; k < VITERBI_LANES; k++)
            if (model->rows[i].weights[k] > TAGGER_WEIGHT_MOST ||
                model->rows[i].weights[k] < -TAGGER_WEIGHT_MOST)
                return false;
    for (unsigned a = 0; a < VITERBI_LANES; a++)
        for (unsigned b = 0; b <= VITERBI_LANES; b++) {
            int32_t score = b < VITERBI_LANES ? header->from[a][b] : header->first[a];
            if (score != VITERBI_FORBIDDEN &&
                (score > TAGGER_STEP_MOST || score < -TAGGER_STEP_MOST))
                return false;
        }
    return true;
}

enum status tagger_model_read(const void *bytes, size_t size, struct tagger_model *ret_model,
                              struct error *err)
{
    const struct tagger_header *header = bytes;
    uint8_t digest[DIGEST_SIZE];
    if (size < sizeof(*header) || memcmp(header->magic, TAGGER_MAGIC, sizeof(header->magic)) != 0)
        return error_set(err, STATUS_INVALID, "is no model of newsloom; %s", advice);
    if (header->version != TAGGER_VERSION || header->labels != LABEL_COUNT)
        return error_set(err, STATUS_INVALID, "has version %u, this program needs %d; %s",
                         header->version, TAGGER_VERSION, advice);
    if (header->bucket_bits < 1 || header->bucket_bits > BUCKET_BITS_MOST || header->rows < 1 ||
        header->rows > TAGGER_ROWS_MOST || size != size_of(header))
        return error_set(err, STATUS_INVALID, "is cut off or damaged; %s", advice);
    tagger_model_digest(bytes, size, digest);
    struct tagger_model model = {
        .header = header,
        .slots = (const uint32_t *)(header + 1),
        .rows = (const struct tagger_row *)((const uint32_t *)(header + 1) +
                                            ((size_t)TAGGER_BUCKET << header->bucket_bits)),
        .slot_count = (uint32_t)TAGGER_BUCKET << header->bucket_bits,
        .shift = 32 - header->bucket_bits,
        .size = size,
    };
    if (memcmp(digest, header->digest, sizeof(digest)) != 0 || !is_sound(&model))
        return error_set(err, STATUS_INVALID, "is damaged, its digest is another; %s", advice);
    *ret_model = model;
    return STATUS_OK;
}

static enum status map_file(int file, const char *path, struct tagger_model *ret_model,
                            struct error *err)
{
    struct stat facts;
    if (fstat(file, &facts) != 0)
        return error_set_errno(err, STATUS_AGAIN, "could not read the model \"%.120s\"", path);
    size_t size = (size_t)facts.st_size;
    if (!S_ISREG(facts.st_mode) || size < sizeof(struct tagger_header))
        return error_set(err, STATUS_INVALID, "cannot use the model \"%.80s\": it is too short; %s",
                         path, advice);
    void *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED)
        return error_set_errno(err, STATUS_AGAIN, "could not read the model \"%.120s\"", path);
    struct error why = {0};
    if (tagger_model_read(bytes, size, ret_model, &why) == STATUS_OK)
        return STATUS_OK;
    (void)munmap(bytes, size);
    return error_set(err, why.status, "cannot use the model \"%.80s\": it %s", path, why.text);
}

enum status tagger_model_open(const char *path, struct tagger_model *ret_model, struct error *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT)
        return error_set(
            err, STATUS_NOT_FOUND,
            "could not find the model \"%.100s\"; install newsloom, or say where it is", path);
    if (file < 0)
        return error_set_errno(err, STATUS_AGAIN, "could not open the model \"%.120s\"", path);
    enum status status = map_file(file, path, ret_model, err);
    (void)close(file);
    return status;
}

void tagger_model_close(struct tagger_model *model)
{
    if (model->header)
        (void)munmap((void *)(uintptr_t)model->header, model->size);
    *model = (struct tagger_model){0};
}
