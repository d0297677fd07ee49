/* By which account the owner comes into a VMS whose log-in is about to be switched on. */
#include "remedy/harden_plan.h"

#include "base/strength.h"

/* The password that Gatehouse set wins over the site file's, as everywhere. */
static bool
find(const struct plan_from *from, const struct subject *subject, const char **ret_trouble)
{
    const struct strength_words words = {.count = 0};
    bool is_stranger = false;
    struct site_device ring = {.user = NULL};
    CLEANUP(arena_release) struct arena arena;
    arena_init(&arena, 4096);
    if (site_secret_ring(from->keyring, subject, &arena, &ring) == OK) {
        *ret_trouble = strength_trouble(ring.password, &words);
        secret_free(ring.password);
        return true;
    }
    const struct site_device *known =
        from->site == NULL ? NULL : site_secret_device(from->site, subject, &is_stranger);
    if (known == NULL || known->user == NULL || known->password == NULL) {
        return false;
    }
    *ret_trouble = strength_trouble(known->password, &words);
    return true;
}

bool
harden_account_is_known(const struct plan_from *from, const struct subject *subject)
{
    const char *trouble = NULL;
    return find(from, subject, &trouble);
}

const char *
harden_account_trouble(const struct plan_from *from, const struct subject *subject)
{
    const char *trouble = NULL;
    if (!find(from, subject, &trouble)) {
        return "no account of it with a password is in the site file or the keyring, and without "
               "one the owner would be locked out";
    }
    return trouble == NULL ? NULL : "the password of its known account is easy to guess";
}
