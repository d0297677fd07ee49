/* Answers for tests, from literals and from the files under test/. */
#pragma once

#include "base/file.h"
#include "codec/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST_TIME INT64_C(1795378500000) /* 2026-11-22T20:15:00Z */

static inline struct answer
answer_of(int status, const char *headers, const char *body)
{
    return (struct answer){
        .err = OK,
        .status = status,
        .headers = headers,
        .headers_len = strlen(headers),
        .body = body,
        .body_len = strlen(body),
        .at = TEST_TIME,
    };
}

/* Reads test/NAME into buf. */
static inline enum err
transcript_read(const char *name, struct buf *buf)
{
    char path[512];
    const char *source = getenv("GATEHOUSE_SOURCE");
    (void)snprintf(path, sizeof(path), "%s/test/%s", source == NULL ? "." : source, name);
    buf_clear(buf);
    return file_read(path, buf, NULL);
}
