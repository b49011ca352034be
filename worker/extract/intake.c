// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/intake.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/json_line.h"

enum { READ_CHUNK = 64 * 1024, FILE_LIMIT = 256 * 1024 * 1024, DEEPEST_FOLDER = 32 };

void intake_article_free(struct intake_article **article_p)
{
    struct intake_article *article = *article_p;
    if (!article)
        return;
    json_decref(article->holder);
    free(article->file);
    free(article->bytes);
    free(article);
    *article_p = NULL;
}

static struct intake_article *article_new(const char *file)
{
    struct intake_article *article = memory_new(sizeof(*article));
    article->file = text_copy(file);
    article->input = (struct article_input)ARTICLE_INPUT_INIT;
    return article;
}

static void complain(const struct intake *intake, const struct error *err)
{
    intake->complain(intake->context, err);
}

/* Everything a stream holds; NULL with err filled when it cannot be read. */
static char *read_stream(FILE *in, const char *name, size_t *ret_size, struct error *err)
{
    char *bytes = NULL;
    size_t size = 0;
    size_t capacity = 0;
    for (;;) {
        if (size + READ_CHUNK > capacity) {
            capacity = capacity * 2 + READ_CHUNK;
            bytes = memory_resize(bytes, capacity, 1);
        }
        size_t got = fread(bytes + size, 1, READ_CHUNK, in);
        size += got;
        if (got == 0 || size > FILE_LIMIT)
            break;
    }
    if (ferror(in) || size > FILE_LIMIT) {
        if (size > FILE_LIMIT)
            (void)error_set(err, STATUS_INVALID, "%s: is larger than 256 MiB", name);
        else
            (void)error_set_errno(err, STATUS_NOT_FOUND, "could not read %s", name);
        free(bytes);
        return NULL;
    }
    *ret_size = size;
    return bytes;
}

static bool take_whole(const struct intake *intake, const char *name, char *bytes, size_t size,
                       const char *content_type)
{
    struct intake_article *article = article_new(name);
    article->bytes = bytes;
    article->input.content = bytes;
    article->input.size = size;
    article->input.content_type = content_type;
    return intake->take(intake->context, article);
}

static enum status read_content_of(const json_t *object, struct article_input *input,
                                   struct error *err)
{
    struct json_content content;
    enum status status = json_line_content(object, &content, err);
    if (status != STATUS_OK)
        return status;
    input->content = content.bytes;
    input->size = content.size;
    input->content_type = content.content_type;
    input->charset = "utf-8";
    return STATUS_OK;
}

static enum status read_object(const json_t *object, struct intake_article *article,
                               struct error *err)
{
    if (!json_is_object(object))
        return error_set(err, STATUS_INVALID, "is not an object");
    struct article_input *input = &article->input;
    const struct {
        const char *key;
        const char **field;
    } fields[] = {
        {"url", &input->url},
        {"source", &input->source},
        {"title", &input->title},
        {"author", &input->author},
        {"published", &input->published},
        {"fetched", &input->fetched},
        {"language", &input->language},
    };
    enum status status = read_content_of(object, input, err);
    for (size_t i = 0; status == STATUS_OK && i < COUNT_OF(fields); i++)
        status = json_line_text(object, fields[i].key, fields[i].field, err);
    const char *file = NULL;
    if (status == STATUS_OK)
        status = json_line_text(object, "file", &file, err);
    if (status == STATUS_OK && file) {
        free(article->file);
        article->file = text_copy(file);
    }
    return status;
}

static bool take_line(const struct intake *intake, const char *name, size_t number,
                      const char *line, size_t size)
{
    struct error err = {0};
    json_error_t reason;
    CLEANUP(text_free) char *file = text_format("%s:%zu", name, number);
    struct intake_article *article = article_new(file);
    article->holder = json_loadb(line, size, JSON_ALLOW_NUL, &reason);
    enum status status = STATUS_OK;
    if (!article->holder)
        status = error_set(&err, STATUS_INVALID, "%s: is not JSON: %.160s", file, reason.text);
    else if (read_object(article->holder, article, &err) != STATUS_OK) {
        struct error inner = err;
        status = error_set(&err, STATUS_INVALID, "%s: %.180s", file, inner.text);
    }
    if (status == STATUS_OK)
        return intake->take(intake->context, article);
    intake_article_free(&article);
    complain(intake, &err);
    return true;
}

static bool is_blank(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!strchr(" \t\r\n", line[i]) || !line[i])
            return false;
    return true;
}

static void read_lines(const struct intake *intake, const char *name, FILE *in)
{
    char *line = NULL;
    size_t capacity = 0;
    size_t number = 0;
    ssize_t size = 0;
    bool goes_on = true;
    while (goes_on && (size = getline(&line, &capacity, in)) >= 0) {
        number++;
        if (!is_blank(line, (size_t)size))
            goes_on = take_line(intake, name, number, line, (size_t)size);
    }
    if (ferror(in)) {
        struct error err = {0};
        (void)error_set_errno(&err, STATUS_NOT_FOUND, "could not read %s", name);
        complain(intake, &err);
    }
    free(line);
}

static bool ends_with(const char *name, const char *ending)
{
    size_t size = strlen(name);
    size_t tail = strlen(ending);
    return size > tail && strcmp(name + size - tail, ending) == 0;
}

static bool is_page(const char *name)
{
    return ends_with(name, ".html") || ends_with(name, ".htm");
}

static bool is_wanted(const char *name)
{
    return ends_with(name, ".txt") || ends_with(name, ".jsonl") || is_page(name);
}

static void read_whole(const struct intake *intake, const char *name, FILE *in)
{
    struct error err = {0};
    size_t size = 0;
    char *bytes = read_stream(in, name, &size, &err);
    if (!bytes)
        complain(intake, &err);
    else
        (void)take_whole(intake, name, bytes, size, is_page(name) ? "text/html" : "text/plain");
}

static void read_file(const struct intake *intake, const char *path)
{
    struct error err = {0};
    FILE *in = fopen(path, "rb");
    if (!in) {
        (void)error_set_errno(&err, STATUS_NOT_FOUND, "could not read %s", path);
        complain(intake, &err);
        return;
    }
    if (ends_with(path, ".jsonl"))
        read_lines(intake, path, in);
    else
        read_whole(intake, path, in);
    (void)fclose(in);
}

static void read_stdin(const struct intake *intake)
{
    int first = getc(stdin);
    if (first != EOF)
        (void)ungetc(first, stdin);
    if (first == '{')
        read_lines(intake, "-", stdin);
    else
        read_whole(intake, "-", stdin);
}

static void read_folder(const struct intake *intake, const char *path, unsigned depth);

// NOLINTNEXTLINE(misc-no-recursion): at most DEEPEST_FOLDER deep
static void read_any(const struct intake *intake, const char *path, bool is_named, unsigned depth)
{
    struct error err = {0};
    struct stat facts;
    if (stat(path, &facts) != 0) {
        (void)error_set_errno(&err, STATUS_NOT_FOUND, "could not read %s", path);
        complain(intake, &err);
    } else if (S_ISDIR(facts.st_mode)) {
        read_folder(intake, path, depth + 1);
    } else if (is_named || is_wanted(path)) {
        read_file(intake, path);
    }
}

/* "crawl/" and "crawl" name their files alike. */
static char *folder_entry(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    const char *slash = length && folder[length - 1] == '/' ? "" : "/";
    return text_format("%s%s%s", folder, slash, name);
}

// NOLINTNEXTLINE(misc-no-recursion): at most DEEPEST_FOLDER deep
static void read_folder(const struct intake *intake, const char *path, unsigned depth)
{
    struct error err = {0};
    struct dirent **entries = NULL;
    if (depth > DEEPEST_FOLDER)
        return;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0) {
        (void)error_set_errno(&err, STATUS_NOT_FOUND, "could not read folder %s", path);
        complain(intake, &err);
        return;
    }
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            CLEANUP(text_free) char *inner = folder_entry(path, entries[i]->d_name);
            read_any(intake, inner, false, depth);
        }
        free(entries[i]);
    }
    free(entries);
}

void intake_read(const struct intake *intake, const char *path)
{
    if (strcmp(path, "-") == 0)
        read_stdin(intake);
    else
        read_any(intake, path, true, 0);
}
