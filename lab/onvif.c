/* ONVIF device and media services, and the answer to a WS-Discovery probe. */
#include "lab/onvif.h"

#include "base/file.h"
#include "base/text.h"
#include "lab/auth.h"
#include "lab/hostile.h"
#include "lab/onvif_set.h"
#include "lab/template.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#define ANSWER_LIMIT ((size_t)256 * 1024)
#define PATH_LIMIT   ((size_t)4096)
#define DEPTH_LIMIT  16

struct common {
    char action[64];
    struct buf body;
};

static struct common commons[64];
static size_t common_count;

/* Access class PRE_AUTH of the ONVIF Core and Device Management specifications. */
static const char *const before_login[] = {
    "GetSystemDateAndTime",
    "GetServices",
    "GetServiceCapabilities",
    "GetCapabilities",
    "GetHostname",
    "GetWsdlUrl",
};

static enum err
read_common(const char *folder, const char *name, struct note *note)
{
    struct common *common = &commons[common_count];
    size_t len = strlen(name) - strlen(".xml");
    if (common_count == COUNT(commons) || len >= sizeof common->action)
        return ERR_LIMIT;
    struct buf path;
    buf_init(&path, PATH_LIMIT);
    buf_format(&path, "%s/%s", folder, name);
    memcpy(common->action, name, len);
    common->action[len] = '\0';
    buf_init(&common->body, ANSWER_LIMIT);
    common_count++;
    enum err err = file_read(path.data, &common->body, note);
    buf_release(&path);
    return err;
}

static int
is_answer(const struct dirent *entry)
{
    return text_ends(entry->d_name, ".xml");
}

enum err
onvif_start(const char *folder, struct note *note)
{
    struct buf path;
    buf_init(&path, PATH_LIMIT);
    buf_format(&path, "%s/onvif/common", folder);
    struct dirent **entries = NULL;
    int count = scandir(path.data, &entries, is_answer, alphasort);
    enum err err = count < 0 ? ERR_MISSING : OK;
    if (count < 0)
        note_set(note, "%s: no such folder", path.data);
    for (int i = 0; i < count; i++) {
        if (err == OK)
            err = read_common(path.data, entries[i]->d_name, note);
        free(entries[i]);
    }
    free(entries);
    buf_release(&path);
    return err;
}

void
onvif_stop(void)
{
    for (size_t i = 0; i < common_count; i++)
        buf_release(&commons[i].body);
    common_count = 0;
    xmlCleanupParser();
}

struct state_text
onvif_text(const struct device *device, const char *action)
{
    const struct site_onvif *onvif = device->record->onvif;
    char name[STATE_NAME];
    snprintf(name, sizeof name, ONVIF_DOCUMENT "%s", action);
    const struct state_document *document = state_find(device, name);
    if (document != NULL)
        return (struct state_text){document->text.data, document->text.len};
    for (unsigned i = 0; onvif != NULL && i < onvif->answers_count; i++)
        if (text_equal(onvif->answers[i].action, action))
            return (struct state_text){onvif->answers[i].body, onvif->answers[i].body_len};
    for (size_t i = 0; i < common_count; i++)
        if (text_equal(commons[i].action, action))
            return (struct state_text){commons[i].body.data, commons[i].body.len};
    return (struct state_text){NULL, 0};
}

/* Whether the transcript has an answer of its own to the action. */
static bool
has_own(const struct device *device, const char *action)
{
    const struct site_onvif *onvif = device->record->onvif;
    for (unsigned i = 0; onvif != NULL && i < onvif->answers_count; i++)
        if (text_equal(onvif->answers[i].action, action))
            return true;
    return false;
}

static bool
add_body(struct buf *out, const struct template_scope *scope, const char *action)
{
    if (text_equal(action, "GetUsers") && !has_own(scope->device, action)) {
        onvif_set_add_users(out, scope->device);
        return true;
    }
    const struct state_text now = onvif_text(scope->device, action);
    if (now.text == NULL)
        return false;
    template_add(out, scope, now.text, now.len);
    return true;
}

static xmlDoc *
read_xml(const char *bytes, size_t len)
{
    if (len == 0 || len > ANSWER_LIMIT)
        return NULL;
    return xmlReadMemory(
        bytes, (int)len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

xmlNode *
onvif_node(xmlNode *node, const char *name, unsigned depth)
{
    for (; node != NULL && depth > 0; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (text_equal((const char *)node->name, name))
            return node;
        xmlNode *found = onvif_node(node->children, name, depth - 1);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* A copy of the element's text, NULL when there is none; xmlFree it. */
static char *
node_text(xmlNode *root, const char *name)
{
    xmlNode *node = onvif_node(root, name, DEPTH_LIMIT);
    return node == NULL ? NULL : (char *)xmlNodeGetContent(node);
}

static enum auth_verdict
judge_token(struct device *device, xmlNode *token)
{
    xmlNode *password = onvif_node(token->children, "Password", 2);
    char *texts[4] = {
        node_text(token->children, "Username"),
        node_text(token->children, "Password"),
        node_text(token->children, "Nonce"),
        node_text(token->children, "Created"),
    };
    xmlChar *type = password == NULL ? NULL : xmlGetProp(password, (const xmlChar *)"Type");
    const struct auth_token said = {
        .user = texts[0],
        .password = texts[1],
        .nonce = texts[2],
        .created = texts[3],
        .is_digest = text_ends((const char *)type, "#PasswordDigest"),
    };
    enum auth_verdict verdict = auth_username_token(device, &said);
    xmlFree(type);
    for (size_t i = 0; i < COUNT(texts); i++)
        xmlFree(texts[i]);
    return verdict;
}

static bool
may_answer(
    struct device *device, const struct onvif_question *question, xmlNode *root, const char *action)
{
    if (device->record->onvif == NULL || device->record->onvif->open)
        return true;
    for (size_t i = 0; i < COUNT(before_login); i++)
        if (text_equal(before_login[i], action))
            return true;
    xmlNode *token = onvif_node(root, "UsernameToken", DEPTH_LIMIT);
    if (token != NULL)
        return judge_token(device, token) == AUTH_RIGHT;
    return question->auth != NULL && auth_header(device, question->auth, DEVICE_WAY_ONVIF,
                                         question->method, question->authorization) == AUTH_RIGHT;
}

static xmlNode *
first_element(xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

unsigned
onvif_answer(struct device *device, const struct onvif_question *question, struct buf *out)
{
    char *id = NULL;
    unsigned status = 400;
    xmlDoc *doc = read_xml(question->body, question->len);
    xmlNode *root = doc == NULL ? NULL : xmlDocGetRootElement(doc);
    xmlNode *body = root == NULL ? NULL : onvif_node(root, "Body", 3);
    xmlNode *action = body == NULL ? NULL : first_element(body->children);
    if (root != NULL)
        id = node_text(root, "MessageID");
    const struct template_scope scope = {.device = device, .request_id = id};
    const char *name = action == NULL ? "" : (const char *)action->name;
    const char *answer = "ActionNotSupported";
    if (action != NULL && !may_answer(device, question, root, name)) {
        answer = "NotAuthorized";
        status = 401;
    } else if (action != NULL && onvif_set(device, action, out, &status)) {
        answer = NULL;
    } else if (action != NULL && add_body(out, &scope, name)) {
        status = 200;
    }
    if (status != 200 && answer != NULL && !add_body(out, &scope, answer))
        buf_text(out, "<Fault/>");
    xmlFree(id);
    xmlFreeDoc(doc);
    return status;
}

/* A probe without types asks everybody (WS-Discovery 1.0, 5.2). */
static bool
asks_for(const struct device *device, const char *types)
{
    const struct site_onvif *onvif = device->record->onvif;
    const struct state_document *mode = state_find(device, ONVIF_DOCUMENT "GetDiscoveryMode");
    if (mode != NULL && text_contains(mode->text.data, ">NonDiscoverable<"))
        return false;
    if (text_is_empty(types))
        return onvif->probes != SITE_PROBES_NONE;
    bool transmitter =
        text_contains(types, "NetworkVideoTransmitter") &&
        (onvif->probes == SITE_PROBES_BOTH || onvif->probes == SITE_PROBES_TRANSMITTER);
    bool any_device = text_contains(types, "Device") &&
                      (onvif->probes == SITE_PROBES_BOTH || onvif->probes == SITE_PROBES_DEVICE);
    return transmitter || any_device;
}

void
onvif_probe(struct device *device, const char *bytes, size_t len, struct buf *out)
{
    if (device->record->onvif == NULL)
        return;
    xmlDoc *doc = read_xml(bytes, len);
    xmlNode *root = doc == NULL ? NULL : xmlDocGetRootElement(doc);
    xmlNode *probe = root == NULL ? NULL : onvif_node(root, "Probe", 4);
    if (probe != NULL) {
        char *id = node_text(root, "MessageID");
        char *types = node_text(probe->children, "Types");
        const struct template_scope scope = {.device = device, .request_id = id};
        if (asks_for(device, types) && !add_body(out, &scope, "ProbeMatches"))
            buf_text(out, "<ProbeMatches/>");
        xmlFree(id);
        xmlFree(types);
    }
    xmlFreeDoc(doc);
}
