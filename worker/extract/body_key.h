// SPDX-License-Identifier: Apache-2.0
/*
 * body_key - what makes two names of a body one: the canonical key.
 *
 * "UBND tỉnh Nghệ An" and "Ủy ban nhân dân Nghệ An" have one key, "ủy ban nhân dân nghệ an". The
 * name is folded; marks and "và" are left out; abbreviations are spelled out and other ways of
 * writing rewritten (body_rewrites.tsv); provinces and countries are called by their canonical
 * names, a province without "tỉnh", a city of the first level without "thành phố"; "Việt Nam"
 * behind a body of the state is left out; and who is known under several names has one
 * (body_aliases.tsv). Bodies of other provinces and of other states stay apart, because their
 * places stay in the key.
 */
#ifndef WORKER_EXTRACT_BODY_KEY_H
#define WORKER_EXTRACT_BODY_KEY_H

#include "worker/extract/gazetteer.h"

struct body_key {
    const char *key;
    const char *expanded; /* folded and spelled out, levels kept: "công an tỉnh nghệ an" */
    const char *name;     /* of the tables, or spelled out; NULL: as the article has it */
    const struct place *province; /* that the name ends with, or NULL */
    bool is_known;                /* in body_aliases.tsv */
};

/* The key of the body that the span names, in the document's arena. */
const struct body_key *body_key_of(struct document *document, const struct reading *reading,
                                   struct span span);

/* Hà Nội, Hải Phòng, Đà Nẵng, Cần Thơ, TP HCM: "thành phố" says of them what "tỉnh" says of others.
 */
bool body_key_is_central(const struct place *place);

/* A province or country as keys have it: "nghệ an", "hồ chí minh". */
const char *body_key_of_place(struct arena *arena, const struct place *place);

#endif
