#pragma once

#include <memory>
#include <vector>

#include "engine/adapterset.h"
#include "engine/engine.h"
#include "engine/families/families.h"
#include "engine/visualinputs.h"

namespace argali {

/// A family on a backend with its tokenizer and cache: turns requests into answers.
class LoadedModel final : public Model {
public:
    /// The family lies on these backends; the first one is that of its inputs and outputs.
    LoadedModel(std::vector<std::unique_ptr<Backend>> backends, std::unique_ptr<Family> family,
                std::shared_ptr<const WeightSource> weights, std::unique_ptr<Tokenizer> tokenizer,
                const Sampling& sampling, DType dtype, int64_t context);

    const ModelInfo& info() const override { return m_family->info(); }
    std::string deviceName() const override;
    DType dtype() const override { return m_dtype; }
    int64_t context() const override { return m_context; }
    MemoryEstimate memory() const override { return m_family->memory(m_dtype, m_context); }
    Family& family() { return *m_family; }
    void setAdapters(std::unique_ptr<AdapterSet> adapters) { m_adapters = std::move(adapters); }
    std::vector<std::string> adapters() const override;
    bool addAdapter(const AdapterSource& source, std::stop_token stop) override;
    void removeAdapter(const std::string& name) override;
    void setLoadTime(Timings::Duration time) { m_loadTime = time; }

    ChatResult generate(const ChatRequest& request, std::stop_token stop, const TextSink& text,
                        const ProgressSink& progress) override;
    RequestCost cost(const ChatRequest& request) override;
    Trace trace(const ChatRequest& request, std::span<const int32_t> forced,
                std::stop_token stop) override;

private:
    struct Prepared {
        std::vector<VisualInput> inputs;
        Prompt prompt;

        int64_t frames() const
        {
            int64_t count = 0;
            for (const VisualInput& input : inputs)
                count += input.frames();
            return count;
        }
    };

    /// From here on everything is computed with the adapters that the request asks for.
    void useAdapter(const ChatRequest& request);
    Prepared prepare(const ChatRequest& request) const;
    /// What each position holds, so that a prompt can be compared with what the cache holds. Empty
    /// once stopped.
    std::vector<uint64_t> positionKeys(Prepared& prepared, const ProgressSink& progress,
                                       std::stop_token stop);
    /// The same for pictures and films of these keys, up to the first that is not among them.
    std::vector<uint64_t> positionKeys(const Prompt& prompt,
                                       const std::vector<uint64_t>& partKeys) const;
    /// How many of these the cache holds, from the first on, for a prompt of so many in all; none
    /// of what another adapter computed.
    size_t sharedPositions(const std::vector<uint64_t>& keys, size_t all) const;
    /// Rows of the visual positions from position on. Empty when there are none, or once stopped.
    Tensor visualRows(Prepared& prepared, size_t fromPosition, const ProgressSink& progress,
                      std::stop_token stop);
    /// Logits after the prompt; empty once stopped. What the cache already holds of it is not
    /// computed again.
    Tensor prefill(Prepared& prepared, int64_t capacity, const ProgressSink& progress,
                   std::stop_token stop);
    void reserveCache(int64_t capacity);
    Sampling samplingOf(const ChatRequest& request) const;
    [[noreturn]] void rethrowWithTensor(const Error& error) const;

    std::vector<std::unique_ptr<Backend>> m_backends;
    Backend* m_op; // the first
    std::unique_ptr<Family> m_family;
    std::shared_ptr<const WeightSource> m_weights;
    std::unique_ptr<Tokenizer> m_tokenizer;
    Sampling m_defaultSampling;
    DType m_dtype;
    int64_t m_context;
    VisualInputs m_visual;
    std::unique_ptr<KvCache> m_cache;
    std::vector<uint64_t> m_cachedKeys; // of the positions in the cache
    uint64_t m_cachedAdapter = 0;       // that computed them
    uint64_t m_cachedPrefix = 0;        // of the adapter whose prefix the cache begins with
    std::unique_ptr<AdapterSet> m_adapters;
    AdapterSet::InUse m_inUse;
    int64_t m_computedTokens = 0; // of the last prompt
    Timings::Duration m_loadTime{};
};

} // namespace argali
