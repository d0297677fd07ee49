
/* Whose footage it is: cameras by key, alias, event, or an earlier request. */

#include "ngx_http_gatehouse.h"


/* A camera's key, once; they are at most ACCESS_CAMERAS. */

static ngx_int_t
ngx_http_gatehouse_add_camera(ngx_http_gatehouse_decision_t *d, const char *key)
{
    ngx_uint_t  i;

    for (i = 0; i < d->ncameras; i++) {
        if (ngx_strcmp(d->cameras[i], key) == 0) {
            return NGX_OK;
        }
    }

    if (d->ncameras == ACCESS_CAMERAS) {
        return NGX_ERROR;
    }

    key = arena_copy(&d->ctx->arena, key);
    if (key == NULL) {
        return NGX_ERROR;
    }

    d->cameras[d->ncameras++] = key;

    return NGX_OK;
}


static ngx_int_t
ngx_http_gatehouse_take_resolved(ngx_http_gatehouse_decision_t *d, enum err err,
    const struct resolved *resolved)
{
    size_t  i;

    if (err == ERR_MISSING) {
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN, "the VMS has no such recording");
    }

    if (err != OK) {
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_SERVICE_UNAVAILABLE,
                                         "the broker can't tell whose recording it is");
    }

    if (resolved->all_cameras) {
        d->all_cameras = 1;
    }

    if (resolved->camera_count == 0 && !resolved->all_cameras) {
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_SERVICE_UNAVAILABLE,
                                         "the broker can't tell whose recording it is");
    }

    for (i = 0; i < resolved->camera_count && i < RESOLVE_CAMERAS; i++) {
        if (ngx_http_gatehouse_add_camera(d, resolved->cameras[i]) != NGX_OK) {
            return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN, "too many cameras");
        }
    }

    /* the request's own times may lie inside those of the recording */

    if (d->access.from == 0 && resolved->from != 0) {
        d->from = d->from == 0 ? resolved->from : ngx_min(d->from, resolved->from);
    }

    if (d->access.to == 0 && resolved->to != 0) {
        d->to = ngx_max(d->to, resolved->to);
    }

    if (resolved->from != 0) {
        d->oldest = d->oldest == 0 ? resolved->from : ngx_min(d->oldest, resolved->from);
    }

    return NGX_OK;
}


static void
ngx_http_gatehouse_resolved(void *data, enum err err, const struct resolved *resolved)
{
    ngx_int_t                       rc;
    ngx_http_gatehouse_decision_t  *d;

    d = data;
    rc = ngx_http_gatehouse_take_resolved(d, err, resolved);
    d->asked++;

    if (rc != NGX_OK) {
        d->failed = rc;
    }

    if (d->running) {
        return;
    }

    ngx_http_gatehouse_resume(d);
}


static ngx_int_t
ngx_http_gatehouse_ask(ngx_http_gatehouse_decision_t *d, const struct access_camera *camera)
{
    enum err                      err;
    ngx_uint_t                    asked;
    struct resolved               resolved;
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    if (w->resolver == NULL) {
        return ngx_http_gatehouse_refuse(d, NGX_HTTP_SERVICE_UNAVAILABLE, "out of memory");
    }

    asked = d->asked;

    err = resolver_ask(w->resolver, (char *) d->ctx->vms->name.data, camera,
                       ngx_http_gatehouse_resolved, d, &resolved);

    ngx_http_gatehouse_watch_resolver();

    if (err == ERR_TIMEOUT) {
        return d->asked == asked ? NGX_AGAIN : d->failed;
    }

    d->asked++;

    return ngx_http_gatehouse_take_resolved(d, err, &resolved);
}


/* What an earlier request of this session opened: its cameras were decided then. */

static ngx_uint_t
ngx_http_gatehouse_is_linked(ngx_http_gatehouse_decision_t *d, const char *link)
{
    struct view_handle            handle;
    static struct view            view;
    ngx_http_gatehouse_worker_t  *w;

    w = &ngx_http_gatehouse_worker;

    if (views_by_link(w->views, d->ctx->session.id, link, &view, &handle) != OK
        || view.vms != d->ctx->vms->place)
    {
        return 0;
    }

    d->linked = 1;
    d->link = handle;
    d->link_permit = access_kind(view.kind)->permit;
    views_add(w->views, handle, 0, clock_boot());

    if (d->access.kind == ACCESS_FOLLOW && view.kind == ACCESS_PLAYBACK) {
        /* "previous" and "next" lead to other recordings */
        views_must_tell(w->views, handle, clock_boot());
    }

    return 1;
}


/* What an earlier request of this session opened or had prepared. */

static ngx_int_t
ngx_http_gatehouse_take_link(ngx_http_gatehouse_decision_t *d, struct views_link *link)
{
    char  *key, *end;

    for (key = link->cameras; (end = strchr(key, '\n')) != NULL; key = end + 1) {
        *end = '\0';

        if (ngx_http_gatehouse_add_camera(d, key) != NGX_OK) {
            return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN, "too many cameras");
        }
    }

    d->all_cameras |= link->all_cameras;
    d->from = d->from == 0 ? link->from : d->from;
    d->to = d->to == 0 ? link->to : d->to;
    d->oldest = link->from;

    return NGX_OK;
}


static ngx_int_t
ngx_http_gatehouse_resolve_one(ngx_http_gatehouse_decision_t *d, const struct access_camera *camera)
{
    const char       *key;
    ngx_uint_t        is_linked;
    struct upstream  *upstream;

    static struct views_link  link;

    switch (camera->name) {

    case ACCESS_ALL:
        d->all_cameras = 1;
        d->asked++;
        return NGX_OK;

    case ACCESS_CAMERA:
    case ACCESS_STREAM:
        upstream = ngx_http_gatehouse_upstream(d->ctx->vms);
        key = upstream != NULL ? upstream_camera(upstream, camera->text) : NULL;

        if (key == NULL && camera->name == ACCESS_CAMERA) {
            key = camera->text; /* one that the broker has not seen yet */
        }

        if (key == NULL) {
            return ngx_http_gatehouse_ask(d, camera);
        }

        d->asked++;

        if (ngx_http_gatehouse_add_camera(d, key) != NGX_OK) {
            return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN, "too many cameras");
        }

        return NGX_OK;

    case ACCESS_LINK:
        is_linked = ngx_http_gatehouse_is_linked(d, camera->text);

        if (views_find_link(ngx_http_gatehouse_worker.views, d->ctx->session.id, camera->text,
                            clock_boot(), &link)
            == OK && link.vms == d->ctx->vms->place)
        {
            d->asked++;
            return ngx_http_gatehouse_take_link(d, &link);
        }

        if (is_linked) {
            d->asked++;
            return NGX_OK;
        }

        return ngx_http_gatehouse_ask(d, camera);

    case ACCESS_EVENT:
    case ACCESS_FRAME:
    case ACCESS_EXPORTED:
    case ACCESS_REVIEW:
    case ACCESS_GROUP:
        return ngx_http_gatehouse_ask(d, camera);
    }

    return ngx_http_gatehouse_refuse(d, NGX_HTTP_FORBIDDEN, "a camera named in no known way");
}


ngx_int_t
ngx_http_gatehouse_resolve(ngx_http_gatehouse_decision_t *d)
{
    ngx_int_t  rc;

    if (d->failed) {
        return d->failed;
    }

    while (d->asked < d->access.camera_count) {
        rc = ngx_http_gatehouse_resolve_one(d, &d->access.cameras[d->asked]);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}
