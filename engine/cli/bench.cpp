#include <algorithm>
#include <fstream>

#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "engine/adaptedfolder.h"
#include "engine/adapterset.h"
#include "engine/cli/adapteroptions.h"
#include "engine/cli/benchrun.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/modeloptions.h"
#include "engine/cli/output.h"
#include "engine/devices.h"
#include "engine/error.h"
#include "engine/fitting.h"

namespace argali::cli {

namespace {

ImageSize sizeOption(const std::string& word)
{
    constexpr int64_t largest = 16384;
    const size_t x = word.find('x');
    const auto width = parseInteger(std::string_view(word).substr(0, x));
    const auto height =
        x == std::string::npos ? std::nullopt : parseInteger(std::string_view(word).substr(x + 1));
    if (!width || !height || *width < 1 || *height < 1 || *width > largest || *height > largest)
        throw UsageError("--image takes WIDTHxHEIGHT like 448x448, sides from 1 to " +
                         std::to_string(largest) + ", not " + word);
    return {static_cast<int>(*width), static_cast<int>(*height)};
}

BenchSettings readSettings(const Arguments& arguments)
{
    BenchSettings settings;
    for (const std::string& word : arguments.texts("--image"))
        settings.pictures.push_back(sizeOption(word));
    if (settings.pictures.empty())
        settings.pictures.push_back({448, 448});
    settings.frames = arguments.integer("--frames", 1, 1024).value_or(0);
    if (settings.frames > 0 && settings.pictures.size() > 1)
        throw UsageError("--frames makes one film: it goes with one --image");
    constexpr int64_t mostTokens = 1'000'000;
    settings.promptTokens =
        arguments.integer("--prompt", 1, mostTokens).value_or(settings.promptTokens);
    settings.generateTokens =
        arguments.integer("--generate", 1, mostTokens).value_or(settings.generateTokens);
    settings.runs = static_cast<int>(arguments.integer("--runs", 1, 1000).value_or(settings.runs));
    return settings;
}

/// The most memory that this process has had so far.
int64_t peakMemory()
{
    // What getrusage() tells was that of the program which started this one, where it had more.
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmHWM:" && status >> word)
            return std::stoll(word) * 1024;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return int64_t(usage.ru_maxrss) * 1024;
}

/// A limit is what can be reached: what else runs here at the moment only takes away from it.
constexpr int limitRuns = 3;
MachineLimits better(const MachineLimits& a, const MachineLimits& b)
{
    MachineLimits best = b;
    best.readBytesPerSecond = std::max(a.readBytesPerSecond, b.readBytesPerSecond);
    best.matrixOperationsPerSecond =
        std::max(a.matrixOperationsPerSecond, b.matrixOperationsPerSecond);
    return best;
}

struct Measured {
    Device device;
    std::string model;
    DType dtype = DType::F32;
    std::vector<Phase> phases;
    int64_t visualTokens = 0;
    int64_t peakMemory = 0;
    MachineLimits limits;

    /// What of the machine's best a phase reaches; nothing where there is no limit.
    std::optional<double> fraction(const Phase& phase) const
    {
        const double time = phase.median();
        if (phase.bound == Bound::Bandwidth)
            return phase.work.bytes / (time * limits.readBytesPerSecond);
        if (phase.bound == Bound::Matrix)
            return phase.work.operations / (time * limits.matrixOperationsPerSecond);
        return {};
    }
};

const char* nameOf(Bound bound)
{
    return bound == Bound::Bandwidth ? "bandwidth" : bound == Bound::Matrix ? "matrix" : "none";
}

ModelFolder randomModel(const std::string& name, DType stored, const std::stop_token& stop)
{
    try {
        return syntheticFolder(name, stored, stop);
    } catch (const Error& e) {
        if (e.code() != Error::Code::BadRequest)
            throw;
        throw UsageError(std::string("--synthetic: ") + e.what());
    }
}

void useAll(const std::vector<AdapterSource>& sources, AdapterSet& adapters)
{
    for (const AdapterSource& source : sources)
        adapters.add(source, {});
    adapters.use(adapters.names());
}

/// Nothing once interrupted.
std::optional<Measured> measure(const Arguments& arguments, const BenchSettings& settings)
{
    Measured measured;
    const std::string deviceId = deviceOption(arguments);
    const std::optional<DType> dtype = dtypeOption(arguments);
    const std::optional<std::string> synthetic = arguments.text("--synthetic");
    const Interruptible work;
    ProgressLine progress;
    {
        OpenOptions options;
        options.adapters = adapterOptions(arguments);
        options.addsAdapters = true;
        AdaptedFolder opened =
            synthetic
                ? AdaptedFolder{randomModel(*synthetic, dtype.value_or(DType::BF16), work.token())}
                : openAdaptedFolder(modelFolder(arguments), options.adapters);
        ModelFolder& folder = opened.files;
        std::optional<AdaptedBackend> op; // outlives the family
        std::unique_ptr<Family> family = makeFamily(folder);
        const ModelInfo info = family->info();
        measured.model = synthetic.value_or(info.name);
        for (const AdapterSource& adapter : options.adapters)
            measured.model += '+' + nameOf(adapter);
        if (opened.isWhole)
            options.adapters.clear(); // it is in the weights already
        measured.dtype = dtype.value_or(synthetic ? info.storedType : defaultType(info));
        const int64_t positions = positionsOf(settings, *family);
        chooseDevice(deviceId); // one: its limits are what everything is compared with
        measured.device =
            chooseDevice(place(*family, measured.dtype, positions, deviceId).parts.front().device);
        auto counting = std::make_unique<CountingBackend>(makeBackend(measured.device.id));
        CountingBackend& counted = *counting;
        op.emplace(std::move(counting));
        const bool isApart = takes(*op, options.adapters);
        if (!isApart) {
            folder.weights = mergedFor(*op, options, folder.weights, work.token());
            family = makeFamily(folder);
        }
        if (!family->load(*op, measured.dtype, progress.sink(), work.token()))
            return {};
        AdapterSet adapters(*family, {&*op}, folder.loaded, folder.weights, measured.dtype);
        if (isApart)
            useAll(options.adapters, adapters);
        BenchRun run(counted, *family, settings);
        const auto begun = [&](int i) {
            progress.show(i == 0 ? std::string("warming up")
                                 : "measuring, run " + std::to_string(i) + " of " +
                                       std::to_string(settings.runs));
        };
        if (!run.run(work.token(), begun))
            return {};
        measured.phases = run.phases();
        measured.visualTokens = run.visualTokens();
    }
    // Before the limits are measured: that takes large buffers of its own.
    measured.peakMemory = peakMemory();
    progress.show("measuring the limits");
    for (int i = 0; i < limitRuns && !work.stopped(); ++i)
        measured.limits = better(measured.limits, measureLimits(measured.device.id));
    if (work.stopped())
        return {};
    return measured;
}

void printJsonReport(const Measured& m)
{
    nlohmann::ordered_json value = {{"device", m.device.id},
                                    {"device_name", m.device.name},
                                    {"isa", m.limits.isa},
                                    {"threads", m.device.threads},
                                    {"model", m.model},
                                    {"dtype", nameOf(m.dtype)},
                                    {"limits",
                                     {{"read_gb_s", m.limits.readBytesPerSecond / 1e9},
                                      {"matrix_gflop_s", m.limits.matrixOperationsPerSecond / 1e9},
                                      {"matrix_instructions", m.limits.matrixInstructions}}},
                                    {"phases", nlohmann::ordered_json::array()},
                                    {"peak_memory_bytes", m.peakMemory}};
    for (const Phase& phase : m.phases) {
        const double time = phase.median();
        nlohmann::ordered_json row = {{"phase", phase.name}, {"median_ms", time * 1000}};
        const auto fraction = m.fraction(phase);
        row["tokens_per_second"] =
            phase.tokens > 0 ? nlohmann::ordered_json(static_cast<double>(phase.tokens) / time)
                             : nlohmann::ordered_json();
        row["tokens"] = phase.tokens;
        row["bytes"] = static_cast<int64_t>(phase.work.bytes);
        row["operations"] = static_cast<int64_t>(phase.work.operations);
        row["limit"] = nameOf(phase.bound);
        row["fraction_of_limit"] =
            fraction ? nlohmann::ordered_json(*fraction) : nlohmann::ordered_json();
        value["phases"].push_back(std::move(row));
    }
    printJson(value);
}

void printTextReport(const Measured& m)
{
    std::string text = m.device.name + ", " + std::to_string(m.device.threads) + " threads, " +
                       m.limits.isa + "\n";
    text += m.model + " in " + nameOf(m.dtype) + ", " + std::to_string(m.visualTokens) +
            " visual positions\n";
    text += "limits: reads " + numberText(m.limits.readBytesPerSecond / 1e9, 1) + " GB/s, " +
            numberText(m.limits.matrixOperationsPerSecond / 1e9, 0) + " Gflop/s (" +
            m.limits.matrixInstructions + ")\n";
    const auto column = [](const std::string& word, size_t width) {
        return std::string(width - std::min(width, word.size()), ' ') + word;
    };
    text += "phase         median ms    tokens/s       bytes      Gflop  of limit\n";
    for (const Phase& phase : m.phases) {
        const double time = phase.median();
        const auto fraction = m.fraction(phase);
        std::string name = phase.name;
        name.resize(12, ' ');
        text +=
            name + column(numberText(time * 1000, 2), 11) +
            column(phase.tokens > 0 ? numberText(static_cast<double>(phase.tokens) / time, 1) : "-",
                   12) +
            column(sizeText(static_cast<int64_t>(phase.work.bytes)), 12) +
            column(numberText(phase.work.operations / 1e9, 2), 11) +
            column(fraction ? numberText(*fraction * 100, 1) + " %" : "-", 10) + "  " +
            (fraction ? nameOf(phase.bound) : "") + "\n";
    }
    text += "peak memory " + sizeText(m.peakMemory) + "\n";
    print(text);
}

int run(const Arguments& arguments)
{
    arguments.requireRest(0, 0, "");
    arguments.exclude("--model", "--synthetic");
    arguments.exclude("--adapter", "--synthetic");
    if (!arguments.has("--model") && !arguments.has("--synthetic"))
        throw UsageError("-m MODEL or --synthetic NAME is missing");
    const std::optional<Measured> measured = measure(arguments, readSettings(arguments));
    if (!measured)
        return statusInterrupted;
    (arguments.has("--json") ? printJsonReport : printTextReport)(*measured);
    return statusDone;
}

} // namespace

const Command& benchCommand()
{
    static const Command command = [] {
        Command c = {.name = "bench",
                     .summary = "speed against the limit of this machine",
                     .help = R"(usage: argali-cli bench (-m MODEL | --synthetic NAME) [OPTIONS]

Times the phases of an answer, and compares them with the limits of this machine, which are
measured in the same process, the best of three times: the speed of streaming reads by all
threads, and of the best multiply-add instructions out of registers on all of them.

  -m, --model MODEL  checkpoint folder
  --synthetic NAME   published shapes with random weights made in memory: ovis2.5-2b,
                     ovis2.5-9b, llava-1.5-7b, llava-1.5-13b, internvl2-1b, internvl2-2b,
                     internvl2-4b, internvl2-8b, internvl2-26b, chatglm2-6b; with /layers=N
                     behind the name a shorter stack
  --device, --dtype  as for chat, with -m also where --dtype is left out; random weights are
                     bf16 by default
  --adapter, --adapter-alpha
                     as for chat, with -m; what they add is counted, too
  --image WxH        a picture of noise of this size; may be repeated; default 448x448
  --frames N         one film of N such frames instead
  --prompt N         text tokens behind the visual ones; default 512
  --generate N       tokens to write; default 32
  --runs N           runs after one warm-up; default 5
  --json             one object: device, isa, threads, model, dtype, limits, phases,
                     peak_memory_bytes

Phases, each the median over the runs of the time for all pictures or all tokens:
  decode_media  an uncompressed picture file in memory to pixels       (no limit)
  preprocess    resizing, normalising, cutting into patches            (bandwidth)
  vision        the vision encoder                                     (matrix)
  projector     features to rows of the prompt, the visual head        (matrix)
  prefill       the prompt, visual positions and --prompt text tokens  (matrix)
  decode        --generate tokens, one after another                   (bandwidth)

Formulas, counted from the operations as they run; T rows, N outputs and K inputs of a
product, H heads of width C, G key/value heads, S positions in the cache:
  product              operations 2 T N K              bytes: of the weights
  attention, decoder   operations 4 H C times the pairs of query and key that see each other
                       (T S' + T (T + 1) / 2, S' positions before)
                                                       bytes: 2 S G C times those of a value
  attention, vision    operations 4 P P' H C (P patches, P' patches of a frame)
  soft embedding       two products: N logits, then N rows of the table
  lookup               bytes: of the rows
  decode_media         bytes: of the file and of the pixels
  preprocess           bytes: of the pixels and of the patches
Activations are not counted, nor is arithmetic other than products. Weights that a pass in
chunks reads again count again.
  fraction of bandwidth = bytes / (time * read speed)
  fraction of matrix    = operations / (time * multiply-add speed)
Peak memory is the most that the process has had before the limits were measured.
)",
                     .options = modelOption(),
                     .run = run};
        for (const std::vector<Option>& more : {computeOptions(), adapterOptionList()})
            c.options.insert(c.options.end(), more.begin(), more.end());
        c.options.insert(c.options.end(), {{.name = "--synthetic", .value = "NAME"},
                                           {.name = "--image", .value = "WxH", .repeatable = true},
                                           {.name = "--frames", .value = "N"},
                                           {.name = "--prompt", .value = "N"},
                                           {.name = "--generate", .value = "N"},
                                           {.name = "--runs", .value = "N"},
                                           {.name = "--json"}});
        return c;
    }();
    return command;
}

} // namespace argali::cli
