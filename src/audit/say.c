/* Facts with file and line. */
#include "audit/say.h"

#include "audit/quote.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define QUOTE ((size_t)300)

const char *
say_place(const struct audit_file *file, const struct tree_node *at, char out[SAY_PLACE])
{
    (void)snprintf(out, SAY_PLACE, "%.200s line %u", file->path, at == NULL ? 1 : at->line);
    return out;
}

static void
hide_known(const struct audit_file *file, char *text)
{
    for (size_t i = 0; i < file->secret_count; i++) {
        const char *secret = file->secrets[i];
        size_t len = strlen(secret);
        for (char *at = len < 4 ? NULL : strstr(text, secret); at != NULL;
             at = strstr(at, secret)) {
            memset(at, '*', len);
        }
    }
}

static void
quote_node(const struct audit_file *file, const struct tree_node *at, char out[QUOTE])
{
    char line[QUOTE];
    const char *start = file->bytes;
    const char *end = file->bytes + file->len;
    if (file->format->quotes_nodes) {
        (void)snprintf(line, sizeof(line), "%.100s%s%.180s", at->name,
            at->value[0] == '\0' ? "" : " = ", at->value);
        quote_line(out, QUOTE, line, strlen(line));
        return;
    }
    for (unsigned number = 1; number < at->line && start != NULL; number++) {
        start = memchr(start, '\n', (size_t)(end - start));
        start = start == NULL ? NULL : start + 1;
    }
    if (start == NULL) {
        out[0] = '\0';
        return;
    }
    const char *stop = memchr(start, '\n', (size_t)(end - start));
    quote_line(out, QUOTE, start, (size_t)((stop == NULL ? end : stop) - start));
}

const struct evidence *
say_evidence(struct subject *subject, const struct audit_file *file, const struct tree_node *at)
{
    char place[SAY_PLACE];
    char quote[QUOTE];
    if (at == NULL || at->parent == NULL) {
        return evidence_new(&subject->arena, say_place(file, at, place), file->path, file->read_at);
    }
    quote_node(file, at, quote);
    hide_known(file, quote);
    return evidence_new(&subject->arena, say_place(file, at, place), quote, file->read_at);
}

static struct subject *
subject_of(const struct audit_file *file)
{
    return file->install == NULL ? NULL : file->install->subject;
}

void
say_bool(struct audit_file *file, enum fact_id fact, bool yes, const struct tree_node *at)
{
    struct subject *subject = subject_of(file);
    if (subject != NULL) {
        const struct source source = {WITNESS_CONFIG, 90, say_evidence(subject, file, at)};
        facts_set_bool(&subject->facts, fact, yes, &source);
    }
}

void
say_text(struct audit_file *file, enum fact_id fact, const char *text, const struct tree_node *at)
{
    struct subject *subject = subject_of(file);
    if (subject != NULL) {
        const struct source source = {WITNESS_CONFIG, 90, say_evidence(subject, file, at)};
        facts_set_text(&subject->facts, fact, text, &source);
    }
}

void
say_absent(struct audit_file *file, enum fact_id fact, bool yes, const char *key)
{
    struct subject *subject = subject_of(file);
    char words[160];
    if (subject == NULL) {
        return;
    }
    (void)snprintf(
        words, sizeof(words), "%.80s is not set; %s by default", key, yes ? "on" : "off");
    const struct source source = {
        WITNESS_CONFIG, 70, evidence_new(&subject->arena, file->path, words, file->read_at)};
    facts_set_bool(&subject->facts, fact, yes, &source);
}

void
say_risk(struct audit_file *file, const struct tree_node *at, const char *words)
{
    if (file->install != NULL) {
        char place[SAY_PLACE];
        install_add_risk(file->install, words, say_place(file, at, place));
    }
}

void
say_factory(struct audit_file *file, const struct tree_node *at, const char *words)
{
    if (file->install != NULL) {
        char place[SAY_PLACE];
        install_add_factory(file->install, words, say_place(file, at, place));
    }
}

bool
say_is_reference(const struct tree_node *at)
{
    static const char *const starts[] = {
        "${", "$(", "{{", "{FRIGATE_", "{env.", "{$", "{file.", "/run/secrets/", "file://", "<"};
    const char *value = at->value;
    if (value[0] == '\0' || at->tag != NULL) {
        return true;
    }
    for (size_t i = 0; i < COUNT(starts); i++) {
        if (text_starts(value, starts[i])) {
            return true;
        }
    }
    /* $NAME, %NAME% */
    return (value[0] == '$' && value[1] >= 'A' && value[1] <= 'Z' &&
               strchr(value + 1, '$') == NULL) ||
           (value[0] == '%' && text_ends(value + 1, "%"));
}

static void
keep_secret(struct audit_file *file, const char *value, size_t len)
{
    if (file->secret_count < COUNT(file->secrets) && len >= 4) {
        char *copy = arena_copy_n(&file->audit->arena, value, len);
        if (copy != NULL) {
            file->secrets[file->secret_count++] = copy;
        }
    }
}

static void
count_secret(struct audit_file *file, const struct tree_node *at)
{
    struct install *install = file->install;
    if (install != NULL && install->secret_count++ < INSTALL_SECRETS) {
        install->secrets[install->secret_count - 1] = (struct secret_place){file, at->line};
    }
}

void
say_secret(struct audit_file *file, const struct tree_node *at)
{
    if (at == NULL || say_is_reference(at)) {
        return;
    }
    keep_secret(file, at->value, strlen(at->value));
    count_secret(file, at);
}

void
say_address(struct audit_file *file, const struct tree_node *at)
{
    size_t len = 0;
    const char *password = at == NULL ? NULL : quote_password_of_address(at->value, &len);
    if (password == NULL || len == 0) {
        return;
    }
    struct tree_node part = *at;
    char *copy = arena_copy_n(&file->audit->arena, password, len);
    if (copy == NULL) {
        return;
    }
    part.value = copy;
    say_secret(file, &part);
}

static bool
take_secret(void *context, const struct tree_node *node)
{
    if (node->first == NULL && quote_is_secret_name(node->name)) {
        say_secret(context, node);
    } else {
        say_address(context, node);
    }
    return true;
}

void
say_secrets_below(struct audit_file *file, const struct tree_node *node)
{
    if (node != NULL) {
        tree_walk(node, take_secret, file);
    }
}

void
say_site_text(
    struct audit_file *file, enum fact_id fact, const char *text, const struct tree_node *at)
{
    struct subject *site = file->audit->site;
    const struct source source = {WITNESS_CONFIG, 90, say_evidence(site, file, at)};
    facts_set_text(&site->facts, fact, text, &source);
}

/* Joins with what was said before: a site has several VPN files, a report one sentence. */
static void
join_site(struct audit_file *file, enum fact_id fact, const struct tree_node *at, const char *words)
{
    struct facts *facts = &file->audit->site->facts;
    const char *before = facts_text(facts, fact);
    char place[SAY_PLACE];
    char text[900];
    (void)snprintf(text, sizeof(text), "%.400s%s%.150s (%s)", before == NULL ? "" : before,
        before == NULL ? "" : "; ", words, say_place(file, at, place));
    facts_forget(facts, fact);
    say_site_text(file, fact, text, at);
}

void
say_vpn_broken(struct audit_file *file, const struct tree_node *at, const char *words)
{
    join_site(file, FACT_VPN_BROKEN, at, words);
}

void
say_vpn_risk(struct audit_file *file, const struct tree_node *at, const char *words)
{
    join_site(file, FACT_VPN_RISK, at, words);
}
