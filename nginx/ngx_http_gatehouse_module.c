
/* Directives, variables, and where the module hooks into nginx. */

#include "ngx_http_gatehouse.h"


static void *ngx_http_gatehouse_create_main_conf(ngx_conf_t *cf);
static char *ngx_http_gatehouse_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_http_gatehouse_create_srv_conf(ngx_conf_t *cf);
static char *ngx_http_gatehouse_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child);
static void *ngx_http_gatehouse_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_gatehouse_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);
static ngx_int_t ngx_http_gatehouse_add_variables(ngx_conf_t *cf);
static ngx_int_t ngx_http_gatehouse_init(ngx_conf_t *cf);

static char *ngx_http_gatehouse_guard(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_gatehouse_trust(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_gatehouse_pages(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

static ngx_int_t ngx_http_gatehouse_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data);


enum {
    NGX_HTTP_GATEHOUSE_VAR_UPGRADE,
    NGX_HTTP_GATEHOUSE_VAR_CONNECTION,
    NGX_HTTP_GATEHOUSE_VAR_ADDRESS,
    NGX_HTTP_GATEHOUSE_VAR_USER,
    NGX_HTTP_GATEHOUSE_VAR_REFUSED,
    NGX_HTTP_GATEHOUSE_VAR_SESSION,
};


static ngx_conf_enum_t  ngx_http_gatehouse_nets[] = {
    { ngx_string("refuse"), NET_REFUSE },
    { ngx_string("record"), NET_RECORD },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_gatehouse_commands[] = {

    { ngx_string("gatehouse_run"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_gatehouse_main_conf_t, run),
      NULL },

    { ngx_string("gatehouse_ledger"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_gatehouse_main_conf_t, ledger),
      NULL },

    { ngx_string("gatehouse_site"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_gatehouse_main_conf_t, site),
      NULL },

    { ngx_string("gatehouse_net"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_gatehouse_main_conf_t, net),
      &ngx_http_gatehouse_nets },

    { ngx_string("gatehouse_trust"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_gatehouse_trust,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("gatehouse"),
      NGX_HTTP_SRV_CONF|NGX_CONF_TAKE23,
      ngx_http_gatehouse_guard,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("gatehouse_pages"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_gatehouse_pages,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_gatehouse_module_ctx = {
    ngx_http_gatehouse_add_variables,      /* preconfiguration */
    ngx_http_gatehouse_init,               /* postconfiguration */

    ngx_http_gatehouse_create_main_conf,   /* create main configuration */
    ngx_http_gatehouse_init_main_conf,     /* init main configuration */

    ngx_http_gatehouse_create_srv_conf,    /* create server configuration */
    ngx_http_gatehouse_merge_srv_conf,     /* merge server configuration */

    ngx_http_gatehouse_create_loc_conf,    /* create location configuration */
    ngx_http_gatehouse_merge_loc_conf      /* merge location configuration */
};


ngx_module_t  ngx_http_gatehouse_module = {
    NGX_MODULE_V1,
    &ngx_http_gatehouse_module_ctx,        /* module context */
    ngx_http_gatehouse_commands,           /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_gatehouse_init_worker,        /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_gatehouse_exit_worker,        /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_variable_t  ngx_http_gatehouse_vars[] = {

    { ngx_string("gatehouse_upgrade"), NULL, ngx_http_gatehouse_variable,
      NGX_HTTP_GATEHOUSE_VAR_UPGRADE, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gatehouse_connection"), NULL, ngx_http_gatehouse_variable,
      NGX_HTTP_GATEHOUSE_VAR_CONNECTION, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gatehouse_address"), NULL, ngx_http_gatehouse_variable,
      NGX_HTTP_GATEHOUSE_VAR_ADDRESS, 0, 0 },

    { ngx_string("gatehouse_user"), NULL, ngx_http_gatehouse_variable,
      NGX_HTTP_GATEHOUSE_VAR_USER, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gatehouse_refused"), NULL, ngx_http_gatehouse_variable,
      NGX_HTTP_GATEHOUSE_VAR_REFUSED, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("gatehouse_session"), NULL, ngx_http_gatehouse_variable,
      NGX_HTTP_GATEHOUSE_VAR_SESSION, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


static ngx_int_t
ngx_http_gatehouse_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    char                       text[IP_TEXT];
    u_char                    *p;
    size_t                     len;
    struct ip                  ip;
    const char                *s;
    ngx_http_gatehouse_ctx_t  *ctx;

    ctx = ngx_http_gatehouse_ctx(r);
    s = "";

    switch (data) {

    case NGX_HTTP_GATEHOUSE_VAR_UPGRADE:
        if (ctx && ctx->is_allowed && ctx->asked.is_upgrade) {
            s = "websocket";
        }
        break;

    case NGX_HTTP_GATEHOUSE_VAR_CONNECTION:
        if (ctx && ctx->is_allowed && ctx->asked.is_upgrade) {
            s = "upgrade";
        }
        break;

    case NGX_HTTP_GATEHOUSE_VAR_ADDRESS:
        if (ngx_http_gatehouse_address(r, &ip) == NGX_OK) {
            s = ip_text(&ip, text);
        }
        break;

    case NGX_HTTP_GATEHOUSE_VAR_USER:
        if (ctx && ctx->has_session) {
            s = ctx->session.name;
        }
        break;

    case NGX_HTTP_GATEHOUSE_VAR_REFUSED:
        s = ngx_http_gatehouse_refusal(r, ctx);
        break;

    default: /* NGX_HTTP_GATEHOUSE_VAR_SESSION */
        if (ctx && ctx->has_session) {
            s = ctx->session.id;
        }
        break;
    }

    len = ngx_strlen(s);
    p = ngx_pnalloc(r->pool, len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, s, len);
    v->data = p;
    v->len = (unsigned) len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_gatehouse_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_gatehouse_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static void *
ngx_http_gatehouse_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_gatehouse_main_conf_t  *gmcf;

    gmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_gatehouse_main_conf_t));
    if (gmcf == NULL) {
        return NULL;
    }

    gmcf->net = NGX_CONF_UNSET_UINT;

    if (ngx_array_init(&gmcf->vms, cf->pool, 2, sizeof(ngx_http_gatehouse_vms_t *)) != NGX_OK) {
        return NULL;
    }

    return gmcf;
}


static char *
ngx_http_gatehouse_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_gatehouse_main_conf_t *gmcf = conf;

    ngx_conf_init_uint_value(gmcf->net, NET_REFUSE);

    if (gmcf->vms.nelts == 0) {
        return NGX_CONF_OK;
    }

    if (gmcf->run.len == 0 || gmcf->ledger.len == 0 || gmcf->site.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "a server is guarded by \"gatehouse\", but \"%s\" is missing: "
                           "say it in the http block",
                           gmcf->run.len == 0 ? "gatehouse_run"
                           : gmcf->ledger.len == 0 ? "gatehouse_ledger" : "gatehouse_site");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static void *
ngx_http_gatehouse_create_srv_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_gatehouse_srv_conf_t));
}


/* The core forgets its list of names when the configuration is read. */

static char *
ngx_http_gatehouse_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_gatehouse_srv_conf_t *conf = child;

    ngx_str_t                 *name;
    ngx_uint_t                 i;
    ngx_array_t               *copies;
    ngx_http_server_name_t    *names;
    ngx_http_core_srv_conf_t  *cscf;

    if (conf->vms == NULL) {
        return NGX_CONF_OK;
    }

    cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);
    names = cscf->server_names.elts;

    copies = ngx_array_create(cf->pool, cscf->server_names.nelts + 1, sizeof(ngx_str_t));
    if (copies == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < cscf->server_names.nelts; i++) {

        if (names[i].name.len == 0 || ngx_strchr("*.~_", names[i].name.data[0])) {
            return NGX_CONF_OK; /* any name, or a pattern */
        }

        name = ngx_array_push(copies);
        *name = names[i].name;
        name->data = ngx_pstrdup(cf->pool, &names[i].name);
        if (name->data == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    conf->names = copies;

    return NGX_CONF_OK;
}


static void *
ngx_http_gatehouse_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_gatehouse_loc_conf_t  *glcf;

    glcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_gatehouse_loc_conf_t));
    if (glcf == NULL) {
        return NULL;
    }

    glcf->pages = NGX_CONF_UNSET;

    return glcf;
}


/* The core's own settings of the location are merged before ours. */

static char *
ngx_http_gatehouse_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_gatehouse_loc_conf_t *prev = parent;
    ngx_http_gatehouse_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t       *clcf;
    ngx_http_gatehouse_srv_conf_t  *gscf;

    ngx_conf_merge_value(conf->pages, prev->pages, 0);

    gscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_gatehouse_module);
    if (gscf->vms == NULL || conf->pages) {
        return NGX_CONF_OK;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->satisfy == NGX_HTTP_SATISFY_ANY) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"satisfy any\" in location \"%V\" would let others decide instead of "
                           "Gatehouse: remove it, or guard no VMS in this server", &clcf->name);
        return NGX_CONF_ERROR;
    }

    if (clcf->client_max_body_size == 0 || clcf->client_max_body_size > (off_t) ACCESS_BODY) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"client_max_body_size\" of location \"%V\" is over %uz bytes, which is "
                           "what Gatehouse reads and judges: set it to 1m", &clcf->name,
                           (size_t) ACCESS_BODY);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_gatehouse_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt             *h;
    ngx_http_core_main_conf_t       *cmcf;
    ngx_http_gatehouse_main_conf_t  *gmcf;

    gmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_gatehouse_module);
    if (gmcf->vms.nelts == 0) {
        return NGX_OK;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_ACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_gatehouse_access_handler;

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_gatehouse_log_handler;

    /* the filter that is installed last runs first */

    if (ngx_http_gatehouse_stream_init(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_gatehouse_guard_init(cf);
}


static char *
ngx_http_gatehouse_guard(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_gatehouse_srv_conf_t *gscf = conf;

    ngx_str_t                       *value;
    ngx_http_gatehouse_vms_t        *vms, **slot;
    ngx_http_gatehouse_main_conf_t  *gmcf;

    if (gscf->vms != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    vms = ngx_pcalloc(cf->pool, sizeof(ngx_http_gatehouse_vms_t));
    if (vms == NULL) {
        return NGX_CONF_ERROR;
    }

    vms->name = value[1];
    vms->place = POLICY_ANY;

    if (value[1].len == 0 || value[1].len >= POLICY_NAME) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the VMS's name \"%V\" must have 1 to %d characters", &value[1],
                           POLICY_NAME - 1);
        return NGX_CONF_ERROR;
    }

    vms->gate = vms_gate_find((const char *) value[2].data);
    if (vms->gate == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "Gatehouse knows no VMS \"%V\"; the types are listed by "
                           "\"gatehouse gateway init --help\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 4) {
        if (ngx_strcmp(value[3].data, "beside") != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown word \"%V\"; only \"beside\" may stand there, which lets "
                               "media such as WebRTC leave beside the gateway", &value[3]);
            return NGX_CONF_ERROR;
        }

        vms->beside = 1;
    }

    gmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_gatehouse_module);

    slot = ngx_array_push(&gmcf->vms);
    if (slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = vms;
    gscf->vms = vms;

    return NGX_CONF_OK;
}


static char *
ngx_http_gatehouse_trust(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_gatehouse_main_conf_t *gmcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;
    struct net  *net;

    if (gmcf->trusted == NULL) {
        gmcf->trusted = ngx_array_create(cf->pool, 2, sizeof(struct net));
        if (gmcf->trusted == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        net = ngx_array_push(gmcf->trusted);
        if (net == NULL) {
            return NGX_CONF_ERROR;
        }

        if (net_parse((const char *) value[i].data, net) != OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is no address and no network such as 10.0.0.0/24",
                               &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_gatehouse_pages(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_gatehouse_loc_conf_t *glcf = conf;

    if (glcf->pages != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    glcf->pages = 1;

    return NGX_CONF_OK;
}
