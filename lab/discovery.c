/* Answers to discovery datagrams of SADP, DHDiscover and SSDP: bytes in, bytes out. */
#include "lab/discovery.h"

#include "base/reader.h"
#include "base/text.h"
#include "lab/template.h"

#include <string.h>

#include <jansson.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#define QUESTION_LIMIT ((size_t)65536)
#define DHIP_HEADER    32
#define DHIP_MAGIC     UINT32_C(0x50494844) /* "DHIP" read little-endian */

static char *
child_text(xmlNode *parent, const char *name)
{
    for (xmlNode *node = parent->children; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE && text_equal((const char *)node->name, name))
            return (char *)xmlNodeGetContent(node);
    return NULL;
}

/* Probe with Uuid and Types (rikitikitavi, SADP scanner). */
void
discovery_sadp(struct device *device, const char *bytes, size_t len, struct buf *out)
{
    if (len == 0 || len > QUESTION_LIMIT || device->record->sadp == NULL)
        return;
    xmlDoc *doc = xmlReadMemory(
        bytes, (int)len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlNode *root = doc == NULL ? NULL : xmlDocGetRootElement(doc);
    /* Other devices answer to the same group: their ProbeMatch is not a question. */
    if (root != NULL && text_equal((const char *)root->name, "ProbeMatch")) {
        xmlFreeDoc(doc);
        return;
    }
    char *types = root == NULL ? NULL : child_text(root, "Types");
    char *uuid = root == NULL ? NULL : child_text(root, "Uuid");
    bool probe = root != NULL && text_equal((const char *)root->name, "Probe");
    if (probe && uuid != NULL && text_equal(types, "inquiry")) {
        const struct template_scope scope = {.device = device, .request_id = uuid};
        device->stats.sadp_inquiries++;
        template_add(out, &scope, device->record->sadp->body, device->record->sadp->body_len);
    } else {
        device->stats.sadp_others++;
    }
    xmlFree(types);
    xmlFree(uuid);
    xmlFreeDoc(doc);
}

/* The body of the only packet that real devices are known to answer (rroller/dahua). */
static bool
is_search(const char *bytes, size_t len)
{
    json_t *body = json_loadb(bytes, len, JSON_DISABLE_EOF_CHECK, NULL);
    const json_t *params = json_object_get(body, "params");
    const char *method = json_string_value(json_object_get(body, "method"));
    const char *mac = json_string_value(json_object_get(params, "mac"));
    bool search = text_equal(method, "DHDiscover.search") && mac != NULL && mac[0] == '\0' &&
                  json_is_integer(json_object_get(params, "uni"));
    json_decref(body);
    return search;
}

static bool
is_dhip_question(const char *bytes, size_t len)
{
    struct reader reader;
    reader_init(&reader, bytes, len);
    bool header = reader_u32le(&reader) == DHIP_HEADER;
    header = reader_u32le(&reader) == DHIP_MAGIC && header;
    header = reader_u32be(&reader) == 0 && header;
    header = reader_u32be(&reader) == 0 && header;
    uint32_t first = reader_u32le(&reader);
    header = reader_u32be(&reader) == 0 && header;
    uint32_t second = reader_u32le(&reader);
    header = reader_u32be(&reader) == 0 && header;
    size_t left = reader_left(&reader);
    if (reader_error(&reader) != OK || !header || first != second)
        return false;
    return first > 0 && (first == left || first + 1 == left) &&
           is_search(bytes + DHIP_HEADER, left);
}

void
discovery_dhip(struct device *device, const char *bytes, size_t len, struct buf *out)
{
    if (device->record->dhip == NULL)
        return;
    if (!is_dhip_question(bytes, len)) {
        device->stats.dhip_others++;
        return;
    }
    const struct template_scope scope = {.device = device};
    struct buf body;
    buf_init(&body, QUESTION_LIMIT);
    device->stats.dhip_exact++;
    template_add(&body, &scope, device->record->dhip->body, device->record->dhip->body_len);
    buf_u32le(out, DHIP_HEADER);
    buf_text(out, "DHIP");
    buf_u32le(out, 0);
    buf_u32le(out, 0);
    buf_u32le(out, (uint32_t)body.len);
    buf_u32le(out, 0);
    buf_u32le(out, (uint32_t)body.len);
    buf_u32le(out, 0);
    buf_add(out, body.data, body.len);
    buf_release(&body);
}

/* The value of a header line of an HTTP-like text, cut to size. */
static bool
find_header(const char *bytes, size_t len, const char *name, char *out, size_t size)
{
    struct reader reader;
    const char *line;
    size_t line_len;
    size_t name_len = strlen(name);
    reader_init(&reader, bytes, len);
    while (reader_line(&reader, &line, &line_len)) {
        if (line_len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
            continue;
        char text[256];
        text_clean(text, sizeof text, line + name_len + 1, line_len - name_len - 1);
        return text_copy(out, size, text_trim(text));
    }
    return false;
}

void
discovery_ssdp(struct device *device, const char *bytes, size_t len, struct buf *out)
{
    char target[256];
    const struct site_ssdp *ssdp = device->record->ssdp;
    if (ssdp == NULL || len < 8 || memcmp(bytes, "M-SEARCH", 8) != 0 ||
        !find_header(bytes, len, "ST", target, sizeof target))
        return;
    bool all = text_equal(target, "ssdp:all");
    if (!all && !text_equal(target, "upnp:rootdevice") &&
        !text_equal(target, ssdp->type == NULL ? "" : ssdp->type))
        return;
    const char *type = all ? "upnp:rootdevice" : target;
    const struct template_scope scope = {.device = device};
    buf_text(out, "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\nLOCATION: ");
    template_add(out, &scope, ssdp->location, strlen(ssdp->location));
    buf_format(out, "\r\nSERVER: %s\r\nST: %s\r\nUSN: uuid:%s::%s\r\n\r\n",
        ssdp->server == NULL ? "Linux UPnP/1.0" : ssdp->server, type, device->uuid, type);
}
