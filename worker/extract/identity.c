// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/identity.h"

#include <string.h>

#include "common/digest.h"
#include "worker/extract/offices.h"

#define PERSON       NEWSLOOM__V1__ENTITY_TYPE__PERSON
#define ORGANIZATION NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION
#define LOCATION     NEWSLOOM__V1__ENTITY_TYPE__LOCATION
#define TABLE        NEWSLOOM__V1__RESOLUTION__RESOLUTION_TABLE

static const char *const type_names[] = {"",     "PERSON", "ORGANIZATION", "LOCATION",
                                         "DATE", "LAW",    "EVENT",        "CRIME"};

const char *identity_text(struct document *document, const struct reading *r, struct span span)
{
    uint32_t end = token_behind(r, span);
    uint32_t first = end;
    size_t size = 1;
    while (first > 0 && r->tokens[first - 1].span.start >= span.start)
        size += strlen(r->tokens[--first].folded) + 1;
    char *text = arena_take(document->arena, size, 1);
    size_t at = 0;
    for (uint32_t i = first; i < end; i++) {
        if (i > first)
            text[at++] = ' ';
        size_t length = strlen(r->tokens[i].folded);
        memcpy(text + at, r->tokens[i].folded, length);
        at += length;
    }
    return text;
}

bool identity_is_short_body(const char *folded)
{
    static const char *const starts[] = {"công an ", "cơ quan ",   "phòng ",         "đội ",
                                         "ban ",     "sở ",        "viện kiểm sát ", "tòa án ",
                                         "ủy ban ",  "chi nhánh ", "hội đồng ",      "ubnd ",
                                         "hđnd ",    "vksnd ",     "tand ",          "cục "};
    static const char *const ends[] = {" tỉnh", " huyện",   " thành phố", " quận",
                                       " xã",   " phường",  " tp",        " điều tra",
                                       " csđt", " hình sự", " ma túy",    " kinh tế"};
    size_t size = strlen(folded);
    for (size_t i = 0; i < COUNT_OF(starts); i++) {
        if (strncmp(folded, starts[i], strlen(starts[i])) != 0)
            continue;
        for (size_t k = 0; k < COUNT_OF(ends); k++) {
            size_t length = strlen(ends[k]);
            if (size > length && strcmp(folded + size - length, ends[k]) == 0)
                return true;
        }
    }
    return false;
}

/* What tells this article from all others. */
static const char *article_identity(struct document *document)
{
    const struct article_input *input = document->input;
    if (input->url && input->url[0])
        return arena_format(document->arena, "%s %s", input->source, input->url);
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_bytes(document->text.bytes, document->text.size, digest);
    return arena_format(document->arena, "%s %s", input->source, digest_hex(digest, hex));
}

const struct place *identity_place(const struct reading *r, struct span span)
{
    uint32_t end = token_behind(r, span);
    uint32_t first = end;
    while (first > 0 && r->tokens[first - 1].span.start >= span.start)
        first--;
    const struct place *place = gazetteer_place_named(r, first, end);
    uint32_t head = reading_length(r, first, CATEGORY_PLACE_HEAD);
    if (!place && head && first + head < end && reading_is(r, first + head, "."))
        head++;
    return place || !head ? place : gazetteer_place_named(r, first + head, end);
}

static void give_place(struct document *document, const struct reading *r, struct entity *entity,
                       const struct mention *mention, const char *article)
{
    const char *text = identity_text(document, r, mention->span);
    const struct place *place = identity_place(r, mention->span);
    if (place) {
        entity->name = place->name;
        entity->country = place->country;
        entity->code = place->code;
        entity->resolution = TABLE;
        entity->canonical_key = arena_format(
            document->arena, "%s|%s", place->code[0] ? place->code : place->country, place->name);
        return;
    }
    uint32_t end = token_behind(r, mention->span);
    bool is_numbered = reading_has(r, end - 1, SHAPE_NUMBER);
    entity->canonical_key =
        is_numbered ? arena_format(document->arena, "%s|%s", text, article) : text;
}

static void give_body(struct document *document, const struct reading *r, struct entity *entity,
                      const struct mention *mention, const char *article)
{
    uint32_t end = token_behind(r, mention->span);
    uint32_t first = end;
    while (first > 0 && r->tokens[first - 1].span.start >= mention->span.start)
        first--;
    const struct phrase_match *body = reading_match(r, first, CATEGORY_BODY);
    const char *text = identity_text(document, r, mention->span);
    if (body && body->length == end - first && body->value == BODY_SURE)
        entity->resolution = TABLE;
    entity->canonical_key =
        identity_is_short_body(text) ? arena_format(document->arena, "%s|%s", text, article) : text;
}

/* Body, post or place beside any mention of the person; NULL when the article gives none. */
static const char *person_context(struct document *document, const struct reading *r,
                                  const struct office *office)
{
    if (!office)
        return NULL;
    for (uint32_t i = 0; i < office->post_count; i++)
        if (office->posts[i].body)
            return identity_text(document, r, document->mentions[office->posts[i].body - 1].span);
    return office->post_count ? identity_text(document, r, office->posts[0].span) : NULL;
}

static void give_id(struct entity *entity)
{
    char version[12] = {(char)('0' + entity->key_version), 0};
    const char *const parts[] = {type_names[entity->type], entity->canonical_key, version};
    digest_parts(parts, COUNT_OF(parts), entity->id);
    entity->id[6] = (uint8_t)((entity->id[6] & 0x0F) | 0x80); /* version 8 */
    entity->id[8] = (uint8_t)((entity->id[8] & 0x3F) | 0x80); /* variant of RFC 9562 */
}

/* The mention with the fullest name stands for the entity. */
static void choose_mentions(const struct document *document, uint32_t *longest)
{
    for (uint32_t m = 0; m < document->mention_count; m++) {
        const struct mention *mention = &document->mentions[m];
        if (!mention->entity)
            continue;
        uint32_t *best = &longest[mention->entity - 1];
        struct span span = *best ? document->mentions[*best - 1].span : (struct span){0, 0};
        if (!*best || mention->span.end - mention->span.start > span.end - span.start)
            *best = m + 1;
    }
}

void identity_give(struct document *document, const struct reading *r)
{
    const char *article = article_identity(document);
    struct office **offices = offices_find(document, r);
    uint32_t *longest = arena_take(document->arena, document->entity_count + 1, sizeof(uint32_t));
    const char **contexts =
        arena_take(document->arena, document->entity_count + 1, sizeof(const char *));
    choose_mentions(document, longest);
    for (uint32_t m = 0; m < document->mention_count; m++) {
        uint32_t entity = document->mentions[m].entity;
        if (entity && !contexts[entity - 1])
            contexts[entity - 1] = person_context(document, r, offices[m]);
    }
    for (uint32_t e = 0; e < document->entity_count; e++) {
        struct entity *entity = &document->entities[e];
        const struct mention *mention = &document->mentions[longest[e] - 1];
        if (entity->type == PERSON)
            entity->canonical_key =
                arena_format(document->arena, "%s|%s", identity_text(document, r, mention->span),
                             contexts[e] ? contexts[e] : article);
        else if (entity->type == LOCATION)
            give_place(document, r, entity, mention, article);
        else if (entity->type == ORGANIZATION)
            give_body(document, r, entity, mention, article);
        else
            entity->canonical_key = identity_text(document, r, mention->span);
        give_id(entity);
    }
}
