/* Plays a Frigate with one camera: version, configuration, a page and a picture (Frigate docs: HTTP
 * API). */
#include "cli/demo_vms.h"

#include "base/text.h"
#include "cli/demo_picture.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct demo_vms {
    struct MHD_Daemon *http;
};

static const char page[] = "<!doctype html><title>Frigate</title><h1>Front door</h1>"
                           "<img src=\"/api/front/latest.jpg\" alt=\"camera front\">";
static const char config[] =
    "{\"cameras\":{\"front\":{\"name\":\"front\",\"friendly_name\":\"Front door\",\"enabled\":true,"
    "\"ffmpeg\":{\"inputs\":[]},\"live\":{\"streams\":{\"front\":\"front\"}}}},"
    "\"go2rtc\":{\"streams\":{}},\"ui\":{\"timezone\":\"UTC\"}}";

static const struct answer {
    const char *path, *type;
    const void *body;
    size_t len;
} answers[] = {
    {"/",                     "text/html",        page,          sizeof(page) - 1    },
    {"/api/version",          "text/plain",       "0.17.2-demo", 11                  },
    {"/api/config",           "application/json", config,        sizeof(config) - 1  },
    {"/api/front/latest.jpg", "image/jpeg",       demo_picture,  sizeof(demo_picture)},
};

static enum MHD_Result
answer(void *context, // NOLINT(readability-function-size): what libmicrohttpd wants
    struct MHD_Connection *connection, const char *url, const char *method, const char *version,
    const char *body, size_t *body_len, void **request)
{
    (void)context;
    (void)method;
    (void)version;
    (void)body;
    *body_len = 0;
    *request = connection;
    unsigned status = MHD_HTTP_NOT_FOUND;
    const struct answer *found = &answers[0];
    for (size_t i = 0; i < COUNT(answers); i++) {
        if (text_equal(answers[i].path, url)) {
            found = &answers[i];
            status = MHD_HTTP_OK;
        }
    }
    /* Nobody but the gateway, which alone knows the secret, gets anything. */
    if (MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Proxy-Secret") == NULL) {
        status = MHD_HTTP_UNAUTHORIZED;
    }
    union {
        const void *from;
        void *to;
    } plain = {.from = found->body};
    struct MHD_Response *response = MHD_create_response_from_buffer(
        status == MHD_HTTP_OK ? found->len : 0, plain.to, MHD_RESPMEM_PERSISTENT);
    (void)MHD_add_response_header(response, "Content-Type", found->type);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum err
demo_vms_start(struct demo_vms **ret_vms, uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct demo_vms *vms = calloc(1, sizeof(*vms));
    if (vms == NULL) {
        return ERR_MEMORY;
    }
    vms->http = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, answer, vms,
        MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        vms->http == NULL ? NULL : MHD_get_daemon_info(vms->http, MHD_DAEMON_INFO_BIND_PORT);
    if (info == NULL) {
        demo_vms_stop(vms);
        return ERR_SYSTEM;
    }
    *ret_port = info->port;
    *ret_vms = vms;
    return OK;
}

void
demo_vms_stop(struct demo_vms *vms)
{
    if (vms != NULL && vms->http != NULL) {
        MHD_stop_daemon(vms->http);
    }
    free(vms);
}
