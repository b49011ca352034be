// SPDX-License-Identifier: Apache-2.0
/*
 * gauges - figures of this moment, computed once a second and for each status answer.
 */
#ifndef BROKER_GAUGES_H
#define BROKER_GAUGES_H

#include "broker/broker.h"

/* Ages and backlogs in milliseconds; 0 when there is nothing. */
uint64_t oldest_queued_ms(struct broker *broker, enum queue_class class_);
/* Queued over the rate of ends of the last minute; 0 when there is no rate. */
uint64_t backlog_ms(const struct broker *broker, enum queue_class class_);
uint64_t queued_count(const struct broker *broker, enum queue_class class_);
uint64_t slowest_lag(const struct broker *broker);

#endif
