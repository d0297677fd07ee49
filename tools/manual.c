/* Prints the parts of the manual that come from tables: manual
 * facts|checks|events|switches|settings.
 */
#include "manual_siem.h"

#include "assess/site.h"
#include "audit/audit.h"
#include "base/text.h"
#include "check/check.h"
#include "device/device.h"
#include "gate/settings.h"
#include "ledger/event.h"
#include "remedy/harden.h"
#include "remedy/harden_api.h"
#include "siem/config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* Text for mdoc: a line must not begin with a request, and a backslash is one. */
static void
print_text(const char *text)
{
    if (text[0] == '.' || text[0] == '\'') {
        (void)fputs("\\&", stdout);
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\') {
            (void)fputs("\\e", stdout);
        } else if (c[0] == '.' && c[1] == ' ') {
            (void)fputs(".\n", stdout); /* a new sentence begins a new line */
            c++;
        } else {
            (void)putchar(*c);
        }
    }
    (void)putchar('\n');
}

/* A phrase of a table as a sentence. */
static void
print_sentence(const char *phrase)
{
    char text[512];
    (void)snprintf(text, sizeof(text), "%s%s", phrase, text_ends(phrase, ".") ? "" : ".");
    print_text(text);
}

static void
print_head(const char *name, const char *description)
{
    (void)printf(".\\\" Made from the program's tables; not written by hand.\n"
                 ".Dd $Mdocdate$\n"
                 ".Dt %s 7\n"
                 ".Os Gatehouse\n"
                 ".Sh NAME\n"
                 ".Nm ",
        name);
    for (const char *c = name; *c != '\0'; c++) {
        (void)putchar(*c >= 'A' && *c <= 'Z' ? *c + 'a' - 'A' : *c);
    }
    (void)printf("\n.Nd %s\n.Sh DESCRIPTION\n", description);
}

static const char *
type_words(enum fact_type type)
{
    switch (type) {
    case FACT_TYPE_TEXT:
        return "text";
    case FACT_TYPE_BOOL:
        return "yes or no";
    case FACT_TYPE_INT:
        return "number";
    }
    return "";
}

static void
print_facts(void)
{
    print_head("GATEHOUSE-FACTS", "what Gatehouse knows about a device or a site");
    (void)puts("A fact is one named thing known about a device or about the site.\n"
               "Drivers write facts, checks judge them, reports print them.\n"
               "Each has its evidence, its time, a confidence, and its witness:\n"
               ".Bl -tag -width declared\n"
               ".It wire\nseen in an answer or a packet;\n"
               ".It config\nthe device says so of itself;\n"
               ".It declared\na person said so.\n"
               ".El\n"
               ".Pp\n"
               "Where two witnesses disagree, the finding is shown as contradicted.\n"
               ".Sh FACTS\n"
               ".Bl -tag -width Ds");
    for (unsigned id = 0; id < FACT_COUNT; id++) {
        (void)printf(".It Li %s Pq %s\n", fact_name((enum fact_id)id),
            type_words(fact_type((enum fact_id)id)));
        print_sentence(fact_meaning((enum fact_id)id));
    }
    (void)puts(".El\n.Sh SEE ALSO\n.Xr gatehouse 1 ,\n.Xr gatehouse-checks 7");
}

/* "Camera, recorder": the kinds of one question. */
static void
print_kinds(unsigned kinds)
{
    const char *separator = "About: ";
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        if ((kinds & (1U << kind)) != 0) {
            (void)printf("%s%s", separator, kind_plural((enum kind)kind));
            separator = ", ";
        }
    }
    if ((kinds & KINDS_SITE) != 0) {
        (void)printf("%sthe site", separator);
    }
    (void)puts(".");
}

static void
print_rule(const struct control *control, const struct rule *rule)
{
    const struct advice *advice = control_advice(control, rule->id);
    (void)printf(".It Li %s/%s Pq %s\n", control->id, rule->id, verdict_name(rule->verdict));
    print_text(rule->sentence);
    if (advice == NULL || rule->verdict != FAIL) {
        return;
    }
    if (advice->why != NULL) {
        (void)puts(".Pp");
        print_text(advice->why);
    }
    if (advice->close != NULL) {
        (void)puts(".Pp\n.Em To close it :");
        print_text(advice->close);
    }
    if (advice->caps) {
        (void)puts(".Pp\nWhile it is open the grade is never better than D.");
    }
}

static void
print_control(const struct control *control)
{
    (void)printf(".Ss %s Pq Li %s\n", control->title, control->id);
    print_sentence(control->demand);
    (void)printf("Priority: %s.\n", priority_name(control->priority));
    for (size_t i = 0; i < control->check->aspect_count; i++) {
        const struct aspect *aspect = &control->check->aspects[i];
        (void)puts(".Pp");
        print_kinds(aspect->kinds);
        (void)puts("The first rule that matches decides:\n.Bl -tag -width Ds");
        for (size_t j = 0; j < aspect->rule_count; j++) {
            print_rule(control, &aspect->rules[j]);
        }
        (void)puts(".El");
    }
}

static void
print_checks(void)
{
    print_head("GATEHOUSE-CHECKS", "the nine controls and their rules");
    (void)puts("Every device and the site itself are judged by nine controls.\n"
               "The id of a finding is the id of its control, a slash and the id of the rule;\n"
               "a waiver in\n.Xr gatehouse.yaml 5\nnames it.\n"
               "In a sentence, {} stands for the fact that decided and {name} for another fact of\n"
               ".Xr gatehouse-facts 7 .\n"
               ".Ss Verdicts\n"
               ".Bl -tag -width NOT_APPLICABLE");
    static const char *const meanings[] = {
#define VERDICT(id, name, meaning) [id] = meaning,
#include "check/verdicts.def"
#undef VERDICT
    };
    for (unsigned verdict = 0; verdict < COUNT(meanings); verdict++) {
        (void)printf(".It %s\n", verdict_name((enum verdict)verdict));
        print_text(meanings[verdict]);
    }
    (void)puts(".El\n.Sh CONTROLS");
    for (size_t i = 0; i < control_count; i++) {
        print_control(&controls[i]);
    }
    (void)puts(".Sh SEE ALSO\n.Xr gatehouse 1 ,\n.Xr gatehouse.yaml 5 ,\n.Xr gatehouse-facts 7");
}

static const char *
when_words(unsigned when)
{
    switch (when) {
    case EVENT_MAYBE:
        return "may be there";
    case EVENT_ALWAYS:
        return "always there";
    case EVENT_STAMPED:
        return "always there, by the ledger";
    case EVENT_STAMPED_MAYBE:
        return "may be there, by the ledger";
    default:
        return "always there when its action demands it";
    }
}

static void
print_members(void)
{
    (void)puts(".Sh MEMBERS\n.Bl -tag -width Ds");
    for (size_t i = 0; i < event_member_count; i++) {
        const struct event_member *member = &event_members[i];
        (void)printf(".It Li %s Pq %s ; %s\n", member->path, event_type_words(member->type),
            when_words(member->when));
        print_sentence(member->words);
    }
    (void)puts(".El");
}

static void
print_action(const struct event_action_row *row)
{
    static const char *const voices[] = {
        [EVENT_ANYONE] = "Anyone may say it.",
        [EVENT_RESERVED] = "Anyone may say it, also when the disk is full.",
        [EVENT_KEEPER] = "Only the ledger says it.",
    };
    const char *separator = "Demands";
    (void)printf(".It Li %s\n", row->text);
    print_sentence(row->words);
    for (size_t i = 0; i < event_member_count; i++) {
        if ((event_members[i].when & row->needs) != 0) {
            (void)printf("%s\n.Li %s", separator, event_members[i].path);
            separator = " ,";
        }
    }
    (void)puts(separator[0] == ' ' ? " ." : "Demands nothing more.");
    (void)puts(voices[row->voice]);
}

static void
print_events(void)
{
    print_head("GATEHOUSE-EVENTS", "what the ledger records");
    (void)printf(
        "An event says who did what to which camera, and how it ended.\n"
        "It is one JSON object in the canonical form of RFC 8785: members sorted by their UTF-16\n"
        "code units, no blanks, the shortest escapes, UTF-8.\n"
        "So an event is one line, whatever is in it, and the same event is the same bytes.\n"
        "Numbers are integers within \\(+-9007199254740991; at most %d objects and lists stand "
        "one\n"
        "in another; no text has a NUL; no other members are allowed than these.\n"
        ".Pp\nA stored event has at most %d bytes, one that is handed in at most %d.\n"
        "What is larger, lacks a member or says a member wrongly is refused and told so, never "
        "cut\n"
        "or completed by a guess.\n",
        EVENT_DEPTH, EVENT_LIMIT, EVENT_LIMIT - EVENT_STAMP);
    print_members();
    (void)puts(
        ".Ss Text from outside\n"
        "Names, reasons and addresses of requests keep their bytes.\n"
        "Valid UTF-8 stands as it is, also where it would deceive the eye (zero width, right to\n"
        "left, a byte order mark); whatever shows an event to a person has to take care of that.\n"
        "Bytes that are not UTF-8 or have a NUL, and a text that itself begins with\n"
        ".Li base64: ,\nare written as\n.Li base64:\nand their base64 (RFC 4648, padded).\n"
        "So a text that begins with\n.Li base64:\nis always encoded, and no other is.\n"
        ".Ss Begin and end\n"
        "What takes time has two events with the same\n.Li detail.view\nor\n.Li detail.run :\n"
        "one with\n.Li detail.phase\nbegin, which is durable before the first byte leaves, and "
        "one\n"
        "with end, which has\n.Li detail.duration_ms\nand\n.Li bytes .\n"
        "A begin without an end means that nobody knows how long it was.\n"
        ".Sh ACTIONS\n.Bl -tag -width Ds");
    for (unsigned action = 0; action < EVENT_ACTIONS; action++) {
        print_action(event_action((enum event_action)action));
    }
    (void)puts(".El\n.Sh SEE ALSO\n.Xr gatehouse 1");
}

static bool
has_switch(const struct device_driver *driver, const char *rule)
{
    for (size_t i = 0; i < driver->switch_count; i++) {
        if (text_equal(driver->switches[i].rule, rule)) {
            return true;
        }
    }
    return false;
}

/* Which drivers have a switch for it, or lack one. */
static void
print_drivers(const char *title, const char *rule, bool wanted)
{
    const char *separator = title;
    for (size_t i = 0; i < device_driver_count; i++) {
        if (has_switch(device_drivers[i], rule) == wanted) {
            (void)printf("%s%s", separator, device_drivers[i]->name);
            separator = ", ";
        }
    }
    (void)puts(separator == title ? "" : ".");
}

static void
print_switches(void)
{
    static const struct {
        const char *rule, *title;
    } switches[] = {
        {"vendor-cloud/cloud-on",                 "Cloud and P2P off"                            },
        {"vendor-cloud/ddns-on",                  "Dynamic DNS off"                              },
        {"vendor-cloud/platform-on",              "Registration with a platform off (on request)"},
        {"upnp/device-upnp-on",                   "UPnP off"                                     },
        {"default-credentials/telnet-on",         "Telnet off"                                   },
        {"default-credentials/ssh-on",            "SSH off"                                      },
        {"default-credentials/ftp-on",            "FTP off"                                      },
        {"default-credentials/snmp-on",           "SNMP version 1 and 2c off"                    },
        {"default-credentials/anonymous-viewing", "Video and pictures without a log-in off"      },
        {"default-credentials/onvif-open",        "ONVIF without a log-in off"                   },
        {"default-credentials/bonjour-on",        "Bonjour off (on request)"                     },
        {"default-credentials/tls-off",           "HTTPS on (on request)"                        },
        {"default-credentials/basic-auth",        "Digest only (told as a step by hand)"         },
        {"vms-exposure/lockout-off",              "Lock-out on"                                  },
        {"access-log/no-time-server",             "Time server of the site"                      },
    };
    print_head("GATEHOUSE-SWITCHES", "what gatehouse fix can switch, by the driver of a device");
    print_text(
        "A switch is only written from a public source. Where a driver has none, or a device's "
        "settings do not tell of it, the plan has the maker's way by hand where that is known, "
        "else what the router or firewall is to block, named as such.");
    (void)puts(".Bl -tag -width Ds");
    for (size_t i = 0; i < COUNT(switches); i++) {
        (void)printf(".It %s Pq Li %s\n", switches[i].title, switches[i].rule);
        print_drivers("Switch: ", switches[i].rule, true);
        (void)puts(".br");
        print_drivers("By hand or at the firewall: ", switches[i].rule, false);
    }
    (void)puts(".El\n.Sh SEE ALSO\n.Xr gatehouse-fix 1 ,\n.Xr gatehouse-checks 7");
}

/* A key of a file of settings; expected: NULL where it has no value of its own. */
static void
print_key(const char *path, const char *meaning, const char *expected)
{
    (void)printf(".It Li %s\n", path);
    print_sentence(meaning);
    if (expected != NULL) {
        (void)fputs("Expected: ", stdout);
        print_sentence(expected);
    }
}

static void
print_settings(void)
{
    (void)puts(".Bl -tag -width Ds");
    for (size_t i = 0; i < site_setting_count; i++) {
        const struct site_setting *setting = &site_settings[i];
        print_key(setting->path, setting->meaning, setting->is_value ? setting->expected : NULL);
    }
    (void)puts(".El");
}

static void
print_gateway(void)
{
    (void)puts(".Bl -tag -width Ds");
    for (size_t i = 0; i < settings_key_count; i++) {
        const struct settings_key *key = &settings_keys[i];
        print_key(key->path, key->meaning, key->has_value ? key->expected : NULL);
    }
    (void)puts(".El");
}

static void
print_siem(void)
{
    (void)puts(".Bl -tag -width Ds");
    for (size_t i = 0; i < siem_config_key_count; i++) {
        const struct siem_config_key *key = &siem_config_keys[i];
        print_key(key->path, key->meaning, key->has_value ? key->expected : NULL);
    }
    (void)puts(".El");
}

static void
print_configs(void)
{
    (void)puts(".Bl -tag -width homeassistant");
    for (size_t i = 0; i < audit_row_count; i++) {
        (void)printf(".It Cm %s\n%s:\n", audit_rows[i].name, audit_rows[i].title);
        print_sentence(audit_rows[i].reads);
    }
    (void)puts(".El");
}

/* "auth/enabled: false -> true" of the files, then the APIs' settings. */
static void
print_harden(void)
{
    (void)puts(".Bl -tag -width Ds");
    for (size_t i = 0; i < harden_row_count; i++) {
        const struct harden_row *row = &harden_rows[i];
        (void)printf(".It Li %s Pq \\&file of \\&%s\n%c%s.\n", row->place, row->format,
            toupper((unsigned char)row->words[0]), row->words + 1);
        if (row->notices != NULL) {
            print_sentence(row->notices);
        }
    }
    for (size_t i = 0; i < harden_setting_count; i++) {
        const struct harden_setting *setting = &harden_setting_rows[i];
        (void)printf(".It Li %s Pq API of \\&%s\nIt becomes %s.\n", setting->name,
            setting->api->title,
            setting->value == NULL ? "a random one, sealed in the vault first" : setting->value);
        print_sentence(setting->notices);
    }
    (void)puts(".El");
}

/* The page on standard input; a line such as ".\" SETTINGS" becomes the list of that name. */
static void
fill_page(void)
{
    char line[1024];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (text_equal(line, ".\\\" SETTINGS\n")) {
            print_settings();
        } else if (text_equal(line, ".\\\" CONFIGS\n")) {
            print_configs();
        } else if (text_equal(line, ".\\\" GATEWAY\n")) {
            print_gateway();
        } else if (text_equal(line, ".\\\" PLACES\n")) {
            manual_siem_places();
        } else if (text_equal(line, ".\\\" LEVELS\n")) {
            manual_siem_levels();
        } else if (text_equal(line, ".\\\" SENSES\n")) {
            manual_siem_senses();
        } else if (text_equal(line, ".\\\" SIEM\n")) {
            print_siem();
        } else if (text_equal(line, ".\\\" HARDEN\n")) {
            print_harden();
        } else {
            (void)fputs(line, stdout);
        }
    }
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } pages[] = {
        {"facts",    print_facts   },
        {"checks",   print_checks  },
        {"events",   print_events  },
        {"switches", print_switches},
        {"settings", fill_page     },
    };
    for (size_t i = 0; i < COUNT(pages); i++) {
        if (argc == 2 && text_equal(argv[1], pages[i].name)) {
            pages[i].print();
            return EXIT_SUCCESS;
        }
    }
    (void)fputs("usage: manual facts|checks|events|switches|settings\n", stderr);
    return EXIT_FAILURE;
}
