// SPDX-License-Identifier: Apache-2.0
/*
 * Whole pages as sites of many kinds build them (tests/pages/NAME.html), and what a reader would
 * say of each (NAME.txt): title, author, publication date, publisher, kind, and the main text. "*"
 * means that either answer is right.
 */
#include <dirent.h>
#include <stdio.h>

#include "tests/support/testing.h"
#include "tests/unit/finding.h"
#include "worker/extract/extract.h"

enum { LEAST_PAGES = 31, MOST_PAGES = 200, LEAST_PERCENT = 97, LONGEST_PATH = 4096 };

struct judgement {
    unsigned pages;
    unsigned faults;
};

static char *read_file(struct arena *arena, const char *name, const char *ending, size_t *ret_size)
{
    char path[LONGEST_PATH];
    (void)snprintf(path, sizeof(path), "%s/%s%s", PAGES_FOLDER, name, ending);
    FILE *in = fopen(path, "rb");
    if (!in)
        fail_msg("%s cannot be read", path);
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    long size = ftell(in);
    assert_true(size >= 0);
    rewind(in);
    char *bytes = arena_take(arena, (size_t)size + 1, 1);
    assert_int_equal(fread(bytes, 1, (size_t)size, in), size);
    assert_int_equal(fclose(in), 0);
    *ret_size = (size_t)size;
    return bytes;
}

/* "key: value" at the beginning of a line. */
static const char *field(struct arena *arena, const char *expected, const char *key)
{
    const char *at = strstr(expected, arena_format(arena, "%s: ", key));
    if (!at)
        fail_msg("the expectation has no %s", key);
    at += strlen(key) + 2;
    return arena_text(arena, at, strcspn(at, "\n"));
}

/* Words of a text in order of their bytes. */
struct bag {
    char **words;
    size_t count;
};

static int compare_words(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static struct bag bag_of(struct arena *arena, const char *text)
{
    char *copy = arena_text(arena, text, strlen(text));
    struct bag bag = {.words = arena_take(arena, strlen(text) + 1, sizeof(char *))};
    char *rest = copy;
    for (char *word = NULL; (word = strsep(&rest, " \n"));)
        if (*word)
            bag.words[bag.count++] = word;
    qsort(bag.words, bag.count, sizeof(*bag.words), compare_words);
    return bag;
}

static size_t count_common(const struct bag *a, const struct bag *b)
{
    size_t common = 0;
    for (size_t i = 0, k = 0; i < a->count && k < b->count;) {
        int order = strcmp(a->words[i], b->words[k]);
        common += order == 0;
        i += order <= 0;
        k += order >= 0;
    }
    return common;
}

static const char *main_text(struct arena *arena, const struct document *document)
{
    const char *text = "";
    for (uint32_t i = 0; i < document->section_count; i++) {
        const struct section *section = &document->sections[i];
        if (section->kind == NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_LEAD ||
            section->kind == NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_BODY ||
            section->kind == NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_CAPTION)
            text = arena_format(arena, "%s%s\n", text, document_text(document, section->span));
    }
    return text;
}

static void check_field(struct judgement *judgement, const char *page, const char *key,
                        const char *wanted, const char *found)
{
    if (strcmp(wanted, "*") == 0 || strcmp(wanted, found) == 0)
        return;
    judgement->faults++;
    print_error("%s: %s is \"%s\", not \"%s\"\n", page, key, found, wanted);
}

static void check_text(struct judgement *judgement, struct arena *arena, const char *page,
                       const char *wanted, const char *found)
{
    struct bag right = bag_of(arena, wanted);
    struct bag got = bag_of(arena, found);
    size_t common = count_common(&right, &got);
    if (common * 100 >= right.count * LEAST_PERCENT && common * 100 >= got.count * LEAST_PERCENT)
        return;
    judgement->faults++;
    print_error("%s: of %zu words %zu were found, among %zu\n%s", page, right.count, common,
                got.count, found);
}

static void check_page(struct judgement *judgement, const char *page)
{
    static const char *const kinds[] = {"unknown", "article", "listing", "other"};
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    size_t size = 0;
    const char *expected = read_file(arena, page, ".txt", &size);
    struct article_input input = ARTICLE_INPUT_INIT;
    input.content = read_file(arena, page, ".html", &input.size);
    input.content_type = "text/html";
    const struct extract_limits limits = {0};
    struct document document = {0};
    struct error err = {0};
    assert_ok(extract_document(shared_knowledge(), &input, &limits, arena, &document, &err), err);
    const char *kind = field(arena, expected, "kind");
    const char *text = strstr(expected, "\n\n");
    assert_non_null(text);
    judgement->pages++;
    check_field(judgement, page, "kind", kind, kinds[document.page_kind]);
    check_field(judgement, page, "title", field(arena, expected, "title"), document.title);
    check_field(judgement, page, "author", field(arena, expected, "author"), document.author);
    check_field(judgement, page, "published", field(arena, expected, "published"),
                document.published);
    check_field(judgement, page, "publisher", field(arena, expected, "publisher"),
                document.publisher);
    check_text(judgement, arena, page, text, main_text(arena, &document));
}

static int is_page(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 5 && strcmp(entry->d_name + size - 5, ".html") == 0;
}

static void pages_of_many_kinds_are_read_as_a_reader_would(void **state)
{
    (void)state;
    struct dirent **entries = NULL;
    struct judgement judgement = {0};
    int count = scandir(PAGES_FOLDER, &entries, is_page, alphasort);
    assert_in_range(count, LEAST_PAGES, MOST_PAGES);
    for (int i = 0; i < count; i++) {
        entries[i]->d_name[strlen(entries[i]->d_name) - 5] = 0;
        check_page(&judgement, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(judgement.pages, count);
    assert_int_equal(judgement.faults, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_of_many_kinds_are_read_as_a_reader_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
