#include <algorithm>

#include "engine/adaptedfolder.h"
#include "engine/checkpoint/json.h"
#include "engine/cli/adapteroptions.h"
#include "engine/cli/chatsession.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/modeloptions.h"
#include "engine/cli/requestoptions.h"
#include "engine/error.h"
#include "engine/tokenizer/tokenizer.h"

namespace argali::cli {

namespace {

/// "0.5,2,3.25"
std::vector<double> timesOption(const std::string& list)
{
    std::vector<double> times;
    for (size_t begin = 0; begin <= list.size();) {
        const size_t end = std::min(list.find(',', begin), list.size());
        const std::optional<double> time =
            parseNumber(std::string_view(list).substr(begin, end - begin));
        if (!time || *time < 0)
            throw UsageError("--at takes seconds like 0.5,2,3.25, not " + inQuotes(list));
        times.push_back(*time);
        begin = end + 1;
    }
    return times;
}

/// Everything that can be wrong with the options themselves, before any file is opened.
ChatSettings readSettings(const Arguments& arguments, bool single)
{
    ChatSettings settings;
    settings.request = requestOptions(arguments, !single);
    settings.system = arguments.text("--system").value_or("");
    settings.json = arguments.has("--json");
    arguments.exclude("--frames", "--at");
    if (single && !arguments.has("--video"))
        for (const char* option : {"--frames", "--at"})
            if (arguments.has(option))
                throw UsageError(std::string(option) + " needs --video");
    settings.filmFrames = static_cast<int>(arguments.integer("--frames", 0, 1024).value_or(8));
    if (const auto times = arguments.text("--at"))
        settings.filmTimes = timesOption(*times);
    return settings;
}

std::vector<ContentItem> readAttachments(const Arguments& arguments, const ChatSettings& settings)
{
    std::vector<ContentItem> items;
    for (const std::string& path : arguments.texts("--image"))
        items.push_back(pictureItem(path));
    if (const auto path = arguments.text("--video"))
        items.push_back(filmItem(*path, settings));
    return items;
}

int run(const Arguments& arguments)
{
    arguments.requireRest(0, 0, "");
    const std::optional<std::string> prompt = arguments.text("--prompt");
    if (prompt && prompt->empty())
        throw UsageError("-p needs a question; without -p a conversation begins");
    requireUtf8(prompt.value_or(""), "-p");
    requireUtf8(arguments.text("--system").value_or(""), "--system");
    ChatSettings settings = readSettings(arguments, prompt.has_value());
    OpenOptions open = openOptions(arguments);
    open.adapters = adapterOptions(arguments);
    open.addsAdapters = true;

    const std::filesystem::path folder = modelFolder(arguments);
    const ModelInfo info = describeAdapted(folder, open.adapters);
    refuseForeignOptions(arguments, info);
    applySampling(arguments, folder, settings.request);
    const std::vector<ContentItem> attachments = readAttachments(arguments, settings);

    const std::unique_ptr<Model> model = openModelHere(folder, std::move(open));
    if (!model)
        return statusInterrupted;
    askForAll(model->adapters(), settings.request);
    ChatSession session(*model, std::move(settings));
    for (const ContentItem& item : attachments)
        session.attach(item);
    return prompt ? session.ask(*prompt) : session.converse();
}

} // namespace

const Command& chatCommand()
{
    static const Command command = [] {
        Command c = {
            .name = "chat",
            .summary = "ask about pictures and films, or talk",
            .help =
                R"(usage: argali-cli chat [-m MODEL] [--image FILE]... [--video FILE] [-p TEXT] [OPTIONS]

Answers one question (-p) or holds a conversation, with questions read from standard input
line by line (/help lists its commands). The answer streams to standard output; thinking
and statistics go to standard error. Ctrl+C stops the answer, a second one the program.

What to ask
  -m, --model MODEL     checkpoint folder; default: the model that comes with the program
  -p, --prompt TEXT     the question; without it a conversation begins
  --image FILE          a picture for the (first) question; may be repeated
  --video FILE          a film for the (first) question
  --frames N            frames to take from the film: number int(i * total / N); 0: one a
                        second, at most 30; default 8
  --at S,S,...          frames at these seconds instead, none of them behind the end
  --system TEXT         what the model is told before the conversation
  --min-pixels N, --max-pixels N
                        bounds of the size to which pictures are scaled

How to answer
  --think, --no-think   think before the answer, or not (default)
  --thinking-budget N   close the thinking after N tokens; needs --think
  --max-new-tokens N    tokens at most, thinking included; default 2048
  --greedy              always the likeliest token
  --temperature T, --top-p P, --top-k K, --min-p P, --repetition-penalty R, --seed S
                        how tokens are drawn; what is not given is as the model's
                        generation_config.json says

Where to compute
  --device auto|cpu|cuda[:N[,N...]]
  --dtype auto|f32|bf16|f16|int8|int4
                        arithmetic; default: f32 for models of less than 64 million
                        parameters, on the weights as stored; else as these are stored
  --context N           positions to keep memory for; default: what the model has and fits

  --json                one object: text, thinking, finish_reason, usage, timings

Options of some model families, refused where the model has no use for them
  --max-tiles N         parts that a picture is cut into at most, and one more for the whole:
                        more details, and more positions (InternVL2)
  --template NAME       the frame of the prompt: vicuna_v1 (default), llava_v1, hf (LLaVA-1.5)
  --image-aspect-ratio pad|crop
                        how a picture becomes square (LLaVA-1.5)

Adapters, which leave the model's own weights as they are
  --adapter DIR         a LoRA, a projector or a prefix to this model: its folder or file; may
                        be repeated: what they change is added up. In a conversation
                        /adapter NAME changes to one of them alone
  --adapter-alpha text=N,vision=N
                        of the training script, for a .pth file that does not hold them

Examples:
  argali-cli chat --image picture.png -p "What is shown in the picture?"
  argali-cli chat -m Ovis2.5-2B --video film.mp4 --frames 12 --think -p "What happens?"
)",
            .options = modelOption(),
            .run = run};
        for (const std::vector<Option>& more :
             {computeOptions(), requestOptionList(), adapterOptionList()})
            c.options.insert(c.options.end(), more.begin(), more.end());
        c.options.insert(c.options.end(),
                         {{.name = "--prompt", .value = "TEXT", .letter = 'p', .freeText = true},
                          {.name = "--system", .value = "TEXT", .freeText = true},
                          {.name = "--image", .value = "FILE", .repeatable = true},
                          {.name = "--video", .value = "FILE"},
                          {.name = "--frames", .value = "N"},
                          {.name = "--at", .value = "SECONDS,..."},
                          {.name = "--json"}});
        return c;
    }();
    return command;
}

} // namespace argali::cli
