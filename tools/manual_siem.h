/* Lists of gatehouse-siem(7), as mdoc, on standard output. */
#pragma once

/* Where a member stands in each form. */
void manual_siem_places(void);
/* How much an event can matter. */
void manual_siem_levels(void);
/* What each action is to a watch room. */
void manual_siem_senses(void);
