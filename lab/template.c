/* Bodies with @words@ that stand for what is the device's own. */
#include "lab/template.h"

#include "lab/hostile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORD_LIMIT 24

static void
add_ip(struct buf *out, const struct template_scope *scope)
{
    char text[IP_TEXT];
    const struct device *device = scope->device;
    const char *claim = hostile_claimed_ip(device->behave);
    buf_text(out, claim != NULL ? claim : ip_text(&device->ip, text));
}

static void
add_mac_with(struct buf *out, const struct template_scope *scope, const char *separator)
{
    for (size_t i = 0; i < 6; i++)
        buf_format(out, "%s%02x", i == 0 ? "" : separator, scope->device->mac.bytes[i]);
}

static void
add_mac(struct buf *out, const struct template_scope *scope)
{
    add_mac_with(out, scope, ":");
}

static void
add_mac_hyphens(struct buf *out, const struct template_scope *scope)
{
    add_mac_with(out, scope, "-");
}

static void
add_mac_plain(struct buf *out, const struct template_scope *scope)
{
    for (size_t i = 0; i < 6; i++)
        buf_format(out, "%02X", scope->device->mac.bytes[i]);
}

static void
add_serial(struct buf *out, const struct template_scope *scope)
{
    buf_text(out, hostile_other_identity(scope->device) ? "Z0000000" : scope->device->serial);
}

static void
add_model(struct buf *out, const struct template_scope *scope)
{
    const char *model = scope->device->record->model;
    if (hostile_other_identity(scope->device))
        model = "Totally-Other-9000";
    buf_text(out, model == NULL ? "" : model);
}

static void
add_vendor(struct buf *out, const struct template_scope *scope)
{
    const char *vendor = scope->device->record->vendor;
    if (hostile_other_identity(scope->device))
        vendor = "Somebody Else";
    buf_text(out, vendor == NULL ? "" : vendor);
}

static void
add_firmware(struct buf *out, const struct template_scope *scope)
{
    const struct device *device = scope->device;
    const char *firmware =
        device->firmware[0] != '\0' ? device->firmware : device->record->firmware;
    buf_text(out, firmware == NULL ? "" : firmware);
}

static void
add_hardware(struct buf *out, const struct template_scope *scope)
{
    const char *hardware = scope->device->record->hardware;
    buf_text(out, hardware == NULL ? "" : hardware);
}

static void
add_uuid(struct buf *out, const struct template_scope *scope)
{
    buf_text(out, scope->device->uuid);
}

static void
add_name(struct buf *out, const struct template_scope *scope)
{
    buf_text(out, scope->device->row->name);
}

static void
add_request_id(struct buf *out, const struct template_scope *scope)
{
    buf_text(out, scope->request_id == NULL ? "" : scope->request_id);
}

static struct tm
clock_of(const struct template_scope *scope)
{
    struct tm parts = {0};
    time_t now = (time_t)device_time(scope->device);
    if (gmtime_r(&now, &parts) == NULL)
        parts = (struct tm){0};
    return parts;
}

static void
add_year(struct buf *out, const struct template_scope *scope)
{
    buf_format(out, "%d", clock_of(scope).tm_year + 1900);
}

static void
add_month(struct buf *out, const struct template_scope *scope)
{
    buf_format(out, "%02d", clock_of(scope).tm_mon + 1);
}

static void
add_day(struct buf *out, const struct template_scope *scope)
{
    buf_format(out, "%02d", clock_of(scope).tm_mday);
}

static void
add_hour(struct buf *out, const struct template_scope *scope)
{
    buf_format(out, "%02d", clock_of(scope).tm_hour);
}

static void
add_minute(struct buf *out, const struct template_scope *scope)
{
    buf_format(out, "%02d", clock_of(scope).tm_min);
}

static void
add_second(struct buf *out, const struct template_scope *scope)
{
    buf_format(out, "%02d", clock_of(scope).tm_sec);
}

static void
add_tries_left(struct buf *out, const struct template_scope *scope)
{
    buf_format(out, "%u", device_tries_left(scope->device));
}

static void
add_locked_for(struct buf *out, const struct template_scope *scope)
{
    buf_format(out, "%lld", (long long)device_locked_for(scope->device));
}

static void
add_lock_status(struct buf *out, const struct template_scope *scope)
{
    buf_text(out, device_is_locked(scope->device) ? "lock" : "unlock");
}

static void
add_onvif_port(struct buf *out, const struct template_scope *scope)
{
    const struct site_onvif *onvif = scope->device->record->onvif;
    if (onvif != NULL && onvif->port != 0 && onvif->port != 80)
        buf_format(out, ":%u", onvif->port);
}

static void
add_onvif_text(struct buf *out, const struct template_scope *scope, const char *text)
{
    if (text != NULL)
        template_add(out, scope, text, strlen(text));
}

static void
add_stream(struct buf *out, const struct template_scope *scope)
{
    const struct site_onvif *onvif = scope->device->record->onvif;
    add_onvif_text(out, scope, onvif == NULL ? NULL : onvif->stream);
}

static void
add_snapshot(struct buf *out, const struct template_scope *scope)
{
    const struct site_onvif *onvif = scope->device->record->onvif;
    add_onvif_text(out, scope, onvif == NULL ? NULL : onvif->snapshot);
}

static void
add_scopes(struct buf *out, const struct template_scope *scope)
{
    const struct site_onvif *onvif = scope->device->record->onvif;
    add_onvif_text(out, scope, onvif == NULL ? NULL : onvif->scopes);
}

/* Each scope is an element of its own in GetScopes. */
static void
add_scope_items(struct buf *out, const struct template_scope *scope)
{
    struct buf all;
    buf_init(&all, 4096);
    add_scopes(&all, scope);
    for (const char *item = all.data + strspn(all.data, " \n"); *item != '\0';) {
        size_t len = strcspn(item, " \n");
        buf_format(out,
            "<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>%.*s</tt:ScopeItem>"
            "</tds:Scopes>",
            (int)len, item);
        item += len;
        item += strspn(item, " \n");
    }
    buf_release(&all);
}

static void
add_types(struct buf *out, const struct template_scope *scope)
{
    const struct site_onvif *onvif = scope->device->record->onvif;
    bool none = onvif == NULL || onvif->types == NULL;
    buf_text(out, none ? "dn:NetworkVideoTransmitter tds:Device" : onvif->types);
}

static const struct {
    const char *word;
    void (*add)(struct buf *out, const struct template_scope *scope);
} words[] = {
    {"ip",          add_ip         },
    {"mac",         add_mac        },
    {"mac-hyphens", add_mac_hyphens},
    {"mac-plain",   add_mac_plain  },
    {"serial",      add_serial     },
    {"vendor",      add_vendor     },
    {"model",       add_model      },
    {"firmware",    add_firmware   },
    {"hardware",    add_hardware   },
    {"uuid",        add_uuid       },
    {"name",        add_name       },
    {"request-id",  add_request_id },
    {"year",        add_year       },
    {"month",       add_month      },
    {"day",         add_day        },
    {"hour",        add_hour       },
    {"minute",      add_minute     },
    {"second",      add_second     },
    {"tries-left",  add_tries_left },
    {"locked-for",  add_locked_for },
    {"lock-status", add_lock_status},
    {"onvif-port",  add_onvif_port },
    {"stream",      add_stream     },
    {"snapshot",    add_snapshot   },
    {"scopes",      add_scopes     },
    {"scope-items", add_scope_items},
    {"types",       add_types      },
};

/* The length of "@word@" at the start of the text when it is a known word, else 0. */
static size_t
add_word(struct buf *out, const struct template_scope *scope, const char *text, size_t len)
{
    const char *end = len < 3 ? NULL : memchr(text + 1, '@', len - 1);
    size_t size = end == NULL ? 0 : (size_t)(end - text) - 1;
    if (size == 0 || size > WORD_LIMIT)
        return 0;
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strlen(words[i].word) != size || memcmp(words[i].word, text + 1, size) != 0)
            continue;
        words[i].add(out, scope);
        return size + 2;
    }
    return 0;
}

void
template_add(struct buf *out, const struct template_scope *scope, const char *text, size_t len)
{
    for (size_t pos = 0; pos < len;) {
        const char *at = memchr(text + pos, '@', len - pos);
        size_t plain = at == NULL ? len - pos : (size_t)(at - text) - pos;
        buf_add(out, text + pos, plain);
        pos += plain;
        if (at == NULL)
            return;
        size_t used = add_word(out, scope, at, len - pos);
        if (used == 0) {
            buf_byte(out, '@');
            used = 1;
        }
        pos += used;
    }
}
