/*
 * PPPP (CS2, Yunni) LAN search: four bytes by broadcast. Only when the owner asks for it. Who
 * answers runs a peer-to-peer stack that keeps a way open to its maker's servers.
 */
#include "base/reader.h"
#include "base/text.h"
#include "discover/calling.h"
#include "discover/methods.h"
#include "discover/parse.h"

#include <ctype.h>
#include <stdio.h>

/* MSG_LAN_SEARCH and MSG_PUNCH_PKT: pmarrapese/iot, notes on the protocol. */
#define PORT   32108
#define MAGIC  0xf1
#define SEARCH 0x30
#define PUNCH  0x41
#define PREFIX 8
#define UID    20 /* prefix, number, check */

static const char asked[] = "PPPP LAN search to the broadcast address, port 32108";

enum err
pppp_parse(const void *bytes, size_t len, struct heard *ret_heard)
{
    struct reader reader;
    char prefix[PREFIX + 1] = "";
    char words[64];
    reader_init(&reader, bytes, len);
    uint8_t magic = reader_u8(&reader);
    uint8_t type = reader_u8(&reader);
    uint16_t claimed = reader_u16be(&reader);
    const uint8_t *name = reader_bytes(&reader, PREFIX);
    uint32_t number = reader_u32be(&reader);
    if (reader_error(&reader) != OK || magic != MAGIC || claimed < UID || claimed > len - 4) {
        return ERR_SYNTAX;
    }
    if (type != PUNCH) {
        return ERR_MISSING;
    }
    for (size_t i = 0; i < PREFIX && isalnum(name[i]) != 0; i++) {
        prefix[i] = (char)name[i];
    }
    if (prefix[0] == '\0') {
        return ERR_SYNTAX;
    }
    heard_init(ret_heard);
    /* The check letters make the UID a key to the device from anywhere: they stay out. */
    (void)snprintf(words, sizeof(words), "%s-%06u-(check letters withheld)", prefix, number);
    heard_bool(ret_heard, FACT_CLOUD_ENABLED, 85, "PPPP UID", true);
    heard_quote(ret_heard, words);
    heard_text(ret_heard, FACT_CLOUD_NAME, 60, "PPPP UID", "PPPP peer-to-peer");
    heard_quote(ret_heard, words);
    heard_text(ret_heard, FACT_DEVICE_KIND, 40, "PPPP UID", "camera");
    heard_quote(ret_heard, words);
    return OK;
}

static void
write_question(size_t question, struct buf *out)
{
    (void)question;
    buf_byte(out, MAGIC);
    buf_byte(out, SEARCH);
    buf_u16be(out, 0);
}

static const struct calling calling = {
    .method = &discover_pppp,
    .cast = {.port = PORT, .broadcast = true},
    .asked = asked,
    .questions = 1,
    .write = write_question,
    .parse = pppp_parse,
};

static enum err
start(struct discovery *discovery, void **ret_state)
{
    return calling_start(discovery, &calling, ret_state);
}

const struct discover_method discover_pppp = {
    .name = "pppp",
    .title = "PPPP peer-to-peer LAN search",
    .packets = 2,
    .by_request = true,
    .start = start,
    .stop = calling_stop,
};
