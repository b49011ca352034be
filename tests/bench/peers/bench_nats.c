// SPDX-License-Identifier: Apache-2.0
/*
 * bench_nats - NATS JetStream under load.h's load, by the NATS C client.
 *
 * A file-backed stream that forgets what is acknowledged. A feeder publishes asynchronously, at
 * most its window unanswered; workers share a push consumer (fetching batches corrupts the heap of
 * Debian 12's client library) and acknowledge each. An ack has no answer, so an article counts as
 * settled when its ack was written.
 */
#include <nats/nats.h>
#include <stdio.h>

#include "common/status.h"
#include "tests/bench/peers/load.h"

enum { WAIT_MS = 50, WAIT_LONG_MS = 60000 };

static void check(natsStatus status, const char *what)
{
    if (status != NATS_OK)
        load_fail(what, natsStatus_GetText(status));
}

struct reached {
    natsConnection *connection;
    jsCtx *stream;
};

static struct reached reach(void)
{
    struct reached reached;
    char url[128];
    jsOptions options;
    (void)snprintf(url, sizeof(url), "nats://%s:%d", load.host, load.port);
    check(natsConnection_ConnectTo(&reached.connection, url), "connect");
    check(jsOptions_Init(&options), "options");
    options.Wait = WAIT_LONG_MS;
    options.PublishAsync.StallWait = WAIT_LONG_MS;
    options.PublishAsync.MaxPending = load.window;
    check(natsConnection_JetStream(&reached.stream, reached.connection, &options), "JetStream");
    return reached;
}

static void leave(struct reached *reached)
{
    jsCtx_Destroy(reached->stream);
    natsConnection_Destroy(reached->connection);
}

static void prepare(void)
{
    struct reached reached = reach();
    jsStreamConfig stream;
    jsConsumerConfig consumer;
    const char *subjects[] = {"jobs"};
    jsErrCode code;
    check(jsStreamConfig_Init(&stream), "stream");
    stream.Name = "JOBS";
    stream.Subjects = subjects;
    stream.SubjectsLen = 1;
    stream.Storage = js_FileStorage;
    stream.Retention = js_WorkQueuePolicy;
    check(js_AddStream(NULL, reached.stream, &stream, NULL, &code), "stream");
    check(jsConsumerConfig_Init(&consumer), "consumer");
    consumer.Durable = "workers";
    consumer.AckPolicy = js_AckExplicit;
    consumer.DeliverSubject = "deliver";
    consumer.DeliverGroup = "workers";
    consumer.MaxAckPending = (int64_t)load.workers * LOAD_SLOTS;
    check(js_AddConsumer(NULL, reached.stream, "JOBS", &consumer, NULL, &code), "consumer");
    leave(&reached);
}

static void feed(const char *article)
{
    struct reached reached = reach();
    for (unsigned count = 0; (count = load_claim()) > 0;)
        for (unsigned i = 0; i < count; i++)
            check(js_PublishAsync(reached.stream, "jobs", article, (int)load.size, NULL),
                  "publish");
    check(js_PublishAsyncComplete(reached.stream, NULL), "publish");
    leave(&reached);
}

static void work(unsigned number)
{
    (void)number;
    struct reached reached = reach();
    natsSubscription *subscription = NULL;
    jsSubOptions options;
    jsErrCode code;
    check(jsSubOptions_Init(&options), "subscribe");
    options.Stream = "JOBS";
    options.Consumer = "workers";
    options.Queue = "workers";
    options.ManualAck = true;
    check(js_SubscribeSync(&subscription, reached.stream, "jobs", NULL, &options, &code),
          "subscribe");
    while (!load_is_over()) {
        natsMsg *message = NULL;
        natsStatus status = natsSubscription_NextMsg(&message, subscription, WAIT_MS);
        if (status == NATS_TIMEOUT)
            continue;
        check(status, "next");
        ENSURE((size_t)natsMsg_GetDataLength(message) == load.size);
        check(natsMsg_Ack(message, NULL), "ack");
        natsMsg_Destroy(message);
        load_settle(1);
    }
    natsSubscription_Destroy(subscription);
    leave(&reached);
}

int main(int argc, char **argv)
{
    return load_run(argc, argv, &(struct load_client){prepare, feed, work});
}
