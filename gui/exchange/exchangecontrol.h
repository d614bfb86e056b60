#pragma once

#include <memory>

#include <QObject>

#include "gui/exchange/exchangedchat.h"
#include "gui/mainwindow.h"

namespace argali::gui {

class ChatExport;
class ChatImport;
class ExchangeLine;
class FormulaPage;
struct ImportResult;

/// Export and import as the list of chats offers them: asks how and where to, and says how it went.
/// One at a time.
/// Thread: GUI.
class ExchangeControl final : public QObject {
    Q_OBJECT
public:
    ExchangeControl(const WindowParts& parts, ConversationList* list, ExchangeLine* line,
                    QWidget* window);
    ~ExchangeControl() override;

    /// Asks for the format, then for the place.
    void askExport(const QList<quint64>& chats, const QString& name);
    /// path: of the file for one chat, of the folder in which a new one is made for several
    void exportTo(const QList<quint64>& chats, const ExportOptions& options, const QString& path);
    void askImport();
    void import(const QStringList& files);
    bool isBusy() const;

private:
    void askPlace(const QList<quint64>& chats, const ExportOptions& options, const QString& name);
    void makeExport();
    void makeImport();
    void showExported(const ExportResult& result);
    void showImported(const ImportResult& result);

    WindowParts m_parts;
    ConversationList* const m_list;
    ExchangeLine* const m_line;
    QWidget* const m_window;
    std::unique_ptr<FormulaPage> m_formulas; ///< made with the first export, as all three
    std::unique_ptr<ChatExport> m_export;
    std::unique_ptr<ChatImport> m_import;
    ExportOptions m_options; ///< as they were last chosen
    QString m_folder;        ///< where the last file dialog was
    bool m_cancelled = false;
};

} // namespace argali::gui
