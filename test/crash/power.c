/* The model of a disk that loses its power. */
#include "power.h"

#include "ledger/disk.h"
#include "workload.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH   256
#define NAME   64
#define SECTOR 512

/* A call as it was made, with paths below the root ("" is the root). */
struct call {
    enum disk_call call;
    char path[PATH];
    char name[NAME], to[NAME]; /* of a rename */
    uint8_t *bytes;
    size_t len;
    off_t at;
    uint64_t acknowledged;
    size_t head_count;
    bool is_created;
};

static struct {
    char root[PATH];
    const struct promise *promise;
    struct call *calls;
    size_t count, size;
} tape;

/* A name in a folder; node -1: gone. */
struct link {
    char name[NAME];
    int node;
};

struct links {
    struct link *items;
    size_t count;
};

/* A change of a folder that was not synced: `from` goes away, `to` becomes the node. */
struct change {
    char from[NAME], to[NAME];
    int node;
};

struct node {
    bool is_folder;
    uint8_t *bytes; /* on the disk */
    size_t len;
    size_t *pending; /* calls that changed the file since */
    size_t pending_count;
    struct links now, durable;
    struct change *changes;
    size_t change_count;
};

static struct {
    struct node *nodes;
    size_t count;
} disk;

static void *
grown(void *items, size_t count, size_t size)
{
    void *more = realloc(items, (count + 1) * size);
    assert(more != NULL);
    return more;
}

void
power_begin(const char *root, const struct promise *promise)
{
    memset(&tape, 0, sizeof(tape));
    tape.promise = promise;
    (void)snprintf(tape.root, sizeof(tape.root), "%s", root);
}

void
power_end(void)
{
    for (size_t i = 0; i < tape.count; i++) {
        free(tape.calls[i].bytes);
    }
    free(tape.calls);
    memset(&tape, 0, sizeof(tape));
}

uint64_t
power_calls(void)
{
    return tape.count;
}

/* The path below the root of what a descriptor is open on. */
static bool
path_of(int fd, char out[PATH])
{
    char link[64];
    char path[PATH];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    size_t root_len = strlen(tape.root);
    if (len < (ssize_t)root_len) {
        return false;
    }
    path[len] = '\0';
    (void)snprintf(out, PATH, "%s", path + root_len + (path[root_len] == '/' ? 1 : 0));
    return strncmp(path, tape.root, root_len) == 0;
}

void
power_record(const struct disk_action *action)
{
    if (tape.count == tape.size) {
        tape.size = 2 * tape.size + 64;
        tape.calls = realloc(tape.calls, tape.size * sizeof(*tape.calls));
        assert(tape.calls != NULL);
    }
    struct call *call = &tape.calls[tape.count++];
    *call = (struct call){
        .call = action->call,
        .at = action->at,
        .acknowledged = tape.promise->acknowledged,
        .head_count = tape.promise->head_count,
        .is_created = tape.promise->is_created,
    };
    if (action->fd == AT_FDCWD) {
        (void)snprintf(call->path, PATH, "%s", action->name + strlen(tape.root) + 1);
    } else {
        bool is_inside = path_of(action->fd, call->path);
        assert(is_inside);
        if (action->call == DISK_RENAME) {
            (void)snprintf(call->name, NAME, "%s", action->name);
            (void)snprintf(call->to, NAME, "%s", action->to);
        } else if (action->name != NULL) {
            size_t len = strlen(call->path);
            (void)snprintf(call->path + len, PATH - len, "%s%s", len == 0 ? "" : "/", action->name);
        }
    }
    if (action->call == DISK_WRITE) {
        call->len = *action->len;
        call->bytes = malloc(call->len + 1);
        assert(call->bytes != NULL);
        memcpy(call->bytes, action->bytes, call->len);
    }
}

static int
find(const struct links *links, const char *name)
{
    for (size_t i = links->count; i-- > 0;) {
        if (strcmp(links->items[i].name, name) == 0) {
            return links->items[i].node;
        }
    }
    return -1;
}

static void
put(struct links *links, const char *name, int node)
{
    for (size_t i = 0; i < links->count; i++) {
        if (strcmp(links->items[i].name, name) == 0) {
            links->items[i].node = node;
            return;
        }
    }
    links->items = grown(links->items, links->count, sizeof(struct link));
    struct link *link = &links->items[links->count++];
    (void)snprintf(link->name, NAME, "%s", name);
    link->node = node;
}

static int
new_node(bool is_folder)
{
    disk.nodes = grown(disk.nodes, disk.count, sizeof(struct node));
    disk.nodes[disk.count] = (struct node){.is_folder = is_folder};
    return (int)disk.count++;
}

/* The folder that holds the last part of a path, and that part; -1: not there. */
static int
walk(const char *path, char last[NAME])
{
    int node = 0;
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(path, '/')) {
        (void)snprintf(last, NAME, "%.*s", (int)(slash - path), path);
        node = find(&disk.nodes[node].now, last);
        if (node < 0) {
            return -1;
        }
        path = slash + 1;
    }
    (void)snprintf(last, NAME, "%s", path);
    return node;
}

static int
node_at(const char *path)
{
    char last[NAME];
    if (path[0] == '\0') {
        return 0;
    }
    int folder = walk(path, last);
    return folder < 0 ? -1 : find(&disk.nodes[folder].now, last);
}

/* A change of names: now in the cache, later on the disk. */
static void
change(int folder, const char *from, const char *to, int node)
{
    struct node *at = &disk.nodes[folder];
    at->changes = grown(at->changes, at->change_count, sizeof(struct change));
    struct change *entry = &at->changes[at->change_count++];
    *entry = (struct change){.node = node};
    (void)snprintf(entry->from, NAME, "%s", from);
    (void)snprintf(entry->to, NAME, "%s", to);
    if (from[0] != '\0') {
        put(&at->now, from, -1);
    }
    if (to[0] != '\0') {
        put(&at->now, to, node);
    }
}

/* Changes of names reach the disk one by one; one whose file is not there says nothing. */
static void
change_durably(struct node *folder, const struct change *entry)
{
    if (entry->from[0] != '\0' && entry->to[0] != '\0' &&
        find(&folder->durable, entry->from) != entry->node) {
        return;
    }
    if (entry->from[0] != '\0') {
        put(&folder->durable, entry->from, -1);
    }
    if (entry->to[0] != '\0') {
        put(&folder->durable, entry->to, entry->node);
    }
}

static void
resize(struct node *node, size_t len)
{
    node->bytes = grown(node->bytes, len, 1);
    if (len > node->len) {
        memset(node->bytes + node->len, 0, len - node->len);
    }
    node->len = len;
}

/* A write of which only some sectors arrived: those whose bit of a random word is set. */
static void
write_durably(struct node *node, const struct call *call, uint32_t sectors)
{
    size_t end = (size_t)call->at + call->len;
    if (end > node->len) {
        resize(node, end);
    }
    for (size_t done = 0; done < call->len; done += SECTOR) {
        size_t part = call->len - done < SECTOR ? call->len - done : SECTOR;
        if ((sectors >> (done / SECTOR % 32) & 1) != 0) {
            memcpy(node->bytes + (size_t)call->at + done, call->bytes + done, part);
        }
    }
}

static void
apply(struct node *node, const struct call *call, uint32_t sectors)
{
    if (call->call == DISK_WRITE) {
        write_durably(node, call, sectors);
    } else if (call->call == DISK_TRUNCATE || (size_t)call->at > node->len) {
        resize(node, (size_t)call->at);
    }
}

static void
sync_node(struct node *node)
{
    for (size_t i = 0; i < node->pending_count; i++) {
        apply(node, &tape.calls[node->pending[i]], UINT32_MAX);
    }
    for (size_t i = 0; i < node->change_count; i++) {
        change_durably(node, &node->changes[i]);
    }
    node->pending_count = 0;
    node->change_count = 0;
}

static void
make(const char *path, bool is_folder)
{
    char last[NAME];
    int folder = walk(path, last);
    if (folder >= 0 && find(&disk.nodes[folder].now, last) < 0) {
        int node = new_node(is_folder);
        change(folder, "", last, node);
    }
}

static void
rename_in(const struct call *call)
{
    int folder = node_at(call->path);
    int node = folder < 0 ? -1 : find(&disk.nodes[folder].now, call->name);
    if (node >= 0) {
        change(folder, call->name, call->to, node);
    }
}

static void
replay(size_t index)
{
    const struct call *call = &tape.calls[index];
    char last[NAME];
    int node = node_at(call->path);
    switch (call->call) {
    case DISK_FOLDER:
    case DISK_CREATE:
        make(call->path, call->call == DISK_FOLDER);
        break;
    case DISK_WRITE:
    case DISK_ALLOCATE:
    case DISK_TRUNCATE:
        if (node >= 0) {
            struct node *file = &disk.nodes[node];
            file->pending = grown(file->pending, file->pending_count, sizeof(size_t));
            file->pending[file->pending_count++] = index;
        }
        break;
    case DISK_SYNC:
        if (node >= 0) {
            sync_node(&disk.nodes[node]);
        }
        break;
    case DISK_RENAME:
        rename_in(call);
        break;
    case DISK_REMOVE:
        if (node >= 0) {
            int folder = walk(call->path, last);
            change(folder, last, "", node);
        }
        break;
    case DISK_BEGIN_SYNC:
        break;
    }
}

static uint32_t
chance(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static void
lose(struct node *node, enum power_loss loss, uint32_t *state)
{
    if (loss == POWER_KEEPS_ALL) {
        sync_node(node);
        return;
    }
    if (loss == POWER_LOSES_ALL) {
        return;
    }
    for (size_t i = 0; i < node->pending_count; i++) {
        uint32_t draw = chance(state) % 3;
        if (draw != 0) {
            uint32_t sectors = draw == 1 ? UINT32_MAX : chance(state) << 8 | chance(state) % 256;
            apply(node, &tape.calls[node->pending[i]], sectors);
        }
    }
    /* Some file systems keep the order of changes, others do not. */
    size_t until = chance(state) % (node->change_count + 1);
    bool is_ordered = chance(state) % 2 == 0;
    for (size_t i = 0; i < node->change_count; i++) {
        if (is_ordered ? i < until : chance(state) % 2 == 0) {
            change_durably(node, &node->changes[i]);
        }
    }
}

static void
lay_file(int folder, const char *name, const struct node *node)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert(fd >= 0);
    /* Zeros at the end need no writing. */
    size_t len = node->len;
    while (len >= SECTOR && node->bytes[len - 1] == 0) {
        len--;
    }
    ssize_t put_len = len == 0 ? 0 : pwrite(fd, node->bytes, len, 0);
    assert(put_len == (ssize_t)len);
    int sized = ftruncate(fd, (off_t)node->len);
    assert(sized == 0);
    (void)close(fd);
}

static void
lay_folder(int folder, const struct node *node)
{
    for (size_t i = 0; i < node->durable.count; i++) {
        const struct link *link = &node->durable.items[i];
        if (link->node < 0) {
            continue;
        }
        const struct node *at = &disk.nodes[link->node];
        if (!at->is_folder) {
            lay_file(folder, link->name, at);
            continue;
        }
        int made = mkdirat(folder, link->name, 0755);
        int below = openat(folder, link->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert(made == 0 && below >= 0);
        lay_folder(below, at);
        (void)close(below);
    }
}

static void
forget(void)
{
    for (size_t i = 0; i < disk.count; i++) {
        struct node *node = &disk.nodes[i];
        free(node->bytes);
        free(node->pending);
        free(node->now.items);
        free(node->durable.items);
        free(node->changes);
    }
    free(disk.nodes);
    memset(&disk, 0, sizeof(disk));
}

void
power_restore(const struct power_cut *cut, struct promise *promise)
{
    uint32_t state = cut->seed * 2654435761U + (uint32_t)cut->call;
    (void)new_node(true);
    for (size_t i = 0; i + 1 < cut->call && i < tape.count; i++) {
        replay(i);
    }
    for (size_t i = 0; i < disk.count; i++) {
        lose(&disk.nodes[i], cut->loss, &state);
    }
    int root = open(tape.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert(root >= 0);
    lay_folder(root, &disk.nodes[0]);
    (void)close(root);
    forget();
    if (cut->call <= tape.count) {
        const struct call *at = &tape.calls[cut->call - 1];
        promise->acknowledged = at->acknowledged;
        promise->head_count = at->head_count;
        promise->is_created = at->is_created;
    }
}
