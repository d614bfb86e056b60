#include <algorithm>
#include <array>
#include <new>
#include <string>
#include <vector>

#include "engine/checkpoint/json.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/output.h"
#include "engine/error.h"
#include "engine/log.h"

namespace argali::cli {

namespace {

constexpr std::array commands = {&chatCommand,    &evalCommand,     &checkCommand,  &benchCommand,
                                 &inspectCommand, &tokenizeCommand, &devicesCommand};

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
           "MODEL is a checkpoint folder as it was published; without -m the small model that\n"
           "comes with the program is used.\n"
           "\n"
           "Exit status: 0 done, 1 the work failed (one line on standard error says what, where\n"
           "and what to do), 2 wrong usage, 130 interrupted.\n";
}

int usage(const std::string& sentence)
{
    note("argali-cli: " + sentence);
    return statusUsage;
}

/// What can be done about an error, where its own words need not say it.
std::string advice(Error::Code code)
{
    switch (code) {
    case Error::Code::Device:
        return "argali-cli devices lists what can compute here";
    case Error::Code::Internal:
        return "this is a fault of the program, please report it";
    default:
        return {};
    }
}

int failed(const std::string& command, const std::string& what, const std::string& todo)
{
    note("argali-cli " + command + ": " + what + (todo.empty() ? "" : "; " + todo));
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
        return command.run(Arguments(command.options, words));
    } catch (const UsageError& e) {
        return usage(name + ": " + e.what() + "; see argali-cli " + name + " --help");
    } catch (const Error& e) {
        return failed(name, e.what(), advice(e.code()));
    } catch (const std::bad_alloc&) {
        return failed(name, "not enough memory", "close other programs or use a smaller model");
    } catch (const std::exception& e) {
        return failed(name, e.what(), advice(Error::Code::Internal));
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
    // Warnings are for people: scripts get one line, and only when something failed.
    if (cli::errorIsTerminal()) {
        setLogSink([](LogLevel level, std::string_view message) {
            if (level == LogLevel::Warning)
                cli::note(std::string("warning: ").append(message));
        });
    }
    try {
        return cli::run(std::vector<std::string>(argv + 1, argv + argc));
    } catch (const std::exception& e) { // help that cannot be printed
        cli::note(std::string("argali-cli: ") + e.what());
        return cli::statusFailed;
    }
}
