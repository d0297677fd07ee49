/* A signed note: what is read lies inside the bytes and has the form that is signed. */
#include "ledger/signednote.h"

#include <stdlib.h>
#include <string.h>

#define EXAMPLE "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool is_so)
{
    if (!is_so) {
        abort();
    }
}

/* By the key of the specification's example, and by one whose name and id are those of the line. */
static void
verify(const struct signednote *note)
{
    struct vkey key;
    uint64_t time = 0;
    must(vkey_parse(EXAMPLE, &key) == OK);
    must(signednote_verify(note, &key, &time) != ERR_VALUE || note->count != 0);
    for (size_t i = 0; i < note->count; i++) {
        memcpy(key.name, note->lines[i].name, sizeof(key.name));
        memcpy(key.id, note->lines[i].id, sizeof(key.id));
        key.type = i % 2 == 0 ? VKEY_COSIGNER : VKEY_ED25519;
        must(signednote_verify(note, &key, &time) != ERR_MISSING);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signednote parsed;
    struct note note;
    const char *bytes = (const char *)data;
    if (signednote_parse(bytes, size, &parsed, &note) != OK) {
        return 0;
    }
    must(parsed.text == bytes && parsed.text_len >= 2 && parsed.text_len < size);
    must(bytes[parsed.text_len - 1] == '\n' && bytes[parsed.text_len] == '\n');
    must(parsed.count >= 1 && parsed.count <= SIGNEDNOTE_SIGNATURES);
    must(bytes[size - 1] == '\n');
    for (size_t i = 0; i < parsed.count; i++) {
        const struct signednote_line *line = &parsed.lines[i];
        must(vkey_is_name(line->name));
        must(line->base64 > bytes && line->base64 + line->base64_len < bytes + size);
        must(line->base64[line->base64_len] == '\n');
    }
    verify(&parsed);
    return 0;
}
