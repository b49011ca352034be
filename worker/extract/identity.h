// SPDX-License-Identifier: Apache-2.0
/*
 * identity - the canonical key and the id of every entity.
 *
 * The key says what makes two mentions in two articles the same thing: for a body what body_key.h
 * makes of its name; for a place what place_key.h makes of it; for a law its name with
 * abbreviations spelled out; for a crime its folded name; for a person the name and the body or
 * post that the article gives, else the place, else the article itself; for a body that only its
 * article explains ("Công an tỉnh") the name and the article. The id is a UUID of version 8 whose
 * bits are BLAKE2b over type, key and key version.
 */
#ifndef WORKER_EXTRACT_IDENTITY_H
#define WORKER_EXTRACT_IDENTITY_H

#include "worker/extract/body_key.h"
#include "worker/extract/gazetteer.h"

/* Of the rules that make keys: raised when a rule gives names another key than before, so that old
 * ids and new ones never mean different things. New rows in the tables need no new version. */
enum { IDENTITY_KEY_VERSION = 2 };

/* What a mention says of the thing that it names. */
struct identity {
    const char *text; /* folded, as it stands */
    const char *key;  /* what joins it with others; of a person the text only */
    const char *name; /* to show; NULL: as the article has it */
    const char *country;
    const char *code;
    const struct body_key *body; /* of an organization, else NULL */
    bool is_known;               /* in a table */
    bool is_local;               /* the key is that of its province or of its article */
};

/* The identities of all mentions, short names and acronyms resolved as the article explains them.
 */
struct identity *identities_find(struct document *document, const struct reading *reading);

/* The folded tokens of a span, one space between them. */
const char *identity_text(struct document *document, const struct reading *reading,
                          struct span span);

/* A body without a proper name: "công an tỉnh", "phòng cảnh sát hình sự". */
bool identity_is_short_body(const char *folded);

/* Key, id, resolution, country and code of all entities, once they are joined. */
void identity_give(struct document *document, const struct reading *reading,
                   const struct identity *identities);

#endif
