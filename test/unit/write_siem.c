/*
 * write_siem FORMAT: entries on standard input, one a line in hex, become records on standard
 * output, one a line, as if they were entries 0, 1, … of a log. For tests that read records back.
 */
#include "base/text.h"
#include "siem/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t
bytes_of(const char *hex, size_t len, uint8_t *out)
{
    for (size_t i = 0; i < len / 2; i++) {
        out[i] = (uint8_t)(text_hex_digit(hex[2 * i]) * 16 + text_hex_digit(hex[2 * i + 1]));
    }
    return len / 2;
}

int
main(int argc, char **argv)
{
    static const uint8_t leaf[MERKLE_HASH] = {0xab, 0xcd};
    const struct siem_format *format = argc == 2 ? siem_format_by_name(argv[1]) : NULL;
    struct logged *logged = logged_new();
    struct siem_chain chain = {.uid = ""};
    struct siem_about about = {.origin = "log.example/north",
        .host = "gate.example",
        .root = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        .tree_size = 4711,
        .leaf = leaf,
        .now = INT64_C(1795400000000),
        .chain = &chain};
    struct buf out CLEANUP(buf_release);
    char *line = NULL;
    size_t room = 0;
    ssize_t len = 0;
    uint64_t index = 0;
    buf_init(&out, (size_t)1 << 20);
    if (format == NULL || logged == NULL) {
        (void)fputs("usage: write_siem FORMAT < ENTRIES-IN-HEX\n", stderr);
        return EXIT_FAILURE;
    }
    while ((len = getline(&line, &room, stdin)) > 0) {
        size_t used = bytes_of(line, (size_t)len - (line[len - 1] == '\n'), (uint8_t *)line);
        (void)logged_read(logged, line, used);
        logged->index = index++;
        buf_clear(&out);
        if (format->put(logged, &about, &out) != OK) {
            return EXIT_FAILURE;
        }
        (void)fwrite(out.data, 1, out.len, stdout);
        (void)putchar('\n');
    }
    free(line);
    logged_free(logged);
    return EXIT_SUCCESS;
}
