// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/mentions.h"

void mentions_find(struct document *document, const struct knowledge *knowledge)
{
    (void)document;
    (void)knowledge;
}
