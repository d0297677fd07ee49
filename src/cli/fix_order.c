/* What gatehouse fix was ordered to do: kept beside a plan, and taken up again. */
#include "base/file.h"
#include "base/text.h"
#include "cli/fix.h"
#include "report/value.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME       "order.json"
#define BYTES_MOST ((size_t)256 * 1024)

enum err
fix_init(struct fix *fix, struct note *note)
{
    CLEANUP(buf_release) struct buf folder;
    *fix = (struct fix){.yes = false};
    order_init(&fix->order);
    fix->choice.controls = fix->controls;
    fix->choice.devices = fix->devices;
    fix->choice.kinds = fix->kinds;
    buf_init(&folder, FIX_PATH - 16);
    enum err err = file_xdg("STATE", &folder);
    buf_text(&folder, "/fix");
    err = err == OK ? buf_error(&folder) : err;
    if (err != OK) {
        note_set(note, "neither HOME nor XDG_STATE_HOME says where plans are kept");
        return err;
    }
    return text_copy(fix->folder, sizeof(fix->folder), folder.data) ? OK : ERR_LIMIT;
}

void
fix_release(struct fix *fix)
{
    order_release(&fix->order);
    json_decref(fix->saved);
}

enum err
fix_duration(const char *text, unsigned *ret_s)
{
    char digits[16];
    size_t len = strlen(text);
    uint64_t number = 0;
    unsigned unit = 60;
    if (len == 0 || len >= sizeof(digits)) {
        return ERR_VALUE;
    }
    (void)text_copy(digits, sizeof(digits), text);
    const char last = text[len - 1];
    if (last == 's' || last == 'm' || last == 'h') {
        unit = last == 's' ? 1 : last == 'm' ? 60 : 3600;
        digits[len - 1] = '\0';
    }
    enum err err = text_to_u64(digits, 7 * 86400 / unit, &number);
    if (err == OK) {
        *ret_s = (unsigned)number * unit;
    }
    return err;
}

enum err
fix_find_vault(struct fix *fix, struct note *note)
{
    const struct site *site = fix->order.site;
    enum err err = OK;
    if (site != NULL && site->secrets_file != NULL) {
        err = site_find_file(site, site->secrets_file, fix->secrets, sizeof(fix->secrets));
        fix->vault.file = fix->secrets;
    }
    if (err == OK && site != NULL && site->secrets_key != NULL) {
        err = site_find_file(site, site->secrets_key, fix->key, sizeof(fix->key));
        fix->vault.key = fix->key;
    }
    if (err != OK) {
        note_set(note, "%.120s: the path of the sealed passwords is too long", site->file);
    }
    return err;
}

static void
put_path(json_t *json, const char *name, const char *path)
{
    char whole[PATH_MAX];
    if (!text_is_empty(path)) {
        value_put(json, name, value_text(realpath(path, whole) == NULL ? path : whole));
    }
}

static json_t *
json_nets(const struct net *nets, size_t count)
{
    json_t *list = json_array();
    char text[IP_TEXT];
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, json_string(net_text(&nets[i], text)));
    }
    return list;
}

enum err
fix_save_order(const struct fix *fix, const char *folder, struct note *note)
{
    const struct order *order = &fix->order;
    char path[FIX_PATH];
    json_t *json = json_object();
    size_t own = order->scope.excluded_count; /* those of the site file stand behind them */
    own -= order->site == NULL ? 0 : order->site->scope.excluded_count;
    put_path(json, "site", order->site_path);
    put_path(json, "store", order->store_path);
    put_path(json, "output", order->output);
    put_path(json, "ledger", order->ledger.folder.len == 0 ? "none" : order->ledger.folder.data);
    value_put(json, "allowed", json_nets(order->scope.allowed, order->scope.allowed_count));
    value_put(json, "excluded", json_nets(order->scope.excluded, own));
    value_put(json, "pace", json_integer(order->settings.wire.packets_per_second));
    int len = snprintf(path, sizeof(path), "%s/" NAME, folder);
    char *text = len < 0 || (size_t)len >= sizeof(path) ? NULL : json_dumps(json, JSON_INDENT(1));
    json_decref(json);
    enum err err = text == NULL ? ERR_MEMORY : file_write(path, text, strlen(text), 0600, note);
    free(text);
    return err;
}

static enum err
take_nets(struct scope *scope, const json_t *list,
    enum err (*take)(struct scope *scope, const char *text, struct note *note), struct note *note)
{
    enum err err = OK;
    for (size_t i = 0; i < json_array_size(list) && err == OK; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        err = text == NULL ? ERR_SYNTAX : take(scope, text, note);
    }
    return err;
}

static enum err
load_order(struct fix *fix, struct note *note)
{
    char path[FIX_PATH + 64];
    struct order *order = &fix->order;
    CLEANUP(buf_release) struct buf bytes;
    buf_init(&bytes, BYTES_MOST);
    (void)snprintf(path, sizeof(path), "%s/%s/" NAME, fix->folder, fix->id);
    enum err err = file_read(path, &bytes, note);
    if (err != OK) {
        return err;
    }
    fix->saved = json_loadb(bytes.data, bytes.len, JSON_REJECT_DUPLICATES, NULL);
    json_int_t pace = json_integer_value(json_object_get(fix->saved, "pace"));
    order->site_path = json_string_value(json_object_get(fix->saved, "site"));
    order->store_path = json_string_value(json_object_get(fix->saved, "store"));
    order->output = json_string_value(json_object_get(fix->saved, "output"));
    order->ledger_path = json_string_value(json_object_get(fix->saved, "ledger"));
    if (pace > 0 && pace <= 100000) {
        order->settings.wire.packets_per_second = (unsigned)pace;
        order->has_pace = true;
    }
    err = json_is_object(fix->saved) ? OK : ERR_SYNTAX;
    order->is_offline = json_array_size(json_object_get(fix->saved, "allowed")) == 0;
    err = err == OK
              ? take_nets(&order->scope, json_object_get(fix->saved, "allowed"), scope_allow, note)
              : err;
    err = err == OK ? take_nets(&order->scope, json_object_get(fix->saved, "excluded"),
                          scope_exclude, note)
                    : err;
    if (err != OK && note->text[0] == '\0') {
        note_set(note, "%.200s: not well-formed", path);
    }
    return err;
}

int
fix_reopen(struct fix *fix, struct trail **ret_trail, struct plan **ret_plan)
{
    static char found[TRAIL_ID];
    struct note note = {""};
    enum err err = OK;
    if (fix->id == NULL) {
        err = trail_newest(fix->folder, found, &note);
        fix->id = found;
    } else if (strchr(fix->id, '/') != NULL || strlen(fix->id) >= TRAIL_ID) {
        return cli_usage(
            &fix->line, "%s is no id of a plan; gatehouse fix status lists them", fix->id);
    }
    err = err == OK ? load_order(fix, &note) : err;
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    int status = order_prepare(&fix->order, &fix->line);
    if (status != CLI_END) {
        return status;
    }
    err = fix_find_vault(fix, &note);
    err =
        err == OK ? trail_open(fix->folder, fix->id, &fix->vault, ret_trail, ret_plan, &note) : err;
    bool is_back = err == OK && text_equal(trail_how(*ret_trail), "rolled-back");
    if (err == OK && trail_is_ended(*ret_trail) && (is_back || !fix->goes_back)) {
        return cli_fail(is_back ? "the plan %s is taken back already; gatehouse fix makes a new one"
                                : "the plan %s has ended; gatehouse fix makes a new one, gatehouse "
                                  "fix rollback takes this one back",
            fix->id);
    }
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    return assess_ledger_open(
        &fix->order.ledger, fix->order.ledger_path, &fix->order.settings.ledger);
}
