// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/html_meta.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/compiler.h"
#include "worker/extract/calendar.h"

enum {
    LONGEST_FIELD = 400,
    DEEPEST_OBJECT = 5,
    DEEPEST_NAME = 3,
    LONGEST_NAME = 80,
    FIRST_YEAR = 1990,
    LONGEST_JSON = 256 * 1024
};

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

/* Names that content management systems give to whoever administers them. */
static bool is_account(const char *text)
{
    static const char *const accounts[] = {
        "admin",         "administrator", "super user", "superuser", "quản trị",
        "quản trị viên", "ban biên tập",  "editor",     "webmaster", "biên tập viên"};
    return is_listed(text, accounts, COUNT_OF(accounts));
}

static void note_author(struct html_meta *meta, const char *text, struct arena *arena)
{
    if (!meta->author && !is_account(text) && !strstr(text, "://"))
        meta->author = tidy(text, arena);
}

static void note_publisher(struct html_meta *meta, const char *text, struct arena *arena)
{
    if (!meta->publisher && !strstr(text, "://"))
        meta->publisher = tidy(text, arena);
}

/* "3/8/2020 07:00", "03-08-2020": figures alone, the day first. */
static bool day_first_parse(const char *text, struct moment *ret_moment)
{
    struct moment moment = MOMENT_NONE;
    int used = 0;
    char mark = 0;
    char second = 0;
    // NOLINTNEXTLINE(cert-err34-c): at most four digits each
    if (sscanf(text, "%2d%c%2d%c%4d%n", &moment.day, &mark, &moment.month, &second, &moment.year,
               &used) != 5 ||
        mark != second || !strchr("/-.", mark) || moment.year < FIRST_YEAR)
        return false;
    const char *rest = text + used + strspn(text + used, " ,-|");
    int hour = 0;
    int minute = 0;
    if (sscanf(rest, "%2d:%2d", &hour, &minute) == 2) { // NOLINT(cert-err34-c)
        moment.hour = hour;
        moment.minute = minute;
    } else if (*rest) {
        return false;
    }
    *ret_moment = moment;
    return moment_is_possible(moment);
}

static void note_published(struct html_meta *meta, const char *text, struct arena *arena)
{
    struct moment moment = MOMENT_NONE;
    const char *tidied = text ? tidy(text, arena) : NULL;
    if (meta->published || !tidied ||
        !(moment_parse_local(tidied, &moment) || day_first_parse(tidied, &moment)))
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
    note_published(meta, json_string_value(json_object_get(article, "uploadDate")), arena);
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
    if (json_is_string(json_object_get(value, "datePublished")) ||
        json_is_string(json_object_get(value, "uploadDate")))
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

static void note_title_element(struct html_meta *meta, const xmlNode *element, struct arena *arena)
{
    const xmlNode *text = element->children;
    if (!meta->window_title && text && text->content)
        meta->window_title = tidy((const char *)text->content, arena);
}

/* The element's own words, when they are few; else "". */
static const char *short_text(const xmlNode *element, struct arena *arena)
{
    const xmlNode *node = element->children;
    for (unsigned depth = 0; node && depth < DEEPEST_NAME; depth++) {
        while (node && node->type == XML_TEXT_NODE && xmlIsBlankNode(node))
            node = node->next;
        if (!node || node->type == XML_TEXT_NODE)
            break;
        node = node->children;
    }
    if (!node || node->type != XML_TEXT_NODE || strlen((const char *)node->content) > LONGEST_NAME)
        return "";
    return arena_text(arena, (const char *)node->content, strlen((const char *)node->content));
}

/* A name: not a date, an address, a sentence. */
static bool is_name(const char *text)
{
    size_t letters = 0;
    for (const char *at = text; *at; at++) {
        if ((*at >= '0' && *at <= '9') || strchr("@:?!|", *at))
            return false;
        letters += (unsigned char)*at > ' ';
    }
    return letters > 1;
}

/* itemprop="headline" is a better title than the window's. */
static void note_heading(struct html_meta *meta, const xmlNode *element, struct arena *arena)
{
    const char *text = short_text(element, arena);
    if (!meta->heading && text[0])
        meta->heading = tidy(text, arena);
}

static void note_author_element(struct html_meta *meta, const xmlNode *element, struct arena *arena)
{
    const char *text = short_text(element, arena);
    if (!meta->named_author && is_name(text))
        meta->named_author = tidy(text, arena);
}

/* RDFa (Drupal) and microformats (Blogger) say in attributes of their own when and by whom. */
static void note_attributes(struct html_meta *meta, const xmlNode *element, struct arena *arena)
{
    const char *property = html_attribute(element, "property", arena);
    const char *class = html_attribute(element, "class", arena);
    if (strstr(property, "dc:date") || strstr(property, "dc:created") ||
        strcasecmp(property, "schema:datePublished") == 0)
        note_published(meta, html_attribute(element, "content", arena), arena);
    if (strcasecmp(class, "published") == 0 || strcasecmp(class, "entry-date published") == 0)
        note_published(meta, html_attribute(element, "title", arena), arena);
    if (strcasecmp(property, "foaf:name") == 0 || strcasecmp(property, "schema:author") == 0)
        note_author_element(meta, element, arena);
}

/* The itemprop="name" among the element's children: its content or its words, else "". */
static const char *named_inside(const xmlNode *element, struct arena *arena)
{
    for (const xmlNode *node = element->children; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE ||
            strcasecmp(html_attribute(node, "itemprop", arena), "name") != 0)
            continue;
        const char *content = html_attribute(node, "content", arena);
        return content[0] ? content : short_text(node, arena);
    }
    return "";
}

/* itemprop="author" around itemprop="name", or either with a content of its own. */
static void note_microdata(struct html_meta *meta, const xmlNode *element, struct arena *arena)
{
    const char *property = html_attribute(element, "itemprop", arena);
    if (strcasecmp(property, "datePublished") == 0)
        note_published(meta, html_attribute(element, "datetime", arena), arena);
    if (strcasecmp(property, "headline") == 0)
        note_heading(meta, element, arena);
    if (strcasecmp(property, "author") == 0 || strcasecmp(property, "publisher") == 0) {
        const char *text = named_inside(element, arena);
        if (!text[0])
            text = short_text(element, arena);
        bool is_author = strcasecmp(property, "author") == 0;
        if (is_name(text) && is_author)
            note_author(meta, text, arena);
        else if (is_name(text))
            note_publisher(meta, text, arena);
    }
}

/* class="author", rel="author" and their kin around a name. */
static void note_named_author(struct html_meta *meta, const xmlNode *element, struct arena *arena)
{
    static const char *const classes[] = {"author",         "author-name", "author_name",
                                          "tacgia",         "tac-gia",     "authorname",
                                          "detail-author",  "butdanh",     "article-author",
                                          "detail__author", "name-author"};
    const char *class = html_attribute(element, "class", arena);
    bool is_author = strcasecmp(html_attribute(element, "rel", arena), "author") == 0;
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        is_author = is_author || strcasecmp(class, classes[i]) == 0;
    if (is_author)
        note_author_element(meta, element, arena);
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
    if (element->properties && strcmp(name, "meta") != 0) {
        note_microdata(meta, element, arena);
        note_attributes(meta, element, arena);
        note_named_author(meta, element, arena);
    }
}
