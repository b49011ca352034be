// SPDX-License-Identifier: Apache-2.0
/*
 * page - GET /: the overview as a page for people.
 *
 * One self-contained page, whole without script; with it, figures are asked again and entries come
 * live. Whatever comes from outside is text there, and its policy lets nothing else run.
 */
#ifndef GATEWAY_PAGE_H
#define GATEWAY_PAGE_H

#include <jansson.h>
#include <stdio.h>

/* status is what overview_json() gives. */
void page_print(const json_t *status, FILE *out);

/* The Content-Security-Policy under which its style and its script are what they were built as, and
 * nothing else is run or loaded. */
#define PAGE_POLICY_SIZE 512
const char *page_policy(char buffer[PAGE_POLICY_SIZE]);

#endif
