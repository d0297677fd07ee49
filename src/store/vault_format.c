/* Reads and writes the file of sealed passwords; every length is checked against what is there. */
#include "store/vault_format.h"

#include "base/reader.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC       "GHSEAL"
#define VERSION     "1\n"
#define ENTRY_LEAST (1 + 1 + VAULT_NONCE + 2)

static bool
is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool
is_name(const char *name, size_t len)
{
    bool is_good = len != 0 && len <= VAULT_NAME && is_plain(name[0]);
    for (size_t i = 0; i < len && is_good; i++) {
        is_good = is_plain(name[i]) || name[i] == '.' || name[i] == '_' || name[i] == '-';
    }
    return is_good;
}

bool
vault_name_is_valid(const char *name)
{
    return is_name(name, strlen(name));
}

static bool
is_device(const char *name, size_t len)
{
    size_t begin = strlen(VAULT_DEVICES);
    bool is_good = len > begin && len <= VAULT_ENTRY && memcmp(name, VAULT_DEVICES, begin) == 0;
    for (size_t i = begin; i < len && is_good; i++) {
        is_good = name[i] > ' ' && name[i] <= '~';
    }
    return is_good;
}

bool
vault_name_is_device(const char *name)
{
    return is_device(name, strlen(name));
}

static bool
copy_bytes(struct reader *reader, void *out, size_t len)
{
    const uint8_t *bytes = reader_bytes(reader, len);
    if (bytes != NULL) {
        memcpy(out, bytes, len);
    }
    return bytes != NULL;
}

/* Written in the order of the alphabet, so the last one decides as a rule. */
static bool
has_entry(const struct vault_image *image, const char *name, bool is_sorted)
{
    if (is_sorted &&
        (image->count == 0 || strcmp(image->entries[image->count - 1].name, name) < 0)) {
        return false;
    }
    for (size_t i = 0; i < image->count; i++) {
        if (strcmp(image->entries[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool
read_entry(struct reader *reader, struct vault_image *image, bool *is_sorted)
{
    struct vault_entry *entry = &image->entries[image->count];
    size_t name_len = reader_u8(reader);
    const char *name = (const char *)reader_bytes(reader, name_len);
    if (name == NULL || (!is_name(name, name_len) && !is_device(name, name_len))) {
        return false;
    }
    memcpy(entry->name, name, name_len);
    if (has_entry(image, entry->name, *is_sorted) ||
        !copy_bytes(reader, entry->nonce, VAULT_NONCE)) {
        return false;
    }
    entry->sealed_len = reader_u16be(reader);
    if (entry->sealed_len > VAULT_SEALED || !copy_bytes(reader, entry->sealed, entry->sealed_len)) {
        return false;
    }
    *is_sorted = *is_sorted && (image->count == 0 || strcmp(entry[-1].name, entry->name) < 0);
    image->count++;
    return true;
}

static bool
read_entries(struct reader *reader, struct vault_image *image)
{
    size_t count = reader_u32be(reader);
    bool is_sorted = true;
    if (count > VAULT_SECRETS || count > reader_left(reader) / ENTRY_LEAST) {
        return false;
    }
    image->entries = calloc(count + 1, sizeof(*image->entries));
    for (size_t i = 0; i < count && image->entries != NULL; i++) {
        if (!read_entry(reader, image, &is_sorted)) {
            return false;
        }
    }
    return image->entries != NULL;
}

enum err
vault_image_read(const void *bytes, size_t len, struct vault_image *ret_image, struct note *note)
{
    struct reader reader;
    struct vault_image image = {0};
    reader_init(&reader, bytes, len);
    const uint8_t *magic = reader_bytes(&reader, strlen(MAGIC VERSION));
    if (magic == NULL || memcmp(magic, MAGIC, strlen(MAGIC)) != 0) {
        note_set(note, "it is no file of sealed passwords");
        return ERR_SYNTAX;
    }
    if (memcmp(magic + strlen(MAGIC), VERSION, strlen(VERSION)) != 0) {
        note_set(note, "it was written by a newer gatehouse; this one knows version 1");
        return ERR_UNSUPPORTED;
    }
    if (!copy_bytes(&reader, image.key_id, VAULT_KEY_ID) || !read_entries(&reader, &image) ||
        !copy_bytes(&reader, image.mark, VAULT_MARK) || reader_left(&reader) != 0) {
        vault_image_release(&image);
        note_set(note, "it is cut short or damaged");
        return ERR_SYNTAX;
    }
    *ret_image = image;
    return OK;
}

void
vault_image_write(const struct vault_image *image, struct buf *buf)
{
    buf_text(buf, MAGIC VERSION);
    buf_add(buf, image->key_id, VAULT_KEY_ID);
    buf_u16be(buf, 0);
    buf_u16be(buf, (uint16_t)image->count);
    for (size_t i = 0; i < image->count; i++) {
        const struct vault_entry *entry = &image->entries[i];
        buf_byte(buf, (uint8_t)strlen(entry->name));
        buf_text(buf, entry->name);
        buf_add(buf, entry->nonce, VAULT_NONCE);
        buf_u16be(buf, entry->sealed_len);
        buf_add(buf, entry->sealed, entry->sealed_len);
    }
}

void
vault_image_release(struct vault_image *image)
{
    free(image->entries);
    *image = (struct vault_image){0};
}
