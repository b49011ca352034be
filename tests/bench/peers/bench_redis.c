// SPDX-License-Identifier: Apache-2.0
/*
 * bench_redis - Redis Streams under load.h's load: XADD, and one consumer group that acknowledges
 * and deletes what it read.
 *
 * A batch is so many XADD in one write; a feeder hears answers when its window is full. A worker
 * reads up to 128 entries (XREADGROUP), then acknowledges and deletes them with one XACK and one
 * XDEL, whose answers it reads before it counts them done.
 */
#include <hiredis/hiredis.h>
#include <string.h>

#include "common/status.h"
#include "tests/bench/peers/load.h"

enum { ARGUMENTS_MOST = LOAD_SLOTS + 3 };

static redisContext *reach(void)
{
    redisContext *redis = redisConnect(load.host, load.port);
    if (!redis || redis->err)
        load_fail("connect", redis ? redis->errstr : "no memory");
    return redis;
}

/* The next answer, which must be none of an error. */
static redisReply *answer(redisContext *redis)
{
    void *reply = NULL;
    if (redisGetReply(redis, &reply) != REDIS_OK || !reply)
        load_fail("answer", redis->errstr);
    if (((redisReply *)reply)->type == REDIS_REPLY_ERROR)
        load_fail("answer", ((redisReply *)reply)->str);
    return reply;
}

static void hear(redisContext *redis)
{
    freeReplyObject(answer(redis));
}

static void send_words(redisContext *redis, size_t count, const char **words, const size_t *sizes)
{
    ENSURE(redisAppendCommandArgv(redis, (int)count, words, sizes) == REDIS_OK);
}

static void feed(const char *article)
{
    redisContext *redis = reach();
    const char *words[] = {"XADD", "jobs", "*", "payload", article};
    const size_t sizes[] = {4, 4, 1, 7, load.size};
    unsigned unanswered = 0;
    for (unsigned count = 0; (count = load_claim()) > 0;) {
        for (unsigned i = 0; i < count; i++)
            send_words(redis, COUNT_OF(words), words, sizes);
        unanswered += count;
        for (int done = 0; !done;)
            ENSURE(redisBufferWrite(redis, &done) == REDIS_OK);
        for (; unanswered + load.batch > load.window; unanswered--)
            hear(redis);
    }
    for (; unanswered > 0; unanswered--)
        hear(redis);
    redisFree(redis);
}

static void acknowledge(redisContext *redis, const redisReply *entries)
{
    const char *words[ARGUMENTS_MOST] = {"XACK", "jobs", "workers"};
    size_t sizes[ARGUMENTS_MOST] = {4, 4, 7};
    ENSURE(entries->elements <= LOAD_SLOTS);
    for (size_t i = 0; i < entries->elements; i++) {
        const redisReply *id = entries->element[i]->element[0];
        words[3 + i] = id->str;
        sizes[3 + i] = id->len;
    }
    send_words(redis, 3 + entries->elements, words, sizes);
    words[1] = "XDEL";
    sizes[1] = 4;
    words[2] = "jobs";
    sizes[2] = 4;
    send_words(redis, 2 + entries->elements, words + 1, sizes + 1);
    hear(redis);
    hear(redis);
    load_settle(entries->elements);
}

static void work(unsigned number)
{
    redisContext *redis = reach();
    while (!load_is_over()) {
        ENSURE(redisAppendCommand(
                   redis, "XREADGROUP GROUP workers worker-%u COUNT %d BLOCK 50 STREAMS jobs >",
                   number, LOAD_SLOTS) == REDIS_OK);
        redisReply *reply = answer(redis);
        if (reply->type == REDIS_REPLY_ARRAY)
            acknowledge(redis, reply->element[0]->element[1]);
        freeReplyObject(reply);
    }
    redisFree(redis);
}

static void prepare(void)
{
    redisContext *redis = reach();
    ENSURE(redisAppendCommand(redis, "XGROUP CREATE jobs workers 0 MKSTREAM") == REDIS_OK);
    hear(redis);
    redisFree(redis);
}

int main(int argc, char **argv)
{
    return load_run(argc, argv, &(struct load_client){prepare, feed, work});
}
