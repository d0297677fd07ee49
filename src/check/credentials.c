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
    {FAIL,           "passwords-in-addresses", FACT_VMS_URL_PASSWORDS, IS_YES, NULL,
     "{vms.product|The VMS} writes user and password into the addresses of its streams, where "
     "logs and browsers keep them."},
    {PASS,           "key-own",          FACT_VMS_KEY_KNOWN,     IS_NO,     NULL,
     "{vms.product|The VMS} signs its log-ins with a key of its own."},
    {NOT_APPLICABLE, "key-unread",       FACT_VMS_KEY_KNOWN,     OTHERWISE, NULL,
     "With which key it signs its log-ins was not read."},
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
    {"anonymous",   KINDS_VIDEO,                 anonymous,   COUNT(anonymous)},
    {"onvif",       KINDS_VIDEO,                 onvif,       COUNT(onvif)},
    {"vms-login",   KIND_BIT(VMS),               vms_login,   COUNT(vms_login)},
    {"vms-streams", KIND_BIT(VMS),               vms_streams, COUNT(vms_streams)},
    {"vms-footage", KIND_BIT(VMS),               vms_footage, COUNT(vms_footage)},
    {"vms-keys",    KIND_BIT(VMS),               vms_keys,    COUNT(vms_keys)},
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
    {"basic",       KINDS_VIDEO,                 basic,       COUNT(basic)},
    {"encryption",  KINDS_VIDEO,                 encryption,  COUNT(encryption)},
    {"certificate", WITH_VMS,                    certificate, COUNT(certificate)},
    {"expiry",      WITH_VMS,                    expiry,      COUNT(expiry)},
};

static const struct advice advices[] = {
    {
        .id = "any-password",
        .title = "Any password at all opens {count}",
        .action =
            "Take {devices} off the network or give them new firmware: any password opens them",
        .why =
            "The log-in is only for show: whoever reaches the address sees the video and can "
            "change the settings.",
        .close =
            "Restart the device and run the assessment again. If any password still opens it, "
            "install the maker's newest firmware, reset it to factory settings and set a new "
            "password. If that does not help, replace it; until then, block it from every "
            "network but the recorder's.",
        .effect =
            "A reset loses its settings; the recorder loses the stream until its entry is set up "
            "again.",
        .verify = "Run gatehouse assess again; any-password is gone.",
        .caps = true,
    },
    {
        .id = "factory-password",
        .title = "A factory password opens {count}",
        .action = "Set new passwords on {devices}",
        .why =
            "Factory passwords are printed in public lists and are the first thing that "
            "attackers and worms try; Mirai took over hundreds of thousands of cameras and "
            "recorders with nothing else.",
        .close =
            "Open the device's web page, go to the users (System > User Management on most), and "
            "set a new password of at least 12 characters, different on every device. Do the "
            "same for ONVIF users, which some makers keep in a second list. Then enter the new "
            "password in the recorder or VMS.",
        .effect = "The recorder or VMS loses the stream until the new password is entered there.",
        .verify = "Run gatehouse assess again; the factory password is refused.",
        .caps = true,
    },
    {
        .id = "not-activated",
        .title = "Nobody has set a first password on {count}",
        .action = "Set the first password on {devices}",
        .why =
            "A device in factory state obeys the first person who reaches it. He sets the "
            "password, and the owner is locked out of his own camera.",
        .close =
            "Open the device's web page or the maker's search tool, choose Activate or "
            "Initialise, and set a password of at least 12 characters that no other device has. "
            "If it is not used, unplug it.",
        .effect = "None: nothing can use the device before this.",
        .verify = "Run gatehouse assess again; the device says that it is activated.",
        .caps = true,
    },
    {
        .id = "rtsp-open",
        .title = "Video plays without a login on {count}",
        .action = "Demand a login for the video of {devices}",
        .why =
            "Everybody in the same network can watch and record, and nobody will know. Such "
            "streams are collected on public web sites as soon as they can be reached.",
        .close =
            "In the device's web page, under Network or Security, set RTSP authentication to "
            "digest and switch anonymous viewing or guest access off. In a VMS, give its "
            "restream a user and password, or close the port in the firewall.",
        .effect =
            "Players and recorders that used the stream without a login need a user and password.",
        .verify = "Run gatehouse assess again; RTSP asks for a login.",
        .caps = true,
    },
    {
        .id = "snapshot-open",
        .title = "Pictures can be fetched without a login from {count}",
        .action = "Demand a login for the pictures of {devices}",
        .why = "A picture a second is as good as video, and it leaves no trace.",
        .close =
            "In the device's web page, switch anonymous viewing, guest access or unauthenticated "
            "snapshots off (Security, Users or Image settings, by maker).",
        .effect = "Web pages and home automation that show the picture need a user and password.",
        .verify = "Run gatehouse assess again; the picture address asks for a login.",
    },
    {
        .id = "anonymous-viewing",
        .title = "People may watch without an account on {count}",
        .action = "Switch anonymous viewing off on {devices}",
        .why =
            "Whoever reaches the device sees what it sees, and no list of accounts tells who that "
            "was.",
        .close =
            "In the device's web page, under Users or Security, switch anonymous viewing, guest "
            "access or anonymous log-in off.",
        .effect = "Pages and players that watched without an account need one.",
        .verify = "Run gatehouse assess again; the configuration says that it is off.",
    },
    {
        .id = "onvif-users-open",
        .title = "ONVIF tells the accounts without a login on {count}",
        .action = "Switch ONVIF log-ins on at {devices}, or ONVIF off",
        .why =
            "With the names half of each log-in is known, and a device that tells its accounts to "
            "anyone mostly lets anyone change them.",
        .close =
            "In the device's web page, under Network > Integration protocol or ONVIF, switch "
            "authentication on; if it has no such setting, switch ONVIF off or install newer "
            "firmware, and let only the recorder reach the device.",
        .effect = "A recorder that used ONVIF without a login needs an ONVIF user.",
        .verify = "Run gatehouse assess again; ONVIF asks for a login.",
    },
    {
        .id = "onvif-open",
        .title = "ONVIF answers without a login on {count}",
        .action = "Switch ONVIF log-ins on at {devices}",
        .why =
            "ONVIF can move, reconfigure and reset a camera. The standard wants a login for "
            "device information already; a device that gives it to anyone mostly gives more.",
        .close =
            "In the device's web page, under Network > Integration protocol or ONVIF, switch "
            "authentication on and create an ONVIF user. If no recorder uses ONVIF, switch ONVIF "
            "off.",
        .effect = "A recorder that used ONVIF without a login needs the new user.",
        .verify = "Run gatehouse assess again; ONVIF asks for a login.",
    },
    {
        .id = "vms-open",
        .title = "All cameras can be watched without a login on {count}",
        .action = "Switch the log-in of {devices} on",
        .why =
            "Whoever is in the network sees every camera and every recording, and can delete "
            "them.",
        .close =
            "Switch authentication on in the settings of the VMS, create a user for each person, "
            "and close the port that has no log-in to everything but the machine itself.",
        .effect =
            "Everyone who watches needs an account; programs that read from the VMS need one too.",
        .verify = "Run gatehouse assess again; the VMS asks for a login.",
        .caps = true,
    },
    {
        .id = "vms-open-beside",
        .title = "A second port needs no login on {count}",
        .action = "Close the port without a login on {devices}",
        .why =
            "The log-in at the usual address protects nothing: whoever is in the network and knows "
            "the other port sees every camera and every recording, and can change the settings.",
        .close =
            "Let only the machine itself reach the port without a login: take it out of the "
            "published ports of the container or close it in the firewall, and use the address "
            "that asks.",
        .effect = "Programs that used the port need an account at the other.",
        .verify = "Run gatehouse assess again; only addresses that ask for a login are left.",
        .caps = true,
    },
    {
        .id = "restream-open",
        .title = "The stream server can be used without a login on {count}",
        .action = "Close the stream server of {devices} to the network",
        .why =
            "It plays every camera to anyone who asks, mostly tells the cameras' own addresses and "
            "passwords, and takes new streams from anyone.",
        .close =
            "Bind the interface of the stream server to the machine itself or set a user and "
            "password for it and for its RTSP port, and take its ports out of what is published.",
        .effect = "Players that read from the stream server need its user and password.",
        .verify = "Run gatehouse assess again; the stream server does not answer or asks.",
        .caps = true,
    },
    {
        .id = "footage-open",
        .title = "Recordings lie open without a login on {count}",
        .action = "Close the folder of recordings of {devices}",
        .why =
            "The web server hands out the files itself and never asks the VMS: everyone in the "
            "network can take every recording, and nothing records that he did.",
        .close =
            "In the web server's configuration deny the address of the recordings, or let it serve "
            "no more than the pictures of the pages from there; switch directory listings off.",
        .effect = "None for users of the VMS: it reads the files itself.",
        .verify = "Run gatehouse assess again; the address answers no list.",
        .caps = true,
    },
    {
        .id = "key-known",
        .title = "The key that signs log-ins stands in the manual on {count}",
        .action = "Give {devices} a signing key of its own",
        .why =
            "A log-in is a small text with a signature. Who knows the key signs one for the "
            "administrator himself, without any password.",
        .close =
            "Set a long random key (ZoneMinder: Options > System > AUTH_HASH_SECRET), save, and "
            "restart.",
        .effect = "Everyone is logged out once; saved addresses of streams stop working.",
        .verify = "Run gatehouse assess again with the owner's password; the key is its own.",
        .caps = true,
    },
    {
        .id = "passwords-in-addresses",
        .title = "Passwords stand in the addresses of streams on {count}",
        .action = "Keep passwords out of the addresses of {devices}",
        .why =
            "Addresses are kept in browsers, logs of web servers and proxies, and are passed on in "
            "mails; a password in them is soon known to many.",
        .close =
            "Let the VMS hand its log-in on hashed (ZoneMinder: Options > System > AUTH_RELAY: "
            "hashed).",
        .effect = "Programs that built such addresses must log in instead.",
        .verify = "Run gatehouse assess again with the owner's password.",
    },
    {.id = "api-keys-anywhere", .title = "API keys work from every address on {count}"},
    {.id = "panel-open", .title = "An administration panel can be reached on {count}"},
    {
        .id = "vms-not-set-up",
        .title = "The set-up of the VMS was never finished on {count}",
        .action = "Finish the set-up of {devices}",
        .why =
            "A VMS in this state takes its first administrator's password from whoever comes first, "
            "or still has the one that stands in its manual. He then owns every camera that is added.",
        .close =
            "Open its page or client, go through the first-start wizard to its end and set a password "
            "of at least 12 characters; if the server is not used, switch it off.",
        .effect = "None: nothing uses the server before this.",
        .verify = "Run gatehouse assess again; the server says that it belongs to a site.",
        .caps = true,
    },
    {
        .id = "asks-only-outsiders",
        .title = "A part of the network is let in without a login by {count}",
        .action = "Let {devices} ask everyone for a login",
        .why =
            "Everyone on the local network is let in: guests, every infected computer and every "
            "camera that someone took over. Behind a reverse proxy or a port forward that hides the "
            "real sender, the whole internet counts as local.",
        .close =
            "Set authentication to all connections in the settings of the VMS, and take addresses "
            "that are exempt from it off its list.",
        .effect = "Screens and programs in the house that watched without a login need an account.",
        .verify = "Run gatehouse assess again from inside the network; the VMS asks for a login.",
    },
    {
        .id = "vms-factory-password",
        .title = "The factory account of the VMS opens {count}",
        .action = "Set a new administrator password on {devices}",
        .why =
            "The factory account of a VMS stands in its manual. It opens every camera and every "
            "recording at once.",
        .close =
            "Log in, open the user settings, and set a new password of at least 12 characters "
            "for the administrator; then create a user with fewer rights for daily work.",
        .effect = "Programs that use the old password stop until they have the new one.",
        .verify = "Run gatehouse assess again; the factory account is refused.",
        .caps = true,
    },
    {
        .id = "factory-in-config",
        .title = "Factory passwords or keys stand in the configuration of {count}",
        .action = "Replace the factory passwords and keys in the configuration of {devices}",
        .why =
            "They are the same in every installation and stand in public source code: whoever "
            "reaches the service behind them is in.",
        .close =
            "Make a new random value for each (openssl rand -hex 32), write it into the file and "
            "line that the finding names, change it at the database or service that it opens, and "
            "restart the VMS.",
        .effect = "The VMS restarts; whoever is logged in must log in again.",
        .verify = "Run gatehouse assess --config with the file again.",
    },
    {
        .id = "shared-password",
        .title = "One password opens several devices",
        .action = "Give every device a password of its own",
        .why =
            "Who learns the password of one camera, from a file or a stolen unit, has them all.",
        .close =
            "Set a different password of at least 12 characters on every device, keep them in a "
            "password manager, and enter each in the recorder or VMS.",
        .effect = "The recorder loses each stream until its new password is entered there.",
        .verify = "Run gatehouse assess again; no password opens two devices.",
    },
    {
        .id = "weak-password",
        .title = "A password in use is easy to guess",
        .action = "Replace the weak passwords of {devices}",
        .why = "Short and usual passwords are tried by every worm, right after the factory ones.",
        .close =
            "Set a password of at least 12 characters that is in no dictionary, different on "
            "every device.",
        .effect = "The recorder or VMS loses the stream until the new password is entered there.",
        .verify = "Run gatehouse assess again; the password is no longer called weak.",
    },
    {
        .id = "same-vms-password",
        .title = "The VMS and its cameras have the same password",
        .action = "Give the VMS a password that no camera has",
        .why =
            "A camera keeps its password where a thief of the unit or one hole in its firmware "
            "finds it, and then the VMS with all recordings is open too.",
        .close =
            "Set a new password of at least 12 characters for the VMS's administrator, and a user "
            "of its own on each camera for the VMS to log in with.",
        .effect = "Programs that log in at the VMS need the new password.",
        .verify = "Run gatehouse assess again; no password opens the VMS and a camera.",
    },
    {.id = "owner-failed", .title = "A password of the site file opens nothing on {count}"},
    {.id = "readable-passwords", .title = "Passwords stand readably in the configuration of {count}"},
    {.id = "telnet-open", .title = "Telnet is open on {count}"},
    {.id = "ftp-open", .title = "FTP is open on {count}"},
    {.id = "telnet-on", .title = "Telnet is switched on in {count}"},
    {.id = "ftp-on", .title = "The FTP server is switched on in {count}"},
    {.id = "ssh-on", .title = "SSH is switched on in {count}"},
    {.id = "snmp-on", .title = "SNMP without encryption is switched on in {count}"},
    {.id = "bonjour-on", .title = "Bonjour is switched on in {count}"},
    {.id = "basic-auth", .title = "Passwords are taken readably by {count}"},
    {.id = "tls-off", .title = "HTTPS is switched off on {count}"},
    {.id = "certificate-expired", .title = "The TLS certificate has ended on {count}"},
    {.id = "self-signed", .title = "The TLS certificate is self-signed on {count}"},
};
// clang-format on

const struct check check_credentials = {
    .aspects = aspects,
    .aspect_count = COUNT(aspects),
    .advices = advices,
    .advice_count = COUNT(advices),
};
