/* Runs a fuzz target over every file of a corpus folder, and over short cuts of each. */
#include "base/file.h"

#include <dirent.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The whole file, then its beginnings: a parser must survive an answer cut anywhere. */
static void
replay(const char *data, size_t len)
{
    size_t step = len / 64 + 1;
    for (size_t cut = 0; cut < len; cut += step) {
        (void)LLVMFuzzerTestOneInput((const uint8_t *)data, cut);
    }
    (void)LLVMFuzzerTestOneInput((const uint8_t *)data, len);
}

int
main(int argc, char **argv)
{
    unsigned count = 0;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (folder == NULL) {
        (void)fprintf(stderr, "usage: %s FOLDER (a corpus that exists)\n", argv[0]);
        return 2;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        CLEANUP(buf_release) struct buf path;
        CLEANUP(buf_release) struct buf data;
        buf_init(&path, 4096);
        buf_init(&data, (size_t)4 * 1024 * 1024);
        buf_format(&path, "%s/%s", argv[1], entry->d_name);
        if (entry->d_name[0] == '.' || file_read(path.data, &data, NULL) != OK) {
            continue;
        }
        replay(data.data, data.len);
        count++;
    }
    (void)closedir(folder);
    (void)printf("%u inputs replayed\n", count);
    return count == 0 ? 1 : 0;
}
