// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "broker/handouts.h"
#include "tests/support/testing.h"

static int make_directory(void **state)
{
    char *directory = text_copy("handouts-XXXXXX");
    *state = directory;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    char *path = text_format("%s/handouts", (const char *)*state);
    (void)unlink(path);
    text_free(&path);
    int code = rmdir(*state);
    free(*state);
    return code;
}

static struct item article(uint64_t id, uint32_t source)
{
    return (struct item){.article_id = id, .source_id = source, .class_ = QUEUE_LIVE};
}

static bool may_hold(const struct handouts *handouts, uint64_t id, uint32_t source)
{
    struct item item = article(id, source);
    return handouts_may_hold(handouts, &item);
}

/* As a broker that is killed: the file stays as it is. */
static void hand_out(const char *directory, uint64_t boot, uint64_t id, uint32_t source)
{
    struct handouts *handouts = handouts_open(directory, boot);
    struct item item = article(id, source);
    handouts_note(handouts, &item);
    handouts_close(&handouts);
}

static void new_store_has_handed_out_nothing(void **state)
{
    struct handouts *handouts = handouts_open(*state, 1);
    assert_false(may_hold(handouts, 1, 7));
    handouts_close(&handouts);
}

static void next_start_knows_how_far_each_lane_was(void **state)
{
    hand_out(*state, 1, 20, 7);
    struct handouts *handouts = handouts_open(*state, 2);
    assert_true(may_hold(handouts, 20, 7));
    assert_true(may_hold(handouts, 3, 7));
    assert_false(may_hold(handouts, 21, 7));
    assert_false(may_hold(handouts, 3, 8));
    struct item backfill = {.article_id = 3, .source_id = 7, .class_ = QUEUE_BACKFILL};
    assert_false(handouts_may_hold(handouts, &backfill));
    handouts_close(&handouts);
}

static void earlier_number_does_not_lower_a_lane(void **state)
{
    hand_out(*state, 1, 20, 7);
    hand_out(*state, 2, 5, 7);
    struct handouts *handouts = handouts_open(*state, 3);
    assert_true(may_hold(handouts, 20, 7));
    handouts_close(&handouts);
}

static void file_of_another_start_means_everything(void **state)
{
    hand_out(*state, 1, 20, 7);
    struct handouts *handouts = handouts_open(*state, 3); /* start 2 was without the file */
    assert_true(may_hold(handouts, 1000, 8));
    handouts_close(&handouts);
}

static void lost_file_means_everything(void **state)
{
    struct handouts *handouts = handouts_open(*state, 5);
    assert_true(may_hold(handouts, 1, 7));
    handouts_close(&handouts);
}

static void another_boot_of_the_machine_means_everything(void **state)
{
    hand_out(*state, 1, 20, 7);
    char *path = text_format("%s/handouts", (const char *)*state);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 16, SEEK_SET), 0); /* where the machine's boot stands */
    assert_int_equal(fputc('?', file), '?');
    assert_int_equal(fclose(file), 0);
    text_free(&path);
    struct handouts *handouts = handouts_open(*state, 2);
    assert_true(may_hold(handouts, 1000, 7));
    handouts_close(&handouts);
}

static void cleared_ones_are_noted_anew(void **state)
{
    hand_out(*state, 1, 20, 7);
    struct handouts *handouts = handouts_open(*state, 2);
    handouts_clear(handouts);
    handouts_close(&handouts);
    hand_out(*state, 3, 4, 7);
    handouts = handouts_open(*state, 4);
    assert_true(may_hold(handouts, 4, 7));
    assert_false(may_hold(handouts, 5, 7));
    handouts_close(&handouts);
}

static void directory_that_cannot_be_written_is_no_obstacle(void **state)
{
    (void)state;
    struct handouts *handouts = handouts_open("no/such/directory", 2);
    assert_true(may_hold(handouts, 1, 7));
    handouts_clear(handouts);
    assert_false(may_hold(handouts, 1, 7));
    handouts_close(&handouts);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
    const struct CMUnitTest tests[] = {
        TEST(new_store_has_handed_out_nothing),
        TEST(next_start_knows_how_far_each_lane_was),
        TEST(earlier_number_does_not_lower_a_lane),
        TEST(file_of_another_start_means_everything),
        TEST(lost_file_means_everything),
        TEST(another_boot_of_the_machine_means_everything),
        TEST(cleared_ones_are_noted_anew),
        cmocka_unit_test(directory_that_cannot_be_written_is_no_obstacle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
