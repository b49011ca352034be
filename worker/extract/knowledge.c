// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/knowledge.h"

#include <stdlib.h>
#include <string.h>

#include "worker/extract/gazetteer.h"
#include "worker/extract/knowledge_tables.h"

enum { NOT_KNOWN = UINT32_MAX, PHRASE_MOST = 40 };

struct knowledge {
    uint8_t digest[DIGEST_SIZE];
    uint32_t *slots; /* syllable index + 1 by hash; 0: free */
    uint32_t mask;
};

static uint32_t hash_text(const char *text)
{
    uint32_t hash = 2166136261U;
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619U;
    return hash ^ (hash >> 15);
}

struct knowledge *knowledge_open(void)
{
    struct knowledge *knowledge = memory_new(sizeof(*knowledge));
    uint32_t size = 1024;
    while (size < knowledge_syllable_count * 2)
        size *= 2;
    knowledge->mask = size - 1;
    knowledge->slots = memory_new(size * sizeof(uint32_t));
    for (uint32_t i = 0; i < knowledge_syllable_count; i++) {
        uint32_t at = hash_text(knowledge_syllables[i]) & knowledge->mask;
        while (knowledge->slots[at])
            at = (at + 1) & knowledge->mask;
        knowledge->slots[at] = i + 1;
    }
    uint8_t bytes[2 * DIGEST_SIZE];
    memcpy(bytes, rules_source_digest, DIGEST_SIZE);
    memcpy(bytes + DIGEST_SIZE, knowledge_source_digest, DIGEST_SIZE);
    digest_bytes(bytes, sizeof(bytes), knowledge->digest);
    return knowledge;
}

void knowledge_close(struct knowledge **knowledge_p)
{
    if (*knowledge_p)
        free((*knowledge_p)->slots);
    free(*knowledge_p);
    *knowledge_p = NULL;
}

const uint8_t *knowledge_digest(const struct knowledge *knowledge)
{
    return knowledge->digest;
}

const struct place *gazetteer_place(const struct knowledge *knowledge, uint16_t index)
{
    (void)knowledge;
    return &knowledge_places[index];
}

static const char *plain_mark(const char *folded)
{
    static const char *const marks[][2] = {{"–", "-"},  {"—", "-"},  {"−", "-"},
                                           {"“", "\""}, {"”", "\""}, {"„", "\""}};
    if ((uint8_t)folded[0] == 0xE2)
        for (size_t i = 0; i < COUNT_OF(marks); i++)
            if (strcmp(folded, marks[i][0]) == 0)
                return marks[i][1];
    return folded;
}

static uint32_t syllable_index(const struct knowledge *knowledge, const char *folded)
{
    folded = plain_mark(folded);
    uint32_t at = hash_text(folded) & knowledge->mask;
    while (knowledge->slots[at]) {
        uint32_t index = knowledge->slots[at] - 1;
        if (strcmp(knowledge_syllables[index], folded) == 0)
            return index;
        at = (at + 1) & knowledge->mask;
    }
    return NOT_KNOWN;
}

static uint32_t child_of(uint32_t node, uint32_t syllable)
{
    uint32_t low = knowledge_nodes[node].first_edge;
    uint32_t high = low + knowledge_nodes[node].edge_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (knowledge_edges[middle].syllable == syllable)
            return knowledge_edges[middle].node;
        if (knowledge_edges[middle].syllable < syllable)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

static void add_match(struct reading *r, struct phrase_match match)
{
    if (r->match_count == r->match_room) {
        uint32_t room = r->match_room ? r->match_room * 2 : 1024;
        struct phrase_match *matches = arena_take(r->document->arena, room, sizeof(*matches));
        if (r->match_count)
            memcpy(matches, r->matches, r->match_count * sizeof(*matches));
        r->matches = matches;
        r->match_room = room;
    }
    r->matches[r->match_count++] = match;
}

static void look_up(struct reading *r, const uint32_t *syllables, uint32_t first)
{
    struct phrase_match longest[CATEGORY_COUNT] = {0};
    uint32_t node = 0;
    uint32_t end = r->sentence_ends[first];
    if (end > first + PHRASE_MOST)
        end = first + PHRASE_MOST;
    for (uint32_t i = first; i < end && syllables[i] != NOT_KNOWN; i++) {
        node = child_of(node, syllables[i]);
        if (!node)
            break;
        const struct knowledge_node *at = &knowledge_nodes[node];
        for (uint32_t v = at->first_value; v < at->first_value + at->value_count; v++)
            longest[knowledge_values[v].category] =
                (struct phrase_match){(uint8_t)knowledge_values[v].category,
                                      (uint8_t)(i + 1 - first), knowledge_values[v].value};
    }
    for (unsigned c = 0; c < CATEGORY_COUNT; c++)
        if (longest[c].length)
            add_match(r, longest[c]);
}

struct reading *reading_of(struct document *document, const struct knowledge *knowledge)
{
    if (document->reading)
        return document->reading;
    struct arena *arena = document->arena;
    struct reading *r = arena_take(arena, 1, sizeof(*r));
    r->document = document;
    r->knowledge = knowledge;
    r->tokens = document->tokens;
    r->token_count = document->token_count;
    r->first_match = arena_take(arena, r->token_count + 1, sizeof(uint32_t));
    r->sentence_ends = arena_take(arena, r->token_count + 1, sizeof(uint32_t));
    r->sentence_starts = arena_take(arena, r->token_count + 1, sizeof(uint32_t));
    uint32_t *syllables = arena_take(arena, r->token_count + 1, sizeof(uint32_t));
    for (uint32_t i = 0; i < r->token_count; i++)
        syllables[i] = syllable_index(knowledge, r->tokens[i].folded);
    for (uint32_t s = 0; s < document->sentence_count; s++) {
        const struct sentence *sentence = &document->sentences[s];
        uint32_t end = sentence->first_token + sentence->token_count;
        for (uint32_t i = sentence->first_token; i < end; i++) {
            r->sentence_ends[i] = end;
            r->sentence_starts[i] = sentence->first_token;
        }
    }
    for (uint32_t i = 0; i < r->token_count; i++) {
        r->first_match[i] = r->match_count;
        look_up(r, syllables, i);
    }
    r->first_match[r->token_count] = r->match_count;
    document->reading = r;
    return r;
}

bool reading_is(const struct reading *r, uint32_t token, const char *folded)
{
    return token < r->token_count && strcmp(r->tokens[token].folded, folded) == 0;
}

uint32_t reading_length_before(const struct reading *r, uint32_t token, enum category c)
{
    for (uint32_t length = 8; length > 0; length--) {
        if (length > token)
            continue;
        uint32_t first = token - length;
        if (reading_length(r, first, c) == length &&
            r->sentence_ends[first] == r->sentence_ends[token - 1])
            return length;
    }
    return 0;
}

const struct place *gazetteer_place_named(const struct reading *r, uint32_t first, uint32_t end)
{
    const struct phrase_match *match = reading_match(r, first, CATEGORY_PLACE);
    if (!match || match->length != end - first)
        return NULL;
    return gazetteer_place(r->knowledge, match->value);
}
