// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/search.h"

#define CRIME NEWSLOOM__V1__ENTITY_TYPE__CRIME

static inline bool is_quote(const struct search *search, uint32_t at)
{
    static const char quotes[][WORD_SIZE] = {"\"", "“", "”", "‘", "’", "'", ""};
    return reading_has(search->r, at, SHAPE_PUNCTUATION) && search_is_any(search, at, quotes);
}

/* "tội phạm" and what makes it a kind: "có tổ chức", "sử dụng công nghệ cao". */
static void propose_kind(struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    if (!reading_is(r, at, "tội") || !reading_is(r, at + 1, "phạm"))
        return;
    uint32_t end = at + 2;
    for (unsigned tails = 0; tails < 3; tails++) {
        uint32_t length = reading_length(r, end, CATEGORY_CRIME_TAIL);
        uint32_t crime = reading_length(r, end, CATEGORY_CRIME);
        uint32_t longest = length > crime ? length : crime;
        if (!longest || search_is_capital(search, end))
            break;
        end += longest;
    }
    if (end > at + 2)
        search_propose(search, CRIME, at, end, 84);
}

static bool begins_an_offence(const struct search *search, uint32_t at)
{
    static const char verbs[][WORD_SIZE] = {
        "mua",  "bán",   "buôn", "tàng",  "vận",   "lợi",  "lạm",  "cố",   "vi",   "thiếu", "chiếm",
        "tổ",   "làm",   "hủy",  "chống", "gây",   "giết", "cướp", "trộm", "lừa",  "cưỡng", "bắt",
        "hiếp", "dâm",   "giao", "đánh",  "nhận",  "đưa",  "môi",  "chứa", "tham", "trốn",  "giữ",
        "sử",   "sản",   "công", "khủng", "cho",   "rửa",  "xâm",  "nhập", "in",   "giả",   "vô",
        "che",  "không", "hành", "đe",    "tuyên", "hoạt", "bạo",  "phá",  "đua",  "cản",   ""};
    return search_is_any(search, at, verbs);
}

/* Behind "tội" or "hành vi": in quotes all of it, else up to where the sentence turns away. */
static void propose_named(struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    uint32_t start = search_sentence_start(search, at);
    uint32_t stop = search_sentence_end(search, at);
    static const char turns[][WORD_SIZE] = {
        ".", ";",  "(", ")", "của",  "với",   "theo", "xảy", "quy",  "đối", "từ",    "tại", "và",
        ":", "\"", "“", "”", "trên", "nhưng", "thì",  "là",  "được", "bị",  "trong", ""};
    static const char cues[][WORD_SIZE] = {"tội", "danh", "vi", "án", ""};
    bool is_quoted = at >= start + 2 && is_quote(search, at - 1);
    uint32_t cue = is_quoted ? at - 2 : at - 1;
    bool is_cued = search_is_any(search, cue, cues);
    if (at == start || !(is_quoted || is_cued) || !begins_an_offence(search, at))
        return;
    uint32_t end = at;
    if (is_quoted) {
        while (end < stop && end - at < SPAN_MOST && !is_quote(search, end))
            end++;
        uint32_t known = reading_length(r, at, CATEGORY_CRIME);
        bool is_list = known && (reading_is(r, at + known, ",") || reading_is(r, at + known, "và"));
        if (end < stop && is_cued && !is_list && end - at >= 2 && end - at < SPAN_MOST)
            search_propose(search, CRIME, at, end, 86);
        return;
    }
    if (!reading_is(r, cue, "tội") && !reading_is(r, cue, "vi") && !reading_is(r, cue, "danh"))
        return;
    while (end < stop && end - at < 30 && !search_is_any(search, end, turns))
        end++;
    bool is_deed = reading_is(r, cue, "vi");
    if (end - at >= (is_deed ? 6 : 2) && end - at < 30 && !reading_is(r, at, "phạm"))
        search_propose(search, CRIME, at, end, is_deed ? 50 : 66);
}

void crimes_propose(struct search *search, uint32_t at)
{
    const struct reading *r = search->r;
    propose_kind(search, at);
    uint32_t length = reading_length(r, at, CATEGORY_CRIME);
    if (length && !search_has_flag(search, at, TOKEN_SHOUTED))
        search_propose(search, CRIME, at, at + length, length == 1 ? 60 : 80);
    if (search_sentence_start(search, at) != at)
        propose_named(search, at);
}
