// SPDX-License-Identifier: Apache-2.0
#include "worker/note.h"

#include <errno.h>
#include <zmq.h>

bool note_send(void *socket, const struct note *note)
{
    int sent;
    do
        sent = zmq_send(socket, note, sizeof *note, 0);
    while (sent < 0 && errno == EINTR);
    return sent == (int)sizeof *note;
}

bool note_receive(void *socket, struct note *ret_note, int64_t timeout_ms)
{
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
    if (zmq_poll(&item, 1, (long)timeout_ms) <= 0)
        return false;
    return zmq_recv(socket, ret_note, sizeof *ret_note, ZMQ_DONTWAIT) == (int)sizeof *ret_note;
}

void note_pair(void *context, const char *name, void **ret_ours, void **ret_theirs)
{
    char endpoint[64];
    (void)snprintf(endpoint, sizeof endpoint, "inproc://%s", name);
    void *ours = zmq_socket(context, ZMQ_PAIR);
    void *theirs = zmq_socket(context, ZMQ_PAIR);
    int unbounded = 0; /* the slots are the bound */
    ENSURE(ours && theirs);
    (void)zmq_setsockopt(ours, ZMQ_SNDHWM, &unbounded, sizeof unbounded);
    (void)zmq_setsockopt(ours, ZMQ_RCVHWM, &unbounded, sizeof unbounded);
    (void)zmq_setsockopt(theirs, ZMQ_SNDHWM, &unbounded, sizeof unbounded);
    (void)zmq_setsockopt(theirs, ZMQ_RCVHWM, &unbounded, sizeof unbounded);
    ENSURE(zmq_bind(ours, endpoint) == 0 && zmq_connect(theirs, endpoint) == 0);
    *ret_ours = ours;
    *ret_theirs = theirs;
}
