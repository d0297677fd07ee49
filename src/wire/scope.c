/* Which addresses may be sent a packet: the rule that nothing else in wire can go around. */
#include "wire/scope.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define LARGEST_NET ((uint64_t)65536)
#define PUBLIC      "%s is a public network: list public addresses one by one"

void
scope_init(struct scope *scope)
{
    *scope = (struct scope){0};
}

static bool
is_in(const struct ip *ip, const char *net_text_form)
{
    struct net net;
    return net_parse(net_text_form, &net) == OK && net_contains(&net, ip);
}

/* Addresses that are no host: multicast, reserved, unspecified, IPv4 written as IPv6. */
static bool
is_no_host(const struct ip *ip)
{
    static const char *const nets[] = {
        "0.0.0.0/8", "224.0.0.0/3", "ff00::/8", "::/128", "::ffff:0:0/96", "::ffff:0:0:0/96"};
    for (size_t i = 0; i < COUNT(nets); i++) {
        if (is_in(ip, nets[i])) {
            return true;
        }
    }
    return false;
}

static bool
is_single(const struct net *net)
{
    return net_size(net) == 1;
}

/* The blocks that are not public are at least a /24, so one look per /24 sees them all. */
static bool
has_public(const struct net *net)
{
    if (net->ip.family != 4) {
        return ip_is_public(&net->ip);
    }
    uint64_t size = net_size(net);
    for (uint64_t at = 0; at < size; at += 256) {
        struct ip ip = ip_from_v4((uint32_t)(ip_to_v4(&net->ip) + at));
        if (ip_is_public(&ip)) {
            return true;
        }
    }
    return false;
}

/* 16777216 as "16,777,216"; "more than 18 digits" never occurs for IPv4. */
static const char *
grouped(uint64_t value, char out[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    size_t used = 0;
    for (int i = 0; i < len; i++) {
        if (i != 0 && (len - i) % 3 == 0) {
            out[used++] = ',';
        }
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

static enum err
check_ipv6(const struct net *net, const char *shown, struct note *note)
{
    if (is_single(net) || (ip_is_link_local(&net->ip) && net->bits >= 64)) {
        return OK;
    }
    note_set(note,
        "%s: an IPv6 network cannot be swept: list addresses one by one, or give fe80::/64", shown);
    return ERR_SCOPE;
}

static enum err
check_ipv4(const struct net *net, const char *shown, struct note *note)
{
    char count[32];
    char smaller[IP_TEXT];
    if (!is_single(net) && ip_is_public(&net->ip)) {
        note_set(note, PUBLIC, shown);
        return ERR_SCOPE;
    }
    if (net_size(net) > LARGEST_NET) {
        const struct net example = {.ip = net->ip, .bits = 24};
        note_set(note, "%s: %s addresses; at most 65,536: give a smaller network such as %s", shown,
            grouped(net_size(net), count), net_text(&example, smaller));
        return ERR_SCOPE;
    }
    if (!is_single(net) && has_public(net)) {
        note_set(note, PUBLIC, shown);
        return ERR_SCOPE;
    }
    return OK;
}

static enum err
parse(const char *text, struct net *ret_net, char shown[IP_TEXT], struct note *note)
{
    text_clean(shown, IP_TEXT, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
    enum err err = net_parse(text, ret_net);
    if (err != OK) {
        note_set(note,
            "\"%s\" is not an address or a network: write 10.0.0.7, 10.0.0.0/24 or fe80::1%%eth0",
            shown);
    }
    return err;
}

static enum err
add(struct net nets[SCOPE_NETS], size_t *count, const struct net *net, struct note *note)
{
    if (*count == SCOPE_NETS) {
        note_set(note, "more than %d networks: join neighbours into larger ones", SCOPE_NETS);
        return ERR_LIMIT;
    }
    nets[(*count)++] = *net;
    return OK;
}

enum err
scope_allow(struct scope *scope, const char *text, struct note *note)
{
    char shown[IP_TEXT];
    struct net net;
    enum err err = parse(text, &net, shown, note);
    if (err != OK) {
        return err;
    }
    if (is_no_host(&net.ip)) {
        note_set(note,
            "%s is no host's address (multicast, reserved or mapped): give hosts or networks",
            shown);
        return ERR_SCOPE;
    }
    err = net.ip.family == 4 ? check_ipv4(&net, shown, note) : check_ipv6(&net, shown, note);
    return err != OK ? err : add(scope->allowed, &scope->allowed_count, &net, note);
}

enum err
scope_exclude(struct scope *scope, const char *text, struct note *note)
{
    char shown[IP_TEXT];
    struct net net;
    enum err err = parse(text, &net, shown, note);
    return err != OK ? err : add(scope->excluded, &scope->excluded_count, &net, note);
}

/* A network without a zone holds for every interface. */
static bool
holds(const struct net *net, const struct ip *ip)
{
    return net_contains(net, ip) && (net->ip.zone == 0 || net->ip.zone == ip->zone);
}

static bool
is_excluded(const struct scope *scope, const struct ip *ip)
{
    for (size_t i = 0; i < scope->excluded_count; i++) {
        /* An excluded address is excluded even where the interface is not known. */
        const struct net *net = &scope->excluded[i];
        if (net_contains(net, ip) && (ip->zone == 0 || holds(net, ip))) {
            return true;
        }
    }
    return false;
}

bool
scope_contains(const struct scope *scope, const struct ip *ip)
{
    if ((ip->family != 4 && ip->family != 6) || is_excluded(scope, ip)) {
        return false;
    }
    for (size_t i = 0; i < scope->allowed_count; i++) {
        if (holds(&scope->allowed[i], ip)) {
            return true;
        }
    }
    return false;
}

/* Some address of the network is not excluded; of IPv6 networks only the first is looked at. */
static bool
has_unexcluded(const struct scope *scope, const struct net *net)
{
    uint64_t size = net->ip.family == 4 ? net_size(net) : 1;
    struct ip ip = net->ip;
    for (uint64_t at = 0; at < size; at++) {
        if (net->ip.family == 4) {
            ip = ip_from_v4((uint32_t)(ip_to_v4(&net->ip) + at));
        }
        if (!is_excluded(scope, &ip)) {
            return true;
        }
    }
    return false;
}

bool
scope_meets(const struct scope *scope, const struct net *net)
{
    for (size_t i = 0; i < scope->allowed_count; i++) {
        const struct net *allowed = &scope->allowed[i];
        bool zones_meet =
            allowed->ip.zone == 0 || net->ip.zone == 0 || allowed->ip.zone == net->ip.zone;
        const struct net *smaller = allowed->bits >= net->bits ? allowed : net;
        const struct net *larger = smaller == allowed ? net : allowed;
        if (zones_meet && net_contains(larger, &smaller->ip) && has_unexcluded(scope, smaller)) {
            return true;
        }
    }
    return false;
}

static bool
holds_net(const struct net *larger, const struct net *smaller)
{
    return larger->bits <= smaller->bits && holds(larger, &smaller->ip);
}

bool
scope_covers(const struct scope *scope, const struct net *net)
{
    bool covered = false;
    for (size_t i = 0; i < scope->allowed_count; i++) {
        covered = covered || holds_net(&scope->allowed[i], net);
    }
    for (size_t i = 0; i < scope->excluded_count; i++) {
        const struct net *excluded = &scope->excluded[i];
        covered = covered && !net_contains(excluded, &net->ip) && !net_contains(net, &excluded->ip);
    }
    return covered;
}

/* Network and broadcast addresses of a /30 or larger are nobody's. */
static bool
is_swept(const struct net *net, const struct ip *ip)
{
    if (net->ip.family != ip->family || !net_contains(net, ip)) {
        return false;
    }
    if (ip->family == 6) {
        return net->bits == 128;
    }
    uint64_t offset = ip_to_v4(ip) - ip_to_v4(&net->ip);
    uint64_t size = net_size(net);
    return size < 4 || (offset != 0 && offset != size - 1);
}

static bool
is_first_time(const struct scope *scope, size_t index, const struct ip *ip)
{
    for (size_t i = 0; i < index; i++) {
        if (is_swept(&scope->allowed[i], ip)) {
            return false;
        }
    }
    return true;
}

/* Of IPv6 only what is listed singly: a network of it can't be swept. */
static size_t
hosts_of(const struct net *net)
{
    return net->ip.family == 4 ? (size_t)net_size(net) : net->bits == 128 ? 1 : 0;
}

bool
scope_next_host(const struct scope *scope, size_t *cursor, struct ip *ret_ip)
{
    size_t before = 0;
    for (size_t i = 0; i < scope->allowed_count; i++) {
        const struct net *net = &scope->allowed[i];
        size_t size = hosts_of(net);
        for (; *cursor - before < size; ++*cursor) {
            struct ip ip = net->ip.family == 6
                               ? net->ip
                               : ip_from_v4((uint32_t)(ip_to_v4(&net->ip) + *cursor - before));
            if (is_swept(net, &ip) && !is_excluded(scope, &ip) && is_first_time(scope, i, &ip)) {
                ++*cursor;
                *ret_ip = ip;
                return true;
            }
        }
        before += size;
    }
    return false;
}

size_t
scope_host_count(const struct scope *scope)
{
    size_t count = 0;
    size_t cursor = 0;
    struct ip ip;
    while (scope_next_host(scope, &cursor, &ip)) {
        count++;
    }
    return count;
}
