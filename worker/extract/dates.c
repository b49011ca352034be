// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/dates.h"

void dates_find(struct document *document)
{
    (void)document;
}

enum status dates_find_published(struct document *document, struct error *err)
{
    (void)err;
    document->published = document->input->published;
    return STATUS_OK;
}
