// SPDX-License-Identifier: Apache-2.0
/*
 * place_key - what makes two names of a place one: the canonical key.
 *
 * A place of the gazetteer is its code and name, whatever it is called: "Mỹ" and "Hoa Kỳ", "TP.HCM"
 * and "Sài Gòn". A city that is called like its province is another place than the province
 * ("thành phố Bắc Giang"). Villages, communes, wards and streets have the same names all over the
 * country: their keys take the province they lie in, told by the places named right behind
 * ("xã Tân Lập, huyện Lục Yên, tỉnh Yên Bái"), else by the only province that the article names;
 * where there is none, they belong to their article.
 */
#ifndef WORKER_EXTRACT_PLACE_KEY_H
#define WORKER_EXTRACT_PLACE_KEY_H

#include "worker/extract/gazetteer.h"

struct place_key {
    const char *key;
    const char *name;    /* of the gazetteer, or NULL */
    const char *country; /* or "" */
    const char *code;    /* or "" */
    bool is_known;       /* in the gazetteer */
    bool is_local;       /* the key lacks the province or the article that the place lies in */
};

/* The key of the place that the mention names. */
struct place_key place_key_of(struct document *document, const struct reading *reading,
                              struct span span);

/* The code of the province told by the places right behind the mention, or NULL. */
const char *place_key_behind(const struct document *document, const struct reading *reading,
                             uint32_t mention);

/* The code of the only province of Viet Nam that the article names, or NULL. */
const char *place_key_only_province(const struct document *document, const struct reading *reading);

/* The name holds a commune, a ward, a village or the like: "công an xã tân lập". */
bool place_key_is_local_name(const char *folded);

#endif
