/* Which devices get a password of their own, and what the plan says of it. */
#include "remedy/rotate_parts.h"

#include "base/text.h"
#include "remedy/consumer.h"

#include <string.h>

/* Findings that a password of its own closes; the last three are about the site. */
static const struct {
    const char *rule;
    bool is_of_site; /* its sentence names the devices */
} rows[] = {
    {"default-credentials/factory-password",  false},
    {"default-credentials/shared-password",   true },
    {"default-credentials/weak-password",     true },
    {"default-credentials/same-vms-password", true },
};

static bool
is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* "Gate" is in "Lobby, Gate and Yard", and not in "Gate 2" … where that is a name of another. */
static bool
names(const char *sentence, const char *title)
{
    size_t len = strlen(title);
    for (const char *at = sentence == NULL ? NULL : strstr(sentence, title); at != NULL;
         at = strstr(at + 1, title)) {
        if ((at == sentence || !is_word(at[-1])) && !is_word(at[len])) {
            return true;
        }
    }
    return false;
}

/* The place of the finding that is about this device; NULL: none. */
static const struct finding_place *
place_of(const struct plan_from *from, size_t row, const struct subject *device)
{
    char title[SUBJECT_TITLE];
    const struct assessment *assessment = from->assessment;
    (void)subject_title(device, title);
    for (size_t i = 0; i < assessment->finding_count; i++) {
        const struct finding *finding = &assessment->findings[i];
        for (size_t k = 0; text_equal(finding->id, rows[row].rule) && k < finding->place_count;
             k++) {
            struct finding_place place = finding->places[k];
            bool is_about =
                rows[row].is_of_site ? names(place.sentence, title) : place.subject == device;
            place.subject = device; /* so that the choice of devices counts */
            if (is_about && plan_wants(from, finding, &place)) {
                return &finding->places[k];
            }
        }
    }
    return NULL;
}

/* The owner asked for it by name: every device whose password is known. */
static bool
is_asked_for(const struct plan_from *from, const struct subject *device)
{
    const struct plan_choice *choice = from->choice;
    bool is_kind = false;
    if (choice == NULL || choice->control_count != 0 || choice->action != 0) {
        return false;
    }
    for (size_t i = 0; i < choice->kind_count; i++) {
        is_kind = is_kind || text_equal(choice->kinds[i], "rotate");
    }
    bool is_device = choice->device_count == 0;
    for (size_t i = 0; i < choice->device_count; i++) {
        is_device = is_device || subject_is_called(device, choice->devices[i]);
    }
    return is_kind && is_device;
}

static const struct device_driver *
driver_of(const struct subject *device)
{
    for (size_t i = 0; i < device_driver_count; i++) {
        if (text_equal(device_drivers[i]->name, device->driver)) {
            return device_drivers[i];
        }
    }
    return NULL;
}

static const char *
known_account(const struct subject *device)
{
    const char *account = facts_text(&device->facts, FACT_LOGIN_OWNER);
    return account != NULL ? account : facts_text(&device->facts, FACT_LOGIN_FACTORY);
}

static bool
has_tls(const struct subject *device)
{
    bool has = false;
    for (size_t i = 0; i < device->port_count; i++) {
        has = has || (device->ports[i].tls && text_equal(device->ports[i].protocol, "http"));
    }
    return has;
}

/* What one step is made of. */
struct draft {
    const struct subject *device;
    const struct finding_place *place; /* of the first finding that it closes; NULL: asked for */
    struct consumer_users users;
    bool even_unknown;
};

static enum err
fill(struct plan *plan, struct plan_step *step, const struct draft *draft)
{
    const struct subject *device = draft->device;
    const struct finding_place *place = draft->place;
    const char *account = known_account(device);
    struct arena *arena = &plan->arena;
    step->words = arena_format(arena, "Give account %s a password of its own", account);
    step->changes = arena_format(arena, "password of %s on web, RTSP and ONVIF%s%s", account,
        place == NULL ? "" : "; today: ", place == NULL ? "" : place->sentence);
    step->notices = arena_format(arena, "%s%s%s%s",
        draft->users.words == NULL ? "Whoever logs in there and is not named in the site file"
                                   : draft->users.words,
        draft->users.words == NULL ? "" : ", which are told the new one",
        draft->users.unknown == NULL ? "" : "; not told: ",
        draft->users.unknown == NULL ? "" : draft->users.unknown);
    if (step->notices != NULL && !has_tls(device)) {
        step->notices = arena_format(arena,
            "%s. It has no HTTPS: the new password crosses the network as it is", step->notices);
    }
    step->untouched = "its other accounts, and other devices";
    step->gap_s = draft->users.restarts ? 60 : 30;
    step->is_reversible = true;
    if (step->words == NULL || step->changes == NULL || step->notices == NULL) {
        return ERR_MEMORY;
    }
    return plan_detail(step,
        json_pack("{s:s, s:b}", "account", account, "even_unknown", draft->even_unknown ? 1 : 0));
}

/* A device that has no published way, or whose password nobody told: said, with who does what. */
static enum err
leave(struct plan *plan, const struct subject *device, const char *rule, const char *why)
{
    char title[SUBJECT_TITLE];
    const char *words =
        arena_format(&plan->arena, "%s at %s: %s", rule, subject_title(device, title), why);
    return words == NULL ? ERR_MEMORY : plan_leave(plan, words);
}

static enum err
propose_for(struct plan *plan, const struct plan_from *from, const struct subject *device)
{
    const struct finding_place *places[COUNT(rows)];
    const struct finding_place *first = NULL;
    const char *rule = "rotate";
    for (size_t i = COUNT(rows); i-- > 0;) {
        places[i] = place_of(from, i, device);
        first = places[i] != NULL ? places[i] : first;
        rule = places[i] != NULL ? rows[i].rule : rule;
    }
    bool is_asked = is_asked_for(from, device);
    if (first == NULL && (!is_asked || known_account(device) == NULL)) {
        return OK;
    }
    const struct device_driver *driver = driver_of(device);
    if (driver == NULL || driver->account_count == 0) {
        return leave(plan, device, rule,
            driver == NULL ? "it is no device whose accounts are changed here"
                           : "how its passwords are changed is not published: set one of its own "
                             "in its page or app, and name it in the site file");
    }
    if (known_account(device) == NULL) {
        return leave(plan, device, rule,
            "its password is not known: name it in the site file (devices[].secret)");
    }
    struct draft draft = {.device = device,
        .place = first,
        .even_unknown = from->choice != NULL && from->choice->even_unknown};
    enum err err = consumer_users(from->consumers, device, &plan->arena, &draft.users);
    if (err == OK && draft.users.unknown != NULL && !draft.even_unknown) {
        return leave(plan, device, rule, draft.users.unknown);
    }
    size_t target = err == OK ? plan_target(plan, device) : SIZE_MAX;
    struct plan_step *step = target == SIZE_MAX ? NULL : plan_add(plan, "rotate", target);
    err = err != OK ? err : step == NULL ? ERR_LIMIT : fill(plan, step, &draft);
    for (size_t i = 0; i < COUNT(rows) && err == OK; i++) {
        err = places[i] == NULL ? OK : plan_closes(plan, step, rows[i].rule);
    }
    return err;
}

enum err
rotate_propose(struct plan *plan, const struct plan_from *from)
{
    const struct assessment *assessment = from->assessment;
    enum err err = OK;
    for (size_t i = 0; i < assessment->device_count && err == OK; i++) {
        const struct subject *device = assessment->devices[i];
        if (device->in_scope) {
            err = propose_for(plan, from, device);
        }
    }
    return err;
}
