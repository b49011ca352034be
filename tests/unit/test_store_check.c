// SPDX-License-Identifier: Apache-2.0
/* What does not fit together is found, each kind of it, and nothing else is. */
#include <lmdb.h>
#include <stdio.h>

#include "broker/store_check.h"
#include "tests/unit/store_home.h"

struct found {
    size_t articles;
    size_t entries;
    size_t findings;
    char text[CHECK_FINDING_SIZE]; /* of the first */
};

static struct found check(struct home *home, size_t most)
{
    struct found found = {0};
    struct store_check slice = {.most = most};
    struct error err;
    while (!slice.is_over) {
        slice.articles = slice.entries = slice.finding_count = 0;
        assert_ok(store_check(home->store, &slice, &err), err);
        assert_true(slice.articles + slice.entries <= most);
        if (!found.findings && slice.finding_count)
            (void)snprintf(found.text, sizeof(found.text), "%s", slice.findings[0]);
        found.articles += slice.articles;
        found.entries += slice.entries;
        found.findings += slice.finding_count;
    }
    return found;
}

/* 1 is stored, 2 is dead, 3 waits with a body of several chunks, 4 is withdrawn. */
static void furnish(struct home *home)
{
    static char body[9001];
    uint8_t digest[DIGEST_SIZE];
    memset(body, 'b', sizeof(body) - 1);
    (void)accept_text(home, "a", "the facts"); /* so that digests of content and facts are one */
    digest_bytes("the facts", 9, digest);
    (void)settle_text(home, 1, "the facts", "the facts");
    (void)accept_text(home, "b", "text");
    (void)attempt(home, 2, DEAD, "CRASHED");
    (void)accept_text(home, "c", body);
    (void)attempt(home, 3, WAITING, "TIMED_OUT");
    (void)accept_text(home, "d", "other");
    (void)attempt(home, 4, DEAD, "CRASHED");
    (void)withdraw(home, 4, "dropped");
}

static void sound_store_has_no_finding_whatever_the_slices(void **state)
{
    struct home *home = *state;
    furnish(home);
    for (size_t most = 1; most < 12; most++) {
        struct found found = check(home, most);
        assert_int_equal(found.articles, 4);
        assert_int_equal(found.entries, 4);
        if (found.findings)
            fail_msg("%s", found.text);
    }
}

/* Removes the last record of a table, or changes its last byte, while the store is closed. */
static void damage_last(struct home *home, const char *name, bool is_removed)
{
    struct store_file file;
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    uint8_t bytes[4096];
    home_close(home);
    file_open(&file, home, name);
    assert_int_equal(mdb_cursor_open(file.txn, file.table, &cursor), 0);
    assert_int_equal(mdb_cursor_get(cursor, &key, &value, MDB_LAST), 0);
    if (is_removed) {
        assert_int_equal(mdb_cursor_del(cursor, 0), 0);
    } else {
        assert_true(value.mv_size > 0 && value.mv_size <= sizeof(bytes));
        memcpy(bytes, value.mv_data, value.mv_size);
        bytes[value.mv_size - 1] ^= 1;
        value.mv_data = bytes;
        assert_int_equal(mdb_cursor_put(cursor, &key, &value, MDB_CURRENT), 0);
    }
    mdb_cursor_close(cursor);
    file_close(&file);
    home_open(home);
}

static void damage_is_told_by_its_kind_and_breaks_nothing(void **state)
{
    static const struct {
        const char *table;
        bool is_removed;
        const char *told;
    } damages[] = {
        {"extraction", false, "entry 1: its extraction has another digest"},
        {"extraction", true, "entry 1: its extraction of 9 bytes is not whole"},
        {"log", true, "entry 4: it is missing"},
        {"body", true, "article 3: its body of 9000 bytes is not whole"},
        {"open", true, "article 3: it is not in the index of open articles"},
        {"ended", true, "is not in the index of ended articles"},
        {"identity", true, "its identity leads elsewhere"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        void *own = NULL;
        assert_int_equal(home_setup(&own), 0);
        struct home *home = own;
        furnish(home);
        damage_last(home, damages[i].table, damages[i].is_removed);
        struct found found = check(home, 3);
        if (found.findings != 1 || !strstr(found.text, damages[i].told))
            fail_msg("%s: %zu findings, \"%s\"", damages[i].table, found.findings, found.text);
        assert_int_equal(accept_text(home, "e", "more").code, ACCEPTED);
        assert_int_equal(home_teardown(&own), 0);
    }
}

static void name_of(const char *key, const char *text, uint8_t hash[16],
                    uint8_t digest[DIGEST_SIZE])
{
    const char *parts[] = {"example", key};
    digest_parts(parts, COUNT_OF(parts), hash);
    digest_bytes(text, strlen(text), digest);
}

static void article_is_known_by_identity_and_content(void **state)
{
    struct home *home = *state;
    struct store_known known;
    struct error err;
    uint8_t hash[16];
    uint8_t digest[DIGEST_SIZE];
    furnish(home);
    name_of("a", "the facts", hash, digest);
    assert_ok(store_known(home->store, hash, digest, &known, &err), err);
    assert_int_equal(known.state, STORED);
    assert_int_equal(known.article_id, 1);
    assert_int_equal(known.sequence, 1);
    name_of("b", "text", hash, digest);
    assert_ok(store_known(home->store, hash, digest, &known, &err), err);
    assert_int_equal(known.state, DEAD);
    name_of("a", "other content", hash, digest);
    assert_ok(store_known(home->store, hash, digest, &known, &err), err);
    assert_int_equal(known.state, UNKNOWN);
    name_of("zz", "text", hash, digest);
    assert_ok(store_known(home->store, hash, digest, &known, &err), err);
    assert_int_equal(known.state, UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sound_store_has_no_finding_whatever_the_slices, home_setup,
                                        home_teardown),
        cmocka_unit_test(damage_is_told_by_its_kind_and_breaks_nothing),
        cmocka_unit_test_setup_teardown(article_is_known_by_identity_and_content, home_setup,
                                        home_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
