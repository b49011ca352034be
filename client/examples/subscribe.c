// SPDX-License-Identifier: Apache-2.0
/*
 * subscribe - print what is stored, a line each, and go on after a restart where it stopped.
 *
 *      cc subscribe.c -o subscribe $(pkg-config --cflags --libs newsloom)
 *      ./subscribe tcp://127.0.0.1:5813 alerts event=ARREST,type=PERSON
 *
 * The broker keeps the cursor under the name. An entry that was printed but not yet acknowledged
 * when the program died is printed again.
 */
#include <newsloom.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define TURN_MS 500

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void print_entry(const struct newsloom_entry *entry)
{
    printf("%llu %s %s %s revision %u, %zu bytes of facts\n", (unsigned long long)entry->sequence,
           newsloom_entry_kind_name(entry->kind), entry->source, entry->key,
           (unsigned)entry->revision, entry->extraction_size);
}

static int follow(struct newsloom_subscriber *subscriber)
{
    struct newsloom_error err;
    while (!stopped) {
        const struct newsloom_entry *entry = NULL;
        enum newsloom_status status = newsloom_subscriber_next(subscriber, TURN_MS, &entry, &err);
        if (status == NEWSLOOM_STATUS_OK) {
            print_entry(entry);
            if (fflush(stdout) != 0)
                return EXIT_FAILURE; /* not acknowledged: it comes again */
            newsloom_subscriber_acknowledge(subscriber, entry->sequence);
        } else if (status != NEWSLOOM_STATUS_AGAIN) {
            fprintf(stderr, "%s\n", err.text);
            return EXIT_FAILURE; /* a gap, or a refusal: the sentence says what to do */
        } else if (!newsloom_subscriber_is_streaming(subscriber)) {
            fprintf(stderr, "%s\n", err.text);
        }
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: subscribe ENDPOINT NAME [FILTER]\n");
        return 64;
    }
    struct newsloom_options to = {.endpoints = argv[1]};
    struct newsloom_subscription what = {
        .from = NEWSLOOM_FROM_NAMED, .name = argv[2], .filter = argc > 3 ? argv[3] : NULL};
    struct newsloom_subscriber *subscriber = NULL;
    struct newsloom_error err;
    if (newsloom_subscriber_open(&subscriber, &to, &what, &err) != NEWSLOOM_STATUS_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 65;
    }
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    int exit_code = follow(subscriber);
    newsloom_subscriber_close(&subscriber);
    return exit_code;
}
