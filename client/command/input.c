// SPDX-License-Identifier: Apache-2.0
#include "client/command/input.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/command/json_article.h"
#include "client/command/lines.h"

#define LINE_ROOM (1024 * 1024) /* of a JSON line beside its article, escapes included */

enum file_kind { FILE_TEXT, FILE_HTML, FILE_LINES };

struct input_file {
    char *path;
    char *key; /* of a .txt or .html file */
    enum file_kind kind;
    uint64_t size;
};

struct input {
    struct input_defaults defaults;
    struct input_file *files;
    size_t count;
    size_t capacity;
    size_t at;
    uint64_t passed; /* bytes of the files before files[at] */
    uint64_t total;
    bool total_known;
    uint64_t skip_lines; /* of files[at] */
    struct lines *lines; /* of files[at], when it holds lines */
    struct json_article json;
    char *text; /* of a whole file */
    struct input_item item;
};

/* ---- which files --------------------------------------------------------------------------- */

static bool ends_with(const char *path, const char *end)
{
    size_t length = strlen(path);
    return length > strlen(end) && strcasecmp(path + length - strlen(end), end) == 0;
}

static enum file_kind kind_of(const char *path)
{
    if (ends_with(path, ".txt"))
        return FILE_TEXT;
    if (ends_with(path, ".html") || ends_with(path, ".htm"))
        return FILE_HTML;
    return FILE_LINES;
}

static void add_file(struct input *input, const char *path, const char *key, uint64_t size)
{
    if (input->count == input->capacity) {
        input->capacity = input->capacity ? 2 * input->capacity : 16;
        input->files = memory_resize(input->files, input->capacity, sizeof(*input->files));
    }
    input->files[input->count++] = (struct input_file){
        .path = text_copy(path), .key = text_copy(key), .kind = kind_of(path), .size = size};
    input->total += size;
}

static int by_name(const FTSENT **left, const FTSENT **right)
{
    return strcmp((*left)->fts_name, (*right)->fts_name);
}

static bool is_article_file(const char *name)
{
    return ends_with(name, ".txt") || ends_with(name, ".html") || ends_with(name, ".htm") ||
           ends_with(name, ".jsonl");
}

/* A file that is not there behind its link is one too: opening it says so. */
static bool is_file(const FTSENT *entry)
{
    return entry->fts_info == FTS_F || entry->fts_info == FTS_SLNONE || entry->fts_info == FTS_NS;
}

static enum status add_folder(struct input *input, const char *path, struct error *err)
{
    char *const roots[] = {(char *)(uintptr_t)path, NULL};
    size_t before = input->count;
    size_t prefix = strlen(path) + (ends_with(path, "/") ? 0 : 1);
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    if (!walk)
        return error_set_errno(err, STATUS_INVALID, "could not read the folder %.150s", path);
    enum status status = STATUS_OK;
    for (FTSENT *entry = fts_read(walk); entry && status == STATUS_OK; entry = fts_read(walk)) {
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR) {
            errno = entry->fts_errno;
            status = error_set_errno(err, STATUS_INVALID, "could not read the folder %.150s",
                                     entry->fts_path);
        } else if (is_file(entry) && is_article_file(entry->fts_name)) {
            add_file(input, entry->fts_path, entry->fts_path + prefix,
                     (uint64_t)entry->fts_statp->st_size);
        }
    }
    (void)fts_close(walk);
    if (status == STATUS_OK && input->count == before)
        status = error_set(err, STATUS_NOT_FOUND,
                           "the folder %.150s holds no .txt, .html or .jsonl file", path);
    return status;
}

static enum status add_path(struct input *input, const char *path, struct error *err)
{
    struct stat about;
    if (strcmp(path, "-") == 0) {
        add_file(input, path, path, 0);
        input->total_known = false;
        return STATUS_OK;
    }
    if (stat(path, &about) != 0)
        return error_set_errno(err, STATUS_NOT_FOUND, "could not read %.180s", path);
    if (S_ISDIR(about.st_mode))
        return add_folder(input, path, err);
    const char *slash = strrchr(path, '/');
    add_file(input, path, slash ? slash + 1 : path, (uint64_t)about.st_size);
    input->total_known = input->total_known && S_ISREG(about.st_mode);
    return STATUS_OK;
}

enum status input_open(struct input **ret_input, const char *const *paths, size_t count,
                       const struct input_defaults *defaults, struct error *err)
{
    struct input *input = memory_new(sizeof(*input));
    enum status status = STATUS_OK;
    input->defaults = *defaults;
    input->total_known = true;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = add_path(input, paths[i], err);
    if (status == STATUS_OK && (defaults->key || defaults->url) &&
        (input->count != 1 || input->files[0].kind == FILE_LINES))
        status =
            error_set(err, STATUS_INVALID,
                      "--key and --url name one .txt or .html file; a JSON line carries its own");
    if (status != STATUS_OK)
        input_close(&input);
    else
        *ret_input = input;
    return status;
}

static void leave_file(struct input *input)
{
    input->passed += input->files[input->at].size;
    lines_close(&input->lines);
    input->skip_lines = 0;
    input->at++;
}

void input_close(struct input **input_p)
{
    struct input *input = *input_p;
    if (!input)
        return;
    lines_close(&input->lines);
    json_article_done(&input->json);
    for (size_t i = 0; i < input->count; i++) {
        free(input->files[i].path);
        free(input->files[i].key);
    }
    free(input->files);
    free(input->text);
    free(input);
    *input_p = NULL;
}

enum status input_skip(struct input *input, const char *file, uint64_t line, struct error *err)
{
    for (size_t i = input->at; i < input->count; i++) {
        if (strcmp(input->files[i].path, file) != 0)
            continue;
        while (input->at < i)
            leave_file(input);
        if (line == 0)
            leave_file(input);
        else
            input->skip_lines = line;
        return STATUS_OK;
    }
    return error_set(err, STATUS_NOT_FOUND,
                     "the earlier run stopped in %.150s, which is not among these inputs", file);
}

/* ---- reading ------------------------------------------------------------------------------- */

static enum status open_lines(struct input *input, struct error *err)
{
    const struct input_file *file = &input->files[input->at];
    bool is_stdin = strcmp(file->path, "-") == 0;
    int fd = is_stdin ? dup(STDIN_FILENO) : open(file->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, STATUS_INVALID, "could not open %.180s", file->path);
    /* A JSON string may spell each byte with six. */
    input->lines = lines_open(fd, (size_t)(6 * input->defaults.article_limit + LINE_ROOM));
    while (lines_number(input->lines) < input->skip_lines) {
        size_t length = 0;
        char *line = NULL;
        if (lines_next(input->lines, &line, &length, NULL) == STATUS_NOT_FOUND)
            break;
    }
    return STATUS_OK;
}

bool input_is_ready(struct input *input, int64_t timeout_ms)
{
    struct error err;
    if (input->at >= input->count || input->files[input->at].kind != FILE_LINES)
        return true;
    if (!input->lines && open_lines(input, &err) != STATUS_OK)
        return true; /* input_next() says it */
    return lines_are_ready(input->lines, timeout_ms);
}

static enum status read_whole(const struct input *input, const char *path, char **ret_text,
                              size_t *ret_size, struct error *err)
{
    uint64_t limit = input->defaults.article_limit;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, STATUS_INVALID, "could not open the file");
    char *text = memory_new(limit + 2);
    size_t size = 0;
    ssize_t got = 0;
    while (size <= limit && (got = read(fd, text + size, limit + 1 - size)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        size += (size_t)got;
    }
    enum status status = STATUS_OK;
    if (got < 0)
        status = error_set_errno(err, STATUS_INVALID, "could not read the file");
    (void)close(fd);
    if (status != STATUS_OK) {
        free(text);
        return status;
    }
    *ret_text = memory_resize(text, size + 1, 1);
    *ret_size = size;
    return STATUS_OK;
}

static enum status next_whole(struct input *input, const struct input_file *file, struct error *err)
{
    struct newsloom_article *article = &input->item.article;
    bool named = input->defaults.key || input->defaults.url;
    free(input->text);
    input->text = NULL;
    article->key = named ? input->defaults.key : file->key;
    article->url = input->defaults.url;
    article->content_type = file->kind == FILE_HTML ? "text/html" : "text/plain";
    enum status status = read_whole(input, file->path, &input->text, &article->size, err);
    article->content = input->text;
    leave_file(input);
    return status;
}

/* AGAIN: the line is blank; NOT_FOUND: the file has ended. */
static enum status next_line(struct input *input, struct error *err)
{
    char *line = NULL;
    size_t length = 0;
    enum status status = STATUS_OK;
    if (!input->lines)
        status = open_lines(input, err);
    if (status != STATUS_OK) {
        leave_file(input);
        return status;
    }
    status = lines_next(input->lines, &line, &length, err);
    input->item.line = lines_number(input->lines);
    if (status != STATUS_OK)
        return status;
    return json_article_read(&input->json, line, length, &input->defaults, &input->item, err);
}

enum status input_next(struct input *input, const struct input_item **ret_item, struct error *err)
{
    struct error local;
    struct error *why = err ? err : &local;
    *ret_item = &input->item;
    while (input->at < input->count) {
        const struct input_file *file = &input->files[input->at];
        input->item = (struct input_item){.file = file->path, .refusal = "INVALID_PAYLOAD"};
        input->item.article.source = input->defaults.source;
        input->item.article.article_class = input->defaults.article_class;
        enum status status =
            file->kind == FILE_LINES ? next_line(input, why) : next_whole(input, file, why);
        if (!input->item.article.fetched || !input->item.article.fetched[0])
            input->item.article.fetched = input->defaults.fetched;
        if (file->kind == FILE_LINES && status == STATUS_NOT_FOUND)
            leave_file(input);
        else if (status != STATUS_AGAIN)
            return status;
    }
    return error_set(why, STATUS_NOT_FOUND, "there is no more input");
}

void input_progress(const struct input *input, uint64_t *ret_done, uint64_t *ret_total)
{
    *ret_done = input->passed + (input->lines ? lines_offset(input->lines) : 0);
    *ret_total = input->total_known ? input->total : 0;
}
