#include "engine/adaptedbackend.h"

namespace argali {

namespace {

template <typename Value>
const Value* findIn(const std::unordered_map<const void*, Value>& parts, const void* place)
{
    const auto found = parts.find(place);
    return found == parts.end() ? nullptr : &found->second;
}

} // namespace

const LinearWeight& AdaptedBackend::current(const LinearWeight& w) const
{
    const Linear* const other = m_parts ? findIn(m_parts->products, &w) : nullptr;
    return other ? **other : w;
}

const Tensor& AdaptedBackend::current(const Tensor& tensor) const
{
    const Tensor* const other =
        m_parts && !tensor.isEmpty() ? findIn(m_parts->tensors, tensor.raw()) : nullptr;
    return other ? *other : tensor;
}

Norm AdaptedBackend::current(const Norm& norm) const
{
    return {norm.kind, current(norm.weight), current(norm.bias), norm.epsilon};
}

const AdapterParts::Side* AdaptedBackend::sideOf(const LinearWeight& w) const
{
    return m_parts ? findIn(m_parts->sides, &w) : nullptr;
}

void AdaptedBackend::addSide(Tensor& out, const Tensor& x, const AdapterParts::Side& side)
{
    Tensor inner =
        op().allocate(op().activationType(side.a->compute()), {x.dim(0), side.a->outputs()});
    op().linear(inner, x, *side.a);
    op().linearAdd(out, inner, *side.b);
}

Tensor AdaptedBackend::sum(const Tensor& x, const LinearWeight& w, const AdapterParts::Side& side)
{
    Tensor result = op().allocate(DType::F32, {x.dim(0), w.outputs()});
    op().linear(result, x, current(w));
    addSide(result, x, side);
    return result;
}

Tensor AdaptedBackend::normalised(const Tensor& x, const Norm& norm, const LinearWeight& w)
{
    Tensor result = op().allocate(DType::F32, {x.dim(0), w.inputs()});
    op().norm(result, x, current(norm));
    return result;
}

void AdaptedBackend::runRecorded(Recording& recording, const std::function<void()>& operations)
{
    if (m_parts)
        operations();
    else
        op().runRecorded(recording, operations);
}

void AdaptedBackend::gather(Tensor& out, const Tensor& table, const Tensor& ids)
{
    op().gather(out, current(table), ids);
    const AdapterParts::RowSide* const side =
        m_parts ? findIn(m_parts->rowSides, table.raw()) : nullptr;
    if (!side)
        return;
    Tensor inner =
        op().allocate(op().activationType(side->b->compute()), {ids.count(), side->a.dim(1)});
    op().gather(inner, side->a, ids);
    op().linearAdd(out, inner, *side->b);
}

void AdaptedBackend::linear(Tensor& out, const Tensor& x, const LinearWeight& w,
                            Activation activation)
{
    const AdapterParts::Side* const side = sideOf(w);
    if (!side)
        return op().linear(out, x, current(w), activation);
    Tensor result = sum(x, w, *side);
    if (activation != Activation::None)
        op().activate(result, activation);
    op().copy(out, result);
}

void AdaptedBackend::linearAdd(Tensor& out, const Tensor& x, const LinearWeight& w)
{
    op().linearAdd(out, x, current(w));
    if (const AdapterParts::Side* const side = sideOf(w))
        addSide(out, x, *side);
}

void AdaptedBackend::normLinear(Tensor& out, const Tensor& x, const Norm& norm,
                                const LinearWeight& w, Activation activation)
{
    if (!m_parts)
        return op().normLinear(out, x, norm, w, activation);
    if (!sideOf(w))
        return op().normLinear(out, x, current(norm), current(w), activation);
    linear(out, normalised(x, norm, w), w, activation);
}

void AdaptedBackend::norm(Tensor& out, const Tensor& x, const Norm& norm)
{
    op().norm(out, x, current(norm));
}

void AdaptedBackend::normGateUp(Tensor& out, const Tensor& x, const Norm& norm,
                                const LinearWeight& w)
{
    if (!m_parts)
        return op().normGateUp(out, x, norm, w);
    const AdapterParts::Side* const side = sideOf(w);
    if (!side)
        return op().normGateUp(out, x, current(norm), current(w));
    op().gateUp(out, sum(normalised(x, norm, w), w, *side));
}

void AdaptedBackend::headNormRopeAppend(Tensor& q, KvLayer& cache, const Tensor& qkv,
                                        const HeadNorms& norms, const Rope& rope,
                                        const DecodeState& state)
{
    if (!m_parts)
        return op().headNormRopeAppend(q, cache, qkv, norms, rope, state);
    op().headNormRopeAppend(q, cache, qkv, {current(norms.query), current(norms.key)}, rope, state);
}

void AdaptedBackend::softEmbed(Tensor& out, const Tensor& x, const LinearWeight& w,
                               const Norm& norm, const Tensor& table)
{
    op().softEmbed(out, x, current(w), current(norm), current(table));
}

} // namespace argali
