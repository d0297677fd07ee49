/* Dumps of a MySQL or MariaDB database: the rows of its INSERT statements. */
#pragma once

#include "audit/tree.h"

/*
 * Each row of a table "Config", "Users" or "Monitors" becomes a node below the table's, with a node
 * for each column of few bytes. Knows INSERT … VALUES with the columns of the statement or of
 * CREATE TABLE, and INSERT … SET; everything else is passed over.
 */
enum err tree_sql(struct tree *tree, const char *bytes, size_t len) MUST_CHECK;
