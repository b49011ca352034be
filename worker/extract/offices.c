// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/offices.h"

#include <string.h>

#define PERSON       NEWSLOOM__V1__ENTITY_TYPE__PERSON
#define ORGANIZATION NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION
#define LOCATION     NEWSLOOM__V1__ENTITY_TYPE__LOCATION

struct scan {
    struct document *document;
    const struct reading *r;
    const uint32_t *mention_at;
    struct office **offices;
    struct office pending; /* waits for the next person */
    uint32_t pending_end;  /* where it ends; joined while only commas and honorifics follow */
    uint32_t person;       /* the last person, plus one */
    uint32_t person_end;   /* where the chain of posts behind the last person ends */
    uint32_t open_posts;   /* posts given to the last person since the last comma */
};

uint32_t token_behind(const struct reading *r, struct span span)
{
    uint32_t low = 0, high = r->token_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (r->tokens[middle].span.start < span.end)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t *mentions_by_token(struct document *document, const struct reading *r)
{
    uint32_t *at = arena_take(document->arena, r->token_count + 1, sizeof(uint32_t));
    uint32_t token = 0;
    for (uint32_t m = 0; m < document->mention_count; m++) {
        while (token < r->token_count &&
               r->tokens[token].span.start < document->mentions[m].span.start)
            token++;
        if (token < r->token_count && !at[token])
            at[token] = m + 1;
    }
    return at;
}

static uint32_t mention_end(const struct scan *s, uint32_t at, Newsloom__V1__EntityType type)
{
    uint32_t m = at <= s->r->token_count ? s->mention_at[at] : 0;
    if (!m || s->document->mentions[m - 1].type != type)
        return 0;
    return token_behind(s->r, s->document->mentions[m - 1].span);
}

/* The length of a bare post with "nguyên" or "cựu", or 0. */
static uint32_t post_head(const struct scan *s, uint32_t at)
{
    static const char former[][WORD_SIZE] = {"nguyên", "cựu", ""};
    uint32_t skip = reading_is_any(s->r, at, former) ? 1 : 0;
    uint32_t length = reading_length(s->r, at + skip, CATEGORY_POSITION);
    return length ? length + skip : 0;
}

/* "nước này": what was named before, not a part of what the post is called. */
static bool points_back(const struct scan *s, uint32_t at)
{
    static const char pointers[][WORD_SIZE] = {"này", "ấy", "đó", "kia", "nọ", "ta", ""};
    uint32_t head = reading_length(s->r, at, CATEGORY_PLACE_HEAD);
    return head && reading_is_any(s->r, at + head, pointers);
}

/* Read a post and what belongs to it; returns its end. */
static uint32_t read_post(const struct scan *s, uint32_t at, uint32_t stop, struct post *ret_post)
{
    uint32_t head = post_head(s, at);
    uint32_t end = at + head;
    *ret_post = (struct post){.head_size = head, .first = at};
    static const char fields[][WORD_SIZE] = {"quân", "phe", ""};
    static const char belongs[][WORD_SIZE] = {"thuộc", ""};
    if (end < stop && reading_is_any(s->r, end, fields) && !s->mention_at[end])
        while (end < stop && end - at < head + 6 && !s->mention_at[end] &&
               (reading_has(s->r, end, SHAPE_WORD)) && !reading_length(s->r, end, CATEGORY_STOP) &&
               !reading_length(s->r, end, CATEGORY_RANK) &&
               !reading_has(s->r, end, SHAPE_CAPITAL) && !points_back(s, end))
            end++;
    uint32_t next = end < stop && reading_is_any(s->r, end, belongs) ? end + 1 : end;
    uint32_t body = next < stop ? mention_end(s, next, ORGANIZATION) : 0;
    uint32_t place = next < stop && !body ? mention_end(s, next, LOCATION) : 0;
    if (body || place) {
        ret_post->body = s->mention_at[next];
        end = body ? body : place;
        if (end < stop && reading_is(s->r, end, "tại")) {
            uint32_t seat = mention_end(s, end + 1, LOCATION);
            end = seat ? seat : end;
        }
    }
    ret_post->span = (struct span){s->r->tokens[at].span.start, s->r->tokens[end - 1].span.end};
    return end;
}

/* Only commas, brackets, dashes and words such as "là", "kiêm", "ông" from here to there. */
static bool is_joined(const struct scan *s, uint32_t from, uint32_t to)
{
    static const char joints[][WORD_SIZE] = {",",    "(",    "–",    "-",    "là",  "kiêm", "và",
                                             "ông",  "bà",   "ngài", "đồng", "chí", "hiện", "giữ",
                                             "chức", "làm",  "đ/c",  "anh",  "chị", "gồm",  "có",
                                             "còn",  "đang", ":",    ""};
    if (to < from || to - from > 4)
        return false;
    for (uint32_t i = from; i < to; i++)
        if (!reading_is_any(s->r, i, joints))
            return false;
    return true;
}

static void add_post(struct office *office, struct post post)
{
    if (office->post_count < OFFICE_POSITIONS_MOST)
        office->posts[office->post_count++] = post;
}

static struct office *office_of(struct scan *s, uint32_t mention)
{
    if (!s->offices[mention])
        s->offices[mention] = arena_take(s->document->arena, 1, sizeof(struct office));
    return s->offices[mention];
}

static bool is_bookkeeping(const struct scan *s, uint32_t at)
{
    /* what a delegation calls its members is no office */
    return (reading_is(s->r, at, "trưởng") || reading_is(s->r, at, "phó")) &&
           (reading_is(s->r, at + 1, "đoàn") || reading_is(s->r, at + 2, "đoàn"));
}

static bool stands_before_person(const struct scan *s, uint32_t end, uint32_t stop)
{
    for (uint32_t i = end; i < stop && i <= end + 2; i++) {
        if (mention_end(s, i, PERSON))
            return true;
        if (!reading_length(s->r, i, CATEGORY_HONORIFIC) &&
            !reading_length(s->r, i, CATEGORY_RANK) &&
            !(i > end && reading_length(s->r, i - 1, CATEGORY_RANK) == 2))
            return false;
    }
    return false;
}

static uint32_t take_post(struct scan *s, uint32_t at, uint32_t stop)
{
    struct post post;
    uint32_t end = read_post(s, at, stop, &post);
    bool goes_on = s->pending_end && is_joined(s, s->pending_end, at);
    bool behind_person = s->person && is_joined(s, s->person_end, at) && at > s->person_end;
    if (is_bookkeeping(s, at)) {
        s->person_end = behind_person ? end : s->person_end;
        return end;
    }
    if (behind_person && !stands_before_person(s, end, stop)) {
        add_post(office_of(s, s->person - 1), post);
        s->person_end = end;
        s->pending_end = 0;
        return end;
    }
    if (!goes_on)
        memset(&s->pending, 0, sizeof(s->pending));
    add_post(&s->pending, post);
    s->pending_end = end;
    return end;
}

static uint32_t take_person(struct scan *s, uint32_t at)
{
    uint32_t mention = s->mention_at[at] - 1;
    if (s->pending_end && is_joined(s, s->pending_end, at) &&
        (s->pending.post_count || s->pending.rank.end)) {
        struct office *office = office_of(s, mention);
        office->rank = s->pending.rank;
        for (uint32_t i = 0; i < s->pending.post_count; i++)
            add_post(office, s->pending.posts[i]);
    }
    s->pending_end = 0;
    memset(&s->pending, 0, sizeof(s->pending));
    s->person = mention + 1;
    s->person_end = token_behind(s->r, s->document->mentions[mention].span);
    return s->person_end;
}

static uint32_t take_rank(struct scan *s, uint32_t at)
{
    uint32_t end = at + reading_length(s->r, at, CATEGORY_RANK);
    if (!s->pending_end || !is_joined(s, s->pending_end, at))
        memset(&s->pending, 0, sizeof(s->pending));
    s->pending.rank = (struct span){s->r->tokens[at].span.start, s->r->tokens[end - 1].span.end};
    s->pending_end = end;
    return end;
}

static void scan_sentence(struct scan *s, uint32_t first, uint32_t stop)
{
    s->pending_end = 0;
    s->person = 0;
    memset(&s->pending, 0, sizeof(s->pending));
    for (uint32_t i = first; i < stop;) {
        if (mention_end(s, i, PERSON))
            i = take_person(s, i);
        else if (s->mention_at[i])
            i = token_behind(s->r, s->document->mentions[s->mention_at[i] - 1].span);
        else if (reading_length(s->r, i, CATEGORY_RANK))
            i = take_rank(s, i);
        else if (post_head(s, i))
            i = take_post(s, i, stop);
        else
            i++;
    }
}

struct office **offices_find(struct document *document, const struct reading *r)
{
    if (document->offices)
        return document->offices;
    struct scan s = {.document = document, .r = r};
    s.mention_at = mentions_by_token(document, r);
    s.offices = arena_take(document->arena, document->mention_count + 1, sizeof(struct office *));
    for (uint32_t i = 0; i < document->sentence_count; i++) {
        const struct sentence *sentence = &document->sentences[i];
        scan_sentence(&s, sentence->first_token, sentence->first_token + sentence->token_count);
    }
    document->offices = s.offices;
    return s.offices;
}
