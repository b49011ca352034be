// SPDX-License-Identifier: Apache-2.0
#include "client/rss/download.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/stream.h"

#define CONNECT_SECONDS 10L
#define WHOLE_SECONDS   60L
#define READ_SIZE       (64 * 1024)

struct text {
    char *bytes;
    size_t size;
    size_t capacity;
    bool is_too_large;
};

static size_t add(char *bytes, size_t one, size_t size, void *context)
{
    struct text *text = context;
    (void)one; /* always one, says libcurl */
    if (size > DOWNLOAD_LIMIT - text->size) {
        text->is_too_large = true;
        return 0; /* ends the transfer */
    }
    if (text->size + size + 1 > text->capacity) {
        text->capacity = 2 * (text->size + size) + 1;
        text->bytes = memory_resize(text->bytes, text->capacity, 1);
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
    return size;
}

static enum status finish(struct text *text, const char *name, char **ret_bytes, size_t *ret_size,
                          enum status status, struct error *err)
{
    if (text->is_too_large)
        status = error_set(err, STATUS_LIMIT, "%.150s is larger than 16 MiB", name);
    if (status == STATUS_OK) {
        *ret_bytes = text->bytes ? text->bytes : text_copy("");
        *ret_size = text->size;
    } else {
        free(text->bytes);
    }
    return status;
}

enum status download_url(const char *url, char **ret_bytes, size_t *ret_size, struct error *err)
{
    struct text text = {0};
    char reason[CURL_ERROR_SIZE] = "";
    CURL *curl = curl_easy_init();
    if (!curl)
        return error_set(err, STATUS_AGAIN, "could not begin to download");
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, WHOLE_SECONDS);
    (void)curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "newsloom/" NEWSLOOM_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, add);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &text);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    enum status status = STATUS_OK;
    if (code != CURLE_OK)
        status = error_set(err, STATUS_AGAIN, "could not download %.100s: %.100s", url,
                           *reason ? reason : curl_easy_strerror(code));
    return finish(&text, url, ret_bytes, ret_size, status, err);
}

enum status download_file(const char *path, char **ret_bytes, size_t *ret_size, struct error *err)
{
    struct text text = {0};
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, STATUS_NOT_FOUND, "could not read %.150s", path);
    struct stream *stream = stream_open(fd);
    char *buffer = memory_new(READ_SIZE);
    size_t got = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !text.is_too_large) {
        status = stream_read(stream, buffer, READ_SIZE, &got, err);
        if (status == STATUS_OK)
            (void)add(buffer, 1, got, &text);
    }
    free(buffer);
    stream_close(&stream);
    return finish(&text, path, ret_bytes, ret_size, status == STATUS_NOT_FOUND ? STATUS_OK : status,
                  err);
}
