// SPDX-License-Identifier: Apache-2.0
#include "gateway/page.h"

#include <sodium.h>

#include "client/command/markup.h"
#include "client/command/print.h"
#include "common/compiler.h"
#include "gateway/assets.h"
#include "gateway/plot.h"

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static json_int_t figure_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void print_text(const char *before, const char *text, const char *after, FILE *out)
{
    (void)fputs(before, out);
    markup_puts(text, out);
    (void)fputs(after, out);
}

static void print_figure(json_int_t figure, FILE *out)
{
    (void)fprintf(out, "<td class=\"figure\">%" JSON_INTEGER_FORMAT "</td>", figure);
}

static void print_duration(json_int_t ms, FILE *out)
{
    char text[SHORT_TEXT_SIZE];
    (void)fprintf(out, "<td class=\"figure\">%s</td>",
                  ms > 0 ? duration_short((uint64_t)ms, text) : "–");
}

/* heads: a cell each; those that begin with "#" are of figures. */
static void begin_table(const char *caption, const char *const *heads, FILE *out)
{
    (void)fprintf(out, "<div class=\"scroll\"><table><caption>%s</caption><thead><tr>", caption);
    for (; *heads; heads++)
        (void)fprintf(out, "<th scope=\"col\"%s>%s</th>", **heads == '#' ? " class=\"figure\"" : "",
                      *heads + (**heads == '#'));
    (void)fputs("</tr></thead><tbody>\n", out);
}

static void end_table(FILE *out)
{
    (void)fputs("</tbody></table></div>\n", out);
}

/* ---- sections ------------------------------------------------------------------------------ */

static void print_condition(const json_t *status, FILE *out)
{
    const json_t *broker = json_object_get(status, "broker");
    const char *away = text_of(status, "away");
    if (*away)
        print_text("<p class=\"away\">The broker does not answer: ", away, "</p>\n", out);
    if (!json_is_object(broker)) {
        (void)fputs("<p>Nothing is known of the broker.</p>\n", out);
        return;
    }
    print_text("<p>The broker is <strong>", text_of(broker, "condition"), "</strong>", out);
    if (*text_of(broker, "condition_reason"))
        print_text(" (", text_of(broker, "condition_reason"), ")", out);
    print_text(", version ", text_of(broker, "version"), ". ", out);
    print_text("As of <time>", text_of(status, "asked_at"), "</time>.</p>\n", out);
}

static void print_queue(const json_t *broker, FILE *out)
{
    static const char *const heads[] = {"class",   "#queued",  "#leased", "#waiting",
                                        "#oldest", "#backlog", NULL};
    const json_t *classes = json_object_get(broker, "classes");
    char used[SHORT_TEXT_SIZE];
    char budget[SHORT_TEXT_SIZE];
    (void)fputs("<h2>Queue</h2>\n", out);
    begin_table("Open articles by class", heads, out);
    for (size_t i = 0; i < json_array_size(classes); i++) {
        const json_t *class = json_array_get(classes, i);
        print_text("<tr><th scope=\"row\">", text_of(class, "class"), "</th>", out);
        print_figure(figure_of(class, "queued"), out);
        print_figure(figure_of(class, "leased"), out);
        print_figure(figure_of(class, "waiting"), out);
        print_duration(figure_of(class, "queued") ? figure_of(class, "oldest_queued_ms") : 0, out);
        print_duration(figure_of(class, "backlog_ms"), out);
        (void)fputs("</tr>\n", out);
    }
    end_table(out);
    (void)fprintf(out,
                  "<p>Dead letters: <strong id=\"dead\">%" JSON_INTEGER_FORMAT
                  "</strong>. Entries of the log: %" JSON_INTEGER_FORMAT
                  " to <strong id=\"last\">%" JSON_INTEGER_FORMAT
                  "</strong>. Store: %s of %s.</p>\n",
                  figure_of(broker, "dead"), figure_of(broker, "first_retained"),
                  figure_of(broker, "last_sequence"),
                  size_short((uint64_t)figure_of(broker, "store_used_bytes"), used),
                  size_short((uint64_t)figure_of(broker, "store_budget_bytes"), budget));
}

static const char *worker_state(const json_t *worker)
{
    if (json_is_true(json_object_get(worker, "paused")))
        return "paused by the breaker";
    return json_is_true(json_object_get(worker, "blocked")) ? "blocked" : "working";
}

static void print_workers(const json_t *broker, FILE *out)
{
    static const char *const heads[] = {"worker",  "#slots",      "#held", "#done",
                                        "#failed", "#per minute", "state", NULL};
    const json_t *workers = json_object_get(broker, "workers");
    (void)fputs("<h2>Workers</h2>\n", out);
    if (json_array_size(workers) == 0) {
        (void)fputs("<p class=\"away\">No worker is connected: articles wait.</p>\n", out);
        return;
    }
    begin_table("Workers that are connected", heads, out);
    for (size_t i = 0; i < json_array_size(workers); i++) {
        const json_t *worker = json_array_get(workers, i);
        print_text("<tr><th scope=\"row\">", text_of(worker, "worker"), "</th>", out);
        print_figure(figure_of(worker, "slots"), out);
        print_figure(figure_of(worker, "held"), out);
        print_figure(figure_of(worker, "done"), out);
        print_figure(figure_of(worker, "failed"), out);
        print_figure(figure_of(worker, "rate_per_minute"), out);
        print_text("<td>", worker_state(worker), "", out);
        print_text(*text_of(worker, "blocked_reason") ? ": " : "",
                   text_of(worker, "blocked_reason"), "</td></tr>\n", out);
    }
    end_table(out);
}

static void print_figures(const json_t *status, FILE *out)
{
    const json_t *broker = json_object_get(status, "broker");
    (void)fputs("<div id=\"figures\">\n", out);
    print_condition(status, out);
    if (json_is_object(broker)) {
        print_queue(broker, out);
        print_workers(broker, out);
    }
    (void)fputs("<h2>The last hour</h2>\n", out);
    plot_print(json_object_get(status, "rates"), out);
    (void)fputs("</div>\n", out);
}

static void print_latest(const json_t *status, FILE *out)
{
    const json_t *latest = json_object_get(status, "latest");
    const char *cursor = text_of(status, "cursor");
    (void)fputs(
        "<h2>Latest entries</h2>\n<p id=\"live\" class=\"quiet\" role=\"status\">As of when "
        "the page was loaded.</p>\n",
        out);
    print_text("<ol id=\"latest\" data-cursor=\"", *cursor ? cursor : "latest", "\">\n", out);
    for (size_t i = 0; i < json_array_size(latest); i++) {
        const json_t *entry = json_array_get(latest, i);
        const char *title = text_of(entry, "title");
        (void)fprintf(out, "<li>%" JSON_INTEGER_FORMAT " ", figure_of(entry, "sequence"));
        print_text("<time>", text_of(entry, "stored_at"), "</time> ", out);
        print_text("", text_of(entry, "kind"), " ", out);
        print_text("", text_of(entry, "source"), " <span lang=\"vi\">", out);
        print_text("", *title ? title : text_of(entry, "key"), "</span></li>\n", out);
    }
    if (json_array_size(latest) == 0)
        (void)fputs("<li id=\"none\" class=\"quiet\">There is none yet.</li>\n", out);
    (void)fputs("</ol>\n", out);
}

void page_print(const json_t *status, FILE *out)
{
    (void)fprintf(out,
                  "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"light dark\">\n"
                  "<link rel=\"icon\" href=\"data:,\">\n<title>newsloom</title>\n"
                  "<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>\n"
                  "<style>%s</style>\n</head>\n<body>\n"
                  "<header><h1>newsloom</h1></header>\n<main>\n",
                  (const char *)asset_style);
    print_figures(status, out);
    print_latest(status, out);
    print_text("</main>\n<footer><p>newsloom-gateway ", text_of(status, "version"),
               ". For programs: <a href=\"v1/openapi.json\">the API</a>, <a "
               "href=\"v1/status\">this as JSON</a>.</p></footer>\n",
               out);
    (void)fprintf(out, "<script>%s</script>\n</body>\n</html>\n", (const char *)asset_script);
}

#define HASH_TEXT_SIZE \
    sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)

static void hash_text(const unsigned char *bytes, size_t size, char text[HASH_TEXT_SIZE])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256(hash, bytes, size);
    (void)sodium_bin2base64(text, HASH_TEXT_SIZE, hash, sizeof(hash),
                            sodium_base64_VARIANT_ORIGINAL);
}

const char *page_policy(char buffer[PAGE_POLICY_SIZE])
{
    char style[HASH_TEXT_SIZE];
    char script[HASH_TEXT_SIZE];
    hash_text(asset_style, asset_style_size, style);
    hash_text(asset_script, asset_script_size, script);
    (void)snprintf(buffer, PAGE_POLICY_SIZE,
                   "default-src 'none'; img-src data:; style-src 'sha256-%s'; "
                   "script-src 'sha256-%s'; connect-src 'self'; base-uri 'none'; "
                   "form-action 'none'; frame-ancestors 'none'",
                   style, script);
    return buffer;
}
