// SPDX-License-Identifier: Apache-2.0
/*
 * shifted_clock - the wall clock as one process sees it, moved while it runs.
 *
 * For LD_PRELOAD: NEWSLOOM_CLOCK_FILE names a file of eight bytes, how many milliseconds to add
 * (int64, this machine's byte order). It is mapped, so a write to the file moves the clock at once.
 * Monotonic clocks stay as they are, as they do when a real wall clock is set.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic int64_t *shift_ms;

__attribute__((constructor)) static void map_shift(void)
{
    const char *path = getenv("NEWSLOOM_CLOCK_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped =
        file < 0 ? MAP_FAILED : mmap(NULL, sizeof(*shift_ms), PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) {
        (void)fprintf(stderr, "shifted_clock: could not map NEWSLOOM_CLOCK_FILE\n");
        _exit(99);
    }
    (void)close(file);
    shift_ms = mapped;
}

/* The kernel itself is asked: looking up libc's function would be another program's concern. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    int code = (int)syscall(SYS_clock_gettime, clock, now);
    if (code || !shift_ms || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return code;
    int64_t ms = atomic_load(shift_ms) + now->tv_nsec / 1000000;
    now->tv_nsec %= 1000000;
    now->tv_sec += ms / 1000;
    ms %= 1000;
    if (ms < 0) {
        ms += 1000;
        now->tv_sec--;
    }
    now->tv_nsec += ms * 1000000;
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise) != 0)
        return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *ret_seconds)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    if (ret_seconds)
        *ret_seconds = now.tv_sec;
    return now.tv_sec;
}
