
/* Events: what an access says into the ledger, and what can't be said there now. */

#include "ngx_http_gatehouse.h"

#include "gate/emergency.h"


#define NGX_HTTP_GATEHOUSE_FOLDS    1024 /* refusals remembered */
#define NGX_HTTP_GATEHOUSE_A_SECOND 50   /* refusals told in a second, by all who have no session */


typedef struct {
    uint64_t  key;
    int64_t   at;
} ngx_http_gatehouse_fold_t;


static ngx_http_gatehouse_fold_t  ngx_http_gatehouse_folds[NGX_HTTP_GATEHOUSE_FOLDS];


/* The same refusal of the same session (or address) is told once in a while. */

static ngx_uint_t
ngx_http_gatehouse_is_told(const char *who, ngx_uint_t has_session, const char *object,
    const char *reason)
{
    char                        text[2048];
    u_char                     *p;
    int64_t                     now;
    uint8_t                     hash[BOARD_HASH];
    uint64_t                    key;
    ngx_http_gatehouse_fold_t  *fold;

    static int64_t     second;
    static ngx_uint_t  told;

    now = clock_boot();

    p = ngx_snprintf((u_char *) text, sizeof(text), "%s %s %s", who, has_session ? object : "",
                     reason);

    board_hash(text, p - (u_char *) text, hash);
    ngx_memcpy(&key, hash, sizeof(key));
    fold = &ngx_http_gatehouse_folds[key % NGX_HTTP_GATEHOUSE_FOLDS];

    if (fold->key == key && now - fold->at < NGX_HTTP_GATEHOUSE_FOLD) {
        return 1;
    }

    if (!has_session) {
        if (second != now / 1000) {
            second = now / 1000;
            told = 0;
        }

        if (++told > NGX_HTTP_GATEHOUSE_A_SECOND) {
            return 1;
        }
    }

    fold->key = key;
    fold->at = now;

    return 0;
}


void
ngx_http_gatehouse_names(ngx_http_gatehouse_decision_t *d, char *out, size_t size)
{
    char         name[POLICY_NAME];
    u_char      *p, *last;
    ngx_uint_t   i;

    p = (u_char *) out;
    last = p + size - 1;

    if (d->all_cameras) {
        p = ngx_slprintf(p, last, "all cameras");

    } else if (d->ncameras != 0) {
        for (i = 0; i < d->ncameras; i++) {
            board_camera_name(ngx_http_gatehouse_worker.board, d->ctx->vms->place, d->cameras[i],
                              name);
            p = ngx_slprintf(p, last, "%s%s", i ? "\n" : "", name);
        }

    } else {
        for (i = 0; i < d->access.camera_count; i++) {
            p = ngx_slprintf(p, last, "%s%s", i ? "\n" : "", d->access.cameras[i].text);
        }
    }

    *p = '\0';
}


static size_t
ngx_http_gatehouse_split(char *names, struct event_text *texts)
{
    char    *next;
    size_t   count;

    for (count = 0; names && *names && count < ACCESS_CAMERAS; names = next) {
        next = strchr(names, '\n');
        if (next != NULL) {
            *next++ = '\0';
        }

        texts[count++] = event_text(names);
    }

    return count;
}


const char *
ngx_http_gatehouse_object(ngx_http_gatehouse_decision_t *d)
{
    ngx_http_gatehouse_ctx_t  *ctx;

    ctx = d->ctx;

    if (d->access.object != NULL && *d->access.object != '\0') {
        return d->access.object;
    }

    return ctx->uri.path != NULL ? ctx->uri.path : "an address that can't be read";
}


enum err
ngx_http_gatehouse_event(ngx_http_gatehouse_ctx_t *ctx, ngx_http_gatehouse_decision_t *d,
    enum event_action action, enum event_outcome outcome, const char *reason, struct buf *json,
    struct note *note)
{
    char                names[VIEWS_CAMERAS], role[POLICY_NAME];
    char                from[EVENT_TIME], to[EVENT_TIME];
    json_t             *detail;
    enum err            err;
    struct event        event;
    struct event_text   cameras[ACCESS_CAMERAS];

    event = event_begin(action, outcome);
    event.site = event_text((char *) ngx_http_gatehouse_worker.conf->site.data);
    event.ip = event_text(ctx->address);
    event.vms = event_text((char *) ctx->vms->name.data);
    event.object = event_text(ngx_http_gatehouse_object(d));
    event.reason = event_text(reason);

    if (ctx->has_session) {
        event.user = event_text(ctx->session.name);
        event.session = event_text(ctx->session.id);
        event.factor = event_text(ctx->session.factor);
    }

    if (d->role != POLICY_ANY) {
        board_role_name(ngx_http_gatehouse_worker.board, d->role, role);
        if (role[0] != '\0') {
            event.role = event_text(role);
        }
    }

    ngx_http_gatehouse_names(d, names, sizeof(names));
    event.cameras = cameras;
    event.camera_count = ngx_http_gatehouse_split(names, cameras);

    if (event.camera_count == 0 && (event_action(action)->needs & EVENT_CAMERAS)) {
        cameras[event.camera_count++] = event_text("unknown");
    }

    if (d->from != 0) {
        event.from = event_text(event_time_text(d->from, from));
    }

    if (d->to != 0) {
        event.to = event_text(event_time_text(d->to, to));
    }

    detail = json_pack("{s:s, s:s}", "access", access_kind(d->access.kind)->text,
                       "method", ctx->asked.method != NULL ? ctx->asked.method : "");
    event.detail = detail;

    err = event_write(&event, json, note);

    json_decref(detail);

    return err;
}


static void
ngx_http_gatehouse_recorded(void *data, enum err err, uint64_t index, const struct note *note)
{
    if (err != OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "gatehouse: an event of a refusal was not recorded: %s, %s",
                      err_words(err), note->text);
    }
}


void
ngx_http_gatehouse_record(ngx_http_gatehouse_ctx_t *ctx, ngx_http_gatehouse_decision_t *d,
    enum event_action action, enum event_outcome outcome, const char *reason)
{
    enum err     err;
    struct buf   json;
    struct note  note;

    if (outcome == EVENT_REFUSED
        && ngx_http_gatehouse_is_told(ctx->has_session ? ctx->session.id : ctx->address,
                                      ctx->has_session, ngx_http_gatehouse_object(d),
                                      reason ? reason : ""))
    {
        return;
    }

    note.text[0] = '\0';
    buf_init(&json, EVENT_LIMIT);

    err = ngx_http_gatehouse_event(ctx, d, action, outcome, reason, &json, &note);

    if (err != OK) {
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "gatehouse: no event could be made: %s, %s", err_words(err), note.text);

    } else if (ngx_http_gatehouse_append(&json, ngx_http_gatehouse_recorded, NULL) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "gatehouse: the keeper does not take an event: %s", json.data);
    }

    buf_release(&json);
}


/* Statuses by which nginx itself refuses; 494 to 497 are its own. */

static ngx_uint_t
ngx_http_gatehouse_is_refusal(ngx_uint_t status)
{
    return status == NGX_HTTP_BAD_REQUEST || status == NGX_HTTP_FORBIDDEN
           || status == NGX_HTTP_NOT_ALLOWED || status == NGX_HTTP_REQUEST_TIME_OUT
           || (status >= NGX_HTTP_LENGTH_REQUIRED && status <= NGX_HTTP_REQUEST_URI_TOO_LARGE)
           || status == NGX_HTTP_MISDIRECTED_REQUEST || status == NGX_HTTP_TOO_MANY_REQUESTS
           || (status >= NGX_HTTP_REQUEST_HEADER_TOO_LARGE && status <= NGX_HTTP_TO_HTTPS)
           || status == NGX_HTTP_NOT_IMPLEMENTED || status == NGX_HTTP_VERSION_NOT_SUPPORTED;
}


ngx_int_t
ngx_http_gatehouse_log_handler(ngx_http_request_t *r)
{
    char                       address[IP_TEXT], reason[64];
    struct ip                  ip;
    struct buf                 json;
    struct note                note;
    ngx_uint_t                 status;
    struct event               event;
    ngx_http_gatehouse_ctx_t  *ctx;

    ctx = ngx_http_gatehouse_ctx(r);
    status = r->err_status ? r->err_status : r->headers_out.status;

    if ((ctx != NULL && ctx->decision.why != NULL) || r->upstream != NULL
        || !ngx_http_gatehouse_is_refusal(status) || ngx_http_gatehouse_worker.conf == NULL)
    {
        return NGX_OK;
    }

    ngx_memzero(&ip, sizeof(struct ip));
    (void) ngx_http_gatehouse_address(r, &ip); /* else the nearest one that was named */
    (void) ip_text(&ip, address);
    *ngx_snprintf((u_char *) reason, sizeof(reason) - 1, "nginx refused the request: %ui", status)
        = '\0';

    if (ngx_http_gatehouse_is_told(address, 0, "", reason)) {
        return NGX_OK;
    }

    event = event_begin(EVENT_AUTH_FAIL, EVENT_REFUSED);
    event.site = event_text((char *) ngx_http_gatehouse_worker.conf->site.data);
    event.ip = event_text(address);
    event.reason = event_text(reason);

    note.text[0] = '\0';
    buf_init(&json, EVENT_LIMIT);

    if (event_write(&event, &json, &note) != OK
        || ngx_http_gatehouse_append(&json, ngx_http_gatehouse_recorded, NULL) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "gatehouse: no event of a refusal could be kept: %s, %s", reason, note.text);
    }

    buf_release(&json);

    return NGX_OK;
}


/* The ledger will stamp another time: its own is said in the detail. */

ngx_int_t
ngx_http_gatehouse_emergency(const struct buf *json)
{
    char         at[EVENT_TIME];
    u_char       path[1024], *p;
    json_t      *event, *detail;
    ngx_int_t    rc;
    struct buf   line;
    struct note  note;

    event = json_loadb(json->data, json->len, 0, NULL);
    if (event == NULL) {
        return NGX_ERROR;
    }

    detail = json_object_get(event, "detail");
    if (detail == NULL) {
        detail = json_object();
        (void) json_object_set_new(event, "detail", detail);
    }

    (void) json_object_set_new(detail, "emergency", json_true());
    (void) json_object_set_new(detail, "at", json_string(event_time_text(clock_wall(), at)));

    p = ngx_snprintf(path, sizeof(path) - 1, "%V/emergency.jsonl",
                     &ngx_http_gatehouse_worker.conf->run);
    *p = '\0';

    rc = NGX_ERROR;
    note.text[0] = '\0';
    buf_init(&line, EVENT_LIMIT);

    if (event_canonical(event, &line) == OK && buf_error(&line) == OK
        && emergency_append((char *) path, line.data, line.len, &note) == OK)
    {
        rc = NGX_OK;

    } else {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "gatehouse: an event of an emergency can't be kept: %s", note.text);
    }

    buf_release(&line);
    json_decref(event);

    return rc;
}
