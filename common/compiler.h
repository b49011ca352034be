// SPDX-License-Identifier: Apache-2.0
/*
 * compiler - the few compiler attributes that the code speaks in.
 *
 * CLEANUP(thing_free) on a variable frees it when its scope ends; the function takes a pointer to
 * the variable and accepts one that holds NULL, as czmq's destructors do.
 */
#ifndef COMMON_COMPILER_H
#define COMMON_COMPILER_H

#define MUST_CHECK      __attribute__((warn_unused_result))
#define CLEANUP(free_)  __attribute__((cleanup(free_)))
#define PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))
#define NORETURN        __attribute__((noreturn))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
