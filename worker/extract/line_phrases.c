// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/line_phrases.h"

#include <string.h>

#include "worker/extract/lines.h"

enum { CAPTION_MOST_WORDS = 60, PHRASE_EXTRA_WORDS = 4 };

/* Lines that begin so head what comes after an article. All tables are folded as line_fold() does.
 */
static const char *const stops[] = {
    "tin liên quan",
    "tin bài liên quan",
    "bài viết liên quan",
    "bài liên quan",
    "tin cùng chuyên mục",
    "cùng chuyên mục",
    "bài cùng chuyên mục",
    "các tin khác",
    "tin khác",
    "các bài khác",
    "tin mới hơn",
    "tin cũ hơn",
    "các tin đã đưa",
    "tin đã đưa",
    "có thể bạn quan tâm",
    "bạn có thể quan tâm",
    "viết bình luận",
    "gửi bình luận",
    "bình luận",
    "ý kiến bạn đọc",
    "ý kiến của bạn",
    "gửi ý kiến",
    "phản hồi",
    "để lại bình luận",
    "đọc nhiều",
    "tin đọc nhiều",
    "xem nhiều",
    "tin xem nhiều",
    "tin nổi bật",
    "tin mới nhất",
    "tin nóng",
    "tin tức khác",
    "thông tin cần biết",
    "thống kê truy cập",
    "đăng nhập",
    "liên kết website",
    "liên kết web",
    "tìm kiếm",
    "từ khóa",
    "tags",
    "tag:",
    "chia sẻ bài viết",
    "các tin liên quan",
    "tin tài trợ",
    "quảng cáo",
    "mời quý độc giả",
    "mời bạn đọc",
    "mời độc giả",
    "lên đầu trang",
    "về đầu trang",
    "về trang chủ",
    "bản quyền",
    "©",
    "giấy phép số",
    "tin trong nước khác",
    "đánh giá bài viết",
    "bài viết khác",
    "tin cùng loại",
    "sự kiện liên quan",
    "chủ đề liên quan",
    "video liên quan",
    "ảnh liên quan",
    "tổng số lượt truy cập",
};

/* Of these, the ones that also head boxes in the middle of an article. */
static const char *const boxes[] = {
    "tin liên quan",     "tin bài liên quan",   "bài viết liên quan",  "bài liên quan",
    "các tin liên quan", "video liên quan",     "ảnh liên quan",       "sự kiện liên quan",
    "chủ đề liên quan",  "có thể bạn quan tâm", "bạn có thể quan tâm", "đọc nhiều",
    "tin nóng",          "quảng cáo",           "tin nổi bật",
};

/* Lines that begin so are noise wherever they stand. */
static const char *const noises[] = {
    "xem thêm",
    "đọc thêm",
    "đọc tiếp",
    "xem tiếp",
    ">>",
    "»",
    "video:",
    "clip:",
    "[video",
    "email:",
    "e-mail:",
    "hotline",
    "đường dây nóng",
    "điện thoại:",
    "fax:",
    "cỡ chữ",
    "chia sẻ",
    "facebook",
    "zalo",
    "twitter",
    "in trang",
    "in bài",
    "gửi email",
    "google news",
    "trang chủ",
    "quay lại",
    "lưu bài",
    "nghe bài",
    "mọi phản ánh",
    "mọi ý kiến",
    "mọi thông tin",
    "copy link",
    "loading",
    "bannerhome",
    "thích và chia sẻ",
    "chưa có bình luận",
    "nhấn để",
    "bấm vào đây",
    "vui lòng nhập",
    "họ và tên",
    "mã xác nhận",
    "toggle",
    "menu",
    "skip to",
    "rss",
    "website:",
    "http://",
    "https://",
    "www.",
    "theo dõi báo",
    "theo dõi chúng tôi",
    "đăng ký nhận tin",
    "hãy là người đầu tiên",
    "bạn đang xem",
};

static const char *const counters[] = {"lượt xem", "lượt đọc",     "số lần đọc", "số lượt xem",
                                       "đã xem",   "số người xem", "views:",     "lượt truy cập"};

static const char *const bylines[] = {
    "theo ",     "nguồn:",    "nguồn tin:", "pv ",        "pv",
    "(theo ",    "tác giả:",  "bài, ảnh:",  "bài và ảnh", "thực hiện:",
    "tin, ảnh:", "tin, bài:", "bài:",       "biên tập:",  "phóng viên"};

static const char *const caption_marks[] = {"ảnh:",      "ảnh minh họa", "ảnh minh hoạ",
                                            "nguồn ảnh", "photo:",       "(ảnh",
                                            "ảnh chụp",  "ảnh tư liệu",  "ảnh cắt từ"};

static const char *const picture_endings[] = {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp"};

static bool begins(const char *text, const char *phrase)
{
    while (*phrase && *text == *phrase) {
        text++;
        phrase++;
    }
    return !*phrase;
}

static bool starts_with(const char *text, const char *const *phrases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (begins(text, phrases[i]))
            return true;
    return false;
}

static bool contains(const char *text, const char *const *phrases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(text, phrases[i]))
            return true;
    return false;
}

static unsigned count_words(const char *text)
{
    unsigned words = *text != 0;
    for (; *text; text++)
        words += *text == ' ';
    return words;
}

/* Alone on its line such a phrase heads a list of other articles. */
static const char *const pointers[] = {"xem thêm", "đọc thêm", "xem tiếp", "đọc tiếp"};

static bool is_bare_pointer(const char *folded)
{
    for (size_t i = 0; i < COUNT_OF(pointers); i++) {
        size_t size = strlen(pointers[i]);
        if (strncmp(folded, pointers[i], size) == 0 &&
            !folded[size + strspn(folded + size, " :.>")])
            return true;
    }
    return false;
}

/* A phrase of the table, and hardly anything behind it. */
static bool is_stop(const char *folded, unsigned words)
{
    for (size_t i = 0; i < COUNT_OF(stops); i++) {
        if (!begins(folded, stops[i]))
            continue;
        size_t size = strlen(stops[i]);
        bool is_whole = !folded[size] || strchr(" :,.(>|", folded[size]);
        if (is_whole && words <= count_words(stops[i]) + PHRASE_EXTRA_WORDS)
            return true;
    }
    return false;
}

unsigned line_phrase_looks(const char *folded, unsigned words)
{
    unsigned looks = 0;
    bool is_short = words <= 2 * PHRASE_EXTRA_WORDS;
    if (is_stop(folded, words))
        looks |= LINE_STOP | (starts_with(folded, boxes, COUNT_OF(boxes)) ? LINE_BOX : 0);
    if (is_short && is_bare_pointer(folded))
        looks |= LINE_STOP | LINE_BOX;
    else if (starts_with(folded, noises, COUNT_OF(noises)))
        looks |= LINE_NOISE;
    if (is_short && contains(folded, counters, COUNT_OF(counters)))
        looks |= LINE_COUNT;
    if (is_short && starts_with(folded, bylines, COUNT_OF(bylines)))
        looks |= LINE_BYLINE;
    if (words <= 4 && contains(folded, picture_endings, COUNT_OF(picture_endings)))
        looks |= LINE_PICTURE;
    if (!(looks & LINE_BYLINE) && words <= CAPTION_MOST_WORDS &&
        (contains(folded, caption_marks, COUNT_OF(caption_marks)) ||
         strncmp(folded, "ảnh ", strlen("ảnh ")) == 0))
        looks |= LINE_CAPTION;
    return looks;
}

static unsigned longest_beginning(const char *folded, const char *const *phrases, size_t count)
{
    unsigned longest = 0;
    for (size_t i = 0; i < count; i++) {
        if (!begins(folded, phrases[i]))
            continue;
        unsigned words = count_words(phrases[i]);
        size_t size = strlen(phrases[i]);
        if (words > longest && (!folded[size] || strchr(" :,.(>|", folded[size])))
            longest = words;
    }
    return longest;
}

unsigned line_phrase_head_words(const char *folded)
{
    unsigned stop = longest_beginning(folded, stops, COUNT_OF(stops));
    unsigned pointer = longest_beginning(folded, pointers, COUNT_OF(pointers));
    return stop > pointer ? stop : pointer;
}

bool line_phrase_counts(const char *folded)
{
    return starts_with(folded, counters, COUNT_OF(counters));
}
