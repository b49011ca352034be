// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "client/command/markup.h"
#include "client/command/show.h"
#include "client/lib/hex.h"
#include "common/url.h"

/* Colours have a contrast of at least 7:1 against their own text; the type is written beside each
 * mark as well, so that nobody needs to tell colours apart. */
static const char page_head[] =
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'; form-action 'none'; base-uri 'none'\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n"
    "<style>\n"
    ":root{color-scheme:light dark;--ground:#fff;--ink:#1b1b1b;--quiet:#565656;--line:#c8c8c8;"
    "--link:#0b4a9e;--here:#fff3bf;--person:#ffe08a;--organization:#b5e4f4;--location:#bfe8bd;"
    "--date:#e5d3f3;--law:#cdd9fb;--event:#f7cfe0;--crime:#ffcabd}\n"
    "@media (prefers-color-scheme:dark){:root{--ground:#16181b;--ink:#ececec;--quiet:#b0b0b0;"
    "--line:#45484d;--link:#9cc4ff;--here:#3d3714;--person:#574400;--organization:#0c4354;"
    "--location:#184519;--date:#45305a;--law:#253a75;--event:#5e2440;--crime:#672718}}\n"
    "body{margin:0 auto;max-width:48rem;padding:1rem;background:var(--ground);color:var(--ink);"
    "font:1.05rem/1.65 system-ui,sans-serif;overflow-wrap:anywhere}\n"
    "h1{font-size:1.6rem;line-height:1.3}h2{font-size:1.2rem;margin-top:2.5rem;"
    "border-top:1px solid var(--line);padding-top:1rem}\n"
    "a{color:var(--link)}dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;"
    "font-size:.9rem}dt,.quiet{color:var(--quiet)}dd{margin:0}\n"
    "h1,dd,p,td,li,blockquote{unicode-bidi:isolate}\n"
    "mark{color:inherit;border-radius:.2em;padding:.05em .2em;background:var(--mark)}\n"
    "mark::after{content:\" \" attr(data-type);font-size:.6em;letter-spacing:.04em}\n"
    ".PERSON{--mark:var(--person)}.ORGANIZATION{--mark:var(--organization)}"
    ".LOCATION{--mark:var(--location)}.DATE{--mark:var(--date)}.LAW{--mark:var(--law)}"
    ".EVENT{--mark:var(--event)}.CRIME{--mark:var(--crime)}\n"
    ".TITLE{font-weight:bold;font-size:1.15rem}.LEAD{font-weight:bold}.METADATA,.CAPTION,.JUNK"
    "{color:var(--quiet);font-size:.9rem}.JUNK{opacity:.85}\n"
    ".legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.5rem}\n"
    ".sentence{border-bottom:2px dotted "
    "var(--line)}:target,.sentence:target{background:var(--here);"
    "outline:2px solid var(--link)}sup{line-height:0}\n"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;padding:."
    "25rem "
    ".5rem;border-bottom:1px solid var(--line);vertical-align:top}\n"
    "blockquote{margin:.3rem 0 1rem;padding-left:1rem;border-left:3px solid var(--line)}\n"
    "@media print{a{color:inherit}}\n"
    "</style>\n";

struct page {
    const struct database_article *article;
    const struct marks *marks;
    FILE *out;
};

static const char *type_name(Newsloom__V1__EntityType type)
{
    return contract_name(&newsloom__v1__entity_type__descriptor, (int)type);
}

/* ---- head ---------------------------------------------------------------------------------- */

static void print_field(const char *name, const char *value, FILE *out)
{
    if (!*value)
        return;
    (void)fprintf(out, "<dt>%s</dt><dd>", name);
    markup_puts(value, out);
    (void)fputs("</dd>\n", out);
}

static void print_head(const struct page *page)
{
    const struct database_article *article = page->article;
    FILE *out = page->out;
    const char *title = *article->title ? article->title : article->key;
    (void)fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n", out);
    (void)fputs(page_head, out);
    (void)fputs("<title>", out);
    markup_puts(title, out);
    (void)fputs("</title>\n</head>\n<body>\n<header>\n<h1 lang=\"vi\">", out);
    markup_puts(title, out);
    (void)fputs("</h1>\n<dl>\n", out);
    print_field("Source", article->source, out);
    print_field("Key", article->key, out);
    if (url_is_http(article->url)) {
        (void)fputs("<dt>Address</dt><dd><a rel=\"noopener noreferrer nofollow\" href=\"", out);
        markup_puts(article->url, out);
        (void)fputs("\">", out);
        markup_puts(article->url, out);
        (void)fputs("</a></dd>\n", out);
    }
    print_field("Published", article->published, out);
    print_field("Reported on", article->reported_on, out);
    print_field("Author", article->author, out);
    print_field("Publisher", article->publisher, out);
    (void)fprintf(out,
                  "<dt>Stored</dt><dd>article_id %" PRId64 ", revision %" PRIu32
                  ", generation %" PRIu32 "</dd>\n",
                  article->article_id, article->revision, article->generation);
    if (article->duplicate_of)
        (void)fprintf(out, "<dt>Copy of</dt><dd>article_id %" PRId64 "</dd>\n",
                      article->duplicate_of);
    (void)fputs("</dl>\n<nav aria-label=\"Parts\"><a href=\"#text\">Text</a> · <a "
                "href=\"#entities\">Entities</a> · <a href=\"#roles\">Roles</a> · <a "
                "href=\"#events\">Events</a></nav>\n",
                out);
    (void)fputs("<ul class=\"legend\" aria-label=\"Legend\">\n", out);
    for (unsigned i = 1; i < newsloom__v1__entity_type__descriptor.n_values; i++) {
        const char *name = newsloom__v1__entity_type__descriptor.values[i].name;
        (void)fprintf(out, "<li><mark class=\"%s\">%s</mark></li>\n", name, name);
    }
    (void)fputs("</ul>\n</header>\n<main>\n", out);
}

/* ---- the text ------------------------------------------------------------------------------ */

static void draw_section(void *context, Newsloom__V1__SectionKind kind, bool begins)
{
    const struct page *page = context;
    if (begins)
        (void)fprintf(page->out, "<p class=\"%s\">",
                      contract_name(&newsloom__v1__section_kind__descriptor, (int)kind));
    else
        (void)fputs("</p>\n", page->out);
}

static void draw_open(void *context, const struct mark *mark, bool is_new)
{
    const struct page *page = context;
    if (mark->kind == MARK_SENTENCE) {
        (void)fputs("<span class=\"sentence\"", page->out);
        if (is_new)
            (void)fprintf(page->out, " id=\"sentence-%zu\"", mark->index + 1);
        (void)fputc('>', page->out);
        return;
    }
    const Newsloom__V1__Mention *mention = page->article->found->mentions[mark->index];
    const char *type = type_name(mention->type);
    (void)fprintf(page->out, "<mark class=\"%s\" data-type=\"%s\"", type, type);
    if (is_new)
        (void)fprintf(page->out, " id=\"mention-%zu\"", mark->index + 1);
    (void)fputs(" title=\"", page->out);
    (void)fprintf(page->out, "%s: ", type);
    markup_puts(mention->entity ? show_entity_name(page->article, mention->entity) : mention->value,
                page->out);
    (void)fputs("\">", page->out);
}

static void draw_close(void *context, const struct mark *mark, bool is_end)
{
    const struct page *page = context;
    if (mark->kind == MARK_MENTION) {
        (void)fputs("</mark>", page->out);
        return;
    }
    (void)fputs("</span>", page->out);
    for (size_t i = 0; is_end && i < page->article->found->n_events; i++) {
        const Newsloom__V1__Event *event = page->article->found->events[i];
        if (marks_sentence(page->marks, event->sentence_start, event->sentence_end) == mark->index)
            (void)fprintf(page->out,
                          "<sup><a href=\"#event-%zu\" aria-label=\"event %zu\">%zu</a></sup>",
                          i + 1, i + 1, i + 1);
    }
}

static void draw_text(void *context, const char *text, size_t size)
{
    const struct page *page = context;
    markup_print(text, size, page->out);
}

static void print_text(struct page *page)
{
    static const struct marks_visitor visitor = {draw_section, draw_open, draw_close, draw_text};
    (void)fputs("<article id=\"text\" lang=\"vi\" aria-label=\"Text\">\n", page->out);
    if (page->article->length == 0)
        (void)fputs("<p class=\"quiet\" lang=\"en\">No text is stored: the row was written again "
                    "from the event log, which has none.</p>\n",
                    page->out);
    marks_visit(page->marks, page->article, &visitor, page);
    (void)fputs("</article>\n", page->out);
}

/* ---- what was found ------------------------------------------------------------------------ */

static size_t first_mention(const Newsloom__V1__Extraction *found, size_t entity)
{
    for (size_t i = 0; i < found->n_mentions; i++)
        if (found->mentions[i]->entity == entity + 1)
            return i;
    return found->n_mentions;
}

static void print_entity(const struct page *page, size_t at)
{
    const Newsloom__V1__Extraction *found = page->article->found;
    const Newsloom__V1__Entity *entity = found->entities[at];
    const struct judgement *judgement = &page->article->judgements[at];
    char uuid[UUID_TEXT_SIZE] = "";
    const char *type = type_name(entity->type);
    FILE *out = page->out;
    (void)fprintf(out, "<tr><td><mark class=\"%s\">%s</mark></td><td lang=\"vi\">", type, type);
    size_t mention = first_mention(found, at);
    bool has_place = page->article->length > 0 && mention < found->n_mentions;
    if (has_place)
        (void)fprintf(out, "<a href=\"#mention-%zu\">", mention + 1);
    markup_puts(entity->name, out);
    (void)fputs(has_place ? "</a>" : "", out);
    if (judgement->name) {
        (void)fputs("<br><span class=\"quiet\">judged to be ", out);
        markup_puts(judgement->name, out);
        (void)fputs("</span>", out);
    }
    (void)fprintf(out, "</td><td>%" PRIu32 "</td><td><code>%s</code></td></tr>\n",
                  entity->mention_count,
                  judgement->name        ? judgement->entity_id
                  : entity->id.len == 16 ? uuid_text(entity->id.data, uuid)
                                         : "");
}

static void print_sentence(const struct page *page, uint32_t start, uint32_t end, const char *text,
                           size_t size)
{
    size_t sentence = marks_sentence(page->marks, start, end);
    (void)fputs("<blockquote lang=\"vi\">", page->out);
    markup_print(text, size, page->out);
    if (sentence < page->marks->sentence_count && page->article->length)
        (void)fprintf(page->out,
                      " <a href=\"#sentence-%zu\" lang=\"en\" aria-label=\"the sentence in the "
                      "text\">in the text</a>",
                      sentence + 1);
    (void)fputs("</blockquote>\n", page->out);
}

static void print_role(const struct page *page, const Newsloom__V1__Role *role)
{
    size_t size = 0;
    const char *sentence =
        database_article_part(page->article, role->sentence_start, role->sentence_end, &size);
    (void)fputs("<li><strong lang=\"vi\">", page->out);
    markup_puts(show_entity_name(page->article, role->person), page->out);
    (void)fputs("</strong> <span lang=\"vi\">", page->out);
    markup_puts(role->rank, page->out);
    for (size_t i = 0; i < role->n_positions; i++) {
        (void)fputs(i || *role->rank ? "; " : "", page->out);
        markup_puts(role->positions[i], page->out);
    }
    (void)fputs("</span>\n", page->out);
    print_sentence(page, role->sentence_start, role->sentence_end, sentence, size);
    (void)fputs("</li>\n", page->out);
}

static void print_event(const struct page *page, size_t at)
{
    const Newsloom__V1__Event *event = page->article->found->events[at];
    FILE *out = page->out;
    (void)fprintf(
        out, "<li id=\"event-%zu\"><strong>%s</strong> %s%s%s, confidence %.3f<dl>\n", at + 1,
        contract_name(&newsloom__v1__event_type__descriptor, (int)event->type),
        event->mode ? contract_name(&newsloom__v1__event_mode__descriptor, (int)event->mode) : "",
        event->mode ? " " : "",
        contract_name(&newsloom__v1__modality__descriptor, (int)event->modality),
        (double)event->confidence / 1000.0);
    for (size_t i = 0; i < event->n_arguments; i++) {
        const Newsloom__V1__Argument *argument = event->arguments[i];
        (void)fprintf(out, "<dt>%s</dt><dd lang=\"vi\">",
                      contract_name(&newsloom__v1__argument_role__descriptor, (int)argument->role));
        markup_puts(argument->text, out);
        if (*argument->value && strcmp(argument->value, argument->text) != 0) {
            (void)fputs(" (", out);
            markup_puts(argument->value, out);
            (void)fputs(")", out);
        }
        (void)fputs("</dd>\n", out);
    }
    (void)fputs("</dl>\n", out);
    print_sentence(page, event->sentence_start, event->sentence_end, event->sentence,
                   strlen(event->sentence));
    (void)fputs("</li>\n", out);
}

static void print_facts(const struct page *page)
{
    const Newsloom__V1__Extraction *found = page->article->found;
    FILE *out = page->out;
    (void)fprintf(out, "<section id=\"entities\"><h2>Entities (%zu)</h2>\n", found->n_entities);
    (void)fputs("<table><thead><tr><th scope=\"col\">Type</th><th scope=\"col\">Name</th><th "
                "scope=\"col\">Mentions</th><th scope=\"col\">Entity</th></tr></thead><tbody>\n",
                out);
    for (size_t i = 0; i < found->n_entities; i++)
        print_entity(page, i);
    (void)fprintf(out,
                  "</tbody></table></section>\n<section id=\"roles\"><h2>Roles (%zu)</h2><ul>\n",
                  found->n_roles);
    for (size_t i = 0; i < found->n_roles; i++)
        print_role(page, found->roles[i]);
    (void)fprintf(out, "</ul></section>\n<section id=\"events\"><h2>Events (%zu)</h2><ol>\n",
                  found->n_events);
    for (size_t i = 0; i < found->n_events; i++)
        print_event(page, i);
    (void)fputs("</ol></section>\n", out);
}

void show_print_html(const struct database_article *article, FILE *out)
{
    struct marks marks;
    struct page page = {.article = article, .marks = &marks, .out = out};
    marks_init(&marks, article);
    print_head(&page);
    print_text(&page);
    print_facts(&page);
    (void)fputs("</main>\n</body>\n</html>\n", out);
    marks_done(&marks);
}
