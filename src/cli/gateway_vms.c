/* What has to be set at the VMS, in lines that can be copied. */
#include "cli/gateway.h"

#include "base/text.h"

#include <stdio.h>

bool
gateway_needs_secret(const struct settings_vms *vms)
{
    return vms->user != NULL || text_equal(vms->type, "frigate");
}

/* Frigate docs, configuration/authentication: header names are taken only with auth.enabled false.
 */
static void
print_frigate(const struct settings_vms *vms, const char *secret)
{
    (void)printf(
        "Put this into Frigate's config.yml and restart it. The secret is shown only now;\n"
        "Gatehouse keeps it sealed:\n"
        "\n"
        "  auth:\n"
        "    enabled: false      # it believes the gateway instead, by the secret below\n"
        "  proxy:\n"
        "    auth_secret: %s\n"
        "    header_map:\n"
        "      user: x-forwarded-user\n"
        "      role: x-forwarded-groups\n"
        "      role_map:         # from 0.17 on\n"
        "        admin: [administrator]\n"
        "        viewer: [operator, viewer]\n"
        "    default_role: viewer\n"
        "\n"
        "Publish only port 8971 of it, and that only to this machine: 5000, 1984, 8554 and\n"
        "8555 ask nobody who he is.\n",
        secret);
    (void)vms;
}

/* ZoneMinder 1.36.33 docs, userguide/options (System, API). */
static void
print_zoneminder(const struct settings_vms *vms, const char *secret)
{
    if (vms->user == NULL) {
        (void)printf(
            "ZoneMinder has no account for the gateway (--user), so it must run without\n"
            "log-in of its own, or its users log in twice. Either way let nobody but this\n"
            "machine reach it.\n");
        return;
    }
    (void)printf(
        "At ZoneMinder, as its administrator:\n"
        "\n"
        "  1. Options > Users: add the account\n"
        "         name      %s\n"
        "         password  %s\n"
        "     with Stream, Events, Control, Monitors, Groups, Devices, Snapshots and System\n"
        "     as far as the gateway's users shall get, Enabled and API Enabled. The password\n"
        "     is shown only now; Gatehouse keeps it sealed, and no person needs it.\n"
        "  2. Options > System: OPT_USE_AUTH on, AUTH_TYPE builtin, AUTH_RELAY hashed,\n"
        "     AUTH_HASH_SECRET a long random text, OPT_USE_API on.\n"
        "  3. Remove or disable the other accounts, also admin, once the gateway works.\n"
        "  4. Let only this machine reach its port (firewall), and take /zm/cache away from\n"
        "     the web server: it serves recordings without asking ZoneMinder.\n",
        vms->user, secret);
}

void
gateway_print_vms(const struct gateway_vms_words *words)
{
    const char *secret =
        words->secret != NULL ? words->secret : "(gatehouse gateway password makes a new one)";
    (void)printf(
        "\n-- %s (%s), %s --\n\n", words->vms->name, words->vms->type, words->vms->upstream);
    if (text_equal(words->vms->type, "frigate")) {
        print_frigate(words->vms, secret);
    } else if (text_equal(words->vms->type, "zoneminder")) {
        print_zoneminder(words->vms, secret);
    } else {
        (void)printf("Let only this machine reach %s.\n", words->vms->upstream);
    }
}
