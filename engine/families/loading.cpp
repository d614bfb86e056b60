#include "engine/families/loading.h"

#include <algorithm>
#include <set>

#include <malloc.h>

#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/log.h"

namespace argali {

namespace {

/// Pieces of a matrix that a backend is given apart.
constexpr size_t mostPieces = 128;

/// Brings the pages of a mapped tensor into memory, so that slow disks are waited for here, where
/// there is progress and a stop, and not inside a matrix product.
void touch(const Tensor& tensor, const std::stop_token& stop)
{
    constexpr int64_t page = 4096;
    constexpr int64_t pagesBetweenLooks = 1024;
    const volatile std::byte* data = tensor.raw();
    for (int64_t at = 0, n = 0; at < tensor.bytes(); at += page, ++n) {
        static_cast<void>(data[at]);
        if (n % pagesBetweenLooks == 0 && stop.stop_requested())
            return;
    }
}

/// The rows of a matrix, or the values of a bias, one range behind the other.
Tensor inOrder(const Tensor& stored, const std::vector<RowRange>& ranges)
{
    int64_t count = 0;
    for (const RowRange& range : ranges)
        count += range.count;
    Tensor result = hostTensor(
        stored.type(), stored.shape().rank() > 1 ? Shape{count, stored.dim(1)} : Shape{count});
    std::byte* out = result.raw();
    for (const RowRange& range : ranges) {
        const Tensor rows = stored.rows(range.begin, range.count);
        out = std::copy_n(rows.raw(), rows.bytes(), out);
    }
    return result;
}

/// Gives freed memory back to the system: what a conversion needs beside its result is as large.
void releaseFreed()
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/// f32 rows times a factor each.
Tensor scaledRows(const Tensor& matrix, const Tensor& factors)
{
    Tensor result = hostTensor(DType::F32, matrix.shape());
    const int64_t width = matrix.dim(1);
    const float* in = matrix.as<float>();
    auto* out = result.as<float>();
    for (int64_t row = 0; row < matrix.dim(0); ++row)
        for (int64_t i = row * width; i < (row + 1) * width; ++i)
            out[i] = in[i] * factors.as<float>()[row];
    return result;
}

} // namespace

WeightLoader::WeightLoader(Backend& op, const WeightSource& weights, DType compute,
                           int64_t totalBytes, ProgressSink progress, std::stop_token stop,
                           LoadedWeights* loaded)
    : m_op(&op),
      m_weights(weights),
      m_compute(compute),
      m_total(totalBytes),
      m_progress(std::move(progress)),
      m_stop(std::move(stop)),
      m_loaded(loaded)
{
}

Tensor WeightLoader::read(const std::string& name, const Shape& shape)
{
    Tensor tensor = m_weights.require(name, shape);
    touch(tensor, m_stop);
    m_done += tensor.bytes();
    if (m_progress)
        m_progress({Progress::Phase::Loading, std::min(m_done, m_total), m_total});
    return tensor;
}

bool WeightLoader::isCopied(const LinearPart& part) const
{
    const TensorKind kind = m_weights.describe(part.weight).value();
    return !part.scale.empty() || part.rows.size() > mostPieces || kind.packedBits > 0 ||
           (m_compute != DType::F32 && kind.type != m_compute);
}

void WeightLoader::add(LinearSource& source, const LinearPart& part)
{
    const int64_t outputs = part.shape.dim(0);
    Tensor matrix = read(part.weight, part.shape);
    matrix = matrix.view({outputs, matrix.count() / outputs});
    Tensor bias;
    if (!part.bias.empty())
        bias = read(part.bias, {outputs});
    if (!part.scale.empty()) {
        const Tensor scale = hostFloats(part.scale, {outputs});
        if (stopped())
            return;
        matrix = scaledRows(onHost(matrix), scale);
        if (!bias.isEmpty())
            bias = scaledRows(onHost(bias).view({outputs, 1}), scale).view({outputs});
    }
    // A backend looks for a row in one piece after the other: many short ones are put together
    // here.
    std::vector<RowRange> rows =
        part.rows.empty() ? std::vector<RowRange>{{0, outputs}} : part.rows;
    if (rows.size() > mostPieces) {
        matrix = inOrder(matrix, rows);
        bias = bias.isEmpty() ? bias : inOrder(bias, rows);
        rows = {{0, matrix.dim(0)}};
    }
    for (const RowRange& range : rows) {
        source.matrices.push_back(matrix.rows(range.begin, range.count));
        if (!bias.isEmpty())
            source.biases.push_back(bias.rows(range.begin, range.count));
    }
}

Linear WeightLoader::makeLinear(const std::vector<LinearPart>& parts, LoadedWeight::Kind kind)
{
    LinearSource source;
    source.compute = m_compute;
    // A head is a tenth of a small model: it is not to be in memory twice while it is converted.
    source.copied = [this](std::span<const std::byte> bytes) { m_weights.forgetPart(bytes); };
    for (const LinearPart& part : parts) {
        if (stopped())
            return {};
        add(source, part);
    }
    if (stopped())
        return {};
    Linear linear = m_op->makeLinear(source);
    source = {};
    for (const LinearPart& part : parts)
        if (isCopied(part)) {
            m_weights.forget(part.weight); // else a model would be in memory twice
            releaseFreed();
        }
    if (m_loaded)
        m_loaded->push_back({kind, linear.get(), m_op, m_ofLanguage, parts});
    return linear;
}

Linear WeightLoader::linear(const std::vector<LinearPart>& parts)
{
    return makeLinear(parts, LoadedWeight::Kind::Product);
}

Linear WeightLoader::wholeLinear(const std::vector<LinearPart>& parts)
{
    return makeLinear(parts, LoadedWeight::Kind::WholeProduct);
}

Tensor WeightLoader::made(Tensor tensor, LoadedWeight::Kind kind, const std::string& name,
                          const Shape& shape)
{
    if (m_loaded)
        m_loaded->push_back({kind, tensor.raw(), m_op, m_ofLanguage, {}, name, shape});
    return tensor;
}

Tensor WeightLoader::onHost(const Tensor& stored)
{
    return m_op->download(m_op->makeFloats(stored));
}

Tensor WeightLoader::hostFloats(const std::string& name, const Shape& shape)
{
    return stopped() ? Tensor() : onHost(read(name, shape));
}

Tensor WeightLoader::floats(const std::string& name, const Shape& shape)
{
    return stopped()
               ? Tensor()
               : made(m_op->makeFloats(read(name, shape)), LoadedWeight::Kind::Floats, name, shape);
}

Tensor WeightLoader::derivedFloats(const std::string& name, const Shape& shape)
{
    return stopped() ? Tensor()
                     : made(m_op->makeFloats(read(name, shape)), LoadedWeight::Kind::Derived, name,
                            shape);
}

Tensor WeightLoader::table(const std::string& name, const Shape& shape)
{
    return stopped()
               ? Tensor()
               : made(m_op->makeTable(read(name, shape)), LoadedWeight::Kind::Table, name, shape);
}

int64_t bytesWhenLoaded(const TensorKind& stored, DType compute, bool changed)
{
    const bool matrix = stored.shape.rank() > 1;
    if (!matrix)
        return stored.shape.count() * sizeOf(DType::F32); // norms and biases are kept as f32
    if (changed)
        return stored.shape.count() * sizeOf(compute);
    return stored.type == compute || compute == DType::F32 ? stored.bytes()
                                                           : stored.shape.count() * sizeOf(compute);
}

std::string publishedPrefix(const WeightSource& weights,
                            std::initializer_list<const char*> prefixes, const char* suffix)
{
    std::string tried;
    for (const char* prefix : prefixes) {
        if (weights.describe(std::string(prefix) + suffix))
            return prefix;
        tried += (tried.empty() ? "" : ", ") + std::string(prefix) + suffix;
    }
    throw Error(Error::Code::BadModel,
                weights.origin(tried) + ": tensor not found under any published name: " + tried);
}

void describeTensors(ModelInfo& info, const WeightSource& weights,
                     const std::vector<NamedShape>& used,
                     const std::function<bool(const std::string&)>& isExpected)
{
    std::set<std::string, std::less<>> known;
    for (const NamedShape& tensor : used)
        if (known.insert(tensor.name).second)
            info.parameters += weights.requireKind(tensor.name, tensor.shape).shape.count();
    for (const std::string& name : weights.names()) {
        if (known.contains(name))
            continue;
        if (!isExpected(name))
            info.unknownTensors.push_back(name);
        else if (const auto kind = weights.describe(name); kind && kind->type != DType::I64)
            info.parameters += kind->shape.count();
    }
}

void describeFiles(ModelInfo& info, const std::filesystem::path& folder,
                   const WeightSource& weights)
{
    if (folder.empty())
        return; // made in memory
    for (const char* file :
         {"config.json", "generation_config.json", "preprocessor_config.json",
          "processor_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
          "vocab.json", "merges.txt", "added_tokens.json", "special_tokens_map.json",
          "model.safetensors.index.json", "pytorch_model.bin.index.json"})
        if (std::error_code failure; std::filesystem::exists(folder / file, failure))
            info.files.emplace_back(file);
    for (const std::filesystem::path& file : weights.files())
        info.files.push_back(file.lexically_relative(folder));
}

Config readTokenizerConfig(const std::filesystem::path& folder)
{
    return folder.empty() ? Config() : Config::readIfThere(folder / "tokenizer_config.json");
}

void logUnknownTensors(const ModelInfo& info)
{
    if (const std::vector<std::string>& unused = info.unknownTensors; !unused.empty())
        log(LogLevel::Warning, info.name + ": " + std::to_string(unused.size()) +
                                   (unused.size() == 1 ? " tensor is" : " tensors are") +
                                   " not used, the first: " + inQuotes(unused.front()));
}

} // namespace argali
