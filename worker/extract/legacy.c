// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/legacy.h"

#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <utf8proc.h>

#include "common/arena.h"
#include "common/status.h"
#include "worker/extract/decode.h"
#include "worker/extract/tokens.h"

enum {
    SAMPLE_BYTES = 16 * 1024,
    ENOUGH_WORDS = 5,
    RIGHT_PERCENT = 80,
    SANE_PERCENT = 50,
    SUSPECT_PERCENT = 3, /* of bytes that begin a Latin-1 letter */
    UNFIT_PERCENT = 2,   /* of characters that windows-1252 does not have */
    LONGEST_WORD = 48,
};

/* ---- VNI ---- */

enum { GRAVE = 0x300, ACUTE = 0x301, CIRCUMFLEX = 0x302, TILDE = 0x303, BREVE = 0x306 };
enum { HOOK = 0x309, DOT_BELOW = 0x323 };

/* Lower-case bytes; the upper-case ones stand 0x20 below. Letters first, then marks. */
static const struct {
    uint8_t byte;
    uint16_t letter;
} vni_letters[] = {
    {0xf1, 0x111},  {0xf4, 0x1a1}, {0xf6, 0x1b0},  {0xed, 0xed},   {0xec, 0xec},
    {0xe6, 0x1ec9}, {0xf3, 0x129}, {0xf2, 0x1ecb}, {0xee, 0x1ef5},
};

static const struct {
    uint8_t byte;
    uint16_t marks[2]; /* in canonical order */
} vni_marks[] = {
    {0xf9, {ACUTE}},
    {0xf8, {GRAVE}},
    {0xfb, {HOOK}},
    {0xf5, {TILDE}},
    {0xef, {DOT_BELOW}},
    {0xe2, {CIRCUMFLEX}},
    {0xe1, {CIRCUMFLEX, ACUTE}},
    {0xe0, {CIRCUMFLEX, GRAVE}},
    {0xe5, {CIRCUMFLEX, HOOK}},
    {0xe3, {CIRCUMFLEX, TILDE}},
    {0xe4, {DOT_BELOW, CIRCUMFLEX}},
    {0xea, {BREVE}},
    {0xe9, {BREVE, ACUTE}},
    {0xe8, {BREVE, GRAVE}},
    {0xfa, {BREVE, HOOK}},
    {0xfc, {BREVE, TILDE}},
    {0xeb, {DOT_BELOW, BREVE}},
};

static bool is_upper_vni(uint8_t byte)
{
    return byte >= 0xc0 && byte < 0xe0;
}

/* Upper case of the nine letters: U+01A0 and U+0110 kinds stand one below, í and ì 0x20. */
static int32_t vni_letter(uint8_t byte)
{
    uint8_t lower = is_upper_vni(byte) ? byte + 0x20 : byte;
    for (size_t i = 0; i < COUNT_OF(vni_letters); i++)
        if (vni_letters[i].byte == lower)
            return is_upper_vni(byte) ? utf8proc_toupper(vni_letters[i].letter)
                                      : vni_letters[i].letter;
    return 0;
}

static const uint16_t *vni_marks_of(uint8_t byte)
{
    uint8_t lower = is_upper_vni(byte) ? byte + 0x20 : byte;
    for (size_t i = 0; i < COUNT_OF(vni_marks); i++)
        if (vni_marks[i].byte == lower)
            return vni_marks[i].marks;
    return NULL;
}

/* The vowel with its marks as one code point; 0: there is none. */
static int32_t compose(int32_t base, const uint16_t marks[2])
{
    int32_t points[3] = {base, marks[0], marks[1]};
    utf8proc_ssize_t count =
        utf8proc_normalize_utf32(points, marks[1] ? 3 : 2, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    return count == 1 ? points[0] : 0;
}

static bool is_vowel(int32_t point)
{
    return point &&
           (point < 0x80 ? strchr("aeiouyAEIOUY", (char)point) != NULL
                         : point == 0x1a1 || point == 0x1a0 || point == 0x1b0 || point == 0x1af);
}

/* A letter with the marks that may stand in the byte behind it; returns how many bytes it took. */
static size_t read_vni_letter(const unsigned char *from, size_t size, int32_t *ret_point)
{
    int32_t point = from[0] < 0x80 ? from[0] : vni_letter(from[0]);
    const uint16_t *marks = is_vowel(point) && size > 1 ? vni_marks_of(from[1]) : NULL;
    int32_t joined = marks && from[1] >= 0x80 ? compose(point, marks) : 0;
    if (!point)
        point = from[0] ? from[0] : 0xfffd;
    *ret_point = joined ? joined : point;
    return joined ? 2 : 1;
}

size_t legacy_read_vni(const unsigned char *from, size_t size, char *to)
{
    char *end = to;
    for (size_t i = 0; i < size;) {
        int32_t point = 0;
        i += read_vni_letter(from + i, size - i, &point);
        end += utf8proc_encode_char(point, (utf8proc_uint8_t *)end);
    }
    return (size_t)(end - to);
}

/* ---- guessing ---- */

struct score {
    unsigned words; /* with marks */
    unsigned right;
};

static void judge(struct score *score, const char *word, size_t size, struct arena *arena)
{
    bool has_marks = false;
    if (size == 0 || size > LONGEST_WORD)
        return;
    for (size_t i = 0; i < size; i++)
        has_marks |= (unsigned char)word[i] >= 0x80;
    if (!has_marks)
        return;
    score->words++;
    score->right += syllable_is_vietnamese(syllable_fold(arena, arena_text(arena, word, size)));
}

static bool is_letter(int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_MN;
}

static struct score score_text(const char *text, size_t size, struct arena *arena)
{
    struct score score = {0};
    size_t begin = 0;
    size_t at = 0;
    while (at < size) {
        utf8proc_int32_t point = 0;
        utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)text + at,
                                                 (utf8proc_ssize_t)(size - at), &point);
        if (used <= 0)
            break;
        if (!is_letter(point)) {
            judge(&score, text + begin, at - begin, arena);
            begin = at + (size_t)used;
        }
        at += (size_t)used;
    }
    judge(&score, text + begin, at - begin, arena);
    return score;
}

const char *legacy_guess(const void *bytes, size_t size, struct arena *arena)
{
    static const char *const names[] = {"windows-1258", "tcvn3", "vni", "viscii"};
    const char *best = NULL;
    unsigned best_percent = RIGHT_PERCENT - 1;
    size_t sample = size < SAMPLE_BYTES ? size : SAMPLE_BYTES;
    if (memchr(bytes, 0, sample))
        return NULL; /* no text of those days */
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct decoded decoded = {0};
        struct error err;
        if (decode_as(bytes, sample, names[i], arena, &decoded, &err) != STATUS_OK)
            continue;
        struct score score = score_text(decoded.bytes, decoded.size, arena);
        unsigned percent = score.words ? score.right * 100 / score.words : 0;
        if (score.words >= ENOUGH_WORDS && percent > best_percent) {
            best = names[i];
            best_percent = percent;
        }
    }
    return best;
}

/* ---- Latin-1 letters that were bytes of something else ---- */

static bool has_letters_of_bytes(const char *bytes, size_t size)
{
    size_t latin = 0;
    size_t sample = size < SAMPLE_BYTES ? size : SAMPLE_BYTES;
    for (size_t i = 0; i + 1 < sample; i++) {
        unsigned char lead = (unsigned char)bytes[i];
        if (lead == 0xc4 || lead == 0xc6 || (lead == 0xe1 && (unsigned char)bytes[i + 1] >= 0xba))
            return false; /* ă, đ, ơ, ư, and all vowels with two marks */
        latin += lead == 0xc2 || lead == 0xc3;
    }
    return latin * 100 > sample * SUSPECT_PERCENT;
}

/* What reads as Vietnamese already, carelessly written, is not to be made into something else. */
bool legacy_is_suspect(const char *bytes, size_t size, struct arena *arena)
{
    if (!has_letters_of_bytes(bytes, size))
        return false;
    struct score score = score_text(bytes, size < SAMPLE_BYTES ? size : SAMPLE_BYTES, arena);
    return score.right * 100 < score.words * SANE_PERCENT;
}

char *legacy_bytes(const char *utf8, size_t size, struct arena *arena, size_t *ret_size)
{
    iconv_t converter = iconv_open("CP1252", "UTF-8");
    if (converter == (iconv_t)-1)
        return NULL;
    char *out = arena_take(arena, size + 1, 1);
    char *from = (char *)(uintptr_t)utf8; /* iconv never writes through it */
    char *to = out;
    size_t left = size;
    size_t room = size;
    size_t unfit = 0;
    while (left > 0 && iconv(converter, &from, &left, &to, &room) == (size_t)-1) {
        unfit++;
        *to++ = '?';
        room--;
        do { /* the whole character */
            from++;
            left--;
        } while (left > 0 && ((unsigned char)*from & 0xc0) == 0x80);
    }
    iconv_close(converter);
    *ret_size = (size_t)(to - out);
    return unfit * 100 > *ret_size * UNFIT_PERCENT ? NULL : out;
}
