#pragma once

#include <stdexcept>
#include <string>

namespace argali {

/// The one exception type of engine/ and cuda/. code() is for programs, what() for bug reports:
/// what went wrong, where (file, tensor, expected, found) and, where there is something, what to
/// do.
class Error final : public std::runtime_error {
public:
    enum class Code {
        Missing,    ///< a file or folder that was asked for is not there or cannot be read
        BadModel,   ///< a checkpoint, configuration or tokenizer that breaks its format's rules
        BadMedia,   ///< a picture or film that cannot be decoded, or is beyond the limits
        BadRequest, ///< a request that can never be answered: wrong option, wrong combination
        ContextOverflow, ///< prompt and answer do not fit the model's context
        Unsupported,     ///< well formed, but not something this program does
        OutOfMemory,     ///< more memory is needed than there is
        Device,          ///< a compute device failed or is not there
        Network,         ///< a transfer failed
        Internal,        ///< a broken promise among our own functions
    };
    Error(Code code, const std::string& detail) : std::runtime_error(detail), m_code(code) {}
    Code code() const noexcept { return m_code; }

private:
    Code m_code;
};

} // namespace argali
