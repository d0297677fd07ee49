/* One VMS, two witnesses: its files and the wire. */
#include "assess/config.h"

#include "base/text.h"

/* The only device that the network says runs this product; NULL: none, or several. */
static struct subject *
find_product(const struct crowd *crowd, const char *product)
{
    struct subject *found = NULL;
    for (size_t i = 0; i < crowd->count; i++) {
        struct subject *subject = crowd->subjects[i];
        if (subject->config == NULL &&
            text_equal(facts_text(&subject->facts, FACT_VMS_PRODUCT), product)) {
            if (found != NULL) {
                return NULL;
            }
            found = subject;
        }
    }
    return found;
}

static bool
is_on_wire(const struct subject *subject, enum fact_id id)
{
    const struct fact *fact = facts_get(&subject->facts, id);
    return fact != NULL && fact->witness == WITNESS_WIRE;
}

/* Where both mean the same in other words, the words of the network stay: it was seen. */
static void
drop_agreed(const struct subject *seen, struct subject *files)
{
    static const enum fact_id ids[] = {FACT_VMS_OPEN, FACT_LOGIN_RTSP_OPEN, FACT_VMS_FACTORY,
        FACT_USERS_LIST, FACT_VMS_VERSION, FACT_VMS_ASKS};
    for (size_t i = 0; i < COUNT(ids); i++) {
        if (is_on_wire(seen, ids[i])) {
            facts_forget(&files->facts, ids[i]);
        }
    }
}

/* Files that demand a log-in, and a door that has none: said by both, so that a report shows it. */
static void
note_contradiction(struct subject *seen, const struct subject *files)
{
    static const enum fact_id ids[] = {FACT_VMS_OPEN, FACT_VMS_BESIDE};
    const struct fact *auth = facts_get(&files->facts, FACT_VMS_AUTH);
    for (size_t i = 0; i < COUNT(ids) && auth != NULL && auth->yes; i++) {
        const struct evidence *old = auth->evidence;
        const struct source source = {WITNESS_CONFIG, 30,
            old == NULL ? NULL : evidence_new(&seen->arena, old->asked, old->answer, old->at)};
        if (is_on_wire(seen, ids[i])) {
            facts_set_text(
                &seen->facts, ids[i], "nowhere: its configuration asks for a log-in", &source);
        }
    }
}

/* Files of two VMSes of one product can't be told apart on the network. */
static bool
is_alone(const struct crowd *crowd, size_t first, const char *product)
{
    size_t count = 0;
    for (size_t i = first; i < crowd->count; i++) {
        count += text_equal(facts_text(&crowd->subjects[i]->facts, FACT_VMS_PRODUCT), product);
    }
    return count == 1;
}

enum err
config_join(struct crowd *crowd, struct audit *audit)
{
    size_t first = crowd->count;
    enum err err = OK;
    for (struct subject *files = audit_take(audit); files != NULL; files = audit_take(audit)) {
        files->in_scope = true; /* the owner named its files */
        enum err added = crowd_adopt(crowd, files);
        err = added != OK ? added : err;
    }
    for (size_t i = crowd->count; i > first; i--) {
        struct subject *files = crowd->subjects[i - 1];
        const char *product = facts_text(&files->facts, FACT_VMS_PRODUCT);
        struct subject *seen =
            is_alone(crowd, first, product) ? find_product(crowd, product) : NULL;
        if (seen != NULL) {
            drop_agreed(seen, files);
            note_contradiction(seen, files);
            facts_forget(&files->facts, FACT_CONFIG_ONLY);
            crowd_fold(crowd, seen, i - 1);
        }
    }
    return err;
}

void
config_site(struct subject *whole, const struct audit *audit)
{
    crowd_copy_facts(whole, &audit_site(audit)->facts);
}
