// SPDX-License-Identifier: Apache-2.0
#include "client/command/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

#define TEXT_LIMIT (1u << 20)
#define READ_SIZE  4096

enum { OUT, ERR, STREAM_COUNT };

struct stream {
    int file; /* -1: at its end */
    char *text;
    size_t size;
};

static void stream_read(struct stream *stream)
{
    char bytes[READ_SIZE];
    ssize_t got = read(stream->file, bytes, sizeof(bytes));
    if (got < 0 && errno == EINTR)
        return;
    if (got <= 0) {
        (void)close(stream->file);
        stream->file = -1;
        return;
    }
    size_t kept = stream->size + (size_t)got > TEXT_LIMIT ? TEXT_LIMIT - stream->size : (size_t)got;
    stream->text = memory_resize(stream->text, stream->size + kept + 1, 1);
    memcpy(stream->text + stream->size, bytes, kept);
    stream->size += kept;
    stream->text[stream->size] = '\0';
}

/* Until both are at their end; false: the time is over. */
static bool read_all(struct stream streams[STREAM_COUNT], int64_t until_ms)
{
    while (streams[OUT].file >= 0 || streams[ERR].file >= 0) {
        int64_t left_ms = until_ms - clock_mono_ms();
        if (left_ms <= 0)
            return false;
        struct pollfd files[STREAM_COUNT] = {{.fd = streams[OUT].file, .events = POLLIN},
                                             {.fd = streams[ERR].file, .events = POLLIN}};
        (void)poll(files, STREAM_COUNT, (int)left_ms);
        for (size_t i = 0; i < STREAM_COUNT; i++)
            if (files[i].revents)
                stream_read(&streams[i]);
    }
    return true;
}

/* ret_errno: of posix_spawnp(). */
static pid_t start(const char *const *argv, struct stream streams[STREAM_COUNT], int *ret_errno)
{
    int ends[STREAM_COUNT][2];
    pid_t process = -1;
    posix_spawn_file_actions_t actions;
    if (pipe2(ends[OUT], O_CLOEXEC) != 0 || pipe2(ends[ERR], O_CLOEXEC) != 0 ||
        posix_spawn_file_actions_init(&actions) != 0) {
        *ret_errno = errno; /* too many files, after which this program ends anyway */
        return -1;
    }
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[OUT][1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[ERR][1], STDERR_FILENO);
    /* execvp() takes char *const * and changes nothing. */
    *ret_errno = posix_spawnp(&process, argv[0], &actions, NULL, (char *const *)argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; i < STREAM_COUNT; i++) {
        (void)close(ends[i][1]);
        streams[i] = (struct stream){.file = ends[i][0], .text = text_copy("")};
    }
    return *ret_errno ? -1 : process;
}

enum status child_run(const char *const *argv, int64_t limit_ms, struct child_output *ret_output,
                      struct error *err)
{
    struct stream streams[STREAM_COUNT] = {{.file = -1}, {.file = -1}};
    int failed = 0;
    int ended = 0;
    enum status status = STATUS_OK;
    pid_t process = start(argv, streams, &failed);
    if (process < 0) {
        errno = failed;
        status = failed == ENOENT
                     ? error_set(err, STATUS_NOT_FOUND, "there is no program %.120s", argv[0])
                     : error_set_errno(err, STATUS_AGAIN, "could not run %.120s", argv[0]);
    } else {
        if (!read_all(streams, clock_mono_ms() + limit_ms)) {
            status = error_set(err, STATUS_AGAIN, "%.120s did not end in time", argv[0]);
            (void)kill(process, SIGKILL);
        }
        while (waitpid(process, &ended, 0) < 0 && errno == EINTR)
            continue;
    }
    for (size_t i = 0; i < STREAM_COUNT; i++)
        if (streams[i].file >= 0)
            (void)close(streams[i].file);
    struct child_output output = {WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended),
                                  streams[OUT].text, streams[ERR].text};
    if (status == STATUS_OK)
        *ret_output = output;
    else
        child_output_done(&output);
    return status;
}

void child_output_done(struct child_output *output)
{
    free(output->out);
    free(output->err);
    *output = (struct child_output){0};
}
