// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/command/cursor_file.h"
#include "client/command/feed_state.h"
#include "client/command/flights.h"
#include "client/command/input.h"
#include "tests/support/testing.h"

static char directory[] = "/tmp/newsloom-files-XXXXXX";

static const char *write_file(const char *name, const char *text)
{
    static char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
    return path;
}

static struct input *open_input(const char *path)
{
    const struct input_defaults defaults = {.source = "test", .article_limit = 1000};
    const char *const paths[] = {path};
    struct input *input = NULL;
    struct error err;
    assert_ok(input_open(&input, paths, 1, &defaults, &err), err);
    return input;
}

/* ---- input --------------------------------------------------------------------------------- */

static void json_line_becomes_an_article(void **state)
{
    (void)state;
    const struct input_item *item = NULL;
    struct error err;
    struct input *input = open_input(
        write_file("a.jsonl", "{\"text\":\"Xin ch\\u00e0o\",\"url\":\"https://example.org/1\","
                              "\"title\":\"T\",\"labels\":{\"a\":\"b\"},\"unknown\":[1]}\n"));
    assert_ok(input_next(input, &item, &err), err);
    assert_string_equal(item->article.source, "test");
    assert_string_equal(item->article.url, "https://example.org/1");
    assert_string_equal(item->article.title, "T");
    assert_int_equal(item->article.size, 9);
    assert_memory_equal(item->article.content, "Xin chào", 9);
    assert_string_equal(item->article.content_type, "text/plain");
    assert_int_equal(item->article.label_count, 1);
    assert_string_equal(item->article.labels[0].value, "b");
    assert_int_equal(item->line, 1);
    assert_int_equal(input_next(input, &item, &err), STATUS_NOT_FOUND);
    input_close(&input);
}

static void wrong_line_is_named_and_the_next_one_read(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *says;
    } wrong[] = {
        {"{\"text\":\"a\",\"html\":\"b\"}", "both"},
        {"{\"title\":\"a\"}", "neither"},
        {"{bad", "no JSON"},
        {"[]", "no JSON object"},
        {"{\"text\":1}", "\"text\" is no string"},
        {"{\"text\":\"a\",\"url\":7}", "\"url\" is no string"},
        {"{\"text\":\"a\",\"title\":\"x\\u0000y\"}", "U+0000"},
        {"{\"text\":\"a\",\"labels\":{\"x\":1}}", "label \"x\""},
        {"{\"text\":\"a\",\"labels\":[]}", "labels"},
        {"{\"text\":\"a\",\"text\":\"b\"}", "duplicate"},
        {"{\"text\":\"\xff\"}", "no JSON"},
    };
    char text[2048] = "";
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s\n", wrong[i].line);
    (void)strcat(text, "\n{\"text\":\"good\",\"key\":\"k\"}"); /* a blank line, no last break */
    struct input *input = open_input(write_file("b.jsonl", text));
    const struct input_item *item = NULL;
    struct error err;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_refused(input_next(input, &item, &err), STATUS_INVALID, err, wrong[i].says);
        assert_int_equal(item->line, i + 1);
        assert_contains(item->file, "b.jsonl");
    }
    assert_ok(input_next(input, &item, &err), err);
    assert_int_equal(item->line, COUNT_OF(wrong) + 2);
    assert_string_equal(item->article.key, "k");
    input_close(&input);
}

static void line_beyond_the_limit_is_passed_by(void **state)
{
    (void)state;
    size_t size = (size_t)1100 * 1024; /* six times the limit and a mebibyte */
    char *text = memory_new(size + 100);
    memset(text, 'x', size);
    (void)strcpy(text + size, "\n{\"text\":\"good\",\"key\":\"k\"}\n");
    struct input *input = open_input(write_file("c.jsonl", text));
    const struct input_item *item = NULL;
    struct error err;
    assert_refused(input_next(input, &item, &err), STATUS_INVALID, err, "longer than");
    assert_int_equal(item->line, 1);
    assert_ok(input_next(input, &item, &err), err);
    assert_int_equal(item->line, 2);
    input_close(&input);
    free(text);
}

static void folder_is_walked_by_name_and_names_the_keys(void **state)
{
    (void)state;
    char folder[256];
    (void)snprintf(folder, sizeof(folder), "%s/tree", directory);
    assert_int_equal(mkdir(folder, 0700), 0);
    (void)snprintf(folder, sizeof(folder), "%s/tree/b", directory);
    assert_int_equal(mkdir(folder, 0700), 0);
    (void)write_file("tree/c.txt", "ba");
    (void)write_file("tree/a.html", "<p>một</p>");
    (void)write_file("tree/b/x.txt", "hai");
    (void)write_file("tree/notes.md", "none");
    (void)snprintf(folder, sizeof(folder), "%s/tree", directory);
    static const char *const keys[] = {"a.html", "b/x.txt", "c.txt"};
    struct input *input = open_input(folder);
    const struct input_item *item = NULL;
    struct error err;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        assert_ok(input_next(input, &item, &err), err);
        assert_string_equal(item->article.key, keys[i]);
        assert_int_equal(item->line, 0);
    }
    assert_int_equal(input_next(input, &item, &err), STATUS_NOT_FOUND);
    input_close(&input);
}

static void input_goes_on_after_a_place(void **state)
{
    (void)state;
    const char *path = write_file("d.jsonl", "{\"text\":\"1\",\"key\":\"1\"}\n{\"text\":\"2\","
                                             "\"key\":\"2\"}\n{\"text\":\"3\",\"key\":\"3\"}\n");
    struct input *input = open_input(path);
    const struct input_item *item = NULL;
    struct error err;
    assert_ok(input_skip(input, path, 2, &err), err);
    assert_ok(input_next(input, &item, &err), err);
    assert_string_equal(item->article.key, "3");
    assert_int_equal(item->line, 3);
    assert_refused(input_skip(input, "elsewhere", 1, &err), STATUS_NOT_FOUND, err, "elsewhere");
    input_close(&input);
}

static void missing_file_is_named(void **state)
{
    (void)state;
    const struct input_defaults defaults = {.source = "test", .article_limit = 1000};
    const char *const paths[] = {"no/such/file.txt"};
    struct input *input = NULL;
    struct error err;
    assert_refused(input_open(&input, paths, 1, &defaults, &err), STATUS_NOT_FOUND, err,
                   "no/such/file.txt");
}

/* ---- what is kept -------------------------------------------------------------------------- */

static void feed_state_is_read_back_as_written(void **state)
{
    (void)state;
    char path[256];
    char first[] = "crawl/";
    char second[] = "-";
    char source[] = "vov.vn";
    char file[] = "crawl/a.jsonl";
    char *inputs[] = {first, second};
    const struct feed_state written = {
        .inputs = inputs, .input_count = 2, .source = source, .file = file, .line = 7, .fed = 12};
    struct feed_state back;
    struct error err;
    (void)snprintf(path, sizeof(path), "%s/feed.state", directory);
    assert_ok(feed_state_write(&written, path, &err), err);
    assert_ok(feed_state_read(&back, path, &err), err);
    assert_int_equal(back.input_count, 2);
    assert_string_equal(back.inputs[0], "crawl/");
    assert_string_equal(back.source, "vov.vn");
    assert_null(back.article_class);
    assert_string_equal(back.file, "crawl/a.jsonl");
    assert_int_equal(back.line, 7);
    assert_int_equal(back.fed, 12);
    assert_false(back.complete);
    feed_state_done(&back);
}

static void what_is_no_state_is_refused(void **state)
{
    (void)state;
    struct feed_state back;
    struct error err;
    assert_int_equal(feed_state_read(&back, "no/such/state", &err), STATUS_NOT_FOUND);
    assert_refused(feed_state_read(&back, write_file("x", "{}"), &err), STATUS_INVALID, err,
                   "no state");
    assert_refused(feed_state_read(&back, write_file("x", "junk"), &err), STATUS_INVALID, err,
                   "no state");
    assert_refused(
        feed_state_read(&back, write_file("x", "{\"newsloom_feed\":1,\"inputs\":[1]}"), &err),
        STATUS_INVALID, err, "no state");
}

static void cursor_file_is_replaced_as_a_whole(void **state)
{
    (void)state;
    struct newsloom_cursor cursor = {.sequence = 41};
    struct newsloom_cursor back;
    struct error err;
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/cursor", directory);
    assert_int_equal(cursor_file_read(path, &back, &err), STATUS_NOT_FOUND);
    assert_ok(cursor_file_write(path, &cursor, &err), err);
    cursor.sequence = 42;
    assert_ok(cursor_file_write(path, &cursor, &err), err);
    assert_ok(cursor_file_read(path, &back, &err), err);
    assert_memory_equal(&cursor, &back, sizeof(cursor));
    assert_refused(cursor_file_read(write_file("cursor", "what\n"), &back, &err), STATUS_INVALID,
                   err, "no cursor");
    cursor.sequence = 1;
    assert_int_equal(cursor_file_write("no/such/folder/cursor", &cursor, &err), STATUS_AGAIN);
}

/* ---- flights ------------------------------------------------------------------------------- */

static void place_moves_only_over_what_is_finished(void **state)
{
    (void)state;
    struct flights flights;
    struct flight *each[3];
    flights_init(&flights);
    for (size_t i = 0; i < 3; i++) {
        const struct input_item item = {.file = "f", .line = i + 1};
        each[i] = flight_new(&item);
        flights_add(&flights, each[i]);
    }
    flights_finish(&flights, each[1]);
    assert_null(flights.file);
    flights_finish(&flights, each[0]);
    assert_int_equal(flights.line, 2);
    assert_int_equal(flights.count, 1);
    flights_finish(&flights, each[2]);
    assert_int_equal(flights.line, 3);
    flights_done(&flights);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -rf %s", directory);
    return system(command); // NOLINT(concurrency-mt-unsafe,cert-env33-c): our own directory
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_line_becomes_an_article),
        cmocka_unit_test(wrong_line_is_named_and_the_next_one_read),
        cmocka_unit_test(line_beyond_the_limit_is_passed_by),
        cmocka_unit_test(folder_is_walked_by_name_and_names_the_keys),
        cmocka_unit_test(input_goes_on_after_a_place),
        cmocka_unit_test(missing_file_is_named),
        cmocka_unit_test(feed_state_is_read_back_as_written),
        cmocka_unit_test(what_is_no_state_is_refused),
        cmocka_unit_test(cursor_file_is_replaced_as_a_whole),
        cmocka_unit_test(place_moves_only_over_what_is_finished),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
