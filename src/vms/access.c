/* The engine of the access tables: the first row that fits says what a request means. */
#include "vms/access_driver.h"

#include "base/text.h"
#include "vms/access_parts.h"

#include <string.h>

#define VMS_GATE(name) extern const struct vms_gate vms_gate_##name;
#include "vms/gates.def"
#undef VMS_GATE

const struct vms_gate *const vms_gates[] = {
#define VMS_GATE(name) &vms_gate_##name,
#include "vms/gates.def"
#undef VMS_GATE
};
const size_t vms_gate_count = COUNT(vms_gates);

#define EVENT_NONE EVENT_ACTIONS /* how access.def writes: no event of its own */

/* clang-format off */
static const struct access_kind_row kinds[] = {
#define ACCESS(name, text, action, permit, opens_view, words) \
    [ACCESS_##name] = {text, EVENT_##action, PERMIT_##permit, opens_view, words},
#include "vms/access.def"
#undef ACCESS
};

static const char *const permits[] = {
#define PERMIT(name, text, words) [PERMIT_##name] = text,
#include "vms/permits.def"
#undef PERMIT
};
/* clang-format on */

const struct access_kind_row *
access_kind(enum access_kind kind)
{
    assert(kind < ACCESS_KINDS);
    return &kinds[kind];
}

const char *
permit_text(enum permit permit)
{
    assert(permit < PERMITS);
    return permits[permit];
}

enum err
permit_parse(const char *text, enum permit *ret_permit)
{
    for (size_t i = 0; i < COUNT(permits); i++) {
        if (text_equal(permits[i], text)) {
            *ret_permit = (enum permit)i;
            return OK;
        }
    }
    return ERR_VALUE;
}

const struct vms_gate *
vms_gate_find(const char *name)
{
    for (size_t i = 0; i < vms_gate_count; i++) {
        if (text_equal(vms_gates[i]->name, name)) {
            return vms_gates[i];
        }
    }
    return NULL;
}

/* A request on its way through the rows. */
struct looking {
    const struct vms_gate *gate;
    const struct access_request *request;
    struct arena *arena;
    struct note *note;
    struct access_params params;
    struct access_words words;
    bool has_params;
    struct access_captures captures;
};

static bool
is_method(const char *methods, const char *method)
{
    if (methods == NULL) {
        return true;
    }
    if (strcmp(methods, method) == 0) {
        return true; /* nearly every row and request */
    }
    size_t len = strlen(method);
    for (const char *one = methods; *one != '\0';) {
        size_t one_len = strcspn(one, "|");
        if (one_len == len && memcmp(one, method, len) == 0) {
            return true;
        }
        if (one_len == 3 && memcmp(one, "GET", 3) == 0 && strcmp(method, "HEAD") == 0) {
            return true;
        }
        one += one_len + (one[one_len] == '|' ? 1 : 0);
    }
    return false;
}

/* Read only when a row asks: most requests of a web client are explained by their path. */
static enum err
need_params(struct looking *looking)
{
    if (looking->has_params) {
        return OK;
    }
    const struct vms_gate *gate = looking->gate;
    enum err err =
        gate->read == NULL
            ? access_read(looking->request, 0, looking->arena, &looking->params, looking->note)
            : gate->read(looking->request, looking->arena, &looking->params, looking->note);
    if (err == OK) {
        looking->has_params = true;
        access_words_of(&looking->params, &looking->words);
    }
    return err;
}

/* OK: it fits; ERR_MISSING: it does not; else the request is refused. */
static enum err
fits(struct looking *looking, const struct access_row *row, uint16_t word)
{
    const struct access_request *request = looking->request;
    bool needs_upgrade = (row->flags & ACCESS_ROW_UPGRADE) != 0;
    if (needs_upgrade != request->is_upgrade || !is_method(row->methods, request->method)) {
        return ERR_MISSING;
    }
    if (looking->has_params && !access_words_may_hold(&looking->words, word)) {
        return ERR_MISSING;
    }
    looking->captures.count = 0;
    if (!access_match_path(row->path, request->path, &looking->captures)) {
        return ERR_MISSING;
    }
    enum err err = row->params == NULL && row->more == NULL ? OK : need_params(looking);
    return err != OK || row->params == NULL ? err
                                            : access_match_params(row->params, &looking->params,
                                                  &looking->captures, looking->note);
}

static bool
changes(enum access_kind kind)
{
    static const bool table[ACCESS_KINDS] = {
        [ACCESS_PREPARE] = true,
        [ACCESS_PTZ] = true,
        [ACCESS_RECORDING] = true,
        [ACCESS_DELETE] = true,
        [ACCESS_MARK] = true,
        [ACCESS_CONFIGURE] = true,
        [ACCESS_SEND] = true,
    };
    return table[kind];
}

static void
unknown(const struct access_request *request, struct access *access)
{
    *access = (struct access){
        .kind = ACCESS_UNKNOWN,
        .object = request->path,
        .is_write = !is_method("GET|OPTIONS", request->method),
        .is_upgrade = request->is_upgrade,
    };
}

/* The row fits: what it says of this request. */
static enum err
apply(struct looking *looking, const struct access_row *row, struct access *access)
{
    const struct access_request *request = looking->request;
    unknown(request, access);
    access->object = NULL;
    access->kind = row->kind;
    access->row = row;
    access->is_write =
        access->is_write || changes(row->kind) || (row->flags & ACCESS_ROW_WRITE) != 0;
    access->reads_frames = (row->flags & ACCESS_ROW_FRAMES) != 0;
    access->reads_answer = row->answer != NULL;
    enum err err = access_build(&looking->captures, looking->arena, access);
    if (err == OK && (row->flags & ACCESS_ROW_ALL) != 0) {
        err = access_add(access, ACCESS_ALL, "", 0, looking->arena);
    }
    if (err == OK && row->more != NULL) {
        err = row->more(request, &looking->params, access, looking->arena, looking->note);
    }
    if (err == ERR_MISSING) {
        unknown(request, access);
        return OK;
    }
    return err == OK ? access_build_names(request->path, row->flags, looking->arena, access) : err;
}

enum err
access_classify(const struct vms_gate *gate, const struct access_request *request,
    struct arena *arena, struct access *ret_access, struct note *note)
{
    struct looking looking;
    looking.gate = gate;
    looking.request = request;
    looking.arena = arena;
    looking.note = note;
    looking.params = (struct access_params){0};
    looking.has_params = false;
    const struct access_index *index = access_index_of(gate);
    assert(index != NULL); /* more rows than ACCESS_INDEX_ROWS, or too many gates */
    struct access_cursor cursor;
    access_index_begin(index, request->path, &cursor);
    for (uint16_t i = access_index_next(&cursor); i != ACCESS_INDEX_END;
         i = access_index_next(&cursor)) {
        enum err err = fits(&looking, &gate->rows[i], index->word[i]);
        struct access access;
        if (err == OK) {
            err = apply(&looking, &gate->rows[i], &access);
            if (err == OK) {
                *ret_access = access;
            }
            return err;
        }
        if (err != ERR_MISSING) {
            return err;
        }
    }
    unknown(request, ret_access);
    return OK;
}

enum err
access_frame(const struct access_frame_row *rows, size_t count, const char *topic,
    struct arena *arena, struct access *ret_access)
{
    for (size_t i = 0; i < count; i++) {
        struct access_captures captures;
        captures.count = 0;
        if (!access_match_path(rows[i].topic, topic, &captures)) {
            continue;
        }
        struct access access = {.kind = rows[i].kind, .is_write = changes(rows[i].kind)};
        enum err err = access_build(&captures, arena, &access);
        if (err == OK) {
            access.object = access.object == NULL ? arena_copy(arena, topic) : access.object;
            err = access.object == NULL ? ERR_MEMORY : OK;
        }
        if (err == OK) {
            *ret_access = access;
        }
        return err;
    }
    return ERR_MISSING;
}
