#include "engine/layers/kvcache.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "engine/error.h"

namespace argali {

namespace {

uint64_t nextId()
{
    static std::atomic<uint64_t> last = 0;
    return ++last;
}

} // namespace

KvCache::KvCache(const std::vector<LayerShare>& shares, const CacheSize& size,
                 const KvPrefix& prefix)
    : m_id(nextId()),
      m_capacity(size.capacity),
      m_prefix(prefix.empty() ? 0 : prefix.front().keys.dim(1))
{
    for (const LayerShare& share : shares) {
        m_states.push_back({share.op, {share.op->allocate(DType::I32, {1})}});
        share.op->setLength(m_states.back().state, static_cast<int32_t>(m_prefix));
        const Shape shape{size.groups, m_prefix + size.capacity, size.headWidth};
        for (int64_t i = 0; i < share.layers; ++i) {
            m_layers.push_back(
                {share.op->allocate(size.type, shape), share.op->allocate(size.type, shape)});
            if (m_prefix > 0)
                begin(*share.op, m_layers.back(), prefix.at(m_layers.size() - 1));
        }
    }
}

void KvCache::begin(Backend& op, KvLayer& layer, const KvLayer& prefix)
{
    const int64_t groups = prefix.keys.dim(0);
    const int64_t count = prefix.keys.dim(1);
    const int64_t width = prefix.keys.dim(2);
    const int64_t rows = layer.keys.dim(1);
    op.begin({}); // whatever was stopped before
    const auto put = [&](const Tensor& to, const Tensor& from) {
        for (int64_t g = 0; g < groups; ++g) {
            Tensor place = to.view({groups * rows, width}).rows(g * rows, count);
            op.copy(place, from.view({groups * count, width}).rows(g * count, count));
        }
    };
    put(layer.keys, prefix.keys);
    put(layer.values, prefix.values);
}

int64_t KvCache::bytes() const
{
    return m_layers.empty()
               ? 0
               : static_cast<int64_t>(m_layers.size()) * 2 * m_layers.front().keys.bytes();
}

void KvCache::setRope(const Rope& rope)
{
    if (m_length == 0)
        m_rope = rope;
    if (m_length == 0 || m_length <= m_turned)
        m_turned = rope == m_rope ? std::numeric_limits<int64_t>::max() : m_length;
}

int64_t KvCache::turnedBy(const Rope& rope) const
{
    return rope == m_rope ? std::min(m_turned, m_length) : 0;
}

void KvCache::advance(int64_t tokens)
{
    countAdvance(tokens);
    for (size_t share = 0; share < m_states.size(); ++share)
        enqueueAdvance(share, tokens);
}

void KvCache::enqueueAdvance(size_t share, int64_t tokens)
{
    m_states[share].op->advance(m_states[share].state, static_cast<int32_t>(tokens));
}

void KvCache::countAdvance(int64_t tokens)
{
    if (tokens < 0 || tokens > m_capacity - m_length)
        throw Error(Error::Code::Internal, "cache of " + std::to_string(m_capacity) +
                                               " positions cannot hold " +
                                               std::to_string(m_length + tokens));
    m_length += tokens;
}

void KvCache::truncate(int64_t length)
{
    if (length < 0 || length > m_length)
        throw Error(Error::Code::Internal, "cache of " + std::to_string(m_length) +
                                               " tokens truncated to " + std::to_string(length));
    for (State& state : m_states)
        state.op->setLength(state.state, static_cast<int32_t>(m_prefix + length));
    m_length = length;
}

} // namespace argali
