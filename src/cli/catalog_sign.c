/* gatehouse catalog sign and keygen: for those who change the catalogue. */
#include "base/file.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "cli/catalog.h"

#include <stdlib.h>

#define PATH_LIMIT 4096

/* The key of this user, where --key names none. */
static enum err
default_key(struct buf *ret_path)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    if (!text_is_empty(config)) {
        buf_format(ret_path, "%s/gatehouse/catalog.key", config);
    } else if (!text_is_empty(home)) {
        buf_format(ret_path, "%s/.config/gatehouse/catalog.key", home);
    } else {
        return ERR_MISSING;
    }
    return buf_error(ret_path);
}

/* Reads a command line with --key and up to `most` operands; CLI_OK to go on. */
static int
read_line(struct cli_line *line, struct buf *ret_key, bool *ret_stop)
{
    const char *value = NULL;
    const char *key = NULL;
    int got;
    *ret_stop = true;
    while ((got = cli_next(line, &value)) >= 0) {
        key = value;
    }
    if (got == CLI_STOP) {
        return line->status;
    }
    if (line->operand + 1 != line->argc) {
        return cli_usage(line, "catalog %s: takes one argument", line->argv[0]);
    }
    if (key != NULL) {
        buf_text(ret_key, key);
    } else if (default_key(ret_key) != OK) {
        return cli_fail("neither XDG_CONFIG_HOME nor HOME is set: name the key with --key");
    }
    *ret_stop = false;
    return CLI_OK;
}

static const struct cli_option options[] = {
    {"key", 0, "FILE", "the key (default: catalog.key in the XDG configuration folder)"},
};

int
catalog_keygen(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "catalog keygen [--key FILE] NAME",
        .about = "Makes an Ed25519 key that signs catalogues, readable by its owner only, and\n"
                 "prints the line that makes it believed once it stands in catalog/keys.def.\n",
        .options = options,
        .option_count = COUNT(options),
        .example = "  gatehouse catalog keygen jane@example.org\n",
    };
    struct note note = {""};
    struct cli_line line;
    struct seal_identity identity;
    bool stop = false;
    CLEANUP(buf_release) struct buf key;
    buf_init(&key, PATH_LIMIT);
    cli_line_init(&line, &manual, argc, argv);
    int status = read_line(&line, &key, &stop);
    if (stop) {
        return status;
    }
    enum err err = seal_generate(key.data, argv[line.operand], &note);
    if (err == OK) {
        err = seal_identify(key.data, &identity, &note);
    }
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    (void)printf("CATALOG_KEY(\"%s\", \"%s\")\n", identity.name, identity.public_key);
    return CLI_OK;
}

static enum err
sign_file(const char *path, const char *key, struct note *note)
{
    CLEANUP(buf_release) struct buf bytes;
    CLEANUP(buf_release) struct buf seal;
    CLEANUP(buf_release) struct buf beside;
    struct catalog *catalog = NULL;
    buf_init(&bytes, CATALOG_LIMIT);
    buf_init(&seal, SEAL_LIMIT);
    buf_init(&beside, PATH_LIMIT);
    buf_format(&beside, "%s.sig", path);
    enum err err = file_read(path, &bytes, note);
    if (err == OK) {
        err = catalog_parse(bytes.data, bytes.len, &catalog, note);
    }
    if (err != OK) {
        return err;
    }
    size_t rows = catalog->count;
    catalog_free(catalog);
    err = seal_sign(key, bytes.data, bytes.len, &seal, note);
    if (err == OK) {
        err = file_write(beside.data, seal.data, seal.len, 0644, note);
    }
    if (err == OK) {
        (void)printf("%s: %zu advisories, signed in %s\n", path, rows, beside.data);
    }
    return err;
}

int
catalog_sign(int argc, char **argv)
{
    static const struct cli_manual manual = {
        .usage = "catalog sign [--key FILE] FILE",
        .about = "Checks every line of a catalogue file and writes its signature beside it, as\n"
                 "FILE.sig. A file with a mistake is not signed.\n",
        .options = options,
        .option_count = COUNT(options),
        .example = "  gatehouse catalog sign catalog/advisories.jsonl\n",
    };
    struct note note = {""};
    struct cli_line line;
    bool stop = false;
    CLEANUP(buf_release) struct buf key;
    buf_init(&key, PATH_LIMIT);
    cli_line_init(&line, &manual, argc, argv);
    int status = read_line(&line, &key, &stop);
    if (stop) {
        return status;
    }
    enum err err = sign_file(argv[line.operand], key.data, &note);
    return err == OK ? CLI_OK : cli_fail_err(err, &note);
}
