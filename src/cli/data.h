/* Files that ship with the program: beside its source tree, or installed. */
#pragma once

#include "base/buf.h"

/*
 * Path of a shipped file or folder ("catalog/fingerprints"): in the source tree above the folder of
 * the running program, else below PREFIX/share/gatehouse. ERR_MISSING when it is in neither.
 */
enum err data_find(const char *name, struct buf *ret_path, struct note *note) MUST_CHECK;

/* Path of a program that is built with this one ("lab/gatehouse-lab"): beside it, or libexec. */
enum err data_find_program(const char *name, struct buf *ret_path, struct note *note) MUST_CHECK;

/* Path of the gateway's module for nginx: beside the build, or in PREFIX/LIBDIR/gatehouse. */
enum err data_find_module(struct buf *ret_path, struct note *note) MUST_CHECK;

/* Path of the running program itself. */
enum err data_self(struct buf *ret_path) MUST_CHECK;
