/* What each kind of consumer is: for consumer.c and the files of consumers.def only. */
#pragma once

#include "remedy/consumer.h"

#include "base/buf.h"

#define CONSUMER_PLACES 2048
#define CONSUMER_BYTES  ((size_t)8 * 1024 * 1024) /* of a file or of all answers */

/* How a credential is written where it stands. */
enum consumer_style {
    CONSUMER_WHOLE,       /* a value of its own, of an API */
    CONSUMER_IN_ADDRESS,  /* in an address, percent-encoded (RFC 3986) */
    CONSUMER_FOR_FRIGATE, /* in an address that Frigate encodes itself */
    CONSUMER_PLAIN,       /* YAML scalars: without quotes, */
    CONSUMER_SINGLE,      /* in single ones, */
    CONSUMER_DOUBLE,      /* in double ones; JSON too */
    CONSUMER_REG,         /* a .reg file's text */
};

/* One place where a consumer keeps a password. */
struct consumer_place {
    const char *host;     /* address or name of the device, as it stands there */
    const char *user;     /* NULL: none */
    const char *password; /* NULL: it does not tell */
    const char *words;    /* "line 12", "monitor 3 (Gate)" */
    const char *by_hand;  /* why Gatehouse can't change it; NULL: it can */
    enum consumer_style style;
    size_t at, len;  /* of a file: the bytes of the password, quotes included */
    const char *id;  /* the kind's own */
    const char *key; /* the kind's own */
    json_t *object;  /* the kind's own, borrowed until the next list */
};

/* A conversation with one consumer. All memory is wiped at its end. */
struct consumer_talk {
    const struct site *site;
    const struct site_consumer *row;
    enum err (*http)(void *context, const struct wire_target *target, const struct request *request,
        struct arena *arena, struct answer *ret_answer);
    enum err (*wait)(void *context, unsigned ms); /* NULL: never waits */
    void *context;
    struct job *job;               /* NULL: a survey */
    const struct secret *known[2]; /* the password before and the new one; NULL: a survey */
    const char *stamp;             /* of the backup's name: the plan's id */
    struct arena arena;
    struct buf bytes; /* of its file */
    struct consumer_place *places;
    size_t place_count;
    const char *token, *group; /* of its log-in */
    void *own;                 /* the kind's own, ended by its close() */
    json_t *document;
    bool changed;  /* by this conversation */
    bool is_blind; /* its open() found that it can't tell whether it records */
    struct note why;
};

struct consumer_kind {
    const char *name, *title;
    enum maturity maturity;
    const char *source; /* where the requests come from */
    bool by_file;
    const char *alone; /* what a person does where the site file says no reload:; NULL: a restart */
    const char *late;  /* why a plan can't name its places yet; NULL: it can */
    /* Logs in. ERR_REFUSED: its password is wrong; talk->why says more. NULL: not needed. */
    enum err (*open)(struct consumer_talk *talk);
    void (*close)(struct consumer_talk *talk); /* NULL: nothing to end */
    /* All places, by consumer_place_add(). */
    enum err (*list)(struct consumer_talk *talk);
    /* Each of them gets the password. */
    enum err (*change)(struct consumer_talk *talk, const struct consumer_place *places,
        size_t count, const struct secret *password);
    /* Whether this one records, asked until it does (consumer_await()). NULL: it can't tell. */
    bool (*is_well)(struct consumer_talk *talk, const struct consumer_place *place);
    /*
     * Each question makes it log in at the camera, and a wrong password could lock that out: asked
     * twice at most, and one yes is enough.
     */
    bool is_costly;
};

extern const struct consumer_kind *const consumer_kinds[];
extern const size_t consumer_kind_count;
const struct consumer_kind *consumer_kind(const char *name);

void consumer_talk_init(
    struct consumer_talk *talk, const struct site *site, const struct site_consumer *row);
void consumer_talk_release(struct consumer_talk *talk);
/* A new empty place; NULL when there are CONSUMER_PLACES or memory is out. */
struct consumer_place *consumer_place_add(struct consumer_talk *talk);

/*
 * One exchange with the consumer at its address. OK: the answer has a status of 200 to 299. Else
 * talk->why says what it answered; ERR_REFUSED: 401 or 403.
 */
enum err consumer_ask(struct consumer_talk *talk, const struct request *request,
    struct answer *ret_answer) MUST_CHECK;
/* The same, its answer read as JSON into talk->document. */
enum err consumer_ask_json(struct consumer_talk *talk, const struct request *request) MUST_CHECK;
/* Percent-encodes all but RFC 3986's unreserved characters; NULL when the arena is full. */
const char *consumer_encode(struct arena *arena, const char *text);
/*
 * A member of an API's object that holds an address with an account in it, or nothing: adds its
 * place; `id` and `words` are copied. ERR_LIMIT.
 */
enum err consumer_add_address(struct consumer_talk *talk, json_t *object, const char *key,
    const char *id, const char *words) MUST_CHECK;
/* That member's text with another password in its address; NULL: there is none, or no memory. */
const char *consumer_put_address(struct arena *arena, const char *address, const char *password);
/* "monitor 3 (Gate)": a name from outside, made printable. */
const char *consumer_words(
    struct consumer_talk *talk, const char *what, const char *id, const char *name);
/* JSON as the body of a request, in the talk's arena; takes the object. NULL: no memory. */
const char *consumer_body(struct consumer_talk *talk, json_t *object);
/*
 * Asks of each every two seconds until the kind says twice that it is well, for at most a minute;
 * of one that is costly after five and after twenty seconds.
 */
enum err consumer_await(struct consumer_talk *talk, const struct consumer_kind *kind,
    const struct consumer_place *places, size_t count) MUST_CHECK;

/* "root" of the row, else this one, and the path behind it. */
const char *consumer_path(struct consumer_talk *talk, const char *root, const char *path);

/* Files (consumer_file.c): reads talk->row->file into talk->bytes. */
enum err consumer_file_read(struct consumer_talk *talk) MUST_CHECK;
/*
 * Puts new bytes in the place of those that were read, with a copy of the old ones beside; mode and
 * owner stay. Where they could not be made (`made` is not OK) it only says why. They are wiped and
 * released either way.
 */
enum err consumer_file_write(
    struct consumer_talk *talk, enum err made, struct buf *bytes) MUST_CHECK;
/* Runs row->reload, once for all hand-overs that come within a moment. */
enum err consumer_file_reload(struct consumer_talk *talk) MUST_CHECK;
/* list and change of YAML and JSON files, by consumer_text.h. */
enum err consumer_file_list(struct consumer_talk *talk) MUST_CHECK;
enum err consumer_file_change(struct consumer_talk *talk, const struct consumer_place *places,
    size_t count, const struct secret *password) MUST_CHECK;

/* Whether the place's host is this device, by address or by the name that the owner gave it. */
bool consumer_place_is_at(const struct consumer_place *place, const struct subject *subject);
