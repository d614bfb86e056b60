#include "engine/kvcache.h"

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

KvCache::KvCache(Backend& op, int64_t layers, int64_t groups, int64_t capacity, int64_t headWidth,
                 DType type)
    : m_op(op), m_id(nextId()), m_capacity(capacity)
{
    m_state.length = op.allocate(DType::I32, {1});
    op.setLength(m_state, 0);
    for (int64_t i = 0; i < layers; ++i)
        m_layers.push_back({op.allocate(type, {groups, capacity, headWidth}),
                            op.allocate(type, {groups, capacity, headWidth})});
}

int64_t KvCache::bytes() const
{
    return m_layers.empty() ? 0
                            : static_cast<int64_t>(m_layers.size()) * 2 * m_layers.front().keys.bytes();
}

void KvCache::advance(int64_t tokens)
{
    countAdvance(tokens);
    enqueueAdvance(tokens);
}

void KvCache::enqueueAdvance(int64_t tokens)
{
    m_op.advance(m_state, static_cast<int32_t>(tokens));
}

void KvCache::countAdvance(int64_t tokens)
{
    if (tokens < 0 || tokens > m_capacity - m_length)
        throw Error(Error::Code::Internal, "cache of " + std::to_string(m_capacity) + " positions cannot hold "
                        + std::to_string(m_length + tokens));
    m_length += tokens;
}

void KvCache::truncate(int64_t length)
{
    if (length < 0 || length > m_length)
        throw Error(Error::Code::Internal, "cache of " + std::to_string(m_length) + " tokens truncated to "
                        + std::to_string(length));
    m_op.setLength(m_state, static_cast<int32_t>(length));
    m_length = length;
}

} // namespace argali
