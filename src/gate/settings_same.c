/* Compares settings, so that only those processes start again that read something else. */
#include "gate/settings_same.h"

#include "base/text.h"

/* Either may be NULL. */
static bool
same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : text_equal(a, b);
}

static bool
same_list(const char *const *a, const char *const *b)
{
    size_t i = 0;
    if (a == NULL || b == NULL) {
        return a == b;
    }
    while (a[i] != NULL && same(a[i], b[i])) {
        i++;
    }
    return a[i] == b[i];
}

bool
settings_same_vms(const struct settings *a, const struct settings *b)
{
    bool is_same = a->vms_count == b->vms_count;
    for (size_t i = 0; i < a->vms_count && is_same; i++) {
        const struct settings_vms *one = &a->vms[i], *other = &b->vms[i];
        is_same = same(one->name, other->name) && same(one->type, other->type) &&
                  same(one->upstream, other->upstream) && same(one->user, other->user) &&
                  ip_equal(&one->address, &other->address);
    }
    return is_same;
}

bool
settings_same(const struct settings *a, const struct settings *b)
{
    bool is_same =
        settings_same_vms(a, b) && same(a->site, b->site) && same(a->host, b->host) &&
        same(a->ledger, b->ledger) && same(a->evidence, b->evidence) && same(a->tsa, b->tsa) &&
        same(a->tsa_roots, b->tsa_roots) && same(a->certificate, b->certificate) &&
        same(a->key, b->key) && a->is_plain == b->is_plain && a->net == b->net &&
        a->idle_minutes == b->idle_minutes && a->session_hours == b->session_hours &&
        a->stepup_minutes == b->stepup_minutes && same_list(a->trusted_proxies, b->trusted_proxies);
    for (size_t i = 0; i < a->vms_count && is_same; i++) {
        is_same = same(a->vms[i].listen, b->vms[i].listen) &&
                  a->vms[i].allows_webrtc == b->vms[i].allows_webrtc;
    }
    return is_same;
}
