// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/body_key.h"

#include <stdlib.h>
#include <string.h>

#include "worker/extract/name_tables.h"
#include "worker/extract/offices.h"
#include "worker/extract/points.h"

enum { WORDS_A_TOKEN = 16 };

struct word {
    const char *text;
    bool is_dropped; /* stands in the expanded name, not in the key */
};

/* A name while it is read: the tokens [at, end) are still to come. */
struct spelling {
    struct document *document;
    const struct reading *r;
    uint32_t at;
    uint32_t end;
    struct word *words;
    uint32_t count;
    uint32_t room;
    const char *text; /* what was read so far, spelled out */
    uint32_t text_end;
    bool is_spelled_out;
    const struct place *province;
};

static bool is_skipped(const struct spelling *s, uint32_t at)
{
    return !reading_has(s->r, at, SHAPE_WORD | SHAPE_NUMBER) || reading_is(s->r, at, "và");
}

static void add_word(struct spelling *s, const char *text)
{
    if (s->count < s->room)
        s->words[s->count++] = (struct word){text, false};
}

/* Words joined by spaces, one by one. */
static void add_words(struct spelling *s, const char *text)
{
    char *at = arena_copy(s->document->arena, text, strlen(text) + 1);
    for (;;) {
        add_word(s, at);
        at += strcspn(at, " ");
        if (!*at)
            return;
        *at++ = '\0';
    }
}

static bool ends_with(const struct spelling *s, uint32_t back, const char *word)
{
    return s->count >= back && !s->words[s->count - back].is_dropped &&
           strcmp(s->words[s->count - back].text, word) == 0;
}

static void drop_last(struct spelling *s, uint32_t count)
{
    for (uint32_t i = 1; i <= count; i++)
        s->words[s->count - i].is_dropped = true;
}

/* The end of the tokens that these words are, marks between them left out; 0: they are not. */
static uint32_t phrase_end(const struct spelling *s, const char *words)
{
    uint32_t at = s->at;
    for (;;) {
        while (at < s->end && is_skipped(s, at))
            at++;
        if (at >= s->end)
            return 0;
        const char *folded = s->r->tokens[at++].folded;
        for (; *folded && *folded == *words; folded++)
            words++;
        if (*folded || (*words && *words != ' '))
            return 0;
        if (!*words)
            return at;
        words++;
    }
}

static const struct name_rewrite *find_rewrite(const struct spelling *s, uint32_t *ret_end)
{
    uint64_t first = s->r->tokens[s->at].key;
    uint32_t low = 0, high = name_rewrite_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (name_rewrites[middle].first < first)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < name_rewrite_count && name_rewrites[low].first == first; low++) {
        *ret_end = phrase_end(s, name_rewrites[low].from);
        if (*ret_end)
            return &name_rewrites[low];
    }
    return NULL;
}

bool body_key_is_central(const struct place *place)
{
    static const char *const codes[] = {"VN-HN", "VN-SG", "VN-HP", "VN-DN", "VN-CT"};
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        if (strcmp(place->code, codes[i]) == 0)
            return true;
    return false;
}

/* A country of one syllable is one only at the end of a name: "Đại sứ quán Mỹ tại Lào". */
static bool is_country(const struct spelling *s, const struct place *place, uint32_t end)
{
    if (place->kind == PLACE_SINGLE_COUNTRY)
        return end >= s->end || reading_is(s->r, end, "tại");
    return place->kind == PLACE_COUNTRY;
}

/* A province or a country that begins here, and where it ends. */
static const struct place *find_place(const struct spelling *s, uint32_t *ret_end)
{
    const struct phrase_match *match = reading_match(s->r, s->at, CATEGORY_PLACE);
    if (!match || s->at + match->length > s->end || !reading_has(s->r, s->at, SHAPE_CAPITAL))
        return NULL;
    const struct place *place = gazetteer_place(s->r->knowledge, match->value);
    *ret_end = s->at + match->length;
    bool is_province = place->kind == PLACE_PROVINCE && strcmp(place->country, "VN") == 0;
    return is_province || is_country(s, place, *ret_end) ? place : NULL;
}

/* Lower case, words joined by one space, no marks. */
static const char *folded(struct arena *arena, const char *name)
{
    char *text = arena_take(arena, 2 * strlen(name) + 1, 1);
    size_t size = 0;
    bool is_open = false;
    while (*name) {
        uint32_t point = point_read(&name);
        bool is_word = point_is_letter(point) || point_is_digit(point);
        if (is_word && !is_open && size)
            text[size++] = ' ';
        if (is_word)
            size += point_write(point_lower(point), text + size);
        is_open = is_word;
    }
    return text;
}

const char *body_key_of_place(struct arena *arena, const struct place *place)
{
    static const char city[] = "thành phố ";
    const char *name = folded(arena, place->name);
    bool is_city = body_key_is_central(place) && strncmp(name, city, strlen(city)) == 0;
    return is_city ? name + strlen(city) : name;
}

static void add_place(struct spelling *s, const struct place *place)
{
    bool is_central = body_key_is_central(place);
    if (place->kind != PLACE_PROVINCE) {
        if (ends_with(s, 1, "nước"))
            drop_last(s, 1);
    } else if (ends_with(s, 1, "tỉnh")) {
        drop_last(s, 1);
    } else if (is_central && ends_with(s, 1, "phố") && ends_with(s, 2, "thành")) {
        drop_last(s, 2);
    }
    add_words(s, body_key_of_place(s->document->arena, place));
    s->province = place->kind == PLACE_PROVINCE ? place : s->province;
}

/* Copy the article's text up to the token, and what stands for the tokens from there. */
static void spell_out(struct spelling *s, const char *text, uint32_t end)
{
    struct span gap = {s->text_end, s->r->tokens[s->at].span.start};
    s->text =
        arena_format(s->document->arena, "%s%s%s", s->text, document_text(s->document, gap), text);
    s->text_end = s->r->tokens[end - 1].span.end;
    s->is_spelled_out = true;
}

static void read_word(struct spelling *s)
{
    if (is_skipped(s, s->at)) {
        s->at++;
        return;
    }
    uint32_t end = 0, place_end = 0;
    const struct name_rewrite *rewrite = find_rewrite(s, &end);
    const struct place *place = find_place(s, &place_end);
    if (place && (!rewrite || place_end > end)) {
        add_place(s, place);
        s->at = place_end;
        return;
    }
    s->province = NULL;
    if (!rewrite) {
        add_word(s, s->r->tokens[s->at++].folded);
        return;
    }
    add_words(s, rewrite->to);
    spell_out(s, rewrite->text, end);
    s->at = end;
}

static const char *joined(const struct spelling *s, bool is_key)
{
    size_t size = 1, at = 0;
    for (uint32_t i = 0; i < s->count; i++)
        size += strlen(s->words[i].text) + 1;
    char *text = arena_take(s->document->arena, size, 1);
    for (uint32_t i = 0; i < s->count; i++) {
        if (is_key && s->words[i].is_dropped)
            continue;
        size_t length = strlen(s->words[i].text);
        if (at)
            text[at++] = ' ';
        memcpy(text + at, s->words[i].text, length);
        at += length;
    }
    return text;
}

/* "Bộ Công an Việt Nam", "Cục Hàng không Việt Nam": no other state has it but by its name. */
static void drop_country(struct spelling *s)
{
    static const char *const heads[] = {
        "bộ",       "chính phủ",     "quốc hội",         "cục",
        "tổng cục", "văn phòng",     "công an nhân dân", "ngân hàng nhà nước",
        "tòa án",   "viện kiểm sát", "ủy ban nhân dân",  "thanh tra",
        "kiểm toán"};
    if (!ends_with(s, 1, "nam") || !ends_with(s, 2, "việt"))
        return;
    const char *text = joined(s, true);
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        size_t size = strlen(heads[i]);
        if (strncmp(text, heads[i], size) == 0 && text[size] == ' ') {
            drop_last(s, 2);
            return;
        }
    }
}

static int compare_alias(const void *text, const void *alias)
{
    return strcmp(text, ((const struct name_alias *)alias)->from);
}

static const struct name_alias *find_alias(const char *text)
{
    return bsearch(text, name_aliases, name_alias_count, sizeof(name_aliases[0]), compare_alias);
}

/* "Cục Cảnh sát hình sự, Bộ Công an": a known body without the one that it belongs to. */
static const struct name_alias *find_unit(struct arena *arena, const char *text)
{
    static const char *const parents[] = {" bộ công an", " bộ quốc phòng"};
    size_t size = strlen(text);
    for (size_t i = 0; i < COUNT_OF(parents); i++) {
        size_t length = strlen(parents[i]);
        if (size > length && strcmp(text + size - length, parents[i]) == 0)
            return find_alias(arena_format(arena, "%.*s", (int)(size - length), text));
    }
    return NULL;
}

static const char *spelled_text(struct spelling *s)
{
    struct span rest = {s->text_end, s->r->tokens[s->end - 1].span.end};
    return arena_format(s->document->arena, "%s%s", s->text, document_text(s->document, rest));
}

const struct body_key *body_key_of(struct document *document, const struct reading *r,
                                   struct span span)
{
    uint32_t end = token_behind(r, span);
    uint32_t first = end;
    while (first > 0 && r->tokens[first - 1].span.start >= span.start)
        first--;
    struct spelling s = {
        .document = document, .r = r, .at = first, .end = end, .text = "", .text_end = span.start};
    s.room = (end - first) * WORDS_A_TOKEN;
    s.words = arena_take(document->arena, s.room + 1, sizeof(struct word));
    while (s.at < end)
        read_word(&s);
    struct body_key *key = arena_take(document->arena, 1, sizeof(*key));
    key->expanded = joined(&s, false);
    drop_country(&s);
    key->key = joined(&s, true);
    key->province = s.province;
    key->name = s.is_spelled_out ? spelled_text(&s) : NULL;
    const struct name_alias *alias = find_alias(key->key);
    if (!alias)
        alias = find_unit(document->arena, key->key);
    if (!alias)
        alias = find_alias(key->expanded);
    if (alias) {
        key->key = alias->to;
        key->name = alias->name;
        key->is_known = true;
    }
    return key;
}
