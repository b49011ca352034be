// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/roles.h"

void roles_find(struct document *document, const struct knowledge *knowledge)
{
    (void)document;
    (void)knowledge;
}
