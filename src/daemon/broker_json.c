/* What a VMS answered, read without believing its types: numbers may be texts, members may lack. */
#include "base/clock.h"
#include "base/text.h"
#include "daemon/broker_part.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ZONES       "/usr/share/zoneinfo/"
#define LATEST_TIME 253402300799.0 /* the year 9999 */

json_t *
broker_json(const struct answer *answer)
{
    if (answer->status < 200 || answer->status > 299) {
        return NULL;
    }
    return json_loadb(answer->body, answer->body_len, 0, NULL);
}

bool
broker_json_text(const json_t *object, const char *name, char *out, size_t size)
{
    const json_t *value = json_object_get(object, name);
    char number[32];
    const char *text = json_string_value(value);
    if (json_is_integer(value)) {
        (void)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        text = number;
    } else if (text != NULL && strlen(text) != json_string_length(value)) {
        return false;
    }
    if (text == NULL || text[0] == '\0' || strlen(text) >= size) {
        return false;
    }
    return text_copy(out, size, text);
}

int64_t
broker_json_seconds(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    double seconds = json_number_value(value);
    const char *text = json_string_value(value);
    if (text != NULL) {
        char *end = NULL;
        seconds = strtod(text, &end);
        if (end == text || *end != '\0') {
            return 0;
        }
    }
    return isfinite(seconds) && seconds > 0 && seconds < LATEST_TIME ? (int64_t)(seconds * 1000)
                                                                     : 0;
}

/* Whether it is printable text, so that it can stand in a line, a rule and an event. */
static bool
is_name(const char *text)
{
    char clean[POLICY_NAME];
    if (text_is_empty(text) || strlen(text) >= POLICY_NAME) {
        return false;
    }
    text_clean(clean, sizeof clean, text, strlen(text));
    return text_equal(clean, text);
}

void
broker_add_camera(struct upstream *upstream, const char *key, const char *name)
{
    if (!is_name(key) || upstream->camera_count >= POLICY_CAMERAS) {
        return;
    }
    struct policy_camera *camera = &upstream->cameras[upstream->camera_count++];
    *camera = (struct policy_camera){0};
    (void)text_copy(camera->key, sizeof camera->key, key);
    text_clean(camera->name, sizeof camera->name, name, strlen(name));
}

void
broker_add_alias(struct upstream *upstream, const char *alias, const char *key)
{
    if (!is_name(alias) || !is_name(key) || text_equal(alias, key)) {
        return;
    }
    for (uint32_t i = 0; i < upstream->alias_count; i++) {
        struct upstream_alias *row = &upstream->aliases[i];
        if (text_equal(row->alias, alias)) {
            if (!text_equal(row->key, key)) {
                row->key[0] = '\0'; /* two cameras claim it */
            }
            return;
        }
    }
    if (upstream->alias_count < UPSTREAM_ALIASES) {
        struct upstream_alias *row = &upstream->aliases[upstream->alias_count++];
        (void)text_copy(row->alias, sizeof row->alias, alias);
        (void)text_copy(row->key, sizeof row->key, key);
    }
}

void
broker_form(struct buf *out, const char *name, const char *value)
{
    buf_format(out, "%s=", name);
    for (; *value != '\0'; value++) {
        if (isalnum((unsigned char)*value) != 0 || strchr("-._", *value) != NULL) {
            buf_byte(out, (uint8_t)*value);
        } else {
            buf_format(out, "%%%02X", (unsigned)(uint8_t)*value);
        }
    }
}

/* RFC 6265 4.1.1: what a cookie's name and value are made of, so that it can be sent back. */
static bool
is_cookie(const char *text, const char *name)
{
    size_t len = strcspn(text, "=");
    if (text[len] != '=' || text[len + 1] == '\0' || text_equal(text + len, "=deleted") ||
        (name != NULL && (strlen(name) != len || strncmp(text, name, len) != 0))) {
        return false;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~' || strchr("\",\\{}", *at) != NULL) {
            return false;
        }
    }
    return true;
}

bool
broker_cookie(const struct answer *answer, const char *name, char *out, size_t size)
{
    char line[UPSTREAM_VALUE];
    bool is_found = false;
    for (size_t n = 0; n < 16 && answer_header(answer, "Set-Cookie", n, line, sizeof line); n++) {
        line[strcspn(line, ";")] = '\0';
        if (is_cookie(line, name)) {
            is_found = text_copy(out, size, line);
        }
    }
    return is_found;
}

/* A name of the tz database, and that it is on this machine: libc takes others for UTC. */
static bool
is_zone(const char *zone)
{
    char path[128];
    if (text_is_empty(zone) || zone[0] == '/' || text_contains(zone, "..")) {
        return false;
    }
    for (const char *at = zone; *at != '\0'; at++) {
        if (isalnum((unsigned char)*at) == 0 && strchr("/_+-", *at) == NULL) {
            return false;
        }
    }
    int len = snprintf(path, sizeof path, ZONES "%s", zone);
    return len > 0 && (size_t)len < sizeof path && faccessat(AT_FDCWD, path, R_OK, 0) == 0;
}

static bool
use_zone(const char *zone)
{
    char text[128];
    if (!is_zone(zone)) {
        return false;
    }
    (void)snprintf(text, sizeof text, ":%s", zone);
    /* One thread: nobody else reads the environment. */
    if (setenv("TZ", text, 1) != 0) { // NOLINT(concurrency-mt-unsafe)
        return false;
    }
    tzset();
    return true;
}

static bool
read_part(const char **text, unsigned digits, int *ret_value)
{
    int value = 0;
    for (unsigned i = 0; i < digits; i++) {
        char c = **text;
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
        (*text)++;
    }
    *ret_value = value;
    return true;
}

int64_t
broker_local_time(const char *text, const char *zone)
{
    static const char between[] = "-- ::";
    int parts[6];
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (!read_part(&text, i == 0 ? 4 : 2, &parts[i])) {
            return 0;
        }
        if (i < COUNT(parts) - 1 && *text != between[i] && !(i == 2 && *text == 'T')) {
            return 0;
        }
        text += i < COUNT(parts) - 1 ? 1 : 0;
    }
    struct tm when = {.tm_year = parts[0] - 1900,
        .tm_mon = parts[1] - 1,
        .tm_mday = parts[2],
        .tm_hour = parts[3],
        .tm_min = parts[4],
        .tm_sec = parts[5],
        .tm_isdst = -1};
    if (parts[0] < 1970 || !use_zone(zone)) {
        return 0;
    }
    time_t seconds = mktime(&when);
    return seconds > 0 ? (int64_t)seconds * 1000 : 0;
}

bool
broker_zone_offset(const char *zone, int64_t wall, int32_t *ret_seconds)
{
    time_t seconds = (time_t)(wall / 1000);
    struct tm when;
    if (!use_zone(zone) || localtime_r(&seconds, &when) == NULL) {
        return false;
    }
    *ret_seconds = (int32_t)when.tm_gmtoff;
    return true;
}

void
broker_secret_replace(struct secret **place, const char *text)
{
    secret_free(*place);
    *place = text != NULL ? secret_new_text(text) : NULL;
}
