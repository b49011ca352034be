// SPDX-License-Identifier: Apache-2.0
/*
 * outcome_text - the whole way of one article, for people and as JSON.
 */
#ifndef CLIENT_COMMAND_OUTCOME_TEXT_H
#define CLIENT_COMMAND_OUTCOME_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "client/newsloom.h"
#include "proto/envelope.h"

void outcome_print(const struct newsloom_outcome *outcome, FILE *out);
void outcome_print_wire(const Newsloom__V1__Outcome *wire, FILE *out);
json_t *outcome_json(const struct newsloom_outcome *outcome);

#endif
