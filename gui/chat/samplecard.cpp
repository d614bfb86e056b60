#include "gui/chat/samplecard.h"

#include <algorithm>

#include <QFocusEvent>
#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>
#include <QStyle>

#include "gui/theme.h"
#include "gui/widgets/focusring.h"
#include "gui/widgets/icon.h"
#include "gui/widgets/overlaytag.h"

namespace argali::gui {
namespace {
constexpr int textPadding = 11;
}

SampleCard::SampleCard(const Sample& sample, QWidget* parent)
    : QAbstractButton(parent), m_sample(sample)
{
    setText(sample.questions.value(0));
    setAccessibleName(sample.film ? tr("Ask about the sample film: %1").arg(text())
                                  : tr("Ask about the sample picture: %1").arg(text()));
    setToolTip(tr("Attaches this sample and asks the question"));
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setCursor(Qt::PointingHandCursor);
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    setFont(scaledFont(font(), 0.94));
}

void SampleCard::setPicture(const QImage& picture)
{
    m_picture = picture;
    update();
}

int SampleCard::pictureHeight() const
{
    return std::max(104, fontMetrics().height() * 6);
}

int SampleCard::heightForWidth(int) const
{
    // Always room for two lines, so that the cards of a row are equal.
    return pictureHeight() + 2 * fontMetrics().lineSpacing() + 20;
}

QSize SampleCard::sizeHint() const
{
    return {166, heightForWidth(166)};
}

void SampleCard::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QPainterPath card;
    card.addRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 11, 11);
    painter.fillPath(card, palette().color(QPalette::Base));
    const QRect top(0, 0, width(), pictureHeight());
    painter.save();
    painter.setClipPath(card);
    paintWhole(painter, top, m_picture);
    if (m_sample.film) {
        const QRect badge =
            QStyle::visualRect(layoutDirection(), rect(), QRect(7, top.bottom() - 26, 24, 20));
        painter.setPen(Qt::NoPen);
        painter.setBrush(QColor(0, 0, 0, 0xaa));
        painter.drawRoundedRect(badge, 4, 4);
        painter.drawPixmap(badge.topLeft() + QPoint(4, 2),
                           iconPixmap(QStringLiteral("film"), 16, Qt::white, devicePixelRatioF()));
    }
    painter.restore();
    const bool hot = underMouse() || isDown();
    painter.setPen(QPen(palette().color(hot ? QPalette::Highlight : QPalette::Mid), 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(card);
    painter.setPen(palette().color(hot ? QPalette::Link : QPalette::WindowText));
    const QRect words(textPadding, top.height() + 9, width() - 2 * textPadding,
                      height() - top.height() - 15);
    painter.drawText(words, Qt::AlignLeading | Qt::AlignTop | Qt::TextWordWrap, text());
    paintFocusRing(painter, *this, QRectF(rect()), 11);
}

void SampleCard::focusInEvent(QFocusEvent* event)
{
    noteFocusReason(*this, event->reason());
    QAbstractButton::focusInEvent(event);
}

void SampleCard::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        click();
    else
        QAbstractButton::keyPressEvent(event);
}

} // namespace argali::gui
