// SPDX-License-Identifier: Apache-2.0
#include "worker/store/wait.h"

#include <limits.h>
#include <poll.h>

#include "common/clock.h"

bool pg_wait(PGconn *session, int unsent, int64_t deadline_ms, bool *ret_alive)
{
    for (;;) {
        struct pollfd wait = {.fd = PQsocket(session),
                              .events = (short)(unsent ? POLLIN | POLLOUT : POLLIN)};
        int64_t left_ms = deadline_ms - clock_mono_ms();
        if (left_ms <= 0)
            return false;
        if (poll(&wait, 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX) <= 0)
            continue; /* a signal, or the deadline */
        *ret_alive = !(wait.revents & ~POLLOUT) || PQconsumeInput(session);
        return true;
    }
}

static bool is_good(const PGresult *result)
{
    ExecStatusType kind = PQresultStatus(result);
    return kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK;
}

PGresult *pg_answer(PGconn *session, int sent, int64_t deadline_ms)
{
    PGresult *answer = NULL;
    bool alive = sent == 1;
    while (alive) {
        while (!PQisBusy(session)) {
            PGresult *result = PQgetResult(session);
            if (!result)
                return answer;
            bool is_kept = !answer || is_good(answer);
            PQclear(is_kept ? answer : result);
            answer = is_kept ? result : answer;
        }
        int unsent = PQflush(session);
        if (unsent < 0 || !pg_wait(session, unsent, deadline_ms, &alive))
            break;
    }
    PQclear(answer);
    return NULL;
}
