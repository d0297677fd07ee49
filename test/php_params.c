/*
 * Reads query strings, one a line, as ZoneMinder's gate does, and prints what it holds for
 * parameters: "S:NAME=VALUE;" for a value and "L:NAME;" for a list, in hex; or "refused".
 */
#include "vms/zoneminder_parts.h"

#include <stdio.h>
#include <string.h>

#define LINE 4096

static void
print_hex(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        (void)printf("%02x", (unsigned char)text[i]);
    }
}

static void
print_param(const struct access_param *param)
{
    size_t len = strcspn(param->name, "[");
    bool is_list = param->name[len] == '[';
    (void)fputs(is_list ? "L:" : "S:", stdout);
    print_hex(param->name, len);
    if (!is_list) {
        (void)fputs("=", stdout);
        print_hex(param->value, strlen(param->value));
    }
    (void)fputs(";", stdout);
}

int
main(void)
{
    static char line[LINE];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        struct arena arena;
        struct note note = {""};
        struct access_params params = {0};
        struct access_request request = {.method = "GET", .path = "/zm/", .query = line};
        line[strcspn(line, "\n")] = '\0';
        arena_init(&arena, ARENA_DEVICE_LIMIT);
        if (zoneminder_params_read(&request, &arena, &params, &note) != OK) {
            (void)fputs("refused", stdout);
        }
        for (size_t i = 0; i < params.count; i++) {
            print_param(&params.rows[i]);
        }
        (void)fputs("\n", stdout);
        arena_release(&arena);
    }
    return 0;
}
