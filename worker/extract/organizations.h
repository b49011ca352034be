// SPDX-License-Identifier: Apache-2.0
/*
 * organizations - the name of a body that begins with a head word, and where it ends.
 *
 * A head ("Cục", "Công an", "Công ty") has a class, and the class says how the name goes on: a
 * ministry takes its field and a country, the police a place, a company anything up to its last
 * capital. Units take their parent along when nothing but a space stands between: "Đội CSHS Công an
 * quận …".
 */
#ifndef WORKER_EXTRACT_ORGANIZATIONS_H
#define WORKER_EXTRACT_ORGANIZATIONS_H

#include "worker/extract/search.h"

struct body_name {
    uint32_t end; /* 0: no name begins here */
    enum body_head_class class;
    bool has_capital; /* something behind the head begins with a capital */
    bool has_place;
    bool is_country; /* nothing but a country behind the head */
};

struct body_name body_name_read(const struct search *search, uint32_t at);

#endif
