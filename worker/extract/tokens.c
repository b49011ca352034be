// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/tokens.h"

#include <endian.h>
#include <string.h>

#include "worker/extract/document.h"
#include "worker/extract/gazetteer.h"

enum { SYLLABLE_MOST = 32, TONE_COUNT = 6, VOWEL_COUNT = 12 };

/* Every vowel with each tone: none, huyền, sắc, hỏi, ngã, nặng; and one ASCII letter for it, so
 * that rhymes can be a plain sorted table. */
#define VOWEL_MAP(X)                               \
    X(0, 'a', L'a', L'à', L'á', L'ả', L'ã', L'ạ')  \
    X(1, 'W', L'ă', L'ằ', L'ắ', L'ẳ', L'ẵ', L'ặ')  \
    X(2, 'A', L'â', L'ầ', L'ấ', L'ẩ', L'ẫ', L'ậ')  \
    X(3, 'e', L'e', L'è', L'é', L'ẻ', L'ẽ', L'ẹ')  \
    X(4, 'E', L'ê', L'ề', L'ế', L'ể', L'ễ', L'ệ')  \
    X(5, 'i', L'i', L'ì', L'í', L'ỉ', L'ĩ', L'ị')  \
    X(6, 'o', L'o', L'ò', L'ó', L'ỏ', L'õ', L'ọ')  \
    X(7, 'O', L'ô', L'ồ', L'ố', L'ổ', L'ỗ', L'ộ')  \
    X(8, 'P', L'ơ', L'ờ', L'ớ', L'ở', L'ỡ', L'ợ')  \
    X(9, 'u', L'u', L'ù', L'ú', L'ủ', L'ũ', L'ụ')  \
    X(10, 'U', L'ư', L'ừ', L'ứ', L'ử', L'ữ', L'ự') \
    X(11, 'y', L'y', L'ỳ', L'ý', L'ỷ', L'ỹ', L'ỵ')

#define VOWEL_TONES(index, code, ...) {__VA_ARGS__},
#define VOWEL_CODE(index, code, ...)  code,
static const uint32_t vowels[VOWEL_COUNT][TONE_COUNT] = {VOWEL_MAP(VOWEL_TONES)};
static const char vowel_codes[VOWEL_COUNT] = {VOWEL_MAP(VOWEL_CODE)};

/* The same the other way round: from a code point to 1 + vowel * TONE_COUNT + tone. The vowels are
 * below LOW_END or from HIGH_FIRST on. */
enum { LOW_END = 0x1b1, HIGH_FIRST = 0x1ea0, HIGH_END = 0x1efa };
#define VOWEL_AT(point) ((point) < LOW_END ? (point) : (point)-HIGH_FIRST + LOW_END)
#define VOWEL_INVERSE(index, code, a, b, c, d, e, f)                                \
    [VOWEL_AT(a)] = 1 + (index)*TONE_COUNT, [VOWEL_AT(b)] = 2 + (index)*TONE_COUNT, \
    [VOWEL_AT(c)] = 3 + (index)*TONE_COUNT, [VOWEL_AT(d)] = 4 + (index)*TONE_COUNT, \
    [VOWEL_AT(e)] = 5 + (index)*TONE_COUNT, [VOWEL_AT(f)] = 6 + (index)*TONE_COUNT,
static const uint8_t vowel_at[LOW_END + HIGH_END - HIGH_FIRST] = {VOWEL_MAP(VOWEL_INVERSE)};

enum { ROW_SIZE = 8, CODES_MOST = 15, ONSET_MOST = 4 };

static const char onsets[][ROW_SIZE] = {
    "",  "D",  "b",   "c",  "ch", "d",  "g",  "gh", "gi", "h", "k",  "kh", "l", "m",
    "n", "ng", "ngh", "nh", "p",  "ph", "qu", "r",  "s",  "t", "th", "tr", "v", "x",
};

/* The rhymes of the language without tones, in the codes above and in ASCII order. */
static const char rhymes[][ROW_SIZE] = {
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

/* And as they are written without diacritics. */
static const char plain_rhymes[][ROW_SIZE] = {
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
    bool is_low = point < LOW_END;
    if (!is_low && (point < HIGH_FIRST || point >= HIGH_END))
        return false;
    unsigned found = vowel_at[is_low ? point : point - HIGH_FIRST + LOW_END];
    if (!found)
        return false;
    *ret_vowel = (found - 1) / TONE_COUNT;
    *ret_tone = (found - 1) % TONE_COUNT;
    return true;
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

static const char *encode(struct arena *arena, const uint32_t *points, unsigned count)
{
    char bytes[SYLLABLE_MOST * 4];
    size_t size = 0;
    for (unsigned i = 0; i < count; i++)
        size += point_write(points[i], bytes + size);
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
        count = (unsigned)points_compose(folded, count);
    place_tone(folded, count);
    return encode(arena, folded, count);
}

const char *syllable_fold(struct arena *arena, const char *syllable)
{
    struct text text = text_view(arena, syllable, strlen(syllable));
    return fold(arena, text.points, text.length);
}

/* Rows are so short that they compare as numbers, in the order of their bytes. */
static uint64_t row_number(const char row[ROW_SIZE])
{
    uint64_t number = 0;
    memcpy(&number, row, ROW_SIZE);
    return be64toh(number);
}

/* Is it the number of a row of the sorted table? */
static inline bool is_row(uint64_t wanted, const char rows[][ROW_SIZE], size_t count)
{
    size_t first = 0;
    for (size_t left = count; left > 1;) {
        size_t half = left / 2;
        first += row_number(rows[first + half]) <= wanted ? half : 0;
        left -= half;
    }
    return row_number(rows[first]) == wanted;
}

/* A syllable in codes without its tone. */
struct coded {
    char codes[CODES_MOST + ROW_SIZE]; /* zeros behind them, so that every tail reads as a row */
    size_t count;
    size_t first_vowel; /* index; count: there is none */
    unsigned tone;
    bool is_plain; /* written without diacritics */
};

/* False when a letter does not belong to the language. */
static bool code_syllable(const char *folded, struct coded *ret_coded)
{
    struct coded coded = {.is_plain = true, .first_vowel = CODES_MOST};
    while (*folded) {
        uint32_t point = point_read(&folded);
        unsigned vowel = 0, tone = 0;
        char code = 0;
        if (vowel_find(point, &vowel, &tone)) {
            code = vowel_codes[vowel];
            coded.tone += tone;
            if (coded.count < coded.first_vowel)
                coded.first_vowel = coded.count;
        } else if (point == L'đ') {
            code = 'D';
        } else if (point >= 'a' && point <= 'z') {
            code = (char)point;
        }
        if (!code || coded.count == CODES_MOST)
            return false;
        coded.is_plain = coded.is_plain && code >= 'a' && tone == 0;
        coded.codes[coded.count++] = code;
    }
    *ret_coded = coded;
    return coded.first_vowel < coded.count;
}

static bool is_onset(const struct coded *coded, size_t size)
{
    char onset[ROW_SIZE] = {0};
    memcpy(onset, coded->codes, ONSET_MOST);
    for (size_t i = size; i < ONSET_MOST; i++)
        onset[i] = 0;
    return size <= ONSET_MOST && is_row(row_number(onset), onsets, COUNT_OF(onsets));
}

static bool is_rhyme(const struct coded *coded, size_t first)
{
    uint64_t rhyme = row_number(coded->codes + first);
    return coded->count - first <= ROW_SIZE &&
           (is_row(rhyme, rhymes, COUNT_OF(rhymes)) ||
            (coded->is_plain && is_row(rhyme, plain_rhymes, COUNT_OF(plain_rhymes))));
}

/* A syllable that ends in p, t, c or ch has no tone, sắc or nặng. */
static bool is_tone_possible(const struct coded *coded)
{
    char last = coded->codes[coded->count - 1];
    char before = (char)(coded->count > 1 ? coded->codes[coded->count - 2] : ' ');
    bool is_stopped = last == 'p' || last == 't' || last == 'c' || (last == 'h' && before == 'c');
    return !is_stopped || coded->tone == 0 || coded->tone == 2 || coded->tone == 5;
}

bool syllable_is_vietnamese(const char *folded)
{
    struct coded coded;
    if (!code_syllable(folded, &coded) || !is_tone_possible(&coded))
        return false;
    size_t last = coded.first_vowel + 1; /* of "gi" and "qu" */
    for (size_t size = coded.first_vowel; size <= last && size < coded.count; size++)
        if (is_onset(&coded, size) && is_rhyme(&coded, size))
            return true;
    return false;
}

/* Every spelling of a document is folded once: an open-addressing table of the tokens that were the
 * first of their letters. */
struct spellings {
    uint32_t *slots; /* index + 1; 0: free */
    uint32_t mask;
    uint32_t used;
};

enum { SPELLINGS_LEAST = 256, POINTS_A_SLOT = 4 };

static uint32_t hash_span(const struct document *document, struct span span)
{
    uint32_t hash = 2166136261U;
    for (uint32_t i = span.start; i < span.end; i++)
        hash = (hash ^ document->text.points[i]) * 16777619U;
    return hash ^ (hash >> 15);
}

static bool same_letters(const struct document *document, struct span a, struct span b)
{
    const uint32_t *points = document->text.points;
    if (a.end - a.start != b.end - b.start)
        return false;
    for (uint32_t i = 0; i < b.end - b.start; i++)
        if (points[a.start + i] != points[b.start + i])
            return false;
    return true;
}

static void spellings_make(struct document *document, struct spellings *spellings, uint32_t size)
{
    uint32_t *slots = arena_take(document->arena, size, sizeof(*slots));
    for (uint32_t i = 0; spellings->used && i <= spellings->mask; i++) {
        uint32_t token = spellings->slots[i];
        if (!token)
            continue;
        uint32_t at = hash_span(document, document->tokens[token - 1].span) & (size - 1);
        while (slots[at])
            at = (at + 1) & (size - 1);
        slots[at] = token;
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

/* A token by itself; what stands before it is not yet said. */
static struct token token_read(struct document *document, struct span span)
{
    const uint32_t *points = document->text.points + span.start;
    struct token token = {.span = span};
    token.folded = fold(document->arena, points, span.end - span.start);
    token.key = word_key(token.folded);
    gazetteer_ask(&token);
    if (point_is_letter(points[0]))
        token.shape = word_shape(document, span, token.folded);
    else
        token.shape = point_is_digit(points[0]) ? SHAPE_NUMBER : SHAPE_PUNCTUATION;
    token.number = gazetteer_number(&token);
    return token;
}

/* Add a token; what is known of its letters is taken over. */
static struct token *add_token(struct document *document, struct spellings *spellings,
                               struct span span)
{
    if (spellings->used * 2 >= spellings->mask)
        spellings_make(document, spellings, (spellings->mask + 1) * 2);
    uint32_t at = hash_span(document, span) & spellings->mask;
    uint32_t known = 0;
    while ((known = spellings->slots[at]) != 0 &&
           !same_letters(document, document->tokens[known - 1].span, span))
        at = (at + 1) & spellings->mask;
    struct token *token = document_add_token(document);
    if (known) {
        *token = document->tokens[known - 1];
        token->span = span;
        token->shape &= (uint16_t) ~(SHAPE_SPACE_BEFORE | SHAPE_LINE_START);
        return token;
    }
    *token = token_read(document, span);
    token->spelling = spellings->used++;
    spellings->slots[at] = document->token_count;
    return token;
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
        struct token *token = add_token(document, spellings, (struct span){at, end});
        token->shape |= (uint16_t)((has_space ? SHAPE_SPACE_BEFORE : 0) |
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
    uint32_t size = SPELLINGS_LEAST;
    while (size < document->text.length / POINTS_A_SLOT)
        size *= 2;
    spellings_make(document, &spellings, size);
    for (uint32_t i = 0; i < document->sentence_count; i++)
        split_sentence(document, &document->sentences[i], &spellings);
    document->spelling_count = spellings.used;
}
