#pragma once

#include <QPlainTextEdit>

namespace argali::gui {

/// The text of a question: grows from one line to eight; Enter sends, Shift+Enter breaks the line,
/// or, where the user wants it so, Ctrl+Enter sends and Enter breaks the line. The Enter that ends
/// an input method's composition does neither.
class ComposerEdit final : public QPlainTextEdit {
    Q_OBJECT
public:
    explicit ComposerEdit(QWidget* parent = nullptr);

    /// As QPlainTextEdit's, but text without blanks of any length is laid out at once.
    void setPlainText(const QString& text);
    void insertPlainText(const QString& text);

    void setSendsWithEnter(bool sends) { m_sendsWithEnter = sends; }
    bool isComposing() const { return !m_preedit.isEmpty(); }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

    static constexpr int mostLines = 8;

signals:
    void sendRequested();
    /// Something that is not plain text was pasted; accepted is set when it is taken as attachment.
    void mediaPasted(const QMimeData& mime, bool& accepted);

protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void inputMethodEvent(QInputMethodEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    bool canInsertFromMimeData(const QMimeData* mime) const override;
    void insertFromMimeData(const QMimeData* mime) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragMoveEvent(QDragMoveEvent* event) override;

private:
    int heightFor(int lines) const;
    void fitHeight();
    void chooseWrapping(const QString& added);

    QString m_preedit;
    bool m_sendsWithEnter = true;
};

} // namespace argali::gui
