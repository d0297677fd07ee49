/* VMSes that files speak about: one for each product and folder, with the subject of its facts. */
#pragma once

#include "audit/format.h"
#include "base/buf.h"

enum product {
#define PRODUCT(id, name, words) PRODUCT_##id,
#define PRODUCT_PORT(id, port, door)
#include "audit/product.def"
#undef PRODUCT
#undef PRODUCT_PORT
    PRODUCT_COUNT
};

enum door {
    DOOR_UNKNOWN,
    DOOR_LOGIN,
    DOOR_OPEN,
    DOOR_STREAM,
    DOOR_OTHER,
};

#define INSTALL_LIST 900 /* bytes of a joined list: facts hold 1,024 */

#define INSTALL_SECRETS 128

/* Where a readable secret stands. */
struct secret_place {
    const struct audit_file *file;
    unsigned line;
};

struct install {
    enum product product;
    const char *folder;
    bool is_own; /* a file of the VMS itself was read */
    struct subject *subject;
    struct buf risks, factory; /* "words (file line 3); …" */
    struct secret_place secrets[INSTALL_SECRETS];
    size_t secret_count;              /* more than INSTALL_SECRETS are counted and not kept */
    unsigned port;                    /* its own page, when a file says so; 0 */
    bool stream_login, go2rtc_closed; /* Frigate: RTSP 8554, API 1984 */
    bool auth_off;                    /* its own log-in is off */
    bool limit_known, limit_works;
    bool weblog_known, weblog_errors; /* ZoneMinder: wrong log-ins are in the web server's log */
    struct install *next;
};

const char *install_name(enum product product);
/* PRODUCT_COUNT when the text (an image, a host, a path) names no VMS. */
enum product install_product(const char *text);
/* What is behind that port of that product. */
enum door install_door(enum product product, unsigned port);
/* The product whose usual port it is; PRODUCT_COUNT: none's, or several's. */
enum product install_product_of_port(unsigned port);

/*
 * The VMS that the file is about: that of its folder, else (for a file that is not the VMS's own)
 * the only one of the product, else a new one. NULL when memory is out.
 */
struct install *install_of(struct audit_file *file, enum product product, bool is_own);
/* The only VMS of the product, or NULL. */
struct install *install_only(struct audit *audit, enum product product);
/* Adds "words (place)" to what weakens it, once, as long as there is room. */
void install_add_risk(struct install *install, const char *words, const char *place);
void install_add_factory(struct install *install, const char *words, const char *place);
/* Makes facts of the lists, with the files as evidence. */
void install_finish(struct audit *audit);
void install_free(struct install *install);
