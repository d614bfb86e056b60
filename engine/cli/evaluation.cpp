#include "engine/cli/evaluation.h"

#include <algorithm>
#include <fstream>
#include <set>

#include <nlohmann/json.hpp>
#include <utf8proc.h>

#include "engine/checkpoint/json.h"
#include "engine/cli/lines.h"
#include "engine/cli/messages.h"
#include "engine/cli/output.h"
#include "engine/error.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/unicode.h"

namespace argali::cli {

namespace {

/// One line being read.
class QuestionReader final {
public:
    QuestionReader(const nlohmann::json& value, std::string where)
        : m_value(value), m_where(std::move(where))
    {
    }
    Question read() const;

private:
    [[noreturn]] void refuse(const std::string& expected) const
    {
        throw Error(Error::Code::BadRequest,
                    m_where + ": " + expected + " expected; correct the line");
    }
    bool has(const char* key) const { return m_value.contains(key) && !m_value[key].is_null(); }
    std::string text(const char* key) const
    {
        if (!has(key) || !m_value[key].is_string())
            refuse(std::string("a text as \"") + key + "\"");
        return m_value[key].get<std::string>();
    }
    std::vector<std::string> texts(const char* key) const;
    std::vector<std::string> pictures(const char* key) const;
    void readHistory(Question& question) const;

    const nlohmann::json& m_value;
    std::string m_where;
};

std::vector<std::string> QuestionReader::texts(const char* key) const
{
    std::vector<std::string> result;
    if (!has(key))
        return result;
    const nlohmann::json& list = m_value[key];
    const auto isText = [](const nlohmann::json& v) { return v.is_string(); };
    if (!list.is_array() || !std::all_of(list.begin(), list.end(), isText))
        refuse(std::string("a list of texts as \"") + key + "\"");
    return list.get<std::vector<std::string>>();
}

std::vector<std::string> QuestionReader::pictures(const char* key) const
{
    std::vector<std::string> files = texts(key);
    for (const std::string& file : files) {
        const std::filesystem::path path = file;
        if (file.empty() || path.is_absolute() || std::ranges::find(path, "..") != path.end())
            refuse(std::string("paths within the pictures' folder as \"") + key + "\"");
    }
    return files;
}

void QuestionReader::readHistory(Question& question) const
{
    if (!has("history"))
        return;
    const auto isTurn = [](const nlohmann::json& turn) {
        return turn.is_array() && turn.size() == 2 && turn[0].is_string() && turn[1].is_string();
    };
    const nlohmann::json& turns = m_value["history"];
    if (!turns.is_array() || !std::all_of(turns.begin(), turns.end(), isTurn))
        refuse("a list of [question, answer] as \"history\"");
    for (const nlohmann::json& turn : turns)
        question.history.emplace_back(turn[0].get<std::string>(), turn[1].get<std::string>());
}

Question QuestionReader::read() const
{
    if (!m_value.is_object())
        refuse("a JSON object");
    Question question;
    const bool llava = !has("id") && has("question_id");
    question.idKey = llava ? "question_id" : "id";
    if (!has(question.idKey.c_str()))
        refuse("a key \"id\" or \"question_id\"");
    question.id = m_value[question.idKey];
    if (!question.id.is_string() && !question.id.is_number_integer())
        refuse("a text or an integer as \"" + question.idKey + "\"");
    question.text = text(llava ? "text" : "question");
    if (llava && has("image")) {
        text("image");
        question.pictures =
            QuestionReader({{"images", {m_value["image"]}}}, m_where).pictures("images");
    } else if (!llava) {
        if (has("images") && has("frames"))
            refuse("\"images\" or \"frames\", not both,");
        question.film = has("frames");
        question.pictures = pictures(question.film ? "frames" : "images");
    }
    readHistory(question);
    question.answers = texts("answers");
    question.type = has("type") ? text("type") : "";
    if (has("thinking") && !m_value["thinking"].is_boolean())
        refuse("true or false as \"thinking\"");
    question.thinking = has("thinking") && m_value["thinking"].get<bool>();
    return question;
}

void appendFolded(std::string& text, char32_t code)
{
    appendUtf8(text, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code))));
}

} // namespace

std::vector<Question> readQuestions(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    if (!stream)
        throw Error(Error::Code::Missing,
                    file.string() +
                        " cannot be read; give a file of questions, one JSON object a line");
    std::vector<Question> questions;
    std::set<std::string> keys;
    LineReader lines(stream, file.string());
    while (const auto line = lines.next()) {
        requireUtf8(*line, lines.where());
        if (stripped(*line).empty())
            continue;
        const nlohmann::json value = parseJson(*line, lines.where(), Error::Code::BadRequest);
        questions.push_back(QuestionReader(value, lines.where()).read());
        if (!keys.insert(questions.back().key()).second)
            throw Error(Error::Code::BadRequest, lines.where() + ": " + questions.back().idKey +
                                                     " " + questions.back().key() +
                                                     " came before; every question needs its own");
    }
    return questions;
}

ChatRequest requestOf(const Question& question, const std::filesystem::path& pictures)
{
    ChatRequest request;
    request.sampling = Sampling{};
    request.thinking = question.thinking;
    for (const auto& [asked, answered] : question.history) {
        request.messages.push_back(textMessage(Message::Role::User, asked));
        request.messages.push_back(textMessage(Message::Role::Assistant, answered));
    }
    request.messages.push_back(textMessage(Message::Role::User, question.text));

    std::vector<ContentItem> items;
    for (const std::string& path : question.pictures) {
        ContentItem item;
        item.type = ContentItem::Type::Picture;
        item.picture.path = pictures / path;
        items.push_back(std::move(item));
    }
    if (question.film) {
        ContentItem film;
        film.type = ContentItem::Type::Film;
        for (ContentItem& frame : items)
            film.film.frames.push_back(std::move(frame.picture));
        items = {std::move(film)};
    }
    std::vector<ContentItem>& first = request.messages.front().content;
    first.insert(first.begin(), items.begin(), items.end());
    return request;
}

std::string comparable(std::string_view answer)
{
    std::string result;
    const std::string whole(stripped(answer));
    for (size_t at = 0; at < whole.size();) {
        const Utf8Step step = utf8At(whole, at);
        at += step.length;
        if (!isWhiteSpace(step.code))
            appendFolded(result, step.code);
        else if (!result.ends_with(' '))
            result += ' ';
    }
    for (const std::string_view stop : {".", "。", "!"}) {
        if (result.ends_with(stop)) {
            result.erase(result.size() - stop.size());
            break;
        }
    }
    return std::string(stripped(result));
}

bool isRight(std::string_view answer, const std::vector<std::string>& accepted)
{
    const std::string found = comparable(answer);
    return std::ranges::any_of(accepted,
                               [&](const std::string& a) { return comparable(a) == found; });
}

void Tally::add(const Question& question, std::string_view answer)
{
    ++m_questions;
    if (question.answers.empty())
        return;
    const bool right = isRight(answer, question.answers);
    for (Count* count : {&m_judged, &m_types[question.type.empty() ? "other" : question.type]}) {
        ++count->asked;
        count->right += right;
    }
}

nlohmann::ordered_json Tally::json() const
{
    nlohmann::ordered_json value = {{"questions", m_questions}, {"right", m_judged.right}};
    value["accuracy"] = m_judged.asked > 0
                            ? nlohmann::ordered_json(static_cast<double>(m_judged.right) /
                                                     static_cast<double>(m_judged.asked))
                            : nlohmann::ordered_json();
    value["types"] = nlohmann::ordered_json::object();
    for (const auto& [type, count] : m_types)
        value["types"][type] = {{"n", count.asked}, {"right", count.right}};
    return value;
}

std::string Tally::text() const
{
    const auto line = [](std::string name, const Count& count) {
        name.resize(std::max<size_t>(name.size(), 20), ' ');
        const double percent =
            100.0 * static_cast<double>(count.right) / static_cast<double>(count.asked);
        return name + " " + std::to_string(count.right) + " of " + std::to_string(count.asked) +
               "  " + numberText(percent, 1) + " %\n";
    };
    std::string text;
    for (const auto& [type, count] : m_types)
        text += line(oneLine(type), count);
    if (m_judged.asked > 0)
        text += line("all", m_judged);
    return text + std::to_string(m_questions) + " questions answered\n";
}

} // namespace argali::cli
