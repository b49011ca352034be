// SPDX-License-Identifier: Apache-2.0
#include "client/rss/feed_document.h"

#include <jansson.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/uri.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/command/print.h"
#include "common/instant.h"
#include "common/url.h"

#define PARSE_OPTIONS \
    (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA)
#define CONTENT     "http://purl.org/rss/1.0/modules/content/"
#define DUBLIN_CORE "http://purl.org/dc/elements/1.1/"
#define ATOM        "http://www.w3.org/2005/Atom"

void feed_date(const char *text, char *ret_date, size_t size)
{
    struct instant instant;
    struct tm parts = {0};
    *ret_date = '\0';
    text += strspn(text, " \t\r\n");
    if (instant_parse(text, &instant)) {
        (void)snprintf(ret_date, size, "%s", text);
        return;
    }
    const char *comma = strchr(text, ','); /* the day of the week is for people */
    const char *rest = comma ? comma + 1 : text;
    const char *zone = strptime(rest, " %d %b %Y %H:%M:%S", &parts);
    if (!zone)
        zone = strptime(rest, " %d %b %Y %H:%M", &parts);
    if (!zone)
        return;
    long offset = 0;
    struct tm shift = {0};
    zone += strspn(zone, " ");
    if ((*zone == '+' || *zone == '-') && strptime(zone, "%z", &shift))
        offset = shift.tm_gmtoff / 60;
    else if (*zone && *zone != 'Z' && *zone != 'U' && strncmp(zone, "GMT", 3) != 0)
        return; /* a zone by its name: which one, nobody says */
    (void)snprintf(ret_date, size, "%04d-%02d-%02dT%02d:%02d:%02d%c%02ld:%02ld",
                   parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                   parts.tm_min, parts.tm_sec, offset < 0 ? '-' : '+', labs(offset) / 60,
                   labs(offset) % 60);
    if (!instant_parse(ret_date, &instant))
        *ret_date = '\0';
}

/* ---- elements ------------------------------------------------------------------------------ */

/* space NULL: any; otherwise this one alone. */
static bool is_called(const xmlNode *node, const char *space, const char *name)
{
    if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0)
        return false;
    return !space || (node->ns && strcmp((const char *)node->ns->href, space) == 0);
}

/* RSS itself has no namespace (0.9x, 2.0), or one of its own (1.0); extensions have others. */
static bool is_plain(const xmlNode *node, const char *name)
{
    return is_called(node, NULL, name) &&
           !(node->ns && (strcmp((const char *)node->ns->href, CONTENT) == 0 ||
                          strcmp((const char *)node->ns->href, DUBLIN_CORE) == 0)) &&
           !(node->ns && node->ns->prefix && strcmp((const char *)node->ns->href, ATOM) != 0);
}

static xmlNode *child(const xmlNode *node, const char *space, const char *name)
{
    for (xmlNode *each = node ? node->children : NULL; each; each = each->next)
        if (space ? is_called(each, space, name) : is_plain(each, name))
            return each;
    return NULL;
}

/* Its text, or NULL; to be freed with xmlFree(). */
static char *text_in(const xmlNode *node)
{
    char *text = node ? (char *)xmlNodeGetContent(node) : NULL;
    if (text && strspn(text, " \t\r\n") == strlen(text)) {
        xmlFree(text);
        return NULL;
    }
    return text;
}

static void trim(char *text)
{
    size_t first = strspn(text, " \t\r\n");
    size_t length = strlen(text);
    while (length > first && strchr(" \t\r\n", text[length - 1]))
        length--;
    memmove(text, text + first, length - first);
    text[length - first] = '\0';
}

/* Takes the text. */
static void set(json_t *item, const char *field, char *text)
{
    if (!text)
        return;
    trim(text);
    if (*text && !json_object_get(item, field))
        (void)json_object_set_new(item, field, json_string(text));
    xmlFree(text);
}

/* ---- one entry ----------------------------------------------------------------------------- */

/* Relative links are relative to the document, or to what it says. */
static void set_url(json_t *item, const xmlNode *entry, char *link, const char *address)
{
    if (!link)
        return;
    trim(link);
    xmlChar *base = xmlNodeGetBase(entry->doc, entry);
    xmlChar *whole = xmlBuildURI((const xmlChar *)link, base ? base : (const xmlChar *)address);
    xmlFree(base);
    xmlFree(link);
    if (whole && url_is_http((const char *)whole))
        set(item, "url", (char *)whole);
    else
        xmlFree(whole);
}

static void set_link(json_t *item, const xmlNode *entry, const char *address)
{
    for (xmlNode *each = entry->children; each; each = each->next) {
        if (!is_plain(each, "link") || json_object_get(item, "url"))
            continue;
        xmlChar *href = xmlGetProp(each, (const xmlChar *)"href");
        xmlChar *rel = xmlGetProp(each, (const xmlChar *)"rel");
        bool is_page = !rel || strcmp((const char *)rel, "alternate") == 0;
        xmlFree(rel);
        if (is_page)
            set_url(item, entry, href ? (char *)href : text_in(each), address);
        else
            xmlFree(href);
    }
    xmlNode *guid = child(entry, NULL, "guid");
    xmlChar *permanent = guid ? xmlGetProp(guid, (const xmlChar *)"isPermaLink") : NULL;
    bool is_link = guid && (!permanent || strcmp((const char *)permanent, "false") != 0);
    xmlFree(permanent);
    if (is_link && !json_object_get(item, "url"))
        set_url(item, entry, text_in(guid), address);
    if (json_object_get(item, "url"))
        return;
    set(item, "key", text_in(guid));
    set(item, "key", text_in(child(entry, NULL, "id")));
}

/* XHTML stands in the feed as elements, everything else as text. */
static char *markup_of(xmlNode *node, bool *ret_is_text)
{
    xmlChar *type = xmlGetProp(node, (const xmlChar *)"type");
    bool is_xhtml = type && strcmp((const char *)type, "xhtml") == 0;
    /* Of Atom; RSS says no type and means HTML. */
    *ret_is_text = node->ns && strcmp((const char *)node->ns->href, ATOM) == 0 &&
                   (!type || strcmp((const char *)type, "text") == 0);
    xmlFree(type);
    if (!is_xhtml)
        return text_in(node);
    xmlBuffer *buffer = xmlBufferCreate();
    for (xmlNode *each = node->children; each; each = each->next)
        (void)xmlNodeDump(buffer, node->doc, each, 0, 0);
    char *text = (char *)xmlStrdup(xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    return text;
}

static void set_content(json_t *item, const xmlNode *entry)
{
    static const struct {
        const char *space;
        const char *name;
    } places[] = {
        {CONTENT, "encoded"}, {NULL, "content"}, {NULL, "description"}, {NULL, "summary"}};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        bool is_text = false;
        xmlNode *node = child(entry, places[i].space, places[i].name);
        char *text = node ? markup_of(node, &is_text) : NULL;
        if (!text || json_object_get(item, "html") || json_object_get(item, "text"))
            xmlFree(text);
        else
            set(item, is_text ? "text" : "html", text);
    }
}

static void set_date(json_t *item, const xmlNode *entry)
{
    static const struct {
        const char *space;
        const char *name;
    } places[] = {{NULL, "pubDate"}, {NULL, "published"}, {DUBLIN_CORE, "date"}, {NULL, "updated"}};
    char date[INSTANT_TEXT_SIZE];
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        char *text = text_in(child(entry, places[i].space, places[i].name));
        if (!text)
            continue;
        trim(text);
        feed_date(text, date, sizeof(date));
        xmlFree(text);
        if (*date && !json_object_get(item, "published"))
            (void)json_object_set_new(item, "published", json_string(date));
    }
}

static void set_author(json_t *item, const xmlNode *entry)
{
    const xmlNode *author = child(entry, NULL, "author");
    set(item, "author", text_in(child(entry, DUBLIN_CORE, "creator")));
    set(item, "author", text_in(child(author, NULL, "name")));
    set(item, "author", text_in(author));
}

static void print_entry(const xmlNode *entry, const char *address, const char *fetched, FILE *out,
                        struct feed_counts *counts)
{
    json_t *item = json_object();
    set_link(item, entry, address);
    set(item, "title", text_in(child(entry, NULL, "title")));
    set_author(item, entry);
    set_date(item, entry);
    set_content(item, entry);
    (void)json_object_set_new(item, "fetched", json_string(fetched));
    (void)json_object_set_new(item, "labels", json_pack("{ss}", "feed", address));
    if (json_object_get(item, "html") || json_object_get(item, "text")) {
        counts->printed++;
        json_print_line(&item, out);
    } else {
        counts->without_text++;
        json_decref(item);
    }
}

/* ---- the document -------------------------------------------------------------------------- */

static bool print_entries(const xmlNode *parent, const char *address, const char *fetched,
                          FILE *out, struct feed_counts *counts)
{
    bool is_feed = is_called(parent, NULL, "channel") || is_called(parent, NULL, "feed");
    for (const xmlNode *each = parent->children; each; each = each->next) {
        if (is_plain(each, "item") || is_plain(each, "entry"))
            print_entry(each, address, fetched, out, counts);
        else if (is_called(each, NULL, "channel"))
            for (const xmlNode *inner = each->children; inner; inner = inner->next)
                if (is_plain(inner, "item"))
                    print_entry(inner, address, fetched, out, counts);
        is_feed = is_feed || is_called(each, NULL, "channel");
    }
    return is_feed;
}

// NOLINTNEXTLINE(readability-function-size): the parameters are the interface's
enum status feed_document_print(const char *bytes, size_t size, const char *address,
                                const char *fetched, FILE *out, struct feed_counts *ret_counts,
                                struct error *err)
{
    *ret_counts = (struct feed_counts){0};
    if (size > INT32_MAX)
        return error_set(err, STATUS_INVALID, "the feed is too large");
    xmlDoc *document = xmlReadMemory(bytes, (int)size, address, NULL, PARSE_OPTIONS);
    const xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
    enum status status = STATUS_OK;
    if (!root) {
        const xmlError *problem = xmlGetLastError();
        const char *message = problem && problem->message ? problem->message : "it is empty";
        status =
            error_set(err, STATUS_INVALID, "%.100s is no well-formed XML: line %d: %.*s", address,
                      problem ? problem->line : 0, (int)strcspn(message, "\n"), message);
    } else if (!print_entries(root, address, fetched, out, ret_counts)) {
        status = error_set(err, STATUS_INVALID, "%.150s is XML, but neither RSS nor Atom", address);
    }
    xmlFreeDoc(document);
    return status;
}
