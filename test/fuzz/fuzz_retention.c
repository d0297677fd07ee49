/* log/retention of a log of somebody else: what is taken is what would be written. */
#include "ledger/retention.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(buf_release) struct buf text;
    struct retention retention;
    buf_init(&text, 4096);
    if (retention_parse((const char *)data, size, &retention) != OK) {
        return 0;
    }
    retention_put(&text, &retention);
    if (text.len != size || memcmp(text.data, data, size) != 0 || retention.minimum == 0 ||
        retention.event < retention.minimum || !retention_is_policy(retention.policy)) {
        abort();
    }
    return 0;
}
