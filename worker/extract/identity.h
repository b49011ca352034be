// SPDX-License-Identifier: Apache-2.0
/*
 * identity - the canonical key and the id of every entity.
 *
 * The key says what makes two mentions in two articles the same thing: for a body, a law, a crime
 * its folded name; for a place of the gazetteer its code and name; for a person the name and the
 * body or post that the article gives, else the place, else the article itself; for a body that
 * only its article explains ("Công an tỉnh") the name and the article. The id is a UUID of version
 * 8 whose bits are BLAKE2b over type, key and key version.
 */
#ifndef WORKER_EXTRACT_IDENTITY_H
#define WORKER_EXTRACT_IDENTITY_H

#include "worker/extract/gazetteer.h"

/* The folded tokens of a span, one space between them. */
const char *identity_text(struct document *document, const struct reading *reading,
                          struct span span);

/* A body without a proper name: "công an tỉnh", "phòng cảnh sát hình sự". */
bool identity_is_short_body(const char *folded);

/* The place of the gazetteer that the span names, with or without its head word, or NULL. */
const struct place *identity_place(const struct reading *reading, struct span span);

/* Key, id, resolution, country and code of all entities, once they are joined. */
void identity_give(struct document *document, const struct reading *reading);

#endif
