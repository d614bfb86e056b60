#include "engine/cli/adapteroptions.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/modeloptions.h"
#include "engine/cli/output.h"
#include "engine/merging.h"

namespace argali::cli {

namespace {

int run(const Arguments& arguments)
{
    arguments.requireRest(0, 0, "");
    std::vector<AdapterSource> adapters = adapterOptions(arguments);
    if (adapters.size() != 1)
        throw UsageError("one --adapter is needed, not " + std::to_string(adapters.size()) +
                         "; merge one after the other");
    const std::optional<std::string> target = arguments.text("--to");
    if (!target || target->empty())
        throw UsageError("--to DIR is needed");

    ProgressLine progress;
    MergeRequest request{modelFolder(arguments), std::move(adapters.front()), *target, {}};
    request.progress = [&progress](const Progress& step) {
        progress.show("merging " +
                      std::to_string(step.done * 100 / std::max<int64_t>(step.total, 1)) + " %");
    };
    const Interruptible work;
    const bool done = mergeAdapter(request, work.token());
    progress.clear();
    if (!done)
        return statusInterrupted;
    note(*target + " has the merged model");
    return statusDone;
}

} // namespace

const Command& mergeCommand()
{
    static const Command command = [] {
        Command c = {.name = "merge",
                     .summary = "write a model with an adapter in its weights",
                     .help =
                         R"(usage: argali-cli merge [-m MODEL] --adapter DIR --to DIR

Writes a checkpoint folder in the published layout: the model's tensors under their own names,
in their own types and parts, with the adapter's changes in them, and copies of all other
files. Sums are f32 and are rounded once. Weights are written as safetensors, also where the
model's own are torch files. What was written is read again and compared. The new folder is
there when it is complete, or not at all.

  -m, --model MODEL     checkpoint folder; default: the model that comes with the program
  --adapter DIR         a LoRA or projector to this model: its folder or file
  --adapter-alpha text=N,vision=N
                        of the training script, for a .pth file that does not hold them
  --to DIR              the folder to make; it must not exist
)",
                     .options = modelOption(),
                     .run = run};
        for (const Option& option : adapterOptionList())
            c.options.push_back(option);
        c.options.push_back({.name = "--to", .value = "DIR"});
        return c;
    }();
    return command;
}

} // namespace argali::cli
