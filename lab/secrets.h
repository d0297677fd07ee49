/* The owner's password files of a played site. */
#pragma once

#include "lab/site.h"

/*
 * Fills the site's folder of secrets with one file per device, on a tmpfs in a mount namespace of
 * this process's own: it ends with the last process of the site, however that ends.
 */
enum err secrets_mount(const struct site *site, const char *site_path) MUST_CHECK;
