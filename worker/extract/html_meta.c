// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/html_meta.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "common/compiler.h"
#include "worker/extract/calendar.h"

enum { LONGEST_FIELD = 400, DEEPEST_OBJECT = 5, LONGEST_JSON = 256 * 1024 };

static const char *const title_names[] = {"og:title", "twitter:title"};
static const char *const author_names[] = {"author", "article:author", "dc.creator",
                                           "dable:author"};
static const char *const published_names[] = {
    "article:published_time", "datepublished",  "pubdate",        "publishdate", "publish-date",
    "date.publish",           "dc.date",        "dc.date.issued", "og:pubdate",  "date",
    "sailthru.date",          "dc.date.created"};

const char *html_attribute(const xmlNode *element, const char *name, struct arena *arena)
{
    xmlChar *value = xmlGetProp(element, (const xmlChar *)name);
    if (!value)
        return "";
    const char *copy = arena_text(arena, (const char *)value, strlen((const char *)value));
    xmlFree(value);
    return copy;
}

static bool is_listed(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Text on one line without the space around it; NULL when nothing is left or it is no field. */
static const char *tidy(const char *text, struct arena *arena)
{
    size_t size = strlen(text);
    char *copy = arena_take(arena, size + 1, 1);
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        bool is_space = strchr(" \t\r\n\f\v", text[i]) != NULL;
        if (is_space && (!used || copy[used - 1] == ' '))
            continue;
        copy[used++] = (char)(is_space ? ' ' : text[i]);
    }
    while (used && copy[used - 1] == ' ')
        copy[--used] = 0;
    copy[used] = 0;
    return used && used <= LONGEST_FIELD ? copy : NULL;
}

static void note_title(struct html_meta *meta, const char *text, struct arena *arena)
{
    if (!meta->title)
        meta->title = tidy(text, arena);
}

static void note_author(struct html_meta *meta, const char *text, struct arena *arena)
{
    if (!meta->author && !strstr(text, "://"))
        meta->author = tidy(text, arena);
}

static void note_publisher(struct html_meta *meta, const char *text, struct arena *arena)
{
    if (!meta->publisher && !strstr(text, "://"))
        meta->publisher = tidy(text, arena);
}

static void note_published(struct html_meta *meta, const char *text, struct arena *arena)
{
    struct moment moment = MOMENT_NONE;
    const char *tidied = tidy(text, arena);
    if (meta->published || !tidied || !moment_parse_local(tidied, &moment))
        return;
    const char *iso = moment_text(arena, moment);
    meta->published = moment.hour < 0 ? iso : arena_format(arena, "%s:00+07:00", iso);
}

static void note_meta(struct html_meta *meta, const xmlNode *element, struct arena *arena)
{
    const char *content = html_attribute(element, "content", arena);
    const char *const keys[] = {"property", "name", "itemprop"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const char *name = html_attribute(element, keys[i], arena);
        if (is_listed(name, title_names, COUNT_OF(title_names)))
            note_title(meta, content, arena);
        if (is_listed(name, author_names, COUNT_OF(author_names)))
            note_author(meta, content, arena);
        if (strcasecmp(name, "og:site_name") == 0)
            note_publisher(meta, content, arena);
        if (is_listed(name, published_names, COUNT_OF(published_names)))
            note_published(meta, content, arena);
    }
}

/* A name as JSON-LD gives it: text, an object that has one, or a list of these. */
static const char *linked_name(const json_t *value)
{
    if (json_is_array(value))
        value = json_array_get(value, 0);
    if (json_is_object(value))
        value = json_object_get(value, "name");
    return json_string_value(value);
}

static void note_linked_article(struct html_meta *meta, const json_t *article, struct arena *arena)
{
    const char *author = linked_name(json_object_get(article, "author"));
    const char *publisher = linked_name(json_object_get(article, "publisher"));
    note_published(meta, json_string_value(json_object_get(article, "datePublished")), arena);
    if (author)
        note_author(meta, author, arena);
    if (publisher)
        note_publisher(meta, publisher, arena);
}

/* JSON-LD nests articles in lists and graphs. */
// NOLINTNEXTLINE(misc-no-recursion): at most DEEPEST_OBJECT deep
static void note_linked(struct html_meta *meta, const json_t *value, struct arena *arena,
                        unsigned depth)
{
    if (depth > DEEPEST_OBJECT)
        return;
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++)
            note_linked(meta, json_array_get(value, i), arena, depth + 1);
        return;
    }
    if (json_is_string(json_object_get(value, "datePublished")))
        note_linked_article(meta, value, arena);
    const json_t *graph = json_object_get(value, "@graph");
    if (graph)
        note_linked(meta, graph, arena, depth + 1);
}

static void note_script(struct html_meta *meta, const xmlNode *element, struct arena *arena)
{
    if (strcasecmp(html_attribute(element, "type", arena), "application/ld+json") != 0)
        return;
    const xmlNode *text = element->children;
    if (!text || !text->content)
        return;
    size_t size = strlen((const char *)text->content);
    if (size > LONGEST_JSON)
        return;
    json_t *value = json_loadb((const char *)text->content, size, 0, NULL);
    if (value)
        note_linked(meta, value, arena, 0);
    json_decref(value);
}

/* "Headline - Section | Newspaper": the headline. */
static void note_title_element(struct html_meta *meta, const xmlNode *element, struct arena *arena)
{
    const xmlNode *text = element->children;
    if (!text || !text->content)
        return;
    const char *content = (const char *)text->content;
    size_t size = strlen(content);
    const char *bar = strstr(content, " | ");
    if (bar)
        size = (size_t)(bar - content);
    note_title(meta, arena_text(arena, content, size), arena);
}

void html_meta_note(struct html_meta *meta, const xmlNode *element, struct arena *arena)
{
    const char *name = (const char *)element->name;
    if (strcmp(name, "meta") == 0)
        note_meta(meta, element, arena);
    else if (strcmp(name, "script") == 0)
        note_script(meta, element, arena);
    else if (strcmp(name, "title") == 0)
        note_title_element(meta, element, arena);
    else if (strcmp(name, "time") == 0)
        note_published(meta, html_attribute(element, "datetime", arena), arena);
}
