/* Opens what an order needs: the site file, a scope, the data, the store, configuration files. */
#include "cli/order.h"

#include "base/log.h"
#include "base/text.h"
#include "catalog/fingerprint.h"
#include "catalog/imported.h"
#include "cli/catalog_recog.h"
#include "cli/data.h"

#include <string.h>
#include <unistd.h>

static size_t
list_networks(const struct scope *scope, struct wire_interface *out, size_t max)
{
    struct wire *wire = NULL;
    const struct wire_settings settings = wire_settings_default();
    if (wire_new(scope, &settings, &wire) != OK) {
        return 0;
    }
    size_t count = wire_interfaces(wire, out, max);
    wire_free(wire);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (out[i].net.ip.family == 4 && !ip_is_loopback(&out[i].ip)) {
            out[kept++] = out[i];
        }
    }
    return kept;
}

static bool
says_yes(const char *question)
{
    char line[16] = "";
    (void)fprintf(stderr, "%s [y/N] ", question);
    return fgets(line, sizeof(line), stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}

/* Without a scope: shows the local networks and asks; without a terminal says what to type. */
static int
ask_for_scope(struct order *order, const struct cli_line *line)
{
    struct wire_interface networks[16];
    char net[IP_TEXT];
    char question[128];
    size_t count = list_networks(&order->scope, networks, COUNT(networks));
    bool can_ask = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
    (void)fprintf(stderr,
        "No scope was given: Gatehouse sends nothing to a network that its owner has\n"
        "not authorised. Networks of this machine:\n");
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(stderr, "  %-10s %s\n", networks[i].name, net_text(&networks[i].net, net));
    }
    if (count == 0) {
        (void)fprintf(stderr, "  (none)\n");
    }
    for (size_t i = 0; can_ask && i < count; i++) {
        (void)snprintf(
            question, sizeof(question), "May %s be asked?", net_text(&networks[i].net, net));
        struct note note = {""};
        if (says_yes(question) && scope_allow(&order->scope, net, &note) != OK) {
            (void)fprintf(stderr, "%s\n", note.text);
        }
    }
    if (order->scope.allowed_count != 0) {
        return CLI_END;
    }
    return cli_usage(line, "give a scope, for example: gatehouse assess --scope %s",
        count == 0 ? "192.168.1.0/24" : net_text(&networks[0].net, net));
}

/* Those that `catalog import` kept; a file that can't be read is said and left out. */
static void
add_imported_fingerprints(struct order *order)
{
    struct note note = {""};
    CLEANUP(buf_release) struct buf folder;
    CLEANUP(buf_release) struct buf path;
    buf_init(&folder, 4096);
    buf_init(&path, 4096);
    if (imported_folder(order->store_path, &folder) != OK) {
        return;
    }
    catalog_recog_folder(folder.data, &path);
    if (buf_error(&path) == OK && access(path.data, F_OK) == 0 &&
        fingerprint_db_load_folder(order->fingerprints, path.data, &note) != OK) {
        log_warn("imported fingerprints: %s", note.text);
    }
}

/* Fingerprints, MAC vendors, store: what can be missing is said and does without. */
static int
open_data(struct order *order)
{
    struct note note = {""};
    CLEANUP(buf_release) struct buf path;
    buf_init(&path, 4096);
    enum err err = data_find("catalog/fingerprints", &path, &note);
    if (err == OK) {
        err = order_add_fingerprints(order, path.data, &note);
    }
    if (err != OK) {
        return cli_fail_err(err, &note);
    }
    add_imported_fingerprints(order);
    if (mac_db_new(MAC_FOLDER, &order->macs, &note) != OK || note.text[0] != '\0') {
        log_info("%s", note.text);
    }
    err = store_open(order->store_path, &order->store, &order->store_note);
    if (err != OK) {
        log_warn("%s; no log-in will be tried, nothing is remembered", order->store_note.text);
        order->store = NULL;
    }
    order->settings.store = order->store;
    order->settings.store_why = "the lock-out budget could not be stored, so nothing was tried";
    order->settings.look = (struct look){.fingerprints = order->fingerprints, .macs = order->macs};
    return CLI_END;
}

/* What was imported counts only while its signature matches. */
static void
use_catalog(const char *store)
{
    struct note trouble;
    imported_use(store, &trouble);
    if (trouble.text[0] != '\0') {
        log_warn("%s; judged with the catalogue of %s inside this program", trouble.text,
            catalog_current()->date);
    }
}

int
order_prepare(struct order *order, struct cli_line *line)
{
    int status = order_load_site(order);
    if (status == CLI_END) {
        status = order_check(order, line);
    }
    bool sends = order->scope.allowed_count != 0;
    if (status == CLI_END && !sends && order->audit == NULL && !order->is_offline) {
        status = ask_for_scope(order, line);
        sends = true;
    }
    if (status == CLI_END && sends && scope_host_count(&order->scope) == 0) {
        status = cli_usage(line, "nothing is left of the scope: what is excluded covers it");
    }
    if (status == CLI_END && sends) {
        status = open_data(order);
    }
    if (status == CLI_END) {
        use_catalog(order->store_path);
        order->settings.site = order->site;
    }
    if (order->audit != NULL) {
        audit_judge(order->audit);
        order_add_hints(order);
        order->settings.audit = order->audit;
    }
    return status;
}
