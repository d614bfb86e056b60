#include "gui/chat/seenpicture.h"

#include <algorithm>

#include <QEvent>
#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include "gui/chat/costtext.h"
#include "gui/chat/medialoader.h"
#include "gui/theme.h"
#include "gui/widgets/toggleswitch.h"

namespace argali::gui {

/// The picture as large as there is room for, with lines between the tokens.
class SeenPicture::View final : public QWidget {
public:
    explicit View(QWidget* parent) : QWidget(parent)
    {
        setMinimumSize(240, 180);
        setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    }
    const QImage& picture() const { return m_picture; }
    void setPicture(const QImage& picture)
    {
        m_picture = picture;
        update();
    }
    QSize grid() const { return m_grid; }
    void setGrid(QSize grid)
    {
        m_grid = grid;
        update();
    }
    void setLines(bool lines)
    {
        m_lines = lines;
        update();
    }
    QSize sizeHint() const override { return {680, 480}; }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), palette().color(QPalette::AlternateBase));
        if (m_picture.isNull()) {
            painter.setPen(palette().color(QPalette::PlaceholderText));
            painter.drawText(rect(), Qt::AlignCenter, SeenPicture::tr("Reading…"));
            return;
        }
        QRectF target(QPointF(0, 0),
                      QSizeF(m_picture.size()).scaled(QSizeF(size()), Qt::KeepAspectRatio));
        target.moveCenter(QRectF(rect()).center());
        // Enlarged, the pixels are what is to be seen.
        painter.setRenderHint(QPainter::SmoothPixmapTransform,
                              target.width() < m_picture.width() * devicePixelRatioF());
        painter.drawImage(target, m_picture);
        if (!m_lines)
            return;
        // A dark and a light line side by side are seen on every picture.
        for (const auto& [colour, offset] :
             {std::pair(QColor(0, 0, 0, 120), 0.0), std::pair(QColor(255, 255, 255, 120), 1.0)}) {
            painter.setPen(QPen(colour, 1));
            for (int x = 0; x <= m_grid.width(); ++x) {
                const qreal at = target.left() + target.width() * x / m_grid.width() + offset;
                painter.drawLine(QPointF(at, target.top()), QPointF(at, target.bottom()));
            }
            for (int y = 0; y <= m_grid.height(); ++y) {
                const qreal at = target.top() + target.height() * y / m_grid.height() + offset;
                painter.drawLine(QPointF(target.left(), at), QPointF(target.right(), at));
            }
        }
    }

private:
    QSize m_grid;
    QImage m_picture;
    bool m_lines = true;
};

SeenPicture::SeenPicture(MediaLoader& loader, const MediaFile& file, const VisualCost& cost,
                         double seconds, QWidget* parent, const QString& aspectRatio)
    : QDialog(parent),
      m_loader(loader),
      m_file(file),
      m_seconds(seconds),
      m_cost(cost),
      m_ratio(aspectRatio),
      m_view(new View(this)),
      m_words(new QLabel(this)),
      m_lines(new ToggleSwitch({}, this))
{
    setAttribute(Qt::WA_DeleteOnClose);
    m_words->setTextFormat(Qt::PlainText);
    m_words->setWordWrap(true);
    m_words->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_words->setFont(scaledFont(font(), 0.92));
    m_words->setForegroundRole(QPalette::PlaceholderText);
    m_lines->setChecked(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 12, 12, 12);
    column->setSpacing(8);
    column->addWidget(m_view, 1);
    column->addWidget(m_lines);
    column->addWidget(m_words);
    resize(720, 620);
    connect(m_lines, &ToggleSwitch::toggled, this, [this](bool on) { m_view->setLines(on); });
    connect(&loader, &MediaLoader::fedReady, this, [this](quint64 ticket, const QImage& picture) {
        if (ticket == m_ticket)
            m_view->setPicture(picture);
    });
    connect(&loader, &MediaLoader::failed, this, [this](quint64 ticket, const Failure& failure) {
        if (ticket == m_ticket) {
            m_failure = failure;
            showWords();
        }
    });
    read();
}

SeenPicture::~SeenPicture()
{
    m_loader.cancel(m_ticket);
}

/// What is shown stays until the new one is there.
void SeenPicture::read()
{
    m_failure.reset();
    m_view->setGrid(tokenGrid(m_cost));
    showWords();
    m_ticket = m_loader.readAsFed(m_file, m_seconds, m_cost.fed, m_ratio);
}

void SeenPicture::setCost(const VisualCost& cost, const QString& aspectRatio)
{
    const bool isSame = cost.fed == m_cost.fed && cost.tokens == m_cost.tokens &&
                        cost.tiles == m_cost.tiles && aspectRatio == m_ratio;
    m_cost = cost;
    m_ratio = aspectRatio;
    if (isSame)
        return;
    m_loader.cancel(m_ticket);
    read();
}

QSize SeenPicture::grid() const
{
    return m_view->grid();
}

void SeenPicture::showWords()
{
    setWindowTitle(tr("What the model sees of %1").arg(m_file.name()));
    m_view->setAccessibleName(windowTitle());
    m_words->setText(m_failure ? m_failure->sentence() : visualText(m_cost));
    m_lines->setText(tr("Token grid"));
    m_lines->setToolTip(tr("Each field becomes one visual token"));
}

void SeenPicture::changeEvent(QEvent* event)
{
    QDialog::changeEvent(event);
    if (event->type() == QEvent::LanguageChange)
        showWords();
}

const QImage& SeenPicture::picture() const
{
    return m_view->picture();
}

QString SeenPicture::text() const
{
    return m_words->text();
}

} // namespace argali::gui
