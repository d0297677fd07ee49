/* The two YAML formats as libcyaml tables: one row per key. */
#include "lab/schema.h"

#include "lab/site.h"

#define OPTIONAL CYAML_FLAG_POINTER_NULL | CYAML_FLAG_OPTIONAL

#define TEXT(key, owner, member)                                                                   \
    CYAML_FIELD_STRING_PTR(key, OPTIONAL, struct owner, member, 0, CYAML_UNLIMITED)
#define NEEDED(key, owner, member)                                                                 \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, struct owner, member, 0, CYAML_UNLIMITED)
#define NUMBER(key, owner, member) CYAML_FIELD_UINT(key, CYAML_FLAG_OPTIONAL, struct owner, member)
#define FLAG(key, owner, member)   CYAML_FIELD_BOOL(key, CYAML_FLAG_OPTIONAL, struct owner, member)
#define WORD(key, owner, member, words)                                                            \
    CYAML_FIELD_ENUM(key, CYAML_FLAG_OPTIONAL, struct owner, member, words, COUNT(words))
#define PART(key, owner, member, fields)                                                           \
    CYAML_FIELD_MAPPING_PTR(key, OPTIONAL, struct owner, member, fields)
#define LIST(key, owner, member, row)                                                              \
    CYAML_FIELD_SEQUENCE(key, OPTIONAL, struct owner, member, &(row), 0, CYAML_UNLIMITED)

static const cyaml_schema_value_t text_row = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

static const cyaml_strval_t logins[] = {
    {"no",       SITE_LOGIN_NO      },
    {"yes",      SITE_LOGIN_HTTP    },
    {"json",     SITE_LOGIN_JSON    },
    {"form",     SITE_LOGIN_FORM    },
    {"rpc2",     SITE_LOGIN_RPC2    },
    {"blueiris", SITE_LOGIN_BLUEIRIS},
    {"bearer",   SITE_LOGIN_BEARER  },
    {"query",    SITE_LOGIN_QUERY   },
    {"own",      SITE_LOGIN_OWN     },
};

static const cyaml_strval_t changes[] = {
    {"no",       SITE_CHANGE_NONE    },
    {"put",      SITE_CHANGE_PUT     },
    {"assign",   SITE_CHANGE_ASSIGN  },
    {"merge",    SITE_CHANGE_MERGE   },
    {"firmware", SITE_CHANGE_FIRMWARE},
    {"restart",  SITE_CHANGE_RESTART },
};

static const cyaml_strval_t schemes[] = {
    {"none",   SITE_SCHEME_NONE  },
    {"basic",  SITE_SCHEME_BASIC },
    {"digest", SITE_SCHEME_DIGEST},
    {"both",   SITE_SCHEME_BOTH  },
};

static const cyaml_strval_t probes[] = {
    {"both",        SITE_PROBES_BOTH       },
    {"transmitter", SITE_PROBES_TRANSMITTER},
    {"device",      SITE_PROBES_DEVICE     },
    {"none",        SITE_PROBES_NONE       },
};

static const cyaml_strval_t lists[] = {
    {"both",  SITE_LIST_BOTH },
    {"web",   SITE_LIST_WEB  },
    {"onvif", SITE_LIST_ONVIF},
};

static const cyaml_schema_field_t account_fields[] = {
    NEEDED("user", site_account, user),
    NEEDED("password", site_account, password),
    WORD("list", site_account, list, lists),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t account_row = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct site_account, account_fields),
};

static const cyaml_schema_field_t auth_fields[] = {
    WORD("scheme", site_auth, scheme, schemes),
    TEXT("realm", site_auth, realm),
    FLAG("qop", site_auth, qop),
    NUMBER("nonce_uses", site_auth, nonce_uses),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t reply_fields[] = {
    NUMBER("status", site_reply, status),
    TEXT("type", site_reply, type),
    LIST("headers", site_reply, headers, text_row),
    TEXT("body", site_reply, body),
    TEXT("file", site_reply, file),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t password_fields[] = {
    TEXT("user", site_password, user),
    NEEDED("new", site_password, new),
    TEXT("old", site_password, old),
    WORD("list", site_password, list, lists),
    FLAG("hashed", site_password, hashed),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t route_fields[] = {
    NEEDED("path", site_route, path),
    TEXT("method", site_route, method),
    TEXT("query", site_route, query),
    TEXT("contains", site_route, contains),
    TEXT("cookie", site_route, cookie),
    WORD("login", site_route, login, logins),
    PART("denied", site_route, denied, reply_fields),
    FLAG("session", site_route, session),
    WORD("change", site_route, change, changes),
    TEXT("state", site_route, state),
    PART("password", site_route, password, password_fields),
    PART("refused", site_route, refused, reply_fields),
    NUMBER("status", site_route, reply.status),
    TEXT("type", site_route, reply.type),
    LIST("headers", site_route, reply.headers, text_row),
    TEXT("body", site_route, reply.body),
    TEXT("file", site_route, reply.file),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t route_row = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct site_route, route_fields),
};

static const cyaml_schema_field_t shared_fields[] = {
    NEEDED("source", site_routes, source),
    LIST("routes", site_routes, routes, route_row),
    CYAML_FIELD_END,
};
const cyaml_schema_value_t schema_routes = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct site_routes, shared_fields),
};

static const cyaml_schema_field_t http_fields[] = {
    CYAML_FIELD_UINT("port", CYAML_FLAG_DEFAULT, struct site_http, port),
    FLAG("tls", site_http, tls),
    FLAG("onvif", site_http, onvif),
    FLAG("login_all", site_http, login_all),
    TEXT("server", site_http, server),
    LIST("headers", site_http, headers, text_row),
    PART("auth", site_http, auth, auth_fields),
    PART("denied", site_http, denied, reply_fields),
    LIST("routes", site_http, routes, route_row),
    TEXT("routes_of", site_http, routes_of),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t http_row = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct site_http, http_fields),
};

static const cyaml_schema_field_t rtsp_fields[] = {
    CYAML_FIELD_UINT("port", CYAML_FLAG_DEFAULT, struct site_rtsp, port),
    TEXT("server", site_rtsp, server),
    TEXT("path", site_rtsp, path),
    TEXT("sdp", site_rtsp, sdp),
    PART("auth", site_rtsp, auth, auth_fields),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t rtsp_row = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct site_rtsp, rtsp_fields),
};

static const cyaml_schema_field_t answer_fields[] = {
    NEEDED("action", site_answer, action),
    NEEDED("file", site_answer, file),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t answer_row = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct site_answer, answer_fields),
};

static const cyaml_schema_field_t onvif_fields[] = {
    FLAG("open", site_onvif, open),
    WORD("probes", site_onvif, probes, probes),
    FLAG("ipv6", site_onvif, ipv6),
    TEXT("scopes", site_onvif, scopes),
    TEXT("types", site_onvif, types),
    NUMBER("port", site_onvif, port),
    TEXT("stream", site_onvif, stream),
    TEXT("snapshot", site_onvif, snapshot),
    LIST("answers", site_onvif, answers, answer_row),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t dvrip_fields[] = {
    CYAML_FIELD_UINT("port", CYAML_FLAG_DEFAULT, struct site_dvrip, port),
    LIST("answers", site_dvrip, answers, answer_row),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t datagram_fields[] = {
    FLAG("multicast", site_datagram, multicast),
    NEEDED("file", site_datagram, file),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t ssdp_fields[] = {
    TEXT("server", site_ssdp, server),
    NEEDED("location", site_ssdp, location),
    TEXT("type", site_ssdp, type),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t service_fields[] = {
    NEEDED("type", site_service, type),
    NEEDED("name", site_service, name),
    NUMBER("port", site_service, port),
    LIST("txt", site_service, txt, text_row),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t service_row = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct site_service, service_fields),
};

static const cyaml_schema_field_t mdns_fields[] = {
    NEEDED("host", site_mdns, host),
    LIST("services", site_mdns, services, service_row),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t banner_fields[] = {
    CYAML_FIELD_UINT("port", CYAML_FLAG_DEFAULT, struct site_banner, port),
    TEXT("text", site_banner, text),
    TEXT("hex", site_banner, hex),
    FLAG("after_data", site_banner, after_data),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t banner_row = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct site_banner, banner_fields),
};

static const cyaml_schema_field_t lockout_fields[] = {
    NUMBER("tries", site_lockout, tries),
    NUMBER("seconds", site_lockout, seconds),
    PART("reply", site_lockout, reply, reply_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t certificate_fields[] = {
    NEEDED("common_name", site_certificate, common_name),
    TEXT("organisation", site_certificate, organisation),
    TEXT("unit", site_certificate, unit),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t transcript_fields[] = {
    NEEDED("source", site_transcript, source),
    NEEDED("kind", site_transcript, kind),
    TEXT("vendor", site_transcript, vendor),
    TEXT("model", site_transcript, model),
    TEXT("firmware", site_transcript, firmware),
    TEXT("hardware", site_transcript, hardware),
    TEXT("serial", site_transcript, serial),
    NEEDED("mac", site_transcript, mac),
    CYAML_FIELD_INT("clock_offset", CYAML_FLAG_OPTIONAL, struct site_transcript, clock_offset),
    LIST("accounts", site_transcript, accounts, account_row),
    PART("auth", site_transcript, auth, auth_fields),
    PART("lockout", site_transcript, lockout, lockout_fields),
    FLAG("drops_streams", site_transcript, drops_streams),
    FLAG("drops_sessions", site_transcript, drops_sessions),
    PART("certificate", site_transcript, certificate, certificate_fields),
    LIST("http", site_transcript, http, http_row),
    LIST("rtsp", site_transcript, rtsp, rtsp_row),
    PART("onvif", site_transcript, onvif, onvif_fields),
    PART("dvrip", site_transcript, dvrip, dvrip_fields),
    PART("sadp", site_transcript, sadp, datagram_fields),
    PART("dhip", site_transcript, dhip, datagram_fields),
    PART("ssdp", site_transcript, ssdp, ssdp_fields),
    PART("mdns", site_transcript, mdns, mdns_fields),
    LIST("tcp", site_transcript, tcp, banner_row),
    CYAML_FIELD_END,
};
const cyaml_schema_value_t schema_transcript = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct site_transcript, transcript_fields),
};

static const cyaml_schema_field_t device_fields[] = {
    NEEDED("name", site_device, name),
    NEEDED("transcript", site_device, transcript),
    NEEDED("ip", site_device, ip),
    NUMBER("bits", site_device, bits),
    TEXT("mac", site_device, mac),
    TEXT("serial", site_device, serial),
    TEXT("password", site_device, password),
    CYAML_FIELD_INT("clock_offset", CYAML_FLAG_OPTIONAL, struct site_device, clock_offset),
    TEXT("behave", site_device, behave),
    NUMBER("seconds", site_device, seconds),
    TEXT("elsewhere", site_device, elsewhere),
    NUMBER("tries", site_device, tries),
    NUMBER("wrong", site_device, wrong),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t device_row = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct site_device, device_fields),
};

static const cyaml_schema_field_t mapping_fields[] = {
    NEEDED("device", site_mapping, device),
    NEEDED("name", site_mapping, name),
    CYAML_FIELD_UINT("port", CYAML_FLAG_DEFAULT, struct site_mapping, port),
    CYAML_FIELD_UINT("external", CYAML_FLAG_DEFAULT, struct site_mapping, external),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t mapping_row = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct site_mapping, mapping_fields),
};

static const cyaml_schema_field_t router_fields[] = {
    NEEDED("ip", site_router, ip),
    NEEDED("mac", site_router, mac),
    FLAG("trusting", site_router, trusting),
    LIST("mappings", site_router, mappings, mapping_row),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t site_fields[] = {
    NEEDED("lan", site, lan),
    NEEDED("admin", site, admin),
    NEEDED("transcripts", site, transcripts),
    TEXT("secrets", site, secrets),
    PART("router", site, router, router_fields),
    LIST("devices", site, devices, device_row),
    CYAML_FIELD_END,
};
const cyaml_schema_value_t schema_site = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct site, site_fields),
};
