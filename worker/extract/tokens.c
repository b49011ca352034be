// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/tokens.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "worker/extract/document.h"
#include "worker/extract/words.h"

enum { SYLLABLE_MOST = 32, TONE_COUNT = 6, VOWEL_COUNT = 12 };

/* Every vowel with each tone: none, huyền, sắc, hỏi, ngã, nặng. */
static const uint32_t vowels[VOWEL_COUNT][TONE_COUNT] = {
    {L'a', L'à', L'á', L'ả', L'ã', L'ạ'}, {L'ă', L'ằ', L'ắ', L'ẳ', L'ẵ', L'ặ'},
    {L'â', L'ầ', L'ấ', L'ẩ', L'ẫ', L'ậ'}, {L'e', L'è', L'é', L'ẻ', L'ẽ', L'ẹ'},
    {L'ê', L'ề', L'ế', L'ể', L'ễ', L'ệ'}, {L'i', L'ì', L'í', L'ỉ', L'ĩ', L'ị'},
    {L'o', L'ò', L'ó', L'ỏ', L'õ', L'ọ'}, {L'ô', L'ồ', L'ố', L'ổ', L'ỗ', L'ộ'},
    {L'ơ', L'ờ', L'ớ', L'ở', L'ỡ', L'ợ'}, {L'u', L'ù', L'ú', L'ủ', L'ũ', L'ụ'},
    {L'ư', L'ừ', L'ứ', L'ử', L'ữ', L'ự'}, {L'y', L'ỳ', L'ý', L'ỷ', L'ỹ', L'ỵ'},
};

/* One ASCII letter for each vowel above, so that rhymes can be a plain sorted table. */
static const char vowel_codes[VOWEL_COUNT] = {'a', 'W', 'A', 'e', 'E', 'i',
                                              'o', 'O', 'P', 'u', 'U', 'y'};

static const char *const onsets[] = {
    "",  "b",  "c",   "ch", "d", "D",  "g",  "gh", "gi", "h", "k",  "kh", "l", "m",
    "n", "ng", "ngh", "nh", "p", "ph", "qu", "r",  "s",  "t", "th", "tr", "v", "x",
};

/* The rhymes of the language without tones, in the codes above and in ASCII order. */
static const char *const rhymes[] = {
    "Ac",  "Am",   "An",   "Ang",  "Ap",   "At",  "Au",   "Ay",   "E",    "Ech", "Em",   "En",
    "Enh", "Ep",   "Et",   "Eu",   "O",    "Oc",  "Oi",   "Om",   "On",   "Ong", "Op",   "Ot",
    "P",   "Pi",   "Pm",   "Pn",   "Pp",   "Pt",  "U",    "UPc",  "UPi",  "UPm", "UPn",  "UPng",
    "UPp", "UPt",  "UPu",  "Ua",   "Uc",   "Ui",  "Um",   "Un",   "Ung",  "Ut",  "Uu",   "Wc",
    "Wm",  "Wn",   "Wng",  "Wp",   "Wt",   "a",   "ac",   "ach",  "ai",   "am",  "an",   "ang",
    "anh", "ao",   "ap",   "at",   "au",   "ay",  "e",    "ec",   "em",   "en",  "eng",  "eo",
    "ep",  "et",   "i",    "iEc",  "iEm",  "iEn", "iEng", "iEp",  "iEt",  "iEu", "ia",   "ich",
    "im",  "in",   "inh",  "ip",   "it",   "iu",  "o",    "oWc",  "oWm",  "oWn", "oWng", "oWt",
    "oa",  "oac",  "oach", "oai",  "oam",  "oan", "oang", "oanh", "oao",  "oap", "oat",  "oay",
    "oc",  "oe",   "oen",  "oeo",  "oet",  "oi",  "om",   "on",   "ong",  "ooc", "oong", "op",
    "ot",  "u",    "uAn",  "uAng", "uAt",  "uAy", "uE",   "uEch", "uEnh", "uOc", "uOi",  "uOm",
    "uOn", "uOng", "uOt",  "uP",   "ua",   "uc",  "ui",   "um",   "un",   "ung", "up",   "ut",
    "uy",  "uyEn", "uyEt", "uya",  "uych", "uyn", "uynh", "uyp",  "uyt",  "uyu", "y",    "yEm",
    "yEn", "yEng", "yEt",  "yEu",  "ych",  "yn",  "ynh",  "yt",
};

static const char *const plain_rhymes[] = {
    "a",    "ac",   "ach",  "ai",   "am",  "an",  "ang",  "anh",  "ao",  "ap",   "at",   "au",
    "ay",   "e",    "ec",   "ech",  "em",  "en",  "eng",  "enh",  "eo",  "ep",   "et",   "eu",
    "i",    "ia",   "ich",  "iec",  "iem", "ien", "ieng", "iep",  "iet", "ieu",  "im",   "in",
    "inh",  "ip",   "it",   "iu",   "o",   "oa",  "oac",  "oach", "oai", "oam",  "oan",  "oang",
    "oanh", "oao",  "oap",  "oat",  "oay", "oc",  "oe",   "oen",  "oeo", "oet",  "oi",   "om",
    "on",   "ong",  "ooc",  "oong", "op",  "ot",  "u",    "ua",   "uan", "uang", "uat",  "uay",
    "uc",   "ue",   "uech", "uenh", "ui",  "um",  "un",   "ung",  "uo",  "uoc",  "uoi",  "uom",
    "uon",  "uong", "uop",  "uot",  "uou", "up",  "ut",   "uu",   "uy",  "uya",  "uych", "uyen",
    "uyet", "uyn",  "uynh", "uyp",  "uyt", "uyu", "y",    "ych",  "yem", "yen",  "yeng", "yet",
    "yeu",  "yn",   "ynh",  "yt",
};

static bool vowel_find(uint32_t point, unsigned *ret_vowel, unsigned *ret_tone)
{
    for (unsigned vowel = 0; vowel < VOWEL_COUNT; vowel++)
        for (unsigned tone = 0; tone < TONE_COUNT; tone++)
            if (vowels[vowel][tone] == point) {
                *ret_vowel = vowel;
                *ret_tone = tone;
                return true;
            }
    return false;
}

/* Move the tone of "oa", "oe", "uy" to where most newspapers write it: first vowel when the
 * syllable ends there ("hòa"), second when it goes on ("hoàn"). */
static void place_tone(uint32_t *points, unsigned count)
{
    for (unsigned i = 0; i + 1 < count; i++) {
        unsigned first = 0, first_tone = 0, second = 0, second_tone = 0;
        if (!vowel_find(points[i], &first, &first_tone) ||
            !vowel_find(points[i + 1], &second, &second_tone))
            continue;
        char a = vowel_codes[first];
        char b = vowel_codes[second];
        bool is_pair = (a == 'o' && (b == 'a' || b == 'e')) ||
                       (a == 'u' && b == 'y' && (i == 0 || points[i - 1] != 'q'));
        if (!is_pair || (first_tone != 0) == (second_tone != 0))
            continue;
        unsigned tone = first_tone + second_tone;
        bool is_open = i + 2 == count;
        points[i] = vowels[first][is_open ? tone : 0];
        points[i + 1] = vowels[second][is_open ? 0 : tone];
        return;
    }
}

/* Compose what was written with combining marks; returns the new count. */
static unsigned compose(uint32_t *points, unsigned count)
{
    utf8proc_ssize_t size = utf8proc_normalize_utf32((utf8proc_int32_t *)points, count,
                                                     UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    return size > 0 ? (unsigned)size : count;
}

static const char *encode(struct arena *arena, const uint32_t *points, unsigned count)
{
    char bytes[SYLLABLE_MOST * 4];
    size_t size = 0;
    for (unsigned i = 0; i < count; i++)
        size += (size_t)utf8proc_encode_char((utf8proc_int32_t)points[i],
                                             (utf8proc_uint8_t *)bytes + size);
    return arena_text(arena, bytes, size);
}

/* Folds at most SYLLABLE_MOST code points: nothing that is a syllable is longer. */
static const char *fold(struct arena *arena, const uint32_t *points, uint32_t length)
{
    uint32_t folded[SYLLABLE_MOST];
    unsigned count = length < SYLLABLE_MOST ? length : SYLLABLE_MOST;
    bool has_marks = false;
    for (unsigned i = 0; i < count; i++) {
        folded[i] = point_lower(points[i]);
        has_marks = has_marks || point_is_mark(points[i]);
    }
    if (has_marks)
        count = compose(folded, count);
    place_tone(folded, count);
    return encode(arena, folded, count);
}

const char *syllable_fold(struct arena *arena, const char *syllable)
{
    struct text text = text_view(arena, syllable, strlen(syllable));
    return fold(arena, text.points, text.length);
}

static int compare_text(const void *key, const void *element)
{
    return strcmp(key, *(const char *const *)element);
}

static bool is_rhyme(const char *rhyme, bool is_plain)
{
    if (bsearch(rhyme, rhymes, COUNT_OF(rhymes), sizeof(rhymes[0]), compare_text))
        return true;
    return is_plain && bsearch(rhyme, plain_rhymes, COUNT_OF(plain_rhymes), sizeof(rhymes[0]),
                               compare_text) != NULL;
}

/* The syllable in codes without its tone; false when a letter does not belong to the language. */
static bool code_syllable(const char *folded, char codes[16], unsigned *ret_tone, bool *ret_plain)
{
    size_t size = strlen(folded);
    size_t at = 0;
    size_t count = 0;
    *ret_tone = 0;
    *ret_plain = true;
    while (at < size) {
        utf8proc_int32_t point = 0;
        at += (size_t)utf8proc_iterate((const utf8proc_uint8_t *)folded + at,
                                       (utf8proc_ssize_t)(size - at), &point);
        unsigned vowel = 0, tone = 0;
        char code = 0;
        if (vowel_find((uint32_t)point, &vowel, &tone)) {
            code = vowel_codes[vowel];
            *ret_tone += tone;
        } else if (point == L'đ') {
            code = 'D';
        } else if (point >= 'a' && point <= 'z') {
            code = (char)point;
        }
        if (!code || count == 15)
            return false;
        *ret_plain = *ret_plain && code >= 'a' && tone == 0;
        codes[count++] = code;
    }
    codes[count] = 0;
    return count > 0;
}

bool syllable_is_vietnamese(const char *folded)
{
    char codes[16];
    unsigned tone = 0;
    bool is_plain = true;
    if (!code_syllable(folded, codes, &tone, &is_plain))
        return false;
    char last = codes[strlen(codes) - 1];
    char before = (char)(strlen(codes) > 1 ? codes[strlen(codes) - 2] : ' ');
    bool is_stopped = last == 'p' || last == 't' || last == 'c' || (last == 'h' && before == 'c');
    if (is_stopped && tone != 0 && tone != 2 && tone != 5)
        return false;
    for (size_t i = 0; i < COUNT_OF(onsets); i++) {
        size_t size = strlen(onsets[i]);
        if (strncmp(codes, onsets[i], size) != 0)
            continue;
        if (is_rhyme(codes + size, is_plain))
            return true;
    }
    return false;
}

/* Every spelling of a document is folded once: an open-addressing table over its first letters. */
struct spelling {
    const char *folded; /* NULL: free */
    uint64_t key;
    struct span span; /* where it was seen first */
    uint16_t shape;
};

struct spellings {
    struct spelling *slots;
    uint32_t mask;
    uint32_t used;
};

static uint32_t hash_span(const struct document *document, struct span span)
{
    uint32_t hash = 2166136261U;
    for (uint32_t i = span.start; i < span.end; i++)
        hash = (hash ^ document->text.points[i]) * 16777619U;
    return hash ^ (hash >> 15);
}

static bool same_letters(const struct document *document, struct span a, struct span b)
{
    size_t length = a.end - a.start;
    return length == b.end - b.start &&
           memcmp(document->text.points + a.start, document->text.points + b.start,
                  length * sizeof(uint32_t)) == 0;
}

static void spellings_grow(struct document *document, struct spellings *spellings)
{
    uint32_t size = spellings->mask ? (spellings->mask + 1) * 4 : 256;
    struct spelling *slots = arena_take(document->arena, size, sizeof(*slots));
    for (uint32_t i = 0; spellings->mask && i <= spellings->mask; i++) {
        if (!spellings->slots[i].folded)
            continue;
        uint32_t at = hash_span(document, spellings->slots[i].span) & (size - 1);
        while (slots[at].folded)
            at = (at + 1) & (size - 1);
        slots[at] = spellings->slots[i];
    }
    spellings->slots = slots;
    spellings->mask = size - 1;
}

static uint16_t word_shape(const struct document *document, struct span span, const char *folded)
{
    const uint32_t *points = document->text.points;
    unsigned letters = 0, capitals = 0;
    for (uint32_t i = span.start; i < span.end; i++) {
        if (!point_is_letter(points[i]) || point_is_mark(points[i]))
            continue;
        letters++;
        capitals += point_is_upper(points[i]);
    }
    unsigned shape = SHAPE_WORD;
    if (point_is_upper(points[span.start]))
        shape |= SHAPE_CAPITAL;
    if (letters >= 2 && letters == capitals)
        shape |= SHAPE_ALL_CAPITALS;
    if (syllable_is_vietnamese(folded))
        shape |= SHAPE_VIETNAMESE;
    return (uint16_t)shape;
}

static const struct spelling *spelling_of(struct document *document, struct spellings *spellings,
                                          struct span span)
{
    if (spellings->used * 2 >= spellings->mask)
        spellings_grow(document, spellings);
    uint32_t at = hash_span(document, span) & spellings->mask;
    while (spellings->slots[at].folded) {
        if (same_letters(document, spellings->slots[at].span, span))
            return &spellings->slots[at];
        at = (at + 1) & spellings->mask;
    }
    struct spelling *spelling = &spellings->slots[at];
    spelling->span = span;
    spelling->folded =
        fold(document->arena, document->text.points + span.start, span.end - span.start);
    spelling->key = word_key(spelling->folded);
    if (point_is_letter(document->text.points[span.start]))
        spelling->shape = word_shape(document, span, spelling->folded);
    else if (point_is_digit(document->text.points[span.start]))
        spelling->shape = SHAPE_NUMBER;
    else
        spelling->shape = SHAPE_PUNCTUATION;
    spellings->used++;
    return spelling;
}

static uint32_t word_end(const uint32_t *points, uint32_t at, uint32_t end)
{
    bool takes_digits = point_is_upper(points[at]);
    while (at < end && point_is_letter(points[at]))
        at++;
    while (takes_digits && at < end && point_is_digit(points[at]))
        at++;
    return at;
}

static uint32_t number_end(const uint32_t *points, uint32_t at, uint32_t end)
{
    while (at < end && point_is_digit(points[at])) {
        at++;
        bool is_separator = at + 1 < end && (points[at] == '.' || points[at] == ',') &&
                            point_is_digit(points[at + 1]);
        at += is_separator;
    }
    return at;
}

static void split_sentence(struct document *document, struct sentence *sentence,
                           struct spellings *spellings)
{
    const uint32_t *points = document->text.points;
    uint32_t at = sentence->span.start;
    bool is_line_start = sentence->span.start == document->sections[sentence->section].span.start;
    bool has_space = !is_line_start;
    sentence->first_token = document->token_count;
    while (at < sentence->span.end) {
        if (point_is_space(points[at])) {
            has_space = true;
            at++;
            continue;
        }
        uint32_t end = at + 1;
        if (point_is_letter(points[at]))
            end = word_end(points, at, sentence->span.end);
        else if (point_is_digit(points[at]))
            end = number_end(points, at, sentence->span.end);
        const struct spelling *spelling = spelling_of(document, spellings, (struct span){at, end});
        struct token *token = document_add_token(document);
        token->span = (struct span){at, end};
        token->folded = spelling->folded;
        token->key = spelling->key;
        token->shape = (uint16_t)(spelling->shape | (has_space ? SHAPE_SPACE_BEFORE : 0) |
                                  (is_line_start ? SHAPE_LINE_START : 0));
        has_space = false;
        is_line_start = false;
        at = end;
    }
    sentence->token_count = document->token_count - sentence->first_token;
}

void tokens_find(struct document *document)
{
    struct spellings spellings = {0};
    for (uint32_t i = 0; i < document->sentence_count; i++)
        split_sentence(document, &document->sentences[i], &spellings);
}
