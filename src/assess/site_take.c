/* One function for each sort of value of the site file. */
#include "assess/site_take.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/vault_format.h"

#include <string.h>

#define NAME_LIMIT 80
#define LINE_LIMIT 200

/* The last key of a path: "expires" of "waivers[0].expires". */
static const char *
last_key(const struct outline_node *node)
{
    const char *dot = strrchr(node->pattern, '.');
    return dot == NULL ? node->pattern : dot + 1;
}

/* A printable line; what could deceive a reader of the report becomes '?'. */
static enum err
take_text(struct site *site, const struct outline_node *node, size_t limit, const char **ret_text)
{
    char clean[LINE_LIMIT + 1];
    size_t len = strlen(node->text);
    if (len == 0 || len > limit) {
        return ERR_VALUE;
    }
    text_clean(clean, sizeof(clean), node->text, len);
    char *copy = arena_copy(&site->arena, text_trim(clean));
    if (text_is_empty(copy)) {
        return ERR_VALUE;
    }
    *ret_text = copy;
    return OK;
}

enum err
site_take_name(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)note;
    return take_text(site, node, NAME_LIMIT, &site->name);
}

enum err
site_take_authorised(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)note;
    if (text_equal(last_key(node), "by")) {
        return take_text(site, node, NAME_LIMIT, &site->authorised_by);
    }
    return clock_parse(node->text, &site->authorised_at);
}

enum err
site_take_scope(struct site *site, const struct outline_node *node, struct note *note)
{
    return text_starts(node->pattern, "scope") ? scope_allow(&site->scope, node->text, note)
                                               : scope_exclude(&site->scope, node->text, note);
}

enum err
site_take_zone(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)note;
    struct site_zone *zone = &site->zones[site->zone_count];
    enum err err = net_parse(node->text, &zone->net);
    if (err != OK) {
        return ERR_VALUE;
    }
    const char *key = last_key(node);
    zone->name = arena_copy_n(&site->arena, key, strcspn(key, "["));
    site->zone_count++;
    return zone->name == NULL ? ERR_MEMORY : OK;
}

enum err
site_take_device(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)node;
    (void)note;
    site->device_count++;
    return OK;
}

/* What stands there by mistake may be the password: it is not repeated. */
static enum err
take_secret(
    struct site *site, const struct outline_node *node, const char **ret_name, struct note *note)
{
    if (!vault_name_is_valid(node->text)) {
        note_set(note, "is not a name of gatehouse secret list, such as front-door; a password "
                       "itself has no place in a site file");
        return ERR_VALUE;
    }
    return take_text(site, node, VAULT_NAME, ret_name);
}

enum err
site_take_device_key(struct site *site, const struct outline_node *node, struct note *note)
{
    struct site_device *device = &site->devices[site->device_count - 1];
    const char *key = last_key(node);
    if (text_equal(key, "address")) {
        return ip_parse(node->text, &device->ip);
    }
    if (text_equal(key, "mac")) {
        return mac_parse(node->text, &device->mac) == OK && !mac_is_zero(&device->mac) ? OK
                                                                                       : ERR_VALUE;
    }
    if (text_equal(key, "name")) {
        return take_text(site, node, NAME_LIMIT, &device->name);
    }
    if (text_equal(key, "user")) {
        return take_text(site, node, NAME_LIMIT, &device->user);
    }
    if (text_equal(key, "password_file")) {
        device->password_line = node->line;
        return take_text(site, node, LINE_LIMIT, &device->password_file);
    }
    if (text_equal(key, "secret")) {
        device->password_line = node->line;
        return take_secret(site, node, &device->secret, note);
    }
    device->kind = kind_by_name(node->text);
    return device->kind == KIND_UNKNOWN ? ERR_VALUE : OK;
}

enum err
site_take_others(struct site *site, const struct outline_node *node, struct note *note)
{
    if (text_equal(last_key(node), "user")) {
        return take_text(site, node, NAME_LIMIT, &site->others.user);
    }
    site->others.password_line = node->line;
    return take_secret(site, node, &site->others.secret, note);
}

enum err
site_take_snmp(struct site *site, const struct outline_node *node, struct note *note)
{
    site->snmp.password_line = node->line;
    return text_equal(last_key(node), "secret")
               ? take_secret(site, node, &site->snmp.secret, note)
               : take_text(site, node, LINE_LIMIT, &site->snmp.password_file);
}

enum err
site_take_number(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)note;
    const struct {
        const char *pattern;
        uint64_t least, most;
        unsigned *number;
    } rows[] = {
        {"pace.packets_per_second", 1, 10000, &site->pace          },
        {"pace.per_host",           1, 1000,  &site->pace_per_host },
        {"logins.per_day",          0, 2,     &site->logins_per_day},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t value = 0;
        if (!text_equal(rows[i].pattern, node->pattern)) {
            continue;
        }
        if (text_to_u64(node->text, rows[i].most, &value) != OK || value < rows[i].least) {
            return ERR_VALUE;
        }
        *rows[i].number = (unsigned)value;
        return OK;
    }
    return ERR_UNSUPPORTED;
}

enum err
site_take_never(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)note;
    enum err err = ip_parse(node->text, &site->never[site->never_count]);
    site->never_count += err == OK ? 1 : 0;
    return err;
}

enum err
site_take_port(struct site *site, const struct outline_node *node, struct note *note)
{
    uint64_t number = 0;
    if (text_to_u64(node->text, UINT16_MAX, &number) != OK || number == 0) {
        return ERR_VALUE;
    }
    if (site->port_count == COUNT(site->ports)) {
        note_set(note, "more than %zu ports; each is asked of every host", COUNT(site->ports));
        return ERR_LIMIT;
    }
    site->ports[site->port_count++] = (uint16_t)number;
    return OK;
}

enum err
site_take_search(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)note;
    const struct discover_method *method = discover_by_request(node->text);
    if (method == NULL) {
        return ERR_VALUE;
    }
    if (site->search_count < COUNT(site->searches)) {
        site->searches[site->search_count++] = method->name;
    }
    return OK;
}

enum err
site_take_remote(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)note;
    bool yes = text_equal_nocase(node->text, "yes") || text_equal_nocase(node->text, "true");
    if (!yes && !text_equal_nocase(node->text, "no") && !text_equal_nocase(node->text, "false")) {
        return ERR_VALUE;
    }
    site->remote_known = true;
    site->remote_used = yes;
    return OK;
}

enum err
site_take_word(struct site *site, const struct outline_node *node, struct note *note)
{
    static const struct {
        const char *pattern, *word;
    } rows[] = {
        {"remote_access.vpn", "wireguard"},
        {"remote_access.vpn", "openvpn"  },
        {"remote_access.vpn", "tailscale"},
        {"remote_access.vpn", "none"     },
        {"router",            "none"     },
        {"fail_on",           "critical" },
        {"fail_on",           "high"     },
        {"fail_on",           "medium"   },
        {"fail_on",           "never"    },
    };
    (void)note;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!text_equal(rows[i].pattern, node->pattern) ||
            !text_equal_nocase(rows[i].word, node->text)) {
            continue;
        }
        if (text_equal(node->pattern, "router")) {
            site->no_router = true;
        } else if (text_equal(node->pattern, "fail_on")) {
            site->fail_on = rows[i].word;
        } else {
            site->vpn = rows[i].word;
        }
        return OK;
    }
    return ERR_VALUE;
}

enum err
site_take_line(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)note;
    const struct {
        const char *pattern;
        const char **text;
    } rows[] = {
        {"log.target",   &site->log_target  },
        {"secrets.file", &site->secrets_file},
        {"secrets.key",  &site->secrets_key },
        {"store",        &site->store       },
        {"output",       &site->output      },
        {"ledger",       &site->ledger      },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (text_equal(rows[i].pattern, node->pattern)) {
            return take_text(site, node, LINE_LIMIT, rows[i].text);
        }
    }
    return ERR_UNSUPPORTED;
}

enum err
site_take_gateway(struct site *site, const struct outline_node *node, struct note *note)
{
    if (text_equal(node->pattern, "gateway.guards[]")) {
        if (site->guarded_count == COUNT(site->guarded)) {
            note_set(note, "more than %zu VMSes behind one gateway", COUNT(site->guarded));
            return ERR_LIMIT;
        }
        enum err err = ip_parse(node->text, &site->guarded[site->guarded_count]);
        site->guarded_count += err == OK ? 1 : 0;
        return err;
    }
    char text[IP_TEXT + 8];
    uint64_t port = 0;
    if (!text_copy(text, sizeof(text), node->text)) {
        return ERR_VALUE;
    }
    char *colon = strrchr(text, ':');
    if (colon == NULL || text_to_u64(colon + 1, UINT16_MAX, &port) != OK || port == 0) {
        return ERR_VALUE;
    }
    *colon = '\0';
    char *start = text;
    if (text[0] == '[' && colon > text && colon[-1] == ']') {
        colon[-1] = '\0';
        start++;
    }
    site->gateway_port = (uint16_t)port;
    return ip_parse(start, &site->gateway_ip);
}

enum err
site_take_waiver(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)node;
    (void)note;
    site->waiver_count++;
    return OK;
}

enum err
site_take_waiver_key(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)note;
    struct waiver *waiver = &site->waivers[site->waiver_count - 1];
    const char *key = last_key(node);
    if (text_equal(key, "reason")) {
        return take_text(site, node, LINE_LIMIT, &waiver->reason);
    }
    return take_text(
        site, node, NAME_LIMIT, text_equal(key, "owner") ? &waiver->owner : &waiver->device);
}

static bool
has_rule(const struct control *control, const char *id)
{
    const struct check *check = control->check;
    for (size_t i = 0; i < check->aspect_count; i++) {
        for (size_t j = 0; j < check->aspects[i].rule_count; j++) {
            if (text_equal(check->aspects[i].rules[j].id, id)) {
                return true;
            }
        }
    }
    return false;
}

enum err
site_take_finding(struct site *site, const struct outline_node *node, struct note *note)
{
    struct waiver *waiver = &site->waivers[site->waiver_count - 1];
    enum err err = take_text(site, node, NAME_LIMIT, &waiver->finding);
    const char *slash = err == OK ? strchr(waiver->finding, '/') : NULL;
    if (slash == NULL) {
        return ERR_VALUE;
    }
    const char *id = arena_copy_n(&site->arena, waiver->finding, (size_t)(slash - waiver->finding));
    const struct control *control = id == NULL ? NULL : control_by_id(id);
    if (control == NULL) {
        note_set(note, "there is no control \"%.40s\"; gatehouse-checks(7) lists them", id);
        return ERR_VALUE;
    }
    if (!has_rule(control, slash + 1)) {
        note_set(note, "control %s has no rule \"%.40s\"; gatehouse-checks(7) lists them",
            control->id, slash + 1);
        return ERR_VALUE;
    }
    return OK;
}

enum err
site_take_expires(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)note;
    struct waiver *waiver = &site->waivers[site->waiver_count - 1];
    enum err err = clock_parse(node->text, &waiver->expires);
    if (err != OK) {
        return err;
    }
    if (strlen(node->text) <= strlen("2026-11-22")) {
        waiver->expires += CLOCK_DAY - 1; /* a date holds to its end */
    }
    waiver->expired = clock_wall() > waiver->expires;
    return OK;
}

enum err
site_take_config(struct site *site, const struct outline_node *node, struct note *note)
{
    (void)note;
    enum err err = take_text(site, node, LINE_LIMIT, &site->config[site->config_count]);
    site->config_count += err == OK ? 1 : 0;
    return err;
}
