/*
 * Who really makes it: brands and company names to makers (catalog/vendors.def), by the whole name
 * and never by a part of it, and the makers on the FCC Covered List.
 */
#pragma once

#include "fact/subject.h"

enum vendor_relation {
    VENDOR_OWN, /* the maker itself, or a brand of its own */
    VENDOR_OEM, /* sold by another, mostly under other model names */
};

struct vendor {
    const char *name;
    const char *maker;
    enum vendor_relation relation;
};

/* The row of a brand, a manufacturer's text or the owner of a MAC prefix; NULL when unknown. */
const struct vendor *vendor_find(const char *name);
/* Its maker, or NULL. */
const char *vendor_maker(const char *name);
/* The date of the FCC Covered List that names this maker, or NULL. */
const char *vendor_covered(const char *maker);

/* The row that decides for this subject: brand first, then vendor, then the MAC prefix; or NULL. */
const struct vendor *vendor_of(const struct facts *facts);
/* Sets device.covered where the real maker is on the list. */
void vendor_apply(struct subject *subject, int64_t now);
