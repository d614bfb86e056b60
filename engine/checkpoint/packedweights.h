#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.h"

namespace argali {

/// Weights of which some matrices [N, K] are packed: whole numbers of 8 bits as i8 [N, K], or of
/// 4 bits as i8 [N, K/2], with a factor for each row beside them (NAME_scale, of a floating type).
/// They are shown as f32: number times factor. In a byte of two numbers the first one has the
/// upper four bits.
/// Source: ChatGLM2-6B's quantization.py
class UnpackedWeights final : public WeightSource {
public:
    /// columns: K of each matrix that may be packed, by its name; those stored as floating types
    /// stay as they are.
    /// Throws: Error::Code::BadModel naming file and tensor when a factor is missing, a shape is
    ///         neither, or matrices have different widths
    UnpackedWeights(std::shared_ptr<const WeightSource> stored,
                    const std::map<std::string, int64_t>& columns);

    int bits() const { return m_bits; } ///< of each number; 0: nothing is packed

    std::optional<Tensor> find(std::string_view name) const override;
    std::optional<TensorKind> describe(std::string_view name) const override;
    /// Without the factors.
    std::vector<std::string> names() const override;
    void forget(std::string_view name) const override { m_stored->forget(name); }
    void forgetPart(std::span<const std::byte> part) const override { m_stored->forgetPart(part); }
    std::vector<std::filesystem::path> files() const override { return m_stored->files(); }
    void requireWhole() const override { m_stored->requireWhole(); }
    void requireChecksums(std::stop_token stop) const override { m_stored->requireChecksums(stop); }
    std::string origin(std::string_view name) const override { return m_stored->origin(name); }

private:
    void addPacked(const std::string& name, const Shape& found, int64_t columns);

    std::shared_ptr<const WeightSource> m_stored;
    std::map<std::string, Shape, std::less<>> m_packed; ///< [N, K]
    int m_bits = 0;
};

} // namespace argali
