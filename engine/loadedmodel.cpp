#include "engine/loadedmodel.h"

#include <algorithm>
#include <bit>

#include "engine/answertext.h"
#include "engine/generate.h"
#include "engine/numbers.h"
#include "engine/tokenscores.h"

namespace argali {

namespace {

using Clock = std::chrono::steady_clock;

/// Which tensor holds the first value that is not a number, for a message; empty when none does.
std::string firstDamagedTensor(const WeightSource& weights)
{
    for (const std::string& name : weights.names()) {
        const std::optional<Tensor> tensor = weights.find(name);
        if (tensor && holdsNonFinite(*tensor))
            return name;
    }
    return {};
}

int64_t roundedUp(int64_t value, int64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

/// Throws: Error::Code::BadRequest for a text of the conversation that is not UTF-8
void requireUtf8(const ChatRequest& request)
{
    for (const Message& message : request.messages) {
        const std::string what = message.role == Message::Role::System  ? "the system prompt"
                                 : &message == &request.messages.back() ? "the question"
                                                                        : "an earlier message";
        for (const ContentItem& item : message.content)
            argali::requireUtf8(item.text, what);
    }
}

/// Throws: Error::Code::BadRequest for a picture or film that the model does not see
void requireSight(const ChatRequest& request, const ModelInfo& info)
{
    for (const Message& message : request.messages)
        for (const ContentItem& item : message.content) {
            const bool isFilm = item.type == ContentItem::Type::Film;
            if (item.type != ContentItem::Type::Text &&
                !(isFilm ? info.seesFilms : info.seesPictures))
                throw Error(Error::Code::BadRequest,
                            std::string("this model does not see ") +
                                (isFilm ? "films" : "pictures") +
                                "; ask without them or open a model that does");
        }
}

/// The key of a picture or film with one more frame.
uint64_t withFrame(uint64_t key, const FrameKey& content)
{
    return std::rotl(key, 17) * 0x9E3779B97F4A7C15U ^ content.high ^ std::rotl(content.low, 31);
}

/// Tensors that differ in their slowest dimension alone, as one; empty for none.
Tensor oneBehindTheOther(const std::vector<Tensor>& parts)
{
    if (parts.empty())
        return {};
    int64_t rows = 0;
    for (const Tensor& part : parts)
        rows += part.dim(0);
    Shape shape{rows};
    for (int i = 1; i < parts.front().shape().rank(); ++i)
        shape.append(parts.front().dim(i));
    Tensor whole = hostTensor(DType::F32, shape);
    int64_t row = 0;
    for (const Tensor& part : parts) {
        std::copy_n(part.as<float>(), part.count(), whole.rows(row, part.dim(0)).as<float>());
        row += part.dim(0);
    }
    return whole;
}

/// Progress of one frame as a part of all frames.
ProgressSink ofFrame(const ProgressSink& progress, int64_t frame, int64_t frames)
{
    if (!progress)
        return {};
    return [progress, frame, frames](const Progress& step) {
        progress({step.phase, frame * step.total + step.done, frames * step.total});
    };
}

/// Progress of what is computed of a prompt as a part of all of it, of which so much is known.
ProgressSink ofWholePrompt(const ProgressSink& progress, int64_t known)
{
    if (!progress)
        return {};
    return [progress, known](const Progress& step) {
        const bool isOfPrompt = step.phase == Progress::Phase::Prefill;
        progress(isOfPrompt ? Progress{step.phase, known + step.done, known + step.total} : step);
    };
}

} // namespace

LoadedModel::LoadedModel(std::vector<std::unique_ptr<Backend>> backends,
                         std::unique_ptr<Family> family,
                         std::shared_ptr<const WeightSource> weights,
                         std::unique_ptr<Tokenizer> tokenizer, const Sampling& sampling,
                         DType dtype, int64_t context)
    : m_backends(std::move(backends)),
      m_op(m_backends.front().get()),
      m_family(std::move(family)),
      m_weights(std::move(weights)),
      m_tokenizer(std::move(tokenizer)),
      m_defaultSampling(sampling),
      m_dtype(dtype),
      m_context(context),
      m_visual(*m_op, *m_family)
{
}

std::string LoadedModel::deviceName() const
{
    std::string names;
    for (const auto& backend : m_backends)
        names += (names.empty() ? "" : " + ") + backend->name();
    return names;
}

std::vector<std::string> LoadedModel::adapters() const
{
    return m_adapters ? m_adapters->names() : std::vector<std::string>();
}

bool LoadedModel::addAdapter(const AdapterSource& source, std::stop_token stop)
{
    if (!m_adapters)
        throw Error(Error::Code::Unsupported, "this model takes no adapters");
    return m_adapters->add(source, stop);
}

void LoadedModel::removeAdapter(const std::string& name)
{
    if (!m_adapters)
        throw Error(Error::Code::BadRequest, "this model has no adapters");
    m_adapters->remove(name);
    m_inUse = {};
    m_visual.setVariant(m_inUse.vision);
}

void LoadedModel::useAdapter(const ChatRequest& request)
{
    std::vector<std::string> names = request.moreAdapters;
    if (!request.adapter.empty())
        names.push_back(request.adapter);
    if (m_adapters)
        m_inUse = m_adapters->use(names);
    else if (!names.empty())
        throw Error(Error::Code::BadRequest, "this model has no adapters");
    m_visual.setVariant(m_inUse.vision);
}

LoadedModel::Prepared LoadedModel::prepare(const ChatRequest& request) const
{
    requireUtf8(request);
    requireSight(request, info());
    Prepared prepared;
    prepared.inputs = m_visual.open(request);
    std::vector<VisualPart> parts;
    for (const VisualInput& input : prepared.inputs)
        parts.push_back(input.part());
    prepared.prompt = m_family->prompt(*m_tokenizer, request, parts);
    return prepared;
}

std::vector<uint64_t> LoadedModel::positionKeys(Prepared& prepared, const ProgressSink& progress,
                                                std::stop_token stop)
{
    std::vector<uint64_t> partKeys;
    int64_t frame = 0;
    const int64_t frames = prepared.frames();
    for (VisualInput& input : prepared.inputs) {
        uint64_t key = input.part().film;
        for (int64_t i = 0; i < input.frames(); ++i, ++frame) {
            if (progress)
                progress({Progress::Phase::Media, frame, frames});
            const std::optional<FrameKey> content =
                m_visual.keyOf(input, i, ofFrame(progress, frame, frames), stop);
            if (!content)
                return {};
            key = withFrame(key, *content);
        }
        partKeys.push_back(key);
    }
    return positionKeys(prepared.prompt, partKeys);
}

std::vector<uint64_t> LoadedModel::positionKeys(const Prompt& prompt,
                                                const std::vector<uint64_t>& partKeys) const
{
    // Text ids are small numbers; visual positions mix the keys of their frames with the place in
    // the part.
    std::vector<uint64_t> keys;
    size_t part = 0;
    uint64_t place = 0;
    for (const int32_t id : prompt.ids) {
        if (id >= 0) {
            keys.push_back(static_cast<uint64_t>(id));
            continue;
        }
        if (part == partKeys.size())
            break; // what comes from here on is not known yet
        keys.push_back((partKeys[part] ^ (++place * 0xD6E8FEB86659FD93U)) | (uint64_t(1) << 63));
        const int64_t rows = m_family->rowsOf(prompt.parts[part]);
        if (place == static_cast<uint64_t>(rows)) {
            ++part;
            place = 0;
        }
    }
    return keys;
}

size_t LoadedModel::sharedPositions(const std::vector<uint64_t>& keys, size_t all) const
{
    if (!m_cache || m_cachedAdapter != m_inUse.any)
        return 0;
    const auto differs =
        std::mismatch(keys.begin(), keys.end(), m_cachedKeys.begin(), m_cachedKeys.end()).first;
    const int64_t usable = m_family->usable(*m_cache, static_cast<int64_t>(all));
    return static_cast<size_t>(std::min<int64_t>(differs - keys.begin(), usable));
}

Tensor LoadedModel::visualRows(Prepared& prepared, size_t fromPosition,
                               const ProgressSink& progress, std::stop_token stop)
{
    const std::vector<int32_t>& ids = prepared.prompt.ids;
    const auto isVisual = [](int32_t id) { return id < 0; };
    const auto split = ids.begin() + static_cast<std::ptrdiff_t>(fromPosition);
    const int64_t skipped = std::count_if(ids.begin(), split, isVisual);
    const int64_t wanted = std::count_if(split, ids.end(), isVisual);
    if (wanted == 0)
        return {};

    Tensor all;
    int64_t before = 0; // rows of earlier parts
    int64_t frame = 0;
    for (VisualInput& input : prepared.inputs) {
        const int64_t rows = m_family->rowsOf(input.part());
        if (before + rows > skipped) {
            Tensor tokens;
            for (int64_t i = 0; i < input.frames(); ++i) {
                const Tensor part = m_visual.tokensOf(
                    input, i, ofFrame(progress, frame + i, prepared.frames()), stop);
                if (part.isEmpty())
                    return {};
                if (tokens.isEmpty())
                    tokens =
                        m_op->allocate(part.type(), {input.frames() * part.dim(0), part.dim(1)});
                Tensor place = tokens.rows(i * part.dim(0), part.dim(0));
                m_op->begin({});
                m_op->copy(place, part);
            }
            const Tensor marked = m_family->withMarkers(input.part(), tokens);
            if (all.isEmpty())
                all = m_op->allocate(marked.type(), {wanted, marked.dim(1)});
            const int64_t first = std::max<int64_t>(skipped - before, 0); // of this part
            Tensor place = all.rows(before + first - skipped, rows - first);
            m_op->copy(place, marked.rows(first, rows - first));
        }
        before += rows;
        frame += input.frames();
    }
    return all;
}

void LoadedModel::reserveCache(int64_t capacity)
{
    constexpr int64_t unit = 1024;
    if (m_cache && m_cache->capacity() >= capacity && m_cachedPrefix == m_inUse.prefix)
        return;
    m_cachedKeys.clear();
    m_cache.reset(); // the old one goes before the new one comes
    m_cachedPrefix = m_inUse.prefix;
    m_cache = m_family->makeCache(std::min(roundedUp(capacity, unit), m_context));
}

Tensor LoadedModel::prefill(Prepared& prepared, int64_t capacity, const ProgressSink& progress,
                            std::stop_token stop)
{
    const std::vector<uint64_t> keys = positionKeys(prepared, progress, stop);
    if (keys.empty())
        return {};
    reserveCache(capacity);
    // The last position is always computed: its logits are wanted.
    const size_t shared = std::min(sharedPositions(keys, keys.size()), keys.size() - 1);
    m_computedTokens = static_cast<int64_t>(keys.size() - shared);
    m_cachedKeys.resize(shared);
    m_cachedAdapter = m_inUse.any;
    m_cache->truncate(static_cast<int64_t>(shared));

    const Tensor visual = visualRows(prepared, shared, progress, stop);
    if (stop.stop_requested())
        return {};
    const std::span ids = std::span<const int32_t>(prepared.prompt.ids).subspan(shared);
    const ProgressSink whole = ofWholePrompt(progress, int64_t(shared));
    if (whole) // who asks again what is known would hear nothing of it
        whole({Progress::Phase::Prefill, 0, int64_t(ids.size())});
    Tensor logits = m_family->decode(ids, visual, *m_cache, whole, stop);
    m_cachedKeys.assign(keys.begin(),
                        keys.begin() + m_cache->length()); // less than all once stopped
    return logits;
}

Sampling LoadedModel::samplingOf(const ChatRequest& request) const
{
    return request.sampling.value_or(m_defaultSampling);
}

ChatResult LoadedModel::generate(const ChatRequest& request, std::stop_token stop,
                                 const TextSink& text, const ProgressSink& progress)
{
    const Clock::time_point begin = Clock::now();
    m_weights->requireWhole();
    if (request.maxNewTokens < 1)
        throw Error(Error::Code::BadRequest, "the longest answer must be at least 1 token, not " +
                                                 std::to_string(request.maxNewTokens));
    if (request.thinkingBudget && *request.thinkingBudget < 1)
        throw Error(Error::Code::BadRequest, "the thinking budget must be at least 1 token, not " +
                                                 std::to_string(*request.thinkingBudget));
    const ThinkingRules thinking = m_family->thinking(*m_tokenizer);
    if (request.thinking && thinking.endId < 0)
        throw Error(Error::Code::BadRequest, "this model does not think; switch thinking off");
    Sampler sampler(samplingOf(request));
    useAdapter(request);

    Prepared prepared = prepare(request);
    const auto promptTokens = static_cast<int64_t>(prepared.prompt.ids.size());
    if (promptTokens >= m_context)
        throw Error(
            Error::Code::ContextOverflow,
            "the conversation takes " + std::to_string(promptTokens) + " of the context's " +
                std::to_string(m_context) +
                " positions and leaves no room for an answer; shorten it, " +
                "use smaller pictures or fewer frames, or open the model with a larger context");
    // Where the prompt is longer, the reference looks at the limit only behind the first token.
    const int64_t most = request.maxLength ? std::clamp<int64_t>(*request.maxLength - promptTokens,
                                                                 1, request.maxNewTokens)
                                           : request.maxNewTokens;
    ChatResult result;
    result.timings.load = m_loadTime;
    result.usage.promptTokens = promptTokens;
    result.usage.visualTokens = std::count_if(
        prepared.prompt.ids.begin(), prepared.prompt.ids.end(), [](int32_t id) { return id < 0; });
    m_visual.beginRequest();
    m_computedTokens = 0;
    const Clock::time_point prefillBegin = Clock::now();
    const Tensor logits =
        prefill(prepared, std::min(m_context, promptTokens + most), progress, stop);
    const Clock::time_point prefillEnd = Clock::now();
    result.usage.computedTokens = m_computedTokens;
    result.usage.encodedTokens = m_visual.encodedTokens();
    result.timings.decodeMedia = m_visual.decodeTime();
    result.timings.vision = m_visual.visionTime();
    result.timings.prefill =
        prefillEnd - prefillBegin - m_visual.decodeTime() - m_visual.visionTime();

    StopRules rules;
    rules.stopIds = m_family->stopIds(*m_tokenizer);
    rules.maxNewTokens = most;
    rules.contextLeft = m_context - promptTokens;
    rules.thinkingBudget = request.thinking ? request.thinkingBudget.value_or(0) : 0;
    if (request.thinking)
        rules.answerNow = request.answerNow;
    rules.thinking = thinking;
    const std::optional<Substitution> substitution = m_family->substitution();
    AnswerText shown(*m_tokenizer, thinking, request.thinking, text, substitution);
    Clock::time_point firstToken = prefillEnd;
    const auto nextOf = [&](const Tensor& logitsOfAll) -> Next {
        if (logitsOfAll.isEmpty())
            return {};
        const int64_t ids = std::min(logitsOfAll.count(), m_family->choosableIds());
        const Tensor afterPass =
            logitsOfAll.view({logitsOfAll.count()}).rows(0, ids).view({1, ids});
        if (request.scores)
            return {m_op->download(afterPass)};
        if (const int64_t count = sampler.wantsLikeliest(); count > 0) {
            Candidates candidates = m_op->likeliest(afterPass, count);
            if (candidates.isEmpty())
                refuseLogits();
            return {{}, {}, std::move(candidates)};
        }
        if (!sampler.wantsOnlyBest())
            return {m_op->download(afterPass)};
        const int32_t id = m_op->best(afterPass);
        if (id < 0)
            refuseLogits();
        return {{}, id};
    };
    const auto step = [&](std::span<const int32_t> ids) {
        const Tensor next = m_family->decode(ids, {}, *m_cache, {}, stop);
        if (!next.isEmpty())
            m_cachedKeys.insert(m_cachedKeys.end(), ids.begin(), ids.end());
        return nextOf(next);
    };
    const auto sink = [&](int32_t id, int64_t count) {
        if (count == 1)
            firstToken = Clock::now();
        shown.push(id);
        if (progress)
            progress({Progress::Phase::Answering, count, most});
    };
    const auto choices = [&](int32_t id, std::span<const float> among) {
        TokenScore score = scoreOf(id, among, request.scoredAlternatives, *m_tokenizer);
        score.thinking = !shown.isOfAnswer(id);
        score.marker = m_tokenizer->isSpecial(id) || std::ranges::binary_search(rules.stopIds, id);
        request.scores(score);
    };
    Generated generated;
    try {
        generated = generateIds(nextOf(logits), rules, sampler, step, stop, sink,
                                request.scores ? ChoiceSink(choices) : ChoiceSink());
    } catch (const Error& error) {
        if (error.code() == Error::Code::BadModel)
            rethrowWithTensor(error);
        throw;
    }
    // A pass that was stopped half way has advanced the cache for none of its tokens.
    m_cachedKeys.resize(
        std::min(m_cachedKeys.size(), static_cast<size_t>(m_cache ? m_cache->length() : 0)));
    shown.finish();

    SplitAnswer answer =
        splitAnswer(*m_tokenizer, thinking, request.thinking, generated.ids, substitution);
    const auto completion = static_cast<int64_t>(generated.ids.size());
    result.text = std::move(answer.text);
    result.thinking = std::move(answer.thinking);
    result.markedThinking = std::move(answer.markedThinking);
    result.finishReason = generated.reason;
    const bool isForced = generated.forcedIds > 0;
    result.budgetReached = isForced && !generated.answeredNow;
    result.answeredNow = generated.answeredNow;
    result.contextReached = generated.contextReached;
    result.usage.completionTokens = completion;
    result.usage.thinkingTokens =
        isForced ? std::min(answer.thinkingIds, generated.thoughtIds) : answer.thinkingIds;
    if (completion > 0) {
        result.timings.firstToken = firstToken - begin;
        result.timings.decode = Clock::now() - firstToken;
    }
    if (completion > 1 && result.timings.decode.count() > 0)
        result.timings.decodeTokensPerSecond =
            static_cast<double>(completion - 1) / (result.timings.decode.count() / 1000);
    result.ids = std::move(generated.ids);
    return result;
}

void LoadedModel::rethrowWithTensor(const Error& error) const
{
    const std::string tensor = firstDamagedTensor(*m_weights);
    throw Error(error.code(), tensor.empty()
                                  ? std::string(error.what())
                                  : std::string(error.what()) + " (the first: tensor " + tensor +
                                        " in " + m_weights->origin(tensor) + ")");
}

RequestCost LoadedModel::cost(const ChatRequest& request)
{
    useAdapter(request);
    const Prepared prepared = prepare(request);
    const auto& ids = prepared.prompt.ids;
    RequestCost cost;
    cost.promptTokens = static_cast<int64_t>(ids.size());
    cost.context = m_context;
    cost.visualTokens = std::count_if(ids.begin(), ids.end(), [](int32_t id) { return id < 0; });
    std::vector<uint64_t> partKeys;
    bool known = true; // all so far
    for (const VisualInput& input : prepared.inputs) {
        const VisualPart& part = input.part();
        const int64_t rows = m_family->rowsOf(part);
        cost.parts.push_back({input.originalSize(), part.size, input.frames(), part.grid[1],
                              part.grid[2], rows, part.tileCount()});
        uint64_t key = part.film;
        for (int64_t i = 0; i < input.frames(); ++i) {
            const std::optional<FrameKey> content = m_visual.knownKey(input, i);
            known = known && content;
            if (content)
                key = withFrame(key, *content);
            if (!content || !m_visual.isKept(*content))
                cost.newVisualTokens += rows / input.frames();
        }
        if (known)
            partKeys.push_back(key);
    }
    const size_t shared = sharedPositions(positionKeys(prepared.prompt, partKeys), ids.size());
    cost.newTokens = cost.promptTokens - static_cast<int64_t>(std::min(shared, ids.size() - 1));
    return cost;
}

Trace LoadedModel::trace(const ChatRequest& request, std::span<const int32_t> forced,
                         std::stop_token stop)
{
    m_weights->requireWhole();
    useAdapter(request);
    Prepared prepared = prepare(request);
    Trace trace;
    trace.inputIds = prepared.prompt.ids;
    if (const std::optional<int32_t> shown = m_family->placeholderId())
        std::ranges::replace_if(
            trace.inputIds, [](int32_t id) { return id < 0; }, *shown);
    std::vector<Tensor> pixels;
    for (VisualInput& input : prepared.inputs) {
        trace.grids.push_back(input.part().grid);
        for (int64_t i = 0; i < input.frames(); ++i) {
            if (info().maxTiles > 0) {
                trace.tiles.push_back(input.part().tileCount());
                trace.tileGrids.push_back(input.part().tiles);
            }
            pixels.push_back(m_visual.pixelValuesOf(input, i, stop));
            if (pixels.back().isEmpty())
                return trace;
        }
    }
    trace.pixelValues = oneBehindTheOther(pixels);
    m_visual.beginRequest();
    const Tensor visual = visualRows(prepared, 0, {}, stop);
    if (stop.stop_requested())
        return trace;
    if (!visual.isEmpty())
        trace.visualEmbeds = m_op->download(visual);

    const auto promptTokens = static_cast<int64_t>(prepared.prompt.ids.size());
    const auto count = static_cast<int64_t>(forced.size());
    if (promptTokens + count > m_context)
        throw Error(Error::Code::ContextOverflow, std::to_string(promptTokens + count) +
                                                      " positions, the context has " +
                                                      std::to_string(m_context));
    const std::unique_ptr<KvCache> cache = m_family->makeCache(promptTokens + count);
    Tensor afterPass = m_family->decode(prepared.prompt.ids, visual, *cache, {}, stop);
    for (int64_t i = 0; !afterPass.isEmpty(); ++i) {
        const Tensor logits = m_op->download(afterPass);
        if (trace.logits.isEmpty())
            trace.logits = hostTensor(DType::F32, {count + 1, logits.count()});
        std::copy_n(logits.as<float>(), logits.count(), trace.logits.rows(i, 1).as<float>());
        if (i == count)
            break;
        afterPass =
            m_family->decode(forced.subspan(static_cast<size_t>(i), 1), {}, *cache, {}, stop);
    }
    return trace;
}

} // namespace argali
