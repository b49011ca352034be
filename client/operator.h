// SPDX-License-Identifier: Apache-2.0
/*
 * operator - what those who run a broker ask of it: status, dead letters, control, backups.
 *
 * Beside newsloom.h because it speaks in the contract's own messages (proto/wire.proto), which a
 * feeder or subscriber need not know.
 *
 * Every call waits for its answer, at most the time-out of the options. AGAIN: no answer; NOT_FOUND
 * and INVALID: the broker's refusal. Ownership: answers live in the operator until its next call.
 * One thread at a time.
 */
#ifndef CLIENT_OPERATOR_H
#define CLIENT_OPERATOR_H

#include "client/newsloom.h"
#include "proto/envelope.h"

struct newsloom_operator;

enum status newsloom_operator_open(struct newsloom_operator **ret_operator,
                                   const struct newsloom_options *options,
                                   struct error *err) MUST_CHECK;
void newsloom_operator_close(struct newsloom_operator **operator_p);

enum status newsloom_operator_status(struct newsloom_operator *op,
                                     const Newsloom__V1__Status **ret_status,
                                     struct error *err) MUST_CHECK;

/* One page. letters holds count of them; changed is how many RETRY and DROP moved; next_after goes
 * into the next request, 0: there are no more. */
struct newsloom_dead_letters {
    Newsloom__V1__DeadLetter **letters;
    size_t count;
    uint64_t changed;
    uint64_t next_after;
};

enum status newsloom_operator_dead(struct newsloom_operator *op, Newsloom__V1__DeadRequest *request,
                                   struct newsloom_dead_letters *ret_letters,
                                   struct error *err) MUST_CHECK;

enum status newsloom_operator_control(struct newsloom_operator *op, Newsloom__V1__ControlVerb verb,
                                      const char **ret_condition, struct error *err) MUST_CHECK;

/* Begins, looks at or cancels a backup; says how far it is. */
enum status newsloom_operator_backup(struct newsloom_operator *op,
                                     Newsloom__V1__BackupRequest *request,
                                     const Newsloom__V1__BackupAnswer **ret_answer,
                                     struct error *err) MUST_CHECK;

/* One slice of a walk through the store; ask again with what the answer says until it is over. */
enum status newsloom_operator_check(struct newsloom_operator *op,
                                    Newsloom__V1__CheckRequest *request,
                                    const Newsloom__V1__CheckAnswer **ret_answer,
                                    struct error *err) MUST_CHECK;

/* What the broker knows of articles named as KnownRequest says; one state, id and sequence each. */
#define NEWSLOOM_KNOWN_NAMES     128 /* at most, in one call */
#define NEWSLOOM_KNOWN_NAME_SIZE 24
void newsloom_known_name(const char *source, const char *key, const uint8_t *content_digest,
                         uint8_t ret_name[NEWSLOOM_KNOWN_NAME_SIZE]);
enum status newsloom_operator_known(struct newsloom_operator *op, const uint8_t *names,
                                    size_t count, const Newsloom__V1__KnownAnswer **ret_answer,
                                    struct error *err) MUST_CHECK;

/* What there is of an article, taking it out of the broker, or lifting its tombstone. DO is
 * answered when no byte is left in the broker's file, which may take minutes: open with a long
 * time-out. */
enum status newsloom_operator_forget(struct newsloom_operator *op,
                                     Newsloom__V1__ForgetRequest *request,
                                     const Newsloom__V1__ForgetAnswer **ret_answer,
                                     struct error *err) MUST_CHECK;

#endif
