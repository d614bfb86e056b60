#pragma once

#include <QWidget>

class QHBoxLayout;

namespace argali::gui {

class Button;
class ElidedLabel;

/// A line across the window that says what has happened, for as long as it matters: words, what
/// can be done about it, and a button that closes it, as Esc does.
class NoticeLine : public QWidget {
    Q_OBJECT
public:
    QString sentence() const; ///< Empty while nothing is said.

protected:
    explicit NoticeLine(QWidget* parent);
    void add(QWidget* widget); ///< Stands behind the words, and those that were added before.
    /// Shows the line, and tells a screen reader. bad: in the colour of what went wrong
    void say(const QString& sentence, bool bad = false, const QString& details = {});
    Button* closeButton() const { return m_close; }
    virtual void dismiss() = 0; ///< The user is done with it.

    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    ElidedLabel* const m_words;
    Button* const m_close;
    QHBoxLayout* const m_row;
};

} // namespace argali::gui
