// SPDX-License-Identifier: Apache-2.0
#include "gateway/event_stream.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

enum {
    TURN_MS = 250, /* how soon a stream hears that the gateway stops */
    CHUNK_SIZE = 64 * 1024,
};

struct event_stream {
    struct gateway *gateway;
    struct event_wish wish;
    struct newsloom_subscriber *subscriber;
    const struct newsloom_entry *first;
    struct newsloom_cursor cursor; /* of the last entry that was written */
    long count;
    bool is_over;
    bool is_warned;       /* that entries are about to be gone */
    int64_t said_ms;      /* when anything was written */
    int64_t streaming_ms; /* when the subscription was last seen in force */
    char *text;           /* on its way to the client: from at to size */
    size_t size;
    size_t at;
    FILE *out; /* open while text is being made */
};

struct event_stream *event_stream_new(struct gateway *gateway, const struct event_wish *wish,
                                      struct newsloom_subscriber **subscriber_p,
                                      const struct newsloom_entry *first)
{
    struct event_stream *stream = memory_new(sizeof(*stream));
    stream->gateway = gateway;
    stream->wish = *wish;
    stream->subscriber = *subscriber_p;
    stream->first = first;
    stream->said_ms = stream->streaming_ms = clock_mono_ms();
    (void)newsloom_subscriber_cursor(stream->subscriber, &stream->cursor);
    *subscriber_p = NULL;
    return stream;
}

/* Before the client hears of the end: who asks again at once finds the place free. */
static void leave(struct event_stream *stream)
{
    if (stream->subscriber)
        (void)atomic_fetch_sub(&stream->gateway->streams, 1);
    newsloom_subscriber_close(&stream->subscriber);
}

void event_stream_close(void *context)
{
    struct event_stream *stream = context;
    leave(stream);
    free(stream->text);
    free(stream);
}

static void end(struct event_stream *stream, const char *reason)
{
    stream->is_over = true;
    (void)newsloom_subscriber_cursor(stream->subscriber, &stream->cursor);
    event_print_end(&stream->wish.form, reason, &stream->cursor, stream->out);
}

static void write_entry(struct event_stream *stream, const struct newsloom_entry *entry)
{
    stream->count++;
    stream->cursor.sequence = entry->sequence;
    event_print_entry(&stream->wish.form, entry, &stream->cursor, stream->out);
    gateway_tally(stream->gateway, TALLY_EVENTS);
}

/* Nothing came: is that the end, or worth a word? */
static void write_silence(struct event_stream *stream)
{
    int64_t now_ms = clock_mono_ms();
    const struct options *options = stream->gateway->options;
    bool is_streaming = newsloom_subscriber_is_streaming(stream->subscriber);
    if (is_streaming)
        stream->streaming_ms = now_ms;
    if (!stream->wish.follows && newsloom_subscriber_is_caught_up(stream->subscriber)) {
        end(stream, "caught-up");
    } else if (!stream->wish.follows && now_ms - stream->streaming_ms >= options->receipt_ms) {
        end(stream, "unavailable");
    } else if (now_ms - stream->said_ms >= options->heartbeat_ms) {
        (void)newsloom_subscriber_cursor(stream->subscriber, &stream->cursor);
        event_print_heartbeat(&stream->wish.form, &stream->cursor, is_streaming, stream->out);
    }
}

static void write_failure(struct event_stream *stream, enum status status)
{
    const struct newsloom_gap *gap = newsloom_subscriber_gap(stream->subscriber);
    if (status == STATUS_NOT_FOUND && gap)
        event_print_gap(&stream->wish.form, gap, stream->out);
    else
        end(stream, status == STATUS_INVALID ? "refused" : "unavailable");
    stream->is_over = true;
}

/* Once for each time that the reader falls so far behind. Who reads to an end was not asked to keep
 * up, and who just began with the earliest is there by its wish. */
static void warn(struct event_stream *stream)
{
    bool is_nearly = newsloom_subscriber_is_nearly_overtaken(stream->subscriber);
    if (is_nearly && !stream->is_warned && stream->wish.follows && stream->count > 0)
        event_print_warning(&stream->wish.form, &stream->cursor, stream->out);
    stream->is_warned = is_nearly && stream->count > 0;
}

static enum status next_entry(struct event_stream *stream, int64_t timeout_ms,
                              const struct newsloom_entry **ret_entry)
{
    *ret_entry = stream->first;
    stream->first = NULL;
    return *ret_entry ? STATUS_OK
                      : newsloom_subscriber_next(stream->subscriber, timeout_ms, ret_entry, NULL);
}

/* What there is, up to a chunk; waits a little for the first. */
static void write_some(struct event_stream *stream)
{
    const struct newsloom_entry *entry = NULL;
    enum status status = STATUS_OK;
    long before = stream->count;
    while (status == STATUS_OK && !stream->is_over && ftell(stream->out) < CHUNK_SIZE) {
        if (stream->wish.limit && stream->count == stream->wish.limit) {
            newsloom_subscriber_acknowledge(stream->subscriber, stream->cursor.sequence);
            end(stream, "limit");
            return;
        }
        status = next_entry(stream, stream->count == before ? TURN_MS : 0, &entry);
        if (status == STATUS_OK)
            write_entry(stream, entry);
    }
    if (status == STATUS_AGAIN && stream->count == before)
        write_silence(stream);
    else if (status != STATUS_OK && status != STATUS_AGAIN)
        write_failure(stream, status);
}

/* The client took all that was made: makes more. */
static void refill(struct event_stream *stream)
{
    free(stream->text);
    stream->text = NULL;
    stream->at = stream->size = 0;
    stream->out = open_memstream(&stream->text, &stream->size);
    ENSURE(stream->out);
    newsloom_subscriber_acknowledge(stream->subscriber, stream->cursor.sequence);
    warn(stream);
    if (atomic_load(&stream->gateway->is_stopping))
        end(stream, "stopping");
    else
        write_some(stream);
    ENSURE(fclose(stream->out) == 0);
    stream->out = NULL;
    if (stream->size > 0)
        stream->said_ms = clock_mono_ms();
}

ssize_t event_stream_read(void *context, char *buffer, size_t size)
{
    struct event_stream *stream = context;
    while (stream->at == stream->size) {
        if (stream->is_over) {
            leave(stream);
            return 0;
        }
        refill(stream);
    }
    size_t part = stream->size - stream->at;
    part = part < size ? part : size;
    memcpy(buffer, stream->text + stream->at, part);
    stream->at += part;
    return (ssize_t)part;
}
