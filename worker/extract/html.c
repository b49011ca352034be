// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/html.h"

#include <libxml/HTMLparser.h>
#include <string.h>
#include <strings.h>

#include "worker/extract/decode.h"
#include "worker/extract/html_meta.h"
#include "worker/extract/html_prose.h"

enum {
    MOST_TAGS = 100000, /* a page has a few thousand; parsing costs more than the bytes show */
    MOST_TAG_WORDS = 5000,
    DEEPEST_NODE = 200,
    HEAD_BYTES = 4096,
    TITLE_LEAST_WORDS = 3,
    FRAME_NODES = 5000, /* looked at inside an element before its name is believed */
};

/* Elements that leave nothing behind. */
static const char *const dropped[] = {
    "script", "style", "noscript", "template", "iframe", "svg",    "select", "option",
    "button", "nav",   "aside",    "footer",   "input",  "object", "embed",  "canvas",
    "audio",  "video", "head",     "textarea", "map",    "dialog", "math"};

/* Elements that stay in the line they stand in. */
static const char *const inline_elements[] = {
    "a",   "b",   "i",    "em",   "strong", "span", "u",    "s",    "small", "big", "font",
    "sup", "sub", "abbr", "cite", "q",      "mark", "code", "time", "label", "ins", "del",
    "tt",  "var", "kbd",  "samp", "dfn",    "bdi",  "bdo",  "data", "wbr",   "img", "strike"};

/* A class or id with one of these words names what surrounds an article, never the article. */
static const char *const junk_names[] = {
    "comment",       "related",     "sidebar",       "menu",      "navbar",   "footer",
    "breadcrumb",    "share",       "social",        "banner",    "advert",   "popup",
    "login",         "search",      "mostread",      "most-read", "widget",   "toolbar",
    "newsletter",    "tinlienquan", "tin-lien-quan", "tinkhac",   "tags",     "paywall",
    "inner-article", "subscribe",   "jp-related",    "lien-quan", "lienquan", "binhluan",
    "binh-luan",     "thongke",     "fb-",           "zalo",      "mostview", "xem-nhieu",
    "doc-nhieu",     "sponsor",     "byline-ads",    "cookie",    "tag-list", "copyright",
    "pagination",    "rating"};

struct builder {
    struct arena *arena;
    char *bytes;
    size_t size;
    size_t capacity;
    struct html_line *lines;
    size_t count;
    size_t lines_capacity;
    uint32_t article; /* the line being written stands in */
    bool in_word;
    bool wants_space;
};

static bool is_listed(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool has_junk_name(const xmlNode *element, struct arena *arena)
{
    const char *const keys[] = {"class", "id"};
    for (size_t k = 0; k < COUNT_OF(keys); k++) {
        const char *value = html_attribute(element, keys[k], arena);
        for (size_t i = 0; value[0] && i < COUNT_OF(junk_names); i++)
            if (strcasestr(value, junk_names[i]))
                return true;
    }
    return false;
}

static bool is_hidden(const xmlNode *element, struct arena *arena)
{
    const char *style = html_attribute(element, "style", arena);
    return xmlHasProp(element, (const xmlChar *)"hidden") || strcasestr(style, "display:none") ||
           strcasestr(style, "display: none");
}

/* Does a headline or an article stand inside? Then the name is one of the page's frame. */
static bool frames_article(const xmlNode *element)
{
    const xmlNode *node = element->children;
    for (unsigned seen = 0; node && seen < FRAME_NODES; seen++) {
        if (node->type == XML_ELEMENT_NODE && (strcmp((const char *)node->name, "h1") == 0 ||
                                               strcmp((const char *)node->name, "article") == 0))
            return true;
        if (node->type == XML_ELEMENT_NODE && node->children) {
            node = node->children;
            continue;
        }
        while (node != element && !node->next)
            node = node->parent;
        node = node == element ? NULL : node->next;
    }
    return false;
}

static bool is_dropped(const xmlNode *element, bool by_name, struct arena *arena)
{
    const char *name = (const char *)element->name;
    if (is_listed(name, dropped, COUNT_OF(dropped)))
        return true;
    if (!by_name || !element->properties || strcmp(name, "body") == 0 ||
        strcmp(name, "html") == 0 || strcmp(name, "article") == 0 || strcmp(name, "main") == 0)
        return false;
    return (has_junk_name(element, arena) || is_hidden(element, arena)) && !frames_article(element);
}

/* End the line that is being written; empty lines are not kept. */
static void end_line(struct builder *builder)
{
    struct html_line *line = &builder->lines[builder->count];
    builder->in_word = false;
    builder->wants_space = false;
    if (builder->size == line->start) {
        *line = (struct html_line){.start = builder->size};
        return;
    }
    line->end = builder->size;
    line->article = builder->article;
    builder->bytes[builder->size++] = '\n';
    builder->count++;
    if (builder->count == builder->lines_capacity) {
        struct html_line *wider =
            arena_take(builder->arena, builder->lines_capacity * 2, sizeof(*wider));
        memcpy(wider, builder->lines, builder->count * sizeof(*wider));
        builder->lines = wider;
        builder->lines_capacity *= 2;
    }
    builder->lines[builder->count] = (struct html_line){.start = builder->size};
}

static void add_byte(struct builder *builder, char byte)
{
    if (builder->size + 4 < builder->capacity) /* a page cannot hold more text than bytes */
        builder->bytes[builder->size++] = byte;
}

static bool is_html_space(const unsigned char *at, size_t *ret_size)
{
    *ret_size = 1;
    if (*at <= ' ')
        return true;
    if (at[0] == 0xc2 && at[1] == 0xa0) { /* no-break space: pages use it as any other */
        *ret_size = 2;
        return true;
    }
    return false;
}

static void add_text(struct builder *builder, const char *text, bool is_linked)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        struct html_line *line = &builder->lines[builder->count];
        size_t size = 1;
        if (is_html_space(at, &size)) {
            builder->in_word = false;
            builder->wants_space = builder->size > line->start;
            at += size;
            continue;
        }
        if (builder->wants_space)
            add_byte(builder, ' ');
        builder->wants_space = false;
        if (!builder->in_word) {
            line->words++;
            line->linked_words += is_linked;
        }
        builder->in_word = true;
        add_byte(builder, (char)*at++);
    }
}

static void enter_element(struct builder *builder, const xmlNode *element)
{
    const char *name = (const char *)element->name;
    if (is_listed(name, inline_elements, COUNT_OF(inline_elements)))
        return;
    end_line(builder);
    if (strcmp(name, "h1") == 0)
        builder->lines[builder->count].is_heading = true;
}

static void leave_element(struct builder *builder, const xmlNode *element)
{
    if (!is_listed((const char *)element->name, inline_elements, COUNT_OF(inline_elements)))
        end_line(builder);
}

static bool is_link(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, "a") == 0;
}

/* Where the walk stands. */
struct walk {
    struct builder *builder;
    struct html_meta *meta;
    const xmlNode *root;
    unsigned depth;
    unsigned dropped_at; /* depth + 1 of the element whose text is dropped, 0: none */
    unsigned links;      /* open <a> elements */
    uint32_t articles;   /* outermost <article> elements so far */
    unsigned article_at; /* depth + 1 of the open one, 0: none */
    bool drops_by_name;
};

/* Metadata is read even where text is dropped. */
static void enter_node(struct walk *walk, const xmlNode *node)
{
    if (node->type == XML_TEXT_NODE && !walk->dropped_at)
        add_text(walk->builder, (const char *)node->content, walk->links > 0);
    if (node->type != XML_ELEMENT_NODE)
        return;
    html_meta_note(walk->meta, node, walk->builder->arena);
    if (!walk->dropped_at && is_dropped(node, walk->drops_by_name, walk->builder->arena))
        walk->dropped_at = walk->depth + 1;
    if (!walk->article_at && strcmp((const char *)node->name, "article") == 0) {
        walk->article_at = walk->depth + 1;
        walk->articles++;
    }
    if (!walk->dropped_at)
        enter_element(walk->builder, node);
    walk->builder->article = walk->article_at ? walk->articles : 0;
    walk->links += is_link(node);
}

static void leave_node(struct walk *walk, const xmlNode *node)
{
    if (node->type != XML_ELEMENT_NODE)
        return;
    if (!walk->dropped_at)
        leave_element(walk->builder, node);
    if (walk->dropped_at == walk->depth + 1)
        walk->dropped_at = 0;
    if (walk->article_at == walk->depth + 1)
        walk->article_at = walk->builder->article = 0;
    walk->links -= is_link(node);
}

/* Leave the node and all that end with it; the next node to enter, NULL at the end. */
static const xmlNode *leave_to_next(struct walk *walk, const xmlNode *node)
{
    while (node) {
        leave_node(walk, node);
        if (node == walk->root)
            return NULL;
        if (node->next)
            return node->next;
        node = node->parent;
        walk->depth--;
    }
    return NULL;
}

/* Every node in document order, without recursion. */
static void walk_tree(struct walk *walk)
{
    const xmlNode *node = walk->root;
    while (node) {
        enter_node(walk, node);
        bool has_inner = node->type == XML_ELEMENT_NODE && node->children;
        if (has_inner && walk->depth < DEEPEST_NODE) {
            node = node->children;
            walk->depth++;
        } else {
            node = leave_to_next(walk, node);
        }
    }
}

/* A line of a page's title bar, or one of its parts? "Headline - Section | Newspaper". */
static bool is_part_of(const char *line, size_t size, const char *window_title)
{
    const char *at = memmem(window_title, strlen(window_title), line, size);
    if (!at)
        return false;
    const char *end = at + size;
    bool begins = at == window_title || strchr(" |:-", at[-1]);
    return begins && (!*end || *end == ' ' || *end == '|' || *end == ':');
}

/* The longest line that the page's title bar names, with enough words to be a headline: the site's
 * own name may be another part of it. */
static const char *find_named_line(const struct builder *builder, struct html_run run,
                                   const char *window_title)
{
    const struct html_line *best = NULL;
    for (size_t i = run.first; i < run.end; i++) {
        const struct html_line *line = &builder->lines[i];
        size_t size = line->end - line->start;
        bool is_longer = !best || size > best->end - best->start;
        if (line->words >= TITLE_LEAST_WORDS && is_longer &&
            is_part_of(builder->bytes + line->start, size, window_title))
            best = line;
    }
    return best ? arena_text(builder->arena, builder->bytes + best->start, best->end - best->start)
                : "";
}

static const char *find_heading(const struct builder *builder, struct html_run run)
{
    for (size_t i = run.first; i < run.end; i++) {
        const struct html_line *line = &builder->lines[i];
        if (line->is_heading && line->words >= TITLE_LEAST_WORDS)
            return arena_text(builder->arena, builder->bytes + line->start,
                              line->end - line->start);
    }
    return "";
}

static void keep_lines(const struct builder *builder, struct html_page *page,
                       const struct html_meta *meta)
{
    struct html_run run = html_find_run(builder->lines, builder->count);
    size_t first = run.end > run.first ? builder->lines[run.first].start : 0;
    size_t last = run.end > run.first ? builder->lines[run.end - 1].end : 0;
    char *bytes = arena_take(builder->arena, last - first + 2, 1);
    for (size_t i = run.first; i < run.end; i++) {
        const struct html_line *line = &builder->lines[i];
        if (line->is_dropped)
            continue;
        if (page->size)
            bytes[page->size++] = '\n';
        memcpy(bytes + page->size, builder->bytes + line->start, line->end - line->start);
        page->size += line->end - line->start;
    }
    bytes[page->size] = 0;
    page->bytes = bytes;
    page->is_listing = run.is_listing;
    page->window_title = meta->window_title ? meta->window_title : "";
    page->title = find_heading(builder, run);
    if (!page->title[0] && (meta->heading || meta->title))
        page->title = meta->heading ? meta->heading : meta->title;
    if (!page->title[0])
        page->title = find_named_line(builder, run, page->window_title);
}

/* "charset=…" among the first bytes; the page's own word, so an unknown one is only ignored. */
static const char *declared_charset(const struct article_input *input, struct arena *arena)
{
    size_t size = input->size < HEAD_BYTES ? input->size : HEAD_BYTES;
    const char *head = arena_text(arena, input->content, size);
    const char *at = strcasestr(head, "charset");
    if (!at)
        return "";
    at += strlen("charset");
    at += strspn(at, " =\"'");
    const char *name = arena_text(arena, at, strcspn(at, "\"'; />\r\n"));
    return decode_knows(name) ? name : "";
}

/* Parsing a tag costs the square of its attributes: where no ">" comes for so many words, the "<"
 * begins no tag that a page could mean. */
static const char *without_giant_tags(const struct decoded *decoded, struct arena *arena)
{
    char *copy = NULL;
    size_t tag = decoded->size; /* where the open tag began; size: none is open */
    size_t words = 0;
    for (size_t i = 0; i < decoded->size; i++) {
        char byte = decoded->bytes[i];
        if (byte == '<') {
            tag = i;
            words = 0;
        } else if (byte == '>') {
            tag = decoded->size;
        } else if (tag < decoded->size && strchr(" \t\r\n/\"'", byte) && ++words > MOST_TAG_WORDS) {
            if (!copy)
                copy = arena_text(arena, decoded->bytes, decoded->size);
            copy[tag] = ' ';
            tag = decoded->size;
        }
    }
    return copy ? copy : decoded->bytes;
}

static enum status check_tags(const struct decoded *decoded, struct error *err)
{
    size_t tags = 0;
    for (size_t i = 0; i < decoded->size; i++)
        tags += decoded->bytes[i] == '<';
    if (tags > MOST_TAGS)
        return error_set(err, STATUS_INVALID, "content: the page has more than %d tags", MOST_TAGS);
    return STATUS_OK;
}

static struct builder read_tree(const xmlNode *root, size_t size, bool drops_by_name,
                                struct arena *arena, struct html_meta *meta)
{
    struct builder builder = {.arena = arena, .capacity = size + 64, .lines_capacity = 64};
    builder.bytes = arena_take(arena, builder.capacity, 1);
    builder.lines = arena_take(arena, builder.lines_capacity, sizeof(*builder.lines));
    struct walk walk = {
        .builder = &builder, .meta = meta, .root = root, .drops_by_name = drops_by_name};
    walk_tree(&walk);
    end_line(&builder);
    return builder;
}

enum status html_read(const struct article_input *input, struct arena *arena,
                      struct html_page *ret_page, struct error *err)
{
    struct decoded decoded = {0};
    const char *charset = input->charset[0] ? input->charset : declared_charset(input, arena);
    enum status status = decode_bytes(input->content, input->size, charset, arena, &decoded, err);
    if (status == STATUS_OK)
        status = check_tags(&decoded, err);
    if (status != STATUS_OK)
        return status;
    const int options = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                        HTML_PARSE_NONET | HTML_PARSE_COMPACT | HTML_PARSE_IGNORE_ENC;
    xmlDoc *tree = htmlReadMemory(without_giant_tags(&decoded, arena), (int)decoded.size, NULL,
                                  "UTF-8", options);
    const xmlNode *root = tree ? xmlDocGetRootElement(tree) : NULL;
    if (!root) {
        xmlFreeDoc(tree);
        return error_set(err, STATUS_INVALID, "content: there is no page in it");
    }
    struct html_meta meta = {0};
    struct builder builder = read_tree(root, decoded.size, true, arena, &meta);
    if (!html_has_prose(builder.lines, builder.count)) /* the names were misleading */
        builder = read_tree(root, decoded.size, false, arena, &meta);
    xmlFreeDoc(tree);
    struct html_page page = {0};
    keep_lines(&builder, &page, &meta);
    page.author = meta.author ? meta.author : "";
    if (!page.author[0] && meta.named_author)
        page.author = meta.named_author;
    page.published = meta.published ? meta.published : "";
    page.publisher = meta.publisher ? meta.publisher : "";
    *ret_page = page;
    return STATUS_OK;
}
