#include "engine/layers/kvcache.h"

#include <atomic>

#include "engine/error.h"

namespace argali {

namespace {

uint64_t nextId()
{
    static std::atomic<uint64_t> last = 0;
    return ++last;
}

} // namespace

KvCache::KvCache(const std::vector<LayerShare>& shares, const CacheSize& size)
    : m_id(nextId()), m_capacity(size.capacity)
{
    for (const LayerShare& share : shares) {
        m_states.push_back({share.op, {share.op->allocate(DType::I32, {1})}});
        share.op->setLength(m_states.back().state, 0);
        const Shape shape{size.groups, size.capacity, size.headWidth};
        for (int64_t i = 0; i < share.layers; ++i)
            m_layers.push_back(
                {share.op->allocate(size.type, shape), share.op->allocate(size.type, shape)});
    }
}

int64_t KvCache::bytes() const
{
    return m_layers.empty()
               ? 0
               : static_cast<int64_t>(m_layers.size()) * 2 * m_layers.front().keys.bytes();
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
        state.op->setLength(state.state, static_cast<int32_t>(length));
    m_length = length;
}

} // namespace argali
