#pragma once

#include <QAbstractButton>

namespace argali::gui {

/// A painted push button: outlined, ghost (no frame), chip (rounded, may be checked) or primary.
class Button final : public QAbstractButton {
    Q_OBJECT
public:
    enum class Kind { Outlined, Ghost, Chip, Primary };

    Button(Kind kind, const QString& iconName, const QString& text, QWidget* parent = nullptr);

    void setIconName(const QString& name);
    /// Secondary text after the caption, in a quieter colour.
    void setDetail(const QString& detail);
    const QString& detail() const { return m_detail; }
    /// Key sequence shown in a small frame at the far end.
    void setKeyHint(const QString& keys);
    /// A chevron at the far end says that a menu opens.
    void setShowsMenu(bool shows);
    /// Caption at the start of the button (true) or centred (false).
    void setFillsRow(bool fills);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    int padding() const;
    int iconSize() const;
    QFont detailFont() const;

    const Kind m_kind;
    QString m_iconName;
    QString m_detail;
    QString m_keyHint;
    bool m_showsMenu = false;
    bool m_fillsRow = false;
};

} // namespace argali::gui
