// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "worker/extract/lines.h"
#include "worker/extract/reasons.h"
#include "worker/extract/section_reasons.h"

static const char *const section_names[] = {"unspecified", "title",   "lead", "metadata",
                                            "body",        "caption", "junk"};
static const char *const type_names[] = {"?",    "PERSON", "ORGANIZATION", "LOCATION",
                                         "DATE", "LAW",    "EVENT",        "CRIME"};
static const char *const short_names[] = {"?", "PER", "ORG", "LOC", "DATE", "LAW", "EVT", "CRIME"};
static const char *const event_names[] = {"?",      "MEET",     "VISIT",  "SIGN",
                                          "ARREST", "HANDOVER", "APPOINT"};
static const char *const mode_names[] = {NULL, "appointed", "elected", "dismissed"};
static const char *const modality_names[] = {NULL, "happened", "planned", "alleged", "denied"};
static const char *const origin_names[] = {"none", "feeder", "metadata", "text"};
static const char *const page_names[] = {"unknown", "article", "listing", "other"};
static const char *const resolution_names[] = {"none", "rule", "table", "human"};

/* One colour a type, as terminals have had them for forty years. */
static const char *const type_colours[] = {"",         "\033[1;33m", "\033[1;36m", "\033[1;32m",
                                           "\033[35m", "\033[34m",   "\033[1;34m", "\033[31m"};

static void uuid_text(const uint8_t id[16], char out[37])
{
    char *at = out;
    for (unsigned i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        at += sprintf(at, "%02x", id[i]);
    }
}

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static json_t *span_text(const struct document *document, struct span span)
{
    return json_string(document_text(document, span));
}

static json_t *section_reason_json(const struct section_reason *reason)
{
    json_t *looks = json_array();
    for (unsigned i = 0; i < LINE_LOOK_COUNT; i++)
        if (reason->looks >> i & 1)
            json_array_append_new(looks, json_string(line_look_names[i]));
    const struct section_rule_facts *rule = &section_rules[reason->rule];
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:o}", "rule", rule->name, "says", rule->says,
                     "side", section_side_names[reason->side], "weight", (int)reason->weight,
                     "headline", (int)reason->headline, "looks", looks);
}

static json_t *sections_json(const struct document *document)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < document->section_count; i++) {
        const struct section *section = &document->sections[i];
        json_t *object = json_pack("{s:s, s:i, s:i}", "kind", section_names[section->kind], "start",
                                   (int)section->span.start, "end", (int)section->span.end);
        if (section->reason)
            json_object_set_new(object, "reason", section_reason_json(section->reason));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *reasons_json(const struct document *document, const struct mention *mention)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < mention->reason_count; i++) {
        const struct reason *reason = &mention->reasons[i];
        json_t *weights = json_object();
        for (unsigned family = 0; family < FAMILY_COUNT; family++)
            json_object_set_new(weights, feature_family_names[family],
                                json_integer(reason->weights[family]));
        json_t *object = json_object();
        json_object_set_new(object, "token", span_text(document, reason->token));
        json_object_set_new(object, "label", json_string(label_name(reason->label)));
        json_object_set_new(object, "rival", json_string(label_name(reason->rival)));
        json_object_set_new(object, "weights", weights);
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *mention_json(const struct document *document, const struct mention *mention)
{
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string(type_names[mention->type]));
    json_object_set_new(object, "start", json_integer(mention->span.start));
    json_object_set_new(object, "end", json_integer(mention->span.end));
    json_object_set_new(object, "text", span_text(document, mention->span));
    json_object_set_new(object, "value", text_or_null(mention->value));
    if (mention->type == NEWSLOOM__V1__ENTITY_TYPE__DATE) {
        json_object_set_new(object, "from", text_or_null(mention->date_from));
        json_object_set_new(object, "to", text_or_null(mention->date_to));
    }
    char id[37] = "";
    if (mention->entity)
        uuid_text(document->entities[mention->entity - 1].id, id);
    json_object_set_new(object, "entity", text_or_null(id));
    json_object_set_new(object, "section",
                        json_string(section_names[document->sections[mention->section].kind]));
    json_object_set_new(object, "confidence", json_integer(mention->confidence));
    if (mention->reasons)
        json_object_set_new(object, "reasons", reasons_json(document, mention));
    return object;
}

static json_t *entity_json(const struct entity *entity)
{
    char id[37];
    uuid_text(entity->id, id);
    json_t *object = json_object();
    json_object_set_new(object, "id", json_string(id));
    json_object_set_new(object, "type", json_string(type_names[entity->type]));
    json_object_set_new(object, "name", json_string(entity->name ? entity->name : ""));
    json_object_set_new(object, "key", text_or_null(entity->canonical_key));
    json_object_set_new(object, "resolution", json_string(resolution_names[entity->resolution]));
    json_object_set_new(object, "mentions", json_integer(entity->mention_count));
    json_object_set_new(object, "country", text_or_null(entity->country));
    json_object_set_new(object, "code", text_or_null(entity->code));
    return object;
}

static json_t *role_json(const struct document *document, const struct role *role)
{
    json_t *positions = json_array();
    for (uint32_t i = 0; i < role->position_count; i++)
        json_array_append_new(positions, json_string(role->positions[i]));
    json_t *object = json_object();
    const char *name = role->person ? document->entities[role->person - 1].name : "";
    json_object_set_new(object, "person", json_string(name));
    json_object_set_new(object, "rank", text_or_null(role->rank));
    json_object_set_new(object, "positions", positions);
    return object;
}

/* Arguments as the scorer reads them: one date, place, object and count, all participants. */
static void add_arguments(const struct document *document, const struct event *event,
                          json_t *object)
{
    json_t *participants = json_array();
    for (uint32_t i = 0; i < event->argument_count; i++) {
        const struct argument *argument = &event->arguments[i];
        switch (argument->role) {
        case NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR:
        case NEWSLOOM__V1__ARGUMENT_ROLE__RECIPIENT:
            json_array_append_new(participants, span_text(document, argument->span));
            break;
        case NEWSLOOM__V1__ARGUMENT_ROLE__PLACE:
            json_object_set_new(object, "place", span_text(document, argument->span));
            break;
        case NEWSLOOM__V1__ARGUMENT_ROLE__AT_DATE:
            json_object_set_new(object, "date", text_or_null(argument->value));
            break;
        case NEWSLOOM__V1__ARGUMENT_ROLE__OBJECT:
            json_object_set_new(object, "object", span_text(document, argument->span));
            break;
        case NEWSLOOM__V1__ARGUMENT_ROLE__NUMBER:
            json_object_set_new(object, "count", json_integer(strtoll(argument->value, NULL, 10)));
            break;
        default:
            break;
        }
    }
    json_object_set_new(object, "participants", participants);
}

static json_t *event_json(const struct document *document, const struct event *event)
{
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string(event_names[event->type]));
    json_object_set_new(object, "mode", text_or_null(mode_names[event->mode]));
    json_object_set_new(object, "modality", text_or_null(modality_names[event->modality]));
    json_object_set_new(object, "start", json_integer(event->trigger.start));
    json_object_set_new(object, "end", json_integer(event->trigger.end));
    json_object_set_new(object, "trigger", span_text(document, event->trigger));
    const char *const empty[] = {"date", "place", "object", "count"};
    for (size_t i = 0; i < COUNT_OF(empty); i++)
        json_object_set_new(object, empty[i], json_null());
    add_arguments(document, event, object);
    json_object_set_new(object, "sentence",
                        span_text(document, document->sentences[event->sentence].span));
    json_object_set_new(object, "confidence", json_integer(event->confidence));
    return object;
}

static void add_lists(const struct document *document, json_t *object)
{
    json_t *mentions = json_array();
    for (uint32_t i = 0; i < document->mention_count; i++)
        json_array_append_new(mentions, mention_json(document, &document->mentions[i]));
    json_t *entities = json_array();
    for (uint32_t i = 0; i < document->entity_count; i++)
        json_array_append_new(entities, entity_json(&document->entities[i]));
    json_t *roles = json_array();
    for (uint32_t i = 0; i < document->role_count; i++)
        json_array_append_new(roles, role_json(document, &document->roles[i]));
    json_t *events = json_array();
    for (uint32_t i = 0; i < document->event_count; i++)
        json_array_append_new(events, event_json(document, &document->events[i]));
    json_object_set_new(object, "sections", sections_json(document));
    json_object_set_new(object, "mentions", mentions);
    json_object_set_new(object, "entities", entities);
    json_object_set_new(object, "roles", roles);
    json_object_set_new(object, "events", events);
}

static json_t *hexadecimal(uint64_t bits)
{
    char text[17];
    (void)snprintf(text, sizeof(text), "%016" PRIx64, bits);
    return json_string(text);
}

void report_json(const struct document *document, const char *file, FILE *out)
{
    json_t *object = json_object();
    json_object_set_new(object, "file", json_string(file));
    json_object_set_new(object, "url", text_or_null(document->input->url));
    json_object_set_new(object, "source", text_or_null(document->input->source));
    json_object_set_new(object, "title", text_or_null(document->title));
    json_object_set_new(object, "author", text_or_null(document->author));
    json_object_set_new(object, "publisher", text_or_null(document->publisher));
    json_object_set_new(object, "published", text_or_null(document->published));
    json_object_set_new(object, "published_origin",
                        json_string(origin_names[document->published_origin]));
    json_object_set_new(object, "fetched", text_or_null(document->input->fetched));
    json_object_set_new(object, "language", json_string(document->language));
    json_object_set_new(object, "page_kind", json_string(page_names[document->page_kind]));
    json_object_set_new(object, "text_length", json_integer(document->text.length));
    json_object_set_new(object, "sketch", hexadecimal(document->sketch.bits));
    json_t *bands = json_array();
    for (uint32_t i = 0; i < document->sketch.band_count; i++)
        json_array_append_new(bands, hexadecimal(document->sketch.bands[i]));
    json_object_set_new(object, "bands", bands);
    add_lists(document, object);
    (void)json_dumpf(object, out, JSON_COMPACT | JSON_PRESERVE_ORDER);
    (void)fputc('\n', out);
    json_decref(object);
}

/* What may reach a terminal: a page's control characters may not. */
static void print_points(const struct document *document, uint32_t first, uint32_t last, FILE *out)
{
    const struct text *text = &document->text;
    for (uint32_t i = first; i < last; i++) {
        uint32_t point = text->points[i];
        bool is_control =
            (point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7f && point < 0xa0);
        if (is_control)
            (void)fputs("\xef\xbf\xbd", out);
        else
            (void)fwrite(text->bytes + text->byte_at[i], 1, text->byte_at[i + 1] - text->byte_at[i],
                         out);
    }
}

static void print_mention(const struct document *document, const struct mention *mention,
                          bool in_colour, FILE *out)
{
    const char *name = short_names[mention->type];
    (void)fprintf(out, "%s[%s", in_colour ? type_colours[mention->type] : "", name);
    if (mention->value && mention->value[0])
        (void)fprintf(out, "=%s", mention->value);
    (void)fputc(' ', out);
    print_points(document, mention->span.start, mention->span.end, out);
    (void)fprintf(out, "]%s", in_colour ? "\033[0m" : "");
}

static void print_section_reason(const struct section_reason *reason, FILE *out)
{
    (void)fprintf(out, "     why| %s; weighs %+d, %s the prose", section_rules[reason->rule].says,
                  reason->weight, section_side_names[reason->side]);
    if (reason->headline)
        (void)fprintf(out, "; as a headline %+d", reason->headline);
    const char *mark = "; looks like ";
    for (unsigned i = 0; i < LINE_LOOK_COUNT; i++)
        if (reason->looks >> i & 1) {
            (void)fprintf(out, "%s%s", mark, line_look_names[i]);
            mark = ", ";
        }
    (void)fputc('\n', out);
}

static void print_sections(const struct document *document, bool in_colour, FILE *out)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < document->section_count; i++) {
        const struct section *section = &document->sections[i];
        bool is_junk = section->kind == NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_JUNK;
        (void)fprintf(out, "%s%8s| ", in_colour ? "\033[2m" : "", section_names[section->kind]);
        if (in_colour && !is_junk)
            (void)fputs("\033[0m", out);
        uint32_t at = section->span.start;
        for (; next < document->mention_count; next++) {
            const struct mention *mention = &document->mentions[next];
            if (mention->span.start >= section->span.end)
                break;
            if (mention->span.start < at)
                continue;
            print_points(document, at, mention->span.start, out);
            print_mention(document, mention, in_colour, out);
            at = mention->span.end;
        }
        print_points(document, at, section->span.end, out);
        (void)fprintf(out, "%s\n", in_colour ? "\033[0m" : "");
        if (section->reason)
            print_section_reason(section->reason, out);
    }
}

static void print_reason(const struct document *document, const struct reason *reason, FILE *out)
{
    int64_t total = 0;
    for (unsigned family = 0; family < FAMILY_COUNT; family++)
        total += reason->weights[family];
    (void)fprintf(out, "         %s: %+lld for %s over %s:", document_text(document, reason->token),
                  (long long)total, label_name(reason->label), label_name(reason->rival));
    for (unsigned family = 0; family < FAMILY_COUNT; family++)
        if (reason->weights[family])
            (void)fprintf(out, " %s %+d%s", feature_family_names[family], reason->weights[family],
                          family + 1 < FAMILY_COUNT ? "," : "");
    (void)fputc('\n', out);
}

static void print_reasons(const struct document *document, FILE *out)
{
    for (uint32_t i = 0; i < document->mention_count; i++) {
        const struct mention *mention = &document->mentions[i];
        if (!mention->reasons)
            continue;
        (void)fprintf(out, "     why| %s \"%s\", right %u times in a thousand\n",
                      short_names[mention->type], document_text(document, mention->span),
                      mention->confidence);
        for (uint32_t k = 0; k < mention->reason_count; k++)
            print_reason(document, &mention->reasons[k], out);
    }
}

void report_text(const struct document *document, const char *file, bool in_colour, FILE *out)
{
    (void)fprintf(out, "%s== %s%s  published %s (%s), language %s, %s\n",
                  in_colour ? "\033[1m" : "", file, in_colour ? "\033[0m" : "",
                  document->published[0] ? document->published : "unknown",
                  origin_names[document->published_origin], document->language,
                  page_names[document->page_kind]);
    print_sections(document, in_colour, out);
    for (uint32_t i = 0; i < document->role_count; i++) {
        const struct role *role = &document->roles[i];
        (void)fprintf(out, "    role| %s: %s",
                      role->person ? document->entities[role->person - 1].name : "?",
                      role->rank && role->rank[0] ? role->rank : "-");
        for (uint32_t k = 0; k < role->position_count; k++)
            (void)fprintf(out, "; %s", role->positions[k]);
        (void)fputc('\n', out);
    }
    for (uint32_t i = 0; i < document->event_count; i++) {
        const struct event *event = &document->events[i];
        (void)fprintf(out, "   event| %s \"%s\"", event_names[event->type],
                      document_text(document, event->trigger));
        for (uint32_t k = 0; k < event->argument_count; k++)
            (void)fprintf(out, " · %s", document_text(document, event->arguments[k].span));
        (void)fputc('\n', out);
    }
    print_reasons(document, out);
    (void)fputc('\n', out);
}
