#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace argali::cli {

class LineReader;

/// The answers of an evaluation, one JSON object a line, each written as soon as it is there.
/// Opening it reads what an earlier run left; a last line that is torn is cut off.
class AnswersFile final {
public:
    /// Throws: Error::Code::Missing when it cannot be opened, BadRequest for a broken line before
    /// the
    ///         last or when another run holds the file
    explicit AnswersFile(std::filesystem::path path);

    /// The text of an answer by the key of its question; null when there is none yet.
    const std::string* find(const std::string& key) const;
    /// Throws: Error::Code::BadRequest when it cannot be written
    void append(const std::string& key, const std::string& text, const nlohmann::ordered_json& row);

private:
    class Descriptor final {
    public:
        Descriptor() = default;
        ~Descriptor();
        Descriptor(const Descriptor&) = delete;
        Descriptor& operator=(const Descriptor&) = delete;
        int get() const { return m_file; }
        void reset(int file) { m_file = file; }

    private:
        int m_file = -1;
    };

    /// Bytes of whole lines.
    int64_t readWholeLines();
    /// False for a line that holds no answer.
    bool readLine(const std::string& line, const LineReader& lines);
    [[noreturn]] void refuse(const std::string& where) const;

    std::filesystem::path m_path;
    Descriptor m_file;
    bool m_endMissing = false; ///< of the last line, which is whole otherwise
    std::map<std::string, std::string> m_texts;
};

} // namespace argali::cli
