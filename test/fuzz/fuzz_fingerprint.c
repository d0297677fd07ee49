/* A banner against our own catalogue: the first byte chooses the key, the rest is the banner. */
#include "catalog/fingerprint.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const keys[] = {
    "http_header.server",
    "html_title",
    "http_header.wwwauth",
    "http_header.cookie",
    "rtsp_header.server",
    "rtsp_header.wwwauth",
    "x509.subject",
    "x509.issuer",
    "favicon.md5",
    "telnet_banners",
    "ftp.banner",
    "ssdp_header.server",
    "mdns.service",
    "ssh.banner",
    "dhcp_vendor_class",
};

static struct fingerprint_db *
open_catalogue(void)
{
    struct fingerprint_db *db = NULL;
    char path[4096] = "catalog/fingerprints";
    const char *source = getenv("GATEHOUSE_SOURCE");
    if (source != NULL) {
        (void)snprintf(path, sizeof(path), "%s/catalog/fingerprints", source);
    }
    if (fingerprint_db_new(&db) != OK || fingerprint_db_load_folder(db, path, NULL) != OK) {
        (void)fprintf(stderr, "%s: not loaded; set GATEHOUSE_SOURCE\n", path);
        abort();
    }
    return db;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fingerprint_db *db;
    if (db == NULL) {
        db = open_catalogue();
    }
    if (size == 0) {
        return 0;
    }
    struct arena arena;
    arena_init(&arena, (size_t)256 * 1024);
    struct fingerprint_match match;
    const struct fingerprint_text text = {(const char *)data + 1, size - 1};
    enum err err = fingerprint_db_match(db, keys[data[0] % COUNT(keys)], text, &arena, &match);
    assert(err == OK || err == ERR_MISSING);
    for (size_t i = 0; err == OK && i < match.count; i++) {
        assert(match.values[i].name != NULL && match.values[i].value != NULL);
    }
    arena_release(&arena);
    return 0;
}
