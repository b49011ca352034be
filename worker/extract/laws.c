// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/search.h"

#define LAW NEWSLOOM__V1__ENTITY_TYPE__LAW

enum { NAME_MOST = 36 };

/* Words that end a name elsewhere belong to it in such company. */
static bool is_compound(const struct search *search, uint32_t at)
{
    static const char pairs[][2][WORD_SIZE] = {
        {"có", "tổ"},      {"có", "yếu"},     {"trong", "lĩnh"}, {"trong", "tình"},
        {"trong", "hoạt"}, {"trong", "giao"}, {"liên", "chính"}, {"liên", "hợp"},
        {"liên", "bang"},  {"liên", "minh"},  {"liên", "kết"},   {"liên", "thông"},
        {"liên", "ngành"}, {"liên", "vận"},   {"liên", "hồ"},    {"hai", "lần"},
        {"quy", "chế"},    {"quy", "hoạch"},  {"quy", "trình"},  {"quy", "tắc"},
        {"quy", "tập"},    {"quy", "phạm"},   {"đối", "với"},    {"đào", "tạo"},
        {"cải", "tạo"},    {"chế", "tạo"},    {"sáng", "tạo"},   {"tái", "tạo"},
        {"mở", "rộng"},    {"quy", "mô"},
    };
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        if ((reading_is(search->r, at, pairs[i][0]) &&
             reading_is(search->r, at + 1, pairs[i][1])) ||
            (reading_is(search->r, at - 1, pairs[i][0]) && reading_is(search->r, at, pairs[i][1])))
            return true;
    return false;
}

static bool is_stop(const struct search *search, uint32_t at)
{
    static const char stops[][WORD_SIZE] = {
        "đã",  "được", "là",   "sẽ",  "để",  "do",   "mà",   "trong", "khi", "theo", "tại", "này",
        "đó",  "nhằm", "giữa", "vào", "từ",  "ngày", "cũng", "đang",  "thì", "ký",   "sau", "trước",
        "cho", "như",  "với",  "mới", "sớm", "nêu",  "còn",  "hai",   "có",  "mở",   "đến", "nên",
        "quy", "để",   "liên", "sửa", "năm", "góp",  "tạo",  "bởi",   ""};
    return search_is_any(search, at, stops) && !is_compound(search, at);
}

/* A number such as 202/2025/QH 15, 36-NQ/TW. */
static uint32_t number_end(const struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    uint32_t stop = search_sentence_end(search, at);
    uint32_t i = at;
    if (i >= stop || !reading_has(r, i, SHAPE_NUMBER))
        return 0;
    i++;
    while (i < stop && i - at < 14 && search_is_glued(search, i) &&
           (reading_is(r, i, "/") || reading_is(r, i, "-") || reading_is(r, i, "–") ||
            reading_is(r, i, "&") || reading_has(r, i, SHAPE_WORD | SHAPE_NUMBER)))
        i++;
    if (i + 1 < stop && reading_is(r, i - 1, "qh") && reading_has(r, i, SHAPE_NUMBER))
        i++;
    return i;
}

static bool is_quote(const struct search *search, uint32_t at)
{
    static const char quotes[][WORD_SIZE] = {"\"", "“", "”", ""};
    return search_is_any(search, at, quotes);
}

static uint32_t words_end(const struct search *search, uint32_t at, bool is_quoted)
{
    const struct reading *r = search->r;
    uint32_t stop = search_sentence_end(search, at);
    uint32_t i = at;
    while (i < stop && i - at < NAME_MOST && !(is_quoted && is_quote(search, i))) {
        bool is_comma = reading_is(r, i, ",") && (reading_is(r, i - 1, "phòng") || is_quoted);
        bool is_dash = (reading_is(r, i, "-") || reading_is(r, i, "–")) && i > at;
        if (reading_has(r, i, SHAPE_PUNCTUATION) && !is_comma && !is_dash)
            break;
        bool till_year = reading_is(r, i, "đến") && reading_is(r, i + 1, "năm");
        if (till_year) {
            i += 3;
            continue;
        }
        if (!is_quoted && (is_stop(search, i) || search_has_flag(search, i, TOKEN_IN_DATE)))
            break;
        if (!is_quoted && reading_is(r, i, "và") &&
            (reading_length(r, i + 1, CATEGORY_LAW_HEAD) || reading_is(r, i + 1, "dự") ||
             reading_is(r, i + 1, "các")))
            break;
        i++;
    }
    return i < stop ? i : stop;
}

/* "Nghị định 46 về chăn nuôi", "Kết luận số 2412": the number is all of the
 * name, unless it counts something ("Kế hoạch 5 năm") or the name goes on
 * ("Công ước 2003 của UNESCO"). */
static bool is_short_number(const struct search *search, uint32_t at, uint32_t end)
{
    static const char counted[][WORD_SIZE] = {"năm", "tháng", "ngày", "của", "-", "–", "%", ""};
    static const char heads[][WORD_SIZE] = {"nghị", "thông", "quyết", "chỉ",  "đề", "chương",
                                            "kết",  "công",  "văn",   "pháp", "kế", ""};
    return search_is_any(search, at, heads) &&
           (end >= search_sentence_end(search, at) ||
            (!search_is_any(search, end, counted) && !search_is_capital(search, end)));
}

static bool is_weak(const struct search *search, uint32_t at)
{
    static const char weak[][WORD_SIZE] = {"kế",   "quyết", "thông", "báo",   "chương", "lệnh",
                                           "quy",  "đề",    "kết",   "hướng", "tuyên",  "chiến",
                                           "điều", "văn",   "công",  "cáo",   "biên",   "ý",
                                           "thư",  "bản",   "chỉ",   "luật",  ""};
    return search_is_any(search, at, weak);
}

/* A head with a number behind it ("Nghị định 117/2003/NĐ-CP"): is that all there is to find? */
static bool numbered_propose(struct search *search, uint32_t at, uint32_t next, bool is_quoted)
{
    bool has_word = reading_is(search->r, next, "số");
    uint32_t number = number_end(search, has_word ? next + 1 : next);
    if (!number)
        return false;
    if (number > next + 2)
        search_propose(search, LAW, at, number, 90);
    else if (!is_quoted && is_short_number(search, at, number))
        search_propose(search, LAW, at, number, 84);
    else
        return false;
    return true;
}

void laws_propose(struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    uint32_t known = reading_length(r, at, CATEGORY_LAW);
    if (known &&
        (search_is_capital(search, at) || search_is_capital(search, at + known - 2 + (known < 2))))
        search_propose(search, LAW, at, at + known, 88);
    uint32_t head = reading_length(r, at, CATEGORY_LAW_HEAD);
    if (!head || search_has_flag(search, at, TOKEN_SHOUTED))
        return;
    uint32_t stop = search_sentence_end(search, at);
    uint32_t start = search_sentence_start(search, at);
    uint32_t next = at + head;
    bool is_quoted = at > start && is_quote(search, at - 1);
    static const char signing[][WORD_SIZE] = {"ký", "kết", ""};
    bool is_signed = at > start && search_is_any(search, at - 1, signing);
    if (next >= stop || !(search_is_capital(search, at) || is_signed || is_quoted))
        return;
    if (numbered_propose(search, at, next, is_quoted))
        return;
    uint32_t end = words_end(search, next, is_quoted);
    bool is_first = search_has_flag(search, at, TOKEN_FIRST);
    if (end < next + 1 || end - at > NAME_MOST)
        return;
    bool is_content = reading_is(r, next, "về") || search_is_capital(search, next) ||
                      reading_is(r, next, "hợp") || end - next >= 2;
    if (reading_is(r, end - 1, "của") || reading_is(r, end - 1, "và") ||
        reading_is(r, end - 1, "-"))
        end--;
    bool is_poor = is_weak(search, at) && !is_signed && !is_quoted;
    if (!is_content || (is_poor && is_first) || (is_poor && end - next < 2))
        return;
    search_propose(search, LAW, at, end, is_poor ? 62 : is_first ? 66 : 78);
}
