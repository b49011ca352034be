// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/arguments.h"

#include <string.h>

#include "worker/extract/offices.h"

#define PERSON       NEWSLOOM__V1__ENTITY_TYPE__PERSON
#define ORGANIZATION NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION
#define LOCATION     NEWSLOOM__V1__ENTITY_TYPE__LOCATION
#define DATE         NEWSLOOM__V1__ENTITY_TYPE__DATE
#define LAW          NEWSLOOM__V1__ENTITY_TYPE__LAW

enum { ARGUMENTS_MOST = 16, YEAR_LENGTH = 4, CLAUSE_MOST = 60 };

struct arguing {
    const struct telling *t;
    const struct happening *h;
    struct event *event;
    uint32_t start; /* of the sentence */
    uint32_t stop;
};

static void add(struct arguing *a, Newsloom__V1__ArgumentRole role, struct span span,
                uint32_t mention, const char *value)
{
    if (a->event->argument_count >= ARGUMENTS_MOST)
        return;
    for (uint32_t i = 0; i < a->event->argument_count; i++) {
        const struct argument *known = &a->event->arguments[i];
        bool is_same = mention && known->mention &&
                       a->t->document->mentions[known->mention - 1].entity ==
                           a->t->document->mentions[mention - 1].entity;
        if (is_same && known->role != NEWSLOOM__V1__ARGUMENT_ROLE__PLACE &&
            role != NEWSLOOM__V1__ARGUMENT_ROLE__PLACE)
            return;
    }
    a->event->arguments[a->event->argument_count++] = (struct argument){role, span, mention, value};
}

static void add_mention(struct arguing *a, Newsloom__V1__ArgumentRole role, uint32_t mention)
{
    const struct mention *named = &a->t->document->mentions[mention - 1];
    add(a, role, named->span, mention, named->type == DATE ? named->value : "");
}

/* The body of a by-line, of a post, or whom the reporter asked. */
static bool is_bystander(const struct arguing *a, uint32_t token, uint32_t mention)
{
    static const char before[][WORD_SIZE] = {"viên", "theo", "theo:", "/",    "ảnh",
                                             ":",    "báo",  "sở",    "truy", ""};
    if (a->t->is_post[mention - 1])
        return true;
    return token > a->start && reading_is_any(a->t->r, token - 1, before);
}

static void add_all(struct arguing *a, Newsloom__V1__ArgumentRole role, uint32_t from, uint32_t to,
                    Newsloom__V1__EntityType type)
{
    for (uint32_t i = from; i < to; i++) {
        uint32_t mention = a->t->mention_at[i];
        if (mention && a->t->document->mentions[mention - 1].type == type &&
            !is_bystander(a, i, mention))
            add_mention(a, role, mention);
    }
}

/* The people behind the verb: "bắt … A, B và C (…)". */
static uint32_t add_objects(struct arguing *a, uint32_t from, uint32_t to)
{
    uint32_t before = a->event->argument_count;
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__RECIPIENT, from, to, PERSON);
    return a->event->argument_count - before;
}

static bool is_passive(const struct arguing *a)
{
    uint32_t from = a->h->first > a->start + 10 ? a->h->first - 10 : a->start;
    for (uint32_t i = a->h->end; i-- > from;)
        if (reading_is(a->t->r, i, "bị"))
            return true;
    return reading_is(a->t->r, a->h->first, "sa") || reading_is(a->t->r, a->h->first, "tra");
}

static uint32_t number_word(const struct arguing *a, uint32_t at)
{
    static const char words[][WORD_SIZE] = {"một", "hai", "ba",   "bốn",  "năm", "sáu",
                                            "bảy", "tám", "chín", "mười", ""};
    const struct token *token = &a->t->r->tokens[at];
    if (at >= a->stop || a->t->inside[at])
        return 0;
    for (uint32_t i = 0; words[i][0]; i++)
        if (token_is(token, words[i]))
            return i + 1;
    if (!(token->shape & SHAPE_NUMBER))
        return 0;
    uint32_t number = 0;
    for (const char *text = token->folded; *text; text++) {
        if (*text < '0' || *text > '9' || number > 100000)
            return 0;
        number = number * 10 + (uint32_t)(*text - '0');
    }
    return number;
}

/* What numbers of people are told with. */
static const char counted[][WORD_SIZE] = {"đối", "bị",  "nghi",  "người", "tên", "đttn",
                                          "cán", "con", "thanh", "học",   "nam", "nữ",
                                          "kẻ",  "phụ", "cầu",   "công",  ""};

static uint32_t number_behind(const struct arguing *a, bool *ret_is_many)
{
    static const char many[][WORD_SIZE] = {"nhóm", "các", "những", "nhiều", "loạt", "đối", ""};
    uint32_t number = 0;
    *ret_is_many = false;
    for (uint32_t i = a->h->end; i < a->stop && i < a->h->end + 3 && !number; i++) {
        if (reading_is_any(a->t->r, i + 1, counted))
            number = number_word(a, i);
        *ret_is_many = *ret_is_many || reading_is_any(a->t->r, i, many);
    }
    return number;
}

static uint32_t number_before(const struct arguing *a)
{
    if (!is_passive(a))
        return 0;
    for (uint32_t i = a->h->first; i-- > a->start && a->h->first - i < 12;) {
        uint32_t number = reading_is_any(a->t->r, i + 1, counted) ? number_word(a, i) : 0;
        if (number)
            return number;
    }
    return 0;
}

static void add_number(struct arguing *a, uint32_t persons)
{
    const struct reading *r = a->t->r;
    bool is_many = false;
    uint32_t number = number_behind(a, &is_many);
    if (!number && !persons)
        number = number_before(a);
    if (!number)
        number = persons ? persons : is_many ? 0 : 1;
    if (number)
        add(a, NEWSLOOM__V1__ARGUMENT_ROLE__NUMBER,
            (struct span){r->tokens[a->h->first].span.start, r->tokens[a->h->end - 1].span.end}, 0,
            arena_format(a->t->document->arena, "%u", number));
}

static bool is_birth(const struct arguing *a, uint32_t token)
{
    static const char words[][WORD_SIZE] = {"sn", "sinh", "(", ""};
    return token > a->start && reading_is_any(a->t->r, token - 1, words);
}

static bool may_date(const struct arguing *a, uint32_t token)
{
    uint32_t mention = a->t->mention_at[token];
    if (!mention || a->t->document->mentions[mention - 1].type != DATE)
        return false;
    const char *value = a->t->document->mentions[mention - 1].value;
    return value[0] && value[0] != '?' && strlen(value) > YEAR_LENGTH && !is_birth(a, token);
}

/* The last date named before, for "cùng ngày". */
static uint32_t date_before(const struct arguing *a)
{
    for (uint32_t i = a->start; i-- > 0 && a->start - i < 2000;)
        if (may_date(a, i))
            return a->t->mention_at[i];
    return 0;
}

static void add_date(struct arguing *a)
{
    uint32_t found = 0;
    for (uint32_t i = a->h->first; i-- > a->start && !found;)
        found = may_date(a, i) ? a->t->mention_at[i] : 0;
    for (uint32_t i = a->h->end; i < a->stop && !found; i++)
        found = may_date(a, i) ? a->t->mention_at[i] : 0;
    for (uint32_t i = a->start; i + 1 < a->stop && !found; i++)
        if (reading_is(a->t->r, i, "cùng") && reading_is(a->t->r, i + 1, "ngày"))
            found = date_before(a);
    if (found)
        add_mention(a, NEWSLOOM__V1__ARGUMENT_ROLE__AT_DATE, found);
}

static void add_place_behind(struct arguing *a, const char *cue)
{
    for (uint32_t i = a->start + 1; i < a->stop; i++) {
        uint32_t mention = a->t->mention_at[i];
        bool is_place = mention && a->t->document->mentions[mention - 1].type == LOCATION;
        if (is_place && reading_is(a->t->r, i - 1, cue) && i < a->h->first + CLAUSE_MOST) {
            add_mention(a, NEWSLOOM__V1__ARGUMENT_ROLE__PLACE, mention);
            return;
        }
    }
}

static void argue_arrest(struct arguing *a)
{
    bool is_passive_voice = is_passive(a);
    uint32_t persons = add_objects(a, a->h->end, a->stop);
    if (is_passive_voice || persons == 0) {
        uint32_t person = telling_last(a->t, a->start, a->h->first, PERSON);
        if (person && (is_passive_voice || persons == 0)) {
            if (is_passive_voice)
                a->event->argument_count = 0;
            add_mention(a, NEWSLOOM__V1__ARGUMENT_ROLE__RECIPIENT, person);
            persons = 1;
        }
    }
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR, a->start, a->h->first, ORGANIZATION);
    add_date(a);
    add_number(a, persons);
}

static void argue_visit(struct arguing *a)
{
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR, a->start, a->h->first, PERSON);
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR, a->start, a->h->first, ORGANIZATION);
    uint32_t near = a->h->end + 16 < a->stop ? a->h->end + 16 : a->stop;
    uint32_t place = telling_next(a->t, a->h->end, near, LOCATION);
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__RECIPIENT, a->h->end, near, ORGANIZATION);
    if (place)
        add_mention(a, NEWSLOOM__V1__ARGUMENT_ROLE__PLACE, place);
    if (reading_is(a->t->r, a->h->first, "chuyến"))
        add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR, a->h->end, a->stop, PERSON);
    add_date(a);
}

static void argue_meeting(struct arguing *a)
{
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR, a->start, a->h->first, PERSON);
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR, a->start, a->h->first, ORGANIZATION);
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__RECIPIENT, a->h->end, a->stop, PERSON);
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__RECIPIENT, a->h->end, a->stop, ORGANIZATION);
    add_place_behind(a, "tại");
    add_date(a);
}

static void argue_signing(struct arguing *a)
{
    uint32_t law = telling_next(a->t, a->h->end, a->stop, LAW);
    if (!law)
        law = telling_last(a->t, a->start, a->h->first, LAW);
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR, a->start, a->h->first, ORGANIZATION);
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR, a->h->end, a->stop, ORGANIZATION);
    if (law)
        add_mention(a, NEWSLOOM__V1__ARGUMENT_ROLE__OBJECT, law);
    add_date(a);
}

static void argue_handover(struct arguing *a)
{
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR, a->start, a->h->first, ORGANIZATION);
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__OBJECT, a->start, a->start, PERSON);
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR, a->start, a->h->first, PERSON);
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__RECIPIENT, a->h->end, a->stop, PERSON);
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__RECIPIENT, a->h->end, a->stop, ORGANIZATION);
    add_date(a);
    add_number(a, 1);
}

static void argue_appointment(struct arguing *a)
{
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR, a->start, a->h->first, PERSON);
    add_all(a, NEWSLOOM__V1__ARGUMENT_ROLE__RECIPIENT, a->h->end, a->stop, PERSON);
    add_date(a);
}

void arguments_find(const struct telling *t, const struct happening *h, struct event *event)
{
    struct arguing a = {t, h, event, happening_scope_start(t, h), happening_scope_end(t, h)};
    event->arguments = arena_take(t->document->arena, ARGUMENTS_MOST, sizeof(struct argument));
    event->argument_count = 0;
    switch (h->type) {
    case TRIGGER_ARREST:
        argue_arrest(&a);
        break;
    case TRIGGER_VISIT:
        argue_visit(&a);
        break;
    case TRIGGER_MEET:
        argue_meeting(&a);
        break;
    case TRIGGER_SIGN:
        argue_signing(&a);
        break;
    case TRIGGER_HANDOVER:
        argue_handover(&a);
        break;
    case TRIGGER_APPOINT:
        argue_appointment(&a);
        break;
    default:
        break;
    }
}
