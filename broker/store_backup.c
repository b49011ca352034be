// SPDX-License-Identifier: Apache-2.0
#include "broker/store_backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/store_copy.h"
#include "broker/store_engine.h"

#define DATA_FILE  "data.mdb"
#define SUMS_FILE  "b2sums"
#define BLOCK_SIZE (1024 * 1024)

/* ---- room ---- */

static uint64_t used_bytes(struct store *store, struct error *err)
{
    MDB_txn *txn = NULL;
    if (read_begin(store, &txn, err) != STATUS_OK)
        return 0;
    uint64_t pages = room_used_pages(store, txn);
    mdb_txn_abort(txn);
    return pages * store->room.page_size;
}

static enum status allow(struct store *store, struct store_backup *backup, struct error *err)
{
    struct store_facts facts;
    uint64_t used = used_bytes(store, err);
    uint64_t line = store->room.full_pages * store->room.page_size;
    store_facts(store, &facts);
    if (used == 0)
        return STATUS_AGAIN;
    if (facts.full || used >= line)
        return error_set(err, STATUS_LIMIT,
                         "could not begin: the store is full, and a backup holds pages that "
                         "finishing needs; wait until there is room, or raise store.budget");
    uint64_t most = (line - used) / 2;
    uint64_t allowed =
        backup->limit_bytes && backup->limit_bytes < most ? backup->limit_bytes : most;
    atomic_store(&backup->total_bytes, used);
    atomic_store(&backup->allowed_bytes, allowed);
    return STATUS_OK;
}

/* ---- the directory ---- */

static char *parent_of(const char *directory)
{
    const char *slash = strrchr(directory, '/');
    if (!slash)
        return text_copy(".");
    return slash == directory ? text_copy("/")
                              : text_format("%.*s", (int)(slash - directory), directory);
}

static int sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL) ? 0 : errno;
    if (fd >= 0)
        (void)close(fd);
    return code;
}

static void remove_partial(int parent_fd, const char *name)
{
    static const char *const files[] = {DATA_FILE, SUMS_FILE};
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    for (size_t i = 0; i < COUNT_OF(files); i++)
        (void)unlinkat(fd, files[i], 0);
    (void)close(fd);
    (void)unlinkat(parent_fd, name, AT_REMOVEDIR);
}

/* Who writes a copy holds this lock; it goes with the process. */
static bool is_abandoned(int parent_fd, const char *name)
{
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool abandoned = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (fd >= 0)
        (void)close(fd);
    return abandoned;
}

void store_backup_sweep(const char *parent)
{
    DIR *listing = opendir(parent);
    if (!listing)
        return;
    int fd = dirfd(listing);
    const struct dirent *entry = NULL;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own
    while ((entry = readdir(listing)) != NULL) {
        size_t length = strlen(entry->d_name);
        size_t ending = strlen(BACKUP_PARTIAL);
        if (length > ending && strcmp(entry->d_name + length - ending, BACKUP_PARTIAL) == 0 &&
            is_abandoned(fd, entry->d_name))
            remove_partial(fd, entry->d_name);
    }
    (void)closedir(listing);
}

/* What is being written: the directory that nobody takes for a backup yet. */
struct draft {
    char *parent;
    char *path;
    char *data_path;
    int directory_fd; /* locked */
    int data_fd;
};

static void draft_done(struct draft *draft, bool keep)
{
    if (draft->data_fd >= 0)
        (void)close(draft->data_fd);
    if (!keep && draft->directory_fd >= 0)
        remove_partial(AT_FDCWD, draft->path);
    if (draft->directory_fd >= 0)
        (void)close(draft->directory_fd);
    text_free(&draft->parent);
    text_free(&draft->path);
    text_free(&draft->data_path);
}

static enum status draft_make(struct draft *draft, const char *directory, struct error *err)
{
    struct stat there;
    *draft = (struct draft){.directory_fd = -1, .data_fd = -1};
    draft->parent = parent_of(directory);
    draft->path = text_format("%s%s", directory, BACKUP_PARTIAL);
    draft->data_path = text_format("%s/%s", draft->path, DATA_FILE);
    if (lstat(directory, &there) == 0)
        return error_set(err, STATUS_INVALID, "cannot make \"%s\": it is there already", directory);
    if (mkdir(draft->path, 0700) != 0)
        return error_set_errno(err, STATUS_INVALID, "could not make \"%s\"", draft->path);
    draft->directory_fd = open(draft->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (draft->directory_fd >= 0)
        (void)flock(draft->directory_fd, LOCK_EX | LOCK_NB);
    draft->data_fd = openat(draft->directory_fd, DATA_FILE,
                            O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (draft->data_fd < 0)
        return error_set_errno(err, STATUS_INVALID, "could not write into \"%s\"", draft->path);
    return STATUS_OK;
}

/* ---- what makes it a copy ---- */

static enum status mark_failed(int code, struct error *err)
{
    return error_set(err, code == ENOSPC ? STATUS_LIMIT : STATUS_BROKEN,
                     "could not finish the copy: %s", engine_text(code));
}

static int mark_records(MDB_txn *txn, struct store_backup *backup)
{
    MDB_dbi meta;
    MDB_val value;
    struct format_record format;
    struct state_record state;
    uint8_t buffer[FORMAT_RECORD_SIZE];
    int code = mdb_dbi_open(txn, "meta", 0, &meta);
    if (!code)
        code = table_get(txn, meta, "state", 5, &value);
    if (!code && !state_record_decode(&state, value.mv_data, value.mv_size))
        code = MDB_CORRUPTED;
    if (!code)
        code = table_get(txn, meta, "format", 6, &value);
    if (!code && !format_record_decode(&format, value.mv_data, value.mv_size))
        code = MDB_CORRUPTED;
    if (code)
        return code;
    format.inode = 0; /* no file has it: whatever inode it is restored under is another */
    size_t size = format_record_encode(&format, buffer);
    memcpy(backup->log_id, format.log_id, sizeof(backup->log_id));
    backup->last_sequence = state.last_sequence;
    backup->next_article_id = state.next_article_id;
    MDB_val key = bytes_of("format", 6);
    value = bytes_of(buffer, size);
    return mdb_put(txn, meta, &key, &value, 0);
}

/* Opening it shows that it can be opened. Without a lock file: nobody else knows of it. */
static enum status mark_as_copy(const struct draft *draft, struct store_backup *backup,
                                struct error *err)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    int code = mdb_env_create(&env);
    if (code)
        return mark_failed(code, err);
    code = mdb_env_set_maxdbs(env, TABLE_COUNT);
    if (!code)
        code = mdb_env_open(env, draft->path, MDB_NOTLS | MDB_NOLOCK, 0600);
    if (!code)
        code = mdb_txn_begin(env, NULL, 0, &txn);
    if (!code) {
        code = mark_records(txn, backup);
        if (code)
            mdb_txn_abort(txn);
        else
            code = mdb_txn_commit(txn);
    }
    mdb_env_close(env);
    return code ? mark_failed(code, err) : STATUS_OK;
}

/* ---- read back, synced, named ---- */

static enum status sum_up(const struct draft *draft, const struct store_backup *backup,
                          uint8_t ret_digest[DIGEST_SIZE], struct error *err)
{
    struct digest_stream *stream = digest_begin();
    uint8_t *block = memory_new(BLOCK_SIZE);
    off_t at = 0;
    ssize_t size = 1;
    (void)posix_fadvise(draft->data_fd, 0, 0, POSIX_FADV_DONTNEED); /* from the disk, if it can */
    while (size > 0 && !atomic_load(&backup->is_cancelled)) {
        size = pread(draft->data_fd, block, BLOCK_SIZE, at);
        if (size > 0)
            digest_add(stream, block, (size_t)size);
        at += size > 0 ? size : 0;
    }
    digest_end(&stream, ret_digest);
    free(block);
    if (size < 0)
        return error_set_errno(err, STATUS_BROKEN, "could not read \"%s\" back", draft->data_path);
    return STATUS_OK;
}

static enum status write_sums(const struct draft *draft, const uint8_t digest[DIGEST_SIZE],
                              struct error *err)
{
    char hex[DIGEST_HEX_SIZE];
    int fd = openat(draft->directory_fd, SUMS_FILE,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    char *line = text_format("%s  %s\n", digest_hex(digest, hex), DATA_FILE);
    size_t length = strlen(line);
    bool written = fd >= 0 && write(fd, line, length) == (ssize_t)length && fsync(fd) == 0;
    enum status status = STATUS_OK;
    if (!written)
        status = error_set_errno(err, errno == ENOSPC ? STATUS_LIMIT : STATUS_BROKEN,
                                 "could not write \"%s/%s\"", draft->path, SUMS_FILE);
    if (fd >= 0)
        (void)close(fd);
    free(line);
    return status;
}

static enum status cancelled(struct error *err)
{
    return error_set(err, STATUS_AGAIN, "the backup was cancelled; nothing of it is left");
}

static enum status finish(const struct draft *draft, struct store_backup *backup, struct error *err)
{
    uint8_t digest[DIGEST_SIZE];
    atomic_store(&backup->is_checking, true);
    enum status status = mark_as_copy(draft, backup, err);
    if (status == STATUS_OK && fsync(draft->data_fd) != 0)
        status = error_set_errno(err, STATUS_BROKEN, "could not sync \"%s\"", draft->data_path);
    if (status == STATUS_OK)
        status = sum_up(draft, backup, digest, err);
    if (status == STATUS_OK && atomic_load(&backup->is_cancelled))
        status = cancelled(err);
    if (status == STATUS_OK)
        status = write_sums(draft, digest, err);
    if (status != STATUS_OK)
        return status;
    errno = sync_directory(draft->path);
    if (errno)
        return error_set_errno(err, STATUS_BROKEN, "could not sync \"%s\"", draft->path);
    if (renameat2(AT_FDCWD, draft->path, AT_FDCWD, backup->directory, RENAME_NOREPLACE) != 0)
        return error_set_errno(err, STATUS_INVALID, "could not name it \"%s\"", backup->directory);
    errno = sync_directory(draft->parent);
    if (errno) {
        struct error why;
        (void)error_set_errno(&why, STATUS_BROKEN, "could not sync \"%s\"", draft->parent);
        remove_partial(AT_FDCWD, backup->directory);
        return error_set(err, STATUS_BROKEN, "%s", why.text);
    }
    return STATUS_OK;
}

enum status store_backup(struct store *store, struct store_backup *backup, struct error *err)
{
    struct draft draft;
    enum status status = allow(store, backup, err);
    if (status != STATUS_OK)
        return status;
    status = draft_make(&draft, backup->directory, err);
    if (status == STATUS_OK)
        status = store_copy(store, backup, draft.data_fd, err);
    if (status == STATUS_OK)
        status = finish(&draft, backup, err);
    draft_done(&draft, status == STATUS_OK);
    return status;
}
