// SPDX-License-Identifier: Apache-2.0
/*
 * finding - what the whole chain finds in a short text, written so that a test can compare it.
 */
#ifndef TESTS_UNIT_FINDING_H
#define TESTS_UNIT_FINDING_H

#include "tests/unit/reading.h"
#include "worker/extract/knowledge.h"

/* Read the text as the body of an article and find everything, with knowledge shared by the
 * program's tests. */
struct document find_all(struct arena *arena, const char *text);

/* The knowledge that find_all() uses. */
const struct knowledge *shared_knowledge(void);

/* The text with its names marked: "[PER …]", "[ORG …]"; dates are left out. */
const char *marked(const struct document *document);

#endif
