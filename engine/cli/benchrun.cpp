#include "engine/cli/benchrun.h"

#include <algorithm>

#include "engine/cli/testpicture.h"
#include "engine/error.h"
#include "engine/media/mediareader.h"

namespace argali::cli {

namespace {

using Clock = std::chrono::steady_clock;

/// Ids of any text: every vocabulary has these.
int32_t textId(int64_t i)
{
    constexpr int64_t common = 256;
    return static_cast<int32_t>(i * 7 % common);
}

} // namespace

int64_t positionsOf(const BenchSettings& settings, const Family& family)
{
    int64_t positions = settings.promptTokens + settings.generateTokens;
    const ModelInfo& info = family.info();
    if (info.seesPictures)
        for (const ImageSize size : settings.pictures)
            positions += family.rowsOf(family.fit(size, settings.frames, {}));
    if (positions > info.context)
        throw Error(Error::Code::ContextOverflow,
                    std::to_string(positions) + " positions, " +
                        (info.name.empty() ? "the model" : info.name) + " has " +
                        std::to_string(info.context) +
                        "; take smaller pictures or lower --prompt and --generate");
    return positions;
}

double Phase::median() const
{
    std::vector<double> sorted = seconds;
    std::ranges::sort(sorted);
    const size_t middle = sorted.size() / 2;
    return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

BenchRun::BenchRun(CountingBackend& op, Family& family, BenchSettings settings)
    : m_op(op), m_family(family), m_settings(std::move(settings))
{
    if (!family.info().seesPictures)
        m_settings.pictures.clear();
    unsigned seed = 0;
    for (const ImageSize size : m_settings.pictures) {
        std::vector<std::vector<std::byte>> frames;
        for (int64_t i = 0; i < std::max<int64_t>(m_settings.frames, 1); ++i)
            frames.push_back(noisePicture(size, seed++));
        m_files.push_back(std::move(frames));
        m_parts.push_back(family.fit(size, m_settings.frames, {}));
        m_visualTokens += family.rowsOf(m_parts.back());
    }
    if (!m_parts.empty())
        m_phases = {{"decode_media", Bound::None, 0, {}},
                    {"preprocess", Bound::Bandwidth, 0, {}},
                    {"vision", Bound::Matrix, 0, {}},
                    {"projector", Bound::Matrix, 0, {}}};
    const int64_t prompt = m_visualTokens + m_settings.promptTokens;
    m_phases.push_back({"prefill", Bound::Matrix, prompt, {}});
    m_phases.push_back({"decode", Bound::Bandwidth, m_settings.generateTokens, {}});
    m_cache = family.makeCache(positionsOf(m_settings, family));
}

Phase& BenchRun::phase(const std::string& name)
{
    return *std::ranges::find_if(m_phases, [&](const Phase& p) { return p.name == name; });
}

template <typename F> auto BenchRun::timed(const char* name, F f)
{
    const Work before = m_op.work();
    const Clock::time_point begin = Clock::now();
    auto result = f();
    m_op.wait();
    m_thisRun[name] += std::chrono::duration<double>(Clock::now() - begin).count();
    const Work used = m_op.work() - before;
    Work& work = phase(name).work;
    work.operations += used.operations;
    work.bytes += used.bytes;
    return result;
}

std::vector<BenchRun::Frames> BenchRun::decodeMedia(std::stop_token stop)
{
    std::vector<Frames> parts;
    for (const auto& files : m_files) {
        Frames frames;
        for (const std::vector<std::byte>& file : files) {
            auto image = timed("decode_media", [&] {
                return std::make_shared<Image>(
                    readPicture(file, "noise", Orientation::Upright, stop));
            });
            phase("decode_media").work.bytes +=
                static_cast<double>(file.size() + image->pixels().size());
            frames.push_back(std::move(image));
        }
        parts.push_back(std::move(frames));
    }
    return parts;
}

Tensor BenchRun::see(const std::vector<Frames>& parts, std::stop_token stop)
{
    Tensor all;
    int64_t row = 0;
    for (size_t i = 0; i < parts.size() && !stop.stop_requested(); ++i) {
        const VisualPart& part = m_parts[i];
        const auto frames = static_cast<int64_t>(parts[i].size());
        Tensor tokens;
        // Frame by frame, as an answer does it, so that a film needs no more memory than a picture.
        for (int64_t f = 0; f < frames; ++f) {
            const std::span frame(&parts[i][static_cast<size_t>(f)], 1);
            const Tensor patches =
                timed("preprocess", [&] { return m_family.preprocess(part, frame, stop); });
            if (patches.isEmpty())
                return {};
            phase("preprocess").work.bytes += static_cast<double>(frame.front()->pixels().size()) +
                                              static_cast<double>(patches.bytes());
            const Tensor features =
                timed("vision", [&] { return m_family.encode(part, patches, {}, stop); });
            if (features.isEmpty())
                return {};
            const Tensor soft =
                timed("projector", [&] { return m_family.project(features, stop); });
            if (soft.isEmpty())
                return {};
            if (tokens.isEmpty())
                tokens = m_op.allocate(soft.type(), {frames * soft.dim(0), soft.dim(1)});
            Tensor place = tokens.rows(f * soft.dim(0), soft.dim(0));
            m_op.begin({});
            m_op.copy(place, soft);
        }
        const Tensor marked = m_family.withMarkers(part, tokens);
        if (all.isEmpty())
            all = m_op.allocate(marked.type(), {m_visualTokens, marked.dim(1)});
        Tensor place = all.rows(row, marked.dim(0));
        m_op.copy(place, marked);
        row += marked.dim(0);
    }
    return all;
}

bool BenchRun::talk(const Tensor& visual, std::stop_token stop)
{
    constexpr int32_t visualId = -1;
    std::vector<int32_t> ids(static_cast<size_t>(m_visualTokens), visualId);
    for (int64_t i = 0; i < m_settings.promptTokens; ++i)
        ids.push_back(textId(i));
    m_cache->truncate(0);
    const Tensor logits =
        timed("prefill", [&] { return m_family.decode(ids, visual, *m_cache, {}, stop); });
    return !logits.isEmpty() && timed("decode", [&] {
        for (int64_t i = 0; i < m_settings.generateTokens; ++i) {
            const int32_t id = textId(i);
            const Tensor next = m_family.decode({&id, 1}, {}, *m_cache, {}, stop);
            if (next.isEmpty())
                return false;
            m_op.best(next); // an answer waits for every token, too
        }
        return true;
    });
}

bool BenchRun::once(std::stop_token stop)
{
    m_thisRun.clear();
    for (Phase& p : m_phases)
        p.work = {};
    const Tensor visual = see(decodeMedia(stop), stop);
    return !stop.stop_requested() && talk(visual, stop) && !stop.stop_requested();
}

bool BenchRun::run(std::stop_token stop, const std::function<void(int)>& begun)
{
    // The first one touches memory, fills caches and wakes threads.
    for (int i = 0; i <= m_settings.runs; ++i) {
        if (begun)
            begun(i);
        if (!once(stop))
            return false;
        if (i == 0)
            continue;
        for (Phase& p : m_phases)
            p.seconds.push_back(m_thisRun[p.name]);
    }
    return true;
}

} // namespace argali::cli
