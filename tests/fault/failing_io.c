// SPDX-License-Identifier: Apache-2.0
#include "tests/fault/failing_io.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sysexits.h>
#include <unistd.h>

#define MOST_RULES 8
#define PAGE_SIZE  4096
#define SLOW_MS    20
#define META_LIMIT 512        /* a head is smaller than any page */
#define META_END   (2 * 4096) /* there are two, at the beginning of the file */

enum call {
    CALL_WRITE,
    CALL_PWRITE,
    CALL_WRITEV,
    CALL_FDATASYNC,
    CALL_FSYNC,
    CALL_FALLOCATE,
    CALL_META,
    CALLS
};
enum fate { FATE_NONE, FATE_EIO, FATE_ENOSPC, FATE_SHORT, FATE_SLOW, FATE_KILL, FATE_KILLED };

static const char *const call_names[CALLS] = {
    "write", "pwrite", "writev", "fdatasync", "fsync", "posix_fallocate", "meta",
};
static const char *const fate_names[] = {"", "EIO", "ENOSPC", "SHORT", "SLOW", "KILL", "KILLED"};

static struct rule {
    enum call call;
    unsigned long from;
    bool and_after;
    enum fate fate;
} rules[MOST_RULES];
static size_t rule_count;
static atomic_ulong counts[CALLS];
static failing_io_watcher *watch;

static size_t find_name(const char *const *names, size_t count, const char *text, size_t length)
{
    size_t i = 0;
    while (i < count && (strlen(names[i]) != length || strncmp(names[i], text, length) != 0))
        i++;
    return i;
}

static bool parse_rule(const char *text, size_t length, struct rule *ret_rule)
{
    const char *end = text + length;
    const char *first = memchr(text, ':', length);
    const char *second = first ? memchr(first + 1, ':', (size_t)(end - first - 1)) : NULL;
    char *after = NULL;
    if (!second)
        return false;
    size_t call = find_name(call_names, CALLS, text, (size_t)(first - text));
    size_t fate = find_name(fate_names, sizeof(fate_names) / sizeof(fate_names[0]), second + 1,
                            (size_t)(end - second - 1));
    unsigned long from = strtoul(first + 1, &after, 10);
    bool and_after = *after == '+';
    if (call == CALLS || fate == 0 || fate == sizeof(fate_names) / sizeof(fate_names[0]) ||
        from == 0 || after + and_after != second)
        return false;
    *ret_rule = (struct rule){(enum call)call, from, and_after, (enum fate)fate};
    return true;
}

void failing_io_set(const char *wishes)
{
    const char *text = wishes;
    rule_count = 0;
    for (size_t i = 0; i < CALLS; i++)
        atomic_store(&counts[i], 0);
    while (text && *text) {
        size_t length = strcspn(text, ",");
        if (rule_count == MOST_RULES || !parse_rule(text, length, &rules[rule_count])) {
            (void)fprintf(stderr, "NEWSLOOM_FAIL_IO is no list of call:n:fate: %s\n", text);
            _exit(EX_USAGE);
        }
        rule_count++;
        text += length + (text[length] == ',');
    }
}

void failing_io_watch(failing_io_watcher *watcher)
{
    watch = watcher;
}

__attribute__((constructor)) static void read_rules(void)
{
    failing_io_set(getenv("NEWSLOOM_FAIL_IO")); // NOLINT(concurrency-mt-unsafe): before any thread
}

static enum fate fate_of(enum call call)
{
    unsigned long count = atomic_fetch_add(&counts[call], 1) + 1;
    for (size_t i = 0; i < rule_count; i++)
        if (rules[i].call == call &&
            (rules[i].from == count || (rules[i].and_after && rules[i].from < count)))
            return rules[i].fate;
    return FATE_NONE;
}

/* Dies, or sets errno and says true when the call is not to be made. */
static bool is_refused(enum fate fate)
{
    if (fate == FATE_KILL)
        (void)raise(SIGKILL);
    if (fate == FATE_EIO)
        errno = EIO;
    if (fate == FATE_ENOSPC)
        errno = ENOSPC;
    return fate == FATE_EIO || fate == FATE_ENOSPC;
}

static void die_after(enum fate fate)
{
    if (fate == FATE_KILLED)
        (void)raise(SIGKILL);
}

static void tell(const void *bytes, ssize_t size, off_t offset)
{
    if (watch && size > 0)
        watch(bytes, (size_t)size, offset);
}

static void tell_flush(void)
{
    if (watch)
        watch(NULL, 0, 0);
}

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

static bool is_file(int fd)
{
    struct stat file;
    return fstat(fd, &file) == 0 && S_ISREG(file.st_mode);
}

/* Shorter ones are lines of the log. */
ssize_t write(int fd, const void *bytes, size_t size)
{
    enum fate fate = size >= PAGE_SIZE && is_file(fd) ? fate_of(CALL_WRITE) : FATE_NONE;
    if (is_refused(fate))
        return -1;
    if (fate == FATE_SLOW)
        (void)poll(NULL, 0, SLOW_MS);
    ssize_t written = REAL(write)(fd, bytes, fate == FATE_SHORT ? size / 2 : size);
    die_after(fate);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    bool is_meta = size < META_LIMIT && offset >= 0 && offset < META_END;
    enum fate fate = fate_of(is_meta ? CALL_META : CALL_PWRITE);
    if (is_refused(fate))
        return -1;
    ssize_t written = REAL(pwrite)(fd, bytes, fate == FATE_SHORT ? size / 2 : size, offset);
    tell(bytes, written, offset);
    if (is_meta && fcntl(fd, F_GETFL) & O_DSYNC)
        tell_flush();
    die_after(fate);
    return written;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    off_t offset = lseek(fd, 0, SEEK_CUR);
    enum fate fate = fate_of(CALL_WRITEV);
    if (is_refused(fate))
        return -1;
    ssize_t written = REAL(writev)(fd, parts, fate == FATE_SHORT ? (count + 1) / 2 : count);
    ssize_t left = written;
    for (int i = 0; offset >= 0 && i < count && left > 0; i++) {
        ssize_t size = left < (ssize_t)parts[i].iov_len ? left : (ssize_t)parts[i].iov_len;
        tell(parts[i].iov_base, size, offset);
        offset += size;
        left -= size;
    }
    die_after(fate);
    return fate == FATE_SHORT && written > 0 && count == 1 ? written / 2 : written;
}

static int flush(enum call call, int (*real)(int), int fd)
{
    enum fate fate = fate_of(call);
    if (is_refused(fate))
        return -1;
    int code = real(fd);
    tell_flush();
    die_after(fate);
    return code;
}

int fdatasync(int fd)
{
    return flush(CALL_FDATASYNC, REAL(fdatasync), fd);
}

int fsync(int fd)
{
    return flush(CALL_FSYNC, REAL(fsync), fd);
}

int posix_fallocate(int fd, off_t offset, off_t size)
{
    enum fate fate = fate_of(CALL_FALLOCATE);
    if (is_refused(fate))
        return errno;
    int code = REAL(posix_fallocate)(fd, offset, size);
    die_after(fate);
    return code;
}
