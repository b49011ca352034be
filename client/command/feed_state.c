// SPDX-License-Identifier: Apache-2.0
#include "client/command/feed_state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_VERSION 1

static char *copy_of(const json_t *object, const char *field)
{
    return text_copy(json_string_value(json_object_get(object, field)));
}

static enum status fill(struct feed_state *state, const json_t *object, const char *path,
                        struct error *err)
{
    const json_t *inputs = json_object_get(object, "inputs");
    if (json_integer_value(json_object_get(object, "newsloom_feed")) != STATE_VERSION ||
        !json_is_array(inputs))
        return error_set(err, STATUS_INVALID, "%.150s is no state of a feed", path);
    state->inputs = memory_new((json_array_size(inputs) + 1) * sizeof(*state->inputs));
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const char *input = json_string_value(json_array_get(inputs, i));
        if (!input)
            return error_set(err, STATUS_INVALID, "%.150s is no state of a feed", path);
        state->inputs[state->input_count++] = text_copy(input);
    }
    state->source = copy_of(object, "source");
    state->article_class = copy_of(object, "class");
    state->fetched = copy_of(object, "fetched");
    state->key_field = copy_of(object, "key_field");
    state->url_field = copy_of(object, "url_field");
    state->file = copy_of(object, "file");
    state->line = (uint64_t)json_integer_value(json_object_get(object, "line"));
    state->fed = (uint64_t)json_integer_value(json_object_get(object, "fed"));
    state->complete = json_is_true(json_object_get(object, "complete"));
    return STATUS_OK;
}

enum status feed_state_read(struct feed_state *state, const char *path, struct error *err)
{
    json_error_t problem;
    *state = (struct feed_state){0};
    if (access(path, F_OK) != 0)
        return error_set_errno(err, STATUS_NOT_FOUND, "could not read the state file %.150s", path);
    json_t *object = json_load_file(path, 0, &problem);
    if (!object)
        return error_set(err, STATUS_INVALID, "%.120s is no state of a feed: %.60s", path,
                         problem.text);
    enum status status = fill(state, object, path, err);
    json_decref(object);
    if (status != STATUS_OK)
        feed_state_done(state);
    return status;
}

/* The folder of path, so that the rename itself is on disk. */
static void sync_folder(const char *path)
{
    char *folder = text_copy(path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder ? 1 : 0] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    free(folder);
}

enum status file_replace(const char *path, const char *text, struct error *err)
{
    char *temporary = text_format("%s.new", path);
    enum status status = STATUS_OK;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool written = fd >= 0;
    for (size_t done = 0; written && text[done];) {
        ssize_t wrote = write(fd, text + done, strlen(text + done));
        written = wrote >= 0 || errno == EINTR;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    if (!written || fsync(fd) != 0)
        status = error_set_errno(err, STATUS_AGAIN, "could not write %.150s", temporary);
    if (fd >= 0)
        (void)close(fd);
    if (status == STATUS_OK && rename(temporary, path) != 0)
        status = error_set_errno(err, STATUS_AGAIN, "could not write %.150s", path);
    if (status == STATUS_OK)
        sync_folder(path);
    else
        (void)unlink(temporary);
    free(temporary);
    return status;
}

enum status feed_state_write(const struct feed_state *state, const char *path, struct error *err)
{
    json_t *inputs = json_array();
    for (size_t i = 0; i < state->input_count; i++)
        (void)json_array_append_new(inputs, json_string(state->inputs[i]));
    json_t *object = json_pack(
        "{si so ss? ss? ss? ss? ss? ss? sI sI sb}", "newsloom_feed", STATE_VERSION, "inputs",
        inputs, "source", state->source, "class", state->article_class, "fetched", state->fetched,
        "key_field", state->key_field, "url_field", state->url_field, "file", state->file, "line",
        (json_int_t)state->line, "fed", (json_int_t)state->fed, "complete", (int)state->complete);
    if (!object) {
        json_decref(inputs);
        return error_set(err, STATUS_INVALID,
                         "cannot keep a state: the name of an input is not UTF-8");
    }
    char *text = json_dumps(object, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    json_decref(object);
    char *line = text_format("%s\n", text);
    enum status status = file_replace(path, line, err);
    free(line);
    free(text);
    return status;
}

void feed_state_done(struct feed_state *state)
{
    for (size_t i = 0; i < state->input_count; i++)
        free(state->inputs[i]);
    free(state->inputs);
    free(state->source);
    free(state->article_class);
    free(state->fetched);
    free(state->key_field);
    free(state->url_field);
    free(state->file);
    *state = (struct feed_state){0};
}

static void make_folders(const char *path)
{
    char *copy = text_copy(path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(copy, 0700);
        *slash = '/';
    }
    free(copy);
}

char *feed_state_default_path(void)
{
    const char *base = getenv("XDG_STATE_HOME"); // NOLINT(concurrency-mt-unsafe): one thread
    const char *home = getenv("HOME");           // NOLINT(concurrency-mt-unsafe)
    char *path = NULL;
    if (base && *base)
        path = text_format("%s/newsloom/feed.state", base);
    else if (home && *home)
        path = text_format("%s/.local/state/newsloom/feed.state", home);
    if (path)
        make_folders(path);
    return path;
}
