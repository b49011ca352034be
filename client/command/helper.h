// SPDX-License-Identifier: Apache-2.0
/*
 * helper - the programs called newsloom-<verb>, as git has them.
 *
 * They are looked for beside this program, then in <libexecdir>/newsloom. Settings that differ from
 * their default are given to them as NEWSLOOM_<NAME>.
 */
#ifndef CLIENT_COMMAND_HELPER_H
#define CLIENT_COMMAND_HELPER_H

#include "common/settings.h"
#include "common/status.h"

/* Where newsloom-broker, newsloom-migrate or another of our programs is; the caller frees it. NULL:
 * not beside this one. */
char *helper_find(const char *program);

/* argv begins with the verb. Returns only when it could not: NOT_FOUND, there is none. */
enum status helper_exec(const struct settings *settings, const char *verb, char **argv,
                        struct error *err) MUST_CHECK;

#endif
