// SPDX-License-Identifier: Apache-2.0
/*
 * articles - POST /v1/articles: articles in, the broker's receipts out.
 *
 * Nothing is answered 202 that the broker did not answer ACCEPTED: it is on its disk. One JSON
 * object is answered by itself; JSON lines by a line each, and by 202 when every one is on disk (or
 * was already), else by 207 with what is wrong in each line. When the broker asks to wait nothing
 * is kept here: 429, with Retry-After, and the client sends again.
 *
 * The same article again is a DUPLICATE, answered 200 with the id of the first. With an
 * Idempotency-Key the second request is taken for the first one sent again: 202 as before; with
 * another body it is refused, as long as the key is remembered.
 */
#ifndef GATEWAY_ARTICLES_H
#define GATEWAY_ARTICLES_H

#include "gateway/gateway.h"
#include "gateway/request.h"

extern const char *const articles_parameters[];

/* The head says enough: sets the answer when a body of this type, encoding or size is not taken;
 * else begins the body. */
void articles_begin(struct gateway *gateway, struct request *request);
void articles_post(struct gateway *gateway, struct request *request);

#endif
