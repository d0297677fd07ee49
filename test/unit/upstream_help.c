/* For tests: `upstream_help seal FOLDER NAME` keeps standard input, `show FILE` prints as JSON. */
#include "gate/upstream.h"
#include "identity/identity.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct upstream upstream;

static int
seal(const char *folder, const char *name)
{
    char text[1024];
    struct identity *identity = NULL;
    struct note note = {{0}};
    size_t len = fread(text, 1, sizeof text, stdin);
    struct secret *secret = secret_new(text, len);
    enum err err = identity_open(folder, &identity, &note);
    err = err == OK ? identity_seal(identity, name, secret, &note) : err;
    (void)fprintf(stderr, "%s%s\n", err == OK ? "" : err_words(err), note.text);
    secret_free(secret);
    if (identity != NULL) {
        identity_close(identity);
    }
    return err == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static json_t *
rows(void)
{
    json_t *cameras = json_object(), *aliases = json_object(), *headers = json_object();
    for (uint32_t i = 0; i < upstream.camera_count; i++) {
        json_object_set_new(
            cameras, upstream.cameras[i].key, json_string(upstream.cameras[i].name));
    }
    for (uint32_t i = 0; i < upstream.alias_count; i++) {
        json_object_set_new(
            aliases, upstream.aliases[i].alias, json_string(upstream.aliases[i].key));
    }
    for (uint32_t i = 0; i < upstream.header_count; i++) {
        json_object_set_new(
            headers, upstream.headers[i].name, json_string(upstream.headers[i].value));
    }
    return json_pack("{s:o, s:o, s:o}", "cameras", cameras, "aliases", aliases, "headers", headers);
}

static int
show(const char *path)
{
    struct upstream_reader *reader = NULL;
    if (upstream_open(path, &reader, NULL) != OK || upstream_copy(reader, &upstream) != OK) {
        return EXIT_FAILURE;
    }
    json_t *json = rows();
    json_object_set_new(json, "version", json_string(upstream.version));
    json_object_set_new(json, "reachable", json_boolean(upstream.is_reachable));
    json_object_set_new(json, "session", json_boolean(upstream.has_session));
    json_object_set_new(json, "trouble", json_string(upstream.trouble));
    json_object_set_new(json, "zone", json_integer(upstream.zone));
    json_object_set_new(json, "token_path", json_string(upstream.token_path));
    json_object_set_new(json, "token", json_string(upstream.token));
    int failed = json_dumpf(json, stdout, 0);
    json_decref(json);
    upstream_reader_close(reader);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
    if (secret_start() == OK && argc == 4 && strcmp(argv[1], "seal") == 0) {
        return seal(argv[2], argv[3]);
    }
    return argc == 3 && strcmp(argv[1], "show") == 0 ? show(argv[2]) : EXIT_FAILURE;
}
