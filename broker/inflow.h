// SPDX-License-Identifier: Apache-2.0
/*
 * inflow - how many bytes came in over each file.
 *
 * ZeroMQ collects a whole message before it hands over a frame, and does not tell how much it has
 * by then. It reads its connections, of TCP and of ipc:// alike, with recv(2); the program that
 * links this puts its own recv() before libc's, which counts and reads as libc's does.
 *
 * Thread-safe. Counts never begin anew: of a file that is opened again only differences mean
 * something. Files that are INFLOW_FILES apart share a count.
 */
#ifndef BROKER_INFLOW_H
#define BROKER_INFLOW_H

#include <stdint.h>

enum { INFLOW_FILES = 65536 };

uint64_t inflow_bytes(int file);

#endif
