// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/short_names.h"

#include <string.h>

#include "worker/extract/offices.h"
#include "worker/extract/points.h"

#define ORGANIZATION NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION

enum { BINDINGS_MOST = 64, SHORTS_MOST = 32, LOOK_BACK_MOST = 200, GAP_MOST = 6 };

struct binding {
    const char *text;
    const struct identity *identity;
};

struct resolving {
    const struct document *document;
    const struct reading *r;
    struct identity *identities;
    struct binding bindings[BINDINGS_MOST]; /* acronyms */
    uint32_t binding_count;
    struct binding shorts[SHORTS_MOST]; /* the only body of the article that begins so, or NULL */
    uint32_t short_count;
};

static bool is_body(const struct resolving *v, uint32_t m)
{
    return v->document->mentions[m].type == ORGANIZATION;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool starts_with_any(const char *text, const char *const *starts)
{
    for (; *starts; starts++)
        if (starts_with(text, *starts))
            return true;
    return false;
}

/* "(", "(viết tắt là", ", gọi tắt là" between the two, and the bracket closed behind. */
static bool is_introduced(const struct resolving *v, uint32_t m)
{
    static const char words[][WORD_SIZE] = {"(",  ",",   "viết", "gọi", "tắt",
                                            "là", "sau", "đây",  "tên", ""};
    uint32_t from = token_behind(v->r, v->document->mentions[m - 1].span);
    struct span here = v->document->mentions[m].span;
    uint32_t behind = token_behind(v->r, here);
    uint32_t at = from;
    bool has_bracket = false, is_called = false;
    for (; at < v->r->token_count && v->r->tokens[at].span.start < here.start; at++) {
        if (at - from >= GAP_MOST || !reading_is_any(v->r, at, words))
            return false;
        has_bracket = has_bracket || reading_is(v->r, at, "(");
        is_called = is_called || reading_is(v->r, at, "tắt") || reading_is(v->r, at, "gọi");
    }
    return (has_bracket && reading_is(v->r, behind, ")")) || (is_called && at > from);
}

/* Capital letters and digits: C02, PC45. */
static bool is_code(const char *text)
{
    size_t letters = strcspn(text, "0123456789");
    size_t digits = strspn(text + letters, "0123456789");
    return letters >= 1 && letters <= 2 && digits == 2 && !text[letters + digits];
}

/* The letters are first letters of the words, in their order. */
static bool are_initials(const char *letters, const char *words)
{
    while (*letters) {
        uint32_t letter = point_read(&letters);
        for (;;) {
            if (!*words)
                return false;
            const char *at = words;
            uint32_t first = point_read(&at);
            words += strcspn(words, " ");
            words += *words == ' ';
            if (first == letter)
                break;
        }
    }
    return true;
}

/* What stands in the bracket is another name of the body before it, not the one it belongs to. */
static bool is_same(const struct identity *full, const struct identity *shorter)
{
    static const char *const units[] = {"phòng ",      "cục ",      "văn phòng ", "viện ",
                                        "bộ tư lệnh ", "tổng cục ", "đội ",       "trung tâm ",
                                        "cơ quan ",    NULL};
    static const char *const parents[] = {"bộ ", "công an ", "ủy ban nhân dân", "liên hợp quốc",
                                          NULL};
    if (strcmp(full->key, shorter->key) == 0)
        return true;
    if (is_code(shorter->text))
        return starts_with_any(full->body->expanded, units);
    if (full->is_known && shorter->is_known)
        return false;
    bool is_parent = starts_with_any(shorter->key, parents) && strchr(shorter->key, ' ');
    return !is_parent || are_initials(shorter->text, full->body->expanded);
}

static void bind(struct resolving *v, const char *text, const struct identity *identity)
{
    for (uint32_t i = 0; i < v->binding_count; i++)
        if (strcmp(v->bindings[i].text, text) == 0)
            return;
    if (v->binding_count < BINDINGS_MOST)
        v->bindings[v->binding_count++] = (struct binding){text, identity};
}

static void find_introduction(struct resolving *v, uint32_t m)
{
    const struct identity *before = &v->identities[m - 1];
    const struct identity *here = &v->identities[m];
    bool is_short = !strchr(here->text, ' ');
    bool was_short = !strchr(before->text, ' ');
    if (is_short == was_short || !is_introduced(v, m))
        return;
    if (is_short && strlen(here->text) < strlen(before->text) && is_same(before, here)) {
        if (here->is_known && !before->is_known)
            bind(v, before->text, here);
        else
            bind(v, here->text, before);
    } else if (was_short && are_initials(before->text, here->body->expanded) &&
               strlen(before->text) > 1) {
        bind(v, before->text, here);
    }
}

/* "công an tỉnh" and "công an nghệ an": the level is said by the province. */
static bool is_of_level(const struct resolving *v, const struct identity *body, const char *name)
{
    static const struct {
        const char *end;
        bool is_central;
    } levels[] = {{" tỉnh", false}, {" thành phố", true}};
    const struct place *province = body->body->province;
    size_t size = strlen(name);
    for (size_t i = 0; province && i < COUNT_OF(levels); i++) {
        size_t length = strlen(levels[i].end);
        if (size <= length || strcmp(name + size - length, levels[i].end) != 0 ||
            body_key_is_central(province) != levels[i].is_central)
            continue;
        size_t head = size - length;
        return strncmp(body->key, name, head) == 0 && body->key[head] == ' ' &&
               strcmp(body->key + head + 1, body_key_of_place(v->document->arena, province)) == 0;
    }
    return false;
}

static bool is_longer(const struct resolving *v, const struct identity *body, const char *name)
{
    size_t size = strlen(name);
    const char *longer = body->body->expanded;
    return (strncmp(longer, name, size) == 0 && longer[size] == ' ') || is_of_level(v, body, name);
}

/* The only body of the mentions [first, end) that the short name can stand for, or NULL. */
static const struct identity *only_longer(const struct resolving *v, const char *name,
                                          uint32_t first, uint32_t end)
{
    const struct identity *found = NULL;
    for (uint32_t m = first; m < end; m++) {
        if (!is_body(v, m) || !is_longer(v, &v->identities[m], name))
            continue;
        if (found && strcmp(found->key, v->identities[m].key) != 0)
            return NULL;
        found = &v->identities[m];
    }
    return found;
}

static const struct identity *only_of_article(struct resolving *v, const char *name)
{
    for (uint32_t i = 0; i < v->short_count; i++)
        if (strcmp(v->shorts[i].text, name) == 0)
            return v->shorts[i].identity;
    if (v->short_count == SHORTS_MOST)
        return NULL;
    const struct identity *found = only_longer(v, name, 0, v->document->mention_count);
    v->shorts[v->short_count++] = (struct binding){name, found};
    return found;
}

static void take(struct identity *identity, const struct identity *from)
{
    const char *text = identity->text;
    *identity = *from;
    identity->text = text;
}

static void resolve_short(struct resolving *v, uint32_t m)
{
    struct identity *identity = &v->identities[m];
    const char *name = identity->body->expanded;
    if (identity->is_known || !identity_is_short_body(name))
        return;
    const struct identity *longer =
        only_longer(v, name, m > LOOK_BACK_MOST ? m - LOOK_BACK_MOST : 0, m);
    if (!longer)
        longer = only_of_article(v, name);
    if (longer)
        take(identity, longer);
    else
        identity->is_local = true;
}

void short_names_resolve(const struct document *document, const struct reading *r,
                         struct identity *identities)
{
    struct resolving v = {.document = document, .r = r, .identities = identities};
    for (uint32_t m = 1; m < document->mention_count; m++)
        if (is_body(&v, m - 1) && is_body(&v, m))
            find_introduction(&v, m);
    for (uint32_t m = 0; v.binding_count && m < document->mention_count; m++)
        for (uint32_t i = 0; is_body(&v, m) && i < v.binding_count; i++)
            if (&identities[m] != v.bindings[i].identity &&
                strcmp(v.bindings[i].text, identities[m].text) == 0)
                take(&identities[m], v.bindings[i].identity);
    for (uint32_t m = 0; m < document->mention_count; m++)
        if (is_body(&v, m))
            resolve_short(&v, m);
}
