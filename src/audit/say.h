/*
 * How a reader says what a file holds: a fact about its VMS (or the site), with the file's line as
 * evidence. `at` is the node that says it, or the one in which a key is missing. Without an install
 * nothing is said.
 */
#pragma once

#include "audit/install.h"

#define SAY_PLACE 240

/* "config.yml line 12"; returns out. */
const char *say_place(
    const struct audit_file *file, const struct tree_node *at, char out[SAY_PLACE]);
/* The line, or key and value, without anything secret. NULL when memory is out. */
const struct evidence *say_evidence(
    struct subject *subject, const struct audit_file *file, const struct tree_node *at);

void say_bool(struct audit_file *file, enum fact_id fact, bool yes, const struct tree_node *at);
void say_text(
    struct audit_file *file, enum fact_id fact, const char *text, const struct tree_node *at);
/* For a default: the evidence is that the key is not there. */
void say_absent(struct audit_file *file, enum fact_id fact, bool yes, const char *key);

/* A weakness that is no gap by itself; joined with its line into one note. */
void say_risk(struct audit_file *file, const struct tree_node *at, const char *words);
/* A factory password or key. */
void say_factory(struct audit_file *file, const struct tree_node *at, const char *words);

/* A password, key or token: counted with its line when it stands there readably. */
void say_secret(struct audit_file *file, const struct tree_node *at);
/* The same for an address that may hold one: "rtsp://user:password@host/". */
void say_address(struct audit_file *file, const struct tree_node *at);
/* Whether a value stands for a secret that is elsewhere: !secret, ${X}, {FRIGATE_X}, a file. */
bool say_is_reference(const struct tree_node *at);
/* Every node below whose name is that of a secret, and every address with a password. */
void say_secrets_below(struct audit_file *file, const struct tree_node *node);

/* A fact about the site itself. */
void say_site_text(
    struct audit_file *file, enum fact_id fact, const char *text, const struct tree_node *at);
/* A VPN that lets in whom it should not, and one that is weaker than it need be. */
void say_vpn_broken(struct audit_file *file, const struct tree_node *at, const char *words);
void say_vpn_risk(struct audit_file *file, const struct tree_node *at, const char *words);
