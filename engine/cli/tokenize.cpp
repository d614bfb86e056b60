#include <iostream>
#include <limits>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/lines.h"
#include "engine/cli/modeloptions.h"
#include "engine/cli/output.h"
#include "engine/error.h"
#include "engine/tokenizer/tokenizer.h"

namespace argali::cli {

namespace {

[[noreturn]] void refuse(int64_t line, const std::string& expected)
{
    throw Error(Error::Code::BadRequest, "standard input, line " + std::to_string(line) + ": " +
                                             expected + " was expected; one JSON value a line");
}

std::vector<int32_t> idsOf(const nlohmann::json& value, int64_t line)
{
    std::vector<int32_t> ids;
    if (!value.is_array())
        refuse(line, "a JSON array of token ids");
    for (const nlohmann::json& id : value) {
        constexpr int64_t largest = std::numeric_limits<int32_t>::max();
        if (!id.is_number_integer() || id.get<int64_t>() < 0 || id.get<int64_t>() > largest)
            refuse(line, "a JSON array of token ids from 0 to " + std::to_string(largest));
        ids.push_back(static_cast<int32_t>(id.get<int64_t>()));
    }
    return ids;
}

void requireTokens(const Tokenizer& tokenizer, const std::vector<int32_t>& ids,
                   const std::string& where)
{
    for (const int32_t id : ids)
        if (tokenizer.bytesOf(id).empty())
            throw Error(Error::Code::BadRequest,
                        where + ": there is no token " + std::to_string(id) +
                            ", the largest id is " + std::to_string(tokenizer.size() - 1) +
                            "; correct the line, or use the model it comes from");
}

int run(const Arguments& arguments)
{
    arguments.requireRest(0, 0, "");
    const bool decode = arguments.has("--decode");
    const std::unique_ptr<Tokenizer> tokenizer = openTokenizer(modelFolder(arguments));
    LineReader lines(std::cin, "standard input");
    while (const std::optional<std::string> line = lines.next()) {
        nlohmann::json value;
        try {
            value = parseJson(*line, lines.where(), Error::Code::BadRequest);
        } catch (const Error& e) {
            throw Error(e.code(), std::string(e.what()) + "; one JSON value a line");
        }
        if (decode) {
            const std::vector<int32_t> ids = idsOf(value, lines.number());
            requireTokens(*tokenizer, ids, lines.where());
            printJson(tokenizer->decode(ids, false));
        } else {
            if (!value.is_string())
                refuse(lines.number(), "a JSON string");
            printJson(tokenizer->encode(value.get_ref<const std::string&>()));
        }
    }
    return statusDone;
}

} // namespace

const Command& tokenizeCommand()
{
    static const Command command = [] {
        Command c = {.name = "tokenize",
                     .summary = "text to token ids and back",
                     .help = R"(usage: argali-cli tokenize [-m MODEL] [--decode]

Reads one JSON string a line from standard input and writes one JSON array of token ids a
line. No prompt template and no begin token are added; special tokens in the text are
recognised where the published tokenizer does so. The tokenizer's files alone are enough.

  -m, --model MODEL  checkpoint folder; default: the model that comes with the program
  --decode           the way back: JSON arrays of ids to JSON strings, special tokens included

Example:
  echo '"Hello world!"' | argali-cli tokenize
)",
                     .options = modelOption(),
                     .run = run};
        c.options.push_back({.name = "--decode"});
        return c;
    }();
    return command;
}

} // namespace argali::cli
