/* Which VMS a file is about, and the facts that several files say together. */
#include "audit/install.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *words;
} products[] = {
#define PRODUCT(id, name, words) [PRODUCT_##id] = {name, words},
#define PRODUCT_PORT(id, port, door)
#include "audit/product.def"
#undef PRODUCT
#undef PRODUCT_PORT
};

static const struct {
    enum product product;
    unsigned port;
    enum door door;
} ports[] = {
#define PRODUCT(id, name, words)
#define PRODUCT_PORT(id, port, door) {PRODUCT_##id, port, DOOR_##door},
#include "audit/product.def"
#undef PRODUCT
#undef PRODUCT_PORT
};

const char *
install_name(enum product product)
{
    return products[product].name;
}

static bool
has_word(const char *text, const char *word, size_t len)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (strncasecmp(at, word, len) == 0) {
            return true;
        }
    }
    return false;
}

enum product
install_product(const char *text)
{
    for (size_t i = 0; text != NULL && i < COUNT(products); i++) {
        const char *word = products[i].words;
        while (*word != '\0') {
            size_t len = strcspn(word, " ");
            if (has_word(text, word, len)) {
                return (enum product)i;
            }
            word += len + strspn(word + len, " ");
        }
    }
    return PRODUCT_COUNT;
}

enum door
install_door(enum product product, unsigned port)
{
    for (size_t i = 0; i < COUNT(ports); i++) {
        if (ports[i].product == product && ports[i].port == port) {
            return ports[i].door;
        }
    }
    return DOOR_UNKNOWN;
}

enum product
install_product_of_port(unsigned port)
{
    for (size_t i = 0; i < COUNT(ports); i++) {
        /* 8080 and 8081 are everybody's. */
        if (ports[i].port == port && port != 8080 && port != 8081 && port != 8082) {
            return ports[i].product;
        }
    }
    return PRODUCT_COUNT;
}

struct install *
install_only(struct audit *audit, enum product product)
{
    struct install *found = NULL;
    for (struct install *i = audit->installs; i != NULL; i = i->next) {
        if (i->product == product) {
            if (found != NULL) {
                return NULL;
            }
            found = i;
        }
    }
    return found;
}

static struct install *
install_new(struct audit_file *file, enum product product)
{
    struct install *install = calloc(1, sizeof(*install));
    if (install == NULL) {
        return NULL;
    }
    buf_init(&install->risks, INSTALL_LIST + 100);
    buf_init(&install->factory, INSTALL_LIST + 100);
    install->subject = subject_new(1);
    if (install->subject == NULL) {
        install_free(install);
        return NULL;
    }
    install->product = product;
    install->folder = file->folder;
    struct subject *subject = install->subject;
    subject->kind = KIND_VMS;
    subject->confidence = 90;
    subject->seen_by = "configuration";
    subject->config = arena_format(&subject->arena, "%s:%s", file->kind, file->folder);
    const struct source source = {WITNESS_CONFIG, 90,
        evidence_new(&subject->arena, file->path, install_name(product), file->read_at)};
    facts_set_text(&subject->facts, FACT_VMS_PRODUCT, install_name(product), &source);
    facts_set_text(&subject->facts, FACT_DEVICE_KIND, kind_name(KIND_VMS), &source);
    facts_set_bool(&subject->facts, FACT_CONFIG_ONLY, true, &source);
    install->next = file->audit->installs;
    file->audit->installs = install;
    return install;
}

struct install *
install_of(struct audit_file *file, enum product product, bool is_own)
{
    struct install *found = NULL;
    for (struct install *i = file->audit->installs; i != NULL && found == NULL; i = i->next) {
        found = i->product == product && text_equal(i->folder, file->folder) ? i : NULL;
    }
    if (found == NULL && !is_own) {
        found = install_only(file->audit, product);
    }
    if (found == NULL) {
        found = install_new(file, product);
    }
    if (found != NULL) {
        found->is_own = found->is_own || is_own;
    }
    file->install = found;
    return found;
}

/* Says so where no room is left. */
static void
add_to(struct buf *list, const char *words, const char *place)
{
    char item[420];
    (void)snprintf(item, sizeof(item), "%.150s (%.240s)", words, place);
    if ((list->len != 0 && strstr(list->data, item) != NULL) || text_ends(list->data, "…")) {
        return;
    }
    if (list->len + strlen(item) + 8 > INSTALL_LIST) {
        buf_text(list, ", …");
        return;
    }
    buf_format(list, "%s%s", list->len == 0 ? "" : "; ", item);
}

void
install_add_risk(struct install *install, const char *words, const char *place)
{
    add_to(&install->risks, words, place);
}

void
install_add_factory(struct install *install, const char *words, const char *place)
{
    add_to(&install->factory, words, place);
}

static void
finish_list(struct install *install, const struct buf *list, enum fact_id fact, int64_t at)
{
    struct facts *facts = &install->subject->facts;
    if (list->len == 0) {
        return;
    }

    const struct source source = {WITNESS_CONFIG, 90,
        evidence_new(&install->subject->arena, "the configuration files", list->data, at)};
    facts_set_text(facts, fact, list->data, &source);
}

static int
compare_places(const void *a, const void *b)
{
    const struct secret_place *left = a;
    const struct secret_place *right = b;
    int order = strcmp(left->file->path, right->file->path);
    return order != 0 ? order : (left->line > right->line) - (left->line < right->line);
}

/* "config.yml lines 4, 9; compose.yml line 2" */
static void
list_secrets(struct install *install, struct buf *list)
{
    size_t count =
        install->secret_count < INSTALL_SECRETS ? install->secret_count : INSTALL_SECRETS;
    struct secret_place *places = install->secrets;
    if (count != 0) {
        qsort(places, count, sizeof(*places), compare_places);
    }
    for (size_t i = 0; i < count; i++) {
        bool same_file = i != 0 && places[i].file == places[i - 1].file;
        bool more = false;
        for (size_t j = i + 1; j < count && places[j].file == places[i].file; j++) {
            more = more || places[j].line != places[i].line;
        }
        if (list->len + 260 > INSTALL_LIST) {
            buf_text(list, ", …");
            return;
        }
        if (!same_file) {
            buf_format(list, "%s%.200s line%s %u", i == 0 ? "" : "; ", places[i].file->path,
                more ? "s" : "", places[i].line);
        } else if (places[i].line != places[i - 1].line) {
            buf_format(list, ", %u", places[i].line);
        }
    }
}

void
install_finish(struct audit *audit)
{
    for (struct install *i = audit->installs; i != NULL; i = i->next) {
        CLEANUP(buf_release) struct buf secrets;
        buf_init(&secrets, INSTALL_LIST + 100);
        list_secrets(i, &secrets);
        finish_list(i, &secrets, FACT_CONFIG_SECRETS, audit->files->read_at);
        finish_list(i, &i->risks, FACT_CONFIG_RISK, audit->files->read_at);
        finish_list(i, &i->factory, FACT_CONFIG_FACTORY, audit->files->read_at);
    }
}

void
install_free(struct install *install)
{
    if (install == NULL) {
        return;
    }
    buf_release(&install->risks);
    buf_release(&install->factory);
    subject_free(install->subject);
    free(install);
}
