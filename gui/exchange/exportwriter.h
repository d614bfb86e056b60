#pragma once

#include <memory>
#include <stop_token>

#include <QTemporaryDir>

#include "gui/exchange/exchangedchat.h"
#include "gui/exchange/formulas.h"
#include "gui/exchange/safename.h"

namespace argali::gui {

class MediaFolder;

/// Writes one export: all of it into a folder of its own beside the target, from which it is moved
/// to its place at the end, so that nothing half-written is ever seen. What is not finished is
/// removed with this object.
/// Thread: any one.
class ExportWriter final {
public:
    /// path: of the file to write, or of a folder for several chats, which must not be there yet
    ExportWriter(const QString& path, bool isFolder, const ExportOptions& options,
                 std::stop_token stop);

    /// Throws: ExportError, as everything here
    void begin();
    /// What MathML is wanted for; empty where the format needs none.
    QList<Formula> formulasOf(const ExchangedChat& chat) const;
    void add(const ExchangedChat& chat, const FormulaTable& formulas);
    ExportResult finish();

    /// That this could not be written, and what to do.
    static Failure writeFailure(const QString& path, const QString& why);

private:
    QString own(const QString& name) const { return m_own + QLatin1Char('/') + name; }
    void write(const QString& name, const QByteArray& bytes) const;
    void moveFile();

    const QString m_path;
    const bool m_isFolder;
    const ExportOptions m_options;
    const std::stop_token m_stop;
    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_own;   ///< in it
    QString m_file;  ///< name of the one file
    QString m_media; ///< and of the folder beside it, when there is one
    UniqueNames m_names;
    ExportResult m_result;
};

} // namespace argali::gui
