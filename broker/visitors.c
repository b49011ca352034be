// SPDX-License-Identifier: Apache-2.0
#include "broker/visitors.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "broker/inflow.h"
#include "broker/sockets.h"

enum { BUCKETS = 4096, ADDRESS_SIZE = 16 };

/* Of one address; freed with its last connection. */
struct origin {
    struct origin *next;
    uint8_t address[ADDRESS_SIZE];
    uint64_t count;
};

struct visitor {
    struct origin *origin; /* NULL: this file is no connection */
    unsigned socket;
    uint32_t heard;      /* as of the last look */
    uint64_t seen_bytes; /* and what had come by then */
};

struct visitors {
    uint64_t address_limit;
    uint64_t limit;
    uint64_t count;
    uint64_t by_socket[SOCKET_COUNT];
    struct visitor *by_file;
    size_t room;
    struct origin *buckets[BUCKETS];
};

struct visitors *visitors_new(uint64_t address_limit, uint64_t limit)
{
    struct visitors *visitors = memory_new(sizeof(*visitors));
    visitors->address_limit = address_limit;
    visitors->limit = limit;
    return visitors;
}

void visitors_free(struct visitors **visitors_p)
{
    struct visitors *visitors = *visitors_p;
    if (!visitors)
        return;
    for (size_t i = 0; i < visitors->room; i++)
        visitors_remove(visitors, (int)i);
    free(visitors->by_file);
    free(visitors);
    *visitors_p = NULL;
}

/* All zero for ipc://, and for one that has gone already. */
static void address_of(int file, uint8_t ret_address[ADDRESS_SIZE])
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof(peer);
    memset(ret_address, 0, ADDRESS_SIZE);
    if (getpeername(file, (struct sockaddr *)&peer, &size) != 0)
        return;
    if (peer.ss_family == AF_INET)
        memcpy(ret_address, &((const struct sockaddr_in *)&peer)->sin_addr, sizeof(struct in_addr));
    else if (peer.ss_family == AF_INET6)
        memcpy(ret_address, &((const struct sockaddr_in6 *)&peer)->sin6_addr, ADDRESS_SIZE);
}

static struct origin **bucket_of(struct visitors *visitors, const uint8_t address[ADDRESS_SIZE])
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < ADDRESS_SIZE; i++)
        hash = (hash ^ address[i]) * 16777619U;
    return &visitors->buckets[hash % BUCKETS];
}

static struct origin *origin_of(struct visitors *visitors, const uint8_t address[ADDRESS_SIZE])
{
    struct origin **bucket = bucket_of(visitors, address);
    for (struct origin *origin = *bucket; origin; origin = origin->next)
        if (memcmp(origin->address, address, ADDRESS_SIZE) == 0)
            return origin;
    struct origin *origin = memory_new(sizeof(*origin));
    memcpy(origin->address, address, ADDRESS_SIZE);
    origin->next = *bucket;
    *bucket = origin;
    return origin;
}

static void release_origin(struct visitors *visitors, struct origin *origin)
{
    if (--origin->count > 0)
        return;
    struct origin **at = bucket_of(visitors, origin->address);
    while (*at != origin)
        at = &(*at)->next;
    *at = origin->next;
    free(origin);
}

const char *visitors_add(struct visitors *visitors, int file, unsigned socket)
{
    uint8_t address[ADDRESS_SIZE];
    if (file < 0 || socket >= SOCKET_COUNT)
        return NULL;
    visitors_remove(visitors, file); /* its end was not told */
    if ((size_t)file >= visitors->room) {
        size_t room = 2 * (size_t)file + 64;
        visitors->by_file = memory_resize(visitors->by_file, room, sizeof(*visitors->by_file));
        memset(visitors->by_file + visitors->room, 0,
               (room - visitors->room) * sizeof(*visitors->by_file));
        visitors->room = room;
    }
    address_of(file, address);
    struct visitor *visitor = &visitors->by_file[file];
    visitor->origin = origin_of(visitors, address);
    visitor->socket = socket;
    visitor->seen_bytes = inflow_bytes(file);
    visitor->origin->count++;
    visitors->by_socket[socket]++;
    visitors->count++;
    if (visitors->count > visitors->limit)
        return "half of the files that this process may open are connections: raise LimitNOFILE";
    if (visitor->origin->count > visitors->address_limit)
        return "its address has as many connections as limit.connections allows";
    return NULL;
}

void visitors_remove(struct visitors *visitors, int file)
{
    if (file < 0 || (size_t)file >= visitors->room || !visitors->by_file[file].origin)
        return;
    struct visitor *visitor = &visitors->by_file[file];
    release_origin(visitors, visitor->origin);
    visitor->origin = NULL;
    visitors->by_socket[visitor->socket]--;
    visitors->count--;
}

int visitors_next(const struct visitors *visitors, int file)
{
    for (size_t i = (size_t)file; i < visitors->room; i++)
        if (visitors->by_file[i].origin)
            return (int)i;
    return -1;
}

unsigned visitors_socket(const struct visitors *visitors, int file)
{
    return visitors->by_file[file].socket;
}

uint64_t visitors_unheard_bytes(struct visitors *visitors, int file, uint32_t heard)
{
    struct visitor *visitor = &visitors->by_file[file];
    uint64_t come = inflow_bytes(file);
    if (heard != visitor->heard)
        visitor->seen_bytes = come;
    visitor->heard = heard;
    return come - visitor->seen_bytes;
}

uint64_t visitors_count(const struct visitors *visitors, unsigned socket)
{
    return socket < SOCKET_COUNT ? visitors->by_socket[socket] : 0;
}
