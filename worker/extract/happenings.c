// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/happenings.h"

#define PERSON       NEWSLOOM__V1__ENTITY_TYPE__PERSON
#define ORGANIZATION NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION
#define LOCATION     NEWSLOOM__V1__ENTITY_TYPE__LOCATION
#define DATE         NEWSLOOM__V1__ENTITY_TYPE__DATE
#define LAW          NEWSLOOM__V1__ENTITY_TYPE__LAW
#define EVENT        NEWSLOOM__V1__ENTITY_TYPE__EVENT

enum { SCOPE_MOST = 200, LOOK_BACK = 7, PER_TYPE_MOST = 2, TYPE_COUNT = 8 };

uint32_t telling_next(const struct telling *t, uint32_t from, uint32_t to,
                      Newsloom__V1__EntityType type)
{
    for (uint32_t i = from; i < to && i < t->r->token_count; i++) {
        uint32_t mention = t->mention_at[i];
        if (mention && t->document->mentions[mention - 1].type == type)
            return mention;
    }
    return 0;
}

uint32_t telling_last(const struct telling *t, uint32_t from, uint32_t to,
                      Newsloom__V1__EntityType type)
{
    for (uint32_t i = to; i-- > from;) {
        uint32_t mention = t->mention_at[i];
        if (mention && t->document->mentions[mention - 1].type == type)
            return mention;
    }
    return 0;
}

/* What stands before the trigger in its clause: wished for, planned, denied, alleged? */
static bool judge(const struct telling *t, struct happening *h, uint32_t start)
{
    uint32_t from = h->first > start + LOOK_BACK ? h->first - LOOK_BACK : start;
    bool is_planned = false;
    h->modality = NEWSLOOM__V1__MODALITY__HAPPENED;
    for (uint32_t i = h->first; i-- > from;) {
        static const char breaks[][WORD_SIZE] = {",", ";", ":",  "(",   ")", "đã",
                                                 "“", "”", "\"", "vừa", ""};
        const struct phrase_match *match = reading_match(t->r, i, CATEGORY_MODALITY);
        if (reading_is_any(t->r, i, breaks))
            break;
        if (!match || t->inside[i] || i + match->length > h->first)
            continue;
        bool is_far = h->first - (i + match->length) > 4;
        if (match->value == MODALITY_WISHED && !is_far)
            return false;
        if (match->value == MODALITY_DENIED && h->first - (i + match->length) <= 2)
            return false;
        is_planned = is_planned || match->value == MODALITY_PLANNED;
        if (match->value == MODALITY_ALLEGED)
            h->modality = NEWSLOOM__V1__MODALITY__ALLEGED;
    }
    if (is_planned)
        h->modality = NEWSLOOM__V1__MODALITY__PLANNED;
    return true;
}

static bool begins_name_or_person(const struct telling *t, uint32_t at)
{
    static const char words[][WORD_SIZE] = {"đoàn", "đại", "ông", "bà", "ngài", "các", "thân", ""};
    uint32_t mention = at < t->r->token_count ? t->mention_at[at] : 0;
    bool is_name = mention && t->document->mentions[mention - 1].type != DATE;
    return is_name || reading_is_any(t->r, at, words) ||
           reading_length(t->r, at, CATEGORY_POSITION) || reading_length(t->r, at, CATEGORY_RANK) ||
           reading_length(t->r, at, CATEGORY_HONORIFIC);
}

static bool is_meeting(const struct telling *t, const struct happening *h, uint32_t start,
                       uint32_t stop)
{
    static const char wrong[][WORD_SIZE] = {
        "sự",  "hẹn", "cờ",   "liệt", "trực",  "gián", "nối",   "kế",     "tại", "thúc",
        "quả", "sau", "chưa", "dung", "trước", "vụ",   "trong", "chương", "bên", ""};
    static const char held[][WORD_SIZE] = {"dự", "chức", "mạc", "trì", ""};
    if (h->first > start && reading_is_any(t->r, h->first - 1, wrong))
        return false;
    bool is_held = reading_is_any(t->r, h->end - 1, held);
    if (is_held)
        return telling_next(t, h->end, h->end + 8 < stop ? h->end + 8 : stop, EVENT) != 0;
    static const char kin[][WORD_SIZE] = {"vợ",  "con", "chồng", "mẹ", "bố",
                                          "bạn", "em",  "cháu",  ""};
    if (reading_is_any(t->r, h->end, kin))
        return false;
    bool is_single = h->end == h->first + 1 || reading_is(t->r, h->first, "chào") ||
                     reading_is(t->r, h->end - 1, "xúc");
    if (is_single && !begins_name_or_person(t, h->end))
        return false;
    return telling_next(t, start, stop, PERSON) || telling_next(t, start, stop, ORGANIZATION);
}

static bool is_visit(const struct telling *t, const struct happening *h, uint32_t start,
                     uint32_t stop)
{
    static const char wrong[][WORD_SIZE] = {"khám", "viếng", "tham", "thăm",
                                            "buổi", "kết",   "được", ""};
    if ((h->first > start && reading_is_any(t->r, h->first - 1, wrong)) ||
        reading_is(t->r, h->end, "dò") || reading_is(t->r, h->end, "khám") ||
        reading_is(t->r, h->end, "quan"))
        return false;
    bool has_guest =
        telling_next(t, start, stop, PERSON) || telling_next(t, start, stop, ORGANIZATION);
    bool is_noun = reading_is(t->r, h->first, "chuyến");
    bool has_date = telling_next(t, start, stop, DATE) != 0;
    bool is_undertaken = h->first > start && (reading_is(t->r, h->first - 1, "có") ||
                                              reading_is(t->r, h->first - 1, "là"));
    if (is_noun && !has_date && !is_undertaken)
        return false;
    if (reading_is(t->r, h->end - 1, "đến") || reading_is(t->r, h->end - 1, "sang"))
        return telling_next(t, h->end, h->end + 3, LOCATION) && has_guest;
    bool has_goal = telling_next(t, h->end, h->end + 8 < stop ? h->end + 8 : stop, LOCATION) ||
                    telling_next(t, h->end, h->end + 8 < stop ? h->end + 8 : stop, ORGANIZATION) ||
                    telling_next(t, h->end, h->end + 8 < stop ? h->end + 8 : stop, PERSON) ||
                    reading_is(t->r, h->first + 1, "hỏi");
    return has_guest && has_goal;
}

static bool is_arrest(const struct telling *t, const struct happening *h, uint32_t start)
{
    static const char after[][WORD_SIZE] = {
        "đầu",  "buộc",  "nguồn", "tay", "kịp", "chước", "gặp",  "mạch", "được", "cóc", "xe", "bớ",
        "hàng", "người", "lỗi",   "mắt", "nét", "nhịp",  "sóng", "bẻ",   "đền",  "ép",  "ma", ""};
    static const char nouns[][WORD_SIZE] = {"lệnh", "quyền", "cuộc", "tin",
                                            "vụ",   "việc",  "kinh", ""};
    bool is_bare = h->end == h->first + 1;
    if (is_bare && reading_is_any(t->r, h->end, after) && !reading_is(t->r, h->end, "được"))
        return false;
    static const char wrong[][WORD_SIZE] = {"truy", "nắm", ""};
    if (h->first > start && reading_is_any(t->r, h->first - 1, wrong))
        return false;
    if (reading_is(t->r, h->first, "khống") &&
        !telling_next(t, h->first > 8 ? h->first - 8 : 0, h->end + 8, PERSON))
        return false;
    if (reading_is(t->r, h->first, "bắt") && h->first > start &&
        reading_is_any(t->r, h->first - 1, nouns) && !telling_next(t, h->end, h->end + 2, PERSON))
        return false;
    return !reading_is(t->r, h->first, "truy");
}

static bool is_kept(const struct telling *t, const struct happening *h, uint32_t start,
                    uint32_t stop)
{
    static const char leaders[][WORD_SIZE] = {"lãnh", "tổng", "tướng", "bộ",
                                              "giám", "chủ",  "hlv",   ""};
    uint32_t near = h->end + 14 < stop ? h->end + 14 : stop;
    uint32_t before = h->first > start + 30 ? h->first - 30 : start;
    switch (h->type) {
    case TRIGGER_MEET:
        return is_meeting(t, h, start, stop);
    case TRIGGER_VISIT:
        return is_visit(t, h, start, stop);
    case TRIGGER_SIGN:
        if (h->first > start &&
            (reading_is(t->r, h->first - 1, "đăng") || reading_is(t->r, h->first - 1, "chữ")))
            return false;
        return telling_next(t, h->end, near, LAW) || telling_last(t, before, h->first, LAW);
    case TRIGGER_ARREST:
        return is_arrest(t, h, start);
    case TRIGGER_HANDOVER:
        if (h->end == h->first + 1 && !reading_is(t->r, h->end, "cho"))
            return false;
        return telling_next(t, start, stop, PERSON) && telling_next(t, h->end, stop, ORGANIZATION);
    case TRIGGER_APPOINT:
        if (reading_is(t->r, h->first, "thay"))
            return reading_is_any(t->r, h->end, leaders) ||
                   reading_length(t->r, h->end, CATEGORY_POSITION);
        return telling_next(t, start, stop, PERSON) != 0;
    default:
        return false;
    }
}

static Newsloom__V1__EventMode mode_of(uint16_t value)
{
    switch (value & ~TRIGGER_TYPE) {
    case TRIGGER_APPOINTED:
        return NEWSLOOM__V1__EVENT_MODE__APPOINTED;
    case TRIGGER_ELECTED:
        return NEWSLOOM__V1__EVENT_MODE__ELECTED;
    case TRIGGER_DISMISSED:
        return NEWSLOOM__V1__EVENT_MODE__DISMISSED;
    default:
        return NEWSLOOM__V1__EVENT_MODE__EVENT_MODE_UNSPECIFIED;
    }
}

/* A second trigger beside the first tells of the same event. */
static bool tells_again(const struct telling *t, const struct happening *found, uint32_t count,
                        const struct happening *h)
{
    uint32_t same = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (found[i].type != h->type)
            continue;
        same++;
        bool is_near = h->first - found[i].end <= 12;
        if (is_near && !telling_next(t, found[i].end, h->first, PERSON))
            return true;
    }
    return same >= PER_TYPE_MOST;
}

uint32_t happening_scope_start(const struct telling *t, const struct happening *h)
{
    uint32_t start = t->r->sentence_starts[h->first];
    return h->first > start + SCOPE_MOST ? h->first - SCOPE_MOST : start;
}

uint32_t happening_scope_end(const struct telling *t, const struct happening *h)
{
    uint32_t end = t->r->sentence_ends[h->first];
    return end > h->end + SCOPE_MOST ? h->end + SCOPE_MOST : end;
}

uint32_t happenings_find(const struct telling *t, uint32_t index,
                         struct happening found[HAPPENINGS_MOST])
{
    const struct sentence *sentence = &t->document->sentences[index];
    uint32_t start = sentence->first_token;
    uint32_t stop = start + sentence->token_count;
    uint32_t count = 0;
    for (uint32_t i = start; i < stop && count < HAPPENINGS_MOST;) {
        const struct phrase_match *match = reading_match(t->r, i, CATEGORY_TRIGGER);
        uint32_t word = reading_length(t->r, i, CATEGORY_COMPOUND);
        if (!match || t->inside[i] || word > match->length) {
            i += word && match ? word : 1;
            continue;
        }
        struct happening h = {.first = i,
                              .end = i + match->length,
                              .sentence = index,
                              .type = (enum trigger_class)(match->value & TRIGGER_TYPE),
                              .mode = mode_of(match->value)};
        i = h.end;
        if (!is_kept(t, &h, start, stop) || !judge(t, &h, start) ||
            tells_again(t, found, count, &h))
            continue;
        bool is_dated = telling_next(t, start, stop, DATE) != 0;
        if (h.modality == NEWSLOOM__V1__MODALITY__PLANNED && !is_dated)
            continue;
        found[count++] = h;
    }
    return count;
}
