/* fail2ban: jails and filters (jail.conf(5)). A jail counts only when its filter is known to match.
 */
#include "audit/say.h"
#include "audit/tree_lines.h"
#include "base/buf.h"
#include "base/text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct audit_sign signs[] = {
    {"@jail*.conf",   40},
    {"@jail*.local",  40},
    {"^bantime",      20},
    {"^maxretry",     20},
    {"^findtime",     20},
    {"^logpath",      20},
    {"^failregex",    50},
    {"^[Definition]", 30},
    {"^enabled",      10},
};

/* What a wrong log-in looks like, as fail2ban sees it when it has taken the date away. */
static const struct {
    enum product product;
    const char *log; /* a word of the log file's path; "": any */
    const char *line;
} lines[] = {
  /* ZoneMinder 1.36: includes/auth.php, its own log and that of the web server */
    {PRODUCT_ZONEMINDER, "web_php",
     "web_php[1234].ERR [192.0.2.77] [Login denied for user \"guest\"] at "
        "/usr/share/zoneminder/www/includes/auth.php line 314"                                },
    {PRODUCT_ZONEMINDER, "",
     "[php:notice] [pid 1234] [client 192.0.2.77:50700] ERR [Login denied for user \"guest\"]"},
 /* Frigate 0.17: nginx's own log is the only trace */
    {PRODUCT_FRIGATE,    "",
     "192.0.2.77 - - [] \"POST /api/login HTTP/1.1\" 401 26 \"-\" \"-\" \"-\""                },
 /* Blue Iris: help, log to file */
    {PRODUCT_BLUEIRIS,   "",        "2 Server 192.0.2.77: Login failed"                       },
};

enum match {
    MATCH_UNKNOWN,
    MATCH_NO,
    MATCH_YES,
};

static bool
is_local(const struct audit_file *file)
{
    return text_ends(file->path, ".local");
}

/* The value of a key in a jail over all files: *.local counts more than *.conf, later more than
 * earlier. */
static const struct tree_node *
jail_value(struct audit_file *file, const char *jail, const char *key, struct audit_file **ret_file)
{
    const char *const sections[] = {"DEFAULT", jail};
    const struct tree_node *found = NULL;
    for (size_t i = 0; i < 4; i++) {
        const char *section = sections[i / 2];
        for (struct audit_file *f = file->audit->files; f != NULL; f = f->next) {
            if (f->format != file->format || is_local(f) != (i % 2 == 1)) {
                continue;
            }
            const struct tree_node *part = tree_get(f->tree.root, section);
            const struct tree_node *value = part == NULL ? NULL : tree_get(part, key);
            if (value != NULL) {
                found = value;
                *ret_file = f;
            }
        }
    }
    return found;
}

/* The file filter.d/NAME.conf, when it was given. */
static struct audit_file *
filter_file(struct audit_file *file, const char *name)
{
    char wanted[200];
    for (struct audit_file *f = file->audit->files; f != NULL; f = f->next) {
        const char *slash = strrchr(f->path, '/');
        (void)snprintf(wanted, sizeof(wanted), "%.*s.", (int)strcspn(name, "["), name);
        if (f->format == file->format && tree_get(f->tree.root, "Definition/failregex") != NULL &&
            text_starts(slash == NULL ? f->path : slash + 1, wanted)) {
            return f;
        }
    }
    return NULL;
}

/* fail2ban's tags to PCRE: addresses become a pattern, "<F-…>" marks go. */
static void
to_pcre(const char *regex, size_t len, struct buf *out)
{
    static const char *const hosts[] = {"<HOST>", "<ADDR>", "<IP4>", "<IP6>", "<SUBNET>", "<CIDR>"};
    for (size_t i = 0; i < len;) {
        size_t skip = 0;
        for (size_t j = 0; j < COUNT(hosts); j++) {
            size_t size = strlen(hosts[j]);
            if (len - i >= size && memcmp(regex + i, hosts[j], size) == 0) {
                buf_text(out, "(?:[0-9A-Fa-f:.]+)");
                skip = size;
            }
        }
        if (skip == 0 &&
            (strncmp(regex + i, "<F-", 3) == 0 || strncmp(regex + i, "</F-", 4) == 0)) {
            skip = strcspn(regex + i, ">") + 1;
        }
        if (skip == 0) {
            buf_byte(out, (uint8_t)regex[i]);
            skip = 1;
        }
        i += skip;
    }
}

static enum match
match_one(const char *regex, size_t len, const char *line)
{
    CLEANUP(buf_release) struct buf pattern;
    buf_init(&pattern, 8192);
    to_pcre(regex, len, &pattern);
    int error = 0;
    PCRE2_SIZE offset = 0;
    enum match result = MATCH_UNKNOWN;
    if (buf_error(&pattern) != OK || strstr(pattern.data, "%(") != NULL) {
        return MATCH_UNKNOWN; /* a piece from another file */
    }
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern.data, pattern.len, 0, &error, &offset, NULL);
    pcre2_match_data *data = code == NULL ? NULL : pcre2_match_data_create(1, NULL);
    pcre2_match_context *limits = data == NULL ? NULL : pcre2_match_context_create(NULL);
    if (limits != NULL) {
        (void)pcre2_set_match_limit(limits, 100000);
        (void)pcre2_set_depth_limit(limits, 1000);
        int got = pcre2_match(code, (PCRE2_SPTR)line, strlen(line), 0, 0, data, limits);
        result = got >= 0 ? MATCH_YES : got == PCRE2_ERROR_NOMATCH ? MATCH_NO : MATCH_UNKNOWN;
    }
    pcre2_match_context_free(limits);
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    return result;
}

static enum match
match_all(const struct tree_node *failregex, const char *line)
{
    enum match result = MATCH_NO;
    for (const char *at = failregex->value; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        enum match one = match_one(at, len, line);
        if (one == MATCH_YES) {
            return MATCH_YES;
        }
        result = one == MATCH_UNKNOWN ? MATCH_UNKNOWN : result;
        at += len + (at[len] == '\n' ? 1 : 0);
    }
    return result;
}

/* Does the filter find a wrong log-in in that log? */
static enum match
filter_matches(
    struct audit_file *file, enum product product, const char *filter, const char *logpath)
{
    struct audit_file *own = filter_file(file, filter);
    if (own == NULL) {
        /* fail2ban's own filter reads the web server's error log, which ZoneMinder leaves alone
           unless ZM_LOG_LEVEL_WEBLOG says otherwise (includes/logger.php, 1.36). */
        bool shipped = product == PRODUCT_ZONEMINDER && text_equal(filter, "zoneminder") &&
                       (text_contains(logpath, "error") || text_contains(logpath, "apache"));
        if (!shipped || !file->install->weblog_known) {
            return MATCH_UNKNOWN;
        }
        return file->install->weblog_errors ? MATCH_YES : MATCH_NO;
    }
    const struct tree_node *failregex = tree_get(own->tree.root, "Definition/failregex");
    if (tree_get(own->tree.root, "Definition/prefregex") != NULL) {
        return MATCH_UNKNOWN;
    }
    for (size_t i = 0; i < COUNT(lines); i++) {
        if (lines[i].product == product && text_contains(logpath, lines[i].log)) {
            return match_all(failregex, lines[i].line);
        }
    }
    return MATCH_UNKNOWN;
}

static void
read_jail(struct audit_file *file, const struct tree_node *jail)
{
    struct audit_file *from = file;
    const struct tree_node *enabled = jail_value(file, jail->name, "enabled", &from);
    struct audit_file *enabled_in = from;
    const struct tree_node *retries = jail_value(file, jail->name, "maxretry", &from);
    const struct tree_node *filter = jail_value(file, jail->name, "filter", &from);
    const struct tree_node *logpath = jail_value(file, jail->name, "logpath", &from);
    const char *name =
        filter == NULL || text_contains(filter->value, "%(") ? jail->name : filter->value;
    enum product product = install_product(jail->name);
    product = product == PRODUCT_COUNT ? install_product(name) : product;
    bool is_on = false;
    if (product == PRODUCT_COUNT) {
        return;
    }
    if (enabled == NULL || text_to_bool(enabled->value, &is_on) != OK || !is_on) {
        /* fail2ban ships jails for programs that are not there: it proves no VMS. */
        file->install = install_only(file->audit, product);
        say_risk(file, jail, "fail2ban has a jail for it that is not enabled");
        return;
    }
    if (install_of(file, product, false) == NULL) {
        return;
    }
    uint64_t tries = 5; /* fail2ban's default */
    if (retries != NULL && (text_to_u64(retries->value, 100000, &tries) != OK || tries > 20)) {
        say_risk(file, jail, "fail2ban's jail allows more than 20 wrong log-ins");
    }
    enum match match =
        logpath == NULL ? MATCH_UNKNOWN : filter_matches(file, product, name, logpath->value);
    enabled_in->install = file->install;
    if (match == MATCH_YES && tries <= 20) {
        file->install->limit_works = true;
        facts_forget(
            &file->install->subject->facts, FACT_VMS_LIMIT); /* the jail adds what it lacks */
        say_bool(enabled_in, FACT_VMS_LIMIT, true, enabled);
    } else if (match == MATCH_NO) {
        say_risk(file, jail,
            "fail2ban's filter does not match what the VMS writes about a wrong log-in into that "
            "log");
    }
}

static void
read(struct audit_file *file)
{
    for (const struct tree_node *n = tree_next(file->tree.root, NULL, NULL); n != NULL;
         n = tree_next(file->tree.root, NULL, n)) {
        if (!text_equal(n->name, "DEFAULT") && !text_equal(n->name, "Definition") &&
            !text_equal(n->name, "INCLUDES") && !text_equal(n->name, "Init")) {
            read_jail(file, n);
        }
    }
}

const struct audit_format audit_fail2ban = {
    .phase = AUDIT_GUARD,
    .signs = signs,
    .sign_count = COUNT(signs),
    .parse = tree_lines_ini,
    .read = read,
};
