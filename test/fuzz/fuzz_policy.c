/* Any bytes as a policy: what is accepted can be judged by, and more witnesses never hurt. */
#include "ledger/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy policy;
    struct note note = {""};
    if (policy_parse((const char *)data, size, &policy, &note) != OK) {
        assert(note.text[0] != '\0');
        return 0;
    }
    assert(policy.log_count <= POLICY_LOGS && policy.witness_count <= POLICY_WITNESSES);
    bool was_met = policy_is_met(&policy, 0);
    assert(was_met == (policy.quorum == POLICY_NONE));
    for (unsigned i = 0; i < POLICY_WITNESSES; i++) {
        bool is_met = policy_is_met(&policy, UINT32_MAX >> (31 - i));
        assert(is_met || !was_met);
        was_met = is_met;
    }
    assert(was_met);
    return 0;
}
