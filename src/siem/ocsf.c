/*
 * OCSF 1.8.0, one JSON object in the canonical form of RFC 8785, members in their order; so its
 * fingerprint is the hash of the bytes as they are written. The attestation is a preview of the
 * profile record_integrity of 1.9; it has no signature, because nothing signs single records: the
 * log's checkpoints are what is signed.
 */
/* OpenSSL calls it old; it is all that a short message needs (see ledger/merkle.c). */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/text.h"
#include "ledger/canonical.h"
#include "siem/put.h"

#include <openssl/sha.h>
#include <string.h>

#define SCHEMA      "1.8.0"
#define ATTESTATION "\"attestation_list\":[{\"authority_uid\":"

/* algorithm 3: SHA-256; encoding 1: hex; serialization 2: RFC 8785 */
#define PRINT                                                                                      \
    "\"fingerprint\":{\"algorithm\":\"SHA-256\",\"algorithm_id\":3,\"encoding_id\":1,"             \
    "\"serialization_id\":2,\"value\":\""
#define PRINT_END "\"}"

enum demand {
    NONE,
    LOGIN,
    DEVICE_LOGIN,
    RESOURCES,
    ENTITY,
    ACCOUNT,
    SCAN,
    LOG,
    FINDING,
};

enum class {
#define OCSF_CLASS(name, uid, words, category, category_words) CLASS_##name,
#include "siem/ocsf_classes.def"
#undef OCSF_CLASS
};

static const struct {
    unsigned uid;
    const char *head; /* the members of class and category, in their order */
} classes[] = {
#define OCSF_CLASS(name, uid, words, category, category_words)                                     \
    {uid, ",\"category_name\":\"" category_words "\",\"category_uid\":" #category                  \
          ",\"class_name\":\"" words "\",\"class_uid\":" #uid},
#include "siem/ocsf_classes.def"
#undef OCSF_CLASS
};

struct kind {
    enum class class;
    unsigned activity;
    const char *head; /* the members of the activity */
    enum demand demand;
    const char *entity;
};

#define ACTIVITY(id, words) id, "\"activity_id\":" #id ",\"activity_name\":\"" words "\""

static const struct kind kinds[EVENT_ACTIONS] = {
#define OCSF_ACTION(action, class, activity, words, demand, entity)                                \
    [EVENT_##action] = {CLASS_##class, ACTIVITY(activity, words), demand, entity},
#include "siem/ocsf_classes.def"
#undef OCSF_ACTION
};
static const struct kind other = {CLASS_BASE, ACTIVITY(99, "Other"), NONE, ""};
static const struct kind scan_begin = {CLASS_SCAN, ACTIVITY(1, "Started"), SCAN, ""};
static const struct kind scan_end = {CLASS_SCAN, ACTIVITY(2, "Completed"), SCAN, ""};

/* status_id: dictionary of 1.8.0, Unknown, Success, Failure. */
static const unsigned status_ids[] = {
    [EVENT_OK] = 1,
    [EVENT_REFUSED] = 2,
    [EVENT_FAILED] = 2,
    [EVENT_UNKNOWN] = 0,
};

struct record {
    struct buf *out;
    const struct logged *logged;
    const struct siem_about *about;
    struct siem_sense sense;
    const struct kind *kind;
    size_t start;
    size_t hole; /* where the fingerprint comes */
    uint8_t hash[MERKLE_HASH];
};

static uint64_t
type_of(const struct kind *kind)
{
    return classes[kind->class].uid * 100ULL + kind->activity;
}

static const struct kind *
kind_of(const struct logged *logged, const struct siem_sense *sense)
{
    if (!sense->is_known) {
        return &other;
    }
    const struct kind *kind = &kinds[sense->action];
    if (kind->demand == SCAN && logged_says(logged, LOGGED_PHASE, "begin")) {
        return &scan_begin;
    }
    return kind->demand == SCAN && logged_says(logged, LOGGED_PHASE, "end") ? &scan_end : kind;
}

/* Names an entry that has no id so that no id of an event can be the same. */
static void
put_uid(struct buf *out, const struct logged *logged)
{
    if (logged->texts[LOGGED_ID].bytes != NULL) {
        siem_put_json(out, logged->texts[LOGGED_ID].bytes, logged->texts[LOGGED_ID].len);
    } else {
        SIEM_PUT(out, "\"entry:");
        siem_put_count(out, logged->index);
        buf_byte(out, '"');
    }
}

static void
put_attestation(struct record *record)
{
    struct buf *out = record->out;
    const char *origin = record->about->origin;
    const struct siem_chain *chain = record->about->chain;
    SIEM_PUT(out, "," ATTESTATION);
    siem_put_json(out, origin, strlen(origin));
    SIEM_PUT(out, ",\"chain_uid\":");
    siem_put_json(out, origin, strlen(origin));
    record->hole = out->len;
    if (chain != NULL && chain->uid[0] != '\0') {
        SIEM_PUT(out, ",\"prev_event\":{");
        SIEM_PUT(out, PRINT);
        siem_put_hex(out, chain->fingerprint, sizeof(chain->fingerprint));
        SIEM_PUT(out, PRINT_END);
        SIEM_PUT(out, ",\"type_uid\":");
        siem_put_count(out, chain->type_uid);
        SIEM_PUT(out, ",\"uid\":");
        siem_put_json(out, chain->uid, strlen(chain->uid));
        buf_byte(out, '}');
    }
    SIEM_PUT(out, "}]");
}

static void
put_actor(struct buf *out, const struct logged *logged)
{
    SIEM_PUT(out, ",\"actor\":{\"app_name\":\"Gatehouse\"");
    if (logged->texts[LOGGED_SESSION].bytes != NULL) {
        siem_put_member(out, ",\"session\":{\"uid\":", &logged->texts[LOGGED_SESSION]);
        buf_byte(out, '}');
    }
    if (logged->texts[LOGGED_USER].bytes != NULL) {
        siem_put_member(out, ",\"user\":{\"name\":", &logged->texts[LOGGED_USER]);
        SIEM_PUT(out, ",\"type_id\":1}");
    }
    buf_byte(out, '}');
}

static void
put_device(struct buf *out, const struct siem_about *about)
{
    bool is_named = about->host != NULL && about->host[0] != '\0' && strcmp(about->host, "-") != 0;
    SIEM_PUT(out, ",\"device\":{");
    if (is_named) {
        SIEM_PUT(out, "\"hostname\":");
        siem_put_json(out, about->host, strlen(about->host));
        buf_byte(out, ',');
    }
    SIEM_PUT(out, "\"name\":\"Gatehouse\",\"type_id\":1}");
}

static void
put_metadata(struct record *record)
{
    struct buf *out = record->out;
    SIEM_PUT(out, "\",\"metadata\":{");
    siem_put_member(out, "\"event_code\":", &record->logged->texts[LOGGED_ACTION]);
    buf_text(out, record->logged->texts[LOGGED_ACTION].bytes != NULL ? "," : "");
    SIEM_PUT(out, "\"log_name\":");
    siem_put_json(out, record->about->origin, strlen(record->about->origin));
    SIEM_PUT(out, ",\"product\":{\"name\":\"Gatehouse\",\"vendor_name\":\"Gatehouse\","
                  "\"version\":\"" GATEHOUSE_VERSION "\"},\"profiles\":[\"host\",");
    if (record->sense.outcome == EVENT_REFUSED) {
        SIEM_PUT(out, "\"security_control\",");
    }
    SIEM_PUT(out, "\"record_integrity\"],\"sequence\":");
    siem_put_count(out, record->logged->index);
    SIEM_PUT(out, ",\"uid\":");
    put_uid(out, record->logged);
    SIEM_PUT(out, ",\"version\":\"" SCHEMA "\"}");
}

/* A text that a class demands: that of the event, or what says that there is none. */
static void
put_demanded(struct buf *out, const struct event_text *text)
{
    if (text->bytes != NULL) {
        siem_put_json(out, text->bytes, text->len);
    } else {
        SIEM_PUT(out, "\"unknown\"");
    }
}

/* Members between "device" and "message". */
static void
put_subject(struct record *record)
{
    struct buf *out = record->out;
    const struct event_text *texts = record->logged->texts;
    if (record->sense.outcome == EVENT_REFUSED) {
        SIEM_PUT(out, ",\"disposition\":\"Blocked\",\"disposition_id\":2");
    }
    if (record->kind->demand == ENTITY) {
        SIEM_PUT(out, ",\"entity\":{\"name\":");
        put_demanded(out, &texts[LOGGED_OBJECT]);
        SIEM_PUT(out, ",\"type\":\"");
        buf_text(out, record->kind->entity);
        SIEM_PUT(out, "\"}");
    } else if (record->kind->demand == FINDING) {
        SIEM_PUT(out, ",\"finding_info\":{\"title\":\"");
        buf_text(out, record->sense.title);
        SIEM_PUT(out, "\",\"uid\":");
        put_uid(out, record->logged);
        buf_byte(out, '}');
    } else if (record->kind->demand == LOG) {
        SIEM_PUT(out, ",\"log_name\":");
        siem_put_json(out, record->about->origin, strlen(record->about->origin));
    }
}

/* Members from "raw_data" to "time". */
static void
put_outcome(struct record *record)
{
    struct buf *out = record->out;
    const struct event_text *texts = record->logged->texts;
    const struct siem_scale *scale = siem_scale(record->sense.level);
    const struct event_text *ip = &texts[LOGGED_IP];
    if (!record->logged->is_event || record->logged->has_more) {
        SIEM_PUT(out, ",\"raw_data\":");
        siem_put_json(out, record->logged->entry, record->logged->entry_len);
    }
    if (record->kind->demand == SCAN) {
        SIEM_PUT(out, ",\"scan\":{\"name\":\"Gatehouse assessment\",\"type\":\"assessment\","
                      "\"type_id\":99}");
    } else if (record->kind->demand == LOGIN) {
        SIEM_PUT(out, ",\"service\":{\"name\":\"Gatehouse\"}");
    } else if (record->kind->demand == DEVICE_LOGIN) {
        SIEM_PUT(out, ",\"service\":{\"name\":");
        put_demanded(out, &texts[LOGGED_OBJECT]);
        buf_byte(out, '}');
    }
    SIEM_PUT(out, ",\"severity\":\"");
    buf_text(out, scale->ocsf_word);
    SIEM_PUT(out, "\",\"severity_id\":");
    siem_put_count(out, scale->ocsf);
    if (ip->bytes != NULL) {
        siem_put_member(out,
            siem_address(ip) != 0 ? ",\"src_endpoint\":{\"ip\":" : ",\"src_endpoint\":{\"name\":",
            ip);
        buf_byte(out, '}');
    }
    siem_put_member(out, ",\"status\":", &texts[LOGGED_OUTCOME]);
    siem_put_member(out, ",\"status_detail\":", &texts[LOGGED_REASON]);
    SIEM_PUT(out, ",\"status_id\":");
    siem_put_count(out, status_ids[record->sense.outcome]);
    SIEM_PUT(out, ",\"time\":");
    siem_put_number(
        out, record->logged->is_event ? record->logged->numbers[LOGGED_TIME] : record->about->now);
}

/* Only what is canonical may stand in a canonical record; a NUL in a name stops many readers. */
static void
put_detail(struct buf *out, const struct event_text *detail)
{
    struct canonical json;
    if (detail->bytes == NULL) {
        return;
    }
    canonical_init(&json, detail->bytes, detail->len);
    SIEM_PUT(out, ",\"detail\":");
    if (canonical_value(&json, CANONICAL_DEPTH) == OK && json.at == json.end && !json.has_nul) {
        buf_add(out, detail->bytes, detail->len);
    } else {
        siem_put_json(out, detail->bytes, detail->len);
    }
}

static void
put_unmapped(struct record *record)
{
    struct buf *out = record->out;
    const struct event_text *texts = record->logged->texts;
    const int64_t *numbers = record->logged->numbers;
    const struct siem_about *about = record->about;
    SIEM_PUT(out, ",\"unmapped\":{\"about\":\"ledger entry\"");
    if (record->logged->is_event) {
        siem_put_member_number(out, ",\"bytes\":", numbers[LOGGED_BYTES]);
        if (record->logged->camera_count != 0) {
            SIEM_PUT(out, ",\"cameras\":");
            siem_put_cameras(out, record->logged);
        }
        put_detail(out, &record->logged->detail);
        siem_put_member(out, ",\"digest\":", &texts[LOGGED_DIGEST]);
        siem_put_member(out, ",\"factor\":", &texts[LOGGED_FACTOR]);
        siem_put_member_time(out, ",\"from\":", numbers[LOGGED_FROM]);
    } else {
        SIEM_PUT(out, ",\"is_event\":false");
    }
    if (about->leaf != NULL) {
        SIEM_PUT(out, ",\"leaf\":\"");
        siem_put_hex(out, about->leaf, MERKLE_HASH);
        buf_byte(out, '"');
    }
    siem_put_member(out, ",\"object\":", &texts[LOGGED_OBJECT]);
    siem_put_member(out, ",\"role\":", &texts[LOGGED_ROLE]);
    if (about->root != NULL) {
        SIEM_PUT(out, ",\"root\":");
        siem_put_json(out, about->root, strlen(about->root));
    }
    siem_put_member(out, ",\"site\":", &texts[LOGGED_SITE]);
    siem_put_member(out, ",\"time_quality\":", &texts[LOGGED_QUALITY]);
    if (record->logged->is_event) {
        siem_put_member_time(out, ",\"to\":", numbers[LOGGED_TO]);
    }
    if (about->root != NULL) {
        SIEM_PUT(out, ",\"tree_size\":");
        siem_put_count(out, about->tree_size);
    }
    if (record->logged->is_event) {
        siem_put_member_number(out, ",\"v\":", numbers[LOGGED_VERSION]);
        siem_put_member(out, ",\"vms\":", &texts[LOGGED_VMS]);
        siem_put_member_number(out, ",\"writer_pid\":", numbers[LOGGED_PID]);
        siem_put_member_number(out, ",\"writer_uid\":", numbers[LOGGED_UID]);
    }
    buf_byte(out, '}');
}

static void
put_resources(struct record *record)
{
    struct buf *out = record->out;
    const struct logged *logged = record->logged;
    const struct event_text *object = &logged->texts[LOGGED_OBJECT];
    SIEM_PUT(out, ",\"web_resources\":[");
    for (size_t i = 0; i < logged->camera_count; i++) {
        siem_put_member(out,
            i == 0 ? "{\"type\":\"camera\",\"uid\":" : ",{\"type\":\"camera\",\"uid\":",
            &logged->cameras[i]);
        buf_byte(out, '}');
    }
    if (logged->camera_count == 0) {
        SIEM_PUT(out, "{\"name\":");
        put_demanded(out, object);
        SIEM_PUT(out, ",\"type\":\"request\"}");
    }
    buf_byte(out, ']');
}

/* Members from "type_uid" on. */
static void
put_rest(struct record *record)
{
    struct buf *out = record->out;
    enum demand demand = record->kind->demand;
    bool is_login = demand == LOGIN || demand == DEVICE_LOGIN;
    const struct event_text *user = &record->logged->texts[is_login ? LOGGED_USER : LOGGED_OBJECT];
    SIEM_PUT(out, ",\"type_uid\":");
    siem_put_count(out, type_of(record->kind));
    put_unmapped(record);
    if (is_login || demand == ACCOUNT) {
        SIEM_PUT(out, ",\"user\":{\"name\":");
        put_demanded(out, user);
        buf_text(out, user->bytes == NULL ? ",\"type_id\":0}" : ",\"type_id\":1}");
    } else if (demand == RESOURCES) {
        put_resources(record);
    }
    buf_byte(out, '}');
}

/* Puts the fingerprint of what was written into it. */
static void
seal(struct record *record)
{
    static const char begin[] = "," PRINT;
    struct buf *out = record->out;
    size_t head = sizeof(begin) - 1;
    size_t hex = sizeof(record->hash) * 2;
    if (out->failed) {
        return;
    }
    (void)SHA256(
        (const uint8_t *)out->data + record->start, out->len - record->start, record->hash);
    size_t tail = out->len - record->hole;
    if (buf_extend(out, head + hex + sizeof(PRINT_END) - 1) != NULL) {
        char *at = out->data + record->hole;
        memmove(at + head + hex + sizeof(PRINT_END) - 1, at, tail);
        memcpy(at, begin, head);
        text_hex(at + head, record->hash, sizeof(record->hash));
        memcpy(at + head + hex, PRINT_END, sizeof(PRINT_END) - 1);
    }
}

/* Makes the record the one before the next. */
static void
chain_to(const struct record *record, struct siem_chain *chain)
{
    struct buf uid CLEANUP(buf_release);
    buf_init(&uid, sizeof(chain->uid) + 1);
    put_uid(&uid, record->logged);
    memset(chain, 0, sizeof(*chain));
    memcpy(chain->fingerprint, record->hash, sizeof(chain->fingerprint));
    chain->type_uid = type_of(record->kind);
    if (!uid.failed) { /* an id that long is none of ours: the chain begins anew */
        memcpy(chain->uid, uid.data + 1, uid.len - 2);
    }
}

static void
put_members(struct record *record)
{
    struct buf *out = record->out;
    buf_byte(out, '{');
    if (record->sense.outcome == EVENT_REFUSED) {
        SIEM_PUT(out, "\"action\":\"Denied\",\"action_id\":2,");
    }
    buf_text(out, record->kind->head);
    put_actor(out, record->logged);
    put_attestation(record);
    buf_text(out, classes[record->kind->class].head);
    put_device(out, record->about);
    put_subject(record);
    SIEM_PUT(out, ",\"message\":\"");
    siem_put_sentence(out, record->logged, &record->sense);
    put_metadata(record);
    put_outcome(record);
    put_rest(record);
}

/* What is no event says nothing but itself. */
static struct logged
bare(const struct logged *logged)
{
    struct logged bare = {
        .index = logged->index, .entry = logged->entry, .entry_len = logged->entry_len};
    for (size_t i = 0; i < COUNT(bare.numbers); i++) {
        bare.numbers[i] = LOGGED_NONE;
    }
    return bare;
}

static enum err
put(const struct logged *logged, const struct siem_about *about, struct buf *ret_record)
{
    struct logged none = {.index = 0};
    struct record record = {.out = ret_record, .logged = logged, .about = about};
    if (!logged->is_event) {
        none = bare(logged);
        record.logged = &none;
    }
    record.start = ret_record->len;
    record.sense = siem_sense(logged);
    record.kind = kind_of(record.logged, &record.sense);
    put_members(&record);
    seal(&record);
    siem_tame_json(ret_record, record.start);
    enum err err = siem_put_end(ret_record, record.start);
    if (err == OK && about->chain != NULL) {
        chain_to(&record, about->chain);
    }
    return err;
}

const struct siem_format siem_ocsf = {
    .name = "ocsf",
    .words = "OCSF 1.8 JSON, with the record_integrity profile of 1.9 as a preview",
    .put = put,
};
