// SPDX-License-Identifier: Apache-2.0
/*
 * url - the canonical form of an article's address, which is its key when the feeder names none.
 *
 * One table of rules: scheme and host in lower case, http becomes https, default port, user
 * information and fragment dropped, "www." and "m." and "amp." host prefixes dropped, /amp suffixes
 * and tracking parameters (utm_*, fbclid, gclid, …) dropped, the others kept in their order, a
 * trailing slash dropped, %xx in upper case. The result never has a scheme:
 * "vov.vn/an-ninh/bai-123.vov".
 */
#ifndef COMMON_URL_H
#define COMMON_URL_H

#include <stdbool.h>

#include "common/status.h"

#define URL_LIMIT 2048

/* It begins with http:// or https://, in small letters: a URL, and no key. */
bool url_is_http(const char *text);

/* INVALID when it is no absolute http(s) URL or longer than URL_LIMIT. The text is the caller's to
 * free. */
enum status url_canonical(const char *url, char **ret_text, struct error *err) MUST_CHECK;

#endif
