// SPDX-License-Identifier: Apache-2.0
#include "common/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum status(error_set)(struct error *err, enum status status, const char *format, ...)
{
    if (!err)
        return status;
    va_list arguments;
    va_start(arguments, format);
    *err = (struct error){.status = status};
    (void)vsnprintf(err->text, sizeof(err->text), format, arguments);
    va_end(arguments);
    return status;
}

enum status(error_set_errno)(struct error *err, enum status status, const char *format, ...)
{
    int os_errno = errno;
    if (!err)
        return status;
    va_list arguments;
    va_start(arguments, format);
    *err = (struct error){.status = status, .os_errno = os_errno};
    (void)vsnprintf(err->text, sizeof(err->text), format, arguments);
    va_end(arguments);
    size_t used = strlen(err->text);
    char reason[96];
    (void)snprintf(err->text + used, sizeof(err->text) - used, ": %s",
                   strerror_r(os_errno, reason, sizeof(reason)));
    return status;
}

const char *status_name(enum status status)
{
    static const char *const names[] = {
#define X(name, text) #name,
        STATUS_MAP(X)
#undef X
    };
    return (size_t)status < COUNT_OF(names) ? names[status] : "?";
}

const char *status_text(enum status status)
{
    static const char *const texts[] = {
#define X(name, text) text,
        STATUS_MAP(X)
#undef X
    };
    return (size_t)status < COUNT_OF(texts) ? texts[status] : "?";
}

int status_exit_code(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return EX_OK;
    case STATUS_INVALID:
        return EX_DATAERR;
    case STATUS_NOT_FOUND:
        return EX_NOINPUT;
    case STATUS_AGAIN:
    case STATUS_LIMIT:
        return EX_TEMPFAIL;
    case STATUS_BROKEN:
        break;
    }
    return EX_SOFTWARE;
}

void ensure_failed(const char *fact, const char *file, int line)
{
    (void)fprintf(stderr, "<2>bug fact=\"%s\" at=%s:%d: please report this\n", fact, file, line);
    abort();
}

static void *never_null(void *memory)
{
    if (memory)
        return memory;
    (void)fputs("<2>out-of-memory the system refused more memory; the program ends here\n", stderr);
    abort();
}

void *memory_new(size_t size)
{
    return never_null(calloc(1, size ? size : 1));
}

void *memory_resize(void *memory, size_t count, size_t size)
{
    return never_null(reallocarray(memory, count ? count : 1, size));
}

void *memory_copy(const void *bytes, size_t size)
{
    void *copy = memory_new(size);
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

char *text_copy(const char *text)
{
    return text ? memory_copy(text, strlen(text) + 1) : NULL;
}

char *text_format(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return never_null(length < 0 ? NULL : text);
}

void text_free(char **text_p)
{
    free(*text_p);
    *text_p = NULL;
}
