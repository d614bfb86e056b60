#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/candidates.h"
#include "engine/tensor.h"

namespace argali {

// Dimension letters: T tokens in this call, S tokens in the cache with these, D model width, H
// query heads, G key/value heads, C head width, F feed-forward width, V vocabulary, P image
// patches, N outputs and K inputs of a linear layer.

/// The weights of one linear layer, in whatever arrangement its backend multiplies fastest.
class LinearWeight {
public:
    virtual ~LinearWeight() = default;
    int64_t outputs() const { return m_outputs; } ///< N
    int64_t inputs() const { return m_inputs; }   ///< K
    DType compute() const { return m_compute; }   ///< what the rows of an input are rounded to
    int64_t bytes() const { return m_bytes; }     ///< read for one product

protected:
    LinearWeight(int64_t outputs, int64_t inputs, DType compute, int64_t bytes)
        : m_outputs(outputs), m_inputs(inputs), m_compute(compute), m_bytes(bytes)
    {
    }

private:
    int64_t m_outputs;
    int64_t m_inputs;
    DType m_compute;
    int64_t m_bytes;
};

using Linear = std::unique_ptr<const LinearWeight>;

/// Where a linear layer comes from: matrices [Ni, K] stacked along N (q, k and v; gate and up), in
/// host memory, which the backend may keep and use in place. Biases [Ni] are given for all matrices
/// or none.
struct LinearSource {
    std::vector<Tensor> matrices;
    std::vector<Tensor> biases;
    DType compute = DType::F32; ///< F32, F16 or BF16; sums are always f32
    /// Is told of bytes of the matrices that were copied and are not needed any more, while others
    /// still are; may be empty, and need not be told of all.
    std::function<void(std::span<const std::byte>)> copied{};
};

/// A normalisation over the last dimension; statistics in f32.
struct Norm {
    enum class Kind {
        Rms,  ///< x / sqrt(mean(x^2) + epsilon) * weight; source: arXiv:1910.07467, eq. 4
        Layer ///< (x - mean) / sqrt(variance + epsilon) * weight + bias; source: arXiv:1607.06450,
              ///< eq. 4
    };
    Kind kind = Kind::Rms;
    Tensor weight; ///< f32, backend memory
    Tensor bias;   ///< f32, backend memory; only for Layer
    float epsilon = 0;
};

enum class Activation {
    None,
    GeluTanh,  ///< 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))); source: arXiv:1606.08415,
               ///< section 2
    Gelu,      ///< 0.5 x (1 + erf(x / sqrt(2))); source: arXiv:1606.08415, eq. 1
    QuickGelu, ///< x / (1 + exp(-1.702 x)); source: arXiv:1606.08415, section 2
};

/// Rotary embedding in half-split form: pairs (j, j + C/2), angle position * theta^(-2j/C) /
/// factors[j]. Source: arXiv:2104.09864, eq. 34; pairing as in transformers' rotate_half; factors
/// and magnitude arXiv:2402.13753, eq. 2 (LongRoPE)
struct Rope {
    float theta = 0;
    float magnitude = 1;        ///< of cosines and sines
    std::vector<float> factors; ///< [C/2]; empty: all 1; infinite: a pair that is not turned
    bool operator==(const Rope&) const = default;
};

/// Norms over C of each query and key head before the rotation; empty weights: none.
struct HeadNorms {
    Norm query;
    Norm key;
};

/// Keys and values of one layer: [G, capacity, C] each, backend memory.
struct KvLayer {
    Tensor keys;
    Tensor values;
};

/// What one pass of the decoder needs to know about the sequence. It lives in backend memory, so
/// that a captured decode step can be replayed.
struct DecodeState {
    Tensor
        length; ///< I32 [1]: tokens in the cache before this pass; the first new token's position
};

/// A pass that is run again and again on the same tensors, in whatever form its backend repeats
/// fastest.
class RecordedPass {
public:
    virtual ~RecordedPass() = default;
};

using Recording = std::unique_ptr<RecordedPass>;

/// How a picture is cut into patches.
struct PatchLayout {
    int64_t patch = 0; ///< side of a patch in pixels
    int64_t merge =
        1; ///< patches come in blocks of merge x merge, raster order within and between blocks
    float mean[3] = {0, 0, 0};
    float deviation[3] = {1, 1, 1}; ///< (u / 255 - mean) / deviation per channel
};

/// Everything a model computes. Outputs are given, not returned, and have their final shape; inputs
/// and outputs are tensors of this backend. Element types: the residual stream has residualType(),
/// what lies between two products activationType(); sums are f32. Inputs of linear layers may have
/// either. Thread: all calls from one thread, the engine's.
///
/// Once the token given to begin() is stopped, operations return early and their outputs hold
/// nothing of use; the caller asks the token. Every operation throws Error::Code::Internal when
/// shapes disagree and Error::Code::Device when the device fails.
class Backend {
public:
    virtual ~Backend() = default;

    /// "cpu avx512-bf16, 2 threads": for reports and the log.
    virtual std::string name() const = 0;
    /// Element type of activations that meet weights of this compute type.
    virtual DType activationType(DType compute) const = 0;
    /// Element type of the residual stream, to which every block adds: wide enough for long sums.
    virtual DType residualType(DType compute) const = 0;

    /// Operations from here on end early once stop is requested.
    virtual void begin(std::stop_token stop) = 0;
    /// Returns when everything that was enqueued has been computed: for times. download() waits by
    /// itself.
    virtual void wait() = 0;
    /// Runs operations, which enqueues the same operations on the same tensors whenever it comes
    /// with this recording; only the tensors' contents differ. The backend may repeat what it
    /// recorded instead of calling it. An empty recording is filled; empty it before one of its
    /// tensors goes.
    virtual void runRecorded(Recording& recording, const std::function<void()>& operations) = 0;

    // Memory

    /// Throws: Error::Code::OutOfMemory
    virtual Tensor allocate(DType type, const Shape& shape) = 0;
    /// Copies host memory (any type of the same size) into out.
    virtual void upload(Tensor& out, const Tensor& host) = 0;
    /// Copies a backend tensor into host memory and converts floating types to f32.
    /// Shape:  x -> f32, the same
    virtual Tensor download(const Tensor& x) = 0;
    /// Host values of any floating type as f32 in backend memory: weights of norms, position
    /// tables.
    virtual Tensor makeFloats(const Tensor& host) = 0;
    /// Host values of any floating type as a table of rows in backend memory, in their own type.
    virtual Tensor makeTable(const Tensor& host) = 0;
    /// The index of the largest of f32 logits [1, V], the first of equals; -1 when one is NaN or
    /// infinitely large. Waits for it: one number comes back and not V.
    virtual int32_t best(const Tensor& logits) = 0;
    /// The count largest of f32 logits [1, V]; nothing when one is NaN or infinitely large. Waits
    /// for them: a few numbers come back and not V.
    virtual Candidates likeliest(const Tensor& logits, int64_t count) = 0;
    /// Throws: Error::Code::OutOfMemory
    virtual Linear makeLinear(const LinearSource& source) = 0;

    // Operations of every model

    /// out[t] = table[ids[t]], converted to the type of out.
    /// Shape:  table [V, D], ids I32 [T] in [0, V) -> out [T, D]
    /// Throws: Error::Code::Internal for an id outside, where the backend can read it; NaN where it
    /// cannot
    virtual void gather(Tensor& out, const Tensor& table, const Tensor& ids) = 0;
    /// out = x, converted to the type of out.
    virtual void copy(Tensor& out, const Tensor& x) = 0;

    /// out = activation(x w^T + bias).
    /// Shape:  x [T, K], w [N, K] -> out [T, N]
    virtual void linear(Tensor& out, const Tensor& x, const LinearWeight& w,
                        Activation activation = Activation::None) = 0;
    /// out += x w^T + bias.
    /// Shape:  x [T, K], w [N, K], out [T, N]
    virtual void linearAdd(Tensor& out, const Tensor& x, const LinearWeight& w) = 0;
    /// out = activation(norm(x) w^T + bias).
    /// Shape:  x [T, K], w [N, K] -> out [T, N]
    virtual void normLinear(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w,
                            Activation activation = Activation::None) = 0;
    /// out = norm(x).
    /// Shape:  x [T, D] -> out [T, D]
    virtual void norm(Tensor& out, const Tensor& x, const Norm& norm) = 0;

    // Operations of a decoder block

    /// out = silu(gate) * up, where [gate, up] = norm(x) w^T and silu(a) = a / (1 + exp(-a)).
    /// Shape:  x [T, D], w [2 F, D], gate rows first -> out [T, F]
    /// Source: arXiv:2002.05202, eq. 6 (SwiGLU)
    virtual void normGateUp(Tensor& out, const Tensor& x, const Norm& norm,
                            const LinearWeight& w) = 0;
    /// Normalises the heads of q and k, rotates both to their positions and appends k and v to the
    /// cache. Shape:  qkv [T, (H + 2 G) C], columns q, k, v -> q [T, H, C]; rows length .. length +
    /// T - 1 of cache
    virtual void headNormRopeAppend(Tensor& q, KvLayer& cache, const Tensor& qkv,
                                    const HeadNorms& norms, const Rope& rope,
                                    const DecodeState& state) = 0;
    /// Causal attention of T new tokens over the cache, their own rows included; query head h reads
    /// key/value head h / (H / G); scores times C^-0.5.
    /// Shape:  q [T, H, C], cache [G, capacity, C], S = length + T -> out [T, H, C]
    /// Source: arXiv:1706.03762, eq. 1; grouped heads arXiv:2305.13245
    virtual void attend(Tensor& out, const Tensor& q, const KvLayer& cache,
                        const DecodeState& state) = 0;
    /// state.length = value, or += tokens of a pass.
    virtual void setLength(DecodeState& state, int32_t value) = 0;
    virtual void advance(DecodeState& state, int32_t tokens) = 0;

    // Operations of a vision encoder

    /// Pixels to normalised patches, features in the order channel, row, column.
    /// Shape:  image U8 [height, width, 3] -> out [P, 3 patch^2]
    virtual void patchify(Tensor& out, const Tensor& image, const PatchLayout& layout) = 0;
    /// The position table at another size: separable cubic interpolation with a = -0.75, half-pixel
    /// centres, clamped borders, no antialias, rows in blocks of merge x merge patches.
    /// Shape:  table f32 [side * side, D] -> out f32 [rows * columns, D]
    /// Source: torch.nn.functional.interpolate, mode bicubic, align_corners false
    virtual void resizePositions(Tensor& out, const Tensor& table, int64_t rows, int64_t columns,
                                 int64_t merge) = 0;
    /// x[p] += positions[p % rows of positions], the same table for each frame.
    /// Shape:  x [P, D], positions f32 [P / frames, D]
    virtual void addPositions(Tensor& x, const Tensor& positions) = 0;
    /// Two-dimensional rotary embedding of q and k in place, half-split pairs (j, j + C/2); the
    /// first C/4 angles are row * theta^(-4j/C), the others column * theta^(-4j/C); patches in
    /// blocks of merge x merge. Shape:  qkv [P, 3 D], columns q, k, v; P = frames * rows * columns
    /// Source: Ovis2.5's siglip2_navit (VisionRotaryEmbedding)
    virtual void ropePatches(Tensor& qkv, int64_t heads, int64_t rows, int64_t columns,
                             int64_t merge, float theta) = 0;
    /// Attention without a mask among the patches of each frame; scores times C^-0.5.
    /// Shape:  qkv [P, 3 H C], columns q, k, v; P a multiple of framePatches -> out [P, H C]
    virtual void attendFrames(Tensor& out, const Tensor& qkv, int64_t heads,
                              int64_t framePatches) = 0;
    /// out = softmax(norm(x w^T)) table: a row of logits as weights of the table's first N rows.
    /// The f32 logits are never whole in memory. Shape:  x [T, K], w [N, K], table [>= N, D] -> out
    /// [T, D] Source: arXiv:2405.20797, eq. 3 (Ovis), with the norm of Ovis2.5's visual head
    virtual void softEmbed(Tensor& out, const Tensor& x, const LinearWeight& w, const Norm& norm,
                           const Tensor& table) = 0;

    // Operations of adapters: what others do at the end of a product, to which theirs comes first

    /// Whether this backend has the two that follow; they throw Error::Code::Unsupported where not.
    virtual bool hasSidePaths() const { return false; }
    /// x = activation(x). Shape:  x f32
    virtual void activate(Tensor& x, Activation activation);
    /// out = silu(gate) * up, the end of normGateUp().
    /// Shape:  gateUp f32 [T, 2 F], gate columns first -> out [T, F]
    virtual void gateUp(Tensor& out, const Tensor& gateUp);
};

} // namespace argali
