// SPDX-License-Identifier: Apache-2.0
/*
 * Storing articles in a real PostgreSQL: test_storage.py starts one, migrates a database and names
 * it in NEWSLOOM_TEST_DATABASE. Every test writes under a source of its own.
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>

#include "tests/support/testing.h"
#include "worker/store/schema.h"
#include "worker/store/storage.h"

static const char *database;

/* ---- articles ---- */

static char *lend(const char *text)
{
    return (char *)(uintptr_t)text;
}

static Newsloom__V1__Entity *new_entity(struct arena *arena, const char *name)
{
    Newsloom__V1__Entity *entity = arena_take(arena, 1, sizeof *entity);
    newsloom__v1__entity__init(entity);
    const char *parts[] = {name};
    uint8_t *id = arena_take(arena, 1, 16);
    digest_parts(parts, 1, id);
    entity->id.data = id;
    entity->id.len = 16;
    entity->type = NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION;
    entity->name = arena_text(arena, name, strlen(name));
    entity->canonical_key = entity->name;
    entity->key_version = 1;
    return entity;
}

/* Names stand one after the other in the text; the last mention is a date. */
static void add_mentions(struct arena *arena, Newsloom__V1__Extraction *extraction)
{
    size_t names = extraction->n_entities;
    extraction->n_mentions = names + 1;
    extraction->mentions = arena_take(arena, names + 1, sizeof *extraction->mentions);
    for (size_t i = 0; i <= names; i++) {
        Newsloom__V1__Mention *mention = arena_take(arena, 1, sizeof *mention);
        newsloom__v1__mention__init(mention);
        mention->start = (uint32_t)i;
        mention->end = (uint32_t)i + 1;
        mention->section = NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_BODY;
        mention->confidence = 900;
        extraction->mentions[i] = mention;
        if (i < names) {
            mention->type = extraction->entities[i]->type;
            mention->text = extraction->entities[i]->name;
            mention->entity = (uint32_t)i + 1;
        } else {
            mention->type = NEWSLOOM__V1__ENTITY_TYPE__DATE;
            mention->text = lend("tháng 3/2026");
            mention->value = lend("2026-03");
            mention->date_from = lend("2026-03-01");
            mention->date_to = lend("2026-03-31");
        }
    }
}

static void add_event(struct arena *arena, Newsloom__V1__Extraction *extraction)
{
    Newsloom__V1__Event *event = arena_take(arena, 1, sizeof *event);
    Newsloom__V1__Argument *actor = arena_take(arena, 1, sizeof *actor);
    Newsloom__V1__Role *role = arena_take(arena, 1, sizeof *role);
    newsloom__v1__event__init(event);
    newsloom__v1__argument__init(actor);
    newsloom__v1__role__init(role);
    actor->role = NEWSLOOM__V1__ARGUMENT_ROLE__ACTOR;
    actor->text = extraction->mentions[0]->text;
    actor->mention = 1;
    event->type = NEWSLOOM__V1__EVENT_TYPE__SIGN;
    event->modality = NEWSLOOM__V1__MODALITY__HAPPENED;
    event->sentence = lend("Hai bên ký kết.");
    event->n_arguments = 1;
    event->arguments = arena_take(arena, 1, sizeof *event->arguments);
    event->arguments[0] = actor;
    extraction->n_events = 1;
    extraction->events = arena_take(arena, 1, sizeof *extraction->events);
    extraction->events[0] = event;
    role->person = 1;
    role->rank = lend("Đại tá");
    role->n_positions = 2;
    role->positions = arena_take(arena, 2, sizeof *role->positions);
    role->positions[0] = lend("Giám đốc");
    role->positions[1] = lend("Ủy viên");
    extraction->n_roles = 1;
    extraction->roles = arena_take(arena, 1, sizeof *extraction->roles);
    extraction->roles[0] = role;
}

static Newsloom__V1__Extraction *new_extraction(struct arena *arena, const char *const *names,
                                                size_t count)
{
    Newsloom__V1__Extraction *extraction = arena_take(arena, 1, sizeof *extraction);
    Newsloom__V1__Extractor *extractor = arena_take(arena, 1, sizeof *extractor);
    newsloom__v1__extraction__init(extraction);
    newsloom__v1__extractor__init(extractor);
    extractor->name = lend("test");
    extractor->version = lend("1");
    extraction->extractor = extractor;
    extraction->published = lend("2026-03-01T07:30:00+07:00");
    extraction->published_origin = NEWSLOOM__V1__PUBLISHED_ORIGIN__PUBLISHED_ORIGIN_FEEDER;
    extraction->page_kind = NEWSLOOM__V1__PAGE_KIND__PAGE_KIND_ARTICLE;
    extraction->language = lend("vi");
    extraction->title = lend("Bản tin");
    extraction->sketch = UINT64_C(0xfedcba9876543210);
    extraction->n_entities = count;
    extraction->entities = arena_take(arena, count, sizeof *extraction->entities);
    for (size_t i = 0; i < count; i++)
        extraction->entities[i] = new_entity(arena, names[i]);
    add_mentions(arena, extraction);
    add_event(arena, extraction);
    return extraction;
}

struct desk { /* rows and what they borrow */
    struct arena *arena;
    struct storage *storage;
};

static struct article_row *new_row(struct desk *desk, const char *source, const char *key,
                                   const char *content)
{
    static const char *const names[] = {"Bộ Công an", "Công an Hà Nội", "Viện kiểm sát"};
    struct arena *arena = desk->arena;
    struct article_row *row = arena_take(arena, 1, sizeof *row);
    *row = (struct article_row){
        .arena = arena,
        .broker_article_id = 7,
        .source = arena_text(arena, source, strlen(source)),
        .key = arena_text(arena, key, strlen(key)),
        .revision = 1,
        .generation = 1,
        .content = arena_text(arena, content, strlen(content)),
        .content_size = strlen(content),
        .content_type = "text/plain",
        .charset = "",
        .labels = "{\"desk\":\"law\"}",
        .trace_id = "t-1",
        .text = arena_text(arena, content, strlen(content)),
        .text_size = strlen(content),
        .extraction = new_extraction(arena, names, COUNT_OF(names)),
    };
    digest_content("", content, strlen(content), row->content_digest);
    struct error err;
    assert_ok(row_pack(row, &err), err);
    return row;
}

static void save(struct desk *desk, struct article_row **rows, size_t count)
{
    struct error err;
    assert_ok(storage_save(desk->storage, rows, count, &err), err);
}

/* The first value of the first row, as the caller's text. */
static char *ask(const char *format, const char *source)
{
    CLEANUP(pg_connection_finish) PGconn *connection = PQconnectdb(database);
    CLEANUP(pg_result_clear)
    PGresult *result = PQexecParams(connection, format, 1, NULL, &source, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s", PQresultErrorMessage(result));
    return text_copy(PQntuples(result) ? PQgetvalue(result, 0, 0) : "");
}

static void assert_answer(const char *sql, const char *source, const char *wanted)
{
    char *answer = ask(sql, source);
    assert_string_equal(answer, wanted);
    free(answer);
}

#define OF_SOURCE                                                                          \
    " JOIN newsloom.article a USING (article_id) JOIN newsloom.source s USING (source_id)" \
    " WHERE s.name = $1"
#define ARTICLES                                                                     \
    "SELECT count(*) FROM newsloom.article JOIN newsloom.source s USING (source_id)" \
    " WHERE s.name = $1"

static int open_desk(void **state)
{
    struct desk *desk = memory_new(sizeof *desk);
    desk->arena = arena_new(0);
    desk->storage = storage_new(database, "test", STORAGE_TIMEOUT_MS);
    *state = desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    storage_free(&desk->storage);
    arena_free(&desk->arena);
    free(desk);
    return 0;
}

/* ---- what is promised ---- */

static void article_is_stored_with_all_its_children(void **state)
{
    struct article_row *row = new_row(*state, "whole", "a", "Một bài báo.");
    save(*state, &row, 1);
    assert_int_equal(row->end, ROW_STORED);
    assert_answer(ARTICLES, "whole", "1");
    assert_answer("SELECT count(*) FROM newsloom.mention" OF_SOURCE, "whole", "4");
    assert_answer("SELECT positions[2] FROM newsloom.role" OF_SOURCE, "whole", "Ủy viên");
    assert_answer("SELECT e.type FROM newsloom.event e" OF_SOURCE, "whole", "SIGN");
    assert_answer("SELECT n.name FROM newsloom.event_argument g JOIN newsloom.entity n USING "
                  "(entity_id)" OF_SOURCE,
                  "whole", "Bộ Công an");
    assert_answer("SELECT date_to - date_from FROM newsloom.mention m" OF_SOURCE
                  " AND m.type = 'DATE'",
                  "whole", "30");
    assert_answer("SELECT published_at = '2026-03-01 00:30Z' AND reported_on = '2026-03-01'"
                  " AND labels->>'desk' = 'law' AND to_hex(sketch) = 'fedcba9876543210'"
                  " FROM newsloom.article JOIN newsloom.source s USING (source_id)"
                  " WHERE s.name = $1",
                  "whole", "t");
}

static void stored_bytes_are_those_that_are_reported(void **state)
{
    struct article_row *row = new_row(*state, "bytes", "a", "Một bài báo.");
    char hex[DIGEST_HEX_SIZE];
    save(*state, &row, 1);
    char *stored = ask("SELECT encode(extraction_digest, 'hex') FROM newsloom.article"
                       " JOIN newsloom.source s USING (source_id) WHERE s.name = $1",
                       "bytes");
    assert_string_equal(stored, digest_hex(row->packed_digest, hex));
    free(stored);
}

static void what_was_stored_first_wins(void **state)
{
    struct article_row *first = new_row(*state, "first", "a", "Một bài báo.");
    struct article_row *second = new_row(*state, "first", "a", "Một bài báo.");
    struct error err;
    second->extraction->extractor->version = lend("2");
    assert_ok(row_pack(second, &err), err);
    save(*state, &first, 1);
    save(*state, &second, 1);
    assert_int_equal(second->end, ROW_FOUND);
    assert_memory_equal(second->packed_digest, first->packed_digest, DIGEST_SIZE);
    assert_string_equal(second->extraction->extractor->version, "1");
    assert_answer(ARTICLES, "first", "1");
}

static void same_article_twice_in_a_batch_is_stored_once(void **state)
{
    struct article_row *rows[] = {new_row(*state, "twice", "a", "Một bài báo."),
                                  new_row(*state, "twice", "a", "Một bài báo.")};
    save(*state, rows, 2);
    assert_true(rows[0]->end != rows[1]->end);
    assert_answer(ARTICLES, "twice", "1");
    assert_answer("SELECT count(*) FROM newsloom.mention" OF_SOURCE, "twice", "4");
}

static void bad_article_costs_itself_only(void **state)
{
    enum { COUNT = 40, BAD = 17 };
    struct article_row *rows[COUNT];
    struct article_row *bad = NULL;
    for (int i = 0; i < COUNT; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "k%02d", i);
        rows[i] = new_row(*state, "poison", key, "Một bài báo.");
    }
    bad = rows[BAD];
    bad->text = "\xff\xfe";
    bad->text_size = 2;
    save(*state, rows, COUNT);
    assert_int_equal(bad->end, ROW_REFUSED);
    assert_true(bad->permanent);
    assert_contains(bad->why, "22021");
    assert_answer(ARTICLES, "poison", "39");
}

static void very_long_text_and_name_are_stored(void **state)
{
    size_t size = 1900000;
    char *words = memory_new(size + 1);
    for (size_t i = 0; i < size; i++)
        words[i] = (char)(i % 7 == 6 ? ' ' : 'a' + (int)(i * 2654435761u >> 7) % 26);
    struct article_row *row = new_row(*state, "long", "a", words);
    struct error err;
    words[5000] = 0;
    row->extraction->mentions[0]->text = words;
    assert_ok(row_pack(row, &err), err);
    save(*state, &row, 1);
    assert_int_equal(row->end, ROW_STORED);
    free(words);
}

static void newer_generation_replaces_and_an_older_never_does(void **state)
{
    struct article_row *first = new_row(*state, "again", "a", "Một bài báo.");
    struct article_row *second = new_row(*state, "again", "a", "Một bài báo.");
    struct article_row *late = new_row(*state, "again", "a", "Một bài báo.");
    struct error err;
    second->generation = 2;
    second->extraction->n_mentions = 1;
    second->extraction->n_events = 0;
    assert_ok(row_pack(second, &err), err);
    save(*state, &first, 1);
    save(*state, &second, 1);
    save(*state, &late, 1);
    assert_int_equal(second->end, ROW_STORED);
    assert_int_equal(late->end, ROW_FOUND);
    assert_memory_equal(late->packed_digest, second->packed_digest, DIGEST_SIZE);
    assert_answer("SELECT count(*) FROM newsloom.mention" OF_SOURCE, "again", "1");
    assert_answer("SELECT count(*) FROM newsloom.event" OF_SOURCE, "again", "0");
    assert_answer("SELECT generation FROM newsloom.article JOIN newsloom.source s USING (source_id)"
                  " WHERE s.name = $1",
                  "again", "2");
}

static void other_content_under_a_known_revision_becomes_the_next(void **state)
{
    struct article_row *first = new_row(*state, "lost", "a", "Bản đầu.");
    struct article_row *other = new_row(*state, "lost", "a", "Bản khác.");
    struct article_row *again = new_row(*state, "lost", "a", "Bản khác.");
    save(*state, &first, 1);
    save(*state, &other, 1);
    save(*state, &again, 1);
    assert_int_equal(other->end, ROW_STORED);
    assert_int_equal(other->revision, 2);
    assert_int_equal(other->extraction->revision, 2);
    assert_int_equal(again->end, ROW_FOUND);
    assert_memory_equal(again->packed_digest, other->packed_digest, DIGEST_SIZE);
    assert_answer(ARTICLES, "lost", "2");
    assert_answer("SELECT count(*) FROM newsloom.current_article JOIN newsloom.source s"
                  " USING (source_id) WHERE s.name = $1",
                  "lost", "1");
}

static void cut_connection_is_repeated(void **state)
{
    struct desk *desk = *state;
    struct article_row *before = new_row(desk, "cut", "a", "Một bài báo.");
    struct article_row *row = new_row(desk, "cut", "b", "Một bài khác.");
    struct error err;
    save(desk, &before, 1);
    free(ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
             " WHERE application_name = 'newsloom-worker test' AND $1 <> ''",
             "cut"));
    enum status status = STATUS_AGAIN;
    for (int i = 0; i < 5 && status == STATUS_AGAIN; i++)
        status = storage_save(desk->storage, &row, 1, &err);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(row->end, ROW_STORED);
}

static void commit_in_doubt_finds_its_own_rows(void **state)
{
    struct desk *desk = *state;
    struct article_row *row = new_row(desk, "doubt", "a", "Một bài báo.");
    save(desk, &row, 1);
    uint8_t digest[DIGEST_SIZE];
    memcpy(digest, row->packed_digest, DIGEST_SIZE);
    row->end = ROW_OPEN; /* as if the answer to COMMIT had been lost */
    save(desk, &row, 1);
    assert_int_equal(row->end, ROW_FOUND);
    assert_memory_equal(row->packed_digest, digest, DIGEST_SIZE);
    assert_answer("SELECT count(*) FROM newsloom.mention" OF_SOURCE, "doubt", "4");
}

static void *save_many(void *context)
{
    struct desk desk = {.arena = arena_new(0),
                        .storage = storage_new(database, "crowd", STORAGE_TIMEOUT_MS)};
    enum { ROUNDS = 6, COUNT = 20 };
    for (int round = 0; round < ROUNDS; round++) {
        struct article_row *rows[COUNT];
        for (int i = 0; i < COUNT; i++) {
            char key[32];
            (void)snprintf(key, sizeof key, "%d-%d", round, (i * 7 + *(int *)context) % COUNT);
            rows[i] = new_row(&desk, "crowd", key, "Một bài báo.");
        }
        save(&desk, rows, COUNT);
    }
    storage_free(&desk.storage);
    arena_free(&desk.arena);
    return NULL;
}

static void writers_of_the_same_articles_and_entities_do_not_hinder_each_other(void **state)
{
    (void)state;
    pthread_t threads[4];
    int numbers[4];
    for (int i = 0; i < 4; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, save_many, &numbers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_answer(ARTICLES, "crowd", "120");
    assert_answer("SELECT count(*) FROM newsloom.mention" OF_SOURCE, "crowd", "480");
}

static void server_that_is_away_is_said_to_be_away(void **state)
{
    struct desk *desk = *state;
    struct article_row *row = new_row(desk, "away", "a", "Một bài báo.");
    struct storage *storage =
        storage_new("host=/nonexistent dbname=none", "test", STORAGE_TIMEOUT_MS);
    struct error err;
    assert_int_equal(storage_save(storage, &row, 1, &err), STATUS_AGAIN);
    assert_int_equal(row->end, ROW_OPEN);
    storage_free(&storage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int main(void)
{
    database = getenv("NEWSLOOM_TEST_DATABASE");
    if (!database) {
        (void)fprintf(stderr, "NEWSLOOM_TEST_DATABASE is not set; run test_storage.py\n");
        return 64;
    }
    const struct CMUnitTest tests[] = {
        TEST(article_is_stored_with_all_its_children),
        TEST(stored_bytes_are_those_that_are_reported),
        TEST(what_was_stored_first_wins),
        TEST(same_article_twice_in_a_batch_is_stored_once),
        TEST(bad_article_costs_itself_only),
        TEST(very_long_text_and_name_are_stored),
        TEST(newer_generation_replaces_and_an_older_never_does),
        TEST(other_content_under_a_known_revision_becomes_the_next),
        TEST(cut_connection_is_repeated),
        TEST(commit_in_doubt_finds_its_own_rows),
        TEST(writers_of_the_same_articles_and_entities_do_not_hinder_each_other),
        TEST(server_that_is_away_is_said_to_be_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
