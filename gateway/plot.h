// SPDX-License-Identifier: Apache-2.0
/*
 * plot - an hour of rates as inline SVG, and as a table for who does not see it.
 */
#ifndef GATEWAY_PLOT_H
#define GATEWAY_PLOT_H

#include <jansson.h>
#include <stdio.h>

/* rates: [{"at": "2026-03-01T12:00:00.000Z", "stored": 3, "accepted": 4}, …], oldest first; minutes
 * that are missing break the line. */
void plot_print(const json_t *rates, FILE *out);

#endif
