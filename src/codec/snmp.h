/*
 * SNMP version 2c (RFC 3416), as much as two questions need: what it is (sysDescr.0) and how it is
 * called (sysName.0, both RFC 3418). BER by OpenSSL.
 */
#pragma once

#include "base/buf.h"

#define SNMP_TEXT      256
#define SNMP_COMMUNITY 64

struct snmp_answer {
    uint32_t id;
    char descr[SNMP_TEXT]; /* sysDescr, "" when it has none; cut at its size; not cleaned */
    char name[SNMP_TEXT];  /* sysName likewise */
};

/* A GetRequest; community of at most SNMP_COMMUNITY bytes, else ERR_LIMIT. */
enum err snmp_write_get(struct buf *out, const char *community, uint32_t id) MUST_CHECK;
/* A Response without an error. The community in it is not looked at. */
enum err snmp_parse(const void *bytes, size_t len, struct snmp_answer *ret_answer) MUST_CHECK;
