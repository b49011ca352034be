// SPDX-License-Identifier: Apache-2.0
/*
 * A store whose records somebody else has changed: it is opened as at a restart, asked everything,
 * and told a turn. Refused or broken with a sentence, or every answer is whole.
 *
 * The input is a list of changes to a store that held an article in each state:
 *
 *   table (low four bits) and kind (high four) | which record | size | so many bytes
 *
 * kind 0 replaces the record's value, 1 deletes it, 2 puts a new one whose key is the first half of
 * the bytes, 3 writes the bytes over the value's beginning. Pages of the file are LMDB's own, which
 * does not claim to survive others' hands on them; they are left alone.
 */
#include <fcntl.h>
#include <ftw.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/store.h"
#include "tests/fuzz/fuzzing.h"

enum { BUDGET = 1 << 20, TABLES = 12, CHANGES_MOST = 16, BODY = 5000, ASKED = 8 };

static const char *const table_names[TABLES] = {"meta",  "source",   "article",    "open",
                                                "body",  "identity", "attempt",    "dead",
                                                "ended", "log",      "extraction", "cursor"};

static char directory[64];
static uint8_t *original; /* the data file */
static size_t original_size;

static struct store *open_store(struct error *err)
{
    struct store_options options = {.directory = directory,
                                    .budget_bytes = BUDGET,
                                    .reserve_bytes = BUDGET / 4,
                                    .key_retention_ms = 90000,
                                    .log_retention_ms = 30000,
                                    .log_limit_bytes = BUDGET,
                                    .readers = 2,
                                    .file_after = 2};
    struct store *store = NULL;
    enum status status = store_open(&store, &options, err);
    ENSURE((status == STATUS_OK) == (store != NULL));
    ENSURE(status == STATUS_OK || *err->text);
    return store;
}

/* ---- the original */

static void tell(struct store *store, struct turn *turn)
{
    struct error err;
    ENSURE(store_submit(store, turn, &err) == STATUS_OK);
    turn_reset(turn);
}

/* Articles 1 and 2 are queued, 3 is stored, 4 dead, 5 waits, 6 was withdrawn; a reader has a
 * cursor. */
static void furnish(struct store *store)
{
    static char body[BODY];
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f"};
    uint8_t digest[DIGEST_SIZE];
    struct turn *turn = turn_new();
    digest_bytes(body, sizeof(body), digest);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct accept accept = {.source = i % 2 ? "first" : "second",
                                .key = keys[i],
                                .class_ = NEWSLOOM__V1__CLASS__LIVE,
                                .digest = digest,
                                .payload = body,
                                .size = i ? 10 : sizeof(body),
                                .at_ms = 1000};
        (void)turn_accept(turn, &accept);
    }
    tell(store, turn);
    struct settle settle = {.article_id = 3,
                            .digest = digest,
                            .kind = NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED,
                            .extraction_digest = digest,
                            .extraction = body,
                            .size = sizeof(body),
                            .worker = "w",
                            .at_ms = 2000};
    (void)turn_settle(turn, &settle);
    struct attempt_change change = {.article_id = 4,
                                    .state = NEWSLOOM__V1__STATE__DEAD,
                                    .charged = true,
                                    .worker = "w",
                                    .code = "CRASHED",
                                    .text = "on purpose",
                                    .at_ms = 2000};
    (void)turn_attempt(turn, &change);
    change.article_id = 6;
    (void)turn_attempt(turn, &change);
    change.article_id = 5;
    change.state = NEWSLOOM__V1__STATE__WAITING;
    change.due_at_ms = 5000;
    (void)turn_attempt(turn, &change);
    turn_cursor(turn, "reader", 1, 2000);
    tell(store, turn);
    (void)turn_withdraw(turn, 6, "on purpose", 3000);
    tell(store, turn);
    turn_free(&turn);
}

static char *data_path(void)
{
    return text_format("%s/data.mdb", directory);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void clean_up(void)
{
    (void)nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(original);
}

static void make_original(void)
{
    struct error err;
    (void)snprintf(directory, sizeof(directory), "%s/newsloom-fuzz-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    ENSURE(mkdtemp(directory));
    ENSURE(atexit(clean_up) == 0);
    struct store *store = open_store(&err);
    ENSURE(store);
    furnish(store);
    store_close(&store);
    char *path = data_path();
    FILE *file = fopen(path, "rb");
    text_free(&path);
    ENSURE(file);
    original = memory_new(BUDGET);
    original_size = fread(original, 1, BUDGET, file);
    ENSURE(original_size > 0 && fclose(file) == 0);
}

static void restore_original(void)
{
    char *path = data_path();
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    text_free(&path);
    ENSURE(fd >= 0 && pwrite(fd, original, original_size, 0) == (ssize_t)original_size);
    ENSURE(close(fd) == 0);
}

/* ---- changes */

struct edit {
    unsigned table;
    unsigned kind;
    unsigned which;
    const uint8_t *bytes;
    size_t size;
};

static void put_new(MDB_txn *txn, MDB_dbi table, const struct edit *edit)
{
    MDB_val key = {.mv_size = edit->size / 2, .mv_data = (void *)edit->bytes};
    MDB_val value = {.mv_size = edit->size - key.mv_size,
                     .mv_data = (void *)(edit->bytes + key.mv_size)};
    if (key.mv_size > 0)
        (void)mdb_put(txn, table, &key, &value, 0);
}

static void change_value(MDB_cursor *cursor, MDB_val key, MDB_val value, const struct edit *edit)
{
    static uint8_t buffer[BUDGET];
    static uint8_t key_bytes[512]; /* LMDB moves what it is given to where it stands */
    MDB_val changed = {.mv_size = edit->size, .mv_data = (void *)edit->bytes};
    memcpy(key_bytes, key.mv_data, key.mv_size);
    key.mv_data = key_bytes;
    if (edit->kind == 3) {
        memcpy(buffer, value.mv_data, value.mv_size);
        memcpy(buffer, edit->bytes, edit->size < value.mv_size ? edit->size : value.mv_size);
        changed = (MDB_val){.mv_size = value.mv_size, .mv_data = buffer};
    }
    (void)mdb_cursor_put(cursor, &key, &changed, MDB_CURRENT);
}

static void apply(MDB_txn *txn, const struct edit *edit)
{
    MDB_dbi table;
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    ENSURE(mdb_dbi_open(txn, table_names[edit->table], 0, &table) == 0);
    if (edit->kind == 2) {
        put_new(txn, table, edit);
        return;
    }
    ENSURE(mdb_cursor_open(txn, table, &cursor) == 0);
    int code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    for (unsigned i = 0; code == 0 && i < edit->which; i++)
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    if (code == 0 && edit->kind == 1)
        (void)mdb_cursor_del(cursor, 0);
    else if (code == 0)
        change_value(cursor, key, value, edit);
    mdb_cursor_close(cursor);
}

static void change_records(const uint8_t *data, size_t size)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    ENSURE(mdb_env_create(&env) == 0 && mdb_env_set_maxdbs(env, TABLES) == 0);
    ENSURE(mdb_env_open(env, directory, MDB_NOSYNC | MDB_NOTLS, 0600) == 0);
    ENSURE(mdb_txn_begin(env, NULL, 0, &txn) == 0);
    for (unsigned i = 0; size >= 3 && i < CHANGES_MOST; i++) {
        struct edit edit = {.table = (data[0] & 15) % TABLES,
                            .kind = (data[0] >> 4) % 4,
                            .which = data[1] % 16,
                            .bytes = data + 3,
                            .size = data[2] < size - 3 ? data[2] : size - 3};
        apply(txn, &edit);
        data += 3 + edit.size;
        size -= 3 + edit.size;
    }
    if (mdb_txn_commit(txn) != 0)
        restore_original();
    mdb_env_close(env);
}

/* ---- a restart */

static void ask_article(struct store *store, uint64_t id)
{
    struct stored_article article;
    struct error err = {.text = ""};
    void *bytes = NULL;
    size_t size = 0;
    enum status status = store_article(store, id, &article, &err);
    ENSURE(status == STATUS_OK || *err.text);
    if (status == STATUS_OK) {
        ENSURE(article.source && article.key && article.history_count <= COUNT_OF(article.history));
        stored_article_done(&article);
    }
    if (store_body(store, id, &bytes, &size, &err) == STATUS_OK)
        free(bytes);
}

static void ask_log(struct store *store)
{
    struct log_entry entries[ASKED];
    size_t count = 0;
    uint64_t scanned = 0;
    struct error err;
    if (store_log(store, 0, ASKED, ASKED, SIZE_MAX, NULL, NULL, entries, &count, &scanned, &err) !=
        STATUS_OK)
        return;
    ENSURE(count <= ASKED);
    for (size_t i = 0; i < count; i++)
        log_entry_done(&entries[i]);
}

static void ask_everything(struct store *store)
{
    struct open_article open[ASKED];
    struct cursor cursors[ASKED];
    uint64_t ids[ASKED];
    size_t count = store_open_articles(store, 0, open, ASKED);
    ENSURE(count <= ASKED && store_dead(store, 0, NULL, NULL, ids, ASKED) <= ASKED);
    ENSURE(store_cursors(store, "", cursors, ASKED) <= ASKED);
    for (size_t i = 1; i < count; i++)
        ENSURE(open[i].article_id > open[i - 1].article_id);
    (void)store_open_count(store);
    (void)store_dead(store, 0, "first", NULL, ids, ASKED);
    (void)store_dead(store, 0, NULL, "CRASHED", ids, ASKED);
    for (uint64_t id = 1; id < ASKED; id++)
        ask_article(store, id);
    ask_log(store);
}

/* A turn with a change of every kind. */
static void tell_everything(struct store *store)
{
    struct turn *turn = turn_new();
    struct error err = {.text = ""};
    uint8_t digest[DIGEST_SIZE] = {0};
    struct accept accept = {.source = "third",
                            .key = "a",
                            .digest = digest,
                            .payload = "text",
                            .size = 4,
                            .at_ms = 9000};
    struct settle settle = {.article_id = 1,
                            .digest = digest,
                            .kind = NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED,
                            .extraction_digest = digest,
                            .extraction = "facts",
                            .size = 5,
                            .worker = "w",
                            .at_ms = 9000};
    (void)turn_accept(turn, &accept);
    (void)turn_settle(turn, &settle);
    (void)turn_retry(turn, 4, 9000);
    turn_retention(turn, 4, INT64_C(1) << 40);
    enum status status = store_submit(store, turn, &err);
    ENSURE(status == STATUS_OK ||
           ((status == STATUS_BROKEN || status == STATUS_LIMIT) && *err.text));
    turn_free(&turn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {.text = ""};
    if (!original)
        make_original();
    restore_original();
    change_records(data, size);
    struct store *store = open_store(&err);
    if (store) {
        ask_everything(store);
        tell_everything(store);
        store_close(&store);
    }
    return 0;
}
