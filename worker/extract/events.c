// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/events.h"

#include <string.h>

#include "worker/extract/arguments.h"
#include "worker/extract/happenings.h"
#include "worker/extract/offices.h"

enum { CONFIDENCE = 700, CONFIDENCE_WITHOUT_NAMES = 450 };

static const uint32_t *tokens_inside(struct document *document, const struct reading *r)
{
    uint32_t *inside = arena_take(document->arena, r->token_count + 1, sizeof(uint32_t));
    uint32_t token = 0;
    for (uint32_t m = 0; m < document->mention_count; m++) {
        struct span span = document->mentions[m].span;
        while (token < r->token_count && r->tokens[token].span.start < span.start)
            token++;
        for (uint32_t i = token; i < r->token_count && r->tokens[i].span.start < span.end; i++)
            inside[i] = m + 1;
    }
    return inside;
}

static const bool *posts_of_persons(struct document *document, const struct reading *r)
{
    struct office **offices = offices_find(document, r);
    bool *is_post = arena_take(document->arena, document->mention_count + 1, sizeof(bool));
    for (uint32_t m = 0; m < document->mention_count; m++)
        for (uint32_t i = 0; offices[m] && i < offices[m]->post_count; i++)
            if (offices[m]->posts[i].body)
                is_post[offices[m]->posts[i].body - 1] = true;
    return is_post;
}

static struct event *event_add(struct document *document, uint32_t *room)
{
    if (document->event_count == *room) {
        uint32_t grown = *room ? *room * 2 : 16;
        struct event *events = arena_take(document->arena, grown, sizeof(*events));
        if (document->event_count)
            memcpy(events, document->events, document->event_count * sizeof(*events));
        document->events = events;
        *room = grown;
    }
    return &document->events[document->event_count++];
}

void events_find(struct document *document, const struct knowledge *knowledge)
{
    struct reading *r = reading_of(document, knowledge);
    struct telling telling = {.document = document,
                              .r = r,
                              .mention_at = mentions_by_token(document, r),
                              .inside = tokens_inside(document, r),
                              .is_post = posts_of_persons(document, r)};
    uint32_t room = 0;
    document->event_count = 0;
    for (uint32_t s = 0; s < document->sentence_count; s++) {
        struct happening found[HAPPENINGS_MOST];
        uint32_t count = happenings_find(&telling, s, found);
        for (uint32_t i = 0; i < count; i++) {
            struct event *event = event_add(document, &room);
            *event = (struct event){
                .type = (Newsloom__V1__EventType)found[i].type,
                .mode = found[i].mode,
                .modality = found[i].modality,
                .trigger = {r->tokens[found[i].first].span.start,
                            r->tokens[found[i].end - 1].span.end},
                .sentence = s,
            };
            arguments_find(&telling, &found[i], event);
            bool has_names = event->argument_count && event->arguments[0].mention;
            event->confidence = has_names ? CONFIDENCE : CONFIDENCE_WITHOUT_NAMES;
        }
    }
}
