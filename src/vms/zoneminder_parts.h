/* What the files of ZoneMinder's side of the gateway share; nobody else includes it. */
#pragma once

#include "vms/access_driver.h"

#define ZONEMINDER_ROOT "/zm"

/*
 * Parameters as PHP reads them into $_REQUEST (or zms its query string); what those could read two
 * ways, and a password that is no log-in's, is ERR_VALUE. Lists keep all their values: "eids[3]"
 * and "eids[]" are both called "eids[]".
 */
enum err zoneminder_params_read(const struct access_request *request, struct arena *arena,
    struct access_params *ret_params, struct note *note) MUST_CHECK;

/* A body of multipart/form-data; part is called for each field that is no file. */
typedef enum err zoneminder_part_fn(
    void *context, const char *name, const char *value, struct note *note);
enum err zoneminder_multipart_read(const struct access_request *request, struct arena *arena,
    zoneminder_part_fn *part, void *context, struct note *note) MUST_CHECK;

/* Rows' own code: a request of the CakePHP application below /zm/api/, and a file of recordings. */
enum err zoneminder_api_more(const struct access_request *request,
    const struct access_params *params, struct access *access, struct arena *arena,
    struct note *note) MUST_CHECK;
enum err zoneminder_files_more(const struct access_request *request,
    const struct access_params *params, struct access *access, struct arena *arena,
    struct note *note) MUST_CHECK;
/* The same of a path below the folder of events that stands in a parameter. */
enum err zoneminder_files_path(
    const char *path, struct access *access, struct arena *arena, struct note *note) MUST_CHECK;

/* What answers tell. */
void zoneminder_answer_login(
    const struct access_answer *answer, struct access_told *told, struct arena *arena);
void zoneminder_answer_token(
    const struct access_answer *answer, struct access_told *told, struct arena *arena);
void zoneminder_answer_stream(
    const struct access_answer *answer, struct access_told *told, struct arena *arena);
void zoneminder_answer_export(
    const struct access_answer *answer, struct access_told *told, struct arena *arena);
/* What an archive is called between its making and its fetching; NULL: it names none. */
const char *zoneminder_answer_archive(const struct access_params *params, struct arena *arena);
