#include "engine/cli/answersfile.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <unistd.h>

#include "engine/checkpoint/json.h"
#include "engine/cli/lines.h"
#include "engine/cli/output.h"
#include "engine/error.h"
#include "engine/tokenizer/tokenizer.h"

namespace argali::cli {

namespace {

/// Whether this may be the beginning of a line that append() wrote.
bool beginsLikeAnswer(std::string_view line)
{
    for (const std::string_view head : {R"({"id":)", R"({"question_id":)"})
        if (line.starts_with(head) || head.starts_with(line))
            return true;
    return false;
}

} // namespace

AnswersFile::Descriptor::~Descriptor()
{
    if (m_file >= 0)
        close(m_file);
}

AnswersFile::AnswersFile(std::filesystem::path path) : m_path(std::move(path))
{
    const auto require = [&](bool worked, const std::string& what, const std::string& todo) {
        if (!worked)
            throw Error(Error::Code::Missing, m_path.string() + " cannot be " + what + ": " +
                                                  std::strerror(errno) + "; " + todo);
    };
    m_file.reset(open(m_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    require(m_file.get() >= 0, "opened", "check the folder and its permissions");
    require(flock(m_file.get(), LOCK_EX | LOCK_NB) == 0, "locked",
            "wait for the other run or use another file");
    const int64_t whole = readWholeLines();
    require(ftruncate(m_file.get(), whole) == 0 && lseek(m_file.get(), 0, SEEK_END) >= 0 &&
                (!m_endMissing || write(m_file.get(), "\n", 1) == 1),
            "written", "check its permissions");
}

int64_t AnswersFile::readWholeLines()
{
    std::ifstream stream(m_path, std::ios::binary);
    LineReader lines(stream, m_path.string());
    int64_t whole = 0;
    std::string torn; // a line that is none; only the last one may be
    std::string where;
    while (const auto line = lines.next()) {
        if (!torn.empty())
            refuse(where);
        if (!stripped(*line).empty() && !readLine(*line, lines)) {
            torn = *line;
            where = lines.where();
        } else {
            whole = lines.position();
            m_endMissing = !lines.ended();
        }
    }
    // A file that never was one of answers must not lose its last line.
    if (!torn.empty() && !beginsLikeAnswer(torn))
        refuse(where);
    return whole;
}

bool AnswersFile::readLine(const std::string& line, const LineReader& lines)
{
    // Without its end too: what parses is whole, a crash or a full disk may have taken the end
    // alone.
    nlohmann::json row;
    try {
        row = parseJson(line, lines.where(), Error::Code::BadRequest);
    } catch (const Error&) {
        return false;
    }
    if (!row.is_object() || !row.contains("text") || !row["text"].is_string())
        return false;
    for (const char* key : {"id", "question_id"}) {
        if (row.contains(key)) {
            m_texts[row[key].dump()] = row["text"].get<std::string>();
            return true;
        }
    }
    return false;
}

void AnswersFile::refuse(const std::string& where) const
{
    throw Error(Error::Code::BadRequest,
                where + ": no answer of an evaluation; use another file for --answers");
}

const std::string* AnswersFile::find(const std::string& key) const
{
    const auto it = m_texts.find(key);
    return it == m_texts.end() ? nullptr : &it->second;
}

void AnswersFile::append(const std::string& key, const std::string& text,
                         const nlohmann::ordered_json& row)
{
    const std::string line = jsonLine(row) + "\n";
    for (size_t done = 0; done < line.size();) {
        const ssize_t count = write(m_file.get(), line.data() + done, line.size() - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            throw Error(Error::Code::BadRequest, m_path.string() +
                                                     " cannot be written: " + std::strerror(errno) +
                                                     "; free some space and start again to go on");
        done += static_cast<size_t>(count);
    }
    m_texts[key] = text;
}

} // namespace argali::cli
