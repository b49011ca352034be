// SPDX-License-Identifier: Apache-2.0
#include "client/operator.h"

#include <stdlib.h>
#include <string.h>

#include "client/lib/connection.h"
#include "common/digest.h"

#define ANSWER_MEMORY (64u * 1024 * 1024) /* unpacked payloads of one answer */

struct newsloom_operator {
    struct connection *connection;
    struct message answer;
    struct arena *payloads;
};

enum status newsloom_operator_open(struct newsloom_operator **ret_operator,
                                   const struct newsloom_options *options, struct error *err)
{
    struct newsloom_operator *op = memory_new(sizeof(*op));
    enum status status =
        connection_open(&op->connection, options, ZMQ_DEALER, "broker.operator", err);
    if (status != STATUS_OK) {
        free(op);
        return status;
    }
    op->payloads = arena_new(ANSWER_MEMORY);
    *ret_operator = op;
    return STATUS_OK;
}

void newsloom_operator_close(struct newsloom_operator **operator_p)
{
    struct newsloom_operator *op = *operator_p;
    if (!op)
        return;
    message_done(&op->answer);
    arena_free(&op->payloads);
    connection_close(&op->connection);
    free(op);
    *operator_p = NULL;
}

static enum status ask(struct newsloom_operator *op, Newsloom__V1__Envelope *question,
                       Newsloom__V1__Envelope__BodyCase expected, struct error *err)
{
    question->protocol = protocol_oldest;
    arena_reset(op->payloads);
    enum status status = connection_request(op->connection, question, &op->answer, err);
    if (status == STATUS_OK && op->answer.envelope->body_case != expected)
        return error_set(err, STATUS_BROKEN,
                         "the broker answered with something else: is this its operator socket?");
    return status;
}

static enum status unpack_payload(struct newsloom_operator *op,
                                  const ProtobufCMessageDescriptor *type, size_t index,
                                  ProtobufCMessage **ret_message, struct error *err)
{
    struct payload payload = message_payload(&op->answer, index);
    enum status status =
        message_unpack(type, payload.bytes, payload.size, op->payloads, ret_message, err);
    return status == STATUS_INVALID ? STATUS_BROKEN : status;
}

enum status newsloom_operator_status(struct newsloom_operator *op,
                                     const Newsloom__V1__Status **ret_status, struct error *err)
{
    Newsloom__V1__Envelope question = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__StatusRequest request = NEWSLOOM__V1__STATUS_REQUEST__INIT;
    ProtobufCMessage *message = NULL;
    question.body_case = NEWSLOOM__V1__ENVELOPE__BODY_STATUS_REQUEST;
    question.status_request = &request;
    enum status status = ask(op, &question, NEWSLOOM__V1__ENVELOPE__BODY_STATUS_ANSWER, err);
    if (status == STATUS_OK && message_payload_count(&op->answer) != 1)
        status = error_set(err, STATUS_BROKEN, "the broker's answer holds no status");
    if (status == STATUS_OK)
        status = unpack_payload(op, &newsloom__v1__status__descriptor, 0, &message, err);
    if (status == STATUS_OK)
        *ret_status = (const Newsloom__V1__Status *)message;
    return status;
}

enum status newsloom_operator_dead(struct newsloom_operator *op, Newsloom__V1__DeadRequest *request,
                                   struct newsloom_dead_letters *ret_letters, struct error *err)
{
    Newsloom__V1__Envelope question = NEWSLOOM__V1__ENVELOPE__INIT;
    question.body_case = NEWSLOOM__V1__ENVELOPE__BODY_DEAD_REQUEST;
    question.dead_request = request;
    enum status status = ask(op, &question, NEWSLOOM__V1__ENVELOPE__BODY_DEAD_ANSWER, err);
    if (status != STATUS_OK)
        return status;
    size_t count = message_payload_count(&op->answer);
    struct newsloom_dead_letters letters = {
        .letters = arena_take(op->payloads, count + 1, sizeof(*letters.letters)),
        .count = count,
        .changed = op->answer.envelope->dead_answer->matched,
        .next_after = op->answer.envelope->dead_answer->next_after,
    };
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        ProtobufCMessage *message = NULL;
        status = unpack_payload(op, &newsloom__v1__dead_letter__descriptor, i, &message, err);
        letters.letters[i] = (Newsloom__V1__DeadLetter *)message;
    }
    if (status == STATUS_OK)
        *ret_letters = letters;
    return status;
}

enum status newsloom_operator_control(struct newsloom_operator *op, Newsloom__V1__ControlVerb verb,
                                      const char **ret_condition, struct error *err)
{
    Newsloom__V1__Envelope question = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__ControlRequest request = NEWSLOOM__V1__CONTROL_REQUEST__INIT;
    request.verb = verb;
    question.body_case = NEWSLOOM__V1__ENVELOPE__BODY_CONTROL_REQUEST;
    question.control_request = &request;
    enum status status = ask(op, &question, NEWSLOOM__V1__ENVELOPE__BODY_CONTROL_ANSWER, err);
    if (status == STATUS_OK)
        *ret_condition = op->answer.envelope->control_answer->condition;
    return status;
}

enum status newsloom_operator_backup(struct newsloom_operator *op,
                                     Newsloom__V1__BackupRequest *request,
                                     const Newsloom__V1__BackupAnswer **ret_answer,
                                     struct error *err)
{
    Newsloom__V1__Envelope question = NEWSLOOM__V1__ENVELOPE__INIT;
    question.body_case = NEWSLOOM__V1__ENVELOPE__BODY_BACKUP_REQUEST;
    question.backup_request = request;
    enum status status = ask(op, &question, NEWSLOOM__V1__ENVELOPE__BODY_BACKUP_ANSWER, err);
    if (status == STATUS_OK)
        *ret_answer = op->answer.envelope->backup_answer;
    return status;
}

enum status newsloom_operator_check(struct newsloom_operator *op,
                                    Newsloom__V1__CheckRequest *request,
                                    const Newsloom__V1__CheckAnswer **ret_answer, struct error *err)
{
    Newsloom__V1__Envelope question = NEWSLOOM__V1__ENVELOPE__INIT;
    question.body_case = NEWSLOOM__V1__ENVELOPE__BODY_CHECK_REQUEST;
    question.check_request = request;
    enum status status = ask(op, &question, NEWSLOOM__V1__ENVELOPE__BODY_CHECK_ANSWER, err);
    if (status == STATUS_OK)
        *ret_answer = op->answer.envelope->check_answer;
    return status;
}

void newsloom_known_name(const char *source, const char *key, const uint8_t *content_digest,
                         uint8_t ret_name[NEWSLOOM_KNOWN_NAME_SIZE])
{
    const char *parts[] = {source, key};
    digest_parts(parts, COUNT_OF(parts), ret_name);
    memcpy(ret_name + 16, content_digest, NEWSLOOM_KNOWN_NAME_SIZE - 16);
}

enum status newsloom_operator_known(struct newsloom_operator *op, const uint8_t *names,
                                    size_t count, const Newsloom__V1__KnownAnswer **ret_answer,
                                    struct error *err)
{
    Newsloom__V1__Envelope question = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__KnownRequest request = NEWSLOOM__V1__KNOWN_REQUEST__INIT;
    request.names.data = (uint8_t *)(uintptr_t)names;
    request.names.len = count * NEWSLOOM_KNOWN_NAME_SIZE;
    question.body_case = NEWSLOOM__V1__ENVELOPE__BODY_KNOWN_REQUEST;
    question.known_request = &request;
    enum status status = ask(op, &question, NEWSLOOM__V1__ENVELOPE__BODY_KNOWN_ANSWER, err);
    if (status != STATUS_OK)
        return status;
    const Newsloom__V1__KnownAnswer *answer = op->answer.envelope->known_answer;
    if (answer->n_states != count || answer->n_article_ids != count || answer->n_sequences != count)
        return error_set(err, STATUS_BROKEN, "the broker answered for other articles");
    *ret_answer = answer;
    return STATUS_OK;
}

enum status newsloom_operator_forget(struct newsloom_operator *op,
                                     Newsloom__V1__ForgetRequest *request,
                                     const Newsloom__V1__ForgetAnswer **ret_answer,
                                     struct error *err)
{
    Newsloom__V1__Envelope question = NEWSLOOM__V1__ENVELOPE__INIT;
    question.body_case = NEWSLOOM__V1__ENVELOPE__BODY_FORGET_REQUEST;
    question.forget_request = request;
    enum status status = ask(op, &question, NEWSLOOM__V1__ENVELOPE__BODY_FORGET_ANSWER, err);
    if (status == STATUS_OK)
        *ret_answer = op->answer.envelope->forget_answer;
    return status;
}
