// SPDX-License-Identifier: Apache-2.0
/*
 * replay - a fuzz run without a fuzzer: every file of the given folders, then mutations of them.
 *
 *     fuzz_NAME --rounds N [--longest BYTES] FOLDER...
 *
 * The mutations are the same in every run, so a failure here is a failure everywhere. When the
 * process is about to die, the input at fault is written to crash-NAME in the working directory.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/status.h"
#include "tests/fuzz/fuzzing.h"

struct input {
    uint8_t *bytes;
    size_t size;
};

static struct input *corpus;
static size_t corpus_count;
static size_t longest = 65536;
static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

/* For the handler: what is being tried, and where to leave it. */
static volatile sig_atomic_t trying;
static const uint8_t *tried_bytes;
static size_t tried_size;
static char crash_path[128];

static uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return limit ? random_state % limit : 0;
}

static void keep_the_input(int signal_number)
{
    static const char words[] = "the input at fault stands in ";
    if (trying) {
        trying = 0;
        int file = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        ssize_t written = file < 0 ? -1 : write(file, tried_bytes, tried_size);
        if (written >= 0) {
            written = write(STDERR_FILENO, words, sizeof(words) - 1);
            written = write(STDERR_FILENO, crash_path, strlen(crash_path));
            written = write(STDERR_FILENO, "\n", 1);
        }
        (void)written;
    }
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

static void try_input(const uint8_t *bytes, size_t size)
{
    uint8_t *exact = memory_copy(bytes, size); /* its own allocation: a read beyond is seen */
    tried_bytes = exact;
    tried_size = size;
    trying = 1;
    (void)LLVMFuzzerTestOneInput(exact, size);
    trying = 0;
    free(exact);
}

static void add_file(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    struct input input = {.bytes = memory_new(longest)};
    input.size = fread(input.bytes, 1, longest, file);
    (void)fclose(file);
    corpus = memory_resize(corpus, corpus_count + 1, sizeof(*corpus));
    corpus[corpus_count++] = input;
}

static bool add_folder(const char *folder)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, alphasort);
    if (count < 0) {
        (void)fprintf(stderr, "cannot read %s: %s\n", folder, strerror(errno));
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.') {
            char *path = text_format("%s/%s", folder, names[i]->d_name);
            add_file(path);
            free(path);
        }
        free(names[i]);
    }
    free(names);
    return true;
}

/* Bytes that parsers stumble over. */
static const struct {
    const char *bytes;
    size_t size;
} pieces[] = {
    {"\0", 1},
    {"\xff\xff\xff\xff\x0f", 5}, /* a varint of 32 bits */
    {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10},
    {"\n", 1},
    {"\r\n\r\n", 4},
    {"\"", 1},
    {"=", 1},
    {"%", 1},
    {"%00", 3},
    {"<!--", 4},
    {"</p><p>", 7},
    {"&#x110000;", 10},
    {"\xe1\xba\xa1", 3},     /* ạ */
    {"a\xcc\xa3", 3},        /* the same in two code points */
    {"\xef\xbf\xbd", 3},     /* U+FFFD */
    {"\xed\xa0\x80", 3},     /* a surrogate */
    {"\xf4\x8f\xbf\xbf", 4}, /* U+10FFFF */
    {"99999999999999999999", 20},
    {"30/2/2024", 9},
    {"\xe2\x80\x9c", 3},
};

/* One change of bytes[0..size); room is longest. Returns the new size. */
static size_t change(uint8_t *bytes, size_t size)
{
    size_t at = random_below(size + 1);
    size_t count = random_below(random_below(4) ? 8 : size + 1) + 1;
    switch (random_below(7)) {
    case 0: /* a bit */
        if (at < size)
            bytes[at] ^= (uint8_t)(1u << random_below(8));
        return size;
    case 1: /* a byte */
        if (at < size)
            bytes[at] = (uint8_t)random_below(256);
        return size;
    case 2: /* cut out */
        count = count < size - at ? count : size - at;
        memmove(bytes + at, bytes + at + count, size - at - count);
        return size - count;
    case 3: /* say twice */
        count = count < size - at ? count : size - at;
        if (size + count > longest)
            return size;
        memmove(bytes + at + count, bytes + at, size - at);
        return size + count;
    case 4: { /* a piece */
        size_t piece = random_below(COUNT_OF(pieces));
        if (size + pieces[piece].size > longest)
            return size;
        memmove(bytes + at + pieces[piece].size, bytes + at, size - at);
        memcpy(bytes + at, pieces[piece].bytes, pieces[piece].size);
        return size + pieces[piece].size;
    }
    case 5: { /* go on as another one does */
        const struct input *other = &corpus[random_below(corpus_count)];
        size_t from = random_below(other->size + 1);
        size_t rest = other->size - from < longest - at ? other->size - from : longest - at;
        memcpy(bytes + at, other->bytes + from, rest);
        return at + rest;
    }
    default: /* end here */
        return at;
    }
}

static void mutate(unsigned long rounds)
{
    uint8_t *bytes = memory_new(longest);
    for (unsigned long round = 0; round < rounds; round++) {
        const struct input *input = &corpus[random_below(corpus_count)];
        size_t size = input->size;
        memcpy(bytes, input->bytes, size);
        for (uint64_t changes = random_below(5) + 1; changes; changes--)
            size = change(bytes, size);
        try_input(bytes, size);
    }
    free(bytes);
}

static bool number_after(int argc, char **argv, int *at, unsigned long *ret_number)
{
    char *end = NULL;
    if (*at + 1 >= argc)
        return false;
    *ret_number = strtoul(argv[++*at], &end, 10);
    return *end == '\0';
}

int main(int argc, char **argv)
{
    unsigned long rounds = 0;
    bool understood = argc > 1;
    const char *slash = strrchr(argv[0], '/');
    (void)snprintf(crash_path, sizeof(crash_path), "crash-%s", slash ? slash + 1 : argv[0]);
    for (int i = 1; understood && i < argc; i++) {
        unsigned long number = 0;
        if (strcmp(argv[i], "--rounds") == 0)
            understood = number_after(argc, argv, &i, &rounds);
        else if (strcmp(argv[i], "--longest") == 0 &&
                 (understood = number_after(argc, argv, &i, &number) && number > 0))
            longest = number;
        else if (argv[i][0] != '-')
            understood = add_folder(argv[i]);
    }
    if (!understood || corpus_count == 0) {
        (void)fprintf(stderr, "usage: %s --rounds N [--longest BYTES] FOLDER...\n", argv[0]);
        return EX_USAGE;
    }
    (void)signal(SIGABRT, keep_the_input);
    (void)signal(SIGSEGV, keep_the_input);
    for (size_t i = 0; i < corpus_count; i++)
        try_input(corpus[i].bytes, corpus[i].size);
    try_input((const uint8_t *)"", 0);
    mutate(rounds);
    (void)printf("%zu kept inputs and %lu mutations of them\n", corpus_count, rounds);
    for (size_t i = 0; i < corpus_count; i++)
        free(corpus[i].bytes);
    free(corpus);
    return EX_OK;
}
