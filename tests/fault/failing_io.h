// SPDX-License-Identifier: Apache-2.0
/*
 * failing_io - the disk's answers, by rule.
 *
 * write, pwrite, writev, fdatasync, fsync and posix_fallocate of the process pass through here: as
 * a library named in LD_PRELOAD with its rules in NEWSLOOM_FAIL_IO, or linked into a test program,
 * which calls failing_io_set(). A rule is call:n:fate, several are separated by commas.
 *
 *   call  write (to a file, of a page or more: a backup's), pwrite, writev, fdatasync, fsync,
 * posix_fallocate, or meta: a pwrite of LMDB's head, which is what makes a commit one (and is not
 * counted as a pwrite) n     the n-th such call since the rules were set; n+ every one from the
 * n-th on fate  EIO, ENOSPC, SHORT (half of the bytes are written), SLOW (a write that takes 20
 * ms), KILL (SIGKILL before the call), KILLED (SIGKILL after it)
 *
 * So NEWSLOOM_FAIL_IO="fdatasync:3:EIO,meta:2+:KILL". A rule that does not parse ends the process.
 */
#ifndef TESTS_FAULT_FAILING_IO_H
#define TESTS_FAULT_FAILING_IO_H

#include <stddef.h>
#include <sys/types.h>

/* Counts from the beginning again. NULL: everything succeeds. */
void failing_io_set(const char *wishes);

/* Told of every write that reached the file, before a flush (bytes NULL) is done. */
typedef void failing_io_watcher(const void *bytes, size_t size, off_t offset);
void failing_io_watch(failing_io_watcher *watcher);

#endif
