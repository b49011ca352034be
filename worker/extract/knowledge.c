// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/knowledge.h"

#include <stdlib.h>
#include <string.h>

#include "worker/extract/gazetteer.h"
#include "worker/extract/knowledge_tables.h"
#include "worker/extract/tagger.h"

#define KEY_MULTIPLIER 0x9E3779B97F4A7C15ULL /* as compile_knowledge.py has it */

enum { LENGTH_MOST = 8, LOOK_UPS_AHEAD = 4 };

struct knowledge {
    uint8_t digest[DIGEST_SIZE];
    struct tagger *tagger;
};

struct knowledge *knowledge_open_untrained(void)
{
    struct knowledge *knowledge = memory_new(sizeof(*knowledge));
    uint8_t bytes[2 * DIGEST_SIZE];
    memcpy(bytes, rules_source_digest, DIGEST_SIZE);
    memcpy(bytes + DIGEST_SIZE, knowledge_source_digest, DIGEST_SIZE);
    digest_bytes(bytes, sizeof(bytes), knowledge->digest);
    return knowledge;
}

enum status knowledge_open(const char *model_path, struct knowledge **ret_knowledge,
                           struct error *err)
{
    struct tagger *tagger = NULL;
    enum status status = tagger_open(model_path, &tagger, err);
    if (status != STATUS_OK)
        return status;
    struct knowledge *knowledge = knowledge_open_untrained();
    uint8_t bytes[2 * DIGEST_SIZE];
    memcpy(bytes, knowledge->digest, DIGEST_SIZE);
    memcpy(bytes + DIGEST_SIZE, tagger_digest(tagger), DIGEST_SIZE);
    digest_bytes(bytes, sizeof(bytes), knowledge->digest);
    knowledge->tagger = tagger;
    *ret_knowledge = knowledge;
    return STATUS_OK;
}

void knowledge_close(struct knowledge **knowledge_p)
{
    if (*knowledge_p)
        tagger_close(&(*knowledge_p)->tagger);
    free(*knowledge_p);
    *knowledge_p = NULL;
}

const struct tagger *knowledge_tagger(const struct knowledge *knowledge)
{
    return knowledge->tagger;
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

/* The marks that are read as another. */
static const struct token *plain_mark(const struct token *token)
{
    static const struct token dash = {.folded = "-", .key = '-'};
    static const struct token quote = {.folded = "\"", .key = '"'};
    if (token_is(token, "–") || token_is(token, "—") || token_is(token, "−"))
        return &dash;
    if (token_is(token, "“") || token_is(token, "”") || token_is(token, "„"))
        return &quote;
    return token;
}

static uint32_t slot_of(uint64_t key)
{
    return (uint32_t)(key * KEY_MULTIPLIER >> (64 - knowledge_slot_bits));
}

void gazetteer_ask(const struct token *token)
{
    __builtin_prefetch(&knowledge_slots[slot_of(token->key)]);
}

uint16_t gazetteer_number(const struct token *token)
{
    if (token->shape & SHAPE_PUNCTUATION)
        token = plain_mark(token);
    bool is_whole = token->key >> 56 == 0; /* the key says it all */
    uint32_t mask = (1U << knowledge_slot_bits) - 1;
    for (uint32_t at = slot_of(token->key); knowledge_slots[at]; at = (at + 1) & mask) {
        uint16_t number = knowledge_slots[at];
        if (knowledge_keys[number] == token->key &&
            (is_whole || strcmp(knowledge_syllables[number], token->folded) == 0))
            return number;
    }
    return 0;
}

static void make_room(struct reading *r, uint32_t count)
{
    if (r->match_count + count <= r->match_room)
        return;
    uint32_t room = r->match_room ? r->match_room * 2 : r->token_count + CATEGORY_COUNT;
    struct phrase_match *matches = arena_room(r->document->arena, room, sizeof(*matches));
    if (r->match_count)
        memcpy(matches, r->matches, r->match_count * sizeof(*matches));
    r->matches = matches;
    r->match_room = room;
}

/* The state that comes after this one by a number, or 0. */
static uint32_t next_state(uint32_t state, uint16_t number)
{
    uint64_t next = (uint64_t)knowledge_states[state].base + number;
    bool is_known =
        number && next < knowledge_state_count && knowledge_states[next].origin == state;
    return is_known ? (uint32_t)next : 0;
}

/* The state that the phrase which begins here leads to before it leaves all that are known. */
static uint32_t last_state(const struct token *tokens, uint32_t first, uint32_t end)
{
    uint32_t state = 0;
    for (uint32_t i = first; i < end; i++) {
        uint32_t next = next_state(state, tokens[i].number);
        if (!next)
            break;
        state = next;
    }
    return state;
}

static void ask_state(uint32_t state, uint16_t number)
{
    uint64_t next = (uint64_t)knowledge_states[state].base + number;
    if (next < knowledge_state_count)
        __builtin_prefetch(&knowledge_states[next]);
}

/* The states hardly fit a cache: the first two of a token are on their way while the tokens before
 * it are looked up. */
static void ask_ahead(const struct reading *r, uint32_t at)
{
    uint32_t far = at + 2 * LOOK_UPS_AHEAD, near = at + LOOK_UPS_AHEAD;
    if (far < r->token_count)
        ask_state(0, r->tokens[far].number);
    if (near + 1 < r->token_count) {
        uint32_t state = next_state(0, r->tokens[near].number);
        if (state)
            ask_state(state, r->tokens[near + 1].number);
    }
}

static void look_up(struct reading *r, uint32_t first)
{
    uint32_t state = last_state(r->tokens, first, r->sentence_ends[first]);
    const struct knowledge_state *found = &knowledge_states[state];
    r->begins[first] = found->categories;
    make_room(r, found->match_count);
    for (uint32_t i = 0; i < found->match_count; i++) {
        const struct phrase_match *match = &knowledge_matches[found->first_match + i];
        r->matches[r->match_count++] = *match;
        r->ends[first + match->length] |= 1U << match->category;
    }
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
    r->begins = arena_take(arena, r->token_count + 1, sizeof(uint32_t));
    r->ends = arena_take(arena, r->token_count + 1, sizeof(uint32_t));
    for (uint32_t s = 0; s < document->sentence_count; s++) {
        const struct sentence *sentence = &document->sentences[s];
        uint32_t end = sentence->first_token + sentence->token_count;
        for (uint32_t i = sentence->first_token; i < end; i++) {
            r->sentence_ends[i] = end;
            r->sentence_starts[i] = sentence->first_token;
        }
    }
    for (uint32_t i = 0; i < r->token_count; i++) {
        ask_ahead(r, i);
        r->first_match[i] = r->match_count;
        look_up(r, i);
    }
    r->first_match[r->token_count] = r->match_count;
    document->reading = r;
    return r;
}

uint32_t reading_length_before(const struct reading *r, uint32_t token, enum category c)
{
    if (!(r->ends[token] >> c & 1))
        return 0;
    for (uint32_t length = token < LENGTH_MOST ? token : LENGTH_MOST; length > 0; length--)
        if (reading_length(r, token - length, c) == length)
            return length;
    return 0;
}

const struct place *gazetteer_place_named(const struct reading *r, uint32_t first, uint32_t end)
{
    const struct phrase_match *match = reading_match(r, first, CATEGORY_PLACE);
    if (!match || match->length != end - first)
        return NULL;
    return gazetteer_place(r->knowledge, match->value);
}
