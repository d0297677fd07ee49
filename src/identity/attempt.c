/*
 * Attempts, counted in the transaction that judges them: of any number that arrive at once, no more
 * than the limit is admitted, whichever process takes them.
 */
#include "identity/attempt.h"

#include "base/clock.h"
#include "base/text.h"
#include "identity/identity_inside.h"

#include <stdio.h>
#include <string.h>

#define MINUTE     INT64_C(60000)
#define BANS_MOST  262144
#define SWEEP_MOST INT64_C(200)    /* old rows that one attempt clears away */
#define FORGIVEN   (7 * CLOCK_DAY) /* after a ban: the next one is a first one */

static const struct factor {
    const char *name;
    int64_t per_account, per_prefix, window;
} factors[] = {
#define FACTOR(name, text, per_account, per_prefix, window_minutes)                                \
    [ATTEMPT_##name] = {text, per_account, per_prefix, (window_minutes)*MINUTE},
#include "identity/attempts.def"
#undef FACTOR
};

/* A kind that a later version adds counts as some kind: never as none. */
static enum attempt_factor
known(enum attempt_factor factor)
{
    return (size_t)factor < COUNT(factors) ? factor : ATTEMPT_OTHER;
}

/* ::ffff:192.0.2.1 is 192.0.2.1 (RFC 4291, 2.5.5.2). */
static struct ip
unmapped(const struct ip *ip)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    struct ip out = *ip;
    out.zone = 0;
    if (ip->family == 6 && memcmp(ip->bytes, mapped, sizeof(mapped)) == 0) {
        out = (struct ip){.family = 4};
        memcpy(out.bytes, ip->bytes + sizeof(mapped), 4);
    }
    return out;
}

static struct net
cut(const struct ip *ip, unsigned bits)
{
    struct net net = {.ip = *ip, .bits = (uint8_t)bits};
    for (unsigned i = 0; i < sizeof(net.ip.bytes); i++) {
        unsigned kept = bits > i * 8 ? bits - i * 8 : 0;
        net.ip.bytes[i] = (uint8_t)(net.ip.bytes[i] & (kept >= 8 ? 0xffU : 0xff00U >> kept));
    }
    return net;
}

/* Whom an attempt counts against: a household, not one of its 2^64 addresses. */
static struct net
prefix_of(const struct ip *ip)
{
    struct ip plain = unmapped(ip);
    return cut(&plain, plain.family == 4 ? 32 : 64);
}

static const char *
write_net(const struct net *net, char out[IP_TEXT])
{
    if (net->ip.family == 0) {
        (void)text_copy(out, IP_TEXT, "unknown");
        return out;
    }
    return net_text(net, out);
}

/* Bans have these lengths (gate/board.h); one look-up for each. */
static unsigned
next_bits(uint8_t family, unsigned bits)
{
    if (family == 4) {
        return bits > 8 ? bits - 1 : 0;
    }
    return bits > 48 ? bits - 8 : 0;
}

static enum err
find_ban(struct identity *identity, const struct ip *ip, int64_t now, bool *ret_is_banned)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    unsigned bits = ip->family == 4 ? 32 : 64;
    enum err err =
        identity_prepare(identity, &query, "SELECT 1 FROM ban WHERE net = ?1 AND until > ?2", "");
    *ret_is_banned = false;
    while (bits != 0 && ip->family != 0 && err == OK && !*ret_is_banned) {
        char text[IP_TEXT];
        struct net net = cut(ip, bits);
        (void)write_net(&net, text);
        (void)sqlite3_bind_text(query, 1, text, -1, SQLITE_TRANSIENT);
        (void)sqlite3_bind_int64(query, 2, now);
        *ret_is_banned = identity_row(identity, query, &err);
        (void)sqlite3_reset(query);
        bits = next_bits(ip->family, bits);
    }
    return err;
}

/* One row of the net, longer each time within a week: 10 minutes, an hour, a day. */
static enum err
ban_prefix(struct identity *identity, const char *net, int64_t now, const char *reason)
{
    static const int64_t lengths[] = {10 * MINUTE, 60 * MINUTE, CLOCK_DAY};
    int64_t level = 0;
    enum err err = identity_number(identity, &level,
        "SELECT level FROM ban WHERE net = ? AND until > ?", "ti", net, now - FORGIVEN);
    if (err != OK && err != ERR_MISSING) {
        return err;
    }
    size_t step = level < (int64_t)COUNT(lengths) ? (size_t)level : COUNT(lengths) - 1;
    err = identity_run(identity,
        "INSERT OR REPLACE INTO ban (net, since, until, level, reason) VALUES (?, ?, ?, ?, ?)",
        "tiiit", net, now, now + lengths[step], level + 1, reason);
    if (err == OK) {
        /* The ban stands for what was counted; after it, counting begins anew. */
        err = identity_run(identity, "UPDATE attempt SET prefix = NULL WHERE prefix = ?", "t", net);
    }
    return err;
}

static enum err
count_rows(struct identity *identity, const char *sql, const char *scope,
    enum attempt_factor factor, int64_t since, int64_t *ret_count)
{
    return identity_number(identity, ret_count, sql, "tii", scope, (int64_t)factor, since);
}

struct judged {
    bool is_banned, is_new_ban, is_over_prefix, is_over_account;
};

/* Counts the attempt that is here already: the row was written before. */
static enum err
judge(struct identity *identity, enum attempt_factor factor, const char *user, const char *net,
    int64_t now, struct judged *out)
{
    int64_t of_prefix = 0;
    int64_t of_account = 0;
    const struct factor *limits = &factors[factor];
    enum err err = count_rows(identity,
        "SELECT count(*) FROM attempt WHERE prefix = ? AND factor = ? AND at > ?", net, factor,
        now - limits->window, &of_prefix);
    if (err == OK && user != NULL) {
        err = count_rows(identity,
            "SELECT count(*) FROM attempt WHERE account = ? AND factor = ? AND at > ?", user,
            factor, now - limits->window, &of_account);
    }
    out->is_over_prefix = of_prefix > limits->per_prefix;
    out->is_over_account = of_account > limits->per_account;
    return err;
}

/* Rows older than every window, a few at a time; bans a week after their end. */
static enum err
sweep(struct identity *identity, int64_t now)
{
    enum err err = identity_run(identity,
        "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE at <= ? OR"
        " (account IS NULL AND prefix IS NULL) LIMIT ?)",
        "ii", now - 60 * MINUTE, SWEEP_MOST);
    if (err == OK) {
        err = identity_run(identity, "DELETE FROM ban WHERE until <= ?", "i", now - FORGIVEN);
    }
    return err;
}

/* What refuses an attempt costs the account nothing: a banned address can't lock its owner out. */
static enum err
count_one(struct identity *identity, enum attempt_factor factor, const char *user,
    const struct ip *ip, int64_t now, struct judged *out)
{
    char net[IP_TEXT];
    struct ip plain = unmapped(ip);
    struct net prefix = prefix_of(ip);
    enum err err = find_ban(identity, &plain, now, &out->is_banned);
    if (err != OK || out->is_banned) {
        return err;
    }
    (void)write_net(&prefix, net);
    err = identity_run(identity,
        "INSERT INTO attempt (factor, account, prefix, at) VALUES (?, ?, ?, ?)", "itti",
        (int64_t)factor, user, net, now);
    int64_t row = sqlite3_last_insert_rowid(identity->db);
    if (err == OK) {
        err = judge(identity, factor, user, net, now, out);
    }
    if (err == OK && (out->is_over_prefix || out->is_over_account)) {
        err = identity_run(identity, "UPDATE attempt SET account = NULL WHERE id = ?", "i", row);
    }
    if (err == OK && out->is_over_prefix && prefix.ip.family != 0) {
        char reason[sizeof(((struct ban *)NULL)->reason)];
        (void)snprintf(reason, sizeof(reason), "more than %lld attempts of %s in %lld minutes",
            (long long)factors[factor].per_prefix, factors[factor].name,
            (long long)(factors[factor].window / MINUTE));
        err = ban_prefix(identity, net, now, reason);
        out->is_new_ban = err == OK;
    }
    return err == OK ? sweep(identity, now) : err;
}

/* Names that nobody can have share one count. */
static const char *
account_of(const char *user)
{
    return user == NULL || identity_check_name(user, NULL) == OK ? user : "?";
}

enum err
attempt_count(struct identity *identity, enum attempt_factor factor, const char *user,
    const struct ip *ip, int64_t now, struct note *note)
{
    struct judged judged = {.is_banned = false};
    factor = known(factor);
    enum err err = identity_begin_lightly(identity, note);
    if (err != OK) {
        return err;
    }
    err = count_one(identity, factor, account_of(user), ip, now, &judged);
    identity->is_quiet = identity->is_quiet && !judged.is_new_ban;
    err = identity_end(identity, err, note);
    if (err != OK) {
        return err;
    }
    char text[IP_TEXT];
    struct net prefix = prefix_of(ip);
    (void)write_net(&prefix, text);
    if (judged.is_banned || judged.is_over_prefix) {
        note_set(note, "%s %s, which tried %s too often", text,
            judged.is_banned ? "is banned" : "is banned from now on", factors[factor].name);
        return ERR_REFUSED;
    }
    if (judged.is_over_account) {
        note_set(note, "more than %lld attempts of %s at this account in %lld minutes",
            (long long)factors[factor].per_account, factors[factor].name,
            (long long)(factors[factor].window / MINUTE));
        return ERR_REFUSED;
    }
    return OK;
}

enum err
attempt_succeeded(struct identity *identity, const char *user, const struct ip *ip)
{
    char net[IP_TEXT];
    struct net prefix = prefix_of(ip);
    enum err err = identity_begin_lightly(identity, NULL);
    if (err != OK) {
        return err;
    }
    (void)write_net(&prefix, net);
    err = identity_run(identity,
        "UPDATE attempt SET prefix = NULL WHERE id IN (SELECT max(id) FROM attempt"
        " WHERE account = ? AND prefix = ? GROUP BY factor)",
        "tt", user, net);
    if (err == OK) {
        err = identity_run(
            identity, "UPDATE attempt SET account = NULL WHERE account = ?", "t", user);
    }
    return identity_end(identity, err, NULL);
}

enum err
attempt_bans(struct identity *identity, int64_t now, struct arena *arena, struct ban **ret_bans,
    size_t *ret_count)
{
    CLEANUP(identity_finish) sqlite3_stmt *query = NULL;
    int64_t most = 0;
    size_t count = 0;
    enum err err = identity_number(identity, &most,
        "SELECT min(count(*), ?) FROM ban WHERE until > ?", "ii", (int64_t)BANS_MOST, now);
    if (err != OK) {
        return err;
    }
    struct ban *bans = arena_alloc(arena, ((size_t)most + 1) * sizeof(*bans));
    if (bans == NULL) {
        return ERR_LIMIT;
    }
    err = identity_prepare(identity, &query,
        "SELECT net, since, until, reason FROM ban WHERE until > ? ORDER BY until DESC, net"
        " LIMIT ?",
        "ii", now, most);
    while (identity_row(identity, query, &err)) {
        char net[IP_TEXT];
        struct ban *ban = &bans[count];
        identity_text(query, 0, net, sizeof(net));
        ban->since = sqlite3_column_int64(query, 1);
        ban->until = sqlite3_column_int64(query, 2);
        identity_text(query, 3, ban->reason, sizeof(ban->reason));
        count += net_parse(net, &ban->net) == OK ? 1 : 0;
    }
    if (err == OK) {
        *ret_bans = bans;
        *ret_count = count;
    }
    return err;
}

/* The lengths that the workers look up; a single IPv6 address stands for its household. */
static enum err
normal_net(const struct net *net, struct net *ret_net, struct note *note)
{
    char text[IP_TEXT];
    struct ip ip = unmapped(&net->ip);
    bool was_mapped = ip.family != net->ip.family;
    unsigned bits = was_mapped && net->bits >= 96 ? net->bits - 96U : net->bits;
    bits = ip.family == 6 && bits > 64 ? 64 : bits;
    bool is_good = ip.family == 4 ? bits >= 8 && bits <= 32 && !(was_mapped && net->bits < 96)
                                  : ip.family == 6 && (bits == 64 || bits == 56 || bits == 48);
    if (!is_good) {
        note_set(note, "%s: a ban has 8 to 32 bits of IPv4, or 48, 56 or 64 bits of IPv6",
            net_text(net, text));
        return ERR_VALUE;
    }
    *ret_net = cut(&ip, bits);
    return OK;
}

enum err
attempt_ban(struct identity *identity, const struct net *net, int64_t until, const char *reason,
    struct note *note)
{
    char text[IP_TEXT];
    char clean[sizeof(((struct ban *)NULL)->reason)];
    struct net normal;
    int64_t now = clock_wall();
    enum err err = normal_net(net, &normal, note);
    if (err == OK && until <= now) {
        note_set(note, "a ban ends later than now");
        err = ERR_VALUE;
    }
    if (err == OK) {
        err = identity_begin(identity, note);
    }
    if (err != OK) {
        return err;
    }
    text_clean(clean, sizeof(clean), reason, strlen(reason));
    err = identity_run(identity,
        "INSERT INTO ban (net, since, until, level, reason) VALUES (?1, ?2, ?3, 0, ?4)"
        " ON CONFLICT (net) DO UPDATE SET since = ?2, until = ?3, reason = ?4",
        "tiit", write_net(&normal, text), now, until, clean);
    return identity_end(identity, err, note);
}

enum err
attempt_lift(struct identity *identity, const struct net *net, struct note *note)
{
    char text[IP_TEXT];
    struct net normal;
    enum err err = normal_net(net, &normal, note);
    if (err == OK) {
        err = identity_begin(identity, note);
    }
    if (err != OK) {
        return err;
    }
    (void)write_net(&normal, text);
    err = identity_run(
        identity, "DELETE FROM ban WHERE net = ? AND until > ?", "ti", text, clock_wall());
    if (err == OK && identity_changes(identity) != 1) {
        note_set(note, "%s is not banned", text);
        err = ERR_MISSING;
    }
    if (err == OK) {
        err =
            identity_run(identity, "UPDATE attempt SET prefix = NULL WHERE prefix = ?", "t", text);
    }
    return identity_end(identity, err, note);
}
