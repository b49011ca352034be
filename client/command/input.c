// SPDX-License-Identifier: Apache-2.0
#include "client/command/input.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/command/helper.h"
#include "client/command/records.h"
#include "client/command/stream.h"

enum file_kind { FILE_TEXT, FILE_HTML, FILE_LINES, FILE_CSV, FILE_WARC, FILE_RSS };

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
    uint64_t skip_lines;     /* of files[at] */
    struct records *records; /* of files[at], when it holds several articles */
    pid_t child;             /* that prints them; 0: none does */
    uint64_t passed_by;      /* responses that are no pages, in the files before */
    char *text;              /* of a whole file */
    struct input_item item;
};

/* ---- which files --------------------------------------------------------------------------- */

static bool ends_with(const char *path, const char *end)
{
    size_t length = strlen(path);
    return length > strlen(end) && strcasecmp(path + length - strlen(end), end) == 0;
}

/* Without .gz, .xz or .zst at its end: what is packed is told by how it begins, but an article has
 * the same key packed and unpacked. */
static size_t unpacked_length(const char *path)
{
    static const char *const ends[] = {".gz", ".xz", ".zst"};
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (ends_with(path, ends[i]))
            return strlen(path) - strlen(ends[i]);
    return strlen(path);
}

static const struct {
    const char *end;
    enum file_kind kind;
} kinds[] = {
    {".txt", FILE_TEXT},    {".html", FILE_HTML}, {".htm", FILE_HTML}, {".csv", FILE_CSV},
    {".jsonl", FILE_LINES}, {".warc", FILE_WARC}, {".rss", FILE_RSS},  {".atom", FILE_RSS},
};

/* false: the name says nothing, and it is taken for JSON lines when it was named itself. */
static bool find_kind(const char *path, enum file_kind *ret_kind)
{
    char *name = text_format("%.*s", (int)unpacked_length(path), path);
    bool found = false;
    *ret_kind = FILE_LINES;
    for (size_t i = 0; i < COUNT_OF(kinds) && !found; i++) {
        found = ends_with(name, kinds[i].end);
        if (found)
            *ret_kind = kinds[i].kind;
    }
    free(name);
    return found;
}

static bool is_whole(enum file_kind kind)
{
    return kind == FILE_TEXT || kind == FILE_HTML;
}

static void add_file(struct input *input, const char *path, const char *key, uint64_t size)
{
    if (input->count == input->capacity) {
        input->capacity = input->capacity ? 2 * input->capacity : 16;
        input->files = memory_resize(input->files, input->capacity, sizeof(*input->files));
    }
    struct input_file *file = &input->files[input->count++];
    *file = (struct input_file){.path = text_copy(path),
                                .key = text_format("%.*s", (int)unpacked_length(key), key),
                                .size = size};
    (void)find_kind(path, &file->kind);
    input->total += size;
}

static int by_name(const FTSENT **left, const FTSENT **right)
{
    return strcmp((*left)->fts_name, (*right)->fts_name);
}

static bool is_article_file(const char *name)
{
    enum file_kind kind;
    return find_kind(name, &kind);
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
        status = error_set(
            err, STATUS_NOT_FOUND,
            "the folder %.130s holds no .txt, .html, .jsonl, .csv, .warc, .rss or .atom file",
            path);
    return status;
}

static enum status add_path(struct input *input, const char *path, struct error *err)
{
    struct stat about;
    bool is_rss = strncmp(path, INPUT_RSS, strlen(INPUT_RSS)) == 0;
    if (is_rss || strcmp(path, "-") == 0) {
        add_file(input, path, path, 0);
        if (is_rss)
            input->files[input->count - 1].kind = FILE_RSS;
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
        (input->count != 1 || !is_whole(input->files[0].kind)))
        status = error_set(err, STATUS_INVALID,
                           "--key and --url name one .txt or .html file; others carry their own");
    if (status != STATUS_OK)
        input_close(&input);
    else
        *ret_input = input;
    return status;
}

/* true: it has said all there was. */
static bool child_is_well(struct input *input)
{
    int how = 0;
    if (input->child == 0)
        return true;
    while (waitpid(input->child, &how, 0) < 0 && errno == EINTR)
        continue;
    input->child = 0;
    return WIFEXITED(how) && WEXITSTATUS(how) == 0;
}

static void leave_file(struct input *input)
{
    if (input->child) {
        (void)kill(input->child, SIGTERM);
        (void)child_is_well(input);
    }
    input->passed += input->files[input->at].size;
    if (input->records)
        input->passed_by += records_passed_by(input->records);
    records_close(&input->records);
    input->skip_lines = 0;
    input->at++;
}

void input_close(struct input **input_p)
{
    struct input *input = *input_p;
    if (!input)
        return;
    if (input->child)
        (void)kill(input->child, SIGTERM);
    records_close(&input->records);
    (void)child_is_well(input);
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
        else if (input->files[i].kind != FILE_RSS)
            input->skip_lines = line; /* a feed has moved on since: what is known is recognised */
        return STATUS_OK;
    }
    return error_set(err, STATUS_NOT_FOUND,
                     "the earlier run stopped in %.150s, which is not among these inputs", file);
}

/* ---- reading ------------------------------------------------------------------------------- */

static int open_file(const char *path)
{
    return strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
}

/* newsloom-rss prints what the feed holds; its reading end. */
static enum status open_feed(struct input *input, const char *path, int *ret_fd, struct error *err)
{
    int ends[2];
    posix_spawn_file_actions_t actions;
    bool is_named = strncmp(path, INPUT_RSS, strlen(INPUT_RSS)) == 0;
    char *program = helper_find("newsloom-rss");
    if (!program)
        return error_set(err, STATUS_INVALID,
                         "could not find the program newsloom-rss: is the package that holds it "
                         "installed?");
    char *address = text_copy(path + (is_named ? strlen(INPUT_RSS) : 0));
    char last_option[] = "--";
    char *const words[] = {program, last_option, address, NULL};
    int failed = pipe2(ends, O_CLOEXEC) != 0 ? errno : 0;
    if (!failed) {
        (void)posix_spawn_file_actions_init(&actions);
        (void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        failed = posix_spawn(&input->child, program, &actions, NULL, words, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
        (void)close(ends[1]);
        *ret_fd = ends[0];
        if (failed)
            (void)close(ends[0]);
    }
    free(address);
    free(program);
    errno = failed;
    if (failed) {
        input->child = 0;
        return error_set_errno(err, STATUS_INVALID, "could not run newsloom-rss");
    }
    return STATUS_OK;
}

static enum status open_records(struct input *input, struct error *err)
{
    const struct input_file *file = &input->files[input->at];
    enum record_format format = RECORDS_LINES;
    if (file->kind == FILE_CSV || file->kind == FILE_WARC)
        format = file->kind == FILE_CSV ? RECORDS_CSV : RECORDS_WARC;
    int fd = -1;
    enum status status = STATUS_OK;
    if (file->kind == FILE_RSS)
        status = open_feed(input, file->path, &fd, err);
    else if ((fd = open_file(file->path)) < 0)
        status = error_set_errno(err, STATUS_INVALID, "could not open %.180s", file->path);
    if (status != STATUS_OK)
        return status;
    input->records = records_open(format, fd, &input->defaults);
    records_skip(input->records, input->skip_lines);
    return STATUS_OK;
}

bool input_is_ready(struct input *input, int64_t timeout_ms)
{
    struct error err;
    if (input->at >= input->count || is_whole(input->files[input->at].kind))
        return true;
    if (!input->records && open_records(input, &err) != STATUS_OK)
        return true; /* input_next() says it */
    return records_are_ready(input->records, timeout_ms);
}

/* One byte more than the limit shows that it is larger: the submission says so. */
static enum status read_whole(const struct input *input, const char *path, char **ret_text,
                              size_t *ret_size, struct error *err)
{
    uint64_t limit = input->defaults.article_limit;
    int fd = open_file(path);
    if (fd < 0)
        return error_set_errno(err, STATUS_INVALID, "could not open the file");
    struct stream *stream = stream_open(fd);
    char *text = memory_new(limit + 2);
    size_t size = 0;
    size_t got = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && size <= limit) {
        status = stream_read(stream, text + size, limit + 1 - size, &got, err);
        size += got;
    }
    stream_close(&stream);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
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

/* AGAIN: there is nothing to feed in it; NOT_FOUND: the file has ended. */
static enum status next_record(struct input *input, struct error *err)
{
    enum status status = STATUS_OK;
    if (!input->records)
        status = open_records(input, err);
    if (status != STATUS_OK) {
        leave_file(input);
        return status;
    }
    status = records_next(input->records, &input->item, err);
    if (status == STATUS_NOT_FOUND && !child_is_well(input))
        return error_set(err, STATUS_INVALID,
                         "the feed could not be read to its end: newsloom-rss says why");
    return status;
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
            is_whole(file->kind) ? next_whole(input, file, why) : next_record(input, why);
        if (!input->item.article.fetched || !input->item.article.fetched[0])
            input->item.article.fetched = input->defaults.fetched;
        if (!is_whole(file->kind) && status == STATUS_NOT_FOUND)
            leave_file(input);
        else if (status != STATUS_AGAIN)
            return status;
    }
    return error_set(why, STATUS_NOT_FOUND, "there is no more input");
}

void input_progress(const struct input *input, uint64_t *ret_done, uint64_t *ret_total)
{
    *ret_done = input->passed + (input->records ? records_offset(input->records) : 0);
    *ret_total = input->total_known ? input->total : 0;
}

uint64_t input_passed_by(const struct input *input)
{
    return input->passed_by + (input->records ? records_passed_by(input->records) : 0);
}
