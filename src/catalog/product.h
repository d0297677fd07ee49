/* Vendor and product of a record: whose they are, and which models the words mean. */
#pragma once

#include "base/buf.h"

#define PRODUCT_MAKER  96
#define PRODUCT_MODELS 2048

struct product {
    char maker[PRODUCT_MAKER];   /* as rows of the catalogue name it; "" when nobody is named */
    char models[PRODUCT_MODELS]; /* a list for model.h */
    bool is_named;               /* a product by its name: every version number is its own */
    bool has_tracks;             /* AXIS OS */
    bool is_release;             /* one release of it: "2022 R1" */
    bool is_version;             /* the product's place holds a version ("V3.4.106") */
};

/* Both texts as the record has them, or of a CPE name; NULL is "". */
void product_read(const char *vendor, const char *product, struct product *ret_product);
/* A platform on which alone it is affected: its model, or a reason to be unsure of each model. */
void product_narrow(struct product *product, const char *platform);
/* Adds what the full name says beside the product's: "All Models", a letter that was lost. */
void product_complete(struct product *product, const char *name, const char *full_name);
/* The same out of a description: maker and models that its words name, all of them "might be". */
void product_guess(const char *description, struct product *ret_product);
