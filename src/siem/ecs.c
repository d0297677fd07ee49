/*
 * Elastic Common Schema 8, one JSON object. What ECS has no field for is in the object gatehouse.
 * detail is one text there: its members differ from action to action, and an index refuses a
 * document whose member has another type than the first one had.
 */
#include "siem/put.h"

#include <string.h>

#define VERSION "8.11.0"
#define SHA256  "sha256:"
#define SECRET  64 /* hex digits of a SHA-256 */

static const struct {
    const char *category, *type;
} kinds[EVENT_ACTIONS] = {
#define ECS_KIND(action, category, type) [EVENT_##action] = {category, type},
#include "siem/ecs_kinds.def"
#undef ECS_KIND
};

/* event.outcome has three values. */
static const char *const outcomes[] = {
    [EVENT_OK] = "success",
    [EVENT_REFUSED] = "failure",
    [EVENT_FAILED] = "failure",
    [EVENT_UNKNOWN] = "unknown",
};

struct member {
    unsigned at;       /* enum logged_text or logged_number */
    const char *begin; /* `,"site":` */
};

static const struct member ours[] = {
    {LOGGED_DIGEST,  ",\"digest\":"      },
    {LOGGED_FACTOR,  ",\"factor\":"      },
    {LOGGED_OBJECT,  ",\"object\":"      },
    {LOGGED_OUTCOME, ",\"outcome\":"     },
    {LOGGED_PHASE,   ",\"phase\":"       },
    {LOGGED_QUALITY, ",\"time_quality\":"},
    {LOGGED_SESSION, ",\"session\":"     },
    {LOGGED_SITE,    ",\"site\":"        },
    {LOGGED_VIEW,    ",\"view\":"        },
    {LOGGED_VMS,     ",\"vms\":"         },
};

static void
put_event(struct buf *out, const struct logged *logged, const struct siem_about *about,
    const struct siem_sense *sense)
{
    int64_t duration = logged->numbers[LOGGED_DURATION];
    SIEM_PUT(out, ",\"event\":{\"kind\":\"event\",\"module\":\"gatehouse\","
                  "\"dataset\":\"gatehouse.ledger\",\"sequence\":");
    siem_put_count(out, logged->index);
    SIEM_PUT(out, ",\"severity\":");
    siem_put_count(out, siem_scale(sense->level)->ecs);
    if (about->leaf != NULL) {
        SIEM_PUT(out, ",\"hash\":\"");
        siem_put_hex(out, about->leaf, MERKLE_HASH);
        buf_byte(out, '"');
    }
    if (logged->is_event) {
        SIEM_PUT(out, ",\"outcome\":\"");
        buf_text(out, outcomes[sense->outcome]);
        buf_byte(out, '"');
        siem_put_member(out, ",\"action\":", &logged->texts[LOGGED_ACTION]);
        siem_put_member(out, ",\"id\":", &logged->texts[LOGGED_ID]);
        siem_put_member(out, ",\"reason\":", &logged->texts[LOGGED_REASON]);
        if (duration >= 0 && duration <= INT64_MAX / 1000000) {
            siem_put_member_number(out, ",\"duration\":", duration * 1000000); /* nanoseconds */
        }
    }
    if (sense->is_known) {
        SIEM_PUT(out, ",\"category\":");
        buf_text(out, kinds[sense->action].category);
        SIEM_PUT(out, ",\"type\":");
        buf_text(out, kinds[sense->action].type);
    }
    if (!logged->is_event || logged->has_more) {
        SIEM_PUT(out, ",\"original\":");
        siem_put_json(out, logged->entry, logged->entry_len);
    }
    buf_byte(out, '}');
}

static void
put_observer(struct buf *out, const struct siem_about *about)
{
    SIEM_PUT(out, ",\"observer\":{\"product\":\"Gatehouse\",\"vendor\":\"Gatehouse\","
                  "\"version\":\"" GATEHOUSE_VERSION "\"");
    if (about->host != NULL && strcmp(about->host, "-") != 0) {
        SIEM_PUT(out, ",\"hostname\":");
        siem_put_json(out, about->host, strlen(about->host));
    }
    buf_byte(out, '}');
}

static void
put_actor(struct buf *out, const struct logged *logged)
{
    const struct event_text *user = &logged->texts[LOGGED_USER];
    const struct event_text *role = &logged->texts[LOGGED_ROLE];
    const struct event_text *ip = &logged->texts[LOGGED_IP];
    bool is_ip = ip->bytes != NULL && siem_address(ip) != 0;
    siem_put_member(out, ",\"user\":{\"name\":", user);
    if (role->bytes != NULL) {
        buf_text(out, user->bytes != NULL ? "," : ",\"user\":{");
        siem_put_member(out, "\"roles\":[", role);
        buf_byte(out, ']');
    }
    if (user->bytes != NULL || role->bytes != NULL) {
        buf_byte(out, '}');
    }
    siem_put_member(out, ",\"source\":{\"address\":", ip);
    if (is_ip) {
        siem_put_member(out, ",\"ip\":", ip);
    }
    if (ip->bytes != NULL) {
        buf_byte(out, '}');
    }
    if (is_ip) {
        siem_put_member(out, ",\"related\":{\"ip\":[", ip);
        siem_put_member(out, "],\"user\":[", user);
        SIEM_PUT(out, "]}");
    }
}

static void
put_file(struct buf *out, const struct event_text *digest)
{
    size_t skip = sizeof(SHA256) - 1;
    if (digest->bytes != NULL && digest->len == skip + SECRET &&
        memcmp(digest->bytes, SHA256, skip) == 0) {
        SIEM_PUT(out, ",\"file\":{\"hash\":{\"sha256\":");
        siem_put_json(out, digest->bytes + skip, SECRET);
        SIEM_PUT(out, "}}");
    }
}

static void
put_ours(struct buf *out, const struct logged *logged)
{
    const int64_t *numbers = logged->numbers;
    for (size_t i = 0; i < COUNT(ours); i++) {
        siem_put_member(out, ours[i].begin, &logged->texts[ours[i].at]);
    }
    if (logged->camera_count != 0) {
        SIEM_PUT(out, ",\"cameras\":");
        siem_put_cameras(out, logged);
    }
    siem_put_member(out, ",\"detail\":", &logged->detail);
    siem_put_member_time(out, ",\"from\":", numbers[LOGGED_FROM]);
    siem_put_member_time(out, ",\"to\":", numbers[LOGGED_TO]);
    siem_put_member_number(out, ",\"bytes\":", numbers[LOGGED_BYTES]);
    siem_put_member_number(out, ",\"v\":", numbers[LOGGED_VERSION]);
    siem_put_member_number(out, ",\"writer_pid\":", numbers[LOGGED_PID]);
    siem_put_member_number(out, ",\"writer_uid\":", numbers[LOGGED_UID]);
}

static enum err
put(const struct logged *logged, const struct siem_about *about, struct buf *ret_record)
{
    size_t start = ret_record->len;
    struct siem_sense sense = siem_sense(logged);
    struct buf *out = ret_record;
    siem_put_member_time(
        out, "{\"@timestamp\":", logged->is_event ? logged->numbers[LOGGED_TIME] : about->now);
    SIEM_PUT(out, ",\"ecs\":{\"version\":\"" VERSION "\"}");
    put_event(out, logged, about, &sense);
    SIEM_PUT(out, ",\"message\":\""); /* what would have to be escaped is not in it */
    siem_put_sentence(out, logged, &sense);
    buf_byte(out, '"');
    put_observer(out, about);
    if (logged->is_event) {
        put_actor(out, logged);
        put_file(out, &logged->texts[LOGGED_DIGEST]);
    }
    SIEM_PUT(out, ",\"gatehouse\":{\"origin\":");
    siem_put_json(out, about->origin, strlen(about->origin));
    if (about->root != NULL) {
        SIEM_PUT(out, ",\"root\":");
        siem_put_json(out, about->root, strlen(about->root));
        SIEM_PUT(out, ",\"tree_size\":");
        siem_put_count(out, about->tree_size);
    }
    if (logged->is_event) {
        put_ours(out, logged);
    } else {
        SIEM_PUT(out, ",\"is_event\":false");
    }
    SIEM_PUT(out, "}}");
    siem_tame_json(out, start);
    return siem_put_end(out, start);
}

const struct siem_format siem_ecs = {
    .name = "ecs",
    .words = "Elastic Common Schema JSON",
    .put = put,
};
