// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/search.h"

#define EVENT NEWSLOOM__V1__ENTITY_TYPE__EVENT

enum { NAME_MOST = 30 };

/* Words that end a name elsewhere belong to it in such company. */
static bool is_compound(const struct search *search, uint32_t at)
{
    static const char pairs[][2][WORD_SIZE] = {
        {"biểu", "diễn"},  {"diễn", "đàn"},    {"diễn", "tập"},     {"giao", "thông"},
        {"thông", "tin"},  {"viễn", "thông"},  {"thông", "minh"},   {"truyền", "thông"},
        {"tuyên", "giáo"}, {"tuyên", "dương"}, {"tuyên", "truyền"}, {"khai", "thác"},
        {"triển", "khai"}, {"thành", "phố"},   {"thành", "viên"},   {"thành", "lập"},
        {"thành", "tựu"},  {"thành", "thị"},   {"đô", "thành"},     {"trong", "lĩnh"},
        {"trong", "tình"}, {"trong", "kỷ"},    {"trong", "giai"},   {"đối", "với"},
        {"ngày", "hội"},   {"bằng", "sáng"},
    };
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        if ((reading_is(search->r, at, pairs[i][0]) &&
             reading_is(search->r, at + 1, pairs[i][1])) ||
            (reading_is(search->r, at - 1, pairs[i][0]) && reading_is(search->r, at, pairs[i][1])))
            return true;
    return reading_is(search->r, at, "ngày") && search_is_capital(search, at);
}

static bool is_stop(const struct search *search, uint32_t at)
{
    static const char stops[][WORD_SIZE] = {
        "tại",  "diễn", "được", "đã",  "do",    "nhằm",  "với",   "trong", "vào",   "là",  "này",
        "sẽ",   "để",   "ở",    "từ",  "theo",  "cho",   "khi",   "nêu",   "tới",   "sắp", "vừa",
        "cũng", "đang", "bằng", "đến", "ngày",  "thông", "tuyên", "bế",    "khai",  "nói", "mà",
        "thì",  "góp",  "rằng", "sau", "trước", "như",   "bị",    "cùng",  "thành", "xác", ""};
    return search_is_any(search, at, stops) && !is_compound(search, at);
}

/* "lần thứ tư", "lần 3", "khóa XIV". */
static bool is_ordinal(const struct search *search, uint32_t at)
{
    static const char counts[][WORD_SIZE] = {"lần", "khóa", "thứ", ""};
    return search_is_any(search, at, counts) &&
           (reading_is(search->r, at + 1, "thứ") || reading_has(search->r, at + 1, SHAPE_NUMBER) ||
            reading_has(search->r, at + 1, SHAPE_ALL_CAPITALS));
}

static void propose_known(struct search *search, uint32_t at, uint32_t length)
{
    const struct reading *r = search->r;
    uint32_t end = at + length;
    uint32_t stop = search_sentence_end(search, at);
    if (end < stop && (reading_has(r, end, SHAPE_NUMBER) ||
                       (reading_is(r, end, "lần") && reading_is(r, end + 1, "thứ"))))
        end += reading_is(r, end, "lần") ? 3 : 1;
    if (end <= stop)
        search_propose(search, EVENT, at, end, 90);
}

/* What stands behind the head of a name. */
struct event_name {
    uint32_t last; /* token, exclusive; 0: nothing */
    bool is_numbered;
    bool has_capital;
    bool has_words;
};

static bool ends_name(const struct search *search, uint32_t at, uint32_t stop)
{
    const struct reading *r = search->r;
    bool is_dash = (reading_is(r, at, "-") || reading_is(r, at, "–")) && at + 1 < stop;
    bool is_parliament = (reading_is(r, at + 1, "quốc") && reading_is(r, at + 2, "hội")) ||
                         reading_is(r, at + 1, "hđnd"); /* "Kỳ họp thứ 8, Quốc hội khóa XV" */
    bool is_listed =
        reading_is(r, at, ",") &&
        (reading_is(r, at - 1, "phòng") || (is_parliament && reading_has(r, at - 1, SHAPE_NUMBER)));
    if (search_has_flag(search, at, TOKEN_IN_DATE) && !reading_has(r, at, SHAPE_NUMBER))
        return true;
    return (reading_has(r, at, SHAPE_PUNCTUATION) && !is_dash && !is_listed) || is_stop(search, at);
}

static struct event_name read_name(const struct search *search, uint32_t at, uint32_t head)
{
    const struct reading *r = search->r;
    uint32_t stop = search_sentence_end(search, at);
    uint32_t end = at + head;
    struct event_name name = {0};
    while (end < stop && end - at < NAME_MOST && !ends_name(search, end, stop)) {
        if (is_ordinal(search, end)) {
            name.is_numbered = true;
            end++;
            if (reading_is(r, end, "thứ"))
                end++;
        }
        name.is_numbered = name.is_numbered || reading_has(r, end, SHAPE_NUMBER);
        name.has_capital = name.has_capital || search_is_capital(search, end);
        name.has_words = name.has_words || !reading_has(r, end, SHAPE_PUNCTUATION);
        end++;
        name.last = end;
    }
    if (name.last > stop)
        name.last = 0;
    return name;
}

void named_events_propose(struct search *search, uint32_t at)
{
    static const char weak[][WORD_SIZE] = {"ngày",  "lễ",    "chương", "giải", "cuộc",
                                           "phong", "tháng", "giao",   "cúp",  "chung",
                                           "vòng",  "phiên", "chiến",  "cao",  ""};
    const struct reading *r = search->r;
    bool is_drive = reading_is(r, at, "cao") && reading_is(r, at + 1, "điểm");
    if (!search_is_capital(search, at) && !is_drive)
        return;
    uint32_t known = reading_length(r, at, CATEGORY_EVENT_NAME);
    if (known)
        propose_known(search, at, known);
    uint32_t head = reading_length(r, at, CATEGORY_EVENT_HEAD);
    if (!head)
        return;
    struct event_name name = read_name(search, at, head);
    if (!name.last || !name.has_words || !(name.is_numbered || name.has_capital) ||
        (is_drive && !name.is_numbered))
        return;
    bool is_first = search_has_flag(search, at, TOKEN_FIRST);
    bool is_weak = search_is_any(search, at, weak) || is_first;
    if (is_weak && !(name.is_numbered || (is_first && search_is_capital(search, at + head))))
        return;
    search_propose(search, EVENT, at, name.last, name.is_numbered ? 84 : 70);
}
