#include "device/device.h"

#include "test.h"

#include "answer.h"

#include "codec/edit.h"
#include "codec/pick.h"

#include <dirent.h>
#include <sys/stat.h>

/* A row met by its driver, rule and pick; an answer of a transcript; what must be sent for it. */
struct switch_case {
    const char *driver, *rule, *pick;
    const char *file;  /* under test/transcript/ */
    const char *value; /* NULL: the row's own */
    const char *path;
    const char *body; /* NULL: none; "{document}": the file with `from` replaced by `to` */
    const char *from, *to;
};

static const struct device_driver *
driver_of(const char *name)
{
    for (size_t i = 0; i < device_driver_count; i++) {
        if (strcmp(device_drivers[i]->name, name) == 0) {
            return device_drivers[i];
        }
    }
    fail_msg("no driver %s", name);
    return NULL;
}

static const struct device_switch *
row_of(const char *driver, const char *rule, const char *pick)
{
    const struct device_driver *found = driver_of(driver);
    for (size_t i = 0; i < found->switch_count; i++) {
        if (strcmp(found->switches[i].rule, rule) == 0 &&
            strcmp(found->switches[i].pick, pick) == 0) {
            return &found->switches[i];
        }
    }
    fail_msg("%s has no row %s %s", driver, rule, pick);
    return NULL;
}

/* The text with the first `from` replaced; the caller frees it. */
static char *
replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    size_t size = strlen(text) - strlen(from) + strlen(to) + 1;
    char *out = malloc(size);
    assert_non_null(out);
    (void)snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

static void
check_case(const struct switch_case *row, struct buf *body)
{
    char name[256];
    struct arena arena;
    struct request there = {.authorization = NULL};
    struct request back = {.authorization = NULL};
    const char *before = NULL;
    const struct device_switch *found = row_of(row->driver, row->rule, row->pick);
    (void)snprintf(name, sizeof(name), "transcript/%s/%s", row->driver, row->file);
    assert_int_equal(transcript_read(name, body), OK);
    struct answer answer = answer_of(200, "", body->data);
    arena_init(&arena, 4 * ANSWER_BODY);
    assert_int_equal(pick_text(&answer, found->pick, &arena, &before), OK);
    assert_int_equal(device_switch_request(found, &answer, row->value, &arena, &there), OK);
    assert_string_equal(there.ask.path, row->path);
    assert_true(there.ask.login);
    if (row->body == NULL) {
        assert_null(there.ask.body);
        arena_release(&arena);
        return;
    }
    if (row->from == NULL) {
        assert_string_equal(there.ask.body, row->body);
        arena_release(&arena);
        return;
    }
    char *expected = replaced(body->data, row->from, row->to);
    assert_string_equal(there.ask.body, expected);
    /* The way back from what the device would give then: the first document, byte for byte. */
    struct answer after = answer_of(200, "", expected);
    assert_int_equal(device_switch_request(found, &after, before, &arena, &back), OK);
    assert_string_equal(back.ask.body, body->data);
    free(expected);
    arena_release(&arena);
}

#define HIK         "/ISAPI/System/Network/"
#define CFG         "/cgi-bin/configManager.cgi?action=setConfig&"
#define AXIS        "/axis-cgi/param.cgi?action=update&"
#define RLK         "/cgi-bin/api.cgi?cmd="
#define SET         "/cgi-bin/admin/setparam.cgi?"
#define LAPI        "/LAPI/V1.0/"
#define STW         "/stw-cgi/"
#define HANWHA(key) "~(?im)(?:^|[.\"\\s])" key "\"?\\s*[=:]\\s*\"?([^\"\\r\\n,}]+)"
#define DC          "default-credentials/"

/* clang-format off */
static const struct switch_case cases[] = {
    {"hikvision", "vendor-cloud/cloud-on", "EZVIZ/enabled", "DS-2CD2142FWD-I-V5.4.5/EZVIZ.xml",
     NULL, HIK "EZVIZ", "", "<enabled>true<", "<enabled>false<"},
    {"hikvision", "upnp/device-upnp-on", "UPnP/enabled", "DS-2CD2032-I-V5.2.5/UPnP.xml",
     NULL, HIK "UPnP", "", "<enabled>true<", "<enabled>false<"},
    {"hikvision", "vendor-cloud/ddns-on", "DDNS/enabled", "DS-7608NI-E2-V3.4.104/ddns.xml",
     NULL, HIK "ddns", "", "<enabled>true<", "<enabled>false<"},
    {"hikvision", DC "telnet-on", "Telnetd/enabled", "DS-2CD2142FWD-I-V5.4.5/telnetd.xml",
     "true", HIK "telnetd", "", "<enabled>false<", "<enabled>true<"},
    {"hikvision", DC "ssh-on", "SSH/enabled", "DS-2CD2142FWD-I-V5.4.5/ssh.xml",
     NULL, HIK "ssh", "", "<enabled>true<", "<enabled>false<"},
    {"hikvision", DC "snmp-on", "SNMPv2c/enabled", "DS-2CD2142FWD-I-V5.4.5/SNMP.xml",
     NULL, HIK "SNMP", "", "<enabled>true<", "<enabled>false<"},
    {"hikvision", "vms-exposure/lockout-off", "IllegalLoginLock/enabled",
     "DS-2CD2142FWD-I-V5.4.5/illegalLoginLock.xml", NULL, "/ISAPI/Security/illegalLoginLock", "",
     "<enabled>false<", "<enabled>true<"},
    {"hikvision", "vendor-cloud/platform-on", "Ehome/enabled",
     "DS-2CD2043G0-I-V5.5.82/Ehome.xml", NULL, HIK "Ehome", "", "<enabled>true<",
     "<enabled>false<"},
    {"hikvision", DC "basic-auth", "WebCertificate/CertificateType",
     "DS-2CD2142FWD-I-V5.4.5/webCertificate.xml", NULL, "/ISAPI/Security/webCertificate",
     "", "digest/basic<", "digest<"},
    {"hikvision", DC "tls-off",
     "~(?si)<enabled>\\s*(\\w+)\\s*</enabled>\\s*<protocol>\\s*HTTPS\\s*<",
     "DS-2CD2142FWD-I-V5.4.5/adminAccesses.xml", NULL, "/ISAPI/Security/adminAccesses", "",
     "<enabled>false</enabled>\n<protocol>HTTPS", "<enabled>true</enabled>\n<protocol>HTTPS"},
    {"axis", "access-log/no-time-server", "data.client.staticServers[0]",
     "P3265-LV-12.1.60/ntp.json", "ntp.shop.example", "/axis-cgi/ntp.cgi",
     "{\"apiVersion\":\"1.0\",\"method\":\"setNTPClientConfiguration\",\"params\":{\"staticServers\":[\"ntp.shop.example\"]}}", NULL, NULL},
    {"axis", "access-log/no-time-server", "data.client.serversSource",
     "P3265-LV-12.1.60/ntp.json", NULL, "/axis-cgi/ntp.cgi",
     "{\"apiVersion\":\"1.0\",\"method\":\"setNTPClientConfiguration\",\"params\":{\"serversSource\":\"static\"}}", NULL, NULL},
    {"axis", "access-log/no-time-server", "data.client.enabled",
     "P3265-LV-12.1.60/ntp.json", NULL, "/axis-cgi/ntp.cgi",
     "{\"apiVersion\":\"1.0\",\"method\":\"setNTPClientConfiguration\",\"params\":{\"enabled\":true}}", NULL, NULL},
    {"hikvision", "access-log/no-time-server", "NTPServer/hostName",
     "DS-2CD2142FWD-I-V5.4.5/ntpServers.xml", "10.20.0.1", "/ISAPI/System/time/ntpServers", "",
     "time.windows.com", "10.20.0.1"},
    {"hikvision", "access-log/no-time-server", "Time/timeMode",
     "DS-2CD2142FWD-I-V5.4.5/time.xml", NULL, "/ISAPI/System/time", "", "manual", "NTP"},
    {"dahua", "vendor-cloud/cloud-on", "table.T2UServer.Enable",
     "IPC-HFW4431E-S-2.800/T2UServer.txt", NULL, CFG "T2UServer.Enable=false", NULL, NULL, NULL},
    {"dahua", "vendor-cloud/cloud-on", "params.table.Enable",
     "IPC-A46-2.810-rpc2/config-T2UServer.json", NULL, CFG "name=T2UServer",
     "{\"Enable\": false, \"Online\": true}", NULL, NULL},
    {"dahua", "upnp/device-upnp-on", "table.UPnP.Enable", "IPC-HFW4431E-S-2.800/UPnP.txt",
     NULL, CFG "UPnP.Enable=false", NULL, NULL, NULL},
    {"dahua", "vendor-cloud/ddns-on", "table.DDNS[0].Enable", "IPC-HFW4431E-S-2.800/DDNS.txt",
     NULL, CFG "DDNS[0].Enable=false", NULL, NULL, NULL},
    {"dahua", "vms-exposure/lockout-off", "table.General.LockLoginEnable",
     "IPC-HFW4431E-S-2.800/General.txt", NULL, CFG "General.LockLoginEnable=true", NULL, NULL,
     NULL},
    {"dahua", "access-log/no-time-server", "params.table.Address",
     "IPC-A46-2.810-rpc2/config-NTP.json", "ntp.shop.example", CFG "name=NTP",
     "{\"Address\": \"ntp.shop.example\", \"Enable\": true}", NULL, NULL},
    {"dahua", "access-log/no-time-server", "table.NTP.Address", "IPC-HFW2100-2.400/NTP.txt",
     "a b&c", CFG "NTP.Address=a%20b%26c", NULL, NULL, NULL},
    {"axis", "vendor-cloud/cloud-on", "root.RemoteService.Enabled",
     "P3245-LV-11.11.73/param-RemoteService.txt", NULL, AXIS "RemoteService.Enabled=no", NULL,
     NULL, NULL},
    {"axis", "upnp/device-upnp-on", "root.Network.UPnP.NATTraversal.Enabled",
     "P3245-LV-11.11.73/param-UPnP.txt", NULL, AXIS "Network.UPnP.NATTraversal.Enabled=no", NULL,
     NULL, NULL},
    {"reolink", "vendor-cloud/cloud-on", "[0].value.P2p.enable", "RLC-410W-3.0.0.136/GetP2p.json",
     NULL, RLK "SetP2p", "[{\"cmd\":\"SetP2p\",\"action\":0,\"param\":"
     "{\"P2p\":{\"enable\":0,\"uid\":\"95270000QWE1RTYU\"}}}]", NULL, NULL},
    {"reolink", "vms-exposure/lockout-off", "[0].value.SysCfg.loginLock",
     "RLC-810A-3.1.0.4417/GetSysCfg.json", NULL, RLK "SetSysCfg",
     "[{\"cmd\":\"SetSysCfg\",\"action\":0,\"param\":"
     "{\"SysCfg\":{\"LockTime\":300,\"allowedTimes\":5,\"loginLock\":1}}}]", NULL, NULL},
    {"reolink", "access-log/no-time-server", "[0].value.Ntp.server",
     "RLC-810A-3.1.0.4417/GetNtp.json", "10.20.0.1", RLK "SetNtp",
     "[{\"cmd\":\"SetNtp\",\"action\":0,\"param\":{\"Ntp\":{\"enable\":1,\"interval\":1440,"
     "\"port\":123,\"server\":\"10.20.0.1\"}}}]", NULL, NULL},
    {"uniview", "vendor-cloud/ddns-on", "Response.Data.Enable",
     "IPC6322SR-X22P-B6103.16.10/DDNS.json", NULL, LAPI "NetWork/DDNS",
     "{\"Enable\":0,\"DDNSType\":2,\"DomainName\":\"gate\",\"ServerAddr\":\"www.star4live.com\"}",
     NULL, NULL},
    {"uniview", DC "telnet-on", "Response.Data.Enable",
     "IPC6322SR-X22P-B6103.16.10/Telnet.json", NULL, LAPI "Channel/0/NetWork/Telnet",
     "{\"Enable\":0}", NULL, NULL},
    {"uniview", "vendor-cloud/cloud-on", "Response.Data.Enabled",
     "NVR302-16S2-B3801.20.17/Cloud.json", NULL, LAPI "Network/Cloud",
     "{\"Enabled\":0,\"RegisterCode\":\"X5KD29\",\"Domain\":\"en.ezcloud.uniview.com\","
     "\"Status\":1}", NULL, NULL},
    {"uniview", DC "basic-auth", "Response.Data.Mode",
     "IPC6322SR-X22P-B6103.16.10/HttpAuth.json", NULL, LAPI "NetWork/HttpAuth", "{\"Mode\":2}",
     NULL, NULL},
    {"hanwha", "vendor-cloud/cloud-on", HANWHA("Enable"), "PRN-4011-2.10/p2p.txt", NULL,
     STW "network.cgi?msubmenu=p2p&action=set&Enable=False", NULL, NULL, NULL},
    {"hanwha", DC "bonjour-on", HANWHA("Enable"), "PNM-C7083RVD-2.21.01/bonjour.txt", NULL,
     STW "network.cgi?msubmenu=bonjour&action=set&Enable=false", NULL, NULL, NULL},
    {"hanwha", "vendor-cloud/ddns-on", HANWHA("Type"), "SND-6084R-1.10_150430/dynamicdns.txt",
     NULL, STW "network.cgi?msubmenu=dynamicdns&action=set&Type=Off", NULL, NULL, NULL},
    {"hanwha", DC "snmp-on", HANWHA("Version1"), "SND-6084R-1.10_150430/snmp.txt", NULL,
     STW "network.cgi?msubmenu=snmp&action=set&Version1=False", NULL, NULL, NULL},
    {"hanwha", DC "anonymous-viewing", HANWHA("RTSPAuthentication"),
     "SND-6084R-1.10_150430/rtsp.txt", NULL,
     STW "security.cgi?msubmenu=rtsp&action=set&RTSPAuthentication=Protected", NULL, NULL, NULL},
    {"hanwha", "access-log/no-time-server", "NTPURLList[0]", "PNM-C7083RVD-2.21.01/date.txt",
     "10.20.0.1", STW "system.cgi?msubmenu=date&action=set&NTPURLList=10.20.0.1", NULL, NULL,
     NULL},
    {"vivotek", "upnp/device-upnp-on", "upnpportforwarding_enable",
     "FD8136-VVTK-0100a/network.txt", NULL, SET "upnpportforwarding_enable=0", NULL, NULL, NULL},
    {"vivotek", DC "ftp-on", "network_ftp_enable", "FD8136-VVTK-0100a/services.txt", NULL,
     SET "network_ftp_enable=0", NULL, NULL, NULL},
    {"vivotek", DC "anonymous-viewing", "network_rtsp_authmode", "FD8136-VVTK-0100a/modes.txt",
     NULL, SET "network_rtsp_authmode=digest", NULL, NULL, NULL},
    {"foscam", "vendor-cloud/cloud-on", "CGI_Result/enable", "FI9900P-2.81.2.29/getP2PEnable.xml",
     NULL, "/cgi-bin/CGIProxy.fcgi?cmd=setP2PEnable&enable=0", NULL, NULL, NULL},
    {"foscam", "upnp/device-upnp-on", "~\\bvar\\s+upnp_enable\\s*=\\s*['\"]?(\\d)",
     "FI8910W-11.37.2.54/params.txt", NULL, "/set_upnp.cgi?enable=0", NULL, NULL, NULL},
    {"xiongmai", "vendor-cloud/cloud-on", "[\"NetWork.Nat\"].NatEnable",
     "50H20L-V4.02.R12/NetWork.Nat.json", NULL, "/1040/NetWork.Nat",
     "{\"Name\":\"NetWork.Nat\",\"NetWork.Nat\":{\"Addr\": \"\", \"DnsServer1\": \"\", "
     "\"DnsServer2\": \"\", \"NatEnable\": false, \"Port\": 0}}", NULL, NULL},
    {"xiongmai", "vendor-cloud/ddns-on", "[\"NetWork.NetDDNS\"][1].Enable",
     "50H20L-V4.02.R12/NetWork.NetDDNS.json", NULL, "/1040/NetWork.NetDDNS",
     "{\"Name\":\"NetWork.NetDDNS\",\"NetWork.NetDDNS\":[{\"DDNSKey\": \"DynDNS\", \"Enable\": "
     "false, \"HostName\": \"\"}, {\"DDNSKey\": \"NO-IP\", \"Enable\": false, \"HostName\": "
     "\"gate.example\"}]}", NULL, NULL},
};
/* clang-format on */

static void
test_makes_the_very_request_of_each_row_and_the_way_back(void **state)
{
    (void)state;
    struct buf body;
    buf_init(&body, ANSWER_BODY);
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case(&cases[i], &body);
    }
    buf_release(&body);
}

/* There and back, where the answer holds what the row picks. */
static bool
check_way_back(const struct device_switch *row, const char *body)
{
    struct arena arena;
    struct buf edited;
    const char *before = NULL;
    struct request there = {.authorization = NULL};
    struct request same = {.authorization = NULL};
    struct request back = {.authorization = NULL};
    struct answer answer = answer_of(200, "", body);
    arena_init(&arena, 8 * ANSWER_BODY);
    if (pick_text(&answer, row->pick, &arena, &before) != OK) {
        arena_release(&arena);
        return false;
    }
    const char *value = row->value[0] == '{' ? "10.20.0.1" : NULL;
    bool is_edited = row->write.body != NULL && strstr(row->write.body, "{document") != NULL;
    enum err err = device_switch_request(row, &answer, value, &arena, &there);
    if (is_edited && err != OK) {
        arena_release(&arena);
        return false; /* another document that has a word of this name */
    }
    assert_int_equal(err, OK);
    assert_null(strstr(there.ask.path, "{"));
    assert_int_equal(device_switch_request(row, &answer, before, &arena, &same), OK);
    buf_init(&edited, ANSWER_BODY);
    struct answer after = answer;
    if (is_edited) {
        const char *made = value != NULL ? value : strcmp(before, "1") == 0 ? "0" : row->value;
        if (edit_value(&answer, row->pick, made, &edited) == OK) {
            after = answer_of(200, "", edited.data);
        }
    }
    assert_int_equal(device_switch_request(row, &after, before, &arena, &back), OK);
    assert_string_equal(back.ask.path, same.ask.path);
    assert_true((back.ask.body == NULL) == (same.ask.body == NULL));
    if (back.ask.body != NULL) {
        assert_string_equal(back.ask.body, same.ask.body);
    }
    if (is_edited && strcmp(row->write.body, "{document}") == 0) {
        assert_string_equal(back.ask.body, body);
    }
    buf_release(&edited);
    arena_release(&arena);
    return true;
}

/* Every row of a driver with every answer in one of its transcripts. */
static size_t
check_folder(const struct device_driver *driver, const char *folder)
{
    size_t met = 0;
    char path[2048];
    struct buf body;
    DIR *files = opendir(folder);
    assert_non_null(files);
    buf_init(&body, ANSWER_BODY);
    for (struct dirent *entry = readdir(files); entry != NULL; entry = readdir(files)) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        buf_clear(&body);
        if (entry->d_name[0] == '.' || strstr(entry->d_name, ".jpg") != NULL ||
            file_read(path, &body, NULL) != OK) {
            continue;
        }
        for (size_t i = 0; i < driver->switch_count; i++) {
            met += check_way_back(&driver->switches[i], body.data) ? 1 : 0;
        }
    }
    buf_release(&body);
    (void)closedir(files);
    return met;
}

static void
test_every_row_goes_there_and_back_with_every_transcript(void **state)
{
    (void)state;
    for (size_t i = 0; i < device_driver_count; i++) {
        const struct device_driver *driver = device_drivers[i];
        size_t met = 0;
        char folder[512];
        char path[1024];
        if (driver->switch_count == 0) {
            continue;
        }
        (void)snprintf(folder, sizeof(folder), "%s/test/transcript/%s", getenv("GATEHOUSE_SOURCE"),
            driver->name);
        DIR *models = opendir(folder);
        assert_non_null(models);
        for (struct dirent *entry = readdir(models); entry != NULL; entry = readdir(models)) {
            (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
            struct stat info;
            if (entry->d_name[0] != '.' && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
                met += check_folder(driver, path);
            }
        }
        (void)closedir(models);
        if (met == 0) {
            print_error("no transcript of %s has anything to switch\n", driver->name);
        }
        assert_true(met > 0);
    }
}

/* What can be checked of every row without an answer: a table that lies is found here. */
static void
test_every_row_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < device_driver_count; i++) {
        const struct device_driver *driver = device_drivers[i];
        for (size_t n = 0; n < driver->switch_count; n++) {
            const struct device_switch *row = &driver->switches[n];
            assert_non_null(strchr(row->rule, '/'));
            assert_non_null(row->title);
            assert_non_null(row->value);
            assert_true(row->read->login);
            assert_non_null(row->write.path);
            bool has_value = strstr(row->write.path, "{value}") != NULL ||
                             (row->write.body != NULL && (strstr(row->write.body, "{value}") ||
                                                             strstr(row->write.body, "{document")));
            assert_true(has_value);
            bool is_edited = row->write.body != NULL && strstr(row->write.body, "{document");
            bool is_xml = row->write.type != NULL && strstr(row->write.type, "xml") != NULL;
            assert_false(is_edited && (row->pick[0] == '@' || (row->pick[0] == '~' && !is_xml)));
        }
    }
}

/* The fact that proves a row is read by an ask of the driver, or nothing could prove it. */
static void
test_every_row_is_read_by_an_ask_of_its_driver(void **state)
{
    (void)state;
    for (size_t i = 0; i < device_driver_count; i++) {
        const struct device_driver *driver = device_drivers[i];
        for (size_t n = 0; n < driver->switch_count; n++) {
            const struct ask *read = driver->switches[n].read;
            bool found = false;
            for (size_t k = 0; !found && device_ask(driver, k) != NULL; k++) {
                const struct ask *ask = device_ask(driver, k);
                found = strcmp(ask->path, read->path) == 0 &&
                        (read->body == NULL ||
                            (ask->body != NULL && strcmp(ask->body, read->body) == 0));
            }
            if (!found) {
                print_error("%s does not ask %s\n", driver->name, read->path);
            }
            assert_true(found);
        }
    }
}

static void
test_says_when_there_is_nothing_to_change(void **state)
{
    (void)state;
    struct arena arena;
    struct request request;
    const struct device_switch *cloud =
        row_of("hikvision", "vendor-cloud/cloud-on", "EZVIZ/enabled");
    const struct device_switch *ntp =
        row_of("hikvision", "access-log/no-time-server", "NTPServer/hostName");
    struct answer other =
        answer_of(200, "", "<ResponseStatus><statusCode>4</statusCode></ResponseStatus>");
    struct answer page = answer_of(200, "", "<html><p>Login</html>");
    struct answer server = answer_of(200, "", "<NTPServer><hostName>a</hostName></NTPServer>");
    arena_init(&arena, ANSWER_BODY);
    assert_int_equal(device_switch_request(cloud, &other, NULL, &arena, &request), ERR_MISSING);
    assert_int_equal(device_switch_request(cloud, &page, NULL, &arena, &request), ERR_MISSING);
    /* Which time server is the caller's word. */
    assert_int_equal(device_switch_request(ntp, &server, NULL, &arena, &request), ERR_UNSUPPORTED);
    arena_release(&arena);
}

static const struct {
    const char *driver, *rule, *pick;
    int status;
    const char *body;
    bool took;
} answers[] = {
    {"hikvision", "vendor-cloud/cloud-on",     "EZVIZ/enabled",               200,
     "<ResponseStatus><statusCode>1</statusCode><statusString>OK</statusString></"
        "ResponseStatus>",                                                                                        true },
    {"hikvision", "vendor-cloud/cloud-on",     "EZVIZ/enabled",               200,
     "<ResponseStatus><statusCode>7</statusCode></ResponseStatus>",                                               true },
    {"hikvision", "vendor-cloud/cloud-on",     "EZVIZ/enabled",               200,
     "<ResponseStatus><statusCode>4</statusCode></ResponseStatus>",                                               false},
    {"hikvision", "vendor-cloud/cloud-on",     "EZVIZ/enabled",               403, "",                            false},
    {"dahua",     "upnp/device-upnp-on",       "table.UPnP.Enable",           200, "OK\r\n",                      true },
    {"dahua",     "upnp/device-upnp-on",       "table.UPnP.Enable",           200, "Error\r\nBad Request!\r\n",   false},
    {"dahua",     "upnp/device-upnp-on",       "table.UPnP.Enable",           200, "<html></html>",               false},
    {"dahua",     "upnp/device-upnp-on",       "params.table.Enable",         200,
     "{\"id\":5,\"params\":{\"options\":[]},\"result\":true,\"session\":1}",                                      true },
    {"dahua",     "upnp/device-upnp-on",       "params.table.Enable",         200,
     "{\"error\":{\"code\":268894209},\"id\":5,\"result\":false,\"x\":\"true\"}",                                 false},
    {"axis",      "vendor-cloud/cloud-on",     "root.RemoteService.Enabled",  200, "OK\r\n",                      true },
    {"axis",      "vendor-cloud/cloud-on",     "root.RemoteService.Enabled",  200,
     "# Error: Error setting 'root.RemoteService.Enabled' to 'no'!\nOK\n",                                        false},
    {"reolink",   "vendor-cloud/cloud-on",     "[0].value.P2p.enable",        200,
     "[{\"cmd\":\"SetP2p\",\"code\":0,\"value\":{\"rspCode\":200}}]",                                             true },
    {"reolink",   "vendor-cloud/cloud-on",     "[0].value.P2p.enable",        200,
     "[{\"cmd\":\"SetP2p\",\"code\":1,\"error\":{\"detail\":\"please login\",\"rspCode\":-6}}]",                  false},
    {"reolink",   "vendor-cloud/cloud-on",     "[0].value.P2p.enable",        200, "",                            false},
    {"uniview",   "vendor-cloud/cloud-on",     "Response.Data.Enabled",       200,
     "{\"Response\":{\"ResponseCode\":0,\"StatusCode\":0,\"StatusString\":\"Succeed\"}}",                         true },
    {"uniview",   "vendor-cloud/cloud-on",     "Response.Data.Enabled",       200,
     "{\"Response\":{\"ResponseCode\":1,\"StatusCode\":401,\"Succeed\":1}}",                                      false},
    {"foscam",    "vendor-cloud/cloud-on",     "CGI_Result/enable",           200,
     "<CGI_Result><result>0</result></CGI_Result>",                                                               true },
    {"foscam",    "vendor-cloud/cloud-on",     "CGI_Result/enable",           200,
     "<CGI_Result><result>-3</result></CGI_Result>",                                                              false},
    {"xiongmai",  "vendor-cloud/cloud-on",     "[\"NetWork.Nat\"].NatEnable", 200,
     "{\"Name\":\"NetWork.Nat\",\"Ret\":100,\"SessionID\":\"0x1\"}",                                              true },
    {"xiongmai",  "vendor-cloud/cloud-on",     "[\"NetWork.Nat\"].NatEnable", 200,
     "{\"Name\":\"NetWork.Nat\",\"Ret\":102,\"SessionID\":\"0x1\"}",                                              false},
    {"hanwha",    "vendor-cloud/cloud-on",     HANWHA("Enable"),              200, "OK\r\n",                      true },
    {"hanwha",    "vendor-cloud/cloud-on",     HANWHA("Enable"),              200, "NG\r\nError Code: 608\r\n",   false},
    {"hanwha",    "vendor-cloud/cloud-on",     HANWHA("Enable"),              200, "{\"Response\": \"Success\"}", true },
    {"hanwha",    "vendor-cloud/cloud-on",     HANWHA("Enable"),              200,
     "{\"Response\": \"Fail\", \"Error\": {\"Code\": 600}}",                                                      false},
    {"onvif",     "access-log/no-time-server", "NTPManual/DNSname",           200,
     "<Envelope><Body><SetNTPResponse/></Body></Envelope>",                                                       true },
    {"onvif",     "access-log/no-time-server", "NTPManual/DNSname",           200,
     "<Envelope><Body><Fault><Code><Value>ter:X</Value></Code>SetNTPResponse</Fault></Body>"
        "</Envelope>",                                                                                            false},
};

static void
test_hears_the_no_in_answers_of_status_200(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        const char *why = NULL;
        struct answer answer = answer_of(answers[i].status, "", answers[i].body);
        const struct device_switch *row =
            row_of(answers[i].driver, answers[i].rule, answers[i].pick);
        bool took = device_switch_took(row, &answer, &why);
        if (took != answers[i].took) {
            print_error("%s: %s\n", answers[i].driver, answers[i].body);
        }
        assert_int_equal(took, answers[i].took);
        assert_true(took == (why == NULL));
        (void)device_switch_took(row, &answer, NULL);
    }
    struct answer none = {.err = ERR_TIMEOUT, .body = "", .headers = ""};
    assert_false(device_switch_took(
        row_of("foscam", "vendor-cloud/cloud-on", "CGI_Result/enable"), &none, NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_makes_the_very_request_of_each_row_and_the_way_back),
        cmocka_unit_test(test_every_row_goes_there_and_back_with_every_transcript),
        cmocka_unit_test(test_every_row_is_complete),
        cmocka_unit_test(test_every_row_is_read_by_an_ask_of_its_driver),
        cmocka_unit_test(test_says_when_there_is_nothing_to_change),
        cmocka_unit_test(test_hears_the_no_in_answers_of_status_200),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
