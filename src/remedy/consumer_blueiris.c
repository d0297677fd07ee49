/*
 * Blue Iris: an exported .reg file tells which cameras it records and by which account. How it
 * writes a camera's password there is not published, so the new one is typed in by a person.
 */
#include "remedy/consumer_kind.h"

#include "audit/tree_reg.h"
#include "base/text.h"

#include <string.h>

static enum err
add_camera(struct consumer_talk *talk, const struct tree_node *camera)
{
    const char *host = tree_text(camera, "ip");
    const char *user = tree_text(camera, "user");
    if (host == NULL || user == NULL) {
        return OK;
    }
    struct consumer_place *place = consumer_place_add(talk);
    if (place == NULL) {
        return ERR_LIMIT;
    }
    *place = (struct consumer_place){
        .host = arena_copy(&talk->arena, host),
        .user = arena_copy(&talk->arena, user),
        .words = consumer_words(talk, "camera", camera->name == NULL ? "" : camera->name, ""),
        .by_hand = "give Blue Iris the new password in the camera's properties (Video, Configure), "
                   "then export its settings again; gatehouse secret shows it",
        .style = CONSUMER_REG,
    };
    return talk->arena.full ? ERR_LIMIT : OK;
}

/* Every key that has "ip" and "user". */
static bool
visit(void *context, const struct tree_node *node)
{
    return add_camera(context, node) == OK;
}

static enum err
list(struct consumer_talk *talk)
{
    struct tree tree;
    enum err err = consumer_file_read(talk);
    err = err == OK ? tree_init(&tree, &talk->arena) : err;
    if (err != OK) {
        return err;
    }
    err = tree_reg(&tree, talk->bytes.data, talk->bytes.len);
    if (err != OK) {
        note_set(&talk->why, "line %u: %.160s", tree.mistake_line, tree.mistake.text);
        return err;
    }
    tree_walk(tree.root, visit, talk);
    return talk->arena.full ? ERR_LIMIT : OK;
}

static enum err
change(struct consumer_talk *talk, const struct consumer_place *places, size_t count,
    const struct secret *password)
{
    (void)places;
    (void)count;
    (void)password;
    note_set(&talk->why, "Blue Iris is told by hand");
    return ERR_UNSUPPORTED;
}

const struct consumer_kind consumer_blueiris = {
    .name = "blueiris",
    .title = "Blue Iris",
    .maturity = MATURITY_EXPERIMENTAL,
    .source = "Blue Iris help: export and import of settings",
    .by_file = true,
    .list = list,
    .change = change,
};
