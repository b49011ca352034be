// SPDX-License-Identifier: Apache-2.0
/*
 * poison - an extraction with bugs, as one worker has them.
 *
 * For LD_PRELOAD into a worker: content that holds one of the words below does there what the bug
 * of a parser may do with any article: it takes the process along, never comes back, or eats memory
 * until there is none. A worker digests the content of every article on the thread that extracts
 * it, so that is where the word is found.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void kill_worker(void)
{
    (void)kill(getpid(), SIGKILL);
}

static void hang(void)
{
    for (;;)
        (void)pause();
}

static void eat(void)
{
    enum { BITE = 1 << 20 };
    for (volatile char *bite = malloc(BITE); bite; bite = malloc(BITE))
        *bite = 1;
    abort();
}

static const struct {
    const char *word;
    void (*act)(void);
} rows[] = {
    {"thuoc-doc:kill", kill_worker},
    {"thuoc-doc:hang", hang},
    {"thuoc-doc:eat", eat},
};

/* libsodium's, whose header is not needed for passing a pointer on. */
int crypto_generichash_update(void *state, const unsigned char *bytes, unsigned long long size);

int crypto_generichash_update(void *state, const unsigned char *bytes, unsigned long long size)
{
    int (*next)(void *, const unsigned char *, unsigned long long) = NULL;
    *(void **)&next = dlsym(RTLD_NEXT, "crypto_generichash_update");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (memmem(bytes, size, rows[i].word, strlen(rows[i].word)))
            rows[i].act();
    return next(state, bytes, size);
}
