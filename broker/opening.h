// SPDX-License-Identifier: Apache-2.0
/*
 * opening - a broker is put together and taken apart: broker_open() and broker_close().
 *
 * The order matters: the store first (a second broker on the directory is refused before anything
 * is bound), then the sockets, then loading begins, then the endpoints are written to
 * <store.directory>/endpoints, one "name=endpoint" a line, so that others can find ports that the
 * system chose.
 */
#ifndef BROKER_OPENING_H
#define BROKER_OPENING_H

#include "broker/broker.h"

#define ENDPOINTS_FILE "endpoints"

#endif
