/* A run as the store keeps it. */
#pragma once

#include "assess/assessment.h"
#include "store/store.h"

/* Copies nothing: texts belong to the assessment, rows to the arena. */
enum err record_make(
    const struct assessment *assessment, struct arena *arena, struct store_run *ret_run) MUST_CHECK;
/* Makes and saves. */
enum err record_save(struct store *store, const struct assessment *assessment) MUST_CHECK;
