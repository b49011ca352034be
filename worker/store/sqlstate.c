// SPDX-License-Identifier: Apache-2.0
#include "worker/store/sqlstate.h"

#include <stddef.h>
#include <string.h>

/* The first row whose prefix matches decides, so longer prefixes stand first. */
static const struct {
    const char *prefix;
    enum sql_verdict verdict;
} rows[] = {
    {"57014", SQL_SLOW},   /* statement timeout, or cancelled by somebody */
    {"25006", SQL_AGAIN},  /* read-only: the server failed over under us */
    {"25P03", SQL_AGAIN},  /* the server closed a session that was idle in a transaction */
    {"08", SQL_AGAIN},     /* connection */
    {"40", SQL_AGAIN},     /* deadlock, serialization */
    {"53", SQL_AGAIN},     /* disk, memory, connections used up */
    {"55", SQL_AGAIN},     /* lock not available */
    {"57", SQL_AGAIN},     /* shutting down, starting up, crashed */
    {"58", SQL_AGAIN},     /* the server's own file system */
    {"22", SQL_PERMANENT}, /* data exception; 22F01 is ours: the article was forgotten */
    {"54", SQL_PERMANENT}, /* too long for an index or a tsvector */
    {"23", SQL_ONCE_MORE}, /* constraint */
};

enum sql_verdict sqlstate_judge(const char *state)
{
    if (!state || !*state)
        return SQL_AGAIN;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strncmp(state, rows[i].prefix, strlen(rows[i].prefix)) == 0)
            return rows[i].verdict;
    return SQL_BROKEN;
}

enum status sqlstate_status(const char *state)
{
    switch (sqlstate_judge(state)) {
    case SQL_AGAIN:
        return STATUS_AGAIN;
    case SQL_ONCE_MORE:
    case SQL_SLOW:
    case SQL_PERMANENT:
        return STATUS_INVALID;
    case SQL_BROKEN:
        break;
    }
    return STATUS_BROKEN;
}
