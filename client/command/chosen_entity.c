// SPDX-License-Identifier: Apache-2.0
#include "client/command/chosen_entity.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/command/database.h"
#include "client/command/print.h"
#include "common/utf8.h"
#include "proto/envelope.h"

#define LISTED_MAX 20

static const char find_by_id[] =
    "SELECT e.entity_id, e.type, e.name FROM newsloom.entity e WHERE e.entity_id ="
    " coalesce((SELECT r.to_entity_id FROM newsloom.entity_redirect r"
    "           WHERE r.from_entity_id = $1::uuid AND r.undone_at IS NULL), $1::uuid)";
static const char find_by_name[] =
    "SELECT e.entity_id, e.type, e.name, e.name = normalize($1, NFC) AS is_spelt_so,"
    " (SELECT count(DISTINCT m.article_id) FROM newsloom.entity_member em"
    "  JOIN newsloom.mention m ON m.entity_id = em.member_id WHERE em.entity_id = e.entity_id)"
    " FROM (SELECT DISTINCT coalesce(r.to_entity_id, x.entity_id) AS entity_id"
    "       FROM newsloom.entity_alias x LEFT JOIN newsloom.entity_redirect r"
    "       ON r.from_entity_id = x.entity_id AND r.undone_at IS NULL"
    "       WHERE x.alias = left(newsloom.fold($1), 200)) h"
    " JOIN newsloom.entity e USING (entity_id)"
    " WHERE $2::newsloom.entity_type IS NULL OR e.type = $2::newsloom.entity_type"
    " ORDER BY 5 DESC, e.name, e.entity_id";

enum status entity_type_parse(const char *text, const char **ret_type, struct error *err)
{
    const ProtobufCEnumDescriptor *types = &newsloom__v1__entity_type__descriptor;
    *ret_type = NULL;
    for (unsigned i = 1; text && i < types->n_values; i++)
        if (strcasecmp(types->values[i].name, text) == 0)
            *ret_type = types->values[i].name;
    if (text && (!*ret_type || strcmp(*ret_type, "DATE") == 0)) /* a date is no entity */
        return error_set(err, STATUS_INVALID,
                         "--type is PERSON, ORGANIZATION, LOCATION, LAW, EVENT or CRIME");
    return STATUS_OK;
}

static void take(struct chosen_entities *chosen, const PGresult *result, int row)
{
    const char *id = PQgetvalue(result, row, 0);
    for (size_t i = 0; i < chosen->count; i++)
        if (strcmp(chosen->entities[i].id, id) == 0)
            return;
    struct chosen_entity *entity = &chosen->entities[chosen->count++];
    (void)snprintf(entity->id, sizeof(entity->id), "%s", id);
    entity->type = text_copy(PQgetvalue(result, row, 1));
    entity->name = text_copy(PQgetvalue(result, row, 2));
}

static void list(const PGresult *result)
{
    static const char *const heads[] = {"entity", "type", "name", "articles"};
    struct table table;
    int rows = PQntuples(result);
    table_init(&table, heads, "lllr");
    for (int row = 0; row < rows && row < LISTED_MAX; row++) {
        static const int columns[] = {0, 1, 2, 4};
        for (size_t i = 0; i < COUNT_OF(columns); i++)
            table_cell(&table, "%s", PQgetvalue(result, row, columns[i]));
    }
    table_print(&table, stderr);
    table_done(&table);
    if (rows > LISTED_MAX)
        (void)fprintf(stderr, "and %d more; --type TYPE leaves some out\n", rows - LISTED_MAX);
}

static enum status choose(const PGresult *result, const char *name, struct chosen_entities *chosen,
                          struct error *err)
{
    int rows = PQntuples(result);
    int spelt_so = 0;
    int row_of_it = 0;
    for (int row = 0; row < rows; row++) {
        if (*PQgetvalue(result, row, 3) != 't')
            continue;
        spelt_so++;
        row_of_it = row;
    }
    if (rows == 0)
        return error_set(err, STATUS_NOT_FOUND,
                         "nothing stored is called \"%.80s\" (`newsloom search %.60s` forgives "
                         "typing errors)",
                         name, name);
    if (rows == 1 || spelt_so == 1) {
        take(chosen, result, row_of_it);
        return STATUS_OK;
    }
    list(result);
    return error_set(err, STATUS_INVALID,
                     "%d entities are called \"%.80s\": give --entity ID, once for each that is "
                     "meant",
                     rows, name);
}

static enum status find(PGconn *connection, const char *wanted, const char *type,
                        struct chosen_entities *chosen, struct error *err)
{
    uint8_t id[16];
    PGresult *result = NULL;
    const char *const parameters[] = {wanted, type};
    bool is_id = uuid_parse(wanted, id);
    if (!utf8_is_clean(wanted, strlen(wanted)) || !*wanted)
        return error_set(err, STATUS_INVALID, "--entity is a name in UTF-8, or an entity's id");
    if (chosen->count == CHOSEN_ENTITIES_MAX)
        return error_set(err, STATUS_INVALID, "more than %d entities are named",
                         CHOSEN_ENTITIES_MAX);
    enum status status = database_ask(connection, is_id ? find_by_id : find_by_name, parameters,
                                      is_id ? 1 : 2, &result, err);
    if (status == STATUS_OK && is_id && PQntuples(result) == 0)
        status = error_set(err, STATUS_NOT_FOUND, "no entity has the id %.40s", wanted);
    else if (status == STATUS_OK && is_id)
        take(chosen, result, 0);
    else if (status == STATUS_OK)
        status = choose(result, wanted, chosen, err);
    database_clear(&result);
    return status;
}

enum status chosen_entities_find(PGconn *connection, const struct invocation *invocation,
                                 const char *type, struct chosen_entities *chosen,
                                 struct error *err)
{
    enum status status = STATUS_OK;
    *chosen = (struct chosen_entities){.count = 0};
    for (size_t i = 0; status == STATUS_OK; i++) {
        const char *wanted = invocation_text_at(invocation, "entity", i);
        if (!wanted)
            break;
        status = find(connection, wanted, type, chosen, err);
    }
    if (status == STATUS_OK && chosen->count == 0)
        status = error_set(err, STATUS_INVALID, "name an entity: --entity NAME or --entity ID");
    if (status != STATUS_OK)
        chosen_entities_done(chosen);
    return status;
}

void chosen_entities_done(struct chosen_entities *chosen)
{
    for (size_t i = 0; i < chosen->count; i++) {
        free(chosen->entities[i].type);
        free(chosen->entities[i].name);
    }
    chosen->count = 0;
}

char *chosen_entities_array(const struct chosen_entities *chosen)
{
    char *ids = database_ids_new(chosen->count);
    for (size_t i = 0; i < chosen->count; i++)
        database_ids_add(ids, chosen->entities[i].id);
    return ids;
}
