/* sd_notify's protocol: one datagram per message. */
#include "daemon/notify.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
notify_open(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || path[0] == '\0' ||
        !text_copy(address.sun_path, sizeof(address.sun_path), path)) {
        return -1;
    }
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (address.sun_path[0] == '@') {
        address.sun_path[0] = '\0'; /* an abstract name */
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, len) != 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

void
notify_say(int fd, const char *words)
{
    if (fd >= 0) {
        (void)send(fd, words, strlen(words), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}
