/* Nmap's XML, read as a stream: a report of a large network has more bytes than a tree should. */
#include "discover/given.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"

#include <libxml/xmlreader.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX  ((size_t)64 * 1024 * 1024)
#define DEPTH_MAX 32

/* A host under way; it counts at its end when it is up and has an address. */
struct reading {
    struct given *given;
    struct given_host host;
    bool is_in_host, is_up, is_port; /* is_port: inside a <port> of TCP */
    uint16_t number;
};

/* The attribute of the element at hand, in out; false when there is none or it does not fit. */
static bool
attribute(xmlTextReader *xml, const char *name, char *out, size_t size)
{
    xmlChar *value = xmlTextReaderGetAttribute(xml, (const xmlChar *)name);
    bool fits = value != NULL && strlen((const char *)value) < size;
    (void)text_copy(out, size, fits ? (const char *)value : "");
    xmlFree(value);
    return fits;
}

static bool
attribute_is(xmlTextReader *xml, const char *name, const char *wanted)
{
    char value[32];
    return attribute(xml, name, value, sizeof(value)) && text_equal(value, wanted);
}

static void
begin_host(struct reading *reading, xmlTextReader *xml)
{
    char text[24];
    uint64_t seconds = 0;
    reading->host = (struct given_host){.at = 0};
    reading->is_in_host = true;
    reading->is_up = true; /* -Pn writes no status of its own in some releases */
    if (attribute(xml, "endtime", text, sizeof(text)) &&
        text_to_u64(text, UINT32_MAX, &seconds) == OK) {
        reading->host.at = (int64_t)seconds * 1000;
    }
}

static void
take_address(struct reading *reading, xmlTextReader *xml)
{
    char text[IP_TEXT];
    struct ip ip;
    if (!attribute(xml, "addr", text, sizeof(text))) {
        return;
    }
    if (attribute_is(xml, "addrtype", "mac")) {
        if (mac_parse(text, &reading->host.mac) != OK) {
            reading->host.mac = (struct mac){{0}};
        }
    } else if (reading->host.ip.family == 0 && ip_parse(text, &ip) == OK) {
        reading->host.ip = ip;
    }
}

static void
begin_port(struct reading *reading, xmlTextReader *xml)
{
    char text[8];
    uint64_t number = 0;
    reading->is_port = attribute_is(xml, "protocol", "tcp") &&
                       attribute(xml, "portid", text, sizeof(text)) &&
                       text_to_u64(text, UINT16_MAX, &number) == OK && number != 0;
    reading->number = (uint16_t)number;
}

static void
take_port_state(struct reading *reading, xmlTextReader *xml)
{
    struct given_host *host = &reading->host;
    if (!reading->is_port || !attribute_is(xml, "state", "open")) {
        return;
    }
    if (host->port_count == COUNT(host->ports)) {
        reading->given->left_out++;
        return;
    }
    host->ports[host->port_count++] = reading->number;
}

static enum err
end_host(struct reading *reading)
{
    struct given *given = reading->given;
    reading->is_in_host = false;
    if (!reading->is_up || reading->host.ip.family == 0) {
        return OK;
    }
    if (given->count == GIVEN_HOSTS) {
        given->left_out++;
        return OK;
    }
    if (given->count == given->room) {
        size_t room = given->room == 0 ? 64 : given->room * 2;
        struct given_host *hosts = reallocarray(given->hosts, room, sizeof(*hosts));
        if (hosts == NULL) {
            return ERR_MEMORY;
        }
        given->hosts = hosts;
        given->room = room;
    }
    given->hosts[given->count++] = reading->host;
    return OK;
}

static enum err
take_element(struct reading *reading, xmlTextReader *xml, const char *name)
{
    if (text_equal(name, "host")) {
        begin_host(reading, xml);
        return xmlTextReaderIsEmptyElement(xml) == 1 ? end_host(reading) : OK;
    }
    if (!reading->is_in_host) {
        return OK;
    }
    if (text_equal(name, "status")) {
        reading->is_up = attribute_is(xml, "state", "up");
    } else if (text_equal(name, "address")) {
        take_address(reading, xml);
    } else if (text_equal(name, "port")) {
        begin_port(reading, xml);
    } else if (text_equal(name, "state")) {
        take_port_state(reading, xml);
    }
    return OK;
}

static enum err
take_node(struct reading *reading, xmlTextReader *xml)
{
    int type = xmlTextReaderNodeType(xml);
    const char *name = (const char *)xmlTextReaderConstLocalName(xml);
    if (type == XML_READER_TYPE_ELEMENT) {
        return take_element(reading, xml, name);
    }
    if (type == XML_READER_TYPE_END_ELEMENT && text_equal(name, "port")) {
        reading->is_port = false;
    } else if (type == XML_READER_TYPE_END_ELEMENT && text_equal(name, "host")) {
        return end_host(reading);
    }
    return OK;
}

static enum err
read_all(struct given *given, xmlTextReader *xml, const char *name, struct note *note)
{
    struct reading reading = {.given = given};
    int more = xmlTextReaderRead(xml);
    /* The document type of Nmap's reports stands before the root and is passed over unread. */
    while (more == 1 && xmlTextReaderNodeType(xml) != XML_READER_TYPE_ELEMENT) {
        more = xmlTextReaderRead(xml);
    }
    if (more == 1 && !text_equal((const char *)xmlTextReaderConstLocalName(xml), "nmaprun")) {
        note_set(note, "%s: not an Nmap report in XML; write one with nmap -oX", name);
        return ERR_SYNTAX;
    }
    for (; more == 1; more = xmlTextReaderRead(xml)) {
        enum err err = xmlTextReaderDepth(xml) > DEPTH_MAX ? ERR_LIMIT : take_node(&reading, xml);
        if (err != OK) {
            note_set(note, "%s: %s", name, err_words(err));
            return err;
        }
    }
    if (more != 0) {
        int line = xmlTextReaderGetParserLineNumber(xml);
        note_set(note,
            "%s:%d: not well-formed XML; an unfinished scan can be completed with "
            "nmap --resume, or write one with nmap -oX",
            name, line);
        return ERR_SYNTAX;
    }
    return OK;
}

enum err
given_parse(struct given *given, const char *bytes, size_t len, const char *name, struct note *note)
{
    if (len > FILE_MAX) {
        note_set(note, "%s: longer than 64 MiB", name);
        return ERR_LIMIT;
    }
    xmlTextReader *xml = xmlReaderForMemory(
        bytes, (int)len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (xml == NULL) {
        return ERR_MEMORY;
    }
    enum err err = read_all(given, xml, name, note);
    xmlFreeTextReader(xml);
    return err;
}

enum err
given_read(struct given *given, const char *path, struct note *note)
{
    struct buf bytes CLEANUP(buf_release);
    buf_init(&bytes, FILE_MAX);
    enum err err = file_read(path, &bytes, note);
    return err != OK ? err : given_parse(given, bytes.data, bytes.len, path, note);
}

void
given_release(struct given *given)
{
    free(given->hosts);
    *given = (struct given){.hosts = NULL};
}
