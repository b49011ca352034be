// SPDX-License-Identifier: Apache-2.0
/*
 * wires - IP between hosts that are network namespaces, with the faults that a network has.
 *
 * usage: wires HOST=ADDRESS…      run by tests/support/hosts.py, as root
 *
 * Each HOST is a namespace under /run/netns; it gets a TUN device "wire0", to which the caller
 * gives the ADDRESS. Packets from one host to another pass through this program. One line on stdin
 * is one command, one line on stdout its answer:
 *
 *   set FROM TO [WORD=NUMBER]…   what the way from FROM to TO does to packets; "*" is every host.
 *                                What is not named is off: "set * *" mends everything.
 *     cut=1          nothing comes through
 *     loss=PERCENT   some are lost
 *     delay=MS       all are late
 *     reorder=PERCENT  some are held back by up to 20 ms more, so that later ones overtake them
 *     rate=KBIT      so many kbit/s; what would wait for more than a second is dropped
 *     mtu=BYTES      longer ones vanish, and no ICMP message says so
 *   count FROM TO                "PASSED DROPPED OVERTAKEN" since the start
 *
 * It ends with stdin. netem would do as much where the kernel has it; TUN every kernel has.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    HOSTS_LIMIT = 16,
    PACKET_LIMIT = 2048,
    TURN_PACKETS = 64,     /* read from one host before the next has its turn */
    QUEUE_LIMIT = 1 << 16, /* under way at once; more are dropped */
    HOLD_BACK_MS = 20,
    QUEUE_SECOND_NS = 1000000000,
};

struct way {
    unsigned cut, loss, delay, reorder, rate, mtu;
    int64_t free_ns; /* with a rate: when the last packet has left */
    uint64_t passed, dropped, overtaken;
};

struct host {
    char name[64];
    struct in_addr address;
    int file;
};

struct packet {
    int64_t due_ns;
    uint64_t number; /* keeps the order among those due at once */
    int to;
    size_t size;
    uint8_t *bytes;
};

static struct host hosts[HOSTS_LIMIT];
static int host_count;
static struct way ways[HOSTS_LIMIT][HOSTS_LIMIT];
static struct packet queue[QUEUE_LIMIT]; /* a heap, the one due first in front */
static size_t queue_size;
static uint64_t packet_number;

static void fail(const char *what, const char *name)
{
    (void)fprintf(stderr, "wires: could not %s %s: %s\n", what, name, strerror(errno));
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static unsigned percent(void)
{
    return (unsigned)(random() % 100);
}

/* ---- what is under way ---- */

static bool is_before(const struct packet *a, const struct packet *b)
{
    return a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->number < b->number);
}

static void swap_packets(size_t a, size_t b)
{
    struct packet held = queue[a];
    queue[a] = queue[b];
    queue[b] = held;
}

static void push(struct packet packet)
{
    size_t at = queue_size++;
    queue[at] = packet;
    for (; at > 0 && is_before(&queue[at], &queue[(at - 1) / 2]); at = (at - 1) / 2)
        swap_packets(at, (at - 1) / 2);
}

static struct packet pop(void)
{
    struct packet first = queue[0];
    queue[0] = queue[--queue_size];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < queue_size; child++)
            if (is_before(&queue[child], &queue[least]))
                least = child;
        if (least == at)
            return first;
        swap_packets(at, least);
        at = least;
    }
}

static void deliver(int to, const uint8_t *bytes, size_t size)
{
    /* a host that is down, or reads too slowly, loses it: so do real ones */
    if (write(hosts[to].file, bytes, size) < 0 && errno != EAGAIN && errno != EIO &&
        errno != EINVAL)
        fail("deliver to", hosts[to].name);
}

static void deliver_due(void)
{
    int64_t now = now_ns();
    while (queue_size > 0 && queue[0].due_ns <= now) {
        struct packet packet = pop();
        deliver(packet.to, packet.bytes, packet.size);
        free(packet.bytes);
    }
}

/* ---- one packet ---- */

static int host_of(struct in_addr address)
{
    for (int i = 0; i < host_count; i++)
        if (hosts[i].address.s_addr == address.s_addr)
            return i;
    return -1;
}

/* When it comes out at the other end; 0: at once; -1: never. */
static int64_t due_of(struct way *way, size_t size)
{
    if (way->cut || (way->mtu && size > way->mtu) || percent() < way->loss)
        return -1;
    int64_t now = now_ns();
    int64_t wait_ns = way->delay * INT64_C(1000000);
    if (way->rate) {
        way->free_ns = way->free_ns > now ? way->free_ns : now;
        if (way->free_ns - now > QUEUE_SECOND_NS)
            return -1;
        way->free_ns += (int64_t)size * 8 * 1000000 / way->rate;
        wait_ns += way->free_ns - now;
    }
    if (percent() < way->reorder) {
        wait_ns += (1 + random() % HOLD_BACK_MS) * INT64_C(1000000);
        way->overtaken++;
    }
    return wait_ns ? now + wait_ns : 0;
}

static void forward(int from, const uint8_t *bytes, size_t size)
{
    struct iphdr header;
    if (size < sizeof(header) || bytes[0] >> 4 != 4)
        return; /* IPv6 looks for neighbours: there are none */
    memcpy(&header, bytes, sizeof(header));
    int to = host_of((struct in_addr){.s_addr = header.daddr});
    if (to < 0)
        return;
    struct way *way = &ways[from][to];
    int64_t due_ns = due_of(way, size);
    if (due_ns < 0 || (due_ns > 0 && queue_size == QUEUE_LIMIT)) {
        way->dropped++;
        return;
    }
    way->passed++;
    if (due_ns == 0) {
        deliver(to, bytes, size);
        return;
    }
    struct packet packet = {due_ns, packet_number++, to, size, malloc(size)};
    if (!packet.bytes)
        fail("keep a packet for", hosts[to].name);
    memcpy(packet.bytes, bytes, size);
    push(packet);
}

static void read_host(int from)
{
    uint8_t bytes[PACKET_LIMIT];
    for (int i = 0; i < TURN_PACKETS; i++) {
        ssize_t size = read(hosts[from].file, bytes, sizeof(bytes));
        if (size <= 0)
            return;
        forward(from, bytes, (size_t)size);
    }
}

/* ---- commands ---- */

static bool is_named(int host, const char *name)
{
    return strcmp(name, "*") == 0 || strcmp(hosts[host].name, name) == 0;
}

static bool set_word(struct way *way, const char *word)
{
    const struct {
        const char *name;
        unsigned *value;
    } words[] = {{"cut", &way->cut},         {"loss", &way->loss}, {"delay", &way->delay},
                 {"reorder", &way->reorder}, {"rate", &way->rate}, {"mtu", &way->mtu}};
    size_t length = strcspn(word, "=");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i].name) == length && strncmp(word, words[i].name, length) == 0 &&
            word[length] == '=') {
            *words[i].value = (unsigned)strtoul(word + length + 1, NULL, 10);
            return true;
        }
    }
    return false;
}

static bool set_way(struct way *way, const char *words)
{
    char copy[256];
    char *rest = copy;
    struct way next = {.passed = way->passed, .dropped = way->dropped, .overtaken = way->overtaken};
    (void)snprintf(copy, sizeof(copy), "%s", words);
    for (char *word = strtok_r(copy, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
        if (!set_word(&next, word))
            return false;
    *way = next;
    return true;
}

static void obey(const char *line)
{
    char verb[16], from[64], to[64];
    int end = 0;
    struct way sum = {0};
    bool is_known = sscanf(line, "%15s %63s %63s%n", verb, from, to, &end) == 3;
    for (int i = 0; is_known && i < host_count; i++) {
        for (int j = 0; is_known && j < host_count; j++) {
            if (i == j || !is_named(i, from) || !is_named(j, to))
                continue;
            if (strcmp(verb, "set") == 0)
                is_known = set_way(&ways[i][j], line + end);
            sum.passed += ways[i][j].passed;
            sum.dropped += ways[i][j].dropped;
            sum.overtaken += ways[i][j].overtaken;
        }
    }
    if (is_known)
        (void)printf("%llu %llu %llu\n", (unsigned long long)sum.passed,
                     (unsigned long long)sum.dropped, (unsigned long long)sum.overtaken);
    else
        (void)printf("? %s\n", line);
    (void)fflush(stdout);
}

/* false: there will be no more. */
static bool read_commands(void)
{
    static char text[4096];
    static size_t size;
    ssize_t got = read(STDIN_FILENO, text + size, sizeof(text) - 1 - size);
    if (got <= 0)
        return false;
    size += (size_t)got;
    text[size] = '\0';
    for (char *end = NULL; (end = strchr(text, '\n'));) {
        *end = '\0';
        obey(text);
        size -= (size_t)(end + 1 - text);
        memmove(text, end + 1, size + 1);
    }
    return size < sizeof(text) - 1;
}

/* ---- hosts ---- */

static void open_host(struct host *host, const char *word)
{
    char path[128];
    const char *equals = strchr(word, '=');
    if (!equals || (size_t)(equals - word) >= sizeof(host->name) ||
        inet_pton(AF_INET, equals + 1, &host->address) != 1) {
        errno = EINVAL;
        fail("read", word);
    }
    memcpy(host->name, word, (size_t)(equals - word));
    (void)snprintf(path, sizeof(path), "/run/netns/%s", host->name);
    int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET) != 0)
        fail("enter", path);
    (void)close(space);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "wire0"};
    host->file = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (host->file < 0 || ioctl(host->file, TUNSETIFF, &request) != 0)
        fail("make a TUN device in", host->name);
}

int main(int argc, char **argv)
{
    struct pollfd polls[HOSTS_LIMIT + 1];
    if (argc < 2 || argc > HOSTS_LIMIT + 1) {
        (void)fprintf(stderr, "usage: wires HOST=ADDRESS…\n");
        return 64;
    }
    for (host_count = 0; host_count < argc - 1; host_count++) {
        open_host(&hosts[host_count], argv[host_count + 1]);
        polls[host_count] = (struct pollfd){.fd = hosts[host_count].file, .events = POLLIN};
    }
    polls[host_count] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    (void)puts("ready");
    (void)fflush(stdout);
    for (;;) {
        int64_t wait_ns = queue_size > 0 ? queue[0].due_ns - now_ns() : QUEUE_SECOND_NS;
        wait_ns = wait_ns < 0 ? 0 : wait_ns;
        struct timespec wait = {wait_ns / QUEUE_SECOND_NS, wait_ns % QUEUE_SECOND_NS};
        if (ppoll(polls, (nfds_t)host_count + 1, &wait, NULL) < 0 && errno != EINTR)
            fail("wait for", "packets");
        deliver_due();
        for (int i = 0; i < host_count; i++)
            if (polls[i].revents & POLLIN)
                read_host(i);
        if (polls[host_count].revents && !read_commands())
            return 0;
    }
}
