#include "gui/widgets/disclosure.h"

#include <QAbstractButton>
#include <QFocusEvent>
#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>
#include <QStyle>
#include <QVBoxLayout>

#include "gui/theme.h"
#include "gui/widgets/focusring.h"
#include "gui/widgets/icon.h"

namespace argali::gui {

class Disclosure::Head final : public QAbstractButton {
public:
    Head(const QString& caption, QWidget* parent) : QAbstractButton(parent)
    {
        setText(caption);
        setCheckable(true);
        setFocusPolicy(Qt::StrongFocus);
        setAttribute(Qt::WA_Hover);
        setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
        setFont(scaledFont(font(), 0.92));
    }
    QSize sizeHint() const override
    {
        return {24 + fontMetrics().horizontalAdvance(text()),
                std::max(16, fontMetrics().height()) + 6};
    }
    QSize minimumSizeHint() const override { return {60, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        const QColor ink =
            palette().color(isEnabled() ? QPalette::Active : QPalette::Disabled,
                            underMouse() ? QPalette::Link : QPalette::PlaceholderText);
        const auto place = [this](const QRect& logical) {
            return QStyle::visualRect(layoutDirection(), rect(), logical);
        };
        const QString name = isChecked()       ? QStringLiteral("chevron-down")
                             : isRightToLeft() ? QStringLiteral("chevron-left")
                                               : QStringLiteral("chevron-right");
        painter.drawPixmap(place(QRect(0, (height() - 16) / 2, 16, 16)).topLeft(),
                           iconPixmap(name, 16, ink, devicePixelRatioF()));
        painter.setPen(ink);
        const int room = width() - 24;
        painter.drawText(place(QRect(24, 0, room, height())), Qt::AlignVCenter | Qt::AlignLeading,
                         fontMetrics().elidedText(text(), Qt::ElideRight, room));
        paintFocusRing(painter, *this, QRectF(rect()), 5);
    }
    void focusInEvent(QFocusEvent* event) override
    {
        noteFocusReason(*this, event->reason());
        QAbstractButton::focusInEvent(event);
    }
    void keyPressEvent(QKeyEvent* event) override
    {
        if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
            click();
        else
            QAbstractButton::keyPressEvent(event);
    }
};

Disclosure::Disclosure(const QString& caption, QWidget* parent)
    : QWidget(parent),
      m_head(new Head(caption, this)),
      m_content(new QWidget(this)),
      m_contentLayout(new QVBoxLayout(m_content))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addWidget(m_head);
    column->addWidget(m_content);
    m_contentLayout->setContentsMargins(0, 0, 0, 0);
    m_contentLayout->setSpacing(12);
    m_content->hide();
    connect(m_head, &QAbstractButton::toggled, this, [this](bool on) {
        m_content->setVisible(on);
        emit toggled(on);
    });
}

bool Disclosure::isOpen() const
{
    return m_head->isChecked();
}

void Disclosure::setOpen(bool open)
{
    m_head->setChecked(open);
}

} // namespace argali::gui
