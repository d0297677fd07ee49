/*
 * The frame of the methods that only call and listen: what to say on every interface, how to read
 * an answer. Such a method is a constant of this, a parser and two lines.
 */
#pragma once

#include "base/buf.h"
#include "discover/caster.h"
#include "discover/heard.h"

#define CALLING_QUESTIONS 8

struct calling {
    const struct discover_method *method;
    struct cast cast;
    const char *asked; /* "SADP inquiry to 239.255.255.250:37020" */
    size_t questions;  /* at most CALLING_QUESTIONS */
    void (*write)(size_t question, struct buf *out);
    /* One of the two; parse_from also needs to know who answers. */
    enum err (*parse)(const void *bytes, size_t len, struct heard *ret_heard);
    enum err (*parse_from)(
        const void *bytes, size_t len, const struct ip *from, struct heard *ret_heard);
};

/* For a method's start; calling must live as long as the program. */
enum err calling_start(
    struct discovery *discovery, const struct calling *calling, void **ret_state) MUST_CHECK;
/* For its stop. */
void calling_stop(void *state);
