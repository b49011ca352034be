// SPDX-License-Identifier: Apache-2.0
#include "worker/store/verdict.h"

#define LOSSES_LIMIT 8 /* connections that an article alone may cost before it is given back */
#define SLOW_LIMIT   8 /* times that an article alone may be cut off while nothing goes through */

void verdict_refuse(struct article_row *row, bool permanent, const char *why)
{
    row->end = ROW_REFUSED;
    row->permanent = permanent;
    (void)snprintf(row->why, sizeof row->why, "%.*s", (int)sizeof row->why - 1, why);
}

bool verdict_is_pending(const struct article_row *row)
{
    return row->once_more > 0 || row->losses > 0 || row->slow > 0;
}

static enum status judge_slow(struct article_row *row, uint64_t commits, bool is_said,
                              const char *why, struct error *err)
{
    if (row->slow++ == 0)
        row->slow_since = commits;
    else if (commits > row->slow_since)
        verdict_refuse(row, is_said, why);
    else if (row->slow >= SLOW_LIMIT)
        verdict_refuse(row, false, why);
    return row->end == ROW_OPEN ? error_set(err, STATUS_AGAIN, "could not store: %s", why)
                                : STATUS_OK;
}

enum status verdict_judge(struct article_row *row, const struct failure *failure, uint64_t commits,
                          struct error *err)
{
    char why[sizeof failure->text + sizeof failure->state + 16];
    (void)snprintf(why, sizeof why, "%s%s%s", failure->text, failure->state[0] ? ", SQLSTATE " : "",
                   failure->state);
    switch (failure->verdict) {
    case SQL_PERMANENT:
        verdict_refuse(row, true, why);
        return STATUS_OK;
    case SQL_ONCE_MORE:
        if (row->once_more++ > 0)
            verdict_refuse(row, true, why);
        return STATUS_OK;
    case SQL_SLOW:
        return judge_slow(row, commits, failure->state[0], why, err);
    case SQL_BROKEN:
        return error_set(err, STATUS_BROKEN, "cannot store: %s", why);
    case SQL_AGAIN:
        break;
    }
    if (failure->connection_lost && ++row->losses >= LOSSES_LIMIT)
        verdict_refuse(row, false, "the connection to PostgreSQL breaks at this article");
    return error_set(err, STATUS_AGAIN, "could not store: %s", why);
}
