/* Configuration files of every format: never a crash, and always either facts or a mistake. */
#include "audit/audit.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the format; beyond the last one the file is to be recognised. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[80] = "input";
    if (size == 0 || size > 65536) {
        return 0;
    }
    size_t row = data[0] >= 'A' ? (size_t)(data[0] - 'A') : audit_row_count;
    if (row < audit_row_count) {
        (void)snprintf(name, sizeof(name), "%s:input", audit_rows[row].name);
    }
    struct audit *audit = audit_new();
    if (audit == NULL) {
        return 0;
    }
    enum err err = audit_add_bytes(audit, name, (const char *)data + 1, size - 1);
    assert(err != OK || audit_file_count(audit) + audit_mistake_count(audit) == 1);
    audit_judge(audit);
    for (struct subject *s = audit_take(audit); s != NULL; s = audit_take(audit)) {
        subject_free(s);
    }
    audit_free(audit);
    return 0;
}
