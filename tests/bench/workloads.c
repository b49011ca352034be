// SPDX-License-Identifier: Apache-2.0
/*
 * workloads - three fixed pieces of work whose instructions are counted (test_instructions.py).
 *
 *      workloads extraction MODEL FILE ...     the articles of the files, from bytes to a message
 *      workloads store DIRECTORY               turns of a new store: accepts, settlements,
 * retention workloads messages                      envelopes of feeders and workers, packed and
 * checked
 *
 * All that is done once to begin with happens before work_begins(): there the count starts.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "broker/store.h"
#include "proto/envelope.h"
#include "worker/extract/extract.h"
#include "worker/extract/intake.h"
#include "worker/extract/knowledge.h"

enum {
    TURNS = 12,
    TURN_ARTICLES = 64,
    BODY_SIZE = 4096,
    EXTRACTION_SIZE = 1500,
    NAME_ROOM = 32,
    MESSAGES = 200,
    MESSAGE_ARTICLES = 16,
    FILES_MOST = 64,
};

/* Where the count begins; never inlined, so that valgrind finds it. */
__attribute__((noinline)) void work_begins(void (*work)(void *what), void *what);
void work_begins(void (*work)(void *what), void *what)
{
    work(what);
}

static void check(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    (void)fprintf(stderr, "workloads: %s\n", err->text);
    exit(status_exit_code(status)); // NOLINT(concurrency-mt-unsafe): one thread
}

/* ---- extraction */

struct articles {
    struct knowledge *knowledge;
    struct intake_article *read[FILES_MOST];
    size_t count;
};

static bool take(void *context, struct intake_article *article)
{
    struct articles *articles = context;
    ENSURE(articles->count < FILES_MOST);
    articles->read[articles->count++] = article;
    return true;
}

static void complain(void *context, const struct error *err)
{
    (void)context;
    check(STATUS_INVALID, err);
}

static void extract(void *what)
{
    struct articles *articles = what;
    for (size_t i = 0; i < articles->count; i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new(0);
        const struct extract_limits limits = {0};
        struct document document = {0};
        struct error err;
        size_t size = 0;
        check(extract_document(articles->knowledge, &articles->read[i]->input, &limits, arena,
                               &document, &err),
              &err);
        (void)message_pack(&document_extraction(&document, articles->knowledge)->base, arena,
                           &size);
    }
}

static void run_extraction(char **arguments)
{
    struct articles articles = {0};
    struct error err;
    check(knowledge_open(arguments[0], &articles.knowledge, &err), &err);
    const struct intake intake = {.take = take, .complain = complain, .context = &articles};
    for (char **file = arguments + 1; *file; file++)
        intake_read(&intake, *file);
    work_begins(extract, &articles);
    while (articles.count > 0)
        intake_article_free(&articles.read[--articles.count]);
    knowledge_close(&articles.knowledge);
}

/* ---- store */

struct turns {
    struct store *store;
    struct turn *turn;
    char *body;
    char keys[TURN_ARTICLES][NAME_ROOM];
    uint8_t digests[TURN_ARTICLES][DIGEST_SIZE];
};

static void submit(struct turns *turns)
{
    struct error err;
    check(store_submit(turns->store, turns->turn, &err), &err);
    turn_reset(turns->turn);
}

static void number_articles(struct turns *turns, uint64_t first)
{
    for (uint64_t i = 0; i < TURN_ARTICLES; i++) {
        uint64_t number = first + i;
        (void)snprintf(turns->keys[i], NAME_ROOM, "article-%" PRIu64, number);
        digest_bytes(&number, sizeof(number), turns->digests[i]);
    }
}

static void accept_turn(struct turns *turns)
{
    for (size_t i = 0; i < TURN_ARTICLES; i++) {
        struct accept accept = {.source = "workload",
                                .key = turns->keys[i],
                                .class_ = NEWSLOOM__V1__CLASS__LIVE,
                                .digest = turns->digests[i],
                                .payload = turns->body,
                                .size = BODY_SIZE,
                                .at_ms = 1000};
        (void)turn_accept(turns->turn, &accept);
    }
    submit(turns);
}

static void settle_turn(struct turns *turns, uint64_t first)
{
    for (size_t i = 0; i < TURN_ARTICLES; i++) {
        struct settle settle = {.article_id = first + i,
                                .digest = turns->digests[i],
                                .kind = NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED,
                                .extraction_digest = turns->digests[i],
                                .extraction = turns->body,
                                .size = EXTRACTION_SIZE,
                                .worker = "workload",
                                .at_ms = 2000};
        (void)turn_settle(turns->turn, &settle);
    }
    submit(turns);
}

/* Half of the turns settle what the one before accepted, the other half falls behind. */
static void take_turns(void *what)
{
    struct turns *turns = what;
    for (uint64_t n = 0; n < TURNS; n++) {
        number_articles(turns, 1 + n * TURN_ARTICLES);
        accept_turn(turns);
        if (n % 2)
            settle_turn(turns, 1 + n * TURN_ARTICLES);
    }
}

static void run_store(char **arguments)
{
    struct turns turns = {.turn = turn_new(), .body = memory_new(BODY_SIZE)};
    const struct store_options options = {
        .directory = arguments[0],
        .budget_bytes = (uint64_t)64 << 20,
        .reserve_bytes = (uint64_t)8 << 20,
        .key_retention_ms = INT64_MAX / 2,
        .log_retention_ms = INT64_MAX / 2,
        .log_limit_bytes = UINT64_MAX,
        .readers = 2,
    };
    struct error err;
    memset(turns.body, 'a', BODY_SIZE);
    check(store_open(&turns.store, &options, &err), &err);
    work_begins(take_turns, &turns);
    store_close(&turns.store);
    turn_free(&turns.turn);
    free(turns.body);
}

/* ---- messages */

static Newsloom__V1__Envelope *submission(struct arena *arena)
{
    Newsloom__V1__Envelope *envelope = arena_take(arena, 1, sizeof(*envelope));
    Newsloom__V1__Submit *body = arena_take(arena, 1, sizeof(*body));
    newsloom__v1__envelope__init(envelope);
    newsloom__v1__submit__init(body);
    body->articles = arena_take(arena, MESSAGE_ARTICLES, sizeof(*body->articles));
    for (size_t i = 0; i < MESSAGE_ARTICLES; i++) {
        Newsloom__V1__Submission *row = arena_take(arena, 1, sizeof(*row));
        newsloom__v1__submission__init(row);
        row->source = arena_text(arena, "workload", 8);
        row->key = arena_format(arena, "https://example.org/tin/%zu.html", i);
        row->class_ = NEWSLOOM__V1__CLASS__LIVE;
        row->digest = (ProtobufCBinaryData){DIGEST_SIZE, arena_take(arena, 1, DIGEST_SIZE)};
        row->size = BODY_SIZE;
        body->articles[body->n_articles++] = row;
    }
    envelope->protocol = protocol_oldest;
    envelope->request = 1;
    envelope->body_case = NEWSLOOM__V1__ENVELOPE__BODY_SUBMIT;
    envelope->submit = body;
    return envelope;
}

static void pack_and_check(void *what)
{
    (void)what;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    for (unsigned n = 0; n < MESSAGES; n++) {
        size_t size = 0;
        Newsloom__V1__Envelope *read = NULL;
        Newsloom__V1__RefusalCode refusal;
        struct error err;
        arena_reset(arena);
        void *bytes = message_pack(&submission(arena)->base, arena, &size);
        check(envelope_unpack(bytes, size, arena, &read, &refusal, &err), &err);
    }
}

int main(int argc, char **argv)
{
    if (argc >= 4 && strcmp(argv[1], "extraction") == 0)
        run_extraction(argv + 2);
    else if (argc == 3 && strcmp(argv[1], "store") == 0)
        run_store(argv + 2);
    else if (argc == 2 && strcmp(argv[1], "messages") == 0)
        work_begins(pack_and_check, NULL);
    else
        return EX_USAGE;
    return EX_OK;
}
