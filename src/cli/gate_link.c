/* One-time links, as a person gets them. */
#include "cli/gate_ask.h"

#include "identity/factor.h"
#include "identity/user.h"

#include <unistd.h>

#define QR_MOST ((size_t)64 * 1024)

void
gate_print_link(const struct gate_open *gate, const char *token)
{
    CLEANUP(buf_release) struct buf link;
    CLEANUP(buf_release) struct buf picture;
    CLEANUP(arena_release) struct arena arena;
    arena_init(&arena, (size_t)64 * 1024);
    buf_init(&link, 1024);
    buf_init(&picture, QR_MOST);
    const char *url = gate_url(&gate->settings, &gate->settings.vms[0], &arena);
    buf_format(&link, "%s/gatehouse/enrol#%s", url == NULL ? "" : url, token);
    (void)printf("%s\n", link.data);
    (void)fflush(stdout);
    if (isatty(STDOUT_FILENO) == 1 && factor_qr_text(link.data, &picture) == OK) {
        (void)printf("\n%s", picture.data);
    }
    (void)fflush(stdout);
    (void)fprintf(stderr,
        "\nThe link works once, for %d hours. Whoever has it sets password and second factor of\n"
        "this account: hand it over by a way that only its owner reads.\n",
        USER_INVITE_HOURS);
}
