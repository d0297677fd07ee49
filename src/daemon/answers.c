/* A TCP connect that is waited for, and closed at once. */
#include "daemon/answers.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

bool
answers_tcp(const struct ip *ip, uint16_t port, int patience_ms)
{
    struct sockaddr_storage address;
    socklen_t len = ip_to_socket(ip, port, &address);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return false;
    }
    (void)connect(fd, (const struct sockaddr *)&address, len);
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    int trouble = 0;
    socklen_t size = sizeof(trouble);
    bool is_there = poll(&wait, 1, patience_ms) == 1 &&
                    getsockopt(fd, SOL_SOCKET, SO_ERROR, &trouble, &size) == 0 && trouble == 0;
    (void)close(fd);
    return is_there;
}
