/* Says of clips what clip_read() says, for tests: one line of JSON each. */
#include "evidence/clip.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

static int
look(const char *path)
{
    struct clip_signs signs;
    struct note note = {""};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        perror(path);
        return 1;
    }
    enum err err = clip_read(fd, &signs, &note);
    (void)close(fd);
    if (err != OK) {
        (void)fprintf(stderr, "%s: %s\n", path, note.text);
        return 1;
    }
    json_t *json = json_pack("{s:s, s:s*, s:s*, s:s*, s:I, s:I, s:I, s:s}", "signing",
        clip_signing_text(signs.signing), "scheme", signs.scheme, "container", signs.container,
        "codec", signs.codec, "pictures", (json_int_t)signs.pictures, "signatures",
        (json_int_t)signs.signatures, "longest_gap", (json_int_t)signs.longest_gap, "why",
        signs.why.text);
    int failed = json_dumpf(json, stdout, JSON_COMPACT);
    json_decref(json);
    (void)putchar('\n');
    return failed == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
    int status = 0;
    for (int i = 1; i < argc; i++) {
        status |= look(argv[i]);
    }
    return status;
}
