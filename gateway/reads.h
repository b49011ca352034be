// SPDX-License-Identifier: Apache-2.0
/*
 * reads - what became of an article, and what the database knows of entities.
 *
 *      GET /v1/articles/{source}/{key}     the broker's word (its whole way) and PostgreSQL's (text
 *                                          and extraction); a feeder sees the first alone
 *      GET /v1/entities?q=…                entities by name, page by page
 *
 * The broker forgets after a while, PostgreSQL does not: either may know what the other does not.
 * Who could not be asked is named in "missing", so that null always means "knows nothing".
 */
#ifndef GATEWAY_READS_H
#define GATEWAY_READS_H

#include "gateway/gateway.h"
#include "gateway/request.h"

extern const char *const article_parameters[];
extern const char *const entities_parameters[];

void article_get(struct gateway *gateway, struct request *request);
void entities_get(struct gateway *gateway, struct request *request);

#endif
