#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/engine.h"

namespace argali::cli {

/// One line of a questions file, in either form.
struct Question {
    std::string idKey;                 ///< "id" or "question_id"
    nlohmann::json id;                 ///< text or number
    std::vector<std::string> pictures; ///< relative to the pictures' folder
    bool film = false;                 ///< the pictures are the frames of a film
    std::vector<std::pair<std::string, std::string>> history; ///< earlier questions and answers
    std::string text;
    std::vector<std::string> answers; ///< accepted ones; empty: nothing to compare with
    std::string type;
    bool thinking = false;

    std::string key() const { return id.dump(); }
};

/// Reads and checks all of them.
/// Throws: Error::Code::Missing, BadRequest (file, line, expected)
std::vector<Question> readQuestions(const std::filesystem::path& file);

/// The question as a request, pictures with the first turn, greedy.
ChatRequest requestOf(const Question& question, const std::filesystem::path& pictures);

/// How answers are compared: white space at both ends goes and any in between counts as one blank;
/// a final . or 。 or ! goes; case does not count.
std::string comparable(std::string_view answer);
bool isRight(std::string_view answer, const std::vector<std::string>& accepted);

/// Questions counted by their types.
class Tally final {
public:
    void add(const Question& question, std::string_view answer);
    nlohmann::ordered_json json() const;
    std::string text() const;

private:
    struct Count {
        int64_t asked = 0;
        int64_t right = 0;
    };
    int64_t m_questions = 0;
    Count m_judged; ///< questions with accepted answers
    std::map<std::string, Count> m_types;
};

} // namespace argali::cli
