/* ONVIF actions that change a device (ONVIF Device Management Service Specification, 8.2, 8.4). */
#include "lab/onvif_set.h"

#include "base/text.h"
#include "lab/onvif.h"
#include "lab/state.h"

#include <stdio.h>

#include <libxml/parser.h>

#define DOCUMENT_LIMIT ((size_t)256 * 1024)
#define DEPTH          8

static const char envelope[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                               "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" "
                               "xmlns:tds=\"http://www.onvif.org/ver10/device/wsdl\" "
                               "xmlns:tt=\"http://www.onvif.org/ver10/schema\" "
                               "xmlns:ter=\"http://www.onvif.org/ver10/error\"><s:Body>";
static const char envelope_end[] = "</s:Body></s:Envelope>";

/* The element's text in out; false when it is not there or too long. */
static bool
text_of(xmlNode *under, const char *name, char *out, size_t size)
{
    xmlNode *node = onvif_node(under->children, name, DEPTH);
    xmlChar *text = node == NULL ? NULL : xmlNodeGetContent(node);
    bool fine = text != NULL && text_copy(out, size, (const char *)text);
    xmlFree(text);
    return fine;
}

static void
set_text(xmlNode *node, const char *text)
{
    xmlChar *safe = xmlEncodeSpecialChars(node->doc, (const xmlChar *)text);
    xmlNodeSetContent(node, safe);
    xmlFree(safe);
}

static void
add_child(xmlNode *parent, const char *name, const char *text)
{
    xmlNs *schema = xmlSearchNs(parent->doc, parent, (const xmlChar *)"tt");
    (void)xmlNewTextChild(parent, schema, (const xmlChar *)name, (const xmlChar *)text);
}

static bool
set_mode(xmlNode *action, xmlNode *document)
{
    char mode[32];
    xmlNode *node = onvif_node(document, "DiscoveryMode", DEPTH);
    if (node == NULL || !text_of(action, "DiscoveryMode", mode, sizeof mode))
        return false;
    set_text(node, mode);
    return true;
}

static void
add_server(xmlNode *information, xmlNode *manual)
{
    static const char *const names[] = {"Type", "IPv4Address", "IPv6Address", "DNSname"};
    xmlNs *schema = xmlSearchNs(information->doc, information, (const xmlChar *)"tt");
    xmlNode *copy = xmlNewTextChild(information, schema, (const xmlChar *)"NTPManual", NULL);
    for (size_t i = 0; i < COUNT(names); i++) {
        char text[256];
        if (text_of(manual, names[i], text, sizeof text))
            add_child(copy, names[i], text);
    }
}

static bool
set_ntp(xmlNode *action, xmlNode *document)
{
    char from[16];
    xmlNode *information = onvif_node(document, "NTPInformation", DEPTH);
    if (information == NULL || !text_of(action, "FromDHCP", from, sizeof from))
        return false;
    xmlNodeSetContent(information, NULL);
    add_child(information, "FromDHCP", from);
    for (xmlNode *node = action->children; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE && text_equal((const char *)node->name, "NTPManual"))
            add_server(information, node);
    return true;
}

/* The row of the document that has this name. */
static xmlNode *
protocol_of(xmlNode *response, const char *name)
{
    for (xmlNode *node = response->children; node != NULL; node = node->next) {
        char own[32];
        if (node->type == XML_ELEMENT_NODE && text_of(node, "Name", own, sizeof own) &&
            text_equal(own, name))
            return node;
    }
    return NULL;
}

static bool
set_protocols(xmlNode *action, xmlNode *document)
{
    xmlNode *response = onvif_node(document, "GetNetworkProtocolsResponse", DEPTH);
    size_t count = 0;
    for (xmlNode *node = action->children; response != NULL && node != NULL; node = node->next) {
        char name[32];
        char text[16];
        if (node->type != XML_ELEMENT_NODE || !text_of(node, "Name", name, sizeof name))
            continue;
        xmlNode *row = protocol_of(response, name);
        xmlNode *enabled = row == NULL ? NULL : onvif_node(row->children, "Enabled", 2);
        xmlNode *port = row == NULL ? NULL : onvif_node(row->children, "Port", 2);
        if (enabled == NULL)
            return false;
        if (text_of(node, "Enabled", text, sizeof text))
            set_text(enabled, text);
        if (port != NULL && text_of(node, "Port", text, sizeof text))
            set_text(port, text);
        count++;
    }
    return count > 0;
}

static const struct {
    const char *action;
    const char *document;
    bool (*set)(xmlNode *action, xmlNode *document);
} settings[] = {
    {"SetDiscoveryMode",    "GetDiscoveryMode",    set_mode     },
    {"SetNTP",              "GetNTP",              set_ntp      },
    {"SetNetworkProtocols", "GetNetworkProtocols", set_protocols},
};

static enum err
change_setting(struct device *device, size_t i, xmlNode *action)
{
    const struct state_text now = onvif_text(device, settings[i].document);
    xmlDoc *doc = now.text == NULL ? NULL
                                   : xmlReadMemory(now.text, (int)now.len, NULL, NULL,
                                         XML_PARSE_NONET | XML_PARSE_NOERROR);
    if (doc == NULL)
        return ERR_MISSING;
    enum err err = ERR_VALUE;
    if (settings[i].set(action, xmlDocGetRootElement(doc))) {
        char name[STATE_NAME];
        xmlChar *bytes = NULL;
        int len = 0;
        struct buf text;
        buf_init(&text, DOCUMENT_LIMIT);
        xmlDocDumpMemory(doc, &bytes, &len);
        buf_add(&text, bytes, (size_t)len);
        xmlFree(bytes);
        snprintf(name, sizeof name, ONVIF_DOCUMENT "%s", settings[i].document);
        err = state_write(device, name, now, &text);
        buf_release(&text);
    }
    xmlFreeDoc(doc);
    return err;
}

/* All or none: a user that is not there, or a password that is refused, leaves all as they are. */
static enum err
change_users(struct device *device, xmlNode *action)
{
    enum err err = OK;
    size_t count = 0;
    for (xmlNode *node = action->children; err == OK && node != NULL; node = node->next) {
        char user[128];
        char password[256];
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (!text_of(node, "Username", user, sizeof user))
            return ERR_MISSING;
        count++;
        if (!text_of(node, "Password", password, sizeof password))
            continue;
        const struct state_password wanted = {
            .user = user, .password = password, .list = SITE_LIST_ONVIF};
        if (device_login_of(device, DEVICE_LIST_ONVIF, user) == NULL)
            return ERR_MISSING;
        err = state_set_password(device, &wanted);
    }
    return count == 0 ? ERR_MISSING : err;
}

static void
add_fault(struct buf *out, const char *why)
{
    buf_format(out,
        "%s<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:InvalidArgVal"
        "</s:Value><s:Subcode><s:Value>ter:%s</s:Value></s:Subcode></s:Subcode></s:Code><s:Reason>"
        "<s:Text xml:lang=\"en\">%s</s:Text></s:Reason></s:Fault>%s",
        envelope, why, why, envelope_end);
}

bool
onvif_set(struct device *device, xmlNode *action, struct buf *out, unsigned *ret_status)
{
    const char *name = (const char *)action->name;
    bool users = text_equal(name, "SetUser");
    size_t i = 0;
    while (!users && i < COUNT(settings) && !text_equal(settings[i].action, name))
        i++;
    if (i == COUNT(settings))
        return false;
    enum err err = users ? change_users(device, action) : change_setting(device, i, action);
    *ret_status = err == OK ? 200 : 400;
    if (err == OK) {
        state_changed(device);
        buf_format(out, "%s<tds:%sResponse/>%s", envelope, name, envelope_end);
    } else if (users) {
        add_fault(out, err == ERR_MISSING ? "UsernameMissing" : "PasswordTooWeak");
    } else {
        add_fault(out, "InvalidParameter");
    }
    return true;
}

void
onvif_set_add_users(struct buf *out, const struct device *device)
{
    buf_format(out, "%s<tds:GetUsersResponse>", envelope);
    for (size_t i = 0; i < device->account_count; i++)
        if (device->accounts[i].lists[DEVICE_LIST_ONVIF].is_there)
            buf_format(out,
                "<tds:User><tt:Username>%s</tt:Username><tt:UserLevel>%s</tt:UserLevel></tds:User>",
                device->accounts[i].user, i == 0 ? "Administrator" : "User");
    buf_format(out, "</tds:GetUsersResponse>%s", envelope_end);
}
