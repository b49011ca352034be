// SPDX-License-Identifier: Apache-2.0
#include "client/lib/outcome.h"

/* The library's enums are the wire's, so that they can be handed through. */
_Static_assert((int)NEWSLOOM_STATE_UNKNOWN == (int)NEWSLOOM__V1__STATE__STATE_UNKNOWN, "state");
_Static_assert((int)NEWSLOOM_STATE_QUEUED == (int)NEWSLOOM__V1__STATE__QUEUED, "state");
_Static_assert((int)NEWSLOOM_STATE_FORGOTTEN == (int)NEWSLOOM__V1__STATE__FORGOTTEN, "state");
_Static_assert((int)NEWSLOOM_CLASS_BACKFILL == (int)NEWSLOOM__V1__CLASS__BACKFILL, "class");
_Static_assert((int)NEWSLOOM_ACCEPTED == (int)NEWSLOOM__V1__RECEIPT_CODE__ACCEPTED, "receipt");
_Static_assert((int)NEWSLOOM_REFUSED == (int)NEWSLOOM__V1__RECEIPT_CODE__REFUSED, "receipt");
_Static_assert((int)NEWSLOOM_ENTRY_FORGOTTEN == (int)NEWSLOOM__V1__ENTRY_KIND__ENTRY_FORGOTTEN,
               "kind");
_Static_assert((int)NEWSLOOM_FROM_NAMED == (int)NEWSLOOM__V1__FROM__FROM_NAMED, "from");

const char *newsloom_state_name(enum newsloom_state state)
{
    static const char *const names[] = {"unknown", "queued", "leased",    "waiting",
                                        "stored",  "dead",   "withdrawn", "forgotten"};
    return (size_t)state < COUNT_OF(names) ? names[state] : "unknown";
}

bool newsloom_state_is_end(enum newsloom_state state)
{
    return state == NEWSLOOM_STATE_STORED || state == NEWSLOOM_STATE_DEAD ||
           state == NEWSLOOM_STATE_WITHDRAWN || state == NEWSLOOM_STATE_FORGOTTEN;
}

const char *newsloom_version(void)
{
    return NEWSLOOM_VERSION;
}

void outcome_fill(struct outcome_memory *memory, const Newsloom__V1__Outcome *wire)
{
    struct newsloom_outcome *outcome = &memory->outcome;
    *outcome = (struct newsloom_outcome){
        .source = wire->source,
        .key = wire->key,
        .revision = wire->revision,
        .newest_revision = wire->newest_revision,
        .article_id = wire->article_id,
        .article_class = (enum newsloom_class)wire->class_,
        .state = (enum newsloom_state)wire->state,
        .accepted_at_ms = wire->accepted_at_ms,
        .ended_at_ms = wire->ended_at_ms,
        .due_at_ms = wire->due_at_ms,
        .sequence = wire->sequence,
        .attempts_charged = wire->attempts_charged,
        .reason = wire->reason,
    };
    for (size_t i = 0; i < wire->n_attempts && i < NEWSLOOM_ATTEMPTS_KEPT; i++) {
        const Newsloom__V1__Attempt *attempt = wire->attempts[i];
        outcome->attempts[outcome->attempt_count++] = (struct newsloom_attempt){
            .number = attempt->number,
            .worker = attempt->worker,
            .at_ms = attempt->at_ms,
            .charged = attempt->charged,
            .code = attempt->code,
            .text = attempt->text,
        };
    }
}

void outcome_done(struct outcome_memory *memory)
{
    message_done(&memory->message);
}
