/* Inside kind_rotate: what it does to a list (rotate_set.c), and its planning (rotate_plan.c). */
#pragma once

#include "remedy/rotation.h"

#define ROTATE_LISTS    4
#define ROTATE_CUT      8    /* characters that some firmware keeps or looks at */
#define ROTATE_LATER_MS 2000 /* some devices take a change back by themselves */

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
/*
 * The same where the budget has no room to find out which of two others a device has that cuts a
 * long one: the first eight of the new password are set before it, so that a device which looks at
 * no more has, whatever it made of the long one, what is known (rotate_stage.c).
 */
enum err rotate_seal_staged(
    struct job *job, struct rotation *rotation, const struct device_password_rule *rule) MUST_CHECK;
/* What is in force beside both: the beginning of the next one, proven; NULL: there is none. */
struct secret *rotate_beginning(const struct job *job, const struct rotation *rotation);
/* Whether the device was seen to keep the first eight only of the one that opens it. */
bool rotate_was_cut(const struct job *job, const struct rotation *rotation);
/* After the beginning was set on the first list: proves it, then sets and proves the whole. */
enum remedy_result rotate_lengthen(struct job *job, struct rotation *rotation);
/* A long one that it refuses: its first eight, sealed before they are tried; OK: they open it. */
enum err rotate_take_cut(struct job *job, struct rotation *rotation);

/* Steps that rotate_set.c has for both. */
enum change_state rotate_set_list(struct job *job, const struct rotation *rotation,
    const struct device_account *account, bool is_back);
enum change_state rotate_find_out(
    struct job *job, const struct rotation *rotation, const struct device_account *account);

/* The new password on every list, the first one first. */
enum remedy_result rotate_set(struct job *job, struct rotation *rotation);
/* The old one on every list that has the new one; it opens them when it is REMEDY_DONE. */
enum remedy_result rotate_set_back(struct job *job, struct rotation *rotation);

enum err rotate_propose(struct plan *plan, const struct plan_from *from) MUST_CHECK;
