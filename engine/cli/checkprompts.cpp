// Conversations and the ids that a family makes of them.

#include "engine/checkpoint/json.h"

#include "engine/cli/checkvectors.h"
#include "engine/cli/comparison.h"
#include "engine/cli/messages.h"
#include "engine/cli/vectorfile.h"
#include "engine/error.h"
#include "engine/families/families.h"
#include <nlohmann/json.hpp>

namespace argali::cli {

namespace {

/// Throws: Error::Code::BadRequest for another role
Message messageOf(const VectorFile& file, const nlohmann::json& value)
{
    const std::string role = file.text(value, "role");
    if (role != "system" && role != "user" && role != "assistant")
        throw Error(Error::Code::BadRequest, file.path().string() + ": role " + inQuotes(role) +
                                                 "; expected system, user or assistant");
    return textMessage(role == "system" ? Message::Role::System
                       : role == "user" ? Message::Role::User
                                        : Message::Role::Assistant,
                       file.text(value, "content"));
}

} // namespace

void checkGlmPrompts(VectorFile& file, const VectorContext& context, CheckReport& report,
                     std::stop_token)
{
    const std::filesystem::path folder =
        context.tokenizer.value_or(file.path().parent_path().parent_path() / "chatglm2-tiny");
    std::unique_ptr<Tokenizer> tokenizer;
    std::unique_ptr<Family> family;
    try {
        tokenizer = openTokenizer(folder);
        family = makeFamily(openFolder(folder));
        family->checkTokenizer(*tokenizer);
    } catch (const Error& e) {
        report.fail(file.name(), "input_ids",
                    std::string(e.what()) + "; --tokenizer DIR names the model of these vectors");
        return;
    }
    RowCount count;
    for (const nlohmann::json& row : file.rows("prompts")) {
        ChatRequest request;
        if (!row.is_object() || !row.contains("messages") || !row["messages"].is_array())
            throw Error(Error::Code::BadRequest,
                        file.path().string() + ": a row without a list \"messages\"");
        for (const nlohmann::json& message : row["messages"])
            request.messages.push_back(messageOf(file, message));
        const std::vector<int32_t> expected = file.ids(row, "ids");
        const std::vector<int32_t> found = family->prompt(*tokenizer, request, {}).ids;
        count.add(found == expected,
                  inQuotes(file.text(row, "name")) + ", " + firstDifference(found, expected));
    }
    report.add(count.stage(file.name(), "input_ids"));
}

} // namespace argali::cli
