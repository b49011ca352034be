// SPDX-License-Identifier: Apache-2.0
#include "broker/handouts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/status.h"

enum { MACHINE_SIZE = 36, FORMAT = 1 };

#define MACHINE_FILE "/proc/sys/kernel/random/boot_id"

struct page {
    uint64_t format;
    uint64_t store_boot;
    char machine[MACHINE_SIZE + 4]; /* a boot of one */
    uint64_t highest[QUEUE_CLASS_COUNT][QUEUE_LANE_COUNT];
};

struct handouts {
    struct page *page; /* of the file, or of nothing that lasts */
    bool is_mapped;
};

static bool read_machine(char machine[MACHINE_SIZE])
{
    int fd = open(MACHINE_FILE, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, machine, MACHINE_SIZE);
    (void)close(fd);
    return size == MACHINE_SIZE;
}

/* Allocated, so that a full disk is met here and not by a store to memory. */
static struct page *map_page(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return NULL;
    void *memory = MAP_FAILED;
    if (posix_fallocate(fd, 0, sizeof(struct page)) == 0)
        memory = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    return memory == MAP_FAILED ? NULL : memory;
}

static void set_all(struct page *page, uint64_t article_id)
{
    for (size_t class_ = 0; class_ < QUEUE_CLASS_COUNT; class_++)
        for (size_t lane = 0; lane < QUEUE_LANE_COUNT; lane++)
            page->highest[class_][lane] = article_id;
}

static uint64_t *highest_of(const struct handouts *handouts, const struct item *item)
{
    return &handouts->page->highest[item->class_][queue_lane(item->source_id)];
}

struct handouts *handouts_open(const char *directory, uint64_t store_boot)
{
    struct handouts *handouts = memory_new(sizeof(*handouts));
    char machine[MACHINE_SIZE] = {0};
    bool known = read_machine(machine);
    char *path = text_format("%s/handouts", directory);
    handouts->page = map_page(path);
    handouts->is_mapped = handouts->page != NULL;
    if (!handouts->is_mapped) {
        (void)unlink(path);
        handouts->page = memory_new(sizeof(*handouts->page));
    }
    text_free(&path);
    struct page *page = handouts->page;
    if (store_boot == 1)
        set_all(page, 0);
    else if (!known || page->format != FORMAT || page->store_boot + 1 != store_boot ||
             memcmp(page->machine, machine, MACHINE_SIZE) != 0)
        set_all(page, UINT64_MAX);
    memcpy(page->machine, machine, MACHINE_SIZE);
    page->format = FORMAT;
    page->store_boot = store_boot;
    return handouts;
}

void handouts_close(struct handouts **handouts_p)
{
    struct handouts *handouts = *handouts_p;
    if (!handouts)
        return;
    if (handouts->is_mapped)
        (void)munmap(handouts->page, sizeof(*handouts->page));
    else
        free(handouts->page);
    free(handouts);
    *handouts_p = NULL;
}

void handouts_note(struct handouts *handouts, const struct item *item)
{
    uint64_t *highest = highest_of(handouts, item);
    if (*highest < item->article_id)
        *highest = item->article_id;
}

bool handouts_may_hold(const struct handouts *handouts, const struct item *item)
{
    return item->article_id <= *highest_of(handouts, item);
}

void handouts_clear(struct handouts *handouts)
{
    set_all(handouts->page, 0);
}
