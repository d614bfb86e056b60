#include "engine/cli/standardinput.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <unistd.h>

#include "engine/error.h"

namespace argali::cli {

std::string readInputLine(size_t most)
{
    std::string line;
    for (;;) {
        char byte = 0;
        const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw Error(Error::Code::Missing,
                        std::string("standard input cannot be read: ") + std::strerror(errno));
        if (got == 0 || byte == '\n')
            return line;
        if (line.size() == most)
            throw Error(Error::Code::Missing, "the first line of standard input is longer than " +
                                                  std::to_string(most) + " bytes");
        line += byte;
    }
}

bool hasInputEnded()
{
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (::poll(&input, 1, 0) <= 0)
        return false;
    std::array<char, 4096> dropped{};
    const ssize_t got = ::read(STDIN_FILENO, dropped.data(), dropped.size());
    return got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
}

} // namespace argali::cli
