/* What the command line and the site file order of gatehouse assess, taken together. */
#pragma once

#include "assess/assess.h"
#include "cli/assess_ledger.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "report/report.h"

/* A configuration file as it was named, and the file at whose folder its path starts. */
struct order_file {
    const char *argument, *beside;
};

struct order {
    struct scope scope;
    struct site *site;
    struct vault *keyring; /* passwords that Gatehouse set */
    struct store *store;
    struct fingerprint_db *fingerprints;
    struct mac_db *macs;
    struct audit *audit;
    struct order_file files[AUDIT_FILES];
    size_t file_count;
    struct assess_settings settings;
    struct given given;
    uint16_t ports[DISCOVER_MORE_PORTS];
    const char *searches[SITE_SEARCHES];
    struct progress progress;
    struct note store_note;
    const struct report_format *format;
    const char *output, *store_path, *site_path, *ledger_path;
    struct assess_ledger ledger;
    int fail_on; /* enum priority; -1: never */
    bool has_fail_on, has_pace, full, quiet;
    bool is_offline; /* without a scope nothing is sent, and none is asked for */
};

extern const struct cli_manual order_manual;

/* Values of the design; release it at the end. */
void order_init(struct order *order);
void order_release(struct order *order);
/* Takes the command line; CLI_END when it is fine, else the exit status. */
int order_read(struct order *order, struct cli_line *line);
/* One option, by its row of order_manual; for commands that have these among their own. */
int order_take(struct order *order, const struct cli_line *line, int row, const char *value);
/* All from the site file to the store, so that assess_run() can begin; as above. */
int order_prepare(struct order *order, struct cli_line *line);
/* Reads the site file, where one is named, and merges the two; as above. */
int order_load_site(struct order *order);
/* Refuses options of a search where nothing is searched; after order_load_site(), as above. */
int order_check(const struct order *order, const struct cli_line *line);
/* Ports at which configuration files say that a VMS answers are asked too; after audit_judge(). */
void order_add_hints(struct order *order);
/* Opens the keyring again and reads the configuration files again, after they were changed. */
enum err order_refresh(struct order *order, struct note *note) MUST_CHECK;
/* Adds a fingerprint file or a folder of them. */
enum err order_add_fingerprints(
    struct order *order, const char *path, struct note *note) MUST_CHECK;
