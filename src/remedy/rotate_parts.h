/* Inside kind_rotate: what it does to a list (rotate_set.c), and its planning (rotate_plan.c). */
#pragma once

#include "remedy/rotation.h"

#define ROTATE_LISTS 4

/* What a cancelled call makes of a result. */
enum remedy_result rotate_stopped(enum err err, enum remedy_result other);
/* The lists of the driver, and whether the old password opened one of them when it was taken. */
size_t rotate_lists(const struct job *job);
bool rotate_has_list(const struct job *job, size_t i);
/* What job->after calls it: whether the new password was seen to open it. */
const char *rotate_list_name(size_t i);
/* Notes in job->after what was seen; value is taken over. */
void rotate_say(struct job *job, const char *name, json_t *value);

/* Whether the keyring has it in force. */
bool rotate_is_in_force(
    const struct job *job, const struct rotation *rotation, const struct secret *secret);

/* Made by the rule and sealed; nothing is sent yet. */
enum err rotate_seal(
    struct job *job, struct rotation *rotation, const struct device_password_rule *rule) MUST_CHECK;
/* The new password on every list, the first one first. */
enum remedy_result rotate_set(struct job *job, struct rotation *rotation);
/* The old one on every list that has the new one; it opens them when it is REMEDY_DONE. */
enum remedy_result rotate_set_back(struct job *job, struct rotation *rotation);

enum err rotate_propose(struct plan *plan, const struct plan_from *from) MUST_CHECK;
