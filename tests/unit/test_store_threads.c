// SPDX-License-Identifier: Apache-2.0
/* Readers on threads of their own, while turns go on. Worth most under ThreadSanitizer. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "tests/unit/store_home.h"

#define READERS 3
#define TURNS   150

struct crew {
    struct home *home;
    atomic_bool is_over;
    atomic_uint faults;
    atomic_uint answers;
};

/* The writer gives each article a source of its own; key and extraction are its number. */
static void check_entry(struct crew *crew, const struct log_entry *entry)
{
    char wanted[24];
    (void)snprintf(wanted, sizeof(wanted), "key %llu", (unsigned long long)entry->article_id);
    if (strcmp(entry->key, wanted) != 0 || entry->size != strlen(wanted) ||
        memcmp(entry->extraction, wanted, entry->size) != 0)
        atomic_fetch_add(&crew->faults, 1);
    atomic_fetch_add(&crew->answers, 1);
}

static uint64_t read_on(struct crew *crew, uint64_t after)
{
    struct log_entry entries[8];
    size_t count = 0;
    uint64_t scanned = after;
    if (store_log(crew->home->store, after, 8, 8, SIZE_MAX, NULL, NULL, entries, &count, &scanned,
                  NULL) != STATUS_OK)
        atomic_fetch_add(&crew->faults, 1);
    for (size_t i = 0; i < count; i++) {
        check_entry(crew, &entries[i]);
        log_entry_done(&entries[i]);
    }
    return scanned;
}

static void look_at_newest(struct crew *crew)
{
    struct store_facts facts;
    struct stored_article article;
    store_facts(crew->home->store, &facts);
    if (facts.next_article_id == 1)
        return;
    if (store_article(crew->home->store, facts.next_article_id - 1, &article, NULL) != STATUS_OK) {
        atomic_fetch_add(&crew->faults, 1);
        return;
    }
    if (!store_source_name(crew->home->store, store_source_id(crew->home->store, article.source)))
        atomic_fetch_add(&crew->faults, 1);
    stored_article_done(&article);
}

static void *read_always(void *context)
{
    struct crew *crew = context;
    uint64_t after = 0;
    while (!atomic_load(&crew->is_over)) {
        after = read_on(crew, after);
        look_at_newest(crew);
    }
    (void)read_on(crew, after);
    return NULL;
}

static void write_turns(struct home *home)
{
    static char keys[TURNS][24];
    uint8_t digest[DIGEST_SIZE];
    for (unsigned i = 0; i < TURNS; i++) {
        char source[24];
        (void)snprintf(keys[i], sizeof(keys[i]), "key %u", i + 1);
        (void)snprintf(source, sizeof(source), "source-%u", i);
        turn_reset(home->turn);
        (void)add_accept(home, source, keys[i], keys[i]);
        submit(home);
        digest_bytes(keys[i], strlen(keys[i]), digest);
        turn_reset(home->turn);
        (void)add_settle(home, i + 1, digest, keys[i], 1000);
        submit(home);
    }
}

static void readers_see_whole_turns_while_others_are_written(void **state)
{
    struct crew crew = {.home = *state};
    pthread_t threads[READERS];
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_always, &crew), 0);
    write_turns(crew.home);
    atomic_store(&crew.is_over, true);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&crew.faults), 0);
    assert_true(atomic_load(&crew.answers) >= TURNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(readers_see_whole_turns_while_others_are_written,
                                        home_setup, home_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
