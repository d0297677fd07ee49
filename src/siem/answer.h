/* What an HTTP receiver's answer means. Its bytes are from outside; bounded by the buffer. Pure. */
#pragma once

#include "base/buf.h"

/*
 * OK: all `count` records of the batch were taken, and the answer itself says so. ERR_VALUE: a
 * record is refused for what it is, and the answer says so in its receiver's own words; ERR_FULL:
 * busy; ERR_REFUSED: the token, the path or the index is not right; ERR_NETWORK: it failed, or said
 * nothing that can be understood. The note says which, cleaned.
 */
enum err siem_answer_judge(bool is_elasticsearch, size_t count, long status,
    const struct buf *answer, struct note *note) MUST_CHECK;
