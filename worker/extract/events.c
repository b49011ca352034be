// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/events.h"

void events_find(struct document *document, const struct knowledge *knowledge)
{
    (void)document;
    (void)knowledge;
}
