/* Answers: pages out of web/, JSON for the script, redirections, the two static files. */
#include "base/text.h"
#include "daemon/doorman_page.h"
#include "daemon/doorman_parts.h"
#include "web_accesses.h"
#include "web_cross.h"
#include "web_denied.h"
#include "web_emergency.h"
#include "web_enrol.h"
#include "web_enrol_steps.h"
#include "web_factors.h"
#include "web_foot.h"
#include "web_gatehouse_js.h"
#include "web_head.h"
#include "web_login.h"
#include "web_logout.h"
#include "web_second.h"
#include "web_sessions.h"
#include "web_stale.h"
#include "web_stepup.h"
#include "web_style_css.h"
#include "web_unavailable.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETAG 20

/* A file of web/. */
struct text {
    const void *bytes;
    size_t len;
};

struct page {
    const char *name, *layout, *title;
    struct text text;
};

// clang-format off
static const struct page pages[] = {
#define PAGE(name, layout, title) {#name, #layout, title, {web_##name, sizeof(web_##name)}},
#include "daemon/doorman_pages.def"
#undef PAGE
};

static const struct {
    const char *path, *type;
    struct text text;
} files[] = {
    {"/gatehouse/style.css",    "text/css; charset=utf-8",        {web_style_css, sizeof(web_style_css)}},
    {"/gatehouse/gatehouse.js", "text/javascript; charset=utf-8", {web_gatehouse_js, sizeof(web_gatehouse_js)}},
};
// clang-format on

static const struct page *
find_page(const char *name)
{
    for (size_t i = 0; i < COUNT(pages); i++) {
        if (text_equal(pages[i].name, name)) {
            return &pages[i];
        }
    }
    assert(false && "a page that there is not");
    return NULL;
}

static void
set_text(json_t *values, const char *name, const char *text)
{
    (void)json_object_set_new(values, name, json_string(text));
}

/* What every page may say. */
static void
add_common(struct visit *visit, const struct page *page, json_t *values)
{
    char token[SESSION_COOKIE] = "", at[32];
    const struct settings *settings = visit->doorman->settings;
    if (visit->has_session || visit->pre_cookie[0] != '\0') {
        doorman_guard_token(visit, token);
    }
    set_text(values, "title", page->title);
    set_text(values, "layout", page->layout);
    (void)snprintf(at, sizeof(at), "at_%s", page->name);
    set_text(values, at, "yes");
    set_text(values, "token", token);
    set_text(values, "return", visit->to);
    set_text(values, "site", settings->site == NULL ? "" : settings->site);
    if (visit->has_session) {
        set_text(values, "me", visit->session.user);
    }
}

void
doorman_answer_page(struct visit *visit, int status, const char *name, json_t *values)
{
    const struct page *page = find_page(name);
    values = values == NULL ? json_object() : values;
    add_common(visit, page, values);
    buf_clear(&visit->page);
    const struct text parts[] = {
        {web_head, sizeof(web_head)},
        page->text,
        {web_foot, sizeof(web_foot)},
    };
    enum err err = OK;
    for (size_t i = 0; i < COUNT(parts) && err == OK; i++) {
        err = doorman_page_render(parts[i].bytes, parts[i].len, values, &visit->page);
    }
    json_decref(values);
    visit->status = status;
    visit->type = "text/html; charset=utf-8";
    if (err != OK) {
        buf_clear(&visit->page);
        visit->status = 500;
    }
    doorman_http_answer(visit);
}

void
doorman_answer_trouble(
    struct visit *visit, int status, const char *name, const char *trouble, json_t *values)
{
    values = values == NULL ? json_object() : values;
    set_text(values, "trouble", trouble);
    doorman_answer_page(visit, status, name, values);
}

void
doorman_answer_to(struct visit *visit, const char *path)
{
    visit->status = 303;
    visit->type = "text/plain; charset=utf-8";
    visit->location = path;
    doorman_http_answer(visit);
}

void
doorman_answer_json(struct visit *visit, int status, json_t *values)
{
    char *text = json_dumps(values, JSON_COMPACT);
    json_decref(values);
    visit->status = text == NULL ? 500 : status;
    visit->type = "application/json";
    buf_text(&visit->page, text == NULL ? "" : text);
    if (text != NULL) {
        sodium_memzero(text, strlen(text));
        free(text);
    }
    doorman_http_answer(visit);
}

void
doorman_answer_cookie(struct visit *visit, const char *name, const char *value)
{
    size_t at = 0;
    while (at < visit->cookie_count && !text_equal(visit->cookies[at].name, name)) {
        at++;
    }
    assert(at < COUNT(visit->cookies));
    visit->cookie_count = at == visit->cookie_count ? at + 1 : visit->cookie_count;
    visit->cookies[at].name = name;
    (void)text_copy(visit->cookies[at].value, sizeof(visit->cookies[at].value), value);
}

/* The first bytes of its SHA-256, quoted. */
static const char *
etag_of(struct visit *visit, const struct text *text)
{
    uint8_t hash[BOARD_HASH];
    char hex[2 * 8 + 1];
    board_hash(text->bytes, text->len, hash);
    text_hex(hex, hash, 8);
    return arena_format(&visit->arena, "\"%s\"", hex);
}

bool
doorman_answer_file(struct visit *visit, const char *path)
{
    for (size_t i = 0; i < COUNT(files); i++) {
        if (!text_equal(files[i].path, path)) {
            continue;
        }
        const char *asked =
            MHD_lookup_connection_value(visit->connection, MHD_HEADER_KIND, "If-None-Match");
        visit->etag = etag_of(visit, &files[i].text);
        visit->type = files[i].type;
        visit->keeps = true;
        visit->status = visit->etag != NULL && text_equal(asked, visit->etag) ? 304 : 200;
        buf_add(&visit->page, files[i].text.bytes, visit->status == 304 ? 0 : files[i].text.len);
        doorman_http_answer(visit);
        return true;
    }
    return false;
}
