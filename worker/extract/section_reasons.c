// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/section_reasons.h"

const struct section_rule_facts section_rules[SECTION_RULE_COUNT] = {
#define X(name, kind, says) {#name, NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_##kind, says},
    SECTION_RULES(X)
#undef X
};

const char *const section_side_names[] = {"above", "inside", "below"};
