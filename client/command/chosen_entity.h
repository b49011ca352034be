// SPDX-License-Identifier: Apache-2.0
/*
 * chosen_entity - which entity is meant by a name or an id on the command line.
 *
 * A name stands for an entity that is called so (case and diacritics aside) in some article. When
 * several are, none is chosen: unless one alone is spelt exactly as it was given, they are listed
 * with their ids, and the caller is to choose. Judgements are followed.
 */
#ifndef CLIENT_COMMAND_CHOSEN_ENTITY_H
#define CLIENT_COMMAND_CHOSEN_ENTITY_H

#include <libpq-fe.h>

#include "client/command/invocation.h"
#include "client/lib/hex.h"

#define CHOSEN_ENTITIES_MAX 32

struct chosen_entity {
    char id[UUID_TEXT_SIZE];
    char *type;
    char *name;
};

struct chosen_entities {
    struct chosen_entity entities[CHOSEN_ENTITIES_MAX];
    size_t count;
};

/* Every --entity of the invocation, among those of a type (NULL: any). INVALID: none was given, or
 * one may be several, which are listed on standard error; NOT_FOUND: nothing is called so. */
enum status chosen_entities_find(PGconn *connection, const struct invocation *invocation,
                                 const char *type, struct chosen_entities *chosen,
                                 struct error *err) MUST_CHECK;
void chosen_entities_done(struct chosen_entities *chosen);

/* "{id,id}" for a parameter of type uuid[]; the caller's to free. */
char *chosen_entities_array(const struct chosen_entities *chosen);

/* The contract's spelling of an entity type, whatever the case; NULL gives NULL. */
enum status entity_type_parse(const char *text, const char **ret_type,
                              struct error *err) MUST_CHECK;

#endif
