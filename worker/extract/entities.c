// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/entities.h"

void entities_join(struct document *document, const struct knowledge *knowledge)
{
    (void)document;
    (void)knowledge;
}
