// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/place_key.h"

#include <string.h>

#include "worker/extract/body_key.h"
#include "worker/extract/identity.h"
#include "worker/extract/offices.h"

#define LOCATION NEWSLOOM__V1__ENTITY_TYPE__LOCATION

enum { CHAIN_MOST = 5, GAP_MOST = 2 };

/* What a head word may stand before; bits by enum place_kind. */
#define KIND(kind) (1U << (kind))
#define COUNTRIES  (KIND(PLACE_COUNTRY) | KIND(PLACE_SINGLE_COUNTRY))
#define REGIONS    (KIND(PLACE_REGION) | KIND(PLACE_CONTINENT))
#define CITIES     (KIND(PLACE_DISTRICT) | KIND(PLACE_CITY))

static const struct {
    const char *head;
    unsigned kinds;
    bool is_city; /* of a province it makes the city or district called like it */
} heads[] = {
    {"tỉnh", KIND(PLACE_PROVINCE) | KIND(PLACE_CITY), false},
    {"bang", KIND(PLACE_PROVINCE) | KIND(PLACE_CITY), false},
    {"tiểu bang", KIND(PLACE_PROVINCE) | KIND(PLACE_CITY), false},
    {"hạt", KIND(PLACE_PROVINCE) | KIND(PLACE_CITY), false},
    {"khu tự trị", KIND(PLACE_PROVINCE) | KIND(PLACE_CITY), false},
    {"thành phố", KIND(PLACE_PROVINCE) | CITIES, true},
    {"tp", KIND(PLACE_PROVINCE) | CITIES, true},
    {"thị xã", KIND(PLACE_PROVINCE) | CITIES, true},
    {"tx", KIND(PLACE_PROVINCE) | CITIES, true},
    {"huyện", KIND(PLACE_PROVINCE) | CITIES, true},
    {"h", KIND(PLACE_PROVINCE) | CITIES, true},
    {"quận", CITIES, false},
    {"q", CITIES, false},
    {"đặc khu", CITIES, false},
    {"nước", COUNTRIES, false},
    {"vùng", REGIONS, false},
    {"miền", REGIONS, false},
    {"khu vực", REGIONS | COUNTRIES, false},
    {"đảo", REGIONS | KIND(PLACE_WATER) | KIND(PLACE_DISTRICT), false},
    {"quần đảo", REGIONS | KIND(PLACE_WATER) | KIND(PLACE_DISTRICT), false},
    {"biển", KIND(PLACE_WATER), false},
    {"sông", KIND(PLACE_WATER), false},
    {"vịnh", KIND(PLACE_WATER), false},
    {"hồ", KIND(PLACE_WATER), false},
    {"đồng bằng", REGIONS | KIND(PLACE_WATER), false},
};

/* Districts called like a province that they do not lie in. */
static const struct {
    const char *name;
    const char *code;
} strangers[] = {{"huyện Quảng Ninh", "VN-24"}, {"huyện Hòa Bình", "VN-55"}};

/* The tokens of a span with its head word. */
struct named {
    uint32_t first;
    uint32_t end;
    uint32_t rest; /* behind the head word; first: there is none */
    const char *head;
};

static struct named read_named(struct document *document, const struct reading *r, struct span span)
{
    struct named named = {.end = token_behind(r, span)};
    named.first = named.end;
    while (named.first > 0 && r->tokens[named.first - 1].span.start >= span.start)
        named.first--;
    named.rest = named.first;
    uint32_t length = reading_length(r, named.first, CATEGORY_PLACE_HEAD);
    if (!length || named.first + length >= named.end)
        return named;
    named.rest += length;
    struct span head = {r->tokens[named.first].span.start, r->tokens[named.rest - 1].span.end};
    named.head = identity_text(document, r, head);
    if (named.rest + 1 < named.end && reading_is(r, named.rest, "."))
        named.rest++;
    return named;
}

static struct place_key key_of_place(struct arena *arena, const struct place *place)
{
    struct place_key key = {.name = place->name,
                            .country = place->country,
                            .code = place->code,
                            .is_known = true,
                            .is_local = place->kind == PLACE_DISTRICT && !place->code[0]};
    key.key =
        arena_format(arena, "%s|%s", place->code[0] ? place->code : place->country, place->name);
    return key;
}

/* "thành phố Bắc Giang": not the province. */
static struct place_key key_of_city(struct arena *arena, const char *head,
                                    const struct place *province)
{
    bool is_short = strcmp(head, "tp") == 0;
    const char *unit = is_short                  ? "thành phố"
                       : strcmp(head, "tx") == 0 ? "thị xã"
                       : strcmp(head, "h") == 0  ? "huyện"
                                                 : head;
    struct place_key key = {.name = arena_format(arena, "%s %s", unit, province->name),
                            .country = province->country,
                            .code = province->code,
                            .is_known = true};
    for (size_t i = 0; i < COUNT_OF(strangers); i++)
        if (strcmp(strangers[i].name, key.name) == 0)
            key.code = strangers[i].code;
    key.key = arena_format(arena, "%s|%s", key.code, key.name);
    return key;
}

/* The place of the gazetteer that a name with its head word stands for. */
static bool find_known(struct arena *arena, const struct reading *r, const struct named *named,
                       struct place_key *ret_key)
{
    const struct place *place = gazetteer_place_named(r, named->first, named->end);
    if (place) {
        *ret_key = key_of_place(arena, place);
        return true;
    }
    place = named->head ? gazetteer_place_named(r, named->rest, named->end) : NULL;
    for (size_t i = 0; place && i < COUNT_OF(heads); i++) {
        if (strcmp(heads[i].head, named->head) != 0 || !(heads[i].kinds >> place->kind & 1))
            continue;
        bool is_home = strcmp(place->country, "VN") == 0 && place->kind == PLACE_PROVINCE;
        bool is_other = is_home && heads[i].is_city && !body_key_is_central(place) &&
                        strcmp(place->name, "Huế") != 0;
        *ret_key = is_other ? key_of_city(arena, named->head, place) : key_of_place(arena, place);
        return true;
    }
    return false;
}

/* Units and streets; but the great roads have numbers that nobody has twice. */
static bool is_local(const struct reading *r, const struct named *named)
{
    static const char *const great[] = {"quốc lộ", "cao tốc", "đường cao tốc",
                                        "xa lộ",   "bang",    "tỉnh"};
    const struct phrase_match *head = reading_match(r, named->first, CATEGORY_PLACE_HEAD);
    if (!head || (head->value != PLACE_HEAD_UNIT && head->value != PLACE_HEAD_STREET))
        return false;
    for (size_t i = 0; named->head && i < COUNT_OF(great); i++)
        if (strcmp(named->head, great[i]) == 0)
            return false;
    return true;
}

struct place_key place_key_of(struct document *document, const struct reading *r, struct span span)
{
    struct named named = read_named(document, r, span);
    struct place_key key;
    if (find_known(document->arena, r, &named, &key))
        return key;
    return (struct place_key){.key = identity_text(document, r, span),
                              .country = "",
                              .code = "",
                              .is_local = is_local(r, &named)};
}

/* Only marks and "thuộc", "ở", "tại" between two places. */
static bool is_joined(const struct reading *r, uint32_t from, uint32_t to)
{
    static const char joints[][WORD_SIZE] = {",", "(", "-", "–", "thuộc", "của", "ở", "tại", ""};
    if (to < from || to - from > GAP_MOST)
        return false;
    for (uint32_t i = from; i < to; i++)
        if (!reading_is_any(r, i, joints))
            return false;
    return true;
}

/* The code of the province that the place is or lies in, or NULL. */
static const char *code_of(const struct document *document, const struct reading *r,
                           uint32_t mention)
{
    struct named named = {.end = token_behind(r, document->mentions[mention].span)};
    named.first = named.end;
    while (named.first > 0 &&
           r->tokens[named.first - 1].span.start >= document->mentions[mention].span.start)
        named.first--;
    const struct place *place = gazetteer_place_named(r, named.first, named.end);
    uint32_t head = reading_length(r, named.first, CATEGORY_PLACE_HEAD);
    if (!place && head && named.first + head < named.end) {
        head += reading_is(r, named.first + head, ".");
        place = gazetteer_place_named(r, named.first + head, named.end);
        bool is_unit =
            reading_is(r, named.first, "xã") || reading_is(r, named.first, "phường") ||
            (reading_is(r, named.first, "thị") && reading_is(r, named.first + 1, "trấn"));
        if (is_unit || reading_match(r, named.first, CATEGORY_PLACE_HEAD)->value != PLACE_HEAD_UNIT)
            place = NULL;
    }
    bool is_inside = place && (place->kind == PLACE_PROVINCE || place->kind == PLACE_DISTRICT);
    return is_inside && place->code[0] && strcmp(place->country, "VN") == 0 ? place->code : NULL;
}

const char *place_key_behind(const struct document *document, const struct reading *r,
                             uint32_t mention)
{
    const struct mention *mentions = document->mentions;
    for (uint32_t m = mention; m + 1 < document->mention_count && m < mention + CHAIN_MOST; m++) {
        if (mentions[m + 1].type != LOCATION || mentions[m + 1].sentence != mentions[m].sentence)
            return NULL;
        uint32_t from = token_behind(r, mentions[m].span);
        uint32_t to = from;
        while (to < r->token_count && r->tokens[to].span.start < mentions[m + 1].span.start)
            to++;
        if (!is_joined(r, from, to))
            return NULL;
        const char *code = code_of(document, r, m + 1);
        if (code)
            return code;
    }
    return NULL;
}

const char *place_key_only_province(const struct document *document, const struct reading *r)
{
    const char *only = NULL;
    for (uint32_t m = 0; m < document->mention_count; m++) {
        const char *code = document->mentions[m].type == LOCATION ? code_of(document, r, m) : NULL;
        if (code && only && strcmp(code, only) != 0)
            return NULL;
        only = code ? code : only;
    }
    return only;
}

/* "hợp tác xã", "thông tấn xã", "thị xã", "xã hội" */
static bool is_commune(const char *name, const char *at)
{
    static const char *const before[] = {"thị", "tác", "tấn"};
    for (size_t i = 0; i < COUNT_OF(before); i++) {
        size_t size = strlen(before[i]);
        if ((size_t)(at - name) >= size && memcmp(at - size, before[i], size) == 0)
            return false;
    }
    static const char society[] = " xã hội";
    return strncmp(at, society, strlen(society)) != 0;
}

bool place_key_is_local_name(const char *folded)
{
    static const char commune[] = " xã ";
    static const char *const units[] = {" phường ", " thị trấn ", " khu phố ", " tổ dân phố "};
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (strstr(folded, units[i]))
            return true;
    for (const char *at = strstr(folded, commune); at; at = strstr(at + 1, commune))
        if (is_commune(folded, at))
            return true;
    return false;
}
