// SPDX-License-Identifier: Apache-2.0
#include "gateway/event_form.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "client/command/entry_text.h"
#include "client/command/print.h"
#include "client/lib/hex.h"
#include "common/clock.h"

#define TYPE_SIZE 64
#define LOG_SIZE  33 /* its id in hex */

/* "newsloom.article.stored" of "STORED" */
static const char *cloud_type(const char *prefix, const char *kind, char buffer[TYPE_SIZE])
{
    (void)snprintf(buffer, TYPE_SIZE, "%s%s", prefix, kind);
    for (char *at = buffer + strlen(prefix); *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return buffer;
}

/* Takes data. id and source name the event among all. */
static json_t *cloud_new(const char *type, const struct newsloom_cursor *cursor, const char *id,
                         int64_t at_ms, json_t *data)
{
    char log[LOG_SIZE];
    char source[LOG_SIZE + 32];
    char text[NEWSLOOM_CURSOR_TEXT_SIZE];
    char at[CLOCK_TEXT_SIZE];
    (void)hex_text(cursor->log_id, sizeof(cursor->log_id), log);
    (void)snprintf(source, sizeof(source), "urn:newsloom:log:%s", log);
    return json_pack("{ss ss ss ss ss ss ss so}", "specversion", "1.0", "type", type, "source",
                     source, "id", id, "time", clock_text(at_ms, at), "datacontenttype",
                     "application/json", "cursor", newsloom_cursor_text(cursor, text), "data",
                     data);
}

/* Takes the value; name is the event's name in SSE, NULL for an entry. */
static void print(const struct event_form *form, const char *name, const char *id, json_t **value_p,
                  FILE *out)
{
    if (form->is_sse && id)
        (void)fprintf(out, "id: %s\n", id);
    if (form->is_sse && name)
        (void)fprintf(out, "event: %s\n", name);
    if (form->is_sse)
        (void)fputs("data: ", out);
    json_print_line(value_p, out);
    if (form->is_sse)
        (void)fputc('\n', out);
}

/* Takes the value, which says kind: what is said between entries. */
static void print_note(const struct event_form *form, const char *name,
                       const struct newsloom_cursor *cursor, json_t *value, FILE *out)
{
    char type[TYPE_SIZE];
    char text[NEWSLOOM_CURSOR_TEXT_SIZE];
    char id[NEWSLOOM_CURSOR_TEXT_SIZE + 32];
    int64_t now_ms = clock_wall_ms();
    if (form->is_cloud) {
        (void)snprintf(id, sizeof(id), "%s-%" PRIu64 "-%" PRId64, name, cursor->sequence, now_ms);
        value = cloud_new(cloud_type("newsloom.stream.", name, type), cursor, id, now_ms, value);
    }
    print(form, name, newsloom_cursor_text(cursor, text), &value, out);
}

void event_print_entry(const struct event_form *form, const struct newsloom_entry *entry,
                       const struct newsloom_cursor *cursor, FILE *out)
{
    char text[NEWSLOOM_CURSOR_TEXT_SIZE];
    char type[TYPE_SIZE];
    char id[32];
    json_t *value = entry_json(entry);
    if (form->is_cloud) {
        (void)snprintf(id, sizeof(id), "%" PRIu64, entry->sequence);
        (void)cloud_type("newsloom.article.", newsloom_entry_kind_name(entry->kind), type);
        value = cloud_new(type, cursor, id, entry->stored_at_ms, value);
        char *subject = text_format("%s/%s", entry->source, entry->key);
        (void)json_object_set_new(value, "subject", json_string(subject));
        text_free(&subject);
    } else {
        (void)json_object_set_new(value, "cursor", json_string(newsloom_cursor_text(cursor, text)));
    }
    print(form, NULL, newsloom_cursor_text(cursor, text), &value, out);
}

void event_print_heartbeat(const struct event_form *form, const struct newsloom_cursor *cursor,
                           bool is_streaming, FILE *out)
{
    char text[NEWSLOOM_CURSOR_TEXT_SIZE];
    (void)newsloom_cursor_text(cursor, text);
    if (form->is_sse) /* without data: moves the client's Last-Event-ID, and is no event */
        (void)fprintf(out, ": %s\nid: %s\n\n",
                      is_streaming ? "heartbeat" : "heartbeat; the broker is away", text);
    else
        print_note(form, "heartbeat", cursor,
                   json_pack("{ss ss sb}", "kind", "HEARTBEAT", "cursor", text, "streaming",
                             (int)is_streaming),
                   out);
}

void event_print_warning(const struct event_form *form, const struct newsloom_cursor *cursor,
                         FILE *out)
{
    char text[NEWSLOOM_CURSOR_TEXT_SIZE];
    print_note(form, "warning", cursor,
               json_pack("{ss ss ss}", "kind", "WARNING", "reason", "nearly-overtaken", "cursor",
                         newsloom_cursor_text(cursor, text)),
               out);
}

void event_print_end(const struct event_form *form, const char *reason,
                     const struct newsloom_cursor *cursor, FILE *out)
{
    char text[NEWSLOOM_CURSOR_TEXT_SIZE];
    print_note(form, "end", cursor,
               json_pack("{ss ss ss}", "kind", "END", "reason", reason, "cursor",
                         newsloom_cursor_text(cursor, text)),
               out);
}

void event_print_gap(const struct event_form *form, const struct newsloom_gap *gap, FILE *out)
{
    char text[NEWSLOOM_CURSOR_TEXT_SIZE];
    (void)newsloom_cursor_text(&gap->first, text);
    json_t *value = json_pack("{ss ss ss sb}", "kind", "GAP", "reason", gap->text, "cursor", text,
                              "other_log", (int)gap->other_log);
    print_note(form, "gap", &gap->first, value, out);
}
