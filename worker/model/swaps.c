// SPDX-License-Identifier: Apache-2.0
#include "worker/model/swaps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "worker/extract/document.h"
#include "worker/extract/gazetteer.h"
#include "worker/model/examples.h"
#include "worker/model/perceptron.h"

enum { SYLLABLES_MOST = 5, SYLLABLE_LONGEST = 32, SYLLABLE_SIZE = 4 * SYLLABLE_LONGEST };

/* What may be drawn for each other has the same kind. */
enum { KIND_FAMILY = 1, KIND_PERSON, KIND_PLACE, KIND_HEAD, KIND_LETTERS = 64, KIND_WHAT = 7 };

/* Where a name stands in an article: the tokens that may change. */
struct name {
    uint32_t first;
    uint32_t count;
    uint64_t kind;
    const char *given[SYLLABLES_MOST]; /* instead; NULL: it stays */
};

struct pooled {
    uint64_t kind;
    const char *syllables[SYLLABLES_MOST];
    uint32_t count;
};

struct name_pool {
    struct arena *arena;
    struct pooled *items; /* sorted and each once, when is_sorted */
    uint32_t count;
    uint32_t room;
    bool is_sorted;
};

/* The names of one article. */
struct cast {
    struct document document;
    const struct reading *reading;
    struct name *names; /* by first token */
    uint32_t count;
};

struct name_pool *name_pool_new(void)
{
    struct name_pool *pool = memory_new(sizeof(*pool));
    pool->arena = arena_new(0);
    return pool;
}

void name_pool_free(struct name_pool **pool_p)
{
    if (*pool_p) {
        arena_free(&(*pool_p)->arena);
        free((*pool_p)->items);
    }
    free(*pool_p);
    *pool_p = NULL;
}

static bool is_one_space_before(const struct document *document, uint32_t token)
{
    uint32_t start = document->tokens[token].span.start;
    return start == document->tokens[token - 1].span.end + 1 &&
           document->text.points[start - 1] == ' ';
}

/* Capitalised words with one space between them. */
static bool is_plain(const struct cast *cast, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        unsigned shape = cast->document.tokens[i].shape;
        if (!(shape & SHAPE_WORD) || !(shape & SHAPE_CAPITAL) ||
            (i > first && !is_one_space_before(&cast->document, i)) ||
            strlen(cast->document.tokens[i].folded) > SYLLABLE_LONGEST)
            return false;
    }
    return first < end && end - first <= SYLLABLES_MOST;
}

/* With diacritics or without. */
static uint64_t letters_of(const struct cast *cast, const struct name *name)
{
    for (uint32_t i = 0; i < name->count; i++)
        for (const char *c = cast->document.tokens[name->first + i].folded; *c; c++)
            if ((unsigned char)*c >= 0x80)
                return KIND_LETTERS;
    return 0;
}

static uint64_t person_kind(const struct cast *cast, const struct name *name)
{
    bool has_family =
        name->count > 1 && reading_length(cast->reading, name->first, CATEGORY_FAMILY) == 1;
    return has_family ? KIND_FAMILY : KIND_PERSON;
}

static const struct place *place_of(const struct cast *cast, uint32_t first, uint32_t count)
{
    const struct phrase_match *match = reading_match(cast->reading, first, CATEGORY_PLACE);
    return match && match->length == count ? gazetteer_place(cast->reading->knowledge, match->value)
                                           : NULL;
}

/* A known place is of its kind, another of what stands before it. */
static uint64_t place_kind(const struct cast *cast, const struct name *name, uint32_t head)
{
    const struct place *place = place_of(cast, name->first, name->count);
    if (place)
        return KIND_PLACE | (uint64_t)place->kind << 8;
    uint64_t hash = 0;
    for (uint32_t i = head; i < name->first; i++)
        hash = hash * 31 + cast->document.tokens[i].key;
    return KIND_HEAD | hash << 8;
}

/* "tỉnh Nghệ An", "Nghệ An": the name behind the head. */
static bool find_place(const struct cast *cast, uint32_t first, uint32_t end, struct name *ret_name)
{
    uint32_t head = reading_length(cast->reading, first, CATEGORY_PLACE_HEAD);
    bool is_whole = place_of(cast, first, end - first) && is_plain(cast, first, end);
    uint32_t begin = !is_whole && head < end - first ? first + head : first; /* "Hồ Chí Minh" */
    if (!is_plain(cast, begin, end))
        return false;
    *ret_name = (struct name){.first = begin, .count = end - begin};
    ret_name->kind = place_kind(cast, ret_name, first);
    return true;
}

/* "Công an tỉnh Nghệ An", "Công an Nghệ An": the place at its end. */
static bool find_place_of_body(const struct cast *cast, uint32_t first, uint32_t end,
                               struct name *ret_name)
{
    for (uint32_t i = first + 1; i < end; i++) {
        const struct place *place = place_of(cast, i, end - i);
        const struct phrase_match *head = reading_match(cast->reading, i, CATEGORY_PLACE_HEAD);
        bool is_unit = head && head->value == PLACE_HEAD_UNIT && head->length < end - i &&
                       !reading_has(cast->reading, i, SHAPE_CAPITAL);
        if (is_unit || (place && place->kind <= PLACE_CITY))
            return find_place(cast, i, end, ret_name);
    }
    return false;
}

static struct cast find_names(const struct corpus_article *article,
                              const struct knowledge *knowledge, const struct article_input *input,
                              struct arena *arena)
{
    struct cast cast = {.document = corpus_document(article, input, arena)};
    struct document *document = &cast.document;
    cast.reading = reading_of(document, knowledge);
    cast.names = arena_take(arena, article->annotation_count + 1, sizeof(*cast.names));
    for (uint32_t i = 0, first = 0; i < article->annotation_count; i++) {
        const struct annotation *annotation = &article->annotations[i];
        while (first < document->token_count &&
               document->tokens[first].span.start < annotation->span.start)
            first++;
        uint32_t end = first;
        while (end < document->token_count &&
               document->tokens[end].span.end <= annotation->span.end)
            end++;
        struct name name = {.first = first, .count = end - first};
        bool is_found = false;
        if (annotation->type == NEWSLOOM__V1__ENTITY_TYPE__PERSON && is_plain(&cast, first, end)) {
            name.kind = person_kind(&cast, &name);
            is_found = true;
        } else if (annotation->type == NEWSLOOM__V1__ENTITY_TYPE__LOCATION && first < end)
            is_found = find_place(&cast, first, end, &name);
        else if (annotation->type == NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION)
            is_found = find_place_of_body(&cast, first, end, &name);
        if (!is_found)
            continue;
        name.kind |= letters_of(&cast, &name) | (uint64_t)name.count << 3;
        cast.names[cast.count++] = name;
    }
    return cast;
}

static bool is_person(const struct name *name)
{
    return (name->kind & KIND_WHAT) <= KIND_PERSON;
}

static bool has_capitals_only(const struct cast *cast, const struct name *name)
{
    for (uint32_t i = 0; i < name->count; i++)
        if (cast->document.tokens[name->first + i].shape & SHAPE_ALL_CAPITALS)
            return true;
    return false;
}

static const char *syllable_text(const struct document *document, uint32_t token,
                                 struct arena *arena)
{
    const struct text *text = &document->text;
    struct span span = document->tokens[token].span;
    return arena_text(arena, text->bytes + text->byte_at[span.start],
                      text->byte_at[span.end] - text->byte_at[span.start]);
}

void name_pool_add(struct name_pool *pool, const struct corpus_article *article,
                   const struct knowledge *knowledge)
{
    const struct article_input input = ARTICLE_INPUT_INIT;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct cast cast = find_names(article, knowledge, &input, arena);
    for (uint32_t i = 0; i < cast.count; i++) {
        const struct name *name = &cast.names[i];
        if (has_capitals_only(&cast, name))
            continue;
        if (pool->count == pool->room) {
            pool->room = pool->room ? pool->room * 2 : 1024;
            pool->items = memory_resize(pool->items, pool->room, sizeof(*pool->items));
        }
        struct pooled *item = &pool->items[pool->count++];
        *item = (struct pooled){.kind = name->kind, .count = name->count};
        for (uint32_t s = 0; s < name->count; s++)
            item->syllables[s] = syllable_text(&cast.document, name->first + s, pool->arena);
    }
}

static int compare_pooled(const void *a, const void *b)
{
    const struct pooled *left = a, *right = b;
    int order = (left->kind > right->kind) - (left->kind < right->kind);
    for (uint32_t i = 0; order == 0 && i < left->count && i < right->count; i++)
        order = strcmp(left->syllables[i], right->syllables[i]);
    return order ? order : (left->count > right->count) - (left->count < right->count);
}

static void sort_pool(struct name_pool *pool)
{
    uint32_t kept = 0;
    pool->is_sorted = true;
    if (pool->count)
        qsort(pool->items, pool->count, sizeof(*pool->items), compare_pooled);
    for (uint32_t i = 0; i < pool->count; i++)
        if (kept == 0 || compare_pooled(&pool->items[kept - 1], &pool->items[i]) != 0)
            pool->items[kept++] = pool->items[i];
    pool->count = kept;
}

static uint32_t first_of_kind(const struct name_pool *pool, uint64_t kind)
{
    uint32_t low = 0, high = pool->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (pool->items[middle].kind < kind)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* One of the same kind, NULL when there are not two. */
static const struct pooled *draw(const struct name_pool *pool, uint64_t kind, uint64_t *state)
{
    uint32_t first = first_of_kind(pool, kind), end = first_of_kind(pool, kind + 1);
    return end - first < 2 ? NULL : &pool->items[first + next_random(state) % (end - first)];
}

static bool equal_runs(const struct cast *cast, uint32_t a, uint32_t b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!token_equals(&cast->document.tokens[a + i], &cast->document.tokens[b + i]))
            return false;
    return true;
}

/* The name, or the beginning or the end of a person's, was given another one before. */
static bool follow(const struct cast *cast, const struct name *other, struct name *name)
{
    if (!other->given[0] || other->count < name->count || is_person(other) != is_person(name) ||
        (other->count > name->count && !is_person(name)))
        return false;
    uint32_t skipped = other->count - name->count;
    if (!equal_runs(cast, other->first + skipped, name->first, name->count)) {
        skipped = 0;
        if (!equal_runs(cast, other->first, name->first, name->count))
            return false;
    }
    memcpy(name->given, other->given + skipped, name->count * sizeof(*name->given));
    return true;
}

static void give(struct cast *cast, const struct name_pool *pool, struct name *name,
                 uint64_t *state)
{
    for (uint32_t i = 0; i < cast->count; i++)
        if (follow(cast, &cast->names[i], name))
            return;
    if (name->count == 1 && has_capitals_only(cast, name))
        return; /* an acronym */
    const struct pooled *drawn = draw(pool, name->kind, state);
    if (!drawn)
        return;
    memcpy(name->given, drawn->syllables, sizeof(name->given));
    if ((name->kind & KIND_WHAT) == KIND_FAMILY)
        name->given[0] = draw(pool, name->kind, state)->syllables[0];
}

static void upper_case(char *to, const char *syllable)
{
    const utf8proc_uint8_t *from = (const utf8proc_uint8_t *)syllable;
    utf8proc_int32_t point = 0;
    utf8proc_ssize_t size = 0, put = 0;
    while (*from && put + 4 < SYLLABLE_SIZE && (size = utf8proc_iterate(from, -1, &point)) > 0) {
        put += utf8proc_encode_char(utf8proc_toupper(point), (utf8proc_uint8_t *)to + put);
        from += size;
    }
    to[put] = 0;
}

/* The text that is being told again. */
struct telling {
    char *bytes;
    size_t size;
    uint32_t length;  /* code points */
    uint32_t come;    /* code points of the old text */
    uint32_t *places; /* where those stand in the new one; inside a name nobody asks */
};

static void copy_until(struct telling *telling, const struct text *text, uint32_t end)
{
    size_t from = text->byte_at[telling->come], size = text->byte_at[end] - from;
    memcpy(telling->bytes + telling->size, text->bytes + from, size);
    telling->size += size;
    for (uint32_t i = telling->come; i <= end; i++)
        telling->places[i] = telling->length + (i - telling->come);
    telling->length += end - telling->come;
    telling->come = end;
}

static void tell(struct telling *telling, const struct cast *cast, const struct name *name)
{
    for (uint32_t i = 0; i < name->count && name->given[0]; i++) {
        const struct token *token = &cast->document.tokens[name->first + i];
        char syllable[SYLLABLE_SIZE] = "";
        if (token->shape & SHAPE_ALL_CAPITALS)
            upper_case(syllable, name->given[i]);
        else
            (void)snprintf(syllable, sizeof(syllable), "%s", name->given[i]);
        copy_until(telling, &cast->document.text, token->span.start);
        for (const char *c = syllable; *c; c++) {
            telling->bytes[telling->size++] = *c;
            telling->length += ((unsigned char)*c & 0xc0) != 0x80;
        }
        telling->come = token->span.end;
    }
}

static struct span moved(struct span span, const uint32_t *places)
{
    return (struct span){places[span.start], places[span.end]};
}

static struct corpus_article tell_all(const struct corpus_article *article, const struct cast *cast,
                                      struct arena *arena)
{
    const struct text *text = &cast->document.text;
    struct corpus_article told = *article;
    struct telling telling = {0};
    size_t room = text->size + (size_t)cast->count * SYLLABLES_MOST * SYLLABLE_SIZE + 1;
    telling.bytes = arena_take(arena, room, 1);
    telling.places = arena_take(arena, text->length + 1, sizeof(*telling.places));
    for (uint32_t i = 0; i < cast->count; i++)
        tell(&telling, cast, &cast->names[i]);
    copy_until(&telling, text, text->length);
    told.text = telling.bytes;
    told.size = telling.size;
    told.sections =
        arena_copy(arena, article->sections, article->section_count * sizeof(*told.sections));
    told.annotations = arena_copy(arena, article->annotations,
                                  article->annotation_count * sizeof(*told.annotations));
    for (uint32_t i = 0; i < told.section_count; i++)
        told.sections[i].span = moved(told.sections[i].span, telling.places);
    for (uint32_t i = 0; i < told.annotation_count; i++)
        told.annotations[i].span = moved(told.annotations[i].span, telling.places);
    return told;
}

struct corpus_article swap_names(struct name_pool *pool, const struct corpus_article *article,
                                 const struct knowledge *knowledge, uint64_t *state,
                                 struct arena *arena)
{
    const struct article_input input = ARTICLE_INPUT_INIT;
    if (!pool->is_sorted)
        sort_pool(pool);
    struct cast cast = find_names(article, knowledge, &input, arena);
    /* the longest first, so that shorter ones follow them */
    for (uint32_t count = SYLLABLES_MOST; count > 0; count--)
        for (uint32_t i = 0; i < cast.count; i++)
            if (cast.names[i].count == count)
                give(&cast, pool, &cast.names[i], state);
    return tell_all(article, &cast, arena);
}
