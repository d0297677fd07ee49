/*
 * What configuration files say, joined with what was seen on the network: a VMS that is there once
 * in both is one device with two witnesses; one that is in files only is a device of its own.
 */
#pragma once

#include "assess/join.h"
#include "audit/audit.h"

/* Takes the VMSes out of the audit. ERR_MEMORY, ERR_LIMIT: not all of them found room. */
enum err config_join(struct crowd *crowd, struct audit *audit) MUST_CHECK;
/* Facts of the site itself: VPN, gateway. */
void config_site(struct subject *whole, const struct audit *audit);
