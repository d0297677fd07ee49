/* A VMS whose users log in there themselves: the broker only tells whether it answers. */
#include "daemon/broker_part.h"

static bool
ask_home(struct broker_vms *vms, struct arena *arena, struct request *ret_request)
{
    (void)vms;
    (void)arena;
    *ret_request = (struct request){.ask = {.path = "/"}};
    return true;
}

static enum err
take_home(struct broker_vms *vms, const struct answer *answer, struct note *note)
{
    (void)vms;
    (void)answer;
    (void)note;
    return OK;
}

static enum err
where(const struct resolve_question *question, struct arena *arena, const char **ret_path)
{
    (void)question;
    (void)arena;
    (void)ret_path;
    return ERR_MISSING;
}

static enum broker_read
read_answer(struct broker_vms *vms, const struct answer *answer, struct resolve_question *question,
    struct resolved *ret_resolved)
{
    (void)vms;
    (void)answer;
    (void)question;
    (void)ret_resolved;
    return READ_MISSING;
}

static void
publish(const struct broker_vms *vms, struct upstream *upstream)
{
    (void)vms;
    (void)upstream;
}

static const struct broker_step steps[] = {
    {"asking whether it answers", true, ask_home, take_home},
};

const struct broker_kind broker_plain = {
    .steps = steps,
    .step_count = COUNT(steps),
    .where = where,
    .read = read_answer,
    .publish = publish,
};
