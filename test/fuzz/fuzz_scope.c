/* Scope texts: whatever is accepted must be a lawful scope. */
#include "wire/scope.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scope scope;
    struct note note;
    char text[256];
    size_t len = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
    if (len != 0) {
        memcpy(text, data, len);
    }
    text[len] = '\0';
    scope_init(&scope);
    if (scope_allow(&scope, text, &note) == OK) {
        const struct net *net = &scope.allowed[0];
        assert(scope.allowed_count == 1);
        assert(scope_contains(&scope, &net->ip));
        assert(!ip_is_multicast(&net->ip));
        assert(net->ip.family == 6 || net_size(net) <= 65536);
        assert(net_size(net) == 1 || !ip_is_public(&net->ip));
        struct ip ip;
        size_t cursor = 0;
        for (int i = 0; i < 8 && scope_next_host(&scope, &cursor, &ip); i++) {
            assert(scope_contains(&scope, &ip));
        }
    } else {
        assert(scope.allowed_count == 0);
    }
    if (scope_exclude(&scope, text, &note) == OK && scope.allowed_count == 1) {
        assert(!scope_contains(&scope, &scope.allowed[0].ip));
        assert(scope_host_count(&scope) == 0);
    }
    return 0;
}
