// SPDX-License-Identifier: Apache-2.0
#include "client/command/helper.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/invocation.h"

/* "broker.feed" as NEWSLOOM_BROKER_FEED; the caller frees it. */
static char *variable_of(const char *setting)
{
    char *variable = text_format("NEWSLOOM_%s", setting);
    for (char *at = variable; *at; at++) {
        if (*at == '.' || *at == '-')
            *at = '_';
        else if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    }
    return variable;
}

static void export_settings(const struct settings *settings)
{
    for (size_t i = 0; i < client_setting_count; i++) {
        const struct setting *setting = &client_settings[i];
        const char *origin = settings_origin(settings, setting->name);
        if (!origin || strcmp(origin, "default") == 0 || setting->kind != SETTING_TEXT)
            continue;
        char *variable = variable_of(setting->name);
        // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread, about to become another program
        (void)setenv(variable, settings_text(settings, setting->name), 1);
        free(variable);
    }
}

/* The folder of this very program, also when it was found through PATH. */
static char *own_folder(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length <= 0)
        return NULL;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    return text_copy(path);
}

char *helper_find(const char *program)
{
    char *own = own_folder();
    /* A tree that was moved as a whole (DESTDIR, an unpacked archive) brings its own helpers. */
    char *moved = own ? text_format("%s/../%s", own, NEWSLOOM_LIBEXEC_BESIDE) : NULL;
    const char *const folders[] = {own, moved, NEWSLOOM_LIBEXEC};
    char *found = NULL;
    for (size_t i = 0; i < COUNT_OF(folders) && !found; i++) {
        char *path = folders[i] ? text_format("%s/%s", folders[i], program) : NULL;
        if (path && access(path, X_OK) == 0)
            found = path;
        else
            free(path);
    }
    free(moved);
    free(own);
    return found;
}

enum status helper_exec(const struct settings *settings, const char *verb, char **argv,
                        struct error *err)
{
    bool is_name = strspn(verb, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(verb);
    char *program = text_format("newsloom-%.60s", verb);
    char *path = is_name ? helper_find(program) : NULL;
    enum status status =
        error_set(err, STATUS_NOT_FOUND,
                  "could not find the program %s beside newsloom or in %s: is the package that "
                  "holds it installed?",
                  program, NEWSLOOM_LIBEXEC);
    if (path) {
        export_settings(settings);
        argv[0] = path;
        (void)execv(path, argv);
        status = error_set_errno(err, STATUS_BROKEN, "could not run %.120s", path);
        argv[0] = NULL;
    }
    free(path);
    free(program);
    return status;
}
