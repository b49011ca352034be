// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/joints.h"

#include <stdlib.h>
#include <string.h>

#include "worker/extract/line_phrases.h"
#include "worker/extract/name_tables.h"
#include "worker/extract/points.h"
#include "worker/extract/stamps.h"

enum {
    FOLDED_MOST = 256,   /* bytes of some words, folded */
    PHRASE_WORDS = 8,    /* looked at for a phrase */
    SURE_PHRASE = 2,     /* words of a phrase that hardly stands with a capital inside a sentence */
    DATE_LINE_WORDS = 9, /* of a date line */
    CREDIT_WORDS = 6,    /* of a picture's author */
    ECHO_WORDS = 40,     /* of a headline that stands twice */
    HEADLINE_LEAST = 4,  /* words of one */
    HEADLINE_WORDS = 40, /* looked at for the end of a headline */
    SENTENCE_WORDS = 5,  /* left behind the last joint of a sentence */
    SURE = 13,           /* weight of a joint among others */
    LIKELY = -12,        /* of the best one */
    LIKELY_IN_LIST = 2,
};

static bool is_edge_mark(uint32_t point)
{
    return !point_is_letter(point) && !point_is_digit(point);
}

/* Of a dash, a bar or a bullet. */
static bool is_bullet_word(const struct run *run, const struct run_word *word)
{
    uint32_t point = run->document->text.points[word->span.start];
    return word->looks & RUN_MARK &&
           (point == 0x2022 || point == 0x25cf || point == 0x25aa || point == 0x25ba ||
            point == 0xbb || point == '*' || point == '|' || point == '>');
}

/* The word without the marks at its edges. */
static struct span bare_of(const uint32_t *points, struct span bare)
{
    while (bare.start < bare.end && is_edge_mark(points[bare.start]))
        bare.start++;
    while (bare.end > bare.start && is_edge_mark(points[bare.end - 1]))
        bare.end--;
    return bare;
}

/* What the marks behind the word say. */
static unsigned looks_of_tail(const uint32_t *points, struct span tail)
{
    unsigned looks = 0;
    for (uint32_t i = tail.start; i < tail.end; i++) {
        if (points[i] == '.' || points[i] == '!' || points[i] == '?' || points[i] == 0x2026)
            looks |= RUN_ENDED;
        if (points[i] == ',' || points[i] == ';' || points[i] == ':')
            looks |= RUN_COMMA;
    }
    return looks;
}

void run_word_look_at(const struct document *document, struct run_word *word)
{
    const uint32_t *points = document->text.points;
    struct span bare = bare_of(points, word->span);
    word->bare = bare;
    word->looks = bare.start == bare.end ? RUN_MARK : 0;
    unsigned letters = 0, capitals = 0, figures = 0;
    for (uint32_t i = bare.start; i < bare.end; i++) {
        letters += point_is_letter(points[i]) && !point_is_mark(points[i]);
        capitals += point_is_upper(points[i]);
        figures += point_is_digit(points[i]);
    }
    if (bare.start < bare.end && point_is_upper(points[bare.start]))
        word->looks |= RUN_CAPITAL;
    if (letters && letters == capitals)
        word->looks |= RUN_CAPITALS;
    if (bare.start < bare.end && point_is_digit(points[bare.start]))
        word->looks |= RUN_FIGURE;
    if (bare.start > word->span.start)
        word->looks |= RUN_OPENING;
    word->looks |= looks_of_tail(points, (struct span){bare.end, word->span.end});
    if (figures < 3 || bare.end - bare.start > 16)
        return;
    char text[FOLDED_MOST];
    size_t size = 0;
    for (uint32_t i = bare.start; i < bare.end; i++)
        size += point_write(points[i], text + size);
    text[size] = 0;
    word->looks |= stamp_has_date(text) ? RUN_DATE : 0;
    word->looks |= stamp_has_clock(text) ? RUN_CLOCK : 0;
}

/* Lower-case NFC with single spaces, cut where the room ends. */
static const char *fold_span(const struct document *document, struct span span,
                             char folded[FOLDED_MOST])
{
    uint32_t lowered[FOLDED_MOST / 4];
    uint32_t count = 0;
    for (uint32_t i = span.start; i < span.end && count < COUNT_OF(lowered); i++) {
        uint32_t point = document->text.points[i];
        if (!point_is_space(point))
            lowered[count++] = point_lower(point);
        else if (count && lowered[count - 1] != ' ')
            lowered[count++] = ' ';
    }
    count = (uint32_t)points_compose(lowered, count);
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++)
        size += point_write(lowered[i], folded + size);
    folded[size] = 0;
    return folded;
}

/* The same of so many words at most. */
static const char *fold_words(const struct run *run, uint32_t first, uint32_t words,
                              char folded[FOLDED_MOST])
{
    uint32_t end = first + words < run->count ? first + words : run->count;
    struct span span = {run->words[first].span.start, run->words[end - 1].span.end};
    return fold_span(run->document, span, folded);
}

/* Is it one of them, folded? */
static bool is_word_of(const struct run *run, uint32_t index, const char *const *words,
                       size_t count)
{
    char text[FOLDED_MOST];
    const char *folded = index < run->count ? fold_words(run, index, 1, text) : "";
    for (size_t i = 0; i < count; i++)
        if (strcmp(folded, words[i]) == 0)
            return true;
    return false;
}

static bool begins_line(const struct run *run, uint32_t index)
{
    return index >= run->count ||
           run->words[index].looks & (RUN_CAPITAL | RUN_FIGURE | RUN_OPENING) ||
           is_bullet_word(run, &run->words[index]);
}

static void set_joint(struct run *run, uint32_t index)
{
    if (index < run->count)
        run->words[index].is_joint = true;
}

/* "Thứ Ba," and "Chủ nhật" */
static bool is_weekday(const struct run *run, uint32_t index)
{
    char text[FOLDED_MOST];
    uint32_t first = run->document->text.points[run->words[index].span.start];
    if ((first != 'T' && first != 'C') || index + 1 >= run->count)
        return false;
    const char *folded = fold_words(run, index, 2, text);
    static const char *const days[] = {"thứ hai", "thứ ba",  "thứ tư", "thứ năm", "thứ sáu",
                                       "thứ bảy", "thứ bẩy", "thứ 2",  "thứ 3",   "thứ 4",
                                       "thứ 5",   "thứ 6",   "thứ 7",  "chủ nhật"};
    for (size_t i = 0; i < COUNT_OF(days); i++)
        if (strncmp(folded, days[i], strlen(days[i])) == 0)
            return true;
    return false;
}

/* What may stand between the parts of a date line. */
static bool is_between_stamps(const struct run *run, uint32_t index)
{
    static const char *const words[] = {"ngày", "lúc", "am", "pm", "gmt+7", "(gmt+7)", "giờ"};
    return run->words[index].looks & RUN_MARK || is_word_of(run, index, words, COUNT_OF(words));
}

/* After these a date belongs to the sentence. */
static bool is_before_date(const struct run *run, uint32_t index)
{
    static const char *const words[] = {"ngày", "hôm", "sáng", "chiều", "tối", "trưa", "từ",
                                        "đến",  "tới", "vào",  "đêm",   "và",  "lúc",  "số"};
    return is_word_of(run, index, words, COUNT_OF(words));
}

/* "Ngày đăng:", "Cập nhật lúc": where the date line begins that has its figures here. */
static uint32_t begin_of_date_line(const struct run *run, uint32_t index)
{
    static const char *const labels[] = {"ngày đăng", "cập nhật",  "đăng lúc", "đăng ngày",
                                         "ngày cập",  "thời gian", "xuất bản"};
    for (uint32_t back = 1; back <= 4 && back <= index; back++) {
        char text[FOLDED_MOST];
        const char *folded = fold_words(run, index - back, 2, text);
        for (size_t i = 0; i < COUNT_OF(labels); i++)
            if (run->words[index - back].looks & RUN_CAPITAL &&
                strncmp(folded, labels[i], strlen(labels[i])) == 0)
                return index - back;
    }
    return index;
}

/* The date line that begins with this word: the word behind it, or 0. */
static uint32_t end_of_date_line(const struct run *run, uint32_t first)
{
    static const char *const zones[] = {"gmt+7", "(gmt+7)"};
    bool has_day = is_weekday(run, first);
    uint32_t at = first + (has_day ? 2 : 0);
    uint32_t end = first;
    bool has_date = false, has_clock = false;
    for (; at < run->count && at < first + DATE_LINE_WORDS; at++) {
        unsigned looks = run->words[at].looks;
        has_date = has_date || looks & RUN_DATE;
        has_clock = has_clock || looks & RUN_CLOCK;
        if (looks & (RUN_DATE | RUN_CLOCK))
            end = at + 1;
        else if (!is_between_stamps(run, at))
            break;
    }
    while (is_word_of(run, end, zones, COUNT_OF(zones)))
        end++;
    bool is_bare = !has_day && !has_clock;
    bool is_end = end > first && first > 0 && run->words[end - 1].looks & RUN_ENDED;
    if (is_bare && (is_end || (first > 0 && run->words[first - 1].looks & (RUN_MARK | RUN_FIGURE))))
        return 0; /* of a range, of a sentence */
    bool is_inside = first > 0 && !has_day &&
                     (is_before_date(run, first - 1) || run->words[first - 1].looks & RUN_COMMA) &&
                     begin_of_date_line(run, first) == first;
    bool goes_on = end == first || run->words[end - 1].looks & RUN_COMMA ||
                   (end < run->count && !begins_line(run, end));
    if (!has_date || is_inside || goes_on || (is_bare && end - first > 1))
        return 0;
    return end;
}

static void mark_dates(struct run *run)
{
    for (uint32_t i = 0; i < run->count; i++) {
        bool may_begin = run->words[i].looks & (RUN_DATE | RUN_CLOCK) || is_weekday(run, i);
        uint32_t end = may_begin ? end_of_date_line(run, i) : 0;
        if (!end)
            continue;
        uint32_t first = begin_of_date_line(run, i);
        set_joint(run, first);
        set_joint(run, end);
        for (i = first; i < end; i++)
            run->words[i].looks |= RUN_STAMPED;
        i--;
    }
}

/* The head of a list or a form that begins with this word, folded: the word behind it, or 0. */
static uint32_t end_of_head(const struct run *run, uint32_t first, const char *folded)
{
    unsigned words = line_phrase_head_words(folded);
    if (!words)
        return 0;
    uint32_t end = first + words;
    bool is_sure = words >= SURE_PHRASE || first == 0 || !run->is_ended ||
                   run->words[first].is_joint || run->words[first - 1].looks & RUN_ENDED;
    bool is_named = end <= run->count && run->words[end - 1].looks & RUN_COMMA;
    if (!is_sure || (first > 0 && run->words[first - 1].looks & RUN_COMMA))
        return 0;
    if (begins_line(run, end) || is_named)
        return end;
    return end < run->count && begins_line(run, end + 1) ? end + 1 : 0; /* "… mới" */
}

/* "Lượt xem: 1.204": a phrase that counts, and the figure behind it. */
static void mark_count(struct run *run, uint32_t first)
{
    uint32_t figure = first + 1;
    while (figure < run->count && figure < first + 5 && !(run->words[figure].looks & RUN_FIGURE))
        figure++;
    if (figure < run->count && run->words[figure].looks & RUN_FIGURE) {
        set_joint(run, first);
        set_joint(run, figure + 1);
    }
}

static void mark_phrases(struct run *run)
{
    for (uint32_t i = 0; i < run->count; i++) {
        if (is_bullet_word(run, &run->words[i]) && !(run->words[i].looks & RUN_STAMPED))
            set_joint(run, i);
        uint32_t point = run->document->text.points[run->words[i].span.start];
        if (!(run->words[i].looks & RUN_CAPITAL) && point != 0xa9)
            continue;
        char text[FOLDED_MOST];
        const char *folded = fold_words(run, i, PHRASE_WORDS, text);
        uint32_t end = end_of_head(run, i, folded);
        if (end) {
            set_joint(run, i);
            set_joint(run, end);
            run->is_head = true;
            i = end - 1;
        } else if (line_phrase_counts(folded)) {
            mark_count(run, i);
        }
    }
}

/* "Ảnh: Minh An" and its kin: the word behind the credit of a picture. */
static uint32_t end_of_credit(const struct run *run, uint32_t first)
{
    uint32_t at = first + 1;
    while (at < run->count && at < first + 1 + CREDIT_WORDS) {
        const struct run_word *word = &run->words[at];
        bool is_closed = word->looks & (RUN_ENDED | RUN_COMMA) ||
                         run->document->text.points[word->span.end - 1] == ')';
        if (!(word->looks & (RUN_CAPITAL | RUN_MARK)) || (at > first + 1 && word->is_joint))
            return at;
        bool begins_sentence = at > first + 1 && at + 1 < run->count &&
                               !(run->words[at + 1].looks & (RUN_CAPITAL | RUN_MARK));
        if (begins_sentence && !is_closed)
            return at;
        at++;
        if (is_closed)
            return at;
    }
    return at;
}

static void mark_captions(struct run *run)
{
    for (uint32_t i = 0; i < run->count; i++) {
        if (!(run->words[i].looks & RUN_COMMA)) /* its colon */
            continue;
        char text[FOLDED_MOST];
        const char *folded = fold_words(run, i, 1, text);
        bool is_photo = strcmp(folded, "(ảnh:") == 0 || strcmp(folded, "photo:") == 0 ||
                        (strcmp(folded, "ảnh:") == 0 && run->words[i].looks & RUN_CAPITAL);
        if (!is_photo)
            continue;
        run->has_credit = true;
        set_joint(run, end_of_credit(run, i));
        if (i == 0)
            run->opens_in_credit = true;
    }
}

static int compare_word(const void *key, const void *row)
{
    return strcmp(key, ((const struct line_word *)row)->word);
}

static int word_weight(const struct run *run, uint32_t index, enum line_word_place place,
                       int unknown)
{
    char text[FOLDED_MOST];
    const char *folded = fold_span(run->document, run->words[index].bare, text);
    const struct line_word *row =
        bsearch(folded, line_words, line_word_count, sizeof(*row), compare_word);
    return row && row->weights[place] != LINE_WORD_UNKNOWN ? row->weights[place] : unknown;
}

/* "(TTXVN) -", "VOV.VN -" */
static bool is_dateline(const struct run *run, uint32_t index)
{
    const struct run_word *word = &run->words[index];
    uint32_t last = word->span.end - word->span.start;
    return index + 1 < run->count && last >= 3 && word->looks & RUN_CAPITALS &&
           run->words[index + 1].looks & RUN_MARK && !is_bullet_word(run, &run->words[index + 1]);
}

/* How much speaks for a line that begins with this word and another that ends before it, in tenths
 * of a logarithm. */
static int joint_weight(const struct run *run, uint32_t index, const struct vocabulary *vocabulary)
{
    const struct run_word *word = &run->words[index];
    const struct run_word *before = &run->words[index - 1];
    if (before->looks & RUN_CAPITALS && word->looks & RUN_CAPITALS && !is_dateline(run, index))
        return -60;
    int weight = -25;
    if (word->looks & RUN_CAPITAL) {
        bool is_before_capital =
            index + 1 < run->count && run->words[index + 1].looks & RUN_CAPITAL;
        enum line_word_place place = LINE_BEGINS_BEFORE_LOWER;
        if (word->looks & RUN_CAPITALS && word->bare.end - word->bare.start > 1)
            place = LINE_BEGINS_IN_CAPITALS;
        else if (is_before_capital)
            place = LINE_BEGINS_BEFORE_CAPITAL;
        weight = word_weight(run, index, place, -7);
    }
    bool is_after_capital = before->looks & RUN_CAPITAL;
    if (before->looks & RUN_ENDED)
        weight += 10;
    else if (before->looks & (RUN_COMMA | RUN_MARK))
        weight -= 40;
    else
        weight += word_weight(run, index - 1,
                              is_after_capital ? LINE_ENDS_CAPITAL : LINE_ENDS_LOWER, -12) /
                  2;
    weight -= is_after_capital ? 6 : 0;
    if (vocabulary_repeats(vocabulary, run->document, before->bare, word->bare))
        weight -= 30;
    if (word->looks & RUN_CAPITAL && vocabulary_has_lower(vocabulary, run->document, word->bare))
        weight += 10;
    return is_dateline(run, index) ? weight + 25 : weight;
}

/* Three words or more in capitals, and what comes behind them is not: where they end, else first.
 */
static uint32_t end_of_capitals(const struct run *run, uint32_t first, uint32_t end)
{
    uint32_t words = 0;
    uint32_t last = first;
    for (uint32_t i = first; i < end; i++) {
        unsigned looks = run->words[i].looks;
        if (looks & RUN_CAPITALS) {
            words++;
            last = i + 1;
        } else if (!(looks & (RUN_FIGURE | RUN_MARK))) {
            break;
        }
    }
    return words >= 3 && last < end ? last : first;
}

static bool is_same_word(const struct run *run, uint32_t a, uint32_t b)
{
    struct span left = run->words[a].bare, right = run->words[b].bare;
    return left.end - left.start == right.end - right.start &&
           memcmp(run->document->text.points + left.start, run->document->text.points + right.start,
                  (left.end - left.start) * sizeof(uint32_t)) == 0;
}

/* Does the line stand twice? Where it begins again, else first. */
static uint32_t find_echo(const struct run *run, uint32_t first, uint32_t end)
{
    for (uint32_t again = first + 3; again < end && again <= first + ECHO_WORDS; again++) {
        uint32_t length = again - first;
        uint32_t same = 0;
        while (same < length && again + same < end && is_same_word(run, first + same, again + same))
            same++;
        if (same == length)
            return again;
    }
    return first;
}

/* The one place where the headline most likely ends, else first. */
static uint32_t best_joint(const struct run *run, struct span piece,
                           const struct vocabulary *vocabulary)
{
    int least = run->is_in_list ? LIKELY_IN_LIST : LIKELY;
    uint32_t best = piece.start;
    for (uint32_t i = piece.start + 1;
         i + SENTENCE_WORDS < piece.end && i < piece.start + HEADLINE_WORDS; i++) {
        if (!(run->words[i].looks & (RUN_CAPITAL | RUN_FIGURE)))
            continue;
        uint32_t length = i - piece.start;
        int weight = joint_weight(run, i, vocabulary);
        if (is_same_word(run, i, piece.start) && is_same_word(run, i + 1, piece.start + 1))
            weight += 25; /* the sentence begins as the headline did */
        weight -= length < 3 ? 25 : length < 4 ? 15 : 0;
        weight -= length > 24 ? 16 : length > 18 ? 8 : 0;
        if (weight >= least) {
            least = weight + 1;
            best = i;
        }
    }
    return best;
}

/* Lines of a piece in which no phrase and no date tells them apart. */
static void part_piece(struct run *run, struct span piece, bool needs_headline,
                       const struct vocabulary *vocabulary)
{
    uint32_t echo = find_echo(run, piece.start, piece.end);
    if (echo > piece.start) {
        needs_headline = false; /* that was it */
        set_joint(run, echo);
        uint32_t length = echo - piece.start;
        piece.start = echo;
        if (echo + length < piece.end) {
            piece.start = echo + length;
            set_joint(run, piece.start);
        }
    }
    uint32_t capitals = end_of_capitals(run, piece.start, piece.end);
    if (capitals > piece.start) {
        set_joint(run, capitals);
        return;
    }
    uint32_t tail = run->is_ended && piece.end == run->count ? SENTENCE_WORDS : 0;
    bool is_parted = false;
    for (uint32_t i = piece.start + 1; i + tail < piece.end; i++)
        if (run->words[i].looks & RUN_CAPITAL && joint_weight(run, i, vocabulary) >= SURE) {
            set_joint(run, i);
            is_parted = true;
        }
    if (!is_parted && needs_headline)
        set_joint(run, best_joint(run, piece, vocabulary));
}

void joints_find(struct run *run, const struct vocabulary *vocabulary)
{
    mark_dates(run);
    mark_phrases(run);
    mark_captions(run);
    uint32_t first = run->repeated;
    bool has_joint = first > 0;
    /* then the sentence needs none before it; in a list the repeated one was another's */
    bool has_headline = run->has_credit || (first > 0 && !run->is_in_list);
    if (first)
        set_joint(run, first);
    for (uint32_t i = first + 1; i <= run->count; i++) {
        if (i < run->count && !run->words[i].is_joint)
            continue;
        bool is_sentence = run->is_ended && i == run->count;
        bool may_part = !is_sentence || run->is_open || run->is_in_list || has_joint;
        if (may_part && i - first > 3)
            part_piece(run, (struct span){first, i}, is_sentence && !has_headline, vocabulary);
        has_headline = has_headline ||
                       (i - first >= HEADLINE_LEAST && !(run->words[first].looks & RUN_STAMPED));
        has_joint = true;
        first = i;
    }
}
