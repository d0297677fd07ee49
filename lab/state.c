/* Documents and passwords of a device as requests leave them, and what a device makes of them. */
#include "lab/state.h"

#include "base/text.h"
#include "lab/hostile.h"
#include "lab/life.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOCUMENT_LIMIT ((size_t)512 * 1024)
#define SHORT_PASSWORD 12
#define STORED         8 /* characters that a forgetful device keeps */

const struct state_document *
state_find(const struct device *device, const char *name)
{
    for (size_t i = 0; i < device->document_count; i++)
        if (text_equal(device->documents[i].name, name))
            return &device->documents[i];
    return NULL;
}

void
state_name(const struct site_route *route, char out[STATE_NAME])
{
    if (route->reply.file != NULL)
        (void)text_copy(out, STATE_NAME, route->reply.file);
    else
        snprintf(out, STATE_NAME, "%s?%s", route->path, route->query == NULL ? "" : route->query);
}

struct state_text
state_shown(const struct device *device, const struct site_route *route)
{
    char name[STATE_NAME];
    state_name(route, name);
    const struct state_document *document = state_find(device, name);
    if (document != NULL)
        return (struct state_text){document->text.data, document->text.len};
    return (struct state_text){route->reply.body, route->reply.body_len};
}

static struct state_document *
add_document(struct device *device, const char *name, struct state_text first)
{
    struct state_document *more =
        realloc(device->documents, (device->document_count + 1) * sizeof *more);
    char *copy = strdup(name);
    if (more != NULL)
        device->documents = more;
    if (more == NULL || copy == NULL) {
        free(copy);
        return NULL;
    }
    struct state_document *document = &more[device->document_count++];
    *document = (struct state_document){.name = copy};
    buf_init(&document->text, DOCUMENT_LIMIT);
    buf_init(&document->before, DOCUMENT_LIMIT);
    buf_add(&document->text, first.text, first.len);
    return document;
}

static struct state_document *
need_document(struct device *device, const char *name, struct state_text first)
{
    for (size_t i = 0; i < device->document_count; i++)
        if (text_equal(device->documents[i].name, name))
            return &device->documents[i];
    return add_document(device, name, first);
}

void
state_release(struct device *device)
{
    for (size_t i = 0; i < device->document_count; i++) {
        free(device->documents[i].name);
        buf_release(&device->documents[i].text);
        buf_release(&device->documents[i].before);
    }
    free(device->documents);
    device->documents = NULL;
    device->document_count = 0;
}

/* Everything that requests changed becomes what it was before. */
static void
set_back(struct device *device)
{
    for (size_t i = 0; i < device->document_count; i++) {
        struct state_document *document = &device->documents[i];
        buf_clear(&document->text);
        buf_add(&document->text, document->before.data, document->before.len);
    }
    for (size_t i = 0; i < device->account_count; i++) {
        for (unsigned list = 0; list < DEVICE_LISTS; list++) {
            struct device_login *login = &device->accounts[i].lists[list];
            if (login->has_before)
                memcpy(login->now, login->before, sizeof login->now);
        }
    }
}

void
state_changed(struct device *device)
{
    if (hostile_does(device, HOSTILE_SAYS_DONE))
        return;
    device->changes++;
    if (hostile_does(device, HOSTILE_SETS_BACK))
        life_later(device, 1000, set_back);
    if (hostile_does(device, HOSTILE_NO_VIDEO_AFTER))
        life_end_streams(device);
    if (hostile_does(device, HOSTILE_RESTARTS) || hostile_does(device, HOSTILE_ELSEWHERE))
        life_restart_soon(device);
    if (hostile_does(device, HOSTILE_DIES_BETWEEN))
        life_cut_soon(device);
}

enum err
state_write(
    struct device *device, const char *name, struct state_text first, const struct buf *text)
{
    if (hostile_does(device, HOSTILE_SAYS_DONE))
        return OK;
    struct state_document *document = need_document(device, name, first);
    if (document == NULL)
        return ERR_MEMORY;
    if (document->written != device->changes + 1) {
        buf_clear(&document->before);
        buf_add(&document->before, document->text.data, document->text.len);
    }
    document->written = device->changes + 1;
    buf_clear(&document->text);
    buf_add(&document->text, text->data, text->len);
    return buf_error(&document->text);
}

static bool
has_sign(const char *password)
{
    for (; *password != '\0'; password++)
        if (!isalnum((unsigned char)*password))
            return true;
    return false;
}

static bool
is_refused(const struct device *device, const char *password)
{
    size_t len = strlen(password);
    if (len == 0 || len >= DEVICE_PASSWORD)
        return true;
    if (hostile_does(device, HOSTILE_REFUSES_SIGNS) && has_sign(password))
        return true;
    return hostile_does(device, HOSTILE_SHORT_PASSWORD) && len > SHORT_PASSWORD;
}

static void
set_login(const struct device *device, struct device_login *login, const struct state_password *as)
{
    memcpy(login->before, login->now, sizeof login->before);
    login->has_before = true;
    login->is_hashed = as->is_hashed;
    (void)text_copy(login->now, sizeof login->now, as->password);
    if (hostile_does(device, HOSTILE_FIRST_EIGHT))
        login->now[STORED] = '\0';
}

/* A device whose lists hang together changes both, whichever was meant. */
static bool
goes_into(const struct device *device, enum site_list wanted, enum device_list list)
{
    if (wanted == SITE_LIST_ONVIF)
        return list == DEVICE_LIST_ONVIF || !device->lists_apart;
    if (wanted == SITE_LIST_WEB)
        return list == DEVICE_LIST_WEB;
    return list == DEVICE_LIST_WEB || !device->lists_apart;
}

enum err
state_set_password(struct device *device, const struct state_password *wanted)
{
    struct device_account *account = NULL;
    for (size_t i = 0; i < device->account_count; i++)
        if (text_equal(device->accounts[i].user, wanted->user))
            account = &device->accounts[i];
    if (account == NULL)
        return ERR_MISSING;
    if (is_refused(device, wanted->password))
        return ERR_VALUE;
    device->swallows_answer = hostile_does(device, HOSTILE_NEVER_ANSWERS_SET);
    if (hostile_does(device, HOSTILE_SAYS_DONE))
        return OK;
    for (unsigned list = 0; list < DEVICE_LISTS; list++)
        if (account->lists[list].is_there && goes_into(device, wanted->list, list))
            set_login(device, &account->lists[list], wanted);
    if (device->record->drops_streams)
        life_end_streams(device);
    if (device->record->drops_sessions)
        device->has_session = false;
    return OK;
}
