// SPDX-License-Identifier: Apache-2.0
#include "client/command/flights.h"

#include <stdlib.h>

void flights_init(struct flights *flights)
{
    *flights = (struct flights){0};
    flights->end = &flights->first;
}

void flight_free(struct flight **flight_p)
{
    struct flight *flight = *flight_p;
    if (!flight)
        return;
    free(flight->source);
    free(flight->key);
    free(flight->url);
    free(flight);
    *flight_p = NULL;
}

static void free_first(struct flights *flights)
{
    struct flight *flight = flights->first;
    flights->first = flight->next;
    if (!flights->first)
        flights->end = &flights->first;
    flights->count--;
    flight_free(&flight);
}

void flights_done(struct flights *flights)
{
    while (flights->first)
        free_first(flights);
}

struct flight *flight_new(const struct input_item *item)
{
    struct flight *flight = memory_new(sizeof(*flight));
    flight->file = item->file;
    flight->line = item->line;
    flight->source = text_copy(item->article.source);
    flight->key = text_copy(item->article.key);
    flight->url = text_copy(item->article.url);
    return flight;
}

void flights_add(struct flights *flights, struct flight *flight)
{
    *flights->end = flight;
    flights->end = &flight->next;
    flights->count++;
}

void flights_sweep(struct flights *flights)
{
    while (flights->first && flights->first->finished) {
        flights->file = flights->first->file;
        flights->line = flights->first->line;
        free_first(flights);
    }
}

void flights_finish(struct flights *flights, struct flight *flight)
{
    flight->finished = true;
    flights_sweep(flights);
}
