/* The two YAML formats as libcyaml tables. */
#pragma once

#include <cyaml/cyaml.h>

extern const cyaml_schema_value_t schema_site;
extern const cyaml_schema_value_t schema_transcript;
extern const cyaml_schema_value_t schema_routes;
