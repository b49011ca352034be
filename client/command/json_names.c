// SPDX-License-Identifier: Apache-2.0
#include "client/command/json_names.h"

#include <stdlib.h>
#include <string.h>

#include "common/instant.h"
#include "common/status.h"
#include "common/url.h"

/* A text that says something: news-please writes what it does not know as "None". */
static const char *text_of(const json_t *value)
{
    const char *text = json_string_value(value);
    return text && *text && strcmp(text, "None") != 0 ? text : NULL;
}

static const char *field(const json_t *object, const char *name)
{
    return text_of(json_object_get(object, name));
}

/* Unless the object says it itself. */
static void set(json_t *object, const char *name, const char *text)
{
    if (text && !field(object, name))
        (void)json_object_set_new(object, name, json_string(text));
}

static void set_first(json_t *object, const char *name, const char *const *others)
{
    for (; *others; others++)
        set(object, name, field(object, *others));
}

/* What is no date would be the end of the article: then it is not known. */
static void set_date(json_t *object, const char *name, const char *text)
{
    struct instant instant;
    if (instant_parse(text, &instant))
        set(object, name, text);
}

/* "a, b" of a list of texts, or of objects with a name, or of one of either. */
static void set_names(json_t *object, const char *name, const json_t *people)
{
    char *joined = text_copy("");
    size_t count = json_is_array(people) ? json_array_size(people) : 1;
    for (size_t i = 0; people && i < count; i++) {
        const json_t *one = json_is_array(people) ? json_array_get(people, i) : people;
        const char *text = json_is_object(one) ? field(one, "name") : text_of(one);
        if (!text)
            continue;
        char *longer = text_format("%s%s%s", joined, *joined ? ", " : "", text);
        free(joined);
        joined = longer;
    }
    if (!json_is_string(json_object_get(object, name)))
        (void)json_object_del(object, name); /* a list where ours is a text */
    set(object, name, *joined ? joined : NULL);
    free(joined);
}

/* Source names have small letters, and no "www.". */
static void set_source(json_t *object, const char *host)
{
    char name[65];
    size_t length = 0;
    if (!host)
        return;
    host += strncmp(host, "www.", 4) == 0 ? 4 : 0;
    for (; host[length] && length + 1 < sizeof(name); length++) {
        char letter = host[length];
        name[length] = (char)(letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter);
    }
    name[length] = '\0';
    set(object, "source", name);
}

static void translate_trafilatura(json_t *object, bool has_source)
{
    const char *address = field(object, "source");
    if (address && url_is_http(address)) {
        set(object, "url", address);
        (void)json_object_del(object, "source");
    }
    set_date(object, "published", field(object, "date"));
    if (!has_source)
        set_source(object, field(object, "hostname"));
}

static void translate_news_please(json_t *object, bool has_source)
{
    static const char *const titles[] = {"title_page", "title_rss", NULL};
    if (!field(object, "text") && !field(object, "html"))
        set(object, "text", field(object, "maintext"));
    set_first(object, "title", titles);
    set_names(object, "author", json_object_get(object, "authors"));
    set_date(object, "published", field(object, "date_publish"));
    set_date(object, "fetched", field(object, "date_download"));
    if (!has_source)
        set_source(object, field(object, "source_domain"));
}

static void add_paragraphs(char **text_p, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = text_of(json_array_get(list, i));
        char *longer = one ? text_format("%s%s%s", *text_p, **text_p ? "\n\n" : "", one) : NULL;
        if (!longer)
            continue;
        free(*text_p);
        *text_p = longer;
    }
}

/* {"summary": […], "sections": [{"headline": […], "paragraphs": […]}]} */
static void set_body(json_t *object, const json_t *body)
{
    char *text = text_copy("");
    const json_t *sections = json_object_get(body, "sections");
    add_paragraphs(&text, json_object_get(body, "summary"));
    for (size_t i = 0; i < json_array_size(sections); i++) {
        add_paragraphs(&text, json_object_get(json_array_get(sections, i), "headline"));
        add_paragraphs(&text, json_object_get(json_array_get(sections, i), "paragraphs"));
    }
    set(object, "text", *text ? text : NULL);
    free(text);
}

/* The page itself is better than what was made of it: our own extractor reads pages. */
static void translate_fundus(json_t *object)
{
    json_t *page = json_object_get(object, "html");
    if (json_is_object(page)) {
        json_incref(page);
        set(object, "url", field(page, "responded_url"));
        set(object, "url", field(page, "requested_url"));
        set_date(object, "fetched", field(page, "crawl_date"));
        (void)json_object_del(object, "html");
        set(object, "html", field(page, "content"));
        json_decref(page);
    }
    if (!field(object, "html") && !field(object, "text"))
        set(object, "text", field(object, "plaintext"));
    if (!field(object, "html") && !field(object, "text"))
        set_body(object, json_object_get(object, "body"));
    set_names(object, "author", json_object_get(object, "authors"));
    set_date(object, "published", field(object, "publishing_date"));
    set(object, "language", field(object, "lang"));
}

static void translate_schema_org(json_t *object)
{
    const json_t *page = json_object_get(object, "mainEntityOfPage");
    if (!field(object, "text") && !field(object, "html"))
        set(object, "text", field(object, "articleBody"));
    set(object, "title", field(object, "headline"));
    set(object, "url", json_is_object(page) ? field(page, "@id") : text_of(page));
    set_names(object, "author", json_object_get(object, "author"));
    set_date(object, "published", field(object, "datePublished"));
    set(object, "language", field(object, "inLanguage"));
}

static bool is_article_type(const json_t *type)
{
    const char *text = json_string_value(json_is_array(type) ? json_array_get(type, 0) : type);
    size_t length = text ? strlen(text) : 0;
    return length >= 7 && strcmp(text + length - 7, "Article") == 0;
}

void json_names_translate(json_t *object, bool has_source)
{
    if (json_object_get(object, "source-hostname"))
        translate_trafilatura(object, has_source);
    else if (json_object_get(object, "maintext") && json_object_get(object, "date_publish"))
        translate_news_please(object, has_source);
    else if (json_object_get(object, "publishing_date"))
        translate_fundus(object);
    else if (is_article_type(json_object_get(object, "@type")))
        translate_schema_org(object);
}
