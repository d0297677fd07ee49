/*
 * A picture of the network: the router, each subnet as a box, each device as a tile with its kind
 * and its worst mark. Drawn twice, wide and narrow; the style sheet shows the one that fits.
 */
#include "base/text.h"
#include "report/html/sections.h"
#include "report/width.h"

#include <stdio.h>
#include <stdlib.h>

#define SUBNETS ((size_t)24)
#define TILES   ((size_t)48) /* per subnet; the rest is a number */

struct layout {
    const char *class;
    int width, margin, pad, tile, height, gap;
    size_t columns, letters, digits; /* tiles side by side, letters of a name and address in one */
};

static const struct layout layouts[] = {
    {"wide",   1040, 36, 16, 112, 72, 10, 8, 11, 14},
    {"narrow", 358,  18, 10, 100, 72, 10, 3, 10, 12},
};

struct subnet {
    char name[IP_TEXT];
    size_t count; /* of its devices, routers not */
    int x, y, width, height;
    bool first; /* in its row */
};

struct network {
    const struct html *html;
    size_t *subnet_of; /* per device; SUBNETS: a router */
    struct subnet subnets[SUBNETS];
    size_t subnet_count;
    size_t routers;
};

/* The subnet it was seen in, else the /24 or /64 that its address would be in. */
static void
subnet_name(const struct subject *subject, char out[IP_TEXT])
{
    const char *seen = facts_text(&subject->facts, FACT_SEGMENT_SUBNET);
    struct net net = {0};
    char address[IP_TEXT + 8];
    char ip[IP_TEXT];
    if (seen != NULL) {
        (void)text_copy(out, IP_TEXT, seen);
        return;
    }
    const struct ip *first = subject->address_count == 0 ? NULL : &subject->addresses[0];
    if (first != NULL && !ip_is_link_local(first)) {
        (void)snprintf(
            address, sizeof(address), "%s/%d", ip_text(first, ip), first->family == 4 ? 24 : 64);
        if (net_parse(address, &net) == OK) {
            (void)net_text(&net, out);
            return;
        }
    }
    (void)text_copy(out, IP_TEXT, first == NULL ? "no address" : "link-local");
}

static size_t
subnet_index(struct network *network, const struct subject *subject)
{
    char name[IP_TEXT];
    subnet_name(subject, name);
    for (size_t i = 0; i < network->subnet_count; i++) {
        if (text_equal(network->subnets[i].name, name)) {
            return i;
        }
    }
    if (network->subnet_count == SUBNETS) {
        (void)text_copy(network->subnets[SUBNETS - 1].name, IP_TEXT, "other subnets");
        return SUBNETS - 1;
    }
    (void)text_copy(network->subnets[network->subnet_count].name, IP_TEXT, name);
    return network->subnet_count++;
}

static void
sort_devices(struct network *network)
{
    const struct assessment *assessment = network->html->assessment;
    for (size_t i = 0; i < assessment->device_count; i++) {
        if (assessment->devices[i]->kind == KIND_ROUTER) {
            network->subnet_of[i] = SUBNETS;
            network->routers++;
            continue;
        }
        network->subnet_of[i] = subnet_index(network, assessment->devices[i]);
        network->subnets[network->subnet_of[i]].count++;
    }
}

static const char *
kind_sign(enum kind kind)
{
    switch (kind) {
    case KIND_CAMERA:
    case KIND_ENCODER:
        return "camera";
    case KIND_DOOR:
        return "door";
    case KIND_RECORDER:
    case KIND_NAS:
        return "recorder";
    case KIND_VMS:
        return "server";
    case KIND_ROUTER:
    case KIND_SWITCH:
        return "router";
    case KIND_PRINTER:
        return "printer";
    case KIND_COMPUTER:
        return "computer";
    case KIND_UNKNOWN:
    case KIND_OTHER:
    case KIND_COUNT:
        break;
    }
    return "machine";
}

static bool
is_exposed(const struct subject *subject)
{
    return facts_text(&subject->facts, FACT_EXPOSURE_MAPPED) != NULL ||
           facts_is_yes(&subject->facts, FACT_EXPOSURE_PUBLIC);
}

static void
put_sign(struct buf *out, const char *name, int x, int y, int size)
{
    HTML(out, "<use href=\"#s-{}\"", name);
    buf_format(out, " x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", x, y, size, size);
}

static void
put_tile(const struct network *network, const struct layout *layout, size_t device, int x, int y)
{
    const struct subject *subject = network->html->assessment->devices[device];
    enum mark mark = marks_worst(network->html->marks, device);
    struct buf *out = network->html->out;
    char title[SUBJECT_TITLE];
    char address[IP_TEXT];
    char number[16];
    struct buf text CLEANUP(buf_release);
    buf_init(&text, (size_t)2 * SUBJECT_TITLE);
    (void)snprintf(number, sizeof(number), "%u", subject->number);
    subject_title(subject, title);
    words_address(subject, address);
    HTML(out, "<a class=\"tile m-{}\" href=\"#d-{}\" ", mark_words[mark].id, number);
    /* What can be read on the tile comes first, for those who speak to their browser. */
    const char *label = subject->name == NULL ? words_model(subject) : subject->name;
    label = label == NULL ? title : label;
    HTML(out, "aria-label=\"{} {}, {}: {}{}\">", label, address, kind_name(subject->kind),
        mark_words[mark].meaning, is_exposed(subject) ? "; reachable from the internet" : "");
    /* An inner picture clips names that are wider than it. */
    buf_format(out, "<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" aria-hidden=\"true\">", x, y,
        layout->tile, layout->height);
    HTML(out, "<title>{} ({}): {}</title>", title, address, mark_words[mark].meaning);
    buf_format(out, "<rect class=\"box\" x=\"1\" y=\"1\" width=\"%d\" height=\"%d\" rx=\"8\"/>",
        layout->tile - 2, layout->height - 2);
    put_sign(out, kind_sign(subject->kind), 9, 8, 20);
    put_sign(out, mark_words[mark].id, layout->tile - 26, 9, 18);
    if (is_exposed(subject)) {
        put_sign(out, "internet", layout->tile - 48, 9, 18);
    }
    width_cut(&text, label, layout->letters, "\xe2\x80\xa6");
    HTML(out, "<text class=\"name\" x=\"9\" y=\"46\">{}</text> ", text.data);
    buf_clear(&text);
    width_cut(&text, address, layout->digits, "\xe2\x80\xa6");
    HTML(out, "<text class=\"at\" x=\"9\" y=\"62\">{}</text></svg></a>", text.data);
}

/* Tiles in rows from x, y. */
static void
put_tiles(const struct network *network, const struct layout *layout, size_t subnet, int x, int y)
{
    const struct assessment *assessment = network->html->assessment;
    size_t placed = 0;
    for (size_t i = 0; i < assessment->device_count && placed < TILES; i++) {
        if (network->subnet_of[i] == subnet) {
            put_tile(network, layout, i,
                x + (int)(placed % layout->columns) * (layout->tile + layout->gap),
                y + (int)(placed / layout->columns) * (layout->height + layout->gap));
            placed++;
        }
    }
}

static int
tiles_height(const struct layout *layout, size_t count)
{
    size_t shown = count < TILES ? count : TILES;
    return (int)((shown + layout->columns - 1) / layout->columns) * (layout->height + layout->gap);
}

/* Side by side while they fit, at least two tiles wide for the name; the height of it all. */
static int
place_subnets(struct network *network, const struct layout *layout, int top)
{
    int x = layout->margin;
    int y = top;
    int row = 0;
    for (size_t i = 0; i < network->subnet_count; i++) {
        struct subnet *subnet = &network->subnets[i];
        size_t across = subnet->count < 2 ? 2 : subnet->count;
        across = across > layout->columns ? layout->columns : across;
        subnet->width = (int)across * (layout->tile + layout->gap) - layout->gap + 2 * layout->pad;
        subnet->height = 34 + tiles_height(layout, subnet->count) + layout->pad - layout->gap;
        subnet->first = x == layout->margin || x + subnet->width >= layout->width;
        if (subnet->first && x != layout->margin) {
            x = layout->margin;
            y += row + 16;
            row = 0;
        }
        subnet->x = x;
        subnet->y = y;
        x += subnet->width + 16;
        row = row < subnet->height ? subnet->height : row;
    }
    return y + row + 2;
}

static void
put_subnet(const struct network *network, const struct layout *layout, size_t index)
{
    const struct subnet *subnet = &network->subnets[index];
    struct buf *out = network->html->out;
    char number[WORDS_NUMBER];
    buf_format(out,
        "<path class=\"wire\" d=\"M%d %dH%d\"/><rect class=\"subnet\" x=\"%d\" y=\"%d\" "
        "width=\"%d\" height=\"%d\" rx=\"12\"/><text class=\"title\" x=\"%d\" y=\"%d\">",
        subnet->first ? layout->margin / 3 : subnet->x - 16, subnet->y + 20, subnet->x, subnet->x,
        subnet->y, subnet->width, subnet->height, subnet->x + layout->pad, subnet->y + 23);
    HTML(out, "{}  \xc2\xb7  {} {}", subnet->name, words_count(subnet->count, number),
        subnet->count == 1 ? "device" : "devices");
    if (subnet->count > TILES) {
        HTML(out, ", {} not drawn", words_count(subnet->count - TILES, number));
    }
    buf_text(out, "</text>");
    put_tiles(network, layout, index, subnet->x + layout->pad, subnet->y + 34);
}

static void
put_uplink(const struct network *network, const struct layout *layout, int top)
{
    struct buf *out = network->html->out;
    int trunk = layout->margin / 3;
    size_t count = network->subnet_count;
    int last = count == 0 ? 40 : network->subnets[count - 1].y;
    bool routed = network->routers != 0;
    buf_format(out, "<path class=\"wire\" d=\"M%d %dV%d\"/>", trunk, routed ? 26 : top, last + 20);
    if (routed) {
        put_sign(out, "internet", trunk < 11 ? 0 : trunk - 11, 2, 22);
        buf_format(out,
            "<text class=\"title\" x=\"%d\" y=\"18\">Internet</text><path class=\"wire\" "
            "d=\"M%d 64H%d\"/>",
            layout->margin + 12, trunk, layout->margin);
        put_tiles(network, layout, SUBNETS, layout->margin, 34);
    }
}

static void
put_picture(struct network *network, const struct layout *layout)
{
    struct buf *out = network->html->out;
    int top = network->routers == 0 ? 8 : 40 + tiles_height(layout, network->routers);
    int height = place_subnets(network, layout, top);
    HTML(out, "<svg class=\"net {}\" ", layout->class);
    buf_format(out, "viewBox=\"0 0 %d %d\" role=\"group\" ", layout->width, height);
    buf_text(out, "aria-label=\"Picture of the network; the table of devices says the same\">");
    put_uplink(network, layout, top);
    for (size_t i = 0; i < network->subnet_count; i++) {
        put_subnet(network, layout, i);
    }
    buf_text(out, "</svg>");
}

static void
put_legend(struct buf *out)
{
    buf_text(out, "<ul class=\"legend\">");
    for (size_t i = 0; i < MARK_COUNT; i++) {
        HTML(out, "<li class=\"m-{}\">", mark_words[i].id);
        markup_sign(out, mark_words[i].id);
        HTML(out, "{}</li>", mark_words[i].meaning);
    }
    buf_text(out, "<li class=\"m-fail\">");
    markup_sign(out, "internet");
    buf_text(out, "reachable from the internet</li></ul>");
}

void
network_write(const struct html *html)
{
    struct network network = {.html = html};
    network.subnet_of = calloc(html->assessment->device_count + 1, sizeof(*network.subnet_of));
    if (network.subnet_of == NULL) {
        html->out->failed = true;
        return;
    }
    sort_devices(&network);
    buf_text(html->out, "<section aria-labelledby=\"network\"><h2 id=\"network\">The network</h2>"
                        "<figure>");
    for (size_t i = 0; i < COUNT(layouts); i++) {
        put_picture(&network, &layouts[i]);
    }
    buf_text(html->out, "<figcaption>");
    put_legend(html->out);
    buf_text(html->out, "</figcaption></figure></section>");
    free(network.subnet_of);
}
