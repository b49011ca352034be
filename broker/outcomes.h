// SPDX-License-Identifier: Apache-2.0
/*
 * outcomes - an article's whole way as the contract's Outcome.
 */
#ifndef BROKER_OUTCOMES_H
#define BROKER_OUTCOMES_H

#include "broker/broker.h"

/* In the turn's arena; its strings are borrowed from the article. */
Newsloom__V1__Outcome *outcome_of(struct broker *broker, const struct stored_article *article);

#endif
