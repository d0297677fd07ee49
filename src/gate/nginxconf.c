/*
 * Writes nginx.conf.
 *
 * Rule of this file: nothing in a guarded server answers before the module: no return, rewrite,
 * try_files or alias there, no URI behind proxy_pass, no header of a client's believed.
 */
#include "gate/nginxconf.h"

#include "base/text.h"
#include "gate/listen.h"

#include <stdio.h>
#include <string.h>

#define HOST_MOST 320 /* "host:port" */

/* What nginx takes as it stands between quotes. */
static enum err
check_plain(const char *what, const char *text, struct note *note)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "/._-+@,~:[] ";
    size_t good = text == NULL ? 0 : strspn(text, allowed);
    if (text == NULL || text[good] != '\0' || good == 0) {
        note_set(note, "%s %.100s: nginx takes letters, digits and /._-+@,~: there, nothing else",
            what, text == NULL ? "(none)" : text);
        return ERR_VALUE;
    }
    return OK;
}

static enum err
check_name(const char *what, const char *text, struct note *note)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "._-";
    size_t good = text == NULL ? 0 : strspn(text, allowed);
    if (good == 0 || text[good] != '\0' || good >= POLICY_NAME) {
        note_set(note, "%s %.100s: a name has 1 to %d letters, digits and ._-", what,
            text == NULL ? "(none)" : text, POLICY_NAME - 1);
        return ERR_VALUE;
    }
    return OK;
}

static enum err
check_vms(const struct settings_vms *vms, struct note *note)
{
    struct ip ip;
    uint16_t port = 0;
    enum err err = check_name("vms", vms->name, note);
    err = err == OK ? check_name("type", vms->type, note) : err;
    err = err == OK ? check_plain("upstream", vms->upstream, note) : err;
    if (err == OK && listen_parse(vms->listen, &ip, &port) != OK) {
        note_set(note, "listen %.100s: an address and a port such as 0.0.0.0:8443 is needed",
            vms->listen == NULL ? "(none)" : vms->listen);
        return ERR_VALUE;
    }
    if (err == OK && vms->address.family == 0) {
        note_set(note, "upstream %.100s: nobody knows the address of that name", vms->upstream);
        return ERR_NETWORK;
    }
    return err;
}

static enum err
check(const struct settings *settings, const struct nginxconf_place *place, struct note *note)
{
    enum err err = check_plain("the gateway's folder", settings->folder, note);
    err = err == OK ? check_plain("the module", place->module, note) : err;
    err = err == OK && place->user != NULL ? check_name("user", place->user, note) : err;
    err = err == OK ? check_plain("the ledger", settings->ledger, note) : err;
    err = err == OK ? check_plain("host", settings->host, note) : err;
    if (err == OK && !settings->is_plain) {
        err = check_plain("the certificate", settings->certificate, note);
        err = err == OK ? check_plain("the key", settings->key, note) : err;
    }
    for (size_t i = 0; i < settings->vms_count && err == OK; i++) {
        err = check_vms(&settings->vms[i], note);
    }
    if (err == OK && settings->vms_count == 0) {
        note_set(note, "the settings name no VMS");
        err = ERR_VALUE;
    }
    return err;
}

/* Of a text for people, which may have anything but control characters. */
static void
put_quoted(struct buf *out, const char *text)
{
    buf_byte(out, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            buf_byte(out, '\\');
        }
        buf_byte(out, (unsigned char)*c < ' ' || *c == '\x7f' ? ' ' : (uint8_t)*c);
    }
    buf_byte(out, '"');
}

static void
put_head(const struct settings *settings, const struct nginxconf_place *place, struct buf *out)
{
    buf_format(out,
        "# Written by Gatehouse from %s/gateway.yaml.\n"
        "# Change that file: this one is written anew by `gatehouse gateway configure`, and each\n"
        "# time that `gatehouse serve` starts or gets SIGHUP. gatehouse-gateway(7) explains it.\n"
        "\n"
        "load_module \"%s\";\n"
        "\n"
        "daemon off;\n"
        "worker_processes auto;\n"
        "worker_rlimit_nofile 16384;\n"
        "# Streams outlive a reload; a worker of before ends with its last one, at the latest "
        "then.\n"
        "worker_shutdown_timeout %uh;\n"
        "# Sockets below are named relative to it: an address holds 107 bytes.\n"
        "working_directory \"%s/run\";\n"
        "pid \"%s/run/nginx.pid\";\n"
        "error_log stderr warn;\n"
        "\n"
        "events {\n"
        "    worker_connections 8192;\n"
        "}\n"
        "\n",
        settings->folder, place->module,
        settings->session_hours == 0 ? 12 : settings->session_hours, settings->folder,
        settings->folder);
    if (place->user != NULL) {
        buf_format(out, "user %s;\n\n", place->user);
    }
}

static void
put_module(const struct settings *settings, struct buf *out)
{
    buf_format(out,
        "http {\n"
        "    # What the gateway's module decides by.\n"
        "    gatehouse_run \"%s/run\";\n"
        "    gatehouse_ledger \"%s/keeper.sock\";\n"
        "    gatehouse_site ",
        settings->folder, settings->ledger);
    put_quoted(out, settings->site);
    buf_format(out,
        ";\n"
        "    # Media that no rule explains: refuse it, or record it as footage.unclassified.\n"
        "    gatehouse_net %s;\n",
        settings->net == NET_RECORD ? "record" : "refuse");
    if (settings->trusted_proxies != NULL && settings->trusted_proxies[0] != NULL) {
        buf_text(out, "    # Whose word about a client's address is taken; nobody else's.\n"
                      "    gatehouse_trust");
        for (size_t i = 0; settings->trusted_proxies[i] != NULL; i++) {
            struct net net;
            char text[IP_TEXT];
            if (net_parse(settings->trusted_proxies[i], &net) == OK) {
                buf_format(out, " %s", net_text(&net, text));
            }
        }
        buf_text(out, ";\n");
    }
    buf_text(out, "\n");
}

/* Also where nginx has no use for them: it makes all of them at start. */
static void
put_folders(const struct settings *settings, struct buf *out)
{
    static const char *const rows[][2] = {
        {"client_body", "body"   },
        {"proxy",       "proxy"  },
        {"fastcgi",     "fastcgi"},
        {"scgi",        "scgi"   },
        {"uwsgi",       "uwsgi"  }
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        buf_format(out, "    %s_temp_path \"%s/run/nginx-%s\";\n", rows[i][0], settings->folder,
            rows[i][1]);
    }
}

static void
put_limits(const struct settings *settings, struct buf *out)
{
    bool trusts = settings->trusted_proxies != NULL && settings->trusted_proxies[0] != NULL;
    const char *client = trusts ? "$gatehouse_address" : "$binary_remote_addr";
    buf_text(out, "    # The ledger is the log; this one would only hold addresses and cookies.\n"
                  "    access_log off;\n"
                  "    server_tokens off;\n"
                  "    # Redirects keep the host and port that the browser used.\n"
                  "    absolute_redirect off;\n"
                  "    default_type application/octet-stream;\n");
    put_folders(settings, out);
    buf_format(out,
        "\n"
        "    # Bounds of a request, and of a client that is slow on purpose.\n"
        "    client_header_buffer_size 4k;\n"
        "    large_client_header_buffers 4 16k;\n"
        "    client_max_body_size 1m;\n"
        "    client_body_buffer_size 64k;\n"
        "    client_header_timeout 15s;\n"
        "    client_body_timeout 15s;\n"
        "    send_timeout 30s;\n"
        "    keepalive_timeout 75s;\n"
        "    keepalive_requests 10000;\n"
        "    reset_timedout_connection on;\n"
        "    http2_max_concurrent_streams 128;\n"
        "    underscores_in_headers off;\n"
        "    ignore_invalid_headers on;\n"
        "    limit_conn_zone %s zone=address:8m;\n"
        "    limit_conn address 256;\n"
        "    limit_conn_status 429;\n"
        "    limit_req_zone %s zone=pages:8m rate=20r/s;\n"
        "    limit_req_status 429;\n"
        "\n"
        "    tcp_nodelay on;\n"
        "\n",
        client, client);
}

static void
put_tls(const struct settings *settings, struct buf *out)
{
    if (settings->is_plain) {
        buf_text(
            out, "    # No TLS: the settings say `plain`, for tests on this machine only.\n\n");
        return;
    }
    buf_format(out,
        "    # TLS 1.2 with forward secrecy and TLS 1.3 (RFC 9325); no tickets, whose keys would\n"
        "    # outlive sessions.\n"
        "    ssl_certificate \"%s\";\n"
        "    ssl_certificate_key \"%s\";\n"
        "    ssl_protocols TLSv1.2 TLSv1.3;\n"
        "    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
        "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
        "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;\n"
        "    ssl_prefer_server_ciphers on;\n"
        "    ssl_ecdh_curve X25519:prime256v1:secp384r1;\n"
        "    ssl_session_cache shared:tls:10m;\n"
        "    ssl_session_timeout 1h;\n"
        "    ssl_session_tickets off;\n"
        "    ssl_buffer_size 16k;\n"
        "\n",
        settings->certificate, settings->key);
}

static void
put_upstreams(const struct settings *settings, struct buf *out)
{
    buf_text(out, "    upstream gatehouse_doorman {\n"
                  "        server unix:doorman.sock;\n"
                  "        keepalive 8;\n"
                  "    }\n"
                  "\n");
    for (size_t i = 0; i < settings->vms_count; i++) {
        const struct settings_vms *vms = &settings->vms[i];
        char text[IP_TEXT];
        bool is_six = vms->address.family == 6;
        buf_format(out,
            "    upstream gatehouse_vms_%s {\n"
            "        server %s%s%s:%u max_fails=0;\n"
            "        keepalive 32;\n"
            "    }\n"
            "\n",
            vms->name, is_six ? "[" : "", ip_text(&vms->address, text), is_six ? "]" : "",
            (unsigned)vms->port);
    }
}

/* As a browser writes it. */
static void
external_host(const struct settings *settings, const struct settings_vms *vms, char out[HOST_MOST])
{
    struct ip ip;
    uint16_t port = 0;
    bool is_six = ip_parse(settings->host, &ip) == OK && ip.family == 6;
    if (listen_parse(vms->listen, &ip, &port) != OK) {
        port = 0; /* checked before */
    }
    int len =
        snprintf(out, HOST_MOST, "%s%s%s", is_six ? "[" : "", settings->host, is_six ? "]" : "");
    if (port != (settings->is_plain ? 80 : 443) && len > 0 && len < HOST_MOST) {
        (void)snprintf(out + len, (size_t)(HOST_MOST - len), ":%u", (unsigned)port);
    }
}

static void
put_pages(const struct settings *settings, const char *location, const char *host, struct buf *out)
{
    buf_format(out,
        "        location %s {\n"
        "            gatehouse_pages;\n"
        "            limit_req zone=pages burst=80 nodelay;\n"
        "            client_max_body_size 64k;\n"
        "            proxy_pass http://gatehouse_doorman;\n"
        "            proxy_http_version 1.1;\n"
        "            proxy_set_header Connection \"\";\n"
        "            proxy_set_header Host \"%s\";\n"
        "            proxy_set_header X-Gatehouse-Address $gatehouse_address;\n"
        "            proxy_set_header X-Gatehouse-Refused $gatehouse_refused;\n"
        "            proxy_set_header X-Forwarded-For \"\";\n"
        "            proxy_set_header X-Forwarded-Host \"\";\n"
        "            proxy_set_header X-Forwarded-Proto %s;\n"
        "            proxy_read_timeout 30s;\n"
        "            proxy_connect_timeout 3s;\n"
        "        }\n",
        location, host, settings->is_plain ? "http" : "https");
}

/* Where the VMS sends a browser to its own address, the gateway's is meant. */
static void
put_redirects(const struct settings_vms *vms, struct buf *out)
{
    char text[IP_TEXT];
    bool is_six = vms->address.family == 6;
    const char *scheme = vms->upstream_tls ? "https" : "http";
    const char *port = strrchr(vms->upstream, ':');
    (void)ip_text(&vms->address, text);
    buf_format(out,
        "            proxy_redirect \"%s/\" /;\n"
        "            proxy_redirect \"%s://%s%s%s:%u/\" /;\n",
        vms->upstream, scheme, is_six ? "[" : "", text, is_six ? "]" : "", (unsigned)vms->port);
    if (vms->port == (vms->upstream_tls ? 443 : 80) && port != NULL) {
        buf_format(out,
            "            proxy_redirect \"%.*s/\" /;\n"
            "            proxy_redirect \"%s://%s%s%s/\" /;\n",
            (int)(port - vms->upstream), vms->upstream, scheme, is_six ? "[" : "", text,
            is_six ? "]" : "");
    }
}

static void
put_guarded(const struct settings *settings, const struct settings_vms *vms, const char *host,
    struct buf *out)
{
    buf_format(out,
        "        # Everything else is the VMS's, and passes the module first.\n"
        "        location / {\n"
        "            proxy_pass %s://gatehouse_vms_%s;\n"
        "            proxy_http_version 1.1;\n"
        "            proxy_set_header Host \"%s\";\n"
        "            # Only a WebSocket that the module let through; no h2c, nothing else.\n"
        "            proxy_set_header Upgrade $gatehouse_upgrade;\n"
        "            proxy_set_header Connection $gatehouse_connection;\n"
        "            # The module reads answers, so they come as they are.\n"
        "            proxy_set_header Accept-Encoding \"\";\n"
        "            # Whatever a client says of its address is replaced, so that it switches on "
        "no\n"
        "            # trust of the VMS in neighbours.\n"
        "            proxy_set_header X-Forwarded-For $gatehouse_address;\n"
        "            proxy_set_header X-Real-IP $gatehouse_address;\n"
        "            proxy_set_header X-Forwarded-Proto %s;\n"
        "            proxy_set_header X-Forwarded-Host \"%s\";\n"
        "            proxy_set_header Forwarded \"\";\n"
        "            # The VMS sends nginx nowhere else.\n"
        "            proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate "
        "X-Accel-Buffering X-Accel-Charset;\n"
        "            # Streams go on as they come, whatever their length.\n"
        "            proxy_buffering off;\n"
        "            proxy_buffer_size 64k;\n"
        "            proxy_buffers 8 64k;\n"
        "            proxy_request_buffering on;\n"
        "            proxy_max_temp_file_size 0;\n"
        "            proxy_connect_timeout 5s;\n"
        "            proxy_read_timeout 1h;\n"
        "            proxy_next_upstream off;\n",
        vms->upstream_tls ? "https" : "http", vms->name, host,
        settings->is_plain ? "http" : "https", host);
    if (vms->upstream_tls) {
        buf_text(out, "            # Its certificate is usually its own; the way to it is yours.\n"
                      "            proxy_ssl_server_name on;\n"
                      "            proxy_ssl_verify off;\n"
                      "            proxy_ssl_protocols TLSv1.2 TLSv1.3;\n");
    }
    put_redirects(vms, out);
    buf_text(out, "        }\n");
}

static void
put_server(const struct settings *settings, const struct settings_vms *vms, struct buf *out)
{
    char host[HOST_MOST];
    const char *tls = settings->is_plain ? "" : " ssl http2";
    struct ip ip;
    bool is_six = ip_parse(settings->host, &ip) == OK && ip.family == 6;
    external_host(settings, vms, host);
    buf_format(out,
        "    # %s\n"
        "    server {\n"
        "        listen %s%s;\n"
        "        server_name \"%s%s%s\";\n"
        "        gatehouse %s %s%s;\n",
        vms->name, vms->listen, tls, is_six ? "[" : "", settings->host, is_six ? "]" : "",
        vms->name, vms->type, vms->allows_webrtc ? " beside" : "");
    if (!settings->is_plain) {
        buf_text(
            out, "        add_header Strict-Transport-Security \"max-age=31536000\" always;\n");
    }
    buf_text(out, "\n");
    buf_text(out, "        # What is refused, or can't be done, is told by a page of Gatehouse.\n"
                  "        error_page 403 /gatehouse/denied;\n"
                  "        error_page 500 502 503 504 /gatehouse/unavailable;\n"
                  "\n");
    buf_text(
        out, "        # Gatehouse's own pages: log-in, sessions, refusals. They see no footage.\n");
    put_pages(settings, "= /gatehouse", host, out);
    put_pages(settings, "^~ /gatehouse/", host, out);
    buf_text(out, "\n");
    put_guarded(settings, vms, host, out);
    buf_format(out,
        "    }\n"
        "\n"
        "    # Requests for any other name, such as a bare address, get nothing.\n"
        "    server {\n"
        "        listen %s%s default_server;\n"
        "        server_name \"\";\n"
        "        default_type text/plain;\n"
        "        return 421 \"This gateway is reached by its own name only.\\n\";\n"
        "    }\n"
        "\n",
        vms->listen, tls);
}

enum err
nginxconf_write(const struct settings *settings, const struct nginxconf_place *place,
    struct buf *out, struct note *note)
{
    enum err err = check(settings, place, note);
    if (err != OK) {
        return err;
    }
    put_head(settings, place, out);
    put_module(settings, out);
    put_limits(settings, out);
    put_tls(settings, out);
    put_upstreams(settings, out);
    for (size_t i = 0; i < settings->vms_count; i++) {
        put_server(settings, &settings->vms[i], out);
    }
    buf_text(out, "}\n");
    return buf_error(out);
}
