// SPDX-License-Identifier: Apache-2.0
/*
 * fuzzing - the one function that every fuzz target is.
 *
 * Linked with libFuzzer (preset fuzz, tests/fuzz/run) it is given what the fuzzer finds; linked
 * with replay.c (every other build) the kept corpus and a fixed number of mutations of it. It
 * returns 0 and must leave nothing behind: the next call expects a fresh world. Claims about what
 * parsed are made with ENSURE().
 */
#ifndef TESTS_FUZZ_FUZZING_H
#define TESTS_FUZZ_FUZZING_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
