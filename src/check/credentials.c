/* Control 1: no camera, recorder or VMS opens with a default, shared or missing password. */
#include "check/check.h"

#define WITH_VMS (KINDS_VIDEO | KIND_BIT(VMS))

// clang-format off
static const struct rule account[] = {
    {FAIL,    "any-password",     FACT_LOGIN_ANY,        IS_YES,     NULL,
     "A random password opened it: any password does."},
    {FAIL,    "factory-password", FACT_LOGIN_FACTORY,    IS_SET,     NULL,
     "Account {} opens with its factory password."},
    {FAIL,    "not-activated",    FACT_DEVICE_ACTIVATED, IS_NO,      NULL,
     "Nobody has set its first password: whoever reaches it first can, and then owns it."},
    {UNKNOWN, "locked",           FACT_LOGIN_LOCKED,     IS_YES,     NULL,
     "It says that the account is locked, so no further password was tried. Run again when the "
     "lock has ended."},
    {PASS,    "no-factory",       FACT_LOGIN_NO_FACTORY, IS_SET,     NULL,
     "It has no factory password: {}."},
    {UNKNOWN, "others-left",      FACT_LOGIN_PARTLY,     IS_SET,     NULL,
     "It refused the likeliest factory password; {}, to stay far from a lock-out. Its list of "
     "users would tell."},
    {PASS,    "refused",          FACT_LOGIN_REFUSED,    ABOVE,      "0",
     "It refused {} known factory passwords."},
    {PASS,    "own-password", FACT_LOGIN_REPLACED,   IS_SET,     NULL,
     "Account {} opens with the owner's password, which is no factory password, and its maker "
     "published no other account."},
    {UNKNOWN, "others-untried", FACT_LOGIN_OWNER,    IS_SET,     NULL,
     "Account {} opens with the owner's password. Whether another account still has its factory "
     "password was not tried: its list of users would tell."},
    {UNKNOWN, "untried",          FACT_LOGIN_UNTRIED,    IS_SET,     NULL,
     "No factory password was tried: {}."},
    {UNKNOWN, "account-unknown",  FACT_LOGIN_REFUSED,    IS_UNKNOWN, NULL,
     "No log-in was found at which a factory password could be tried. A password in the site "
     "file would let its accounts be read."},
};

static const struct rule video[] = {
    {FAIL,           "rtsp-open",    FACT_LOGIN_RTSP_OPEN,  IS_SET,     NULL,
     "{} plays without a login."},
    {PASS,           "rtsp-asked",   FACT_LOGIN_RTSP_ASKED, IS_YES,     NULL,
     "Its RTSP service asks for a login."},
    {NOT_APPLICABLE, "no-rtsp",      FACT_PORTS_OPEN,       LACKS,      "554",
     "It offers no RTSP: open ports are {}."},
    {UNKNOWN,        "rtsp-not-asked", FACT_CONFIG_ONLY,    IS_YES,     NULL,
     "Whether video needs a login was not asked: only its files were read. A run with --scope "
     "would make it known."},
    {UNKNOWN,        "rtsp-unknown", FACT_LOGIN_RTSP_OPEN,  IS_UNKNOWN, NULL,
     "No RTSP answer showed whether video needs a login. The stream's address in the site file "
     "would make it known."},
};

static const struct rule picture[] = {
    {FAIL,    "snapshot-open",    FACT_LOGIN_SNAPSHOT_OPEN,  IS_SET,     NULL,
     "{} shows a picture without a login."},
    {PASS,    "snapshot-asked",   FACT_LOGIN_SNAPSHOT_ASKED, IS_YES,     NULL,
     "Its picture address asks for a login."},
    {UNKNOWN, "snapshot-unknown", FACT_LOGIN_SNAPSHOT_OPEN,  IS_UNKNOWN, NULL,
     "No picture address of this model answered, so whether pictures need a login is not known. "
     "A driver for the model would know the address."},
};

/* The device's own word: on the wire another address or a later day may look different. */
static const struct rule anonymous[] = {
    {FAIL,           "anonymous-viewing", FACT_USERS_ANONYMOUS, IS_YES,    NULL,
     "Its configuration lets people watch without an account."},
    {PASS,           "no-anonymous",      FACT_USERS_ANONYMOUS, IS_NO,     NULL,
     "Its configuration lets nobody watch without an account."},
    {NOT_APPLICABLE, "anonymous-unread",  FACT_USERS_ANONYMOUS, OTHERWISE, NULL,
     "No setting for viewing without an account was read."},
};

static const struct rule onvif[] = {
    {FAIL,           "onvif-users-open", FACT_LOGIN_ONVIF_USERS, IS_SET,   NULL,
     "ONVIF lists its accounts without a login: {}."},
    {FAIL,           "onvif-open",    FACT_LOGIN_ONVIF_OPEN, IS_YES,     NULL,
     "ONVIF gives device information without a login."},
    {PASS,           "onvif-asked",   FACT_LOGIN_ONVIF_OPEN, IS_NO,      NULL,
     "ONVIF asks for a login."},
    {UNKNOWN,        "onvif-unknown", FACT_ONVIF_SERVICE,    IS_SET,     NULL,
     "Its ONVIF service {} gave no clear answer to a question without a login. Run again to "
     "know."},
    {NOT_APPLICABLE, "no-onvif",      FACT_ONVIF_SERVICE,    IS_UNKNOWN, NULL,
     "No ONVIF service was found on it."},
};

static const struct rule vms_login[] = {
    {FAIL,    "vms-open-beside",   FACT_VMS_BESIDE, IS_SET,   NULL,
     "{vms.product|The VMS} can be used without a login at {}."},
    {FAIL,    "vms-open",          FACT_VMS_GUEST, IS_SET,    NULL,
     "{vms.product|The VMS} can be used without a login: it takes everyone as {}."},
    {FAIL,    "vms-open",          FACT_VMS_OPEN, IS_SET,     NULL,
     "{vms.product|The VMS} can be used without a login at {}."},
    {FAIL,    "vms-open",          FACT_VMS_AUTH, IS_NO,      NULL,
     "{vms.product|The VMS} has its log-in switched off."},
    {PASS,    "vms-asked",         FACT_VMS_AUTH, IS_YES,     NULL,
     "{vms.product|The VMS} asks for a login."},
    {UNKNOWN, "vms-login-not-asked", FACT_CONFIG_ONLY, IS_YES,  NULL,
     "Its files that were given don't say whether {vms.product|the VMS} asks for a login. Its other "
     "files, or a run with --scope, would make it known."},
    {UNKNOWN, "vms-login-unknown", FACT_VMS_AUTH, IS_UNKNOWN, NULL,
     "{vms.product|The VMS} did not show whether it asks for a login. Its address and port in "
     "the site file would make it known."},
};

static const struct rule vms_streams[] = {
    {FAIL,           "restream-open",   FACT_VMS_RESTREAM, IS_SET,    NULL,
     "The stream server of {vms.product|the VMS} needs no login at {}."},
    {NOT_APPLICABLE, "restream-unseen", FACT_VMS_RESTREAM, OTHERWISE, NULL,
     "No stream server of its own was seen open on it."},
};

static const struct rule vms_footage[] = {
    {FAIL,           "footage-open",   FACT_VMS_FOOTAGE, IS_SET,    NULL,
     "The recordings of {vms.product|the VMS} lie open without a login at {}."},
    {NOT_APPLICABLE, "footage-unseen", FACT_VMS_FOOTAGE, OTHERWISE, NULL,
     "No folder of its recordings was seen open."},
};

static const struct rule vms_keys[] = {
    {FAIL,           "key-known",        FACT_VMS_KEY_KNOWN,     IS_YES,    NULL,
     "{vms.product|The VMS} signs its log-ins with the key that everyone can read in its "
     "documentation: whoever knows a user's name can make himself a log-in."},
    {PASS,           "key-own",          FACT_VMS_KEY_KNOWN,     IS_NO,     NULL,
     "{vms.product|The VMS} signs its log-ins with a key of its own."},
    {NOT_APPLICABLE, "key-unread",       FACT_VMS_KEY_KNOWN,     OTHERWISE, NULL,
     "With which key it signs its log-ins was not read."},
};

static const struct rule vms_addresses[] = {
    {FAIL,           "passwords-in-addresses", FACT_VMS_URL_PASSWORDS, IS_YES, NULL,
     "{vms.product|The VMS} writes user and password into the addresses of its streams, where "
     "logs and browsers keep them."},
    {NOT_APPLICABLE, "addresses-clean", FACT_VMS_URL_PASSWORDS, OTHERWISE, NULL,
     "No password was seen in the addresses of its streams."},
};

static const struct rule vms_api_keys[] = {
    {NOTE,           "api-keys-anywhere", FACT_VMS_API_KEYS, IS_SET,    NULL,
     "{} of its API keys work from every address: a key that leaks opens it like a password."},
    {NOT_APPLICABLE, "api-keys-unseen",   FACT_VMS_API_KEYS, OTHERWISE, NULL,
     "No API key that works from every address was seen."},
};

static const struct rule vms_panel[] = {
    {NOTE,           "panel-open",   FACT_VMS_PANEL, IS_SET,    NULL,
     "Its administration panel {} can be reached by everyone in this network, beside the usual "
     "log-in."},
    {NOT_APPLICABLE, "panel-unseen", FACT_VMS_PANEL, OTHERWISE, NULL,
     "No administration panel beside the usual log-in was seen."},
};

static const struct rule vms_setup[] = {
    {FAIL,           "vms-not-set-up",  FACT_VMS_SETUP, IS_NO,     NULL,
     "The set-up of {vms.product|the VMS} is not finished: whoever comes first sets its password, "
     "and then owns it."},
    {PASS,           "vms-set-up",      FACT_VMS_SETUP, IS_YES,    NULL,
     "The set-up of {vms.product|the VMS} is finished."},
    {NOT_APPLICABLE, "vms-setup-untold", FACT_VMS_SETUP, OTHERWISE, NULL,
     "Nothing shows that its set-up was left unfinished."},
};

static const struct rule vms_asks[] = {
    {FAIL,           "asks-only-outsiders", FACT_VMS_ASKS, IS_SET,    NULL,
     "{vms.product|The VMS} asks for a login only {}: everyone else is let in."},
    {NOT_APPLICABLE, "asks-everyone",       FACT_VMS_ASKS, OTHERWISE, NULL,
     "Nothing shows that it lets some people in without a login."},
};

static const struct rule vms_account[] = {
    {FAIL,           "vms-factory-password", FACT_VMS_FACTORY,      IS_SET,     NULL,
     "Account {} of {vms.product|the VMS} opens with its factory password."},
    {FAIL,           "vms-factory-password", FACT_LOGIN_FACTORY,    IS_SET,     NULL,
     "Account {} of {vms.product|the VMS} opens with its factory password."},
    {NOT_APPLICABLE, "vms-no-login",         FACT_VMS_AUTH,         IS_NO,      NULL,
     "Its log-in is switched off, so there is no account to try."},
    {UNKNOWN,        "vms-locked",           FACT_LOGIN_LOCKED,     IS_YES,     NULL,
     "It says that the account is locked, so no further password was tried. Run again when the "
     "lock has ended."},
    {PASS,           "vms-no-factory",       FACT_LOGIN_NO_FACTORY, IS_SET,     NULL,
     "It has no factory password: {}."},
    {UNKNOWN,        "vms-others-left",      FACT_LOGIN_PARTLY,     IS_SET,     NULL,
     "It refused the likeliest factory password; {}, to stay far from a lock-out. Its list of "
     "users would tell."},
    {PASS,           "vms-refused",          FACT_LOGIN_REFUSED,    ABOVE,      "0",
     "It refused {} known factory passwords."},
    {PASS,    "vms-own-password", FACT_LOGIN_REPLACED,   IS_SET,     NULL,
     "Account {} opens with the owner's password, which is no factory password, and its maker "
     "published no other account."},
    {UNKNOWN, "vms-others-untried", FACT_LOGIN_OWNER,    IS_SET,     NULL,
     "Account {} opens with the owner's password. Whether another account still has its factory "
     "password was not tried: its list of users would tell."},
    {UNKNOWN,        "vms-untried",          FACT_LOGIN_UNTRIED,    IS_SET,     NULL,
     "No factory password of {vms.product|the VMS} was tried: {}."},
    {UNKNOWN,        "vms-account-not-asked", FACT_CONFIG_ONLY,    IS_YES,     NULL,
     "No factory password of {vms.product|the VMS} was tried: only its files were read. A run with "
     "--scope would try."},
    {UNKNOWN,        "vms-account-unknown",  FACT_LOGIN_REFUSED,    IS_UNKNOWN, NULL,
     "No log-in of {vms.product|the VMS} was found at which a factory password could be tried. "
     "A driver for it would know where."},
};

static const struct rule config_factory[] = {
    {FAIL,           "factory-in-config", FACT_CONFIG_FACTORY, IS_SET,    NULL,
     "Its configuration still has what every installation starts with: {}."},
    {NOT_APPLICABLE, "no-factory-config", FACT_CONFIG_FACTORY, OTHERWISE, NULL,
     "No factory password or key was seen in its configuration."},
};

static const struct rule config_secrets[] = {
    {NOTE,           "readable-passwords", FACT_CONFIG_SECRETS, IS_SET,    NULL,
     "Passwords stand readably in its configuration: {}."},
    {NOT_APPLICABLE, "no-readable-passwords", FACT_CONFIG_SECRETS, OTHERWISE, NULL,
     "No readable password was seen in its configuration."},
};

static const struct rule passwords[] = {
    {FAIL,    "shared-password",   FACT_LOGIN_SHARED, IS_SET,     NULL,
     "One and the same password opens {}."},
    {FAIL,    "weak-password",     FACT_LOGIN_WEAK,   IS_SET,     NULL,
     "The password of account {} is easy to guess."},
    {PASS,    "own-passwords",     FACT_LOGIN_UNIQUE, IS_SET,     NULL,
     "Every device has a strong password of its own: {}."},
    {UNKNOWN, "passwords-partly",  FACT_LOGIN_REST,   IS_SET,     NULL,
     "The passwords of {} were not compared: none of the owner's opened them. With all of them in "
     "the site file it would be known."},
    {UNKNOWN, "passwords-unknown", FACT_LOGIN_UNIQUE, IS_UNKNOWN, NULL,
     "Whether every device has a strong password of its own is not known: passwords in use are "
     "never guessed, only those of the site file are compared."},
};

static const struct rule vms_password[] = {
    {FAIL,           "same-vms-password", FACT_LOGIN_SAME_VMS, IS_SET,    NULL,
     "One and the same password opens {}: the VMS and what it records."},
    {NOT_APPLICABLE, "no-same-password",  FACT_LOGIN_SAME_VMS, OTHERWISE, NULL,
     "No VMS was seen to share its password with a camera."},
};

static const struct rule owner[] = {
    {NOTE,           "owner-failed",     FACT_LOGIN_OWNER_FAILED, IS_SET,    NULL,
     "Nothing behind its log-in was read: {}."},
    {NOT_APPLICABLE, "no-owner-failure", FACT_LOGIN_OWNER_FAILED, OTHERWISE, NULL,
     "No password of the site file failed there."},
};

static const struct rule telnet[] = {
    {NOTE,           "telnet-open", FACT_PORT_TELNET, IS_YES,    NULL,
     "Telnet is open: whoever logs in there sends the password readably, and old firmware has "
     "fixed accounts behind it."},
    {NOTE,           "telnet-on",   FACT_SERVICE_TELNET, IS_YES, NULL,
     "Telnet is switched on in its configuration, though it was not seen open."},
    {NOT_APPLICABLE, "no-telnet",   FACT_PORT_TELNET, OTHERWISE, NULL,
     "Telnet was not seen open."},
};

static const struct rule ftp[] = {
    {NOTE,           "ftp-open", FACT_PORT_FTP, IS_YES,    NULL,
     "FTP is open: passwords and recordings pass readably."},
    {NOTE,           "ftp-on",   FACT_SERVICE_FTP, IS_YES, NULL,
     "Its FTP server is switched on in its configuration, though it was not seen open."},
    {NOT_APPLICABLE, "no-ftp",   FACT_PORT_FTP, OTHERWISE, NULL,
     "FTP was not seen open."},
};

static const struct rule ssh[] = {
    {NOTE,           "ssh-on", FACT_SERVICE_SSH, IS_YES,    NULL,
     "SSH is switched on: it leads past the device's own users to its system."},
    {NOT_APPLICABLE, "no-ssh", FACT_SERVICE_SSH, OTHERWISE, NULL,
     "SSH was not read as switched on."},
};

static const struct rule snmp[] = {
    {NOTE,           "snmp-on", FACT_SERVICE_SNMP, IS_YES,    NULL,
     "SNMP version 1 or 2c is switched on: its community passes readably and opens settings."},
    {NOT_APPLICABLE, "no-snmp", FACT_SERVICE_SNMP, OTHERWISE, NULL,
     "SNMP without encryption was not read as switched on."},
};

static const struct rule bonjour[] = {
    {NOTE,           "bonjour-on", FACT_SERVICE_BONJOUR, IS_YES,    NULL,
     "Bonjour is switched on: it tells its model and name to everyone in the network."},
    {NOT_APPLICABLE, "no-bonjour", FACT_SERVICE_BONJOUR, OTHERWISE, NULL,
     "Bonjour was not read as switched on."},
};

static const struct rule basic[] = {
    {NOTE,           "basic-auth", FACT_AUTH_BASIC, IS_YES,    NULL,
     "It takes passwords readably (basic authentication): whoever listens in the network learns "
     "them."},
    {NOT_APPLICABLE, "no-basic",   FACT_AUTH_BASIC, OTHERWISE, NULL,
     "Basic authentication was not seen."},
};

static const struct rule encryption[] = {
    {NOTE,           "tls-off",    FACT_TLS_ENABLED, IS_NO,     NULL,
     "HTTPS is switched off: passwords and settings pass readably."},
    {NOT_APPLICABLE, "no-tls-off", FACT_TLS_ENABLED, OTHERWISE, NULL,
     "HTTPS was not read as switched off."},
};

static const struct rule expiry[] = {
    {NOTE,           "certificate-expired",    FACT_TLS_EXPIRED, IS_YES,    NULL,
     "Its TLS certificate ended on {tls.expires|a day that has passed}."},
    {NOT_APPLICABLE, "no-certificate-expired", FACT_TLS_EXPIRED, OTHERWISE, NULL,
     "No TLS certificate was seen that has ended."},
};

static const struct rule certificate[] = {
    {NOTE,           "self-signed",    FACT_TLS_SELF_SIGNED, IS_YES,    NULL,
     "Its TLS certificate is self-signed ({tls.subject}): browsers can't tell it from an "
     "impostor."},
    {NOT_APPLICABLE, "no-self-signed", FACT_TLS_SELF_SIGNED, OTHERWISE, NULL,
     "No self-signed certificate was seen."},
};

static const struct aspect aspects[] = {
    {"account",     KINDS_VIDEO,                 account,     COUNT(account)},
    {"video",       WITH_VMS,                    video,       COUNT(video)},
    {"picture",     KINDS_VIDEO,                 picture,     COUNT(picture)},
    {"anonymous",   WITH_VMS,                    anonymous,   COUNT(anonymous)},
    {"onvif",       KINDS_VIDEO,                 onvif,       COUNT(onvif)},
    {"vms-login",   KIND_BIT(VMS),               vms_login,   COUNT(vms_login)},
    {"vms-streams", KIND_BIT(VMS),               vms_streams, COUNT(vms_streams)},
    {"vms-footage", KIND_BIT(VMS),               vms_footage, COUNT(vms_footage)},
    {"vms-keys",    KIND_BIT(VMS),               vms_keys,    COUNT(vms_keys)},
    {"vms-addresses", KIND_BIT(VMS),             vms_addresses, COUNT(vms_addresses)},
    {"vms-api-keys", KIND_BIT(VMS),              vms_api_keys, COUNT(vms_api_keys)},
    {"vms-panel",   KIND_BIT(VMS),               vms_panel,   COUNT(vms_panel)},
    {"vms-set-up",  KIND_BIT(VMS),               vms_setup,   COUNT(vms_setup)},
    {"vms-asks",    KIND_BIT(VMS),               vms_asks,    COUNT(vms_asks)},
    {"vms-account", KIND_BIT(VMS),               vms_account, COUNT(vms_account)},
    {"config-factory", KIND_BIT(VMS),            config_factory, COUNT(config_factory)},
    {"config-secrets", KIND_BIT(VMS),            config_secrets, COUNT(config_secrets)},
    {"passwords",   KINDS_SITE,                  passwords,   COUNT(passwords)},
    {"vms-password", KINDS_SITE,                 vms_password, COUNT(vms_password)},
    {"owner",       WITH_VMS,                    owner,       COUNT(owner)},
    {"telnet",      WITH_VMS | KIND_BIT(ROUTER), telnet,      COUNT(telnet)},
    {"ftp",         WITH_VMS,                    ftp,         COUNT(ftp)},
    {"ssh",         KINDS_VIDEO,                 ssh,         COUNT(ssh)},
    {"snmp",        KINDS_VIDEO,                 snmp,        COUNT(snmp)},
    {"bonjour",     KINDS_VIDEO,                 bonjour,     COUNT(bonjour)},
    {"basic",       WITH_VMS,                    basic,       COUNT(basic)},
    {"encryption",  KINDS_VIDEO,                 encryption,  COUNT(encryption)},
    {"certificate", WITH_VMS,                    certificate, COUNT(certificate)},
    {"expiry",      WITH_VMS,                    expiry,      COUNT(expiry)},
};

static const struct advice advices[] = {
#include "check/credentials_advice.def"
};
// clang-format on

const struct check check_credentials = {
    .aspects = aspects,
    .aspect_count = COUNT(aspects),
    .advices = advices,
    .advice_count = COUNT(advices),
};
