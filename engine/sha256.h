#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

namespace argali {

/// SHA-256 of bytes that come in pieces; by libcrypto, which uses the processor's instructions for
/// it. Source: FIPS 180-4, section 6.2
class Sha256 final {
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    void add(std::span<const std::byte> bytes);
    /// 64 hexadecimal digits; to be called once.
    std::string finish();

private:
    struct Context;
    std::unique_ptr<Context> m_context;
};

std::string sha256(std::span<const std::byte> bytes);
/// Reads the file in pieces. Returns an empty text once stopped.
/// Throws: Error::Code::Missing when it cannot be read
std::string sha256OfFile(const std::filesystem::path& path, std::stop_token stop);

} // namespace argali
