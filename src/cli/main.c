/* The gatehouse program. */
#include "base/base.h"

int
main(void)
{
    return 0;
}
