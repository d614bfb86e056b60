#include "engine/checkpoint/safetensorswriter.h"

#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "engine/error.h"

namespace argali {
namespace {

const char* formatName(DType type)
{
    switch (type) {
    case DType::F32:
        return "F32";
    case DType::F16:
        return "F16";
    case DType::BF16:
        return "BF16";
    case DType::F64:
        return "F64";
    case DType::I64:
        return "I64";
    case DType::I32:
        return "I32";
    case DType::I16:
        return "I16";
    case DType::I8:
        return "I8";
    case DType::U8:
        return "U8";
    case DType::Bool:
        return "BOOL";
    }
    throw Error(Error::Code::Internal, "no such type");
}

/// Length and JSON, padded so that the values begin at a multiple of eight bytes.
std::string headerOf(const std::vector<WrittenTensor>& tensors)
{
    nlohmann::ordered_json header = {{"__metadata__", {{"format", "pt"}}}};
    int64_t offset = 0;
    for (const WrittenTensor& tensor : tensors) {
        nlohmann::json shape = nlohmann::json::array();
        for (int i = 0; i < tensor.kind.shape.rank(); ++i)
            shape.push_back(tensor.kind.shape.dim(i));
        const int64_t end = offset + tensor.kind.bytes();
        header[tensor.name] = {
            {"dtype", formatName(tensor.kind.type)}, {"shape", shape}, {"data_offsets", {offset, end}}};
        offset = end;
    }
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    std::string length(8, '\0');
    for (size_t i = 0; i < 8; ++i)
        length[i] = static_cast<char>(text.size() >> (8 * i) & 0xFF);
    return length + text;
}

/// A new file that is closed, whatever happens.
class NewFile final {
public:
    explicit NewFile(std::filesystem::path path) : m_path(std::move(path))
    {
        m_descriptor = ::open(m_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (m_descriptor < 0)
            fail();
    }
    ~NewFile()
    {
        if (m_descriptor >= 0)
            ::close(m_descriptor);
    }
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    void write(std::string_view bytes) const
    {
        while (!bytes.empty()) {
            const ssize_t written = ::write(m_descriptor, bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR)
                continue;
            if (written <= 0)
                fail();
            bytes.remove_prefix(static_cast<size_t>(written));
        }
    }

    void finish()
    {
        if (::fsync(m_descriptor) != 0 || ::close(std::exchange(m_descriptor, -1)) != 0)
            fail();
    }

private:
    [[noreturn]] void fail() const
    {
        throw Error(Error::Code::BadRequest,
                    m_path.string() + ": cannot be written (" + std::strerror(errno) + ")");
    }

    std::filesystem::path m_path;
    int m_descriptor = -1;
};

} // namespace

void writeSafetensors(const std::filesystem::path& path, const std::vector<WrittenTensor>& tensors,
                      const std::function<Tensor(const std::string& name)>& values)
{
    NewFile file(path);
    file.write(headerOf(tensors));
    for (const WrittenTensor& tensor : tensors) {
        const Tensor value = values(tensor.name);
        if (value.type() != tensor.kind.type || value.shape() != tensor.kind.shape)
            throw Error(Error::Code::Internal, tensor.name + ": other values than announced");
        file.write({reinterpret_cast<const char*>(value.raw()), static_cast<size_t>(value.bytes())});
    }
    file.finish();
}

int64_t safetensorsSize(const std::vector<WrittenTensor>& tensors)
{
    auto size = static_cast<int64_t>(headerOf(tensors).size());
    for (const WrittenTensor& tensor : tensors)
        size += tensor.kind.bytes();
    return size;
}

} // namespace argali
