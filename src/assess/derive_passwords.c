/* What the owner's passwords tell about each other, without one of them being shown. */
#include "assess/derive.h"

#include "base/buf.h"
#include "base/strength.h"
#include "base/text.h"
#include "catalog/credential.h"

#include <sodium.h>
#include <string.h>

#define WORDS_LIMIT 2048

/* One device, and what is known of its password. */
struct holder {
    const struct subject *subject;
    struct secret *secret; /* that opened it, a copy; NULL: none of the owner's did */
    uint8_t mark[SECRET_MARK];
    bool is_vms, has_login;
};

struct holders {
    const struct site *site;
    struct holder *rows;
    size_t count;
};

/* A copy of the password that opened it; NULL when none of the owner's did. */
static struct secret *
opened_with(const struct derive_from *from, const struct subject *subject, struct arena *arena)
{
    bool is_stranger = false;
    struct site_device ring = {.password = NULL};
    if (facts_get(&subject->facts, FACT_LOGIN_OWNER) == NULL) {
        return NULL;
    }
    if (site_secret_ring(from->keyring, subject, arena, &ring) == OK) {
        return ring.password;
    }
    const struct site_device *device = site_secret_device(from->site, subject, &is_stranger);
    return device == NULL || device->password == NULL
               ? NULL
               : secret_new(secret_text(device->password), secret_len(device->password));
}

/* Whether it is about passwords at all: video or a VMS, with its log-in on. */
static bool
has_login(const struct subject *subject)
{
    const struct fact *auth = facts_get(&subject->facts, FACT_VMS_AUTH);
    bool is_off = subject->kind == KIND_VMS && auth != NULL && !auth->yes;
    return ((1U << subject->kind) & (KINDS_VIDEO | KIND_BIT(VMS))) != 0 && !is_off;
}

static bool
is_factory(const struct holder *holder)
{
    const struct facts *facts = &holder->subject->facts;
    return facts_get(facts, FACT_LOGIN_FACTORY) != NULL ||
           facts_get(facts, FACT_VMS_FACTORY) != NULL;
}

static bool
are_same(const struct holder *one, const struct holder *other)
{
    return one->secret != NULL && other->secret != NULL &&
           sodium_memcmp(one->mark, other->mark, SECRET_MARK) == 0;
}

/* Whether an earlier device has the same password, so that its group is told already. */
static bool
is_told(const struct holders *holders, size_t i)
{
    bool told = holders->rows[i].secret == NULL;
    for (size_t k = 0; k < i && !told; k++) {
        told = are_same(&holders->rows[k], &holders->rows[i]);
    }
    return told;
}

/* How many of each sort share the password of row i. */
static void
count_group(const struct holders *holders, size_t i, size_t *ret_vms, size_t *ret_devices)
{
    *ret_vms = 0;
    *ret_devices = 0;
    for (size_t k = i; k < holders->count; k++) {
        if (are_same(&holders->rows[i], &holders->rows[k])) {
            *(holders->rows[k].is_vms ? ret_vms : ret_devices) += 1;
        }
    }
}

/* "Lobby, Stairs and Gate" */
static void
add_group(struct buf *words, const struct holders *holders, size_t i)
{
    size_t vms = 0;
    size_t devices = 0;
    size_t told = 0;
    count_group(holders, i, &vms, &devices);
    for (size_t k = i; k < holders->count; k++) {
        char title[SUBJECT_TITLE];
        if (!are_same(&holders->rows[i], &holders->rows[k])) {
            continue;
        }
        told++;
        buf_format(words, "%s%s",
            told == 1               ? words->len == 0 ? "" : "; "
            : told == vms + devices ? " and "
                                    : ", ",
            subject_title(holders->rows[k].subject, title));
    }
}

/* Several cameras, or several VMSes, behind one password. */
static void
list_shared(const struct holders *holders, struct buf *words)
{
    for (size_t i = 0; i < holders->count; i++) {
        size_t vms = 0;
        size_t devices = 0;
        count_group(holders, i, &vms, &devices);
        if (!is_told(holders, i) && (vms > 1 || devices > 1)) {
            add_group(words, holders, i);
        }
    }
}

/* A VMS and a camera behind one password. */
static void
list_same_vms(const struct holders *holders, struct buf *words)
{
    for (size_t i = 0; i < holders->count; i++) {
        size_t vms = 0;
        size_t devices = 0;
        count_group(holders, i, &vms, &devices);
        if (!is_told(holders, i) && vms != 0 && devices != 0) {
            add_group(words, holders, i);
        }
    }
}

/* What somebody who knows the place would try first. */
static const char *
trouble(const struct holders *holders, const struct holder *holder)
{
    static const enum fact_id named[] = {FACT_DEVICE_VENDOR, FACT_DEVICE_BRAND, FACT_DEVICE_MODEL,
        FACT_DEVICE_NAME, FACT_DEVICE_SERIAL, FACT_VMS_PRODUCT, FACT_LOGIN_OWNER};
    static const char *const usual[] = {"camera", "cam", "kamera", "cctv", "nvr", "dvr", "video",
        "security", "recorder", "admin", "root"};
    const struct facts *facts = &holder->subject->facts;
    struct strength_words words = {.count = 0};
    for (size_t i = 0; i < COUNT(usual); i++) {
        strength_add(&words, usual[i]);
    }
    for (size_t i = 0; i < COUNT(named); i++) {
        strength_add(&words, facts_text(facts, named[i]));
    }
    strength_add(&words, holder->subject->name);
    strength_add(&words, holders->site->name);
    return credential_is_published(secret_text(holder->secret))
               ? "it is a factory password of another device"
               : strength_trouble(holder->secret, &words);
}

/* A factory password is told as such, at its device. */
static void
list_weak(const struct holders *holders, struct buf *words)
{
    for (size_t i = 0; i < holders->count; i++) {
        const struct holder *holder = &holders->rows[i];
        const char *why =
            holder->secret == NULL || is_factory(holder) ? NULL : trouble(holders, holder);
        if (why != NULL) {
            char title[SUBJECT_TITLE];
            buf_format(words, "%s%s of %s (%s)", words->len == 0 ? "" : ", ",
                facts_text(&holder->subject->facts, FACT_LOGIN_OWNER),
                subject_title(holder->subject, title), why);
        }
    }
}

/* Those of which no password is known, once one of them is. */
static void
list_rest(const struct holders *holders, struct buf *words)
{
    size_t all = 0;
    size_t known = 0;
    for (size_t i = 0; i < holders->count; i++) {
        all += holders->rows[i].has_login ? 1 : 0;
        known += holders->rows[i].has_login && holders->rows[i].secret != NULL ? 1 : 0;
    }
    if (known != 0 && known < all) {
        buf_format(words, "%zu of %zu devices", all - known, all);
    }
}

/* All of them opened with the owner's passwords, no two with the same, none weak or factory. */
static void
list_unique(const struct holders *holders, struct buf *words)
{
    size_t known = 0;
    for (size_t i = 0; i < holders->count; i++) {
        const struct holder *holder = &holders->rows[i];
        if (!holder->has_login) {
            continue;
        }
        if (holder->secret == NULL || is_told(holders, i) || is_factory(holder) ||
            trouble(holders, holder) != NULL) {
            return;
        }
        known++;
    }
    if (known != 0) {
        buf_format(words, "%zu %s with the owner's password, compared and judged", known,
            known == 1 ? "device was opened" : "devices were opened, each");
    }
}

static bool
find_holders(const struct crowd *crowd, const struct derive_from *from, struct arena *arena,
    struct holders *out)
{
    *out = (struct holders){
        .site = from->site, .rows = arena_alloc(arena, (crowd->count + 1) * sizeof(*out->rows))};
    for (size_t i = 0; i < crowd->count && out->rows != NULL; i++) {
        const struct subject *subject = crowd->subjects[i];
        struct holder *holder = &out->rows[out->count++];
        *holder = (struct holder){.subject = subject,
            .secret = opened_with(from, subject, arena),
            .is_vms = subject->kind == KIND_VMS,
            .has_login = has_login(subject)};
        if (holder->secret != NULL) {
            secret_mark(holder->secret, holder->mark);
        }
    }
    return out->rows != NULL;
}

void
derive_passwords(const struct crowd *crowd, struct subject *whole, const struct derive_from *from)
{
    const struct source source = {WITNESS_DECLARED, 95, NULL};
    static const struct {
        enum fact_id fact;
        void (*list)(const struct holders *holders, struct buf *words);
    } rows[] = {
        {FACT_LOGIN_SHARED,   list_shared  },
        {FACT_LOGIN_SAME_VMS, list_same_vms},
        {FACT_LOGIN_WEAK,     list_weak    },
        {FACT_LOGIN_REST,     list_rest    },
        {FACT_LOGIN_UNIQUE,   list_unique  },
    };
    struct holders holders;
    if (from->site == NULL || !find_holders(crowd, from, &whole->arena, &holders)) {
        return;
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(buf_release) struct buf words;
        buf_init(&words, WORDS_LIMIT);
        rows[i].list(&holders, &words);
        if (words.len != 0) {
            facts_set_text(&whole->facts, rows[i].fact, words.data, &source);
        }
    }
    for (size_t i = 0; i < holders.count; i++) {
        secret_free(holders.rows[i].secret);
    }
}
