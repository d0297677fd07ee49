/*
 * A thread that looks at clips while another hashes them. It is made before any byte of others is
 * read, since a process that is shut in can make none.
 */
#pragma once

#include "evidence/clip.h"

struct clip_look;

/* The thread runs on return. ERR_SYSTEM: there can be none; clip_read() does without. */
enum err clip_look_new(struct clip_look **ret_look) MUST_CHECK;
/* NULL is allowed. */
void clip_look_free(struct clip_look *look);
/* clip_read() of this descriptor, beside what the caller does; one at a time, each with its end. */
void clip_look_begin(struct clip_look *look, int fd);
enum err clip_look_end(
    struct clip_look *look, struct clip_signs *ret_signs, struct note *note) MUST_CHECK;
