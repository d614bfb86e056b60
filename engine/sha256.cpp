#include "engine/sha256.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include <openssl/evp.h>

#include "engine/error.h"

namespace argali {

struct Sha256::Context {
    EVP_MD_CTX* evp = EVP_MD_CTX_new();
    ~Context() { EVP_MD_CTX_free(evp); }
};

namespace {

void require(bool worked)
{
    if (!worked)
        throw Error(Error::Code::Internal, "libcrypto cannot compute a SHA-256");
}

} // namespace

Sha256::Sha256() : m_context(std::make_unique<Context>())
{
    require(m_context->evp && EVP_DigestInit_ex(m_context->evp, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::add(std::span<const std::byte> bytes)
{
    require(EVP_DigestUpdate(m_context->evp, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish()
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    require(EVP_DigestFinal_ex(m_context->evp, digest.data(), &length) == 1);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
        text += digits[digest[i] >> 4];
        text += digits[digest[i] & 15];
    }
    return text;
}

std::string sha256(std::span<const std::byte> bytes)
{
    Sha256 hash;
    hash.add(bytes);
    return hash.finish();
}

std::string sha256OfFile(const std::filesystem::path& path, std::stop_token stop)
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                               &std::fclose);
    const auto fail = [&] {
        throw Error(Error::Code::Missing, path.string() +
                                              ": cannot be read: " + std::strerror(errno) +
                                              "; check the path and its permissions");
    };
    if (!file)
        fail();
    Sha256 hash;
    std::vector<std::byte> buffer(size_t(1) << 20);
    while (!stop.stop_requested()) {
        const size_t length = std::fread(buffer.data(), 1, buffer.size(), file.get());
        if (length == 0 && std::ferror(file.get()))
            fail();
        if (length == 0)
            return hash.finish();
        hash.add({buffer.data(), length});
    }
    return {};
}

} // namespace argali
