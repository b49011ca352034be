// SPDX-License-Identifier: Apache-2.0
/*
 * statements - the SQL that storing an article takes, one table.
 */
#ifndef WORKER_STORE_STATEMENTS_H
#define WORKER_STORE_STATEMENTS_H

#include "worker/store/array.h"

enum statement {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_RESERVE_IDS,
    SQL_INSERT_SOURCES,
    SQL_INSERT_ARTICLE,
    SQL_UPDATE_ARTICLE,
    SQL_LOCK_ARTICLE,
    SQL_DELETE_CHILDREN,
    SQL_INSERT_MENTIONS,
    SQL_INSERT_ROLES,
    SQL_INSERT_EVENTS,
    SQL_INSERT_ARGUMENTS,
    SQL_INSERT_ENTITIES,
    SQL_INSERT_ALIASES,
    SQL_FIND_ARTICLE,
    SQL_FIND_ORIGINAL,
    SQL_STATEMENT_COUNT
};

#define ARTICLE_PARAMETERS   35
#define STATEMENT_PARAMETERS 35 /* most of any statement */

struct statement_row {
    const char *name;
    const char *sql;
    int parameter_count;
    unsigned types[STATEMENT_PARAMETERS]; /* Oids */
};

const struct statement_row *statement_row(enum statement statement);

#endif
