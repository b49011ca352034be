// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/identity.h"

#include <string.h>

#include "common/digest.h"
#include "worker/extract/offices.h"
#include "worker/extract/place_key.h"
#include "worker/extract/short_names.h"

#define PERSON       NEWSLOOM__V1__ENTITY_TYPE__PERSON
#define ORGANIZATION NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION
#define LOCATION     NEWSLOOM__V1__ENTITY_TYPE__LOCATION
#define LAW          NEWSLOOM__V1__ENTITY_TYPE__LAW
#define TABLE        NEWSLOOM__V1__RESOLUTION__RESOLUTION_TABLE

enum { LOOK_MOST = 200 };

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
    if (document->identity)
        return document->identity;
    const char *what = input->url;
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    if (!what || !what[0]) {
        digest_bytes(document->text.bytes, document->text.size, digest);
        what = digest_hex(digest, hex);
    }
    return document->identity = arena_format(document->arena, "%s %s", input->source, what);
}

static bool names_ambiguous_district(const struct reading *r, struct span span)
{
    uint32_t end = token_behind(r, span);
    for (uint32_t i = end; i > 0 && r->tokens[i - 1].span.start >= span.start; i--) {
        const struct phrase_match *match = reading_match(r, i - 1, CATEGORY_PLACE);
        const struct place *place = match ? gazetteer_place(r->knowledge, match->value) : NULL;
        if (place && place->kind == PLACE_DISTRICT && !place->code[0])
            return true;
    }
    return false;
}

static struct identity identity_of_body(struct document *document, const struct reading *r,
                                        struct span span)
{
    const struct body_key *body = body_key_of(document, r, span);
    bool is_local = !body->is_known && !body->province &&
                    (place_key_is_local_name(body->expanded) || names_ambiguous_district(r, span));
    return (struct identity){.key = body->key,
                             .name = body->name,
                             .country = "",
                             .code = "",
                             .body = body,
                             .is_known = body->is_known,
                             .is_local = is_local};
}

static struct identity identity_of_place(struct document *document, const struct reading *r,
                                         struct span span)
{
    struct place_key place = place_key_of(document, r, span);
    return (struct identity){.key = place.key,
                             .name = place.name,
                             .country = place.country,
                             .code = place.code,
                             .is_known = place.is_known,
                             .is_local = place.is_local};
}

static struct identity identity_of(struct document *document, const struct reading *r,
                                   const struct mention *mention)
{
    struct identity identity = {.country = "", .code = ""};
    if (mention->type == ORGANIZATION)
        identity = identity_of_body(document, r, mention->span);
    else if (mention->type == LOCATION)
        identity = identity_of_place(document, r, mention->span);
    identity.text = identity_text(document, r, mention->span);
    if (mention->type == LAW)
        identity.key = body_key_of(document, r, mention->span)->key;
    else if (!identity.key)
        identity.key = identity.text;
    return identity;
}

/* The province that some mention of the same name is said to lie in, or NULL. */
static const char *home_of(const struct document *document, const struct reading *r,
                           const struct identity *identities, uint32_t mention)
{
    uint32_t first = mention > LOOK_MOST ? mention - LOOK_MOST : 0;
    uint32_t end = mention + LOOK_MOST < document->mention_count ? mention + LOOK_MOST
                                                                 : document->mention_count;
    const char *home = place_key_behind(document, r, mention);
    for (uint32_t m = first; !home && m < end; m++)
        if (m != mention && document->mentions[m].type == document->mentions[mention].type &&
            strcmp(identities[m].text, identities[mention].text) == 0)
            home = place_key_behind(document, r, m);
    return home;
}

/* The keys of what has namesakes all over the country take their province, else their article. */
static void settle_local(struct document *document, const struct reading *r,
                         struct identity *identities)
{
    const char *article = article_identity(document);
    const char *only = place_key_only_province(document, r);
    const char **keys = arena_take(document->arena, document->mention_count + 1, sizeof(*keys));
    for (uint32_t m = 0; m < document->mention_count; m++) {
        const struct identity *identity = &identities[m];
        keys[m] = identity->key;
        if (!identity->is_local)
            continue;
        const char *home = identity->body && identity_is_short_body(identity->body->expanded)
                               ? article
                               : home_of(document, r, identities, m);
        home = home ? home : only ? only : article;
        keys[m] = arena_format(document->arena, "%s|%s", identity->key, home);
    }
    for (uint32_t m = 0; m < document->mention_count; m++)
        identities[m].key = keys[m];
}

struct identity *identities_find(struct document *document, const struct reading *r)
{
    struct identity *identities =
        arena_take(document->arena, document->mention_count + 1, sizeof(*identities));
    for (uint32_t m = 0; m < document->mention_count; m++)
        identities[m] = identity_of(document, r, &document->mentions[m]);
    short_names_resolve(document, r, identities);
    settle_local(document, r, identities);
    return identities;
}

/* "Bộ trưởng Công an" leads what "Bộ trưởng Bộ Công an" leads. */
static const char *context_of_post(struct document *document, const struct reading *r,
                                   struct span span)
{
    static const char *const heads[] = {"bộ trưởng ", "thứ trưởng "};
    const char *text = identity_text(document, r, span);
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        size_t size = strlen(heads[i]);
        if (strncmp(text, heads[i], size) == 0 && strncmp(text + size, "bộ ", strlen("bộ ")) != 0)
            return arena_format(document->arena, "bộ %s", text + size);
    }
    return text;
}

/* Body, post or place beside any mention of the person; NULL when the article gives none. */
static const char *person_context(struct document *document, const struct reading *r,
                                  const struct identity *identities, const struct office *office)
{
    if (!office)
        return NULL;
    for (uint32_t i = 0; i < office->post_count; i++)
        if (office->posts[i].body)
            return identities[office->posts[i].body - 1].key;
    return office->post_count ? context_of_post(document, r, office->posts[0].span) : NULL;
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

static void give_name(struct entity *entity, const struct identity *identity)
{
    entity->canonical_key = identity->key;
    entity->country = identity->country;
    entity->code = identity->code;
    if (identity->name)
        entity->name = identity->name;
    if (identity->is_known)
        entity->resolution = TABLE;
}

void identity_give(struct document *document, const struct reading *r,
                   const struct identity *identities)
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
            contexts[entity - 1] = person_context(document, r, identities, offices[m]);
    }
    for (uint32_t e = 0; e < document->entity_count; e++) {
        struct entity *entity = &document->entities[e];
        entity->key_version = IDENTITY_KEY_VERSION;
        give_name(entity, &identities[longest[e] - 1]);
        if (entity->type == PERSON)
            entity->canonical_key = arena_format(document->arena, "%s|%s", entity->canonical_key,
                                                 contexts[e] ? contexts[e] : article);
        give_id(entity);
    }
}
