/* What a reader of one format is, and the file that it reads. Inside src/audit only. */
#pragma once

#include "audit/audit.h"
#include "audit/tree.h"

#define AUDIT_BYTES      ((size_t)1024 * 1024)
#define AUDIT_BYTES_DUMP ((size_t)16 * 1024 * 1024)

/* In what order the files speak: a proxy is understood when the VMSes are known. */
enum audit_phase {
    AUDIT_VMS,   /* the VMS's own file */
    AUDIT_HOST,  /* what starts it or hints at it */
    AUDIT_PROXY, /* what publishes it */
    AUDIT_GUARD, /* what guards it */
};

/* A mark of the format; the format with the most points is it, from AUDIT_ENOUGH on. */
struct audit_sign {
    const char *text; /* "@" and a pattern for the file's name, "^" and the start of a line (blanks
                         before it allowed), else text anywhere */
    unsigned points;
};
#define AUDIT_ENOUGH 50

struct audit_file;

struct audit_format {
    enum audit_phase phase;
    size_t limit;      /* bytes; 0: AUDIT_BYTES */
    bool quotes_nodes; /* evidence shows key and value in the place of the line */
    const struct audit_sign *signs;
    size_t sign_count;
    tree_parse_fn *parse;
    void (*read)(struct audit_file *file);
};

struct install;
struct publication;

struct audit_file {
    struct audit *audit;
    const struct audit_format *format;
    const char *kind;   /* the format's name */
    const char *path;   /* as given, printable */
    const char *folder; /* its folder, as given; "." for none */
    const char *bytes;  /* UTF-8 text, terminated */
    size_t len;
    unsigned mode; /* permission bits; 0: not from a file */
    int64_t read_at;
    struct tree tree;
    struct install *install; /* the VMS that it is about; NULL: none or not yet known */
    const char *secrets[64]; /* values that no quotation may show */
    size_t secret_count;
    struct audit_file *next;
};

/* What the files have said so far. */
struct audit {
    struct arena arena;
    struct audit_file *files, *last;
    size_t file_count;
    struct install *installs;
    struct publication *publications;
    struct audit_file *authelia;         /* its configuration; NULL: none was read */
    const struct tree_node *traefik[64]; /* trees in which a middleware may stand */
    size_t traefik_count;
    struct subject *site;
    const char *mistakes[AUDIT_FILES];
    size_t mistake_count;
    uint16_t ports[AUDIT_PORTS]; /* audit_ports() */
    size_t port_count;
};

/* Notes a port once, as far as there is room. */
void audit_note_port(struct audit *audit, unsigned port);

#define CONFIG_FORMAT(name, title, reads) extern const struct audit_format audit_##name;
#include "audit/files.def"
#undef CONFIG_FORMAT
