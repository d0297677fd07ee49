/*
 * Syslog over TCP or TLS (RFC 6587, RFC 5425), without acknowledgements: a batch ends with the end
 * of its connection.
 *
 * Rule of this file: a batch counts when the receiver has read it to the end and has then lived. A
 * close_notify in answer to ours shows both. A mere end of the stream could also be a process that
 * was killed after it had read, so the next connection is made before we end this one: only the
 * same process, alive after the end, can do the handshake on it.
 */
#include "siem/outlet.h"

#include "base/clock.h"
#include "siem/link.h"

#include <stdlib.h>

#define PILE       ((size_t)32 * 1024)
#define ROOM       ((size_t)2 * 1024 * 1024)
#define BYTES_MOST ((uint64_t)32 * 1024 * 1024) /* of a batch: what is sent again at most */
#define FIRST_LOOK 150   /* ms in which a receiver that refuses us mostly says so */
#define ALIVE_MS   250   /* plain: how long the next connection must outlive the one before */
#define IDLE_MS    20000 /* an open connection that nobody needs is closed */

struct syslog_own {
    struct siem_link_memory memory;
    struct siem_link *link; /* of the batch, or ready for the next */
    struct siem_link *next; /* made before the end of link */
    struct buf pile;
    uint64_t bytes;  /* of the batch */
    int64_t used;    /* clock_mono() */
    bool is_fresh;   /* nothing has been written to link yet */
    bool says_bye;   /* this receiver answers a close_notify: no next is needed */
    bool has_worked; /* a batch was delivered since the last failure */
};

static enum err
syslog_open(struct siem_outlet *outlet, struct note *note)
{
    struct syslog_own *own = calloc(1, sizeof(*own));
    (void)note;
    if (own == NULL) {
        return ERR_MEMORY;
    }
    buf_init(&own->pile, ROOM);
    outlet->own = own;
    return OK;
}

static void
hang_up(struct syslog_own *own)
{
    siem_link_close(own->link);
    siem_link_close(own->next);
    own->link = own->next = NULL;
}

static enum err
connect_anew(struct siem_outlet *outlet, struct note *note)
{
    struct syslog_own *own = outlet->own;
    enum err err = OK;
    if (own->link == NULL) {
        err = siem_link_open(outlet, &own->memory, &own->link, note);
        own->is_fresh = true;
    }
    err = err == OK ? siem_link_greet(own->link, note) : err;
    if (err == OK && own->is_fresh) {
        err = siem_link_look(own->link, own->has_worked ? 0 : FIRST_LOOK, note);
    }
    return err;
}

static enum err
syslog_begin(struct siem_outlet *outlet, struct note *note)
{
    struct syslog_own *own = outlet->own;
    bool was_there = own->link != NULL;
    buf_clear(&own->pile);
    own->bytes = 0;
    enum err err = connect_anew(outlet, note);
    if (err != OK && was_there) { /* it was cut while nobody needed it, which is no failure */
        hang_up(own);
        err = connect_anew(outlet, note);
    }
    own->used = clock_mono();
    return err;
}

static enum err
flush(struct syslog_own *own, struct note *note)
{
    own->is_fresh = false;
    enum err err = siem_link_write(own->link, own->pile.data, own->pile.len, note);
    buf_clear(&own->pile);
    return err;
}

static enum err
syslog_put(struct siem_outlet *outlet, const struct siem_record *record, struct note *note)
{
    struct syslog_own *own = outlet->own;
    if (own->bytes > BYTES_MOST) {
        return ERR_LIMIT;
    }
    if (!outlet->to->uses_lines) {
        buf_format(&own->pile, "%zu ", record->len);
    }
    buf_add(&own->pile, record->bytes, record->len);
    if (outlet->to->uses_lines) {
        buf_byte(&own->pile, '\n');
    }
    own->bytes += record->len;
    if (buf_error(&own->pile) != OK) {
        return ERR_MEMORY;
    }
    return own->pile.len >= PILE ? flush(own, note) : OK;
}

/* Whether the process that ended the stream lives: only it can go on with the next connection. */
static enum err
prove_life(struct siem_outlet *outlet, struct note *note)
{
    struct syslog_own *own = outlet->own;
    enum err err = own->next == NULL ? ERR_NETWORK : siem_link_greet(own->next, note);
    if (err == OK && !outlet->to->uses_tls) {
        err = siem_link_look(own->next, ALIVE_MS, note);
    }
    if (err != OK && err != ERR_CANCELLED) {
        note_set(note, "the receiver was gone after it had read the batch; nobody knows what it "
                       "still had in hand, so it gets it again");
        err = ERR_NETWORK;
    }
    return err;
}

static enum err
confirm(struct siem_outlet *outlet, struct note *note)
{
    struct syslog_own *own = outlet->own;
    enum siem_link_end end = SIEM_LINK_EOF;
    struct note ignored = {""};
    siem_say_fn *say = outlet->say;
    outlet->say = NULL; /* the next connection is no news */
    if (!own->says_bye && own->next == NULL &&
        siem_link_open(outlet, &own->memory, &own->next, &ignored) != OK) {
        own->next = NULL; /* a close_notify would still do */
    }
    enum err err = siem_link_finish(own->link, outlet->to->confirm_ms, &end, note);
    siem_link_close(own->link);
    own->link = NULL;
    if (err == OK && end == SIEM_LINK_EOF) {
        bool was_sure = own->says_bye;
        own->says_bye = false;
        err = was_sure ? ERR_NETWORK : prove_life(outlet, note);
        if (was_sure) {
            note_set(
                note, "the receiver ended without its usual good-bye; it gets the batch again");
        }
    } else if (err == OK) {
        own->says_bye = outlet->to->uses_tls;
    }
    outlet->say = say;
    own->link = err == OK ? own->next : NULL;
    own->is_fresh = true;
    if (err == OK) {
        own->next = NULL;
        own->has_worked = true;
        siem_outlet_say(outlet, "confirmed: the receiver read to the end and closed%s",
            end == SIEM_LINK_BYE ? " in order (close_notify)" : ", and still answers");
    }
    return err;
}

static enum err
syslog_end(struct siem_outlet *outlet, struct note *note)
{
    struct syslog_own *own = outlet->own;
    enum err err = flush(own, note);
    if (err != OK) {
        return err;
    }
    siem_outlet_say(outlet, "sent: %llu bytes", (unsigned long long)own->bytes);
    err = confirm(outlet, note);
    own->used = clock_mono();
    outlet->is_unconfirmed = err == ERR_TIMEOUT;
    if (err == ERR_TIMEOUT && outlet->to->accepts_unconfirmed) {
        siem_outlet_say(outlet, "not confirmed: %s; by unconfirmed: accept it counts", note->text);
        hang_up(own);
        return OK;
    }
    return err;
}

static void
syslog_drop(struct siem_outlet *outlet)
{
    struct syslog_own *own = outlet->own;
    hang_up(own);
    siem_link_forget(&own->memory); /* certificates that were renewed are read anew */
    own->has_worked = false;
    buf_clear(&own->pile);
}

static void
syslog_idle(struct siem_outlet *outlet)
{
    struct syslog_own *own = outlet->own;
    if (own->link != NULL && clock_mono() - own->used > IDLE_MS) {
        siem_link_leave(own->link);
        own->link = NULL;
    }
}

static void
syslog_close(struct siem_outlet *outlet)
{
    struct syslog_own *own = outlet->own;
    if (own->has_worked && own->is_fresh) {
        siem_link_leave(own->link);
        own->link = NULL;
    }
    syslog_drop(outlet);
    buf_release(&own->pile);
    free(own);
}

const struct siem_outlet_kind siem_outlet_syslog = {
    .open = syslog_open,
    .begin = syslog_begin,
    .put = syslog_put,
    .end = syslog_end,
    .drop = syslog_drop,
    .idle = syslog_idle,
    .close = syslog_close,
};
