#pragma once

#include "gui/widgets/noticeline.h"

namespace argali::gui {

class Button;
class ThinBar;

/// A line that says how far an export or import is, with a button that cancels it, and then what
/// became of it, until it is closed.
class ExchangeLine final : public NoticeLine {
    Q_OBJECT
public:
    explicit ExchangeLine(QWidget* parent = nullptr);

    /// Something begins; cancelRequested() may follow.
    void begin(const QString& sentence);
    void setProgress(qint64 done, qint64 total);
    /// It is over. folder: offered to be shown, unless it is empty
    void end(const QString& sentence, bool bad, const QString& details, const QString& folder = {});
    void dismiss() override; ///< Not while something is under way.
    bool isBad() const { return m_isBad; }
    Button* cancelButton() const { return m_cancel; }
    Button* folderButton() const { return m_show; }

signals:
    void cancelRequested();
    void folderRequested(const QString& folder);

private:
    ThinBar* const m_bar;
    Button* const m_cancel;
    Button* const m_show;
    QString m_folder;
    bool m_isBad = false;
};

} // namespace argali::gui
