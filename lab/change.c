/* Requests that change documents and passwords: whole documents, parameters, JSON values. */
#include "lab/change.h"

#include "base/text.h"
#include "lab/auth.h"
#include "lab/state.h"
#include "lab/update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#define DOCUMENT_LIMIT ((size_t)512 * 1024)
#define VALUE_SIZE     512
#define DEPTH_LIMIT    12

struct change {
    struct device *device;
    const struct site_http *http;
    const struct site_route *route;
    const struct http_request *request;
    size_t made;
    char named[64]; /* "-NAME." of a request that names its document */
};

bool
change_is(const struct site_route *route)
{
    return route->change != SITE_CHANGE_NONE || route->password != NULL;
}

/* Whether a route shows a document that can be changed. */
static bool
is_document(const struct site_route *route)
{
    return !change_is(route) && route->reply.body != NULL && route->reply.status < 300 &&
           !text_starts(route->reply.type, "image/");
}

static bool
shows_same(const struct site_route *route, const struct http_request *request)
{
    return text_equal(route->path, request->path) &&
           (route->query == NULL || text_contains(request->query, route->query));
}

static bool
is_meant(const struct change *change, const struct site_route *shown)
{
    const struct site_route *route = change->route;
    char name[STATE_NAME];
    if (!is_document(shown))
        return false;
    if (route->change == SITE_CHANGE_PUT || text_equal(route->state, "same"))
        return shows_same(shown, change->request);
    if (route->state == NULL)
        return true;
    state_name(shown, name);
    if (text_equal(route->state, "named"))
        return change->named[0] != '\0' && text_contains(name, change->named);
    return text_equal(name, route->state);
}

static enum err
keep(struct change *change, const struct site_route *shown, const struct buf *text)
{
    char name[STATE_NAME];
    const struct state_text first = {shown->reply.body, shown->reply.body_len};
    state_name(shown, name);
    change->made++;
    return state_write(change->device, name, first, text);
}

static xmlDoc *
read_xml(const char *text, size_t len)
{
    return xmlReadMemory(
        text, (int)len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

/* An XML document with the same root as the one that stands there. */
static bool
is_same_kind(struct state_text old, const char *text, size_t len)
{
    xmlDoc *before = read_xml(old.text, old.len);
    xmlDoc *after = read_xml(text, len);
    const xmlNode *was = before == NULL ? NULL : xmlDocGetRootElement(before);
    const xmlNode *is = after == NULL ? NULL : xmlDocGetRootElement(after);
    bool same =
        was != NULL && is != NULL && text_equal((const char *)was->name, (const char *)is->name);
    xmlFreeDoc(before);
    xmlFreeDoc(after);
    return same;
}

/* A password is taken and never shown. */
static void
add_without_password(struct buf *out, const char *text)
{
    const char *start = strstr(text, "<password>");
    const char *end = start == NULL ? NULL : strstr(start, "</password>");
    if (end == NULL) {
        buf_text(out, text);
        return;
    }
    buf_add(out, text, (size_t)(start - text));
    buf_text(out, end + strlen("</password>"));
}

static enum err
put(struct change *change, const struct site_route *shown)
{
    const struct http_request *request = change->request;
    if (!is_same_kind(state_shown(change->device, shown), request->body, request->body_len))
        return ERR_SYNTAX;
    struct buf text;
    buf_init(&text, DOCUMENT_LIMIT);
    add_without_password(&text, request->body);
    enum err err = keep(change, shown, &text);
    buf_release(&text);
    return err;
}

/* Whether the line's key is this one; a device shows "table." or "root." before it. */
static bool
is_key(const char *line, size_t key_len, const char *key)
{
    static const char *const before[] = {"", "table.", "root."};
    for (size_t i = 0; i < COUNT(before); i++) {
        size_t len = strlen(before[i]);
        if (key_len == len + strlen(key) && strncmp(line, before[i], len) == 0 &&
            strncmp(line + len, key, strlen(key)) == 0)
            return true;
    }
    return false;
}

/* The text with the value of its line key=value replaced, in quotes where there were some. */
static bool
set_line(struct state_text text, const char *key, const char *value, struct buf *out)
{
    bool found = false;
    for (size_t pos = 0; pos < text.len;) {
        const char *line = text.text + pos;
        const char *end = memchr(line, '\n', text.len - pos);
        size_t len = end == NULL ? text.len - pos : (size_t)(end - line);
        const char *equals = memchr(line, '=', len);
        pos += len + (end != NULL);
        if (equals == NULL || !is_key(line, (size_t)(equals - line), key)) {
            buf_add(out, line, len + (end != NULL));
            continue;
        }
        found = true;
        bool returns = line[len - 1] == '\r';
        const char *quote = equals[1] == '\'' ? "'" : equals[1] == '"' ? "\"" : "";
        buf_add(out, line, (size_t)(equals - line) + 1);
        buf_format(
            out, "%s%s%s%s%s", quote, value, quote, returns ? "\r" : "", end == NULL ? "" : "\n");
    }
    return found;
}

static bool
set_element(struct state_text text, const char *key, const char *value, struct buf *out)
{
    char mark[VALUE_SIZE + 2];
    snprintf(mark, sizeof mark, "<%s>", key);
    const char *start = memmem(text.text, text.len, mark, strlen(mark));
    if (start == NULL)
        return false;
    start += strlen(mark);
    const char *stop = text.text + text.len;
    const char *end = memchr(start, '<', (size_t)(stop - start));
    if (end == NULL)
        return false;
    buf_add(out, text.text, (size_t)(start - text.text));
    buf_text(out, value);
    buf_add(out, end, (size_t)(stop - end));
    return true;
}

/* The first object at any depth that has the name. */
static json_t *
holder_of(json_t *value, const char *name, unsigned depth)
{
    size_t index;
    json_t *item;
    json_t *found = NULL;
    if (depth == 0)
        return NULL;
    if (json_object_get(value, name) != NULL)
        return value;
    if (json_is_array(value))
        json_array_foreach(value, index, item) found =
            found != NULL ? found : holder_of(item, name, depth - 1);
    if (!json_is_object(value))
        return found;
    void *step = json_object_iter(value);
    for (; step != NULL && found == NULL; step = json_object_iter_next(value, step))
        found = holder_of(json_object_iter_value(step), name, depth - 1);
    return found;
}

/* In JSON a value keeps its type, and a list becomes one of this value alone. */
static json_t *
typed_as(const json_t *old, const char *value)
{
    bool yes = text_equal_nocase(value, "true");
    uint64_t number = 0;
    if (json_is_boolean(old))
        return json_boolean(yes);
    if (json_is_integer(old) && text_to_u64(value, INT32_MAX, &number) == OK)
        return json_integer((json_int_t)number);
    return json_is_array(old) ? json_pack("[s]", value) : json_string(value);
}

static bool
set_json(struct state_text text, const char *key, const char *value, struct buf *out)
{
    json_t *document = json_loadb(text.text, text.len, 0, NULL);
    json_t *holder = holder_of(document, key, DEPTH_LIMIT);
    bool found = holder != NULL && json_object_set_new(holder, key,
                                       typed_as(json_object_get(holder, key), value)) == 0;
    char *dump = found ? json_dumps(document, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL;
    buf_text(out, dump == NULL ? "" : dump);
    free(dump);
    json_decref(document);
    return found;
}

static enum err
assign_one(
    struct change *change, const struct site_route *shown, const char *key, const char *value)
{
    enum err err = OK;
    struct buf text;
    buf_init(&text, DOCUMENT_LIMIT);
    const struct state_text now = state_shown(change->device, shown);
    bool is_json = now.len > 0 && now.text[strspn(now.text, " \r\n")] == '{';
    bool found = is_json ? set_json(now, key, value, &text) : set_line(now, key, value, &text);
    if (!found && !is_json) {
        buf_clear(&text);
        found = set_element(now, key, value, &text);
    }
    if (found)
        err = keep(change, shown, &text);
    buf_release(&text);
    return err;
}

/* Every parameter of a query or form that names something in the document. */
static enum err
assign_from(struct change *change, const struct site_route *shown, const char *form)
{
    enum err err = OK;
    for (const char *at = form; err == OK && at != NULL && *at != '\0';) {
        char key[VALUE_SIZE];
        char value[VALUE_SIZE];
        char raw[VALUE_SIZE] = "";
        size_t len = strcspn(at, "=&");
        if (len > 0 && len < sizeof raw && at[len] == '=') {
            memcpy(raw, at, len);
            auth_form_decode(raw, key, sizeof key);
            auth_form_decode(at + len + 1, value, sizeof value);
            err = assign_one(change, shown, key, value);
        }
        at = strchr(at, '&');
        at = at == NULL ? NULL : at + 1;
    }
    return err;
}

static enum err
assign(struct change *change, const struct site_route *shown)
{
    enum err err = assign_from(change, shown, change->request->query);
    if (err == OK && !text_equal(change->request->method, "GET"))
        err = assign_from(change, shown, change->request->body);
    return err;
}

size_t
change_merge_into(json_t *document, json_t *values)
{
    size_t count = 0;
    void *step = json_object_iter(values);
    for (; step != NULL; step = json_object_iter_next(values, step)) {
        const char *name = json_object_iter_key(step);
        json_t *value = json_object_iter_value(step);
        json_t *holder = holder_of(document, name, DEPTH_LIMIT);
        json_t *old = json_object_get(holder, name);
        if (old == NULL || json_is_object(old) != json_is_object(value))
            continue;
        int failed = json_is_object(old) ? json_object_update_recursive(old, value)
                                         : json_object_set(holder, name, value);
        count += failed == 0;
    }
    return count;
}

/* The values of a request: of a command its param or params, else the body itself. */
static json_t *
values_of(json_t *body)
{
    json_t *command = json_is_array(body) ? json_array_get(body, 0) : body;
    json_t *param = json_object_get(command, "param");
    if (param == NULL)
        param = json_object_get(command, "params");
    return param != NULL ? param : command;
}

static enum err
merge(struct change *change, const struct site_route *shown)
{
    const struct http_request *request = change->request;
    const struct state_text now = state_shown(change->device, shown);
    json_t *body = json_loadb(request->body, request->body_len, JSON_REJECT_DUPLICATES, NULL);
    json_t *document = json_loadb(now.text, now.len, 0, NULL);
    enum err err = body == NULL ? ERR_SYNTAX : OK;
    if (err == OK && document != NULL && change_merge_into(document, values_of(body)) > 0) {
        struct buf text;
        char *dump = json_dumps(document, JSON_COMPACT | JSON_PRESERVE_ORDER);
        buf_init(&text, DOCUMENT_LIMIT);
        buf_text(&text, dump == NULL ? "" : dump);
        err = dump == NULL ? ERR_MEMORY : keep(change, shown, &text);
        buf_release(&text);
        free(dump);
    }
    json_decref(document);
    json_decref(body);
    return err;
}

static enum err
change_routes(struct change *change, const struct site_route *routes, unsigned count)
{
    enum err err = OK;
    for (unsigned i = 0; err == OK && i < count; i++) {
        if (!is_meant(change, &routes[i]))
            continue;
        switch (change->route->change) {
        case SITE_CHANGE_PUT:
            return put(change, &routes[i]);
        case SITE_CHANGE_ASSIGN:
            err = assign(change, &routes[i]);
            break;
        case SITE_CHANGE_MERGE:
            err = merge(change, &routes[i]);
            break;
        case SITE_CHANGE_FIRMWARE:
        case SITE_CHANGE_RESTART:
        case SITE_CHANGE_NONE:
            return OK;
        }
    }
    return err;
}

static bool
text_of_json(json_t *value, const char *name, char *out, size_t size)
{
    const json_t *found = json_object_get(holder_of(value, name, DEPTH_LIMIT), name);
    return json_is_string(found) && text_copy(out, size, json_string_value(found));
}

/* The text of the first element of that name; entities are decoded. */
static bool
text_of_xml(xmlNode *node, const char *name, char *out, size_t size)
{
    bool found = false;
    for (; node != NULL && !found; node = node->next) {
        if (node->type == XML_ELEMENT_NODE && text_equal((const char *)node->name, name)) {
            xmlChar *text = xmlNodeGetContent(node);
            found = text_copy(out, size, (const char *)text);
            xmlFree(text);
        } else {
            found = text_of_xml(node->children, name, out, size);
        }
    }
    return found;
}

static bool
value_of(const struct http_request *request, const char *name, char *out, size_t size)
{
    if (name == NULL)
        return false;
    if (*name == '=')
        return text_copy(out, size, name + 1);
    if (auth_form_value(request->query, name, out, size))
        return true;
    const char *first = request->body + strspn(request->body, " \r\n\t");
    bool found = false;
    if (*first == '<') {
        xmlDoc *doc = read_xml(request->body, request->body_len);
        found = doc != NULL && text_of_xml(xmlDocGetRootElement(doc), name, out, size);
        xmlFreeDoc(doc);
    } else if (*first == '{' || *first == '[') {
        json_t *body = json_loadb(request->body, request->body_len, 0, NULL);
        found = text_of_json(body, name, out, size);
        json_decref(body);
    } else {
        found = auth_form_value(request->body, name, out, size);
    }
    return found;
}

/* Whether the old password that a request tells is right. */
static bool
is_old(const struct change *change, const char *user, const char *old)
{
    const struct site_password *names = change->route->password;
    enum device_way way = names->list == SITE_LIST_ONVIF ? DEVICE_WAY_ONVIF : DEVICE_WAY_HTTP;
    return names->hashed ? auth_rpc2_is(change->device, user, old)
                         : device_opens(change->device, way, user, old);
}

static enum err
change_password(struct change *change)
{
    struct device *device = change->device;
    const struct site_password *names = change->route->password;
    char user[VALUE_SIZE];
    char now[VALUE_SIZE];
    char old[VALUE_SIZE];
    if (!value_of(change->request, names->new, now, sizeof now))
        return change->route->change == SITE_CHANGE_NONE ? ERR_MISSING : OK;
    if (!value_of(change->request, names->user, user, sizeof user))
        (void)text_copy(
            user, sizeof user, device->account_count == 0 ? "" : device->accounts[0].user);
    if (names->old != NULL &&
        (!value_of(change->request, names->old, old, sizeof old) || !is_old(change, user, old)))
        return ERR_REFUSED;
    const struct state_password wanted = {
        .user = user, .password = now, .list = names->list, .is_hashed = names->hashed};
    enum err err = state_set_password(device, &wanted);
    change->made += err == OK;
    return err;
}

enum err
change_apply(struct device *device, const struct site_http *http, const struct site_route *route,
    const struct http_request *request)
{
    struct change change = {.device = device, .http = http, .route = route, .request = request};
    const struct site_transcript *record = device->record;
    if (route->change == SITE_CHANGE_FIRMWARE)
        return update_take(device, request, text_equal(route->state, "waits"));
    if (route->change == SITE_CHANGE_RESTART)
        return update_restart(device);
    enum err err = route->password == NULL ? OK : change_password(&change);
    char name[sizeof change.named - 3];
    if (text_equal(route->state, "named") && value_of(request, "name", name, sizeof name))
        snprintf(change.named, sizeof change.named, "-%s.", name);
    bool whole = route->change == SITE_CHANGE_PUT || text_equal(route->state, "same");
    for (unsigned i = 0; err == OK && i < record->http_count; i++)
        if (!whole || &record->http[i] == http)
            err = change_routes(&change, record->http[i].routes, record->http[i].routes_count);
    if (err == OK && change.made == 0)
        err = ERR_MISSING;
    if (err == OK)
        state_changed(device);
    return err;
}
