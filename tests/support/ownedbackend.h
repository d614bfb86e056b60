#pragma once

#include <map>
#include <set>
#include <stdexcept>

#include "engine/forwardingbackend.h"

namespace argali::test {

/// Hands every operation on, and throws when one gets a tensor or a weight that another backend
/// made, as a card would read what is not in its memory.
class OwnedBackend final : public ForwardingBackend {
public:
    using ForwardingBackend::ForwardingBackend;
    int64_t operations() const { return m_operations; }

    Tensor allocate(DType type, const Shape& shape) override
    {
        return keep(op().allocate(type, shape));
    }
    void upload(Tensor& out, const Tensor& host) override
    {
        own({&out});
        op().upload(out, host);
    }
    Tensor download(const Tensor& x) override
    {
        own({&x});
        return op().download(x);
    }
    Tensor makeFloats(const Tensor& host) override { return keep(op().makeFloats(host)); }
    Tensor makeTable(const Tensor& host) override { return keep(op().makeTable(host)); }
    int32_t best(const Tensor& logits) override
    {
        own({&logits});
        return op().best(logits);
    }
    Candidates likeliest(const Tensor& logits, int64_t count) override
    {
        own({&logits});
        return op().likeliest(logits, count);
    }
    Linear makeLinear(const LinearSource& source) override
    {
        Linear made = op().makeLinear(source);
        m_linears.insert(made.get());
        return made;
    }
    void gather(Tensor& out, const Tensor& table, const Tensor& ids) override
    {
        own({&out, &table, &ids});
        op().gather(out, table, ids);
    }
    void copy(Tensor& out, const Tensor& x) override
    {
        own({&out, &x});
        op().copy(out, x);
    }
    void linear(Tensor& out, const Tensor& x, const LinearWeight& w, Activation activation) override
    {
        own({&out, &x}, &w);
        op().linear(out, x, w, activation);
    }
    void linearAdd(Tensor& out, const Tensor& x, const LinearWeight& w) override
    {
        own({&out, &x}, &w);
        op().linearAdd(out, x, w);
    }
    void normLinear(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w,
                    Activation activation) override
    {
        own({&out, &x, &norm.weight, &norm.bias}, &w);
        op().normLinear(out, x, norm, w, activation);
    }
    void norm(Tensor& out, const Tensor& x, const Norm& norm) override
    {
        own({&out, &x, &norm.weight, &norm.bias});
        op().norm(out, x, norm);
    }
    void normGateUp(Tensor& out, const Tensor& x, const Norm& norm, const LinearWeight& w) override
    {
        own({&out, &x, &norm.weight, &norm.bias}, &w);
        op().normGateUp(out, x, norm, w);
    }
    void headNormRopeAppend(Tensor& q, KvLayer& cache, const Tensor& qkv, const HeadNorms& norms,
                            const Rope& rope, const DecodeState& state) override
    {
        own({&q, &cache.keys, &cache.values, &qkv, &norms.query.weight, &norms.key.weight,
             &state.length});
        op().headNormRopeAppend(q, cache, qkv, norms, rope, state);
    }
    void attend(Tensor& out, const Tensor& q, const KvLayer& cache,
                const DecodeState& state) override
    {
        own({&out, &q, &cache.keys, &cache.values, &state.length});
        op().attend(out, q, cache, state);
    }
    void setLength(DecodeState& state, int32_t value) override
    {
        own({&state.length});
        op().setLength(state, value);
    }
    void advance(DecodeState& state, int32_t tokens) override
    {
        own({&state.length});
        op().advance(state, tokens);
    }
    void patchify(Tensor& out, const Tensor& image, const PatchLayout& layout) override
    {
        own({&out, &image});
        op().patchify(out, image, layout);
    }
    void resizePositions(Tensor& out, const Tensor& table, int64_t rows, int64_t columns,
                         int64_t merge) override
    {
        own({&out, &table});
        op().resizePositions(out, table, rows, columns, merge);
    }
    void addPositions(Tensor& x, const Tensor& positions) override
    {
        own({&x, &positions});
        op().addPositions(x, positions);
    }
    void ropePatches(Tensor& qkv, int64_t heads, int64_t rows, int64_t columns, int64_t merge,
                     float theta) override
    {
        own({&qkv});
        op().ropePatches(qkv, heads, rows, columns, merge, theta);
    }
    void attendFrames(Tensor& out, const Tensor& qkv, int64_t heads, int64_t framePatches) override
    {
        own({&out, &qkv});
        op().attendFrames(out, qkv, heads, framePatches);
    }
    void softEmbed(Tensor& out, const Tensor& x, const LinearWeight& w, const Norm& norm,
                   const Tensor& table) override
    {
        own({&out, &x, &norm.weight, &norm.bias, &table}, &w);
        op().softEmbed(out, x, w, norm, table);
    }

private:
    Tensor keep(Tensor tensor)
    {
        m_kept.push_back(tensor); // so that nobody else gets the memory
        m_blocks[tensor.raw()] = tensor.bytes();
        return tensor;
    }

    void own(std::initializer_list<const Tensor*> tensors, const LinearWeight* w = nullptr)
    {
        ++m_operations;
        for (const Tensor* const tensor : tensors) {
            if (tensor->isEmpty())
                continue;
            auto after = m_blocks.upper_bound(tensor->raw());
            const bool inside = after != m_blocks.begin() &&
                                tensor->raw() < std::prev(after)->first + std::prev(after)->second;
            if (!inside)
                throw std::logic_error("a tensor " + tensor->shape().text() +
                                       " of another backend");
        }
        if (w != nullptr && !m_linears.contains(w))
            throw std::logic_error("a weight of another backend");
    }

    std::vector<Tensor> m_kept;
    std::map<const std::byte*, int64_t> m_blocks;
    std::set<const LinearWeight*> m_linears;
    int64_t m_operations = 0;
};

} // namespace argali::test
