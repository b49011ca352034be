// SPDX-License-Identifier: Apache-2.0
/*
 * manual - newsloom(1) and newsloom.conf(5) in mdoc, from the tables of verbs and settings.
 */
#ifndef CLIENT_COMMAND_MANUAL_H
#define CLIENT_COMMAND_MANUAL_H

#include <stdio.h>

void manual_print_command(FILE *out);
void manual_print_settings(FILE *out);

#endif
