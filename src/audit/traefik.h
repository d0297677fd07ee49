/* Traefik's routers, in a file or in the labels of a compose file. */
#pragma once

#include "audit/format.h"

/*
 * Reads "http/routers" and what they name below root. `service` is the container whose labels these
 * are, for routers that name no service of their own; NULL for a file.
 */
void traefik_read(struct audit_file *file, const struct tree_node *root, const char *service);
/* Keeps the tree, so that a router elsewhere can name its middlewares. */
void traefik_keep(struct audit_file *file, const struct tree_node *root);
