#pragma once

#include <functional>

#include <QWidget>

namespace argali::gui {

class Button;
class ElidedLabel;
class ThinBar;

/// A line that says how far an export or import is, with a button that cancels it, and then what
/// became of it, until it is closed.
class ExchangeLine final : public QWidget {
    Q_OBJECT
public:
    explicit ExchangeLine(QWidget* parent = nullptr);

    /// Something begins; cancelRequested() may follow.
    void begin(const QString& sentence);
    void setProgress(qint64 done, qint64 total);
    /// It is over. folder: offered to be shown, unless it is empty
    void end(const QString& sentence, bool bad, const QString& details, const QString& folder = {});
    void dismiss();
    QString sentence() const;
    bool isBad() const { return m_bad; }
    Button* cancelButton() const { return m_cancel; }
    Button* folderButton() const { return m_show; }

signals:
    void cancelRequested();
    void folderRequested(const QString& folder);

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void say(const QString& sentence, bool bad, const QString& details);

    ElidedLabel* const m_words;
    ThinBar* const m_bar;
    Button* const m_cancel;
    Button* const m_show;
    Button* const m_close;
    QString m_folder;
    bool m_bad = false;
};

} // namespace argali::gui
