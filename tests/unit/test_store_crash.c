// SPDX-License-Identifier: Apache-2.0
/*
 * What was acknowledged is there: after SIGKILL at any moment, after a disk that fails, after power
 * loss at any write. A twin store that nothing happens to is told the same story; the one that was
 * hurt must hold what the twin held after the last acknowledged turn, or after the one that was
 * being told. NEWSLOOM_ROUNDS (default 40) says how often chance is asked.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fault/failing_io.h"
#include "tests/unit/store_home.h"
#include "tests/unit/store_story.h"

#define SEED        7
#define BUDGET      ((uint64_t)8 << 20)
#define MOST_EVENTS 4000
#define MOST_TURNS  64

struct pair {
    struct home *hurt;
    struct home *twin;
    unsigned told; /* turns that the twin was told */
};

static int pair_setup(void **state)
{
    struct pair *pair = memory_new(sizeof(*pair));
    (void)home_setup((void **)&pair->hurt);
    (void)home_setup((void **)&pair->twin);
    home_close(pair->hurt);
    *state = pair;
    return 0;
}

static int pair_teardown(void **state)
{
    struct pair *pair = *state;
    failing_io_set(NULL);
    failing_io_watch(NULL);
    (void)home_teardown((void **)&pair->hurt);
    (void)home_teardown((void **)&pair->twin);
    free(pair);
    return 0;
}

static unsigned rounds(void)
{
    const char *wish = getenv("NEWSLOOM_ROUNDS"); // NOLINT(concurrency-mt-unsafe): one thread
    long count = wish ? strtol(wish, NULL, 10) : 0;
    return count > 0 ? (unsigned)count : 40;
}

static void tell_twin(struct pair *pair, unsigned through)
{
    struct error err;
    while (pair->told < through)
        assert_ok(story_tell(pair->twin->store, SEED, ++pair->told, &err), err);
}

static bool is_like_twin(const struct pair *pair)
{
    uint8_t hurt[DIGEST_SIZE];
    uint8_t twin[DIGEST_SIZE];
    story_digest(pair->hurt->store, hurt);
    story_digest(pair->twin->store, twin);
    return memcmp(hurt, twin, DIGEST_SIZE) == 0;
}

/* Opens the hurt store and leaves the twin told as much as it. */
static void assert_nothing_lost(struct pair *pair, unsigned acknowledged, const char *what)
{
    home_open(pair->hurt);
    tell_twin(pair, acknowledged);
    if (is_like_twin(pair))
        return;
    tell_twin(pair, acknowledged + 1);
    if (!is_like_twin(pair))
        fail_msg("%s: turn %u was acknowledged, something else is there", what, acknowledged);
}

/* ---- SIGKILL */

/* Opens, tells the story from this turn on and writes each turn's number once it is durable. */
static void live_until_killed(const struct home *home, const char *rules, unsigned turn, int out)
{
    struct store *store = NULL;
    if (store_open(&store, &home->options, NULL) != STATUS_OK)
        _exit(2);
    failing_io_set(rules);
    for (;; turn++) {
        if (story_tell(store, SEED, turn, NULL) != STATUS_OK)
            _exit(3);
        if (write(out, &turn, sizeof(turn)) != sizeof(turn))
            _exit(4);
    }
}

static pid_t start_child(const struct pair *pair, const char *rules, int *ret_acknowledgements)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        live_until_killed(pair->hurt, rules, pair->told + 1, ends[1]);
    }
    (void)close(ends[1]);
    *ret_acknowledgements = ends[0];
    return child;
}

/* Reads acknowledgements until so many came, then until the time is over, or the child ends. */
static unsigned hear(int acknowledgements, unsigned last, unsigned count, long more_us)
{
    struct timespec left = {.tv_nsec = more_us * 1000};
    struct pollfd one = {.fd = acknowledgements, .events = POLLIN};
    while (count > 0 || ppoll(&one, 1, &left, NULL) > 0) {
        unsigned turn;
        if (read(acknowledgements, &turn, sizeof(turn)) != sizeof(turn))
            break;
        last = turn;
        if (count == 0)
            break;
        count--;
    }
    return last;
}

static unsigned hear_the_rest(int acknowledgements, unsigned last)
{
    unsigned turn;
    while (read(acknowledgements, &turn, sizeof(turn)) == sizeof(turn))
        last = turn;
    (void)close(acknowledgements);
    return last;
}

static void assert_killed(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        fail_msg("the child ended with status %d instead of being killed", status);
}

static void killed_at_any_moment_nothing_acknowledged_is_lost(void **state)
{
    struct pair *pair = *state;
    unsigned chance = 1;
    for (unsigned round = 0; round < rounds(); round++) {
        int acknowledgements;
        pid_t child = start_child(pair, NULL, &acknowledgements);
        chance = chance * 1664525u + 1013904223u;
        unsigned last =
            hear(acknowledgements, pair->told, (chance >> 16) % 4, (long)(chance >> 8) % 4000);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_killed(child);
        last = hear_the_rest(acknowledgements, last);
        assert_nothing_lost(pair, last, "killed by chance");
        home_close(pair->hurt);
    }
    assert_true(pair->told > rounds() / 2); /* the children did get somewhere */
}

static void killed_at_any_write_nothing_acknowledged_is_lost(void **state)
{
    static const char *const calls[] = {"pwrite", "fdatasync", "meta"};
    static const char *const fates[] = {"KILL", "KILLED", "SHORT"};
    struct pair *pair = *state;
    for (unsigned i = 0; i < COUNT_OF(calls) * COUNT_OF(fates) * 4; i++) {
        char rules[64];
        int acknowledgements;
        const char *call = calls[i % COUNT_OF(calls)];
        const char *fate = fates[i / COUNT_OF(calls) % COUNT_OF(fates)];
        bool is_short = strcmp(fate, "SHORT") == 0;
        if (is_short && strcmp(call, "fdatasync") == 0)
            continue;
        /* half of a write, then death at the next flush that comes */
        (void)snprintf(rules, sizeof(rules), "%s:%u:%s%s", call, i % 5 + 1, fate,
                       is_short ? ",fdatasync:1+:KILL,pwrite:8+:KILL" : "");
        pid_t child = start_child(pair, rules, &acknowledgements);
        unsigned last = hear_the_rest(acknowledgements, pair->told);
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) || (is_short && WEXITSTATUS(status) == 3));
        assert_nothing_lost(pair, last, rules);
        home_close(pair->hurt);
    }
}

/* ---- a disk that fails */

/* Tells the hurt store turns under the rules until it is broken; how many it acknowledged. */
static unsigned tell_until_broken(struct pair *pair, const char *rules, struct error *err)
{
    unsigned acknowledged = pair->told;
    home_open(pair->hurt);
    failing_io_set(rules);
    enum status status;
    while ((status = story_tell(pair->hurt->store, SEED, acknowledged + 1, err)) == STATUS_OK) {
        acknowledged++;
        if (acknowledged > pair->told + 100)
            fail_msg("%s: a hundred turns and nothing broke", rules);
    }
    assert_int_equal(status, STATUS_BROKEN);
    return acknowledged;
}

static void failing_disk_breaks_the_store_and_loses_nothing(void **state)
{
    static const char *const all_rules[] = {
        "fdatasync:1:EIO", "fdatasync:4:EIO", "fdatasync:3:ENOSPC", "meta:1:EIO",
        "meta:3:EIO",      "meta:2:SHORT",    "pwrite:1:EIO",       "pwrite:5:ENOSPC",
        "pwrite:3:SHORT",  "pwrite:2+:EIO",   "meta:1+:EIO",
    };
    struct pair *pair = *state;
    for (size_t i = 0; i < COUNT_OF(all_rules); i++) {
        struct error err;
        unsigned acknowledged = tell_until_broken(pair, all_rules[i], &err);
        assert_contains(err.text, "could not record the turn");
        failing_io_set(NULL);
        home_close(pair->hurt);
        assert_nothing_lost(pair, acknowledged, all_rules[i]);
        home_close(pair->hurt);
    }
}

static void broken_store_stays_broken_until_it_is_opened_again(void **state)
{
    struct pair *pair = *state;
    struct error err;
    unsigned acknowledged = tell_until_broken(pair, "fdatasync:2:EIO", &err);
    failing_io_set(NULL);
    assert_refused(story_tell(pair->hurt->store, SEED, acknowledged + 1, &err), STATUS_BROKEN, err,
                   "the disk failed");
    home_close(pair->hurt);
    home_open(pair->hurt);
    assert_ok(story_tell(pair->hurt->store, SEED, acknowledged + 2, &err), err);
}

static void disk_without_room_for_the_budget_is_refused_at_the_start(void **state)
{
    struct pair *pair = *state;
    struct store *store = NULL;
    struct error err;
    pair->hurt->options.budget_bytes *= 2; /* so that there is something to reserve */
    failing_io_set("posix_fallocate:1:ENOSPC");
    assert_refused(store_open(&store, &pair->hurt->options, &err), STATUS_LIMIT, err,
                   "could not reserve 32 MiB");
    failing_io_set(NULL);
    home_open(pair->hurt);
}

/* ---- power loss */

struct event {
    uint8_t *bytes; /* NULL: everything before is on the disk */
    size_t size;
    off_t offset;
    unsigned acknowledged; /* turns acknowledged before it */
};

static struct event events[MOST_EVENTS];
static size_t event_count;
static unsigned acknowledged_now;

static void note_event(const void *bytes, size_t size, off_t offset)
{
    if (event_count == MOST_EVENTS)
        return;
    events[event_count++] = (struct event){.bytes = bytes ? memory_copy(bytes, size) : NULL,
                                           .size = size,
                                           .offset = offset,
                                           .acknowledged = acknowledged_now};
}

static char *data_path(const struct home *home)
{
    return text_format("%s/data.mdb", home->directory);
}

static uint8_t *read_image(const struct home *home, size_t size)
{
    char *path = data_path(home);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *image = memory_new(size);
    assert_true(fd >= 0);
    assert_true(read(fd, image, size) > 0);
    (void)close(fd);
    text_free(&path);
    return image;
}

static void write_image(const struct home *home, const uint8_t *image, size_t size)
{
    char *path = data_path(home);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_true(write(fd, image, size) == (ssize_t)size);
    (void)close(fd);
    text_free(&path);
}

/* What is on the disk when power goes after the first `count` events: everything up to the last
 * flush, and of what came later as many as chance says. */
static void apply_events(uint8_t *image, size_t count, unsigned chance)
{
    size_t flushed = count;
    while (flushed > 0 && events[flushed - 1].bytes)
        flushed--;
    for (size_t i = 0; i < count; i++) {
        chance = chance * 1664525u + 1013904223u;
        bool is_lost = i >= flushed && (chance >> 16) % 3 == 0;
        if (events[i].bytes && !is_lost)
            memcpy(image + events[i].offset, events[i].bytes, events[i].size);
    }
}

static void assert_survives(struct home *home, const uint8_t *image, size_t size,
                            uint8_t (*digests)[DIGEST_SIZE], unsigned acknowledged)
{
    uint8_t digest[DIGEST_SIZE];
    write_image(home, image, size);
    home_open(home);
    story_digest(home->store, digest);
    home_close(home);
    if (memcmp(digest, digests[acknowledged], DIGEST_SIZE) != 0 &&
        memcmp(digest, digests[acknowledged + 1], DIGEST_SIZE) != 0)
        fail_msg("power lost after turn %u: something else is there", acknowledged);
}

static void power_lost_at_any_write_leaves_what_was_acknowledged(void **state)
{
    static uint8_t digests[MOST_TURNS + 2][DIGEST_SIZE];
    struct pair *pair = *state;
    struct error err;
    unsigned turns = rounds() / 2 < MOST_TURNS ? rounds() / 2 : MOST_TURNS;
    pair->twin->options.budget_bytes = BUDGET;
    pair->hurt->options.budget_bytes = BUDGET;
    home_reopen(pair->twin);
    uint8_t *before = read_image(pair->twin, BUDGET);
    story_digest(pair->twin->store, digests[0]);
    failing_io_watch(note_event);
    for (acknowledged_now = 0; acknowledged_now < turns;) {
        assert_ok(story_tell(pair->twin->store, SEED, acknowledged_now + 1, &err), err);
        story_digest(pair->twin->store, digests[++acknowledged_now]);
    }
    failing_io_watch(NULL);
    memcpy(digests[turns + 1], digests[turns], DIGEST_SIZE);
    assert_true(event_count > turns && event_count < MOST_EVENTS);
    uint8_t *image = memory_new(BUDGET);
    for (size_t count = 0; count < event_count; count++) {
        memcpy(image, before, BUDGET);
        apply_events(image, count, (unsigned)count);
        assert_survives(pair->hurt, image, BUDGET, digests, events[count].acknowledged);
    }
    for (size_t i = 0; i < event_count; i++)
        free(events[i].bytes);
    free(image);
    free(before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)
    const struct CMUnitTest tests[] = {
        TEST(killed_at_any_moment_nothing_acknowledged_is_lost),
        TEST(killed_at_any_write_nothing_acknowledged_is_lost),
        TEST(failing_disk_breaks_the_store_and_loses_nothing),
        TEST(broken_store_stays_broken_until_it_is_opened_again),
        TEST(disk_without_room_for_the_budget_is_refused_at_the_start),
        TEST(power_lost_at_any_write_leaves_what_was_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
