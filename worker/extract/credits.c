// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/credits.h"

#include <string.h>

#include "worker/extract/points.h"

enum { MOST_WORDS = 16, NAME_MOST_WORDS = 6 };

/* A credit begins so … */
static const char *const beginnings[] = {
    "theo ",          "(theo ",      "ghi chép của ", "bút ký của ",
    "tản văn của ",   "bài của ",    "nhóm pv",       "nhóm phóng",
    "đặc phái viên",  "phóng viên ", "luật sư ",      "luật gia ",
    "ban bạn đọc",    "ban biên",    "sưu tầm",       "biên soạn",
    "cộng tác viên ", "bs. ",        "bài và ảnh: ",  "bài, ảnh: ",
    "tin, ảnh: ",     "(nguồn",      "ảnh và bài: ",  "pv ",
    "nhóm tác giả",   "tin và ảnh",  "tổng hợp từ",   "cổng thông tin điện tử"};

/* … ends so … */
static const char *const endings[] = {" tổng hợp",   " (tổng hợp)",  " tổng hợp)",  " ghi",
                                      " thực hiện",  " (thực hiện)", " thực hiện)", " dịch",
                                      " lược dịch",  " (t/h)",       " (cộng tác)", " phụ trách",
                                      " trả lời",    " online",      " (ghi)",      " lược ghi",
                                      " (tong hop)", " biên dịch",   " (dịch)"};

/* … or has this in it. */
static const char *const signs[] = {
    "(theo ",     ", theo ",        " - theo ",         " – theo ",
    "| theo ",    "(p/v ",          "p/v ttxvn",        "(pv ",
    ", từ ",      "(từ ",           ", gửi từ ",        "(báo ",
    ", báo ",     "/báo ",          "| báo ",           " - báo ",
    " – báo ",    "(tạp chí ",      ", tạp chí ",       "/tạp chí ",
    "| tạp chí ", " - tạp chí ",    " – tạp chí ",      "(ttxvn",
    "/ttxvn",     ", công ty luật", ", văn phòng luật", " (tổng hợp",
    "| ảnh: ",    "- ảnh: ",        "– ảnh: ",          "; ảnh: ",
    ", ảnh: "};

/* These need no mark between the name and themselves. */
static const char *const verbs[] = {" tường thuật từ ", " ghi theo ", " ghi chép", " gửi về từ "};

struct words {
    unsigned count;
    unsigned capitals;
    unsigned leading; /* capitals before the first other word or mark */
    uint32_t mark;    /* what ends them: a separator, 0 none */
};

static bool is_separator(uint32_t point)
{
    return point == '|' || point == '/' || point == '(' || point == ',' || point == ';' ||
           point == '-' || point == 0x2013;
}

static struct words count_words(const uint32_t *points, struct span span)
{
    struct words words = {0};
    bool was_letter = false;
    bool is_leading = true;
    for (uint32_t i = span.start; i < span.end; i++) {
        bool is_letter = point_is_letter(points[i]);
        if (is_letter && !was_letter) {
            bool is_capital = point_is_upper(points[i]);
            words.count++;
            words.capitals += is_capital;
            is_leading = is_leading && is_capital;
            words.leading += is_leading;
        }
        if (is_leading && is_separator(points[i])) {
            words.mark = points[i];
            is_leading = false;
        }
        was_letter = is_letter;
    }
    return words;
}

static bool begins_so(const char *folded)
{
    for (size_t i = 0; i < COUNT_OF(beginnings); i++)
        if (strncmp(folded, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

static bool ends_so(const char *folded)
{
    size_t size = strlen(folded);
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        size_t ending = strlen(endings[i]);
        if (size > ending && strcmp(folded + size - ending, endings[i]) == 0)
            return true;
    }
    return false;
}

static bool has_any(const char *folded, const char *const *phrases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(folded, phrases[i]))
            return true;
    return false;
}

bool credit_reads(const uint32_t *points, struct span span, const char *folded)
{
    if (span.start == span.end || points[span.end - 1] == '.' || points[span.end - 1] == '?' ||
        points[span.end - 1] == '!' || points[span.end - 1] == ':')
        return false;
    struct words words = count_words(points, span);
    if (!words.capitals || words.count > MOST_WORDS)
        return false;
    bool begins = begins_so(folded);
    if (begins && words.capitals * 3 >= words.count)
        return true;
    bool has_name = words.leading >= 1 && words.leading <= NAME_MOST_WORDS;
    if (!has_name || words.capitals * 5 < words.count * 2)
        return false;
    bool is_set_off = words.mark == '|' || words.mark == '/' ||
                      (words.mark == '(' && points[span.end - 1] == ')');
    return (is_set_off && words.leading >= 2) || ends_so(folded) ||
           (words.mark && has_any(folded, signs, COUNT_OF(signs))) ||
           has_any(folded, verbs, COUNT_OF(verbs));
}
