/* What the devices have been through, as JSON. */
#include "lab/stats.h"

#include "base/file.h"
#include "lab/state.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    size_t offset;
} counters[] = {
    {"connections",       offsetof(struct device_stats, connections)      },
    {"requests",          offsetof(struct device_stats, requests)         },
    {"datagrams",         offsetof(struct device_stats, datagrams)        },
    {"credentials_right", offsetof(struct device_stats, credentials_right)},
    {"credentials_wrong", offsetof(struct device_stats, credentials_wrong)},
    {"refused_locked",    offsetof(struct device_stats, locked)           },
    {"lockouts",          offsetof(struct device_stats, lockouts)         },
    {"logouts",           offsetof(struct device_stats, logouts)          },
    {"sadp_inquiries",    offsetof(struct device_stats, sadp_inquiries)   },
    {"sadp_others",       offsetof(struct device_stats, sadp_others)      },
    {"dhip_exact",        offsetof(struct device_stats, dhip_exact)       },
    {"dhip_others",       offsetof(struct device_stats, dhip_others)      },
};

static uint64_t
counter(const struct device_stats *stats, size_t i)
{
    uint64_t value = 0;
    memcpy(&value, (const char *)stats + counters[i].offset, sizeof value);
    return value;
}

static uint64_t
logins(const struct device_stats *stats)
{
    return stats->credentials_wrong + (uint64_t)__builtin_popcount(stats->right_ways);
}

static bool
set_number(json_t *object, const char *name, uint64_t value)
{
    return json_object_set_new(object, name, json_integer((json_int_t)value)) == 0;
}

/* The passwords that open one list, the one in force first. */
static json_t *
passwords(const struct device *device, enum device_way way, const char *user)
{
    const char *texts[DEVICE_PASSWORDS];
    size_t count = device_passwords(device, way, user, texts);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, json_string(texts[i]));
    return list;
}

static json_t *
accounts(const struct device *device)
{
    json_t *list = json_array();
    for (size_t i = 0; i < device->account_count; i++) {
        const struct device_account *account = &device->accounts[i];
        json_t *row = json_pack("{s:s, s:o, s:o, s:b}", "user", account->user, "web",
            passwords(device, DEVICE_WAY_HTTP, account->user), "onvif",
            passwords(device, DEVICE_WAY_ONVIF, account->user), "hashed",
            (int)account->lists[DEVICE_LIST_WEB].is_hashed);
        (void)json_array_append_new(list, row);
    }
    return list;
}

/* Those that requests have changed. */
static json_t *
documents(const struct device *device)
{
    json_t *object = json_object();
    for (size_t i = 0; i < device->document_count; i++) {
        const struct state_document *document = &device->documents[i];
        (void)json_object_set_new(object, document->name, json_string(document->text.data));
    }
    return object;
}

static json_t *
describe(const struct device *device)
{
    char ip[IP_TEXT];
    char mac[MAC_TEXT];
    json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "name", device->row->name, "transcript",
        device->row->transcript, "ip", ip_text(&device->ip, ip), "mac",
        mac_text(&device->mac, mac));
    const char *version = device->firmware[0] != '\0' ? device->firmware : device->record->firmware;
    bool fine =
        object != NULL && json_object_set_new(object, "accounts", accounts(device)) == 0 &&
        json_object_set_new(object, "documents", documents(device)) == 0 &&
        set_number(object, "changes", device->changes) &&
        json_object_set_new(object, "firmware", json_string(version == NULL ? "" : version)) == 0 &&
        set_number(object, "uploads", device->uploads);
    for (size_t i = 0; fine && i < COUNT(counters); i++)
        fine = set_number(object, counters[i].name, counter(&device->stats, i));
    if (fine && set_number(object, "logins", logins(&device->stats)))
        return object;
    json_decref(object);
    return NULL;
}

static json_t *
sum(const struct device *devices, size_t count)
{
    uint64_t all_logins = 0;
    json_t *totals = json_object();
    bool fine = totals != NULL && set_number(totals, "devices", count);
    for (size_t i = 0; fine && i < COUNT(counters); i++) {
        uint64_t value = 0;
        for (size_t j = 0; j < count; j++)
            value += counter(&devices[j].stats, i);
        fine = set_number(totals, counters[i].name, value);
    }
    for (size_t j = 0; j < count; j++)
        all_logins += logins(&devices[j].stats);
    if (fine && set_number(totals, "logins", all_logins))
        return totals;
    json_decref(totals);
    return NULL;
}

json_t *
stats_all(const struct device *devices, size_t count)
{
    json_t *list = json_array();
    json_t *root = json_pack("{s:o, s:o}", "devices", list, "totals", sum(devices, count));
    bool fine = root != NULL;
    for (size_t i = 0; fine && i < count; i++)
        fine = json_array_append_new(list, describe(&devices[i])) == 0;
    if (fine)
        return root;
    json_decref(root);
    return NULL;
}

enum err
stats_write(const char *path, const struct device *devices, size_t count, struct note *note)
{
    json_t *root = stats_all(devices, count);
    char *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    if (text == NULL)
        return ERR_MEMORY;
    enum err err = file_write(path, text, strlen(text), 0644, note);
    free(text);
    return err;
}
