/* The hosts of an Nmap report, as sightings; sends nothing. */
#include "base/clock.h"
#include "discover/methods.h"

#include <stdio.h>

static void
note_ports(struct sighting *sighting, const struct given_host *host)
{
    static const struct {
        uint16_t number;
        enum fact_id fact;
    } rows[] = {
        {21, FACT_PORT_FTP   },
        {23, FACT_PORT_TELNET},
    };
    char said[GIVEN_PORTS * 7 + 8] = "open: ";
    size_t used = 6;
    for (size_t i = 0; i < host->port_count; i++) {
        used += (size_t)snprintf(
            said + used, sizeof(said) - used, "%s%u", i == 0 ? "" : ", ", host->ports[i]);
    }
    const struct source source = {
        .witness = WITNESS_WIRE,
        .confidence = 70, /* it was so when Nmap looked */
        .evidence = evidence_new(
            sighting->facts.arena, "Nmap report", said, host->at != 0 ? host->at : clock_wall()),
    };
    if (host->port_count != 0) {
        facts_set_text(&sighting->facts, FACT_PORTS_OPEN, said + 6, &source);
    }
    for (size_t i = 0; i < host->port_count; i++) {
        for (size_t j = 0; j < COUNT(rows); j++) {
            if (rows[j].number == host->ports[i]) {
                facts_set_bool(&sighting->facts, rows[j].fact, true, &source);
            }
        }
    }
}

static enum err
start(struct discovery *discovery, void **ret_state)
{
    const struct given *given = discovery_choice(discovery)->given;
    for (size_t i = 0; i < given->count; i++) {
        const struct given_host *host = &given->hosts[i];
        if (!scope_contains(discovery_scope(discovery), &host->ip)) {
            continue;
        }
        static const struct mac any;
        struct sighting *sighting = discovery_find(discovery, &discover_nmap, &host->ip, &any);
        if (sighting == NULL) {
            sighting = discovery_sight(discovery, &discover_nmap, &host->ip);
        }
        if (sighting == NULL) {
            break;
        }
        sighting->mac = host->mac;
        sighting->answers = 1;
        sighting->open_port_count = host->port_count;
        for (size_t j = 0; j < host->port_count; j++) {
            sighting->open_ports[j] = host->ports[j];
        }
        note_ports(sighting, host);
    }
    *ret_state = NULL;
    return OK;
}

static void
stop(void *state)
{
    (void)state;
}

const struct discover_method discover_nmap = {
    .name = "nmap",
    .title = "hosts of an Nmap report",
    .start = start,
    .stop = stop,
};
