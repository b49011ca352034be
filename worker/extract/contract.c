// SPDX-License-Identifier: Apache-2.0
/*
 * contract - the document as the message that is stored and published.
 */
#include <string.h>

#include "worker/extract/document.h"
#include "worker/extract/extract.h"
#include "worker/extract/knowledge.h"

/* protobuf-c's structs have no const; packing only reads them. */
static char *lend(const char *text)
{
    return text ? (char *)(uintptr_t)text : (char *)(uintptr_t) "";
}

static void *new_message(const struct document *document,
                         const ProtobufCMessageDescriptor *descriptor)
{
    void *message = arena_take(document->arena, 1, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    return message;
}

static void add_sections(const struct document *document, Newsloom__V1__Extraction *extraction)
{
    extraction->n_sections = document->section_count;
    extraction->sections =
        arena_take(document->arena, document->section_count, sizeof(*extraction->sections));
    for (uint32_t i = 0; i < document->section_count; i++) {
        Newsloom__V1__Section *section = new_message(document, &newsloom__v1__section__descriptor);
        section->kind = document->sections[i].kind;
        section->start = document->sections[i].span.start;
        section->end = document->sections[i].span.end;
        extraction->sections[i] = section;
    }
}

static void add_mentions(const struct document *document, Newsloom__V1__Extraction *extraction)
{
    extraction->n_mentions = document->mention_count;
    extraction->mentions =
        arena_take(document->arena, document->mention_count, sizeof(*extraction->mentions));
    for (uint32_t i = 0; i < document->mention_count; i++) {
        const struct mention *from = &document->mentions[i];
        Newsloom__V1__Mention *mention = new_message(document, &newsloom__v1__mention__descriptor);
        mention->type = from->type;
        mention->start = from->span.start;
        mention->end = from->span.end;
        mention->text = lend(document_text(document, from->span));
        mention->section = document->sections[from->section].kind;
        mention->entity = from->entity;
        mention->value = lend(from->value);
        mention->date_from = lend(from->date_from);
        mention->date_to = lend(from->date_to);
        mention->confidence = from->confidence;
        extraction->mentions[i] = mention;
    }
}

static void add_entities(const struct document *document, Newsloom__V1__Extraction *extraction)
{
    extraction->n_entities = document->entity_count;
    extraction->entities =
        arena_take(document->arena, document->entity_count, sizeof(*extraction->entities));
    for (uint32_t i = 0; i < document->entity_count; i++) {
        const struct entity *from = &document->entities[i];
        Newsloom__V1__Entity *entity = new_message(document, &newsloom__v1__entity__descriptor);
        entity->id.len = sizeof(from->id);
        entity->id.data = arena_copy(document->arena, from->id, sizeof(from->id));
        entity->type = from->type;
        entity->name = lend(from->name);
        entity->canonical_key = lend(from->canonical_key);
        entity->key_version = from->key_version;
        entity->resolution = from->resolution;
        entity->mention_count = from->mention_count;
        entity->country = lend(from->country);
        entity->code = lend(from->code);
        extraction->entities[i] = entity;
    }
}

static void add_roles(const struct document *document, Newsloom__V1__Extraction *extraction)
{
    extraction->n_roles = document->role_count;
    extraction->roles =
        arena_take(document->arena, document->role_count, sizeof(*extraction->roles));
    for (uint32_t i = 0; i < document->role_count; i++) {
        const struct role *from = &document->roles[i];
        Newsloom__V1__Role *role = new_message(document, &newsloom__v1__role__descriptor);
        role->person = from->person;
        role->rank = lend(from->rank);
        role->n_positions = from->position_count;
        role->positions =
            arena_take(document->arena, from->position_count, sizeof(*role->positions));
        for (uint32_t k = 0; k < from->position_count; k++)
            role->positions[k] = lend(from->positions[k]);
        role->sentence_start = document->sentences[from->sentence].span.start;
        role->sentence_end = document->sentences[from->sentence].span.end;
        extraction->roles[i] = role;
    }
}

static Newsloom__V1__Argument *argument_message(const struct document *document,
                                                const struct argument *from)
{
    Newsloom__V1__Argument *argument = new_message(document, &newsloom__v1__argument__descriptor);
    argument->role = from->role;
    argument->start = from->span.start;
    argument->end = from->span.end;
    argument->text = lend(document_text(document, from->span));
    argument->mention = from->mention;
    argument->value = lend(from->value);
    return argument;
}

static void add_events(const struct document *document, Newsloom__V1__Extraction *extraction)
{
    extraction->n_events = document->event_count;
    extraction->events =
        arena_take(document->arena, document->event_count, sizeof(*extraction->events));
    for (uint32_t i = 0; i < document->event_count; i++) {
        const struct event *from = &document->events[i];
        struct span sentence = document->sentences[from->sentence].span;
        Newsloom__V1__Event *event = new_message(document, &newsloom__v1__event__descriptor);
        event->type = from->type;
        event->mode = from->mode;
        event->modality = from->modality;
        event->trigger_start = from->trigger.start;
        event->trigger_end = from->trigger.end;
        event->sentence_start = sentence.start;
        event->sentence_end = sentence.end;
        event->sentence = lend(document_text(document, sentence));
        event->confidence = from->confidence;
        event->n_arguments = from->argument_count;
        event->arguments =
            arena_take(document->arena, from->argument_count, sizeof(*event->arguments));
        for (uint32_t k = 0; k < from->argument_count; k++)
            event->arguments[k] = argument_message(document, &from->arguments[k]);
        extraction->events[i] = event;
    }
}

Newsloom__V1__Extraction *document_extraction(const struct document *document,
                                              const struct knowledge *knowledge)
{
    Newsloom__V1__Extraction *extraction =
        new_message(document, &newsloom__v1__extraction__descriptor);
    extraction->url = lend(document->input->url);
    extraction->title = lend(document->title);
    extraction->author = lend(document->author);
    extraction->published = lend(document->published);
    extraction->published_origin = document->published_origin;
    extraction->fetched = lend(document->input->fetched);
    extraction->publisher = lend(document->publisher);
    extraction->language = lend(document->language);
    extraction->page_kind = document->page_kind;
    extraction->text_length = document->text.length;
    extraction->sketch = document->sketch.bits;
    extraction->n_bands = document->sketch.band_count;
    extraction->bands = arena_copy(document->arena, document->sketch.bands,
                                   sizeof(*extraction->bands) * extraction->n_bands);
    add_sections(document, extraction);
    add_mentions(document, extraction);
    add_entities(document, extraction);
    add_roles(document, extraction);
    add_events(document, extraction);
    Newsloom__V1__Extractor *extractor =
        new_message(document, &newsloom__v1__extractor__descriptor);
    extractor->name = lend("newsloom");
    extractor->version = lend(NEWSLOOM_VERSION);
    extractor->model_digest.len = DIGEST_SIZE;
    extractor->model_digest.data =
        arena_copy(document->arena, knowledge_digest(knowledge), DIGEST_SIZE);
    extraction->extractor = extractor;
    return extraction;
}
