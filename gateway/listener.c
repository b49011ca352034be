// SPDX-License-Identifier: Apache-2.0
#include "gateway/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/http.h"

enum { BACKLOG = 128, UNIX_MODE = 0660 };

#define UNIX_PREFIX "unix:"

static const char *unix_path(const char *address)
{
    size_t prefix = strlen(UNIX_PREFIX);
    return strncmp(address, UNIX_PREFIX, prefix) == 0 ? address + prefix : NULL;
}

enum status listener_check(const char *address, struct error *err)
{
    const char *path = unix_path(address);
    struct sockaddr_un unix_address;
    if (path && *path != '/')
        return error_set(err, STATUS_INVALID,
                         "cannot listen on \"%.80s\": a unix socket is unix:/path", address);
    if (path && strlen(path) >= sizeof(unix_address.sun_path))
        return error_set(err, STATUS_INVALID,
                         "cannot listen on \"%.120s\": the path of a unix socket has at most %zu "
                         "bytes",
                         address, sizeof(unix_address.sun_path) - 1);
    if (path)
        return STATUS_OK;
    if (!*address)
        return error_set(err, STATUS_INVALID,
                         "it is empty: use host:port such as 127.0.0.1:5817, or unix:/path");
    return http_check_address(address, err);
}

static bool name_is_local(const char *host, size_t length)
{
    char text[INET6_ADDRSTRLEN];
    struct in_addr four;
    struct in6_addr six;
    if (length == strlen("localhost") && strncasecmp(host, "localhost", length) == 0)
        return true;
    if (length >= sizeof(text))
        return false;
    memcpy(text, host, length);
    text[length] = '\0';
    if (inet_pton(AF_INET, text, &four) == 1)
        return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
    return inet_pton(AF_INET6, text, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

bool listener_host_is_local(const char *host)
{
    const char *end = NULL;
    if (*host == '[') {
        end = strchr(host, ']');
        return end && (!end[1] || end[1] == ':') &&
               name_is_local(host + 1, (size_t)(end - host) - 1);
    }
    return name_is_local(host, strcspn(host, ":"));
}

bool listener_is_local(const char *address)
{
    return unix_path(address) || listener_host_is_local(address);
}

/* ---- opening ------------------------------------------------------------------------------- */

static enum status complain(const char *address, int file, struct error *err)
{
    int os_errno = errno;
    if (file >= 0)
        (void)close(file);
    errno = os_errno;
    return error_set_errno(err, STATUS_INVALID, "cannot listen on \"%.120s\"", address);
}

/* false: somebody listens there. */
static bool is_abandoned(const struct sockaddr_un *at)
{
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool refused = file >= 0 && connect(file, (const struct sockaddr *)at, sizeof(*at)) != 0 &&
                   errno == ECONNREFUSED;
    if (file >= 0)
        (void)close(file);
    return refused;
}

/* path is known to have room. */
static enum status open_unix(struct listener *listener, const char *address, const char *path,
                             struct error *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    if (is_abandoned(&at))
        (void)unlink(at.sun_path);
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file < 0 || bind(file, (const struct sockaddr *)&at, sizeof(at)) != 0)
        return complain(address, file, err);
    if (chmod(at.sun_path, UNIX_MODE) != 0 || listen(file, BACKLOG) != 0) {
        enum status status = complain(address, file, err);
        (void)unlink(at.sun_path);
        return status;
    }
    listener->file = file;
    listener->path = text_copy(at.sun_path);
    (void)snprintf(listener->name, sizeof(listener->name), "%s", address);
    return STATUS_OK;
}

static void say_name(struct listener *listener)
{
    struct sockaddr_storage at;
    socklen_t size = sizeof(at);
    char host[INET6_ADDRSTRLEN];
    char port[8];
    if (getsockname(listener->file, (struct sockaddr *)&at, &size) == 0 &&
        getnameinfo((struct sockaddr *)&at, size, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        (void)snprintf(listener->name, sizeof(listener->name),
                       strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

static enum status open_tcp(struct listener *listener, const char *address, struct error *err)
{
    struct addrinfo *found = NULL;
    const int on = 1;
    enum status status = http_resolve(address, &found, err);
    if (status != STATUS_OK)
        return status;
    int file = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool listens = file >= 0 && setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                   bind(file, found->ai_addr, found->ai_addrlen) == 0 && listen(file, BACKLOG) == 0;
    freeaddrinfo(found);
    if (!listens)
        return complain(address, file, err);
    listener->file = file;
    say_name(listener);
    return STATUS_OK;
}

enum status listener_open(struct listener *ret_listener, const char *address, struct error *err)
{
    enum status status = listener_check(address, err);
    *ret_listener = (struct listener){.file = -1};
    if (status != STATUS_OK)
        return status;
    const char *path = unix_path(address);
    return path ? open_unix(ret_listener, address, path, err)
                : open_tcp(ret_listener, address, err);
}

void listener_close(struct listener *listener)
{
    if (listener->file >= 0)
        (void)close(listener->file);
    if (listener->path)
        (void)unlink(listener->path);
    text_free(&listener->path);
    listener->file = -1;
}
