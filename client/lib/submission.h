// SPDX-License-Identifier: Apache-2.0
/*
 * submission - one article on its way: checked, packed, and the facts that its envelope needs.
 *
 * Ownership: a submission owns copies of everything.
 */
#ifndef CLIENT_LIB_SUBMISSION_H
#define CLIENT_LIB_SUBMISSION_H

#include "client/newsloom.h"
#include "common/digest.h"
#include "proto/envelope.h"

struct submission {
    struct submission *next; /* in the list of those that wait, or in its shipment's */
    void *tag;
    char *source;
    char *key; /* NULL: the url names it */
    char *url; /* NULL when the key names it */
    Newsloom__V1__Class article_class;
    uint32_t generation;
    uint32_t revision;
    uint8_t digest[DIGEST_SIZE];
    uint8_t *payload;
    size_t size;
    bool resent;
};

/* INVALID: the broker would refuse it, with *ret_code for the reason. */
enum status submission_new(struct submission **ret_submission,
                           const struct newsloom_article *article, uint64_t payload_limit,
                           Newsloom__V1__RefusalCode *ret_code, struct error *err) MUST_CHECK;
void submission_free(struct submission **submission_p);

/* Bytes that it takes at most in an envelope. */
size_t submission_envelope_size(const struct submission *submission);

/* Source, and key or url, as the envelope's limits want them. */
enum status identity_check(const char *source, const char *key, const char *url,
                           Newsloom__V1__RefusalCode *ret_code, struct error *err) MUST_CHECK;

#endif
