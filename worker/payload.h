// SPDX-License-Identifier: Apache-2.0
/*
 * payload - the bytes of an Article become an input that can be trusted, or a sentence that names
 * the field that is wrong.
 *
 * The second of the two stages of checking; the broker has looked at the envelope only. What is
 * refused here becomes the dead letter INVALID_PAYLOAD.
 */
#ifndef WORKER_PAYLOAD_H
#define WORKER_PAYLOAD_H

#include "common/arena.h"
#include "common/digest.h"
#include "common/status.h"
#include "worker/extract/extract.h"

#include "article.pb-c.h"

#define PAYLOAD_TITLE_LIMIT  4096
#define PAYLOAD_AUTHOR_LIMIT 1024
#define PAYLOAD_SHORT_LIMIT  256 /* dates, language, types, trace id */
#define PAYLOAD_LABELS_LIMIT 64

/* Memory that unpacking a payload of so many bytes may take. */
size_t payload_budget(size_t size);

struct payload {
    const Newsloom__V1__Article *article;
    struct article_input input; /* without source, which stands in the envelope */
    const char *labels;         /* a JSON object */
};

/* The payload lives in the arena and borrows bytes. INVALID: the sentence begins with the field. */
enum status payload_open(const void *bytes, size_t size, const uint8_t digest[DIGEST_SIZE],
                         struct arena *arena, struct payload *ret_payload,
                         struct error *err) MUST_CHECK;

#endif
