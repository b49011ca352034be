// SPDX-License-Identifier: Apache-2.0
/* Messages as the broker's sockets keep them: where their payloads lie, and whose memory that is.
 */
#include "broker/sockets.h"
#include "tests/support/testing.h"

static const char first[] = "bài thứ nhất, đủ dài để có chỗ của riêng mình";
static const char second[] = "bài thứ hai, cũng dài như vậy, để so sánh";

static struct error err;
static Newsloom__V1__RefusalCode refusal;

static void add_frame(struct message *message, const char *bytes, size_t size)
{
    zmq_msg_t *frame = &message->frames[message->frame_count++];
    assert_int_equal(zmq_msg_init_size(frame, size), 0);
    memcpy(zmq_msg_data(frame), bytes, size);
}

static bool lies_in(const void *bytes, zmq_msg_t *frame)
{
    const char *begin = zmq_msg_data(frame);
    return (const char *)bytes >= begin && (const char *)bytes < begin + zmq_msg_size(frame);
}

static void payload_of_a_frame_is_shared(void **state)
{
    (void)state;
    struct message *message = message_new();
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    zmq_msg_t lent;
    add_frame(message, first, sizeof(first));
    add_frame(message, second, sizeof(second));
    assert_ok(message_split(message, &envelope, &refusal, &err), err);
    assert_int_equal(message->payload_count, 2);
    message_lend(message, 1, &lent);
    assert_ptr_equal(zmq_msg_data(&lent), message->payloads[1].bytes);
    message_free(&message);
    assert_string_equal(zmq_msg_data(&lent), second);
    assert_int_equal(zmq_msg_close(&lent), 0);
}

/* The copy is what lets go of the others: an article that waits keeps no bytes but its own. */
static void payload_of_a_joined_frame_is_a_copy(void **state)
{
    (void)state;
    struct message *message = message_new();
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    uint32_t sizes[] = {sizeof(first), sizeof(second)};
    char both[sizeof(first) + sizeof(second)];
    zmq_msg_t lent;
    memcpy(both, first, sizeof(first));
    memcpy(both + sizeof(first), second, sizeof(second));
    envelope.payload_sizes = sizes;
    envelope.n_payload_sizes = COUNT_OF(sizes);
    add_frame(message, both, sizeof(both));
    assert_ok(message_split(message, &envelope, &refusal, &err), err);
    assert_int_equal(message->payload_count, 2);
    assert_true(lies_in(message->payloads[1].bytes, &message->frames[0]));
    message_lend(message, 1, &lent);
    assert_false(lies_in(zmq_msg_data(&lent), &message->frames[0]));
    assert_int_equal(zmq_msg_size(&lent), sizeof(second));
    message_free(&message);
    assert_string_equal(zmq_msg_data(&lent), second);
    assert_int_equal(zmq_msg_close(&lent), 0);
}

static void frames_that_were_thrown_away_are_counted(void **state)
{
    (void)state;
    struct message *message = message_new();
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    uint32_t sizes[] = {1, 1};
    envelope.payload_sizes = sizes;
    envelope.n_payload_sizes = COUNT_OF(sizes);
    assert_refused(message_split(message, &envelope, &refusal, &err), STATUS_INVALID, err, "are 0");
    add_frame(message, "ab", 2);
    message->excess = 3;
    assert_refused(message_split(message, &envelope, &refusal, &err), STATUS_INVALID, err, "are 4");
    assert_int_equal(message->payload_count, 0);
    message_free(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payload_of_a_frame_is_shared),
        cmocka_unit_test(payload_of_a_joined_frame_is_a_copy),
        cmocka_unit_test(frames_that_were_thrown_away_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
