/*
 * A VMS whose users log in there themselves: the broker only tells whether it answers. What is
 * asked about its recordings may be of any camera, so that only a role for all of them gets it.
 */
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
    .publish = publish,
};
