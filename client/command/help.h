// SPDX-License-Identifier: Apache-2.0
/*
 * help - what `newsloom help`, the manual page and the completion say, from the table of verbs.
 */
#ifndef CLIENT_COMMAND_HELP_H
#define CLIENT_COMMAND_HELP_H

#include <stdio.h>

#include "client/command/verb.h"

void help_print_overview(FILE *out);
void help_print_verb(const struct verb *verb, FILE *out);

#endif
