// SPDX-License-Identifier: Apache-2.0
/*
 * live - what was just stored, published by topic for consumers of three lines; best effort.
 *
 * Frames: [topic][Envelope with Live][Extraction]. One message a topic, so a consumer of several
 * topics sees an article several times, with the same sequence:
 *
 *   article/<source>
 *   entity/<16 hex>    each entity, by the first eight bytes of its id
 *   event/<TYPE>       each type of event
 *
 * A slow consumer loses messages without a word; who must not lose any subscribes by cursor.
 */
#include <inttypes.h>
#include <stdio.h>

#include "broker/broker.h"

enum { TOPIC_SIZE = 96 };

static const char *enum_name(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
    return found ? found->name : "UNKNOWN";
}

static void publish_topics(struct broker *b, const Newsloom__V1__Topics *topics,
                           zmq_msg_t *envelope, zmq_msg_t *extraction)
{
    char topic[TOPIC_SIZE];
    for (size_t i = 0; i < topics->n_entities; i++) {
        (void)snprintf(topic, sizeof(topic), "entity/%016" PRIx64, topics->entities[i]);
        sockets_publish(b->sockets, topic, envelope, extraction);
    }
    for (size_t i = 0; i < topics->n_event_types; i++) {
        (void)snprintf(
            topic, sizeof(topic), "event/%s",
            enum_name(&newsloom__v1__event_type__descriptor, (int)topics->event_types[i]));
        sockets_publish(b->sockets, topic, envelope, extraction);
    }
}

void publish_live(struct broker *b, uint64_t sequence, const struct item *item,
                  const Newsloom__V1__Result *result, struct message *message, size_t payload)
{
    char topic[TOPIC_SIZE];
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Live live = NEWSLOOM__V1__LIVE__INIT;
    Newsloom__V1__Entry entry = NEWSLOOM__V1__ENTRY__INIT;
    if (!sockets_were_listened_to(b->sockets))
        return;
    const char *source = item ? store_source_name(b->store, item->source_id) : NULL;
    envelope.protocol = protocol_oldest;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_LIVE;
    envelope.live = &live;
    live.entry = &entry;
    entry.sequence = sequence;
    entry.kind = result->kind;
    entry.stored_at_ms = b->wall_ms;
    entry.article_id = result->article_id;
    entry.extraction_digest = result->extraction_digest;
    if (source)
        entry.source = (char *)source;
    zmq_msg_t extraction;
    message_lend(message, payload, &extraction);
    zmq_msg_t packed;
    ENSURE(zmq_msg_init_size(&packed, newsloom__v1__envelope__get_packed_size(&envelope)) == 0);
    (void)newsloom__v1__envelope__pack(&envelope, zmq_msg_data(&packed));
    if (source) {
        (void)snprintf(topic, sizeof(topic), "article/%s", source);
        sockets_publish(b->sockets, topic, &packed, &extraction);
    }
    if (result->topics)
        publish_topics(b, result->topics, &packed, &extraction);
    ENSURE(zmq_msg_close(&packed) == 0);
    ENSURE(zmq_msg_close(&extraction) == 0);
}
