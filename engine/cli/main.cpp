#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include <unistd.h>

#include "engine/checkpoint/json.h"
#include "engine/cli/advice.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/output.h"
#include "engine/error.h"
#include "engine/log.h"
#include "engine/media/abandonable.h"

namespace argali::cli {

namespace {

constexpr std::array commands = {&chatCommand,     &serveCommand, &evalCommand,
                                 &checkCommand,    &benchCommand, &inspectCommand,
                                 &tokenizeCommand, &mergeCommand, &devicesCommand};

std::string generalHelp()
{
    std::string text = "argali-cli: questions about pictures and films, answered on this machine\n"
                       "\n"
                       "usage: argali-cli COMMAND [OPTIONS]\n"
                       "\n";
    for (const auto command : commands) {
        std::string name = command().name;
        name.resize(10, ' ');
        text += "  " + name + command().summary + "\n";
    }
    return text +
           "\n"
           "argali-cli COMMAND --help tells more; argali-cli --version names the version.\n"
           "MODEL is a checkpoint folder as it was published, or the name of one in the model\n"
           "library ($ARGALI_MODELS, else argali/models in the user's data folder); without -m\n"
           "the small model that comes with the program is used.\n"
           "\n"
           "Exit status: 0 done, 1 the work failed (one line on standard error says what, where\n"
           "and what to do), 2 wrong usage, 130 interrupted.\n";
}

int usage(const std::string& sentence)
{
    note("argali-cli: " + sentence);
    return statusUsage;
}

int failed(const std::string& command, const Error& error)
{
    note("argali-cli " + command + ": " + withAdvice(error, command));
    return statusFailed;
}

int runCommand(const Command& command, std::vector<std::string> words)
{
    const auto end = std::ranges::find(words, "--");
    const auto isHelp = [](const std::string& word) { return word == "--help" || word == "-h"; };
    if (std::find_if(words.begin(), end, isHelp) != end) {
        print(command.help);
        return statusDone;
    }
    const std::string name = command.name;
    try {
        const int status = command.run(Arguments(command.options, words));
        if (status != statusFailed)
            showWarnings(); // what failed leaves one line
        return status;
    } catch (const UsageError& e) {
        return usage(name + ": " + e.what() + "; see argali-cli " + name + " --help");
    } catch (const Error& e) {
        return failed(name, e);
    } catch (const std::bad_alloc&) {
        return failed(name, Error(Error::Code::OutOfMemory, "not enough memory"));
    } catch (const std::exception& e) {
        return failed(name, Error(Error::Code::Internal, e.what()));
    }
}

int run(std::vector<std::string> words)
{
    if (words.empty()) {
        printError(generalHelp());
        return statusUsage;
    }
    const std::string word = words.front();
    words.erase(words.begin());
    if (word == "--help" || word == "-h" || word == "help") {
        print(generalHelp());
        return statusDone;
    }
    if (word == "--version") {
        print("argali-cli " ARGALI_VERSION "\n");
        return statusDone;
    }
    const auto it = std::ranges::find_if(commands, [&](auto c) { return word == c().name; });
    if (it == commands.end())
        return usage(inQuotes(word) +
                     " is not part of this version; argali-cli --help lists the commands");
    return runCommand((*it)(), std::move(words));
}

} // namespace

} // namespace argali::cli

int main(int argc, char** argv)
{
    using namespace argali;
    cli::Interrupt::instance().watch();
    std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error like a full disk
    setLogSink([](LogLevel level, std::string_view message) {
        if (level == LogLevel::Warning)
            cli::holdWarning(message);
    });
    int status = cli::statusFailed;
    try {
        status = cli::run(std::vector<std::string>(argv + 1, argv + argc));
    } catch (const std::exception& e) { // help that cannot be printed
        cli::note(std::string("argali-cli: ") + e.what());
    }
    std::fflush(nullptr);
    if (abandonedWorkGoesOn())
        _exit(status); // nobody wants what it would wait for
    return status;
}
