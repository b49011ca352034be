// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/store_engine.h"

#define SPARE_READERS 16   /* for tools that look at a running store */
#define COPIED_BOOTS  1024 /* a copy's boots must not meet those of its original */
#define LEAST_BUDGET  (1024 * 1024)

static const char *const table_names[TABLE_COUNT] = {
#define X(name, text) text,
    TABLES(X)
#undef X
};

static enum status check_options(const struct store_options *options, struct error *err)
{
    if (options->budget_bytes < LEAST_BUDGET)
        return error_set(err, STATUS_INVALID, "cannot use store.budget %" PRIu64 ": at least 1MiB",
                         options->budget_bytes);
    if (options->reserve_bytes > options->budget_bytes / 2)
        return error_set(err, STATUS_INVALID,
                         "cannot use store.reserve %" PRIu64
                         ": more than half of store.budget %" PRIu64,
                         options->reserve_bytes, options->budget_bytes);
    return STATUS_OK;
}

static enum status lock_directory(struct store *store, struct error *err)
{
    if (mkdir(store->directory, 0700) != 0 && errno != EEXIST)
        return error_set_errno(err, STATUS_INVALID, "could not create store.directory \"%s\"",
                               store->directory);
    char *path = text_format("%s/lock", store->directory);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    text_free(&path);
    if (store->lock_fd < 0)
        return error_set_errno(err, STATUS_INVALID, "could not write to store.directory \"%s\"",
                               store->directory);
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return error_set(err, STATUS_LIMIT,
                             "could not open the store in \"%s\": another broker is using it; stop "
                             "that one or give this one another store.directory",
                             store->directory);
        return error_set_errno(err, STATUS_INVALID, "could not lock \"%s\"", store->directory);
    }
    return STATUS_OK;
}

/* A budget below what is used already: the map keeps the reserve above that, so that what is there
 * can be finished. The store is full until it has come down to its budget. */
static int widen_map(struct store *store, size_t map_size)
{
    MDB_stat stat;
    MDB_envinfo info;
    size_t os_page = (size_t)sysconf(_SC_PAGESIZE);
    (void)mdb_env_stat(store->env, &stat);
    (void)mdb_env_info(store->env, &info);
    size_t least = (info.me_last_pgno + 1) * stat.ms_psize + store->options.reserve_bytes;
    mdb_filehandle_t fd;
    struct stat file;
    int code = mdb_env_get_fd(store->env, &fd);
    if (!code && fstat(fd, &file) != 0)
        code = errno;
    /* only a file that was taken for a larger budget: this one's is never exceeded, and a disk that
     * others have filled must not keep us from starting */
    if (!code && (size_t)file.st_size > map_size && least > map_size) {
        least = least < (size_t)file.st_size ? least : (size_t)file.st_size;
        map_size = least / os_page * os_page;
        code = mdb_env_set_mapsize(store->env, map_size);
    }
    room_init(&store->room, stat.ms_psize, &store->options, map_size);
    return code;
}

static enum status open_environment(struct store *store, struct error *err)
{
    size_t os_page = (size_t)sysconf(_SC_PAGESIZE);
    size_t map_size = store->options.budget_bytes / os_page * os_page;
    int code = mdb_env_create(&store->env);
    if (!code)
        code = mdb_env_set_maxdbs(store->env, TABLE_COUNT);
    if (!code)
        code = mdb_env_set_maxreaders(store->env, store->options.readers + SPARE_READERS);
    if (!code)
        code = mdb_env_set_mapsize(store->env, map_size);
    if (!code)
        code = mdb_env_open(store->env, store->directory, MDB_NOTLS, 0600);
    if (code)
        return error_set(err, STATUS_INVALID, "could not open the store in \"%s\": %s",
                         store->directory, engine_text(code));
    code = widen_map(store, map_size);
    if (code)
        return error_set(err, STATUS_INVALID, "could not map the store in \"%s\": %s",
                         store->directory, engine_text(code));
    int dead = 0;
    (void)mdb_reader_check(store->env, &dead);
    return STATUS_OK;
}

/* So that a disk that fills up later cannot take our room. Through LMDB's own descriptor: closing a
 * second one would drop its locks. */
static enum status preallocate(struct store *store, struct stat *ret_file, struct error *err)
{
    mdb_filehandle_t fd;
    int code = mdb_env_get_fd(store->env, &fd);
    if (code || fstat(fd, ret_file) != 0)
        return error_set_errno(err, STATUS_BROKEN, "could not look at the store in \"%s\"",
                               store->directory);
    uint64_t budget = store->room.map_pages * store->room.page_size;
    if ((uint64_t)ret_file->st_size >= budget && (uint64_t)ret_file->st_blocks * 512 >= budget)
        return STATUS_OK;
    code = posix_fallocate(fd, 0, (off_t)budget);
    if (code == 0)
        return STATUS_OK;
    errno = code;
    return error_set_errno(err, STATUS_LIMIT,
                           "could not reserve %" PRIu64 " MiB (store.budget) in \"%s\"",
                           budget >> 20, store->directory);
}

static enum status refuse_format(const struct store *store, uint32_t format, struct error *err)
{
    return error_set(err, STATUS_INVALID,
                     "cannot open the store in \"%s\": its format is %" PRIu32
                     " and this broker knows %" PRIu32
                     "; use the broker that made it, or another directory",
                     store->directory, format, store_format);
}

/* The format record, checked; a fresh one when the directory is new. Nothing is created in an
 * environment that belongs to something else. */
static enum status load_format(struct store *store, MDB_txn *txn, uint64_t inode,
                               struct format_record *ret_format, struct error *err)
{
    MDB_stat main_stat;
    MDB_dbi main_table;
    MDB_val value;
    uint8_t *version = NULL;
    int code = mdb_dbi_open(txn, NULL, 0, &main_table);
    if (!code)
        code = mdb_stat(txn, main_table, &main_stat);
    if (!code && main_stat.ms_entries == 0) {
        *ret_format = (struct format_record){.format = store_format,
                                             .inode = inode,
                                             .page_size = store->room.page_size,
                                             .chunk_size = CHUNK_SIZE};
        random_bytes(ret_format->log_id, sizeof(ret_format->log_id));
        return STATUS_OK;
    }
    if (!code)
        code = mdb_dbi_open(txn, "meta", 0, &store->tables[TABLE_META]);
    if (!code)
        code = table_get(txn, store->tables[TABLE_META], "format", 6, &value);
    if (code == MDB_NOTFOUND || code == MDB_INCOMPATIBLE)
        return error_set(err, STATUS_INVALID,
                         "cannot open the store in \"%s\": it is not newsloom's", store->directory);
    if (code)
        return store_failed(store, code, "could not read the format record", err);
    /* the number stands first in every version of the record */
    version = value.mv_data;
    if (value.mv_size >= 5) {
        uint32_t format = version[1] | (uint32_t)version[2] << 8 | (uint32_t)version[3] << 16 |
                          (uint32_t)version[4] << 24;
        if (format != store_format && format != FORMAT_TAKEN_OVER)
            return refuse_format(store, format, err);
    }
    if (!format_record_decode(ret_format, value.mv_data, value.mv_size) ||
        ret_format->chunk_size == 0 || ret_format->chunk_size > CHUNK_SIZE)
        return error_set(err, STATUS_INVALID,
                         "cannot open the store in \"%s\": its format record is damaged",
                         store->directory);
    return STATUS_OK;
}

/* A copy has another inode: its log goes another way from here on than the original's. */
static void count_boot(struct format_record *format, uint64_t inode)
{
    format->boot++;
    if (format->inode == inode)
        return;
    format->inode = inode;
    format->boot += COPIED_BOOTS;
    random_bytes(format->log_id, sizeof(format->log_id));
}

static int load_sources(struct store *store, MDB_txn *txn)
{
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    int code = mdb_cursor_open(txn, store->tables[TABLE_SOURCE], &cursor);
    if (code)
        return code;
    while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        struct record_text text = {.bytes = value.mv_data, .size = value.mv_size};
        if (key.mv_size != 4 || key_get_u32(key.mv_data) - 1 >= SOURCE_ID_LIMIT ||
            value.mv_size > RECORD_KEY_LIMIT) {
            code = MDB_CORRUPTED;
            break;
        }
        char *name = text_of(text);
        sources_load(store->sources, key_get_u32(key.mv_data), name);
        text_free(&name);
    }
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? 0 : code;
}

/* The state of a new store, or of an earlier format, in this one. */
static int begin_state(struct commit *commit, const struct format_record *format)
{
    MDB_val value;
    if (format->boot == 1) {
        commit->state =
            (struct state_record){.next_article_id = 1, .first_retained = 1, .next_source_id = 1};
        return commit_save_state(commit);
    }
    if (format->format != FORMAT_TAKEN_OVER)
        return 0;
    int code = table_get(commit->txn, commit->store->tables[TABLE_META], "state", 5, &value);
    if (!code && !state_record_take_over(&commit->state, value.mv_data, value.mv_size))
        code = MDB_CORRUPTED;
    return code ? code : commit_save_state(commit);
}

static int open_tables(struct commit *commit, const struct format_record *format)
{
    struct store *store = commit->store;
    struct format_record ours = *format;
    uint8_t buffer[FORMAT_RECORD_SIZE];
    int code = 0;
    for (size_t i = 0; !code && i < TABLE_COUNT; i++)
        code = mdb_dbi_open(commit->txn, table_names[i], MDB_CREATE, &store->tables[i]);
    if (code)
        return code;
    ours.format = store_format;
    ours.chunk_size = CHUNK_SIZE;
    size_t size = format_record_encode(&ours, buffer);
    code = commit_put(commit, TABLE_META, bytes_of("format", 6), bytes_of(buffer, size), 0);
    if (!code)
        code = begin_state(commit, format);
    if (!code)
        code = state_load(commit->txn, store, &commit->state);
    if (!code)
        code = load_sources(store, commit->txn);
    if (!code)
        code = unfiled_load(store, commit->txn, commit->state.filed_through);
    return code;
}

static enum status load_store(struct store *store, uint64_t inode, struct error *err)
{
    struct format_record format = {0};
    struct commit commit = {.store = store};
    int code = mdb_txn_begin(store->env, NULL, 0, &commit.txn);
    if (code)
        return store_failed(store, code, "could not open the store", err);
    enum status status = load_format(store, commit.txn, inode, &format, err);
    if (status != STATUS_OK) {
        mdb_txn_abort(commit.txn);
        return status;
    }
    count_boot(&format, inode);
    code = open_tables(&commit, &format);
    if (code) {
        mdb_txn_abort(commit.txn);
        return store_failed(store, code, "could not open the store", err);
    }
    uint64_t used = room_used_pages(store, commit.txn);
    code = scrub_load(store, commit.txn);
    if (code) {
        mdb_txn_abort(commit.txn);
        return store_failed(store, code, "could not open the store", err);
    }
    code = mdb_txn_commit(commit.txn);
    if (code)
        return store_failed(store, code, "could not open the store", err);
    memcpy(store->facts.log_id, format.log_id, sizeof(format.log_id));
    store->facts.boot = format.boot;
    store->facts.budget_bytes = store->options.budget_bytes;
    commit_publish(&commit);
    store_publish_room(store, used, used >= store->room.full_pages);
    return STATUS_OK;
}

/* The files' names must outlive a power loss too, and the directory's own in its parent. */
static enum status sync_names(const struct store *store, struct error *err)
{
    char *parent = text_format("%s/..", store->directory);
    const char *const paths[] = {store->directory, parent};
    bool synced = true;
    for (size_t i = 0; synced && i < COUNT_OF(paths); i++) {
        int fd = open(paths[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && i > 0)
            break; /* a parent that we may not read was not made by us */
        synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
        if (fd >= 0)
            (void)close(fd);
    }
    text_free(&parent);
    return synced ? STATUS_OK
                  : error_set_errno(err, STATUS_BROKEN, "could not sync the directory \"%s\"",
                                    store->directory);
}

enum status store_open(struct store **ret_store, const struct store_options *options,
                       struct error *err)
{
    struct stat file;
    enum status status = check_options(options, err);
    if (status != STATUS_OK)
        return status;
    struct store *store = memory_new(sizeof(*store));
    store->options = *options;
    store->directory = text_copy(options->directory);
    store->options.directory = store->directory;
    store->lock_fd = -1;
    store->sources = sources_new();
    store->unfiled = unfiled_new();
    store->heads = heads_new();
    ENSURE(pthread_mutex_init(&store->mutex, NULL) == 0);
    status = lock_directory(store, err);
    if (status == STATUS_OK)
        status = open_environment(store, err);
    if (status == STATUS_OK)
        status = preallocate(store, &file, err);
    if (status == STATUS_OK)
        status = load_store(store, (uint64_t)file.st_ino, err);
    if (status == STATUS_OK)
        status = sync_names(store, err);
    if (status != STATUS_OK) {
        store_close(&store);
        return status;
    }
    *ret_store = store;
    return STATUS_OK;
}

void store_close(struct store **store_p)
{
    struct store *store = *store_p;
    if (!store)
        return;
    scrub_close(store);
    if (store->env)
        mdb_env_close(store->env);
    if (store->lock_fd >= 0)
        (void)close(store->lock_fd);
    sources_free(&store->sources);
    unfiled_free(&store->unfiled);
    heads_free(&store->heads);
    (void)pthread_mutex_destroy(&store->mutex);
    free(store->directory);
    free(store);
    *store_p = NULL;
}
