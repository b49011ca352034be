// SPDX-License-Identifier: Apache-2.0
/*
 * turn - the list of logical changes of one turn, as the engine behind broker/store.h sees it.
 *
 * The loop fills it through store.h. The engine walks the changes in order, skips those that were
 * dropped, and writes each one's result beside it. A result counts only after store_submit() said
 * OK; an engine that aborts clears them with turn_clear_results().
 */
#ifndef BROKER_TURN_H
#define BROKER_TURN_H

#include "broker/store.h"

enum change_kind {
    CHANGE_ACCEPT,
    CHANGE_SETTLE,
    CHANGE_ATTEMPT,
    CHANGE_RETRY,
    CHANGE_WITHDRAW,
    CHANGE_FORGET,
    CHANGE_UNFORGET,
    CHANGE_CURSOR,
    CHANGE_RETENTION,
};

struct change {
    enum change_kind kind;
    bool dropped;
    union {
        struct accept accept;
        struct settle settle;
        struct attempt_change attempt;
        struct {
            uint64_t article_id;
            const char *reason;
            int64_t at_ms;
        } operator_;
        struct cursor cursor;
        struct forget forget;
        struct {
            size_t most;
            int64_t now_ms;
        } retention;
    };
    union {
        struct accept_result accepted;
        struct settle_result settled;
        bool changed;
    };
};

struct change *turn_at(struct turn *turn, size_t index);
bool turn_has_accepts(const struct turn *turn);
void turn_clear_results(struct turn *turn);

#endif
