#include "engine/cli/advice.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace argali::cli {

namespace {

/// How the part of a message begins that says what to do, behind its last "; ".
// clang-format off
constexpr std::array<std::string_view, 48> beginnings = {
    "--", "/", "ARGALI_", "a context of ", "add ", "argali-cli ", "ask ", "check ", "choose ",
    "close ", "complete ", "convert ", "copy ", "correct ", "cut ", "download ", "every ",
    "fetch ", "free ", "get ", "give ", "install ", "its README ", "known: ", "leave ", "lower ",
    "make ", "move ", "name ", "one ", "open ", "remove ", "save ", "see ", "set ", "shorten ",
    "split ", "start ", "supported: ", "switch ", "take ", "the folder changed ",
    "the same command ", "this is a fault ", "try ", "use ", "wait ", "write "};
// clang-format on

bool saysWhatToDo(std::string_view what)
{
    constexpr std::string_view separator = "; ";
    for (size_t at = what.find(separator); at != what.npos; at = what.find(separator, at)) {
        at += separator.size();
        const std::string_view rest = what.substr(at);
        if (std::ranges::any_of(beginnings, [&](auto word) { return rest.starts_with(word); }))
            return true;
    }
    return false;
}

std::string advice(Error::Code code, const std::string& command)
{
    switch (code) {
    case Error::Code::Missing:
        return "check that it is there and can be read";
    case Error::Code::BadModel:
        return "download the model again, or use another one";
    case Error::Code::BadMedia:
        return "save it again in a common format, or use another file";
    case Error::Code::BadRequest:
        return "see argali-cli " + command + " --help";
    case Error::Code::ContextOverflow:
        return "shorten the question, or use fewer or smaller pictures";
    case Error::Code::Unsupported:
        return "use another model or file";
    case Error::Code::OutOfMemory:
        return "close other programs or use a smaller model";
    case Error::Code::Device:
        return command == "devices" ? "leave the setting out or correct it"
                                    : "argali-cli devices lists what can compute here";
    case Error::Code::Network:
        return "try again";
    case Error::Code::Internal:
        break;
    }
    return "this is a fault of the program, please report it";
}

} // namespace

std::string withAdvice(const Error& error, const std::string& command)
{
    const std::string what = error.what();
    return saysWhatToDo(what) ? what : what + "; " + advice(error.code(), command);
}

} // namespace argali::cli
