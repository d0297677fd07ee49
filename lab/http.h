/* HTTP as devices serve it: one request after the other, answered from the record's routes. */
#pragma once

#include "base/arena.h"
#include "lab/conn.h"

#define HTTP_HEADERS 64

struct http_request {
    char *method;
    char *target;
    char *path;
    char *query; /* "" when there is none */
    char *version;
    struct {
        char *name;
        char *value;
    } headers[HTTP_HEADERS];
    unsigned header_count;
    char *body; /* terminated */
    size_t body_len;
    size_t size; /* bytes that the whole request took */
};

enum http_state {
    HTTP_PART, /* more bytes are needed */
    HTTP_WHOLE,
    HTTP_BAD,
};

/* Reads one request of HTTP or RTSP; the texts are the arena's. */
enum http_state http_parse(
    const char *bytes, size_t len, struct arena *arena, struct http_request *ret_request);

/* A header's value, NULL when absent. */
const char *http_header(const struct http_request *request, const char *name);

/* The words of a status code. */
const char *http_words(unsigned status);

extern const struct conn_protocol http_protocol;
