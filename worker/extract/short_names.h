// SPDX-License-Identifier: Apache-2.0
/*
 * short_names - what an article calls a body once it has said its name.
 *
 * "Công ty cổ phần Gạch Sao Mai (GSM)": from the title to the last line GSM is this company, in
 * this article only. "Công an tỉnh" is the police of the one province whose police the article
 * names. A code or an acronym that is known for another body is not rebound: "Cục Đối ngoại (BCA)"
 * says whom the department belongs to.
 */
#ifndef WORKER_EXTRACT_SHORT_NAMES_H
#define WORKER_EXTRACT_SHORT_NAMES_H

#include "worker/extract/identity.h"

/* Give short names the identities of what they stand for. */
void short_names_resolve(const struct document *document, const struct reading *reading,
                         struct identity *identities);

#endif
