/*
 * Settings of a VMS that are changed by its API, behind the owner's log-in: none that could lock
 * him out. What stood there is read first and put back by the same request.
 */
#pragma once

#include "remedy/remedy.h"

/* A step for the settings of this VMS that findings ask for; none without a known account. */
enum err harden_settings_step(
    struct plan *plan, const struct plan_from *from, const struct subject *subject) MUST_CHECK;

/*
 * A random secret, sealed under this name before anything is written; one that was sealed before is
 * used again. *ret is the caller's.
 */
enum err harden_seal(const struct vault_place *place, const char *name, struct secret **ret,
    struct note *note) MUST_CHECK;

/* As in struct remedy_kind, for steps whose detail says "settings". */
enum remedy_result harden_settings_take(struct job *job);
enum remedy_result harden_settings_apply(struct job *job);
enum remedy_result harden_settings_prove(struct job *job);
enum remedy_result harden_settings_undo(struct job *job);
