#include "engine/devices.h"

#include "engine/cli/command.h"
#include "engine/cli/output.h"
#include <nlohmann/json.hpp>

namespace argali::cli {

namespace {

int run(const Arguments& arguments)
{
    arguments.requireRest(0, 0, "");
    makeBackend("cpu"); // what the environment forces must be there
    for (const Device& device : listDevices()) {
        if (arguments.has("--json")) {
            printJson({{"id", device.id},
                       {"name", device.name},
                       {"driver", device.driver},
                       {"instruction_sets", device.instructionSets},
                       {"threads", device.threads},
                       {"clock_mhz", device.clockMhz},
                       {"memory_clock_mhz", device.memoryClockMhz},
                       {"power_cap_watts", device.powerCapWatts},
                       {"memory", device.memory},
                       {"free_memory", device.freeMemory}});
            continue;
        }
        std::string text = device.id + ": " + device.name + "\n";
        if (!device.driver.empty())
            text += "  driver            " + device.driver + "\n";
        text += "  instruction sets  " + device.instructionSets + "\n";
        text += "  threads           " + std::to_string(device.threads) + "\n";
        if (device.clockMhz > 0)
            text += "  clock             " + numberText(device.clockMhz, 0) + " MHz\n";
        if (device.memoryClockMhz > 0)
            text += "  memory clock      " + numberText(device.memoryClockMhz, 0) + " MHz\n";
        if (device.powerCapWatts > 0)
            text += "  power cap         " + numberText(device.powerCapWatts, 0) + " W\n";
        text += "  memory            " + sizeText(device.memory) + ", " +
                sizeText(device.freeMemory) + " free\n";
        print(text);
    }
    const std::string problem = cardProblem();
    if (!problem.empty() && !arguments.has("--json"))
        print("no NVIDIA card: " + problem + "\n");
    return statusDone;
}

} // namespace

const Command& devicesCommand()
{
    static const Command command = {.name = "devices",
                                    .summary = "what can compute here",
                                    .help = R"(usage: argali-cli devices [--json]

Lists what can compute here: name, driver, memory, instruction sets (the one that is used
first) and clocks. The first word of each entry is what --device takes.

  --json  one object a line: id, name, driver, instruction_sets, threads, clock_mhz,
          memory_clock_mhz, power_cap_watts, memory, free_memory (bytes)

ARGALI_ISA (scalar, avx2, avx512, avx512-bf16) forces an instruction set of the processor,
ARGALI_THREADS the number of its threads.
)",
                                    .options = {{.name = "--json"}},
                                    .run = run};
    return command;
}

} // namespace argali::cli
