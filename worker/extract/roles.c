// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/roles.h"

#include "worker/extract/offices.h"

enum { POSITIONS_MOST = 12 };

/* What is gathered of one person before it becomes a role. */
struct gathering {
    struct span rank;
    struct post posts[POSITIONS_MOST];
    uint32_t post_count;
    uint32_t sentence;
    bool is_used;
};

static bool same_head(const struct reading *r, const struct post *a, const struct post *b)
{
    uint32_t size = a->head_size < b->head_size ? a->head_size : b->head_size;
    for (uint32_t i = 0; i < size; i++)
        if (!token_equals(&r->tokens[a->first + i], &r->tokens[b->first + i]))
            return false;
    return true;
}

static bool same_entity(const struct document *document, const struct post *a, const struct post *b)
{
    return a->body && b->body &&
           document->mentions[a->body - 1].entity == document->mentions[b->body - 1].entity;
}

/* One post in two wordings stays once, in the longer. */
static void gather_post(struct gathering *person, const struct document *document,
                        const struct reading *r, const struct post *post)
{
    for (uint32_t i = 0; i < person->post_count; i++) {
        struct post *known = &person->posts[i];
        if (!same_head(r, known, post))
            continue;
        uint32_t known_size = known->span.end - known->span.start;
        uint32_t size = post->span.end - post->span.start;
        bool is_other = known->body && post->body && !same_entity(document, known, post) &&
                        known->head_size == post->head_size && person->post_count > 1;
        if (is_other && known_size == size)
            continue;
        if (size > known_size)
            *known = *post;
        return;
    }
    if (person->post_count < POSITIONS_MOST)
        person->posts[person->post_count++] = *post;
}

static void gather(struct gathering *person, const struct document *document,
                   const struct reading *r, const struct office *office, uint32_t sentence)
{
    if (!person->is_used)
        person->sentence = sentence;
    person->is_used = true;
    if (office->rank.end && !person->rank.end)
        person->rank = office->rank;
    for (uint32_t i = 0; i < office->post_count; i++)
        gather_post(person, document, r, &office->posts[i]);
}

static struct role role_of(struct document *document, const struct gathering *person,
                           uint32_t entity)
{
    const char **positions =
        arena_take(document->arena, person->post_count + 1, sizeof(const char *));
    for (uint32_t i = 0; i < person->post_count; i++)
        positions[i] = document_text(document, person->posts[i].span);
    return (struct role){
        .person = entity + 1,
        .rank = person->rank.end ? document_text(document, person->rank) : "",
        .positions = positions,
        .position_count = person->post_count,
        .sentence = person->sentence,
    };
}

void roles_find(struct document *document, const struct knowledge *knowledge)
{
    struct reading *r = reading_of(document, knowledge);
    struct office **offices = offices_find(document, r);
    struct gathering *persons =
        arena_take(document->arena, document->entity_count + 1, sizeof(*persons));
    uint32_t count = 0;
    for (uint32_t m = 0; m < document->mention_count; m++) {
        const struct mention *mention = &document->mentions[m];
        if (!offices[m] || !mention->entity)
            continue;
        struct gathering *person = &persons[mention->entity - 1];
        count += !person->is_used;
        gather(person, document, r, offices[m], mention->sentence);
    }
    document->roles = arena_take(document->arena, count + 1, sizeof(struct role));
    document->role_count = 0;
    for (uint32_t e = 0; e < document->entity_count; e++)
        if (persons[e].is_used)
            document->roles[document->role_count++] = role_of(document, &persons[e], e);
}
