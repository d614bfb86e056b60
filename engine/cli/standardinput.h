#pragma once

#include <cstddef>
#include <string>

namespace argali::cli {

/// One line of standard input, without its end; nothing behind it is read.
/// Throws: Error::Code::Missing when it cannot be read, or is longer than most
std::string readInputLine(size_t most);

/// Whether standard input has ended: who held its other end has closed it, or has ended, however it
/// did. What comes before that is dropped. Does not wait.
bool hasInputEnded();

} // namespace argali::cli
