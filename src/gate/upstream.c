/* What the broker knows of a VMS, published whole: one latch behind a mapfile's header. */
#include "gate/upstream.h"

#include "base/text.h"
#include "gate/latch.h"
#include "gate/mapfile.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct shared {
    struct mapfile_header header;
    uint64_t instance; /* so that a new file has another generation */
    _Atomic uint64_t value[LATCH_WORDS(sizeof(struct upstream))];
};

static const struct mapfile_kind kind = {"gh-upstream", 1, sizeof(struct shared)};

struct upstream_writer {
    struct mapfile file;
    char *path;
    bool is_placed;
};

struct upstream_reader {
    struct mapfile file;
    char *path;
};

static uint64_t
random_instance(void)
{
    uint64_t instance = 0;
    randombytes_buf(&instance, sizeof instance);
    return instance;
}

enum err
upstream_create(const char *path, struct upstream_writer **ret_writer, struct note *note)
{
    struct upstream_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL || (writer->path = strdup(path)) == NULL) {
        free(writer);
        return ERR_MEMORY;
    }
    enum err err = mapfile_create(path, &kind, &writer->file, note);
    if (err != OK) {
        upstream_close(writer);
        return err;
    }
    ((struct shared *)writer->file.bytes)->instance = random_instance();
    *ret_writer = writer;
    return OK;
}

enum err
upstream_publish(struct upstream_writer *writer, const struct upstream *upstream, struct note *note)
{
    struct shared *shared = writer->file.bytes;
    latch_put(shared->value, upstream, sizeof *upstream);
    /* The first one takes its place filled: no reader ever sees a file that says nothing. */
    enum err err = writer->is_placed ? OK : mapfile_place(writer->path, note);
    writer->is_placed = writer->is_placed || err == OK;
    return err;
}

void
upstream_close(struct upstream_writer *writer)
{
    if (writer != NULL) {
        mapfile_close(&writer->file);
        free(writer->path);
        free(writer);
    }
}

enum err
upstream_open(const char *path, struct upstream_reader **ret_reader, struct note *note)
{
    struct upstream_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL || (reader->path = strdup(path)) == NULL) {
        free(reader);
        return ERR_MEMORY;
    }
    enum err err = mapfile_open(path, &kind, false, &reader->file, note);
    if (err != OK) {
        upstream_reader_close(reader);
        return err;
    }
    *ret_reader = reader;
    return OK;
}

void
upstream_reader_close(struct upstream_reader *reader)
{
    if (reader != NULL) {
        mapfile_close(&reader->file);
        free(reader->path);
        free(reader);
    }
}

enum err
upstream_refresh(struct upstream_reader *reader)
{
    if (mapfile_is_current(&reader->file, reader->path)) {
        return OK;
    }
    struct mapfile newer;
    enum err err = mapfile_open(reader->path, &kind, false, &newer, NULL);
    if (err == OK) {
        mapfile_close(&reader->file);
        reader->file = newer;
    }
    return err;
}

uint64_t
upstream_generation(const struct upstream_reader *reader)
{
    const struct shared *shared = reader->file.bytes;
    return shared->instance + latch_turn(shared->value);
}

enum err
upstream_copy(const struct upstream_reader *reader, struct upstream *ret_upstream)
{
    const struct shared *shared = reader->file.bytes;
    return latch_get(shared->value, ret_upstream, sizeof *ret_upstream);
}

static uint32_t
at_most(uint32_t count, uint32_t limit)
{
    return count < limit ? count : limit;
}

const char *
upstream_camera(const struct upstream *upstream, const char *alias)
{
    uint32_t cameras = at_most(upstream->camera_count, POLICY_CAMERAS);
    for (uint32_t i = 0; i < cameras; i++) {
        if (text_equal(upstream->cameras[i].key, alias)) {
            return upstream->cameras[i].key;
        }
    }
    uint32_t aliases = at_most(upstream->alias_count, UPSTREAM_ALIASES);
    for (uint32_t i = 0; i < aliases; i++) {
        if (text_equal(upstream->aliases[i].alias, alias)) {
            /* Without a key: several cameras claim it. */
            return upstream->aliases[i].key[0] != '\0' ? upstream->aliases[i].key : NULL;
        }
    }
    return NULL;
}
