#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace argali::fuzz {

/// A reader of bytes from outside that must take anything. What it is given it may refuse as it
/// refuses bad input in the program; everything else that comes out of it is a finding.
struct Target {
    using Run = void (*)(std::string_view bytes);
    Target(const char* targetName, Run targetRun) : name(targetName), run(targetRun)
    {
        all().push_back(this);
    }
    static std::vector<const Target*>& all()
    {
        static std::vector<const Target*> targets;
        return targets;
    }
    const char* const name; ///< of its source fuzz_NAME.cpp and of its corpus
    const Run run;
};

/// What must hold whatever the bytes are.
inline void require(bool holds, const char* what)
{
    if (!holds)
        throw std::logic_error(what);
}

/// Uses a value, so that what made it is not left out.
inline void keep(int value)
{
    [[maybe_unused]] static volatile int kept = 0;
    kept = value;
}

/// The bytes in pieces of a length that they say themselves, as a network might deliver them.
inline std::vector<std::string_view> inPieces(std::string_view bytes)
{
    const size_t length = bytes.empty() ? 1 : 1 + (bytes.size() + size_t(bytes.back() & 0x7F)) % 61;
    std::vector<std::string_view> pieces;
    for (size_t at = 0; at < bytes.size(); at += length)
        pieces.push_back(bytes.substr(at, length));
    return pieces;
}

} // namespace argali::fuzz

/// Defines the target of a source: ARGALI_FUZZ(name) { ... bytes ... }
#define ARGALI_FUZZ(name)                                                                          \
    static void run_##name(std::string_view bytes);                                                \
    static const argali::fuzz::Target target_##name(#name, run_##name);                            \
    static void run_##name(std::string_view bytes)
