// SPDX-License-Identifier: Apache-2.0
#include "common/url.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/utf8.h"

/* The table of rules: what is not part of an article's address. */
static const char *const schemes[] = {"http://", "https://"};
static const char *const host_prefixes[] = {"www.", "m.", "amp."};
static const char *const path_suffixes[] = {"/amp", ".amp"};
static const char *const parameter_prefixes[] = {"utm_"};
static const char *const parameters[] = {
    "amp",    "dclid",  "fb_comment_id", "fbclid", "gbraid", "gclid",  "igshid",
    "mc_cid", "mc_eid", "msclkid",       "wbraid", "yclid",  "zarsrc",
};
enum { HTTP_PORT = 80, HTTPS_PORT = 443, PORT_LIMIT = 65535 };

/* A URL in its parts; each is NUL-terminated in one buffer. */
struct parts {
    char *host;
    unsigned port; /* 0: the scheme's */
    char *path;
    char *query;
};

static bool ends_with(const char *text, size_t length, const char *end)
{
    size_t end_length = strlen(end);
    return length >= end_length && memcmp(text + length - end_length, end, end_length) == 0;
}

/* The port, after the last colon outside brackets, is cut off the host. */
static bool split_port(char *host, unsigned *ret_port)
{
    *ret_port = 0;
    char *colon = strrchr(host, ':');
    if (!colon || strchr(colon, ']'))
        return true;
    *colon = '\0';
    const char *digits = colon + 1;
    size_t length = strlen(digits);
    if (length > 5 || strspn(digits, "0123456789") != length)
        return false;
    unsigned long port = length ? strtoul(digits, NULL, 10) : HTTPS_PORT;
    if (port == 0 || port > PORT_LIMIT)
        return false;
    *ret_port = port == HTTP_PORT || port == HTTPS_PORT ? 0 : (unsigned)port;
    return true;
}

static bool host_is_valid(const char *host)
{
    if (*host == '[')
        return strspn(host + 1, "0123456789abcdef:.") + 2 == strlen(host) &&
               host[strlen(host) - 1] == ']';
    size_t length = strlen(host);
    if (!length || *host == '.' || host[length - 1] == '.' || strstr(host, "..") ||
        !utf8_is_clean(host, length))
        return false;
    for (const unsigned char *at = (const unsigned char *)host; *at; at++)
        if (!isalnum(*at) && *at != '-' && *at != '.' && *at != '_' && *at < 0x80)
            return false;
    return true;
}

static char *drop_host_prefixes(char *host)
{
    for (size_t i = 0; i < COUNT_OF(host_prefixes); i++) {
        size_t length = strlen(host_prefixes[i]);
        if (strncmp(host, host_prefixes[i], length) == 0 && strchr(host + length, '.')) {
            host += length;
            i = SIZE_MAX; /* "www.m.": from the beginning */
        }
    }
    return host;
}

static bool read_authority(char *authority, struct parts *ret_parts)
{
    char *at = strrchr(authority, '@');
    char *host = at ? at + 1 : authority;
    for (char *letter = host; *letter; letter++)
        *letter = (char)(*letter >= 'A' && *letter <= 'Z' ? *letter + 32 : *letter);
    if (!split_port(host, &ret_parts->port))
        return false;
    size_t length = strlen(host);
    if (length && host[length - 1] == '.')
        host[length - 1] = '\0';
    if (!host_is_valid(host))
        return false;
    ret_parts->host = drop_host_prefixes(host);
    return true;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = (char)(digit | 32);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool is_unreserved(unsigned char byte)
{
    return byte < 0x80 && (isalnum(byte) || strchr("-._~", byte));
}

/* RFC 3986, 6.2.2: unreserved characters stand for themselves, everything that a URL cannot hold
 * is %XX, in upper case. */
static char *normalise(const char *text)
{
    char *normal = memory_new(3 * strlen(text) + 1);
    char *to = normal;
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        bool coded = byte == '%' && hex_value(text[1]) >= 0 && hex_value(text[2]) >= 0;
        if (coded) {
            byte = (unsigned char)(hex_value(text[1]) * 16 + hex_value(text[2]));
            text += 2;
        }
        bool plain =
            is_unreserved(byte) || (!coded && byte < 0x80 && strchr("!$&'()*+,;=:@/?[]", byte));
        if (plain)
            *to++ = (char)byte;
        else
            to += sprintf(to, "%%%02X", byte);
    }
    return normal;
}

static void trim_path(char *path)
{
    size_t length = strlen(path);
    size_t before = 0;
    do {
        before = length;
        while (length && path[length - 1] == '/')
            length--;
        for (size_t i = 0; i < COUNT_OF(path_suffixes); i++)
            if (ends_with(path, length, path_suffixes[i]))
                length -= strlen(path_suffixes[i]);
    } while (length != before);
    path[length] = '\0';
}

static bool is_tracking(const char *parameter, size_t length)
{
    size_t name_length = strcspn(parameter, "=&");
    name_length = name_length < length ? name_length : length;
    for (size_t i = 0; i < COUNT_OF(parameter_prefixes); i++)
        if (strncmp(parameter, parameter_prefixes[i], strlen(parameter_prefixes[i])) == 0)
            return true;
    for (size_t i = 0; i < COUNT_OF(parameters); i++)
        if (strlen(parameters[i]) == name_length &&
            strncmp(parameter, parameters[i], name_length) == 0)
            return true;
    return false;
}

static void drop_tracking(char *query)
{
    char *to = query;
    const char *at = query;
    while (*at) {
        size_t length = strcspn(at, "&");
        if (length && !is_tracking(at, length)) {
            if (to != query)
                *to++ = '&';
            memmove(to, at, length);
            to += length;
        }
        at += length;
        at += *at == '&';
    }
    *to = '\0';
}

/* Cuts the buffer into authority, path and query. */
static bool split(char *buffer, struct parts *ret_parts)
{
    buffer[strcspn(buffer, "#")] = '\0';
    char *query = strchr(buffer, '?');
    if (query)
        *query = '\0';
    size_t host_length = strcspn(buffer, "/");
    char *path = normalise(buffer + host_length);
    buffer[host_length] = '\0';
    if (!read_authority(buffer, ret_parts)) {
        free(path);
        return false;
    }
    trim_path(path);
    ret_parts->path = path;
    ret_parts->query = normalise(query ? query + 1 : "");
    drop_tracking(ret_parts->query);
    return true;
}

static const char *after_scheme(const char *url)
{
    for (size_t i = 0; i < COUNT_OF(schemes); i++)
        if (strncasecmp(url, schemes[i], strlen(schemes[i])) == 0)
            return url + strlen(schemes[i]);
    return NULL;
}

static enum status check_bytes(const char *url, struct error *err)
{
    if (strlen(url) > URL_LIMIT)
        return error_set(err, STATUS_INVALID, "a URL has at most %d bytes, this one has %zu",
                         URL_LIMIT, strlen(url));
    for (const unsigned char *at = (const unsigned char *)url; *at; at++)
        if (*at <= ' ' || *at == 0x7f)
            return error_set(err, STATUS_INVALID,
                             "\"%.60s\" is no URL: it holds a blank or a control character", url);
    return STATUS_OK;
}

bool url_is_http(const char *text)
{
    return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
}

enum status url_canonical(const char *url, char **ret_text, struct error *err)
{
    enum status status = check_bytes(url, err);
    if (status != STATUS_OK)
        return status;
    const char *rest = after_scheme(url);
    if (!rest)
        return error_set(err, STATUS_INVALID,
                         "\"%.60s\" is no article's address: it does not begin with http:// or "
                         "https://",
                         url);
    char *buffer = text_copy(rest);
    struct parts parts = {0};
    if (!split(buffer, &parts)) {
        free(buffer);
        return error_set(err, STATUS_INVALID, "\"%.60s\" is no article's address: it names no host",
                         url);
    }
    char port[16] = "";
    if (parts.port)
        (void)snprintf(port, sizeof(port), ":%u", parts.port);
    *ret_text = text_format("%s%s%s%s%s", parts.host, port, parts.path, *parts.query ? "?" : "",
                            parts.query);
    free(parts.path);
    free(parts.query);
    free(buffer);
    return STATUS_OK;
}
