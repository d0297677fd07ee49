#include "assess/site.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/vault.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct site *
parse(const char *text)
{
    struct site *site = NULL;
    struct note note = {""};
    if (site_parse(text, strlen(text), "shop.yaml", &site, &note) != OK) {
        fail_msg("%s", note.text);
    }
    return site;
}

static void
refuses_bytes(const char *bytes, size_t len, const char *sentence)
{
    struct site *site = NULL;
    struct note note = {""};
    assert_int_not_equal(site_parse(bytes, len, "shop.yaml", &site, &note), OK);
    assert_null(site);
    assert_string_equal(note.text, sentence);
}

static void
test_reads_the_example_file(void **state)
{
    (void)state;
    char path[512];
    struct site *site = NULL;
    struct note note = {""};
    const char *source = getenv("GATEHOUSE_SOURCE");
    (void)snprintf(path, sizeof(path), "%s/doc/example-site.yaml", source == NULL ? "." : source);
    if (site_load(path, &site, &note) != OK) {
        fail_msg("%s", note.text);
    }
    assert_string_equal(site->name, "Corner shop");
    assert_string_equal(site->authorised_by, "Maria Example, owner");
    assert_int_equal(site->authorised_at / CLOCK_DAY, 20779);
    assert_int_equal(site->scope.allowed_count, 2);
    assert_int_equal(site->scope.excluded_count, 1);
    assert_int_equal(site->zone_count, 4);
    assert_int_equal(site->device_count, 2);
    assert_string_equal(site->devices[0].name, "Gate");
    assert_int_equal(site->devices[0].kind, KIND_CAMERA);
    assert_false(mac_is_zero(&site->devices[1].mac));
    assert_int_equal(site->maintenance_count, 2);
    assert_string_equal(site->maintenance[0].every, "quarter");
    assert_string_equal(site->maintenance[1].what, "vms");
    assert_int_equal(site->pace, 500);
    assert_int_equal(site->pace_per_host, 20);
    assert_int_equal(site->logins_per_day, 1);
    assert_true(site->remote_known && site->remote_used);
    assert_string_equal(site->vpn, "wireguard");
    assert_string_equal(site->log_target, "syslog.example:6514");
    assert_false(site->no_router);
    assert_int_equal(site->waiver_count, 1);
    assert_string_equal(site->waivers[0].finding, "vendor-cloud/cloud-on");
    assert_string_equal(site->waivers[0].device, "10.20.0.7");
    assert_string_equal(site->fail_on, "high");
    assert_null(site->store);

    struct ip ip;
    assert_int_equal(ip_parse("10.20.0.9", &ip), OK);
    assert_false(site_may_login(site, &ip));
    assert_string_equal(site_zone(site, &ip), "cameras");
    assert_null(site_device(site, &ip, NULL));
    assert_int_equal(ip_parse("10.20.0.7", &ip), OK);
    assert_true(site_may_login(site, &ip));
    assert_string_equal(site_device(site, &ip, NULL)->name, "Gate");
    site_free(site);
}

static void
test_fills_in_what_is_left_out(void **state)
{
    (void)state;
    struct site *site = parse("scope: [10.0.0.7]\nexclude:\n");
    assert_string_equal(site->name, "shop.yaml");
    assert_int_equal(site->pace, SITE_PACE);
    assert_int_equal(site->pace_per_host, SITE_PER_HOST);
    assert_int_equal(site->logins_per_day, 1);
    assert_false(site->remote_known);
    assert_null(site->fail_on);
    site_free(site);
}

static void
test_names_file_line_key_and_what_was_expected(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *text, *sentence;
    } rows[] = {
        {"name: a\nscop: [10.0.0.1]\n", "shop.yaml:2: scop: no such key; did you mean scope?"},
        {"firewall: x\n", "shop.yaml:1: firewall: no such key; gatehouse.yaml(5) lists them"},
        {"pace:\n  perhost: 3\n", "shop.yaml:2: pace.perhost: no such key; did you mean per_host?"},
        {"waivers:\n  - finding: vendor-cloud/cloud-on\n    expires: soon\n",
         "shop.yaml:3: waivers[0].expires: \"soon\" is not a date; expected YYYY-MM-DD"},
        {"waivers:\n  - finding: vendor-cloud/cloud-on\n    expires: 2027-02-30\n",
         "shop.yaml:3: waivers[0].expires: \"2027-02-30\" is not a date; expected YYYY-MM-DD"},
        {"waivers:\n  - finding: vendor-cloud/cloud-on\n    owner: a\n    expires: 2027-01-01\n",
         "shop.yaml:2: waivers[0]: reason is missing; a waiver has finding, owner, reason and "
             "expires"},
        {"waivers:\n  - finding: cloud/on\n",
         "shop.yaml:2: waivers[0].finding: there is no control \"cloud\"; gatehouse-checks(7) "
             "lists them"},
        {"waivers:\n  - finding: vendor-cloud/of\n",
         "shop.yaml:2: waivers[0].finding: control vendor-cloud has no rule \"of\"; "
             "gatehouse-checks(7) lists them"},
        {"waivers:\n  - finding: all\n",
         "shop.yaml:2: waivers[0].finding: \"all\" is not a finding; expected control/rule as "
             "in a report, such as vendor-cloud/cloud-on"},
        {"scope: 10.0.0.0/24\n",
         "shop.yaml:1: scope: is a text; expected a list (\"- \" before each item)"},
        {"scope:\n  - a: b\n",
         "shop.yaml:2: scope[0]: is keys with values; expected a network, 10.0.3.0/24 or 10.0.3.7"},
        {"name:\n", "shop.yaml:1: name: is nothing; expected a name, 1 to 80 characters"},
        {"maintenance:\n  - what: firmware\n",
         "shop.yaml:2: maintenance[0]: expected either date (one day) or every (month, quarter, "
             "half-year or year)"},
        {"maintenance:\n  - every: fortnight\n",
         "shop.yaml:2: maintenance[0].every: \"fortnight\" is not a period; expected month, quarter, "
             "half-year or year"},
        {"maintenance:\n  - what: all\n",
         "shop.yaml:2: maintenance[0].what: \"all\" is not a word; expected firmware or vms"},
        {"pace: fast\n", "shop.yaml:1: pace: is a text; expected keys with values"},
        {"pace:\n  per_host: 0\n",
         "shop.yaml:2: pace.per_host: \"0\" is not a number; expected 1 to 1000"},
        {"logins: {per_day: 3}\n",
         "shop.yaml:1: logins.per_day: \"3\" is not a number; expected 0 to 2"},
        {"scope:\n- 10.0.0.1\n- 8.8.0.0/16\n",
         "shop.yaml:3: scope[1]: 8.8.0.0/16 is a public network: list public addresses one by one"},
        {"scope: [cameras.example]\n",
         "shop.yaml:1: scope[0]: \"cameras.example\" is not an address or a network: write "
             "10.0.0.7, 10.0.0.0/24 or fe80::1%eth0"},
        {"zones: {cameras: [x]}\n",
         "shop.yaml:1: zones.cameras[0]: \"x\" is not a network; expected 10.0.3.0/24"},
        {"devices:\n- name: Gate\n",
         "shop.yaml:2: devices[0]: address or mac is missing; one of them says which device it is"},
        {"devices:\n- address: 10.0.0.7\n  password: hunter2\n",
         "shop.yaml:3: devices[0].password: a password has no place in a site file, which "
             "gets copied and mailed; give it to gatehouse secret set NAME and write secret: NAME"},
        {"devices:\n- {address: 10.0.0.7, user: admin, secret: gate, password_file: gate}\n",
         "shop.yaml:2: devices[0]: secret and password_file are both given; a log-in takes one"},
        {"devices:\n- {address: 10.0.0.7, user: admin, secret: \"Hunter2!\"}\n",
         "shop.yaml:2: devices[0].secret: is not a name of gatehouse secret list, such as "
             "front-door; a password itself has no place in a site file"},
        {"logins: {user: admin}\n",
         "shop.yaml:1: logins: user or secret is missing; a log-in takes both"},
        {"devices:\n- {address: 10.0.0.7, user: admin}\n",
         "shop.yaml:2: devices[0]: user, or secret or password_file, is missing; a log-in takes "
         "an account and a password"},
        {"devices:\n- {address: 10.0.0.7, password_file: gate}\n",
         "shop.yaml:2: devices[0]: user, or secret or password_file, is missing; a log-in takes "
         "an account and a password"},
        {"devices: [{mac: zz}]\n",
         "shop.yaml:1: devices[0].mac: \"zz\" is not a MAC address; expected 44:19:b6:01:02:03"},
        {"remote_access: {used: maybe}\n",
         "shop.yaml:1: remote_access.used: \"maybe\" is not an answer; expected yes or no"},
        {"remote_access: {vpn: pptp}\n",
         "shop.yaml:1: remote_access.vpn: \"pptp\" is not a VPN; expected wireguard, openvpn, "
             "tailscale or none"},
        {"fail_on: low\n",
         "shop.yaml:1: fail_on: \"low\" is not a priority; expected critical, high, medium or "
             "never"},
        {"authorised: {by: me}\n", "shop.yaml:1: authorised: date or by is missing; expected both"},
        {"name: a\nname: b\n", "shop.yaml:2: name: given twice, first in line 1"},
        {"pace:\n\tper_host: 3\n", "shop.yaml:2: indented with a tab; expected spaces"},
        {"a: &x [1]\nb: *x\n", "shop.yaml:1: anchors (&x) are not allowed; write the value again"},
        {"name: *x\n", "shop.yaml:1: aliases (*x) are not allowed; write the value again"},
        {"name: !!python/object x\n",
         "shop.yaml:1: tags (tag:yaml.org,2002:python/objec) are not allowed"},
        {"name: a\n---\nname: b\n", "shop.yaml:2: a second document; expected one"},
        {"name: [a\n", "shop.yaml:2: not well-formed YAML: did not find expected ',' or ']'"},
        {"devices[].name: a\n", "shop.yaml:1: devices[].name: a key holds no '.', '[' or ']'"},
        {"- a\n",
         "shop.yaml:1: no settings; expected keys such as \"scope:\", see gatehouse.yaml(5)"},
        {"", "shop.yaml:1: no settings; expected keys such as \"scope:\", see gatehouse.yaml(5)"},
        {"name: \xff\n", "shop.yaml:1: invalid leading UTF-8 octet; expected UTF-8 text"},
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(rows); i++) {
        refuses_bytes(rows[i].text, strlen(rows[i].text), rows[i].sentence);
    }
}

static void
test_refuses_nul_bytes(void **state)
{
    (void)state;
    refuses_bytes(
        "name: a\nstore: b\0c\n", 19, "shop.yaml:2: a NUL character; expected UTF-8 text");
    const char *escaped = "name: \"a\\0b\"\n";
    refuses_bytes(escaped, strlen(escaped), "shop.yaml:1: a value holds a NUL character");
}

static char *
repeat(const char *head, const char *part, size_t times)
{
    size_t head_len = strlen(head);
    size_t len = strlen(part);
    char *text = malloc(head_len + len * times + 1);
    assert_non_null(text);
    memcpy(text, head, head_len + 1);
    for (size_t i = 0; i < times; i++) {
        memcpy(text + head_len + i * len, part, len + 1);
    }
    return text;
}

static void
test_bounds_depth_items_keys_and_size(void **state)
{
    (void)state;
    static const struct {
        const char *head, *part;
        size_t times;
        const char *sentence;
    } rows[] = {
        {"scope: ",  "[",            100000, "shop.yaml:1: nested deeper than 8 levels"},
        {"scope:\n", "- 10.0.0.1\n", 20000,  "shop.yaml:10000: more than 10000 values" },
        {"name: ",   "aaaaaaaaaa",   300000, "shop.yaml:1: larger than 1048576 bytes"  },
        {"name: ",   "aaaaaaaaaa",   50000,  NULL                                      },
        {"scope:\n", "- 10.0.0.1\n", 300,    NULL                                      },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = repeat(rows[i].head, rows[i].part, rows[i].times);
        struct site *site = NULL;
        struct note note = {""};
        assert_int_not_equal(site_parse(text, strlen(text), "shop.yaml", &site, &note), OK);
        if (rows[i].sentence != NULL) {
            assert_string_equal(note.text, rows[i].sentence);
        } else {
            assert_true(text_starts(note.text, "shop.yaml:"));
        }
        free(text);
    }
}

static void
test_cleans_text_that_could_deceive(void **state)
{
    (void)state;
    struct site *site = parse("name: \"a\\eb\\u202ec\"\n");
    assert_string_equal(site->name, "a?b?c");
    site_free(site);
}

static int64_t
fixed_wall(void)
{
    return INT64_C(1795435200000); /* 2026-11-23T12:00:00Z */
}

static void
test_lets_a_waiver_hold_to_the_end_of_its_day(void **state)
{
    (void)state;
    static const struct clock_source source = {fixed_wall, fixed_wall};
    clock_replace(&source);
    struct site *site =
        parse("waivers:\n"
              "- {finding: vendor-cloud/cloud-on, owner: a, reason: b, expires: 2026-11-23}\n"
              "- {finding: vendor-cloud/cloud-on, owner: a, reason: b, expires: 2026-11-22}\n");
    clock_replace(NULL);
    assert_false(site->waivers[0].expired);
    assert_true(site->waivers[1].expired);
    assert_null(site->waivers[0].device);
    site_free(site);
}

static void
test_says_why_a_file_cannot_be_read(void **state)
{
    (void)state;
    struct site *site = NULL;
    struct note note = {""};
    assert_int_equal(site_load("/nowhere/shop.yaml", &site, &note), ERR_MISSING);
    assert_string_equal(note.text, "/nowhere/shop.yaml: No such file or directory");
}

/* A folder with shop.yaml, whose second line names the password file "gate". */
struct folder {
    char path[64], site[96], file[96];
};

static void
folder_make(struct folder *folder)
{
    (void)text_copy(folder->path, sizeof(folder->path), "/tmp/gatehouse-site.XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    (void)snprintf(folder->site, sizeof(folder->site), "%s/shop.yaml", folder->path);
    (void)snprintf(folder->file, sizeof(folder->file), "%s/gate", folder->path);
}

static void
folder_remove(const struct folder *folder)
{
    (void)unlink(folder->file);
    (void)rmdir(folder->file);
    (void)unlink(folder->site);
    (void)rmdir(folder->path);
}

static void
write_file(const char *path, const char *bytes, size_t len, mode_t mode)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static struct site *
load_with_device(const struct folder *folder, const char *device)
{
    char text[256];
    struct site *site = NULL;
    struct note note = {""};
    (void)snprintf(
        text, sizeof(text), "devices:\n- {user: admin, password_file: gate, %s}\n", device);
    write_file(folder->site, text, strlen(text), 0644);
    if (site_load(folder->site, &site, &note) != OK) {
        fail_msg("%s", note.text);
    }
    return site;
}

static void
test_reads_a_password_from_its_own_file_beside_the_site_file(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *password;
    } rows[] = {
        {"Tundra+61",                "Tundra+61" },
        {"Tundra+61\nsecond line\n", "Tundra+61" },
        {"Tundra 61 \r\n",           "Tundra 61 "},
    };
    struct folder folder;
    folder_make(&folder);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct note note = {""};
        struct site *site = load_with_device(&folder, "address: 10.0.0.7");
        assert_null(site->devices[0].password);
        write_file(folder.file, rows[i].bytes, strlen(rows[i].bytes), 0600);
        assert_int_equal(site_secret_read(site, &note), OK);
        assert_string_equal(site->devices[0].user, "admin");
        assert_string_equal(secret_text(site->devices[0].password), rows[i].password);
        site_free(site);
    }
    folder_remove(&folder);
}

static void
refuses_password_file(const struct folder *folder, const char *why)
{
    char sentence[256];
    struct note note = {""};
    struct site *site = load_with_device(folder, "address: 10.0.0.7");
    assert_int_equal(site_secret_read(site, &note), ERR_VALUE);
    (void)snprintf(
        sentence, sizeof(sentence), "%s:2: devices[0].password_file: gate: %s", folder->site, why);
    assert_string_equal(note.text, sentence);
    assert_null(site->devices[0].password);
    site_free(site);
}

static void
test_refuses_a_password_file_that_others_may_use(void **state)
{
    (void)state;
    static const mode_t modes[] = {0640, 0620, 0604, 0602, 0644};
    struct folder folder;
    folder_make(&folder);
    for (size_t i = 0; i < COUNT(modes); i++) {
        char why[128];
        (void)snprintf(why, sizeof(why),
            "mode is %04o, so others than its owner may use it; chmod 600 it", (unsigned)modes[i]);
        write_file(folder.file, "Tundra+61\n", 10, modes[i]);
        refuses_password_file(&folder, why);
    }
    folder_remove(&folder);
}

static void
test_refuses_a_password_file_that_holds_no_password(void **state)
{
    (void)state;
    char longest[400];
    struct folder folder;
    folder_make(&folder);
    refuses_password_file(&folder, "No such file or directory");
    write_file(folder.file, "\nTundra+61\n", 11, 0600);
    refuses_password_file(&folder, "its first line is empty");
    write_file(folder.file, "a\0b\n", 4, 0600);
    refuses_password_file(&folder, "its first line holds a NUL character");
    memset(longest, 'x', sizeof(longest));
    write_file(folder.file, longest, sizeof(longest), 0600);
    refuses_password_file(&folder, "its first line is longer than 256 bytes");
    assert_int_equal(unlink(folder.file), 0);
    assert_int_equal(mkdir(folder.file, 0700), 0);
    refuses_password_file(&folder, "not an ordinary file");
    assert_int_equal(rmdir(folder.file), 0);
    assert_int_equal(mkfifo(folder.file, 0600), 0);
    refuses_password_file(&folder, "not an ordinary file");
    folder_remove(&folder);
}

static void
test_keeps_a_password_from_a_device_with_another_mac(void **state)
{
    (void)state;
    static const struct {
        const char *device, *ip, *mac;
        bool found, is_stranger;
    } rows[] = {
        {"address: 10.0.0.7",                         "10.0.0.7", "44:19:b6:01:02:03", true,  false},
        {"address: 10.0.0.7",                         "10.0.0.8", "44:19:b6:01:02:03", false, false},
        {"mac: 44:19:b6:01:02:03",                    "10.0.0.8", "44:19:b6:01:02:03", true,  false},
        {"mac: 44:19:b6:01:02:03",                    "10.0.0.8", "44:19:b6:01:02:04", false, false},
        {"address: 10.0.0.7, mac: 44:19:b6:01:02:03", "10.0.0.7", "44:19:b6:01:02:04", false, true },
        {"address: 10.0.0.7, mac: 44:19:b6:01:02:03", "10.0.0.7", "00:00:00:00:00:00", true,  false},
    };
    struct folder folder;
    folder_make(&folder);
    write_file(folder.file, "Tundra+61\n", 10, 0600);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct note note = {""};
        struct ip ip;
        bool is_stranger = false;
        struct site *site = load_with_device(&folder, rows[i].device);
        struct subject *subject = subject_new(1);
        assert_int_equal(site_secret_read(site, &note), OK);
        assert_int_equal(ip_parse(rows[i].ip, &ip), OK);
        assert_int_equal(mac_parse(rows[i].mac, &subject->mac), OK);
        assert_true(subject_add_address(subject, &ip));
        const struct site_device *found = site_secret_device(site, subject, &is_stranger);
        assert_int_equal(found != NULL, rows[i].found);
        assert_int_equal(is_stranger, rows[i].is_stranger);
        subject_free(subject);
        site_free(site);
    }
    folder_remove(&folder);
}

/* The site file, and sealed passwords with their key beside it. */
static struct site *
load_with_sealed(struct folder *folder, const char *text)
{
    char sealed[128];
    char key[128];
    struct site *site = NULL;
    struct vault *vault = NULL;
    struct note note = {""};
    struct secret *secret = secret_new_text("Tundra+61");
    (void)snprintf(sealed, sizeof(sealed), "%s/sealed", folder->path);
    (void)snprintf(key, sizeof(key), "%s/key", folder->path);
    const struct vault_place place = {sealed, key};
    assert_int_equal(vault_open(&place, true, &vault, &note), OK);
    assert_int_equal(vault_set(vault, "gate", secret, &note), OK);
    assert_int_equal(vault_save(vault, &note), OK);
    vault_close(vault);
    secret_free(secret);
    write_file(folder->site, text, strlen(text), 0644);
    if (site_load(folder->site, &site, &note) != OK) {
        fail_msg("%s", note.text);
    }
    return site;
}

static void
remove_sealed(const struct folder *folder)
{
    static const char *const names[] = {"sealed", "sealed.lock", "key"};
    char path[128];
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder->path, names[i]);
        assert_int_equal(unlink(path), 0);
    }
    folder_remove(folder);
}

static void
test_opens_sealed_passwords_that_rows_name(void **state)
{
    (void)state;
    struct folder folder;
    struct note note = {""};
    folder_make(&folder);
    struct site *site =
        load_with_sealed(&folder, "secrets: {file: sealed, key: key}\n"
                                  "devices:\n- {address: 10.0.0.7, user: admin, secret: gate}\n");
    assert_int_equal(site_secret_read(site, &note), OK);
    assert_string_equal(secret_text(site->devices[0].password), "Tundra+61");
    site_free(site);
    site = load_with_sealed(&folder, "secrets: {file: sealed, key: key}\n"
                                     "devices:\n- {address: 10.0.0.7, user: admin, secret: gat}\n");
    assert_int_equal(site_secret_read(site, &note), ERR_MISSING);
    assert_non_null(strstr(note.text, ":3: devices[0].secret: no password is called \"gat\"; did "
                                      "you mean gate?"));
    site_free(site);
    remove_sealed(&folder);
}

static void
test_offers_the_password_of_all_others_to_video_devices_only(void **state)
{
    (void)state;
    static const struct {
        enum kind kind;
        const char *ip, *mac;
        bool is_others;
    } rows[] = {
        {KIND_CAMERA,   "10.0.0.8", "44:19:b6:01:02:04", true },
        {KIND_RECORDER, "10.0.0.9", "44:19:b6:01:02:05", true },
        {KIND_VMS,      "10.0.0.8", "44:19:b6:01:02:04", false},
        {KIND_UNKNOWN,  "10.0.0.8", "44:19:b6:01:02:04", false},
        {KIND_CAMERA,   "10.0.0.7", "44:19:b6:01:02:09", false},
    };
    struct folder folder;
    struct note note = {""};
    folder_make(&folder);
    struct site *site = load_with_sealed(&folder,
        "secrets: {file: sealed, key: key}\n"
        "logins: {user: view, secret: gate}\n"
        "devices:\n- {address: 10.0.0.7, mac: \"44:19:b6:01:02:03\", user: admin, secret: gate}\n");
    assert_int_equal(site_secret_read(site, &note), OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ip ip;
        bool is_stranger = false;
        struct subject *subject = subject_new(1);
        subject->kind = rows[i].kind;
        assert_int_equal(ip_parse(rows[i].ip, &ip), OK);
        assert_int_equal(mac_parse(rows[i].mac, &subject->mac), OK);
        assert_true(subject_add_address(subject, &ip));
        const struct site_device *found = site_secret_device(site, subject, &is_stranger);
        assert_true(found == (rows[i].is_others ? &site->others : NULL));
        subject_free(subject);
    }
    site_free(site);
    remove_sealed(&folder);
}

int
main(void)
{
    assert_int_equal(secret_start(), OK);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_the_example_file),
        cmocka_unit_test(test_fills_in_what_is_left_out),
        cmocka_unit_test(test_names_file_line_key_and_what_was_expected),
        cmocka_unit_test(test_refuses_nul_bytes),
        cmocka_unit_test(test_bounds_depth_items_keys_and_size),
        cmocka_unit_test(test_cleans_text_that_could_deceive),
        cmocka_unit_test(test_lets_a_waiver_hold_to_the_end_of_its_day),
        cmocka_unit_test(test_says_why_a_file_cannot_be_read),
        cmocka_unit_test(test_reads_a_password_from_its_own_file_beside_the_site_file),
        cmocka_unit_test(test_refuses_a_password_file_that_others_may_use),
        cmocka_unit_test(test_refuses_a_password_file_that_holds_no_password),
        cmocka_unit_test(test_keeps_a_password_from_a_device_with_another_mac),
        cmocka_unit_test(test_opens_sealed_passwords_that_rows_name),
        cmocka_unit_test(test_offers_the_password_of_all_others_to_video_devices_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
