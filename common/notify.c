// SPDX-License-Identifier: Apache-2.0
#include "common/notify.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/status.h"

#define AGAIN_MS    100 /* until what did not get through is tried again */
#define STATUS_SIZE 240

/* One thread calls. */
static struct {
    bool ready;    /* READY is still to be said */
    bool stopping; /* STOPPING is */
    char status[STATUS_SIZE];
    int64_t again_ms;
    int64_t beat_every_ms; /* of the watchdog; 0: none */
    int64_t next_beat_ms;
    bool asked; /* what stands above */
} due;

/* sd_notify() waits when systemd does not read; then we hang with it. */
static bool say(const char *text)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment once threads run
    const char *path = getenv("NOTIFY_SOCKET");
    size_t length = path ? strlen(path) : 0;
    if (length < 2 || length >= sizeof(address.sun_path) || (*path != '/' && *path != '@'))
        return true; /* nobody wants to know */
    memcpy(address.sun_path, path, length);
    if (*path == '@')
        address.sun_path[0] = '\0'; /* the abstract namespace */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    ssize_t sent = sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
                          (const struct sockaddr *)&address, size);
    (void)close(fd);
    return sent >= 0;
}

/* What did not get through stays due. */
static void say_due(void)
{
    char text[STATUS_SIZE + 64];
    if (!due.ready && !due.stopping && !due.status[0])
        return;
    int length = snprintf(text, sizeof(text), "%s%s%s%s%s", due.ready ? "READY=1\n" : "",
                          due.stopping ? "STOPPING=1\n" : "", due.status[0] ? "STATUS=" : "",
                          due.status, due.status[0] ? "\n" : "");
    text[length - 1] = '\0'; /* line breaks stand between */
    if (!say(text))
        return;
    due.ready = due.stopping = false;
    due.status[0] = '\0';
}

void notify_ready(void)
{
    due.ready = true;
    say_due();
}

void notify_stopping(void)
{
    due.stopping = true;
    say_due();
}

void notify_status(const char *sentence)
{
    (void)snprintf(due.status, sizeof(due.status), "%s", sentence);
    say_due();
}

void notify_beat(int64_t now_mono_ms)
{
    if (!due.asked) {
        uint64_t interval_us = 0;
        due.asked = true;
        if (sd_watchdog_enabled(false, &interval_us) > 0)
            due.beat_every_ms = (int64_t)(interval_us / 2000);
    }
    if (now_mono_ms < due.again_ms)
        return;
    due.again_ms = now_mono_ms + AGAIN_MS;
    say_due();
    if (due.beat_every_ms > 0 && now_mono_ms >= due.next_beat_ms && say("WATCHDOG=1"))
        due.next_beat_ms = now_mono_ms + due.beat_every_ms;
}
